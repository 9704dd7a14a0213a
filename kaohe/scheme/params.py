"""Parameters of a scheme, checked against what the header of their measure or alert asks for (``Asks``)."""

from collections.abc import Sequence

from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.models import Asks, Model
from kaohe.scheme.parts import Param, Params
from kaohe.words import listed, say

Known = Sequence[str | int]
Given = Param | list[Param] | dict[str, Param]


def check(model: Model, contracts: Contracts, entry: str, given: Params) -> None:
    """Raises ``KaoheError`` for a value or key that ``model`` does not allow, naming ``entry`` and the parameter."""
    for name, value in given.items():
        if asks := model.params[name]:
            known = _known(asks.values, model, contracts)
            for at, each in _each(name, value, asks, model, contracts, entry):
                if not _fits(each, asks.values, known):
                    raise _wrong(entry, at, each, asks.values, known)


def _each(
    name: str, value: Given, asks: Asks, model: Model, contracts: Contracts, entry: str
) -> Sequence[tuple[str, Given]]:
    """The single values of a parameter, and where each stands. One of the wrong shape stays whole, and fits nothing."""
    if asks.keys is None:
        return (
            [(name, each) for each in value] if asks.several and isinstance(value, list) and value else [(name, value)]
        )
    keys = [str(key) for key in _known(asks.keys, model, contracts)]
    allowed = listed(keys) or say("param_text")
    if not isinstance(value, dict):
        raise KaoheError("measure_param_mapping", indicator=entry, param=name, value=_shown(value), allowed=allowed)
    if keys and (unknown := [key for key in value if key not in keys]):
        raise KaoheError("measure_param_key", indicator=entry, param=name, key=listed(unknown), allowed=allowed)
    if not asks.some and (missing := [key for key in keys if key not in value]):
        raise KaoheError("measure_param_missing", indicator=entry, param=name, key=listed(missing), allowed=allowed)
    return [(f"{name}.{key}", each) for key, each in value.items()]


def _known(text: str, model: Model, contracts: Contracts) -> Known:
    """The values that ``one|or|another`` or ``table.column`` stands for; none for numbers and text."""
    table, dot, column = text.partition(".")
    if dot:
        if table in contracts and (values := contracts[table].values(column)):
            return values
        raise KaoheError("measure_params_column", file=model.path, column=text)
    return [int(each) if each.isdecimal() else each for each in text.split("|")] if "|" in text else []


def _fits(value: Given, kind: str, known: Known) -> bool:
    if isinstance(value, list | dict):
        return False
    if known:
        return any(value == each if isinstance(each, int) else str(value) == each for each in known)
    if kind == "text":
        return bool(str(value).strip())
    if isinstance(value, str) or value < 0 or (not value and kind.endswith(" above 0")):
        return False
    return not (kind.startswith("integer") and value % 1) and not (kind.startswith("share") and value > 1)


def _wrong(entry: str, at: str, value: Given, kind: str, known: Known) -> KaoheError:
    if known:
        allowed = listed(map(str, known))
    else:
        allowed = {
            "number": say("param_number"),
            "number above 0": say("param_number_above"),
            "integer": say("param_integer"),
            "integer above 0": say("param_integer_above"),
            "share": say("param_share"),
            "share above 0": say("param_share_above"),
            "text": say("param_text"),
        }[kind]
    return KaoheError("measure_param_value", indicator=entry, param=at, value=_shown(value), allowed=allowed)


def _shown(value: Given) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {each}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(str, value)) + "]"
        case _:
            return str(value)
