"""The log of a year: who did what to its results, when, why, and by which document.

``published/<year>/acts.jsonl`` holds one act a line. A line is only ever added, and carries the SHA-256 of the line
before, so that a changed, missing or moved line is found whenever the log is read. Who ran an act and who approved it
are named in it, with the number of the document: it is for those who answer for the results, and no part of any
publication.
"""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from kaohe import __version__, clock
from kaohe.errors import KaoheError
from kaohe.safely import add_line, whole_lines

Kind = Literal[
    "publish", "announce", "appeal", "decide", "correct", "withdraw", "finalize", "reissue", "rollback", "expire"
]

NAME = "acts.jsonl"


@dataclass(frozen=True)
class Act:
    """One line. ``publication``: what it made current, or what was current; ``by``: who approved it, empty for a run of
    the program; ``operator``: who ran the command, None in lines of earlier versions, which do not have it; ``before``:
    the SHA-256 of the line before, empty on the first."""

    number: int
    at: str
    office_time: str
    act: Kind
    by: str
    operator: str | None = field(default=None, kw_only=True)
    reason: str
    document: str
    publication: str
    details: dict[str, Any]
    before: str

    @property
    def known(self) -> bool:
        """This version of the program knows what such an act means."""
        return self.act in get_args(Kind)

    @property
    def line(self) -> bytes:
        said = asdict(self)
        if self.operator is None:
            del said["operator"]
        return (json.dumps(said, ensure_ascii=False) + "\n").encode()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.line).hexdigest()


@dataclass
class Log:
    """The acts of a year in order."""

    path: Path
    acts: list[Act] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> "Log":
        """The log of the publications in ``folder``, empty before the first act.

        Raises ``KaoheError`` naming the first line that does not follow from the one before, or is of a kind that only
        a newer version of the program knows.
        """
        log = cls(folder / NAME)
        for number, line in enumerate(whole_lines(log.path), start=1):
            act = act_in(line)
            if act is None or act.number != number or act.before != log.head:
                unheard_of = log.acts and not log.acts[-1].known
                raise KaoheError("log_broken", path=log.path, line=number - 1 if unheard_of else number)
            log.acts.append(act)
        if newer := [act.number for act in log.acts if not act.known]:
            raise KaoheError("log_newer", path=log.path, line=newer[0], ours=__version__)
        return log

    @property
    def head(self) -> str:
        """The SHA-256 of the last line: whoever noted it down can tell later that nothing before it has changed."""
        return self.acts[-1].sha256 if self.acts else ""

    @property
    def anchor(self) -> dict[str, Any]:
        """How far the log went, for a manifest."""
        return {"number": len(self.acts), "sha256": self.head}

    def holds(self, anchor: dict[str, Any]) -> bool:
        """The log still has the line that ``anchor`` names."""
        number: int = anchor["number"]
        return number == 0 or (number <= len(self.acts) and self.acts[number - 1].sha256 == anchor["sha256"])

    def of(self, *kinds: Kind) -> list[Act]:
        """The acts of some kinds."""
        return [act for act in self.acts if act.act in kinds]

    def add(
        self,
        kind: Kind,
        publication: str,
        details: dict[str, Any],
        by: str = "",
        reason: str = "",
        document: str = "",
        operator: str | None = None,
    ) -> Act:
        """Add an act. When this returns it is on the disk, and done: whatever follows from it can be made again.

        Raises ``KaoheError`` if the log has gone on since it was read.
        """
        if Log.read(self.path.parent).head != self.head:
            raise KaoheError("log_went_on", path=self.path)
        now = clock.now()
        act = Act(
            number=len(self.acts) + 1,
            at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
            office_time=now.isoformat(timespec="seconds"),
            act=kind,
            by=by,
            operator=operator,
            reason=reason,
            document=document,
            publication=publication,
            details=details,
            before=self.head,
        )
        add_line(self.path, act.line)
        self.acts.append(act)
        return act


def act_in(line: bytes) -> Act | None:
    """The act that a line holds, None unless it stands there as the program writes it."""
    try:
        act = Act(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    kept = isinstance(act.act, str) and type(act.number) is int and isinstance(act.details, dict)
    return act if kept and act.line == line else None
