"""Going back: an earlier publication of the same stage is in force again, by an act that somebody answers for."""

from pathlib import Path

from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import Act
from kaohe.lifecycle.damage import damage
from kaohe.lifecycle.proceedings import Proceedings, proceedings
from kaohe.words import listed


def rollback(
    home: Path, year: int, by: str, reason: str, to: str | None = None, document: str = "", operator: str = ""
) -> Act:
    """Make an earlier publication current: ``to``, or the one in force before. Runs do not publish again what was gone
    back from until something of their question has changed.

    Raises ``KaoheError`` if it was not in force since the last announcement or final result, is in force already, has
    expired, or is no longer as it was published.
    """
    with proceedings(home, year) as found:
        name = _before(found) if to is None else _named(found, to)
        if wrong := damage(found, name):
            raise KaoheError("rollback_damaged", publication=name, problem=wrong[0])
        details = {"instead_of": found.current.name}
        who = {"by": by, "reason": reason, "document": document, "operator": operator}
        return found.put_in_force("rollback", found.folder / name, details, **who)


def _before(found: Proceedings) -> str:
    """The publication in force before the current one; going back twice goes back further."""
    line: list[str] = []
    for act in found.stage:
        name = act.publication
        if act.act == "rollback" and name in line:
            del line[len(line) - line[::-1].index(name) :]
        elif line[-1:] != [name]:
            line.append(name)
    left = [name for name in line[:-1] if name not in found.expired]
    if not left:
        raise KaoheError("rollback_none", publication=found.current.name, stage=_stage(found))
    return left[-1]


def _named(found: Proceedings, name: str) -> str:
    if name == found.current.name:
        raise KaoheError("rollback_current", publication=name)
    if act := found.expired.get(name):
        raise KaoheError("rollback_expired", publication=name, number=act.number)
    known = list(dict.fromkeys(act.publication for act in found.stage if act.publication not in found.expired))
    if name not in known:
        others = [other for other in known if other != found.current.name]
        raise KaoheError("rollback_unknown", publication=name, stage=_stage(found), known=listed(others) or "—")
    return name


def _stage(found: Proceedings) -> str:
    """The publication with which the stage began; before there was a log, the one in force."""
    return found.stage[0].publication if found.stage else found.current.name
