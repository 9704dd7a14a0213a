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
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kaohe import __version__, publishing
from kaohe.acts import Act, Kind, Log
from kaohe.contracts import Contracts, load_contracts
from kaohe.errors import KaoheError
from kaohe.loading import LEDGERS
from kaohe.project import Project, file_hashes, is_newer
from kaohe.publication import MANIFEST, SUMS, in_force, pointed_at
from kaohe.publication.snapshot import read_manifest
from kaohe.publishing import Edition
from kaohe.safely import replace as replace_file
from kaohe.warehouse import as_sentences, lock
from kaohe.words import say

CORRECTIONS, APPEALS = "correction", "score_appeal"
#: The acts that make a publication current.
_MOVES: tuple[Kind, ...] = ("publish", "announce", "finalize", "reissue")
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
    """Where the results of a year stand, as its log says.

    Raises ``KaoheError`` if the log is not whole, or was written by a newer version of the program.
    """

    def __init__(self, home: Path, year: int) -> None:
        self.home, self.year = home, year
        self.folder = home / "published" / str(year)
        self.ledgers = home / "ledgers" / str(year)
        with as_sentences(home):
            current = pointed_at(self.folder)  # before the log: another command may just be adding to it
            manifest = read_manifest(current) if current and (current / MANIFEST).exists() else {}
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
            raise KaoheError("log_cut", path=self.log.path, publication=current.name)

    def made_current(self, publication: str) -> Act | None:
        """The last act that made a publication current."""
        return next((act for act in reversed(self.log.of(*_MOVES)) if act.publication == publication), None)

    @property
    def current(self) -> Path:
        """The publication in force. Raises ``KaoheError`` before the first."""
        return in_force(self.home, self.year)

    @property
    def announced(self) -> Act | None:
        """The public notice."""
        return next(iter(self.log.of("announce")), None)

    @property
    def final(self) -> Act | None:
        """What made the final result in force."""
        return next(iter(reversed(self.log.of("finalize", "reissue"))), None)

    @property
    def as_of(self) -> dt.date | None:
        """The as-of date of what was announced: it no longer changes."""
        return dt.date.fromisoformat(self.announced.details["as_of"]) if self.announced else None

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
        with as_sentences(self.home):
            moved = self.log.of(*_MOVES)
            if moved and pointed_at(self.folder) != self.folder / moved[-1].publication:
                publishing.point(self.folder, moved[-1].publication)
            for table in (CORRECTIONS, APPEALS):
                self._write_ledger(table)

    def enact(self, kind: Kind, publication: str, details: dict[str, Any], **who: str) -> Act:
        """Add an act to the log and do what follows from it."""
        with as_sentences(self.home):
            self.folder.mkdir(parents=True, exist_ok=True)
            act = self.log.add(kind, publication, details, **who)
        self.settle()
        return act

    def put_in_force(self, kind: Kind, target: Path, details: dict[str, Any], **who: str) -> Act:
        """Make a finished publication current; the log keeps the hash of each of its files."""
        return self.enact(kind, target.name, details | {"files": file_hashes(target, "*")}, **who)

    def clear(self, name: str) -> None:
        """Make room for a publication whose act did not come to pass: it was never in force."""
        if self.made_current(name) is None:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def edition(self, base: str) -> Edition:
        """What a run's publication is: provisional, reviewed after the public notice, or what was announced if its
        scores rest on the same again. ``base``: the digest of the run's question."""
        said: dict[str, Any] = {"log": self.log.anchor}
        if self.announced is None:
            return Edition(base, "provisional", said)
        if self.announced.publication == f"{base}-announced":
            return Edition(self.announced.publication, "announced", said)
        said["compared_with"] = self.announced.publication
        return Edition(f"{base}-reviewed", "reviewed", said, compared=True)

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


def look_up(home: Path, year: int) -> Proceedings:
    """The year's proceedings, to be read only. Raises ``KaoheError`` if nothing was published."""
    found = Proceedings(home, year)
    if not found.log.acts:
        in_force(home, year)
    return found


@contextmanager
def proceedings(home: Path, year: int) -> Iterator[Proceedings]:
    """The year's proceedings, settled, with the home's lock held. Raises ``KaoheError`` if nothing was published."""
    look_up(home, year)
    held = lock(home)
    try:
        found = Proceedings(home, year)
        found.settle()
        with as_sentences(home):
            yield found
    finally:
        held.release()


def verify(home: Path, year: int) -> list[str]:
    """What of the year's results is not as the log says, in sentences; nothing if all is.

    Raises ``KaoheError`` if the log itself is not whole.
    """
    found = look_up(home, year)
    wrong = []
    files = {act.publication: act.details["files"] for act in found.log.of(*_MOVES)}
    for publication, expected in files.items():
        there = file_hashes(found.folder / publication, "*")
        for name in sorted(expected.keys() | there.keys()):
            if expected.get(name) != there.get(name):
                wrong.append(say("verify_file", publication=publication, file=name))
        wrong += [say("verify_file", publication=publication, file=name) for name in _below(found.folder / publication)]
        if MANIFEST in there and not found.log.holds(read_manifest(found.folder / publication)["log"]):
            wrong.append(say("verify_anchor", publication=publication))
    moved = found.log.of(*_MOVES)
    if moved and found.current.name != moved[-1].publication:
        wrong.append(say("verify_current", publication=moved[-1].publication))
    for table in (CORRECTIONS, APPEALS):
        path = found.ledgers / f"{table}.csv"
        if (path.read_bytes() if path.exists() else None) != found._ledger(table):
            wrong.append(say("verify_ledger", path=path))
    return wrong


def _below(publication: Path) -> list[str]:
    """The files in the folders of a publication that are not as its own list of them says."""
    if not (publication / SUMS).exists():
        return []  # there is none, or it is missed already
    lines = (publication / SUMS).read_text(encoding="utf-8").splitlines()
    listed = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines) if "/" in name}
    there = file_hashes(publication, "*/**/*")
    return sorted(name for name in listed.keys() | there.keys() if listed.get(name) != there.get(name))


def contracts_with(table: str) -> Contracts:
    """The project's contracts. Raises ``KaoheError`` if the one of a ledger is not among them."""
    contracts = load_contracts(Project.find().expectations)
    if table not in contracts:
        raise KaoheError("ledger_no_contract", table=table)
    return contracts
