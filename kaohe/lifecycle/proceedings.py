"""Where the results of a year stand: what its log says was decided, and what follows from that.

Whatever takes long or can fail is made ready first; then comes the line in the log, which decides; what follows from
it (the pointer CURRENT, the ledgers of corrections and appeals) is made from the log, and made again by the next
command if this one was killed in between.
"""

import csv
import datetime as dt
import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kaohe import __version__, clock, publishing
from kaohe.contracts import Contracts, load_contracts
from kaohe.errors import KaoheError
from kaohe.homelock import WAIT_SECONDS, HomeLock, lock
from kaohe.lifecycle.acts import ACTS, Act, Kind, Log
from kaohe.lifecycle.acts import NAME as LOG
from kaohe.lifecycle.approval import check_approved, operator_named
from kaohe.lifecycle.missing import log_cut
from kaohe.project import Project, file_hashes, is_newer
from kaohe.publication import called, in_force, pointed_at
from kaohe.publication.manifest import read_manifest
from kaohe.publishing import Edition
from kaohe.safely import make_folder
from kaohe.safely import replace as replace_file
from kaohe.sources.inbox import LEDGERS
from kaohe.warehouse import as_sentences
from kaohe.words import say

CORRECTIONS, APPEALS = "correction", "score_appeal"
#: The acts that make a publication current.
MOVES = tuple(kind for kind, meaning in ACTS.items() if meaning.moves)
#: Those that make the public notice, and those that make the final result.
_ANNOUNCE, _FINALIZE = (
    tuple(kind for kind, meaning in ACTS.items() if meaning.state == state) for state in ("announced", "final")
)
#: A clock may be set back by so much, as time servers do, without anybody being asked.
CLOCK_SLACK = dt.timedelta(minutes=5)
#: How a decision stands in the ledger, whatever the language.
_RULED = {"upheld": "成立", "rejected": "不成立"}


@dataclass(frozen=True)
class Appeal:
    """An appeal and, once it is decided, what became of it."""

    filed: Act
    decided: Act | None = None

    @property
    def name(self) -> str:
        return str(self.filed.details["appeal"])


class Proceedings:
    """Where the results of a year stand, as its log says; ``held``: the home's lock, without which nothing is decided.

    Raises ``KaoheError`` if the log is not whole, or was written by a newer version of the program.
    """

    def __init__(self, home: Path, year: int, held: HomeLock | None = None) -> None:
        self.home, self.year, self.held = home, year, held
        self.folder = home / "published" / str(year)
        self.ledgers = home / "ledgers" / str(year)
        with as_sentences(home):
            current = pointed_at(self.folder)  # before the log: another command may just be adding to it
            manifest = _manifest_of(current)
            self._refuse_newer(manifest)
            self.log = Log.read(self.folder)
            if current:
                self._refuse_a_cut_log(current, manifest)

    def _refuse_newer(self, manifest: dict[str, Any]) -> None:
        """What a newer program wrote, this one may misread, and must not write to."""
        theirs = manifest.get("code", {}).get("version", __version__)
        if is_newer(theirs):
            raise KaoheError("home_newer", path=self.home, theirs=theirs, ours=__version__)

    def _refuse_a_cut_log(self, current: Path, manifest: dict[str, Any]) -> None:
        """CURRENT follows the log, so what it names stands there; a manifest says how far the log had come."""
        anchor = manifest.get("log")
        if anchor and not (self.log.holds(anchor) and self.made_current(current.name)):
            raise log_cut(self.log, current)

    def made_current(self, publication: str) -> Act | None:
        """The last act that made a publication current."""
        return next((act for act in reversed(self.log.of(*MOVES)) if act.publication == publication), None)

    @property
    def stage(self) -> list[Act]:
        """The acts that made a publication current since the stage began that the year is in."""
        moves = self.log.of(*MOVES)
        begin = max((at for at, act in enumerate(moves) if ACTS[act.act].state), default=0)
        return moves[begin:]

    @property
    def rolled_back(self) -> dict[str, Act]:
        """The publications of this stage that somebody went back from, and was not in force again since; by which
        act."""
        found: dict[str, Act] = {}
        for act in self.stage:
            found.pop(act.publication, None)
            if act.act == "rollback":
                found[act.details["instead_of"]] = act
        return found

    @property
    def expired(self) -> dict[str, Act]:
        """The publications that were removed because nobody needs them any more, and were not made again since; by
        which act."""
        found: dict[str, Act] = {}
        for act in self.log.of(*MOVES, "expire"):
            if act.act == "expire":
                found |= dict.fromkeys(act.details["publications"], act)
            else:
                found.pop(act.publication, None)
        return found

    @property
    def current(self) -> Path:
        """The publication in force, whole or not. Raises ``KaoheError`` before the first."""
        return pointed_at(self.folder) or in_force(self.home, self.year)

    @property
    def announced(self) -> Act | None:
        """The public notice."""
        return next(iter(self.log.of(*_ANNOUNCE)), None)

    @property
    def final(self) -> Act | None:
        """What made the final result in force."""
        return next(iter(reversed(self.log.of(*_FINALIZE))), None)

    @property
    def as_of(self) -> dt.date | None:
        """The as-of date of what was announced: it no longer changes."""
        return dt.date.fromisoformat(self.announced.details["as_of"]) if self.announced else None

    def today(self, option: str | None = None) -> dt.date:
        """The office's date, where none was given with ``option``.

        Raises ``KaoheError`` if the clock says that it is before the last act.
        """
        now = clock.now()
        last = dt.datetime.fromisoformat(self.log.acts[-1].office_time) if self.log.acts else now
        if now < last - CLOCK_SLACK:
            times = {"now": f"{now:%Y-%m-%d %H:%M}", "last": f"{last:%Y-%m-%d %H:%M}"}
            way = say("clock_back_option", option=option) if option else ""
            raise KaoheError("clock_back", year=self.year, path=self.log.path, way=way, **times)
        return now.date()

    @property
    def latest_day(self) -> dt.date:
        """No day after this one has been: today, or that of the last act if the clock is behind it."""
        acted = [dt.datetime.fromisoformat(act.office_time).date() for act in self.log.acts[-1:]]
        return max(clock.today(), *acted)

    @property
    def corrections(self) -> list[Act]:
        """The corrections that were ordered and not withdrawn."""
        withdrawn = {act.details["correction"] for act in self.log.of("withdraw")}
        return [act for act in self.log.of("correct") if act.number not in withdrawn]

    @property
    def appeals(self) -> dict[str, Appeal]:
        """Every appeal by its number."""
        found: dict[str, Appeal] = {}
        for act in self.log.of("appeal", "decide"):
            name = act.details["appeal"]
            found[name] = Appeal(act) if act.act == "appeal" else replace(found[name], decided=act)
        return found

    def settle(self) -> None:
        """Make true what the log says and a killed command left undone; the home's lock must be held.

        Raises ``KaoheError`` if somebody changed a ledger by hand.
        """
        self.must_be_held()
        with as_sentences(self.home):
            moved = self.log.of(*MOVES)
            if moved and pointed_at(self.folder) != self.folder / moved[-1].publication:
                publishing.point(self.folder, moved[-1].publication)
            for name in self.expired:
                discard(self.folder / name)
            for table in (CORRECTIONS, APPEALS):
                self._write_ledger(table)

    def check_approved(
        self, kind: Kind, by: str = "", document: str = "", reason: str = "", operator: str = ""
    ) -> dict[str, str]:
        """Who it is by, for the log. Raises ``KaoheError`` unless somebody other than the operator, and than who ran
        what is in force, approved it by a document; to be asked before anything is written."""
        who = {"by": by, "document": document, "reason": reason, "operator": operator_named(operator)}
        check_approved(kind, by, document, who["operator"], self._ran())
        return who

    def _ran(self) -> str | None:
        """Who ran what made the numbers in force, as far as the log knows."""
        made = {act.publication: act for act in self.log.of(*MOVES) if act.act != "rollback"}
        moved = self.log.of(*MOVES)
        act = made.get(moved[-1].publication) if moved else None
        while act and "made_from" in act.details:
            act = made.get(act.details["made_from"])
        return act.operator if act else None

    def enact(self, kind: Kind, publication: str, details: dict[str, Any], **who: str) -> Act:
        """Add an act to the log and do what follows. ``who``: ``by``, ``document``, ``reason`` and ``operator``.

        Raises ``KaoheError`` if it lacks the approval it needs, or another machine took the home meanwhile; saying that
        the act holds if only what follows from it could not be written.
        """
        who = self.check_approved(kind, **who)
        self.must_be_held()
        with as_sentences(self.home):
            make_folder(self.folder)
            act = self.log.add(kind, publication, details, **who)
        try:
            self.settle()
        except KaoheError as error:
            why = error.__cause__ or error  # the sentence would say that nothing was done
            values = {"number": act.number, "act": say(f"act_{kind}"), "path": self.log.path, "problem": why}
            raise KaoheError("act_unsettled", **values) from error
        return act

    def must_be_held(self) -> None:
        """Raises ``KaoheError`` if another machine took the home meanwhile."""
        assert self.held, "nothing is decided without the home's lock"
        self.held.must_be_ours()

    def put_in_force(self, kind: Kind, target: Path, details: dict[str, Any], **who: str) -> Act:
        """Make a finished publication current; the log keeps the hash of each of its files."""
        return self.enact(kind, target.name, details | {"files": file_hashes(target, "*")}, **who)

    def clear(self, name: str) -> None:
        """Make room for a publication whose act did not come to pass: it was never in force."""
        self.must_be_held()
        if self.made_current(name) is None:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def edition(self, base: str) -> Edition:
        """What a run's publication is: provisional, reviewed after the public notice, or what was announced if its
        scores rest on the same again. ``base``: the digest of the run's question."""
        said: dict[str, Any] = {"log": self.log.anchor}
        if self.announced is None:
            return Edition(base, "provisional", said)
        if self.announced.publication == called(base, "announced"):
            return Edition(self.announced.publication, "announced", said)
        said["compared_with"] = self.announced.publication
        return Edition(called(base, "reviewed"), "reviewed", said, compared=True)

    def upheld_unchanged(self, changed: set[tuple[str, str]]) -> list[str]:
        """Appeals that were upheld though neither the points in question nor a veto changed.

        ``changed``: unit and thing.
        """
        found = []
        for name, appeal in self.appeals.items():
            unit = appeal.filed.details["unit_id"]
            hoped_for = {(unit, appeal.filed.details["indicator"]), (unit, "veto")}
            if appeal.decided and appeal.decided.details["decision"] == "upheld" and not hoped_for & changed:
                found.append(name)
        return found

    def not_yet_in(self, manifest: dict[str, Any]) -> list[Act]:
        """Corrections, and decisions for a unit, that a publication does not have yet."""
        known = manifest.get("log", {"number": 0})["number"]
        later = [act for act in self.log.acts if act.number > known]
        ledger = self.ledgers / f"{CORRECTIONS}.csv"
        read = {entry["path"]: entry["sha256"] for entry in manifest["inputs"] if entry["source"] == LEDGERS}
        there = hashlib.sha256(ledger.read_bytes()).hexdigest() if ledger.exists() else None
        kinds = ("correct", "withdraw") if there != read.get(ledger.name) else ()
        return [act for act in later if act.act in kinds or act.details.get("decision") == "upheld"]

    @property
    def changed_ledgers(self) -> list[Path]:
        """The ledgers that do not say what the log does."""
        paths = {table: self.ledgers / f"{table}.csv" for table in (CORRECTIONS, APPEALS)}
        return [
            path
            for table, path in paths.items()
            if (path.read_bytes() if path.exists() else None) != self._ledger(table)
        ]

    def _write_ledger(self, table: str) -> None:
        """Write a ledger as the log has it. One that says anything else than the log did a moment ago is not ours."""
        path = self.ledgers / f"{table}.csv"
        there = path.read_bytes() if path.exists() else None
        whole = self._ledger(table)
        if there == whole:
            return
        if there not in (None, self._a_step_back()._ledger(table)):
            raise KaoheError("ledger_changed", path=path)
        if whole is None:
            path.unlink()
        else:
            replace_file(path, whole)

    def _a_step_back(self) -> "Proceedings":
        """The proceedings as they were before the last act."""
        before = object.__new__(Proceedings)
        before.__dict__ |= self.__dict__
        before.log = Log(self.log.path, self.log.acts[:-1])
        return before

    def _ledger(self, table: str) -> bytes | None:
        """The bytes of a ledger, None without rows."""
        rows = list(self._corrections() if table == CORRECTIONS else self._appeals())
        if not rows:
            return None
        columns = contracts_with(table)[table].columns
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([column.headings[0] for column in columns.values()])
        writer.writerows([row.get(name) for name in columns] for row in rows)
        return text.getvalue().encode("utf-8-sig")

    def _corrections(self) -> Iterator[dict[str, Any]]:
        for act in self.corrections:
            yield act.details | {"reason": act.reason, "source_doc": act.document, "approver": act.by}

    def _appeals(self) -> Iterator[dict[str, Any]]:
        for appeal in self.appeals.values():
            filed = appeal.filed
            row = filed.details | {"appeal_id": appeal.name, "publication": filed.publication}
            row |= {"filed_on": filed.details["on"]}
            if decided := appeal.decided:
                row |= {"decided_on": decided.details["on"], "decided_by": decided.by}
                row |= {"decision": _RULED[decided.details["decision"]]}
            yield row


def discard(publication: Path) -> None:
    """Remove a publication: at once, as readers see it. One that somebody keeps open, where that matters, stays until
    the next time."""
    aside = publication.with_name(f".{publication.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    with suppress(OSError):
        publication.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def look_up(home: Path, year: int) -> Proceedings:
    """The year's proceedings, to be read only. Raises ``KaoheError`` if nothing was published."""
    found = Proceedings(home, year)
    if not found.log.acts:
        in_force(home, year)
    return found


def decided(home: Path, year: int) -> bool:
    """Something of the year was ever in force."""
    folder = home / "published" / str(year)
    return (folder / LOG).exists() or pointed_at(folder) is not None


@contextmanager
def proceedings(home: Path, year: int, wait_seconds: float = WAIT_SECONDS) -> Iterator[Proceedings]:
    """The year's proceedings, settled, with the home's lock held.

    Raises ``KaoheError`` if nothing was published, or saying who holds the lock.
    """
    look_up(home, year)
    held = lock(home, wait_seconds)
    try:
        found = Proceedings(home, year, held)
        found.settle()
        with as_sentences(home):
            yield found
    finally:
        held.release()


def _manifest_of(current: Path | None) -> dict[str, Any]:
    """The manifest of the publication in force, as far as there is one that can be read: what is wrong with it is for
    ``damage`` to say, and must not keep anybody from mending it."""
    try:
        return read_manifest(current) if current else {}
    except KaoheError as error:
        if error.key == "home_newer":
            raise
        return {}


def contracts_with(table: str) -> Contracts:
    """The project's contracts. Raises ``KaoheError`` if the one of a ledger is not among them."""
    contracts = load_contracts(Project.find().expectations)
    if table not in contracts:
        raise KaoheError("ledger_no_contract", table=table)
    return contracts
