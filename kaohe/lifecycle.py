"""From 初评 to 定稿: the public notice, appeals, corrections, the final result and its re-issue.

The log (acts.py) says what was decided. Whatever takes long or can fail is made ready first; then comes the line in the
log, which decides; what follows from it (the pointer CURRENT, the ledgers of corrections and appeals) is made from the
log, and made again by the next command if this one was killed in between.
"""

import csv
import datetime as dt
import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from kaohe import clock, publishing
from kaohe.acts import Act, Kind, Log
from kaohe.cleaning import normal_name, typed_cell
from kaohe.contracts import Contracts, load_contracts
from kaohe.corrections import Correction, checked, find, nearest
from kaohe.errors import KaoheError
from kaohe.loading import LEDGERS
from kaohe.people import hashed, is_hash, key_of
from kaohe.project import Project, file_hashes
from kaohe.publishing import Edition
from kaohe.publishing.manifest import State
from kaohe.publishing.snapshot import Snapshot, read_manifest
from kaohe.safely import replace as replace_file
from kaohe.scheme import Scheme, load_scheme
from kaohe.warehouse import Warehouse, as_sentences, lock
from kaohe.words import say

Decision = Literal["upheld", "rejected"]

CORRECTIONS, APPEALS = "correction", "score_appeal"
#: The acts that make a publication current.
_MOVES: tuple[Kind, ...] = ("publish", "announce", "finalize", "reissue")


@dataclass(frozen=True)
class Appeal:
    """An appeal and, once it is decided, what became of it."""

    filed: Act
    decided: Act | None = None

    @property
    def name(self) -> str:
        return str(self.filed.details["appeal"])


class Proceedings:
    """Where the results of a year stand, as its log says. Raises ``KaoheError`` if the log is not whole."""

    def __init__(self, home: Path, year: int) -> None:
        self.home, self.year = home, year
        self.folder = home / "published" / str(year)
        self.ledgers = home / "ledgers" / str(year)
        with as_sentences(home):
            current = publishing.current(self.folder)  # before the log: another command may just be adding to it
            self.log = Log.read(self.folder)
            if current and (current / publishing.MANIFEST).exists():
                self._refuse_a_cut_log(current)

    def _refuse_a_cut_log(self, current: Path) -> None:
        """CURRENT follows the log, so what it names stands there; a manifest says how far the log had come."""
        anchor = read_manifest(current).get("log")
        if anchor and not (self.log.holds(anchor) and self.made_current(current.name)):
            raise KaoheError("log_cut", path=self.log.path, publication=current.name)

    def made_current(self, publication: str) -> Act | None:
        """The last act that made a publication current."""
        return next((act for act in reversed(self.log.of(*_MOVES)) if act.publication == publication), None)

    @property
    def current(self) -> Path:
        """The publication in force. Raises ``KaoheError`` before the first."""
        return publishing.in_force(self.home, self.year)

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
            if moved and publishing.current(self.folder) != self.folder / moved[-1].publication:
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
        """Appeals that were upheld though the points in question did not change; ``changed``: units and indicators."""
        return [
            name
            for name, appeal in self.appeals.items()
            if appeal.decided
            and appeal.decided.details["decision"] == "upheld"
            and (appeal.filed.details["unit_id"], appeal.filed.details["indicator"]) not in changed
        ]

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
        columns = _contracts_with(table)[table].columns
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


def _contracts_with(table: str) -> Contracts:
    """The project's contracts. Raises ``KaoheError`` if the one of a ledger is not among them."""
    contracts = load_contracts(Project.find().expectations)
    if table not in contracts:
        raise KaoheError("ledger_no_contract", table=table)
    return contracts


#: How a decision stands in the ledger, whatever the language.
_RULED = {"upheld": "成立", "rejected": "不成立"}


def look_up(home: Path, year: int) -> Proceedings:
    """The year's proceedings, to be read only. Raises ``KaoheError`` if nothing was published."""
    found = Proceedings(home, year)
    if not found.log.acts:
        publishing.in_force(home, year)
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


def method_of(home: Path, manifest: dict[str, Any]) -> tuple[Contracts, Scheme]:
    """The contracts and the scheme that a publication was made with, from the bytes kept in the warehouse.

    Raises ``KaoheError`` if they were not kept.
    """
    kept = home / "warehouse" / "inputs"
    with tempfile.TemporaryDirectory(prefix="kaohe-") as name:
        folder = Path(name)
        files = {**manifest["contracts"], "scheme": manifest["scheme"]["sha256"]}
        for file, sha256 in files.items():
            if not (kept / sha256).is_file():
                raise KaoheError("method_not_kept", publication=manifest["publication"], file=file)
            shutil.copyfile(kept / sha256, folder / file)
        return load_contracts(folder), load_scheme(folder / "scheme")


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
        if publishing.MANIFEST in there and not found.log.holds(read_manifest(found.folder / publication)["log"]):
            wrong.append(say("verify_anchor", publication=publication))
    moved = found.log.of(*_MOVES)
    if moved and found.current.name != moved[-1].publication:
        wrong.append(say("verify_current", publication=moved[-1].publication))
    for table in (CORRECTIONS, APPEALS):
        path = found.ledgers / f"{table}.csv"
        if (path.read_bytes() if path.exists() else None) != found._ledger(table):
            wrong.append(say("verify_ledger", path=path))
    return wrong


def _day(on: dt.date | None, not_before: dt.date | None) -> dt.date:
    """The day of an act: today, or an earlier one, but never before what it follows."""
    if on and on > clock.today():
        raise KaoheError("on_in_future", on=on, today=clock.today())
    if on and not_before and on < not_before:
        raise KaoheError("on_too_early", on=on, day=not_before)
    return on or clock.today()


def working_days(calendar: dict[dt.date, bool], after: dt.date, days: int) -> tuple[dt.date, list[dt.date]]:
    """The last of so many working days after a day, and the days up to it that the calendar does not know: of those,
    Monday to Friday are working days."""
    day, left, unknown = after, days, []
    while left:
        day += dt.timedelta(days=1)
        if day not in calendar:
            unknown.append(day)
        left -= calendar.get(day, day.weekday() < 5)
    return day, unknown


def check_announcement(home: Path, year: int, on: dt.date | None) -> None:
    """Raises ``KaoheError`` for what can be known before a flow is started."""
    with proceedings(home, year) as found:
        _may_announce(found, on)


def _may_announce(found: Proceedings, on: dt.date | None) -> tuple[dt.date, dict[str, Any]]:
    """The day of the notice, and the manifest of what is to be announced."""
    if found.announced:
        raise KaoheError("announced_before", on=found.announced.details["on"], publication=found.current.name)
    return _day(on, None), _ready(found)


def announce(
    home: Path, year: int, by: str, document: str, reason: str = "", on: dt.date | None = None
) -> tuple[Act, list[dt.date]]:
    """公示: open the current provisional result to view. Gives the act, and the days the calendar does not know.

    Raises ``KaoheError`` if it was announced before, a unit is pending, something ordered is not in it yet, or the
    scheme does not say for how many days.
    """
    with proceedings(home, year) as found:
        begin, manifest = _may_announce(found, on)
        contracts, scheme = method_of(home, manifest)
        if scheme.lifecycle is None:
            raise KaoheError("scheme_no_lifecycle", scheme=scheme.title)
        with Snapshot(found.current) as snapshot:
            calendar = dict(snapshot.rows("select day, is_workday from main.work_calendar"))
        notice, unknown = working_days(calendar, begin, scheme.lifecycle.notice_days)
        appeal, more = working_days(calendar, notice, scheme.lifecycle.appeal_days)
        details = {
            "on": begin.isoformat(),
            "notice_ends": notice.isoformat(),
            "appeal_ends": appeal.isoformat(),
            "as_of": manifest["as_of"],
            "made_from": found.current.name,
        }
        who = {"by": by, "document": document, "reason": reason}
        act = _restated(found, "announce", "announced", contracts, scheme, details, who)
        return act, unknown + more


def check_finalization(home: Path, year: int, on: dt.date | None) -> None:
    """Raises ``KaoheError`` for what can be known before a flow is started."""
    with proceedings(home, year) as found:
        _may_finalize(found, on)


def _may_finalize(found: Proceedings, on: dt.date | None) -> tuple[dt.date, dict[str, Any]]:
    """The day of the final result, and the manifest of what is to be final."""
    if found.final:
        raise KaoheError("final_before", publication=found.current.name)
    if found.announced is None:
        raise KaoheError("not_announced", year=found.year)
    day, ends = _day(on, None), dt.date.fromisoformat(found.announced.details["appeal_ends"])
    if day <= ends:
        raise KaoheError("appeals_still_open", on=day, day=ends)
    if undecided := [name for name, appeal in found.appeals.items() if appeal.decided is None]:
        raise KaoheError("appeals_undecided", appeals="、".join(undecided))
    manifest = _ready(found)
    with Snapshot(found.current) as snapshot:
        for file, row in snapshot.rows(
            "select _file, _row from main.score_appeal where _source = 'inbox' and decision is null order by all"
        ):
            raise KaoheError("appeal_undecided_in_inbox", file=file, row=row)
    return day, manifest


def finalize(home: Path, year: int, by: str, document: str, reason: str = "", on: dt.date | None = None) -> Act:
    """定稿: make the announced or reviewed result final.

    Raises ``KaoheError`` before the days of appeal are over, while an appeal is undecided, or if something ordered is
    not in the current publication yet.
    """
    with proceedings(home, year) as found:
        begin, manifest = _may_finalize(found, on)
        contracts, scheme = method_of(home, manifest)
        details = {"on": begin.isoformat(), "made_from": found.current.name, "revision": 1}
        who = {"by": by, "document": document, "reason": reason}
        return _restated(found, "finalize", "final", contracts, scheme, details, who)


def _ready(found: Proceedings) -> dict[str, Any]:
    """The manifest of the current publication, if it can go a step further: all that was ordered is in it, and no unit
    is pending."""
    manifest = read_manifest(found.current)
    if waiting := found.not_yet_in(manifest):
        raise KaoheError("not_yet_in", acts="、".join(str(act.number) for act in waiting))
    with Snapshot(found.current) as snapshot:
        refuse_pending(snapshot)
    return manifest


def refuse_pending(tables: Snapshot | Warehouse) -> None:
    """Raises ``KaoheError`` if a unit of the scores is pending: such a result can neither be announced nor final."""
    pending = tables.rows("select unit_name from main.scores where status = 'pending' order by unit_id")
    if pending:
        ((deadline,),) = tables.rows(
            "select max(deadline) from main.scheme_indicator join main.indicator_scores using (indicator) "
            "where status = 'pending'"
        )
        names = "、".join(name for (name,) in pending[:5])
        raise KaoheError("units_pending", count=len(pending), names=names, deadline=deadline)


def _restated(
    found: Proceedings,
    kind: Kind,
    state: State,
    contracts: Contracts,
    scheme: Scheme,
    details: dict[str, Any],
    who: dict[str, str],
) -> Act:
    """The current publication in a new state, in force."""
    source = found.current
    base = source.name.removesuffix("-announced").removesuffix("-reviewed")
    name = f"{base}-{state}"
    found.clear(name)
    said = {"act": {"act": kind, **who, **details}, "revision": details.get("revision", 1)}
    target = publishing.restate(source, Edition(name, state, said), contracts, scheme)
    return found.put_in_force(kind, target, details, **who)


def add_appeal(
    home: Path,
    year: int,
    unit: str,
    indicator: str,
    claim: str,
    by: str,
    document: str,
    evidence: str = "",
    on: dt.date | None = None,
) -> Act:
    """登记申诉. Raises ``KaoheError`` outside the days of notice and appeal, or for an unknown unit or indicator."""
    with proceedings(home, year) as found:
        _refuse_when_final(found)
        if found.announced is None:
            raise KaoheError("not_announced", year=year)
        begin = dt.date.fromisoformat(found.announced.details["on"])
        ends = dt.date.fromisoformat(found.announced.details["appeal_ends"])
        filed = _day(on, begin)
        if filed > ends:
            raise KaoheError("appeals_over", on=filed, begin=begin, end=ends)
        with Snapshot(found.current) as snapshot:
            unit_id, unit_name = _unit(snapshot, unit)
            leaf, title = _indicator(snapshot, indicator)
        _contracts_with(APPEALS)
        details = {
            "appeal": f"A{len(found.appeals) + 1}",
            "unit_id": unit_id,
            "unit_name": unit_name,
            "indicator": leaf,
            "title": title,
            "claim": claim,
            "evidence": evidence,
            "on": filed.isoformat(),
        }
        return found.enact("appeal", found.announced.publication, details, by=by, reason=claim, document=document)


def resolve_appeal(
    home: Path,
    year: int,
    appeal: str,
    decision: Decision,
    reason: str,
    by: str,
    document: str,
    on: dt.date | None = None,
) -> Act:
    """申诉复核: decide an appeal. Raises ``KaoheError`` if there is none of this number, or it was decided before."""
    with proceedings(home, year) as found:
        _refuse_when_final(found)
        if (known := found.appeals.get(appeal)) is None:
            raise KaoheError("appeal_unknown", appeal=appeal, known="、".join(found.appeals) or "—")
        if known.decided:
            raise KaoheError("appeal_decided", appeal=appeal, on=known.decided.details["on"])
        day = _day(on, dt.date.fromisoformat(known.filed.details["on"]))
        details = {"appeal": appeal, "decision": decision, "on": day.isoformat()}
        return found.enact("decide", found.current.name, details, by=by, reason=reason, document=document)


def correct(
    home: Path,
    year: int,
    table: str,
    key: str,
    column: str,
    expect: str,
    value: str,
    reason: str,
    document: str,
    by: str,
) -> Act:
    """更正: order that a cell is read otherwise from the next run on.

    Raises ``KaoheError`` if the current publication has no such record, it says something else than ``expect``, or
    the cell is corrected already.
    """
    with proceedings(home, year) as found:
        contracts = _contracts_with(CORRECTIONS)
        key = _people_hashed(home, contracts, table, key)
        asked = checked(contracts, table, key, column, expect, value, say("correction_here"), "")
        if asked.expect == asked.value:
            raise asked.refused("correction_nothing", column=asked.heading, value=asked.readable(asked.value) or "")
        for act in found.corrections:
            cell = [act.details[name] for name in ("target_table", "key", "target_column")]
            if cell == [asked.contract.table, list(asked.key), asked.column]:
                raise KaoheError("correction_known", number=act.number)
        with Snapshot(found.current) as snapshot:
            _must_say(snapshot, asked)
        details = {
            "target_table": asked.contract.table,
            "record_key": key,
            "key": list(asked.key),
            "target_column": asked.column,
            "expect": expect,
            "value": value,
            "title": asked.contract.title,
            "heading": asked.heading,
        }
        return found.enact("correct", found.current.name, details, by=by, reason=reason, document=document)


def withdraw(home: Path, year: int, number: int, reason: str, document: str, by: str) -> Act:
    """撤回更正. Raises ``KaoheError`` if no correction in force has this number in the log."""
    with proceedings(home, year) as found:
        if number not in {act.number for act in found.corrections}:
            known = "、".join(str(act.number) for act in found.corrections) or "—"
            raise KaoheError("correction_unknown", number=number, known=known)
        details = {"correction": number}
        return found.enact("withdraw", found.current.name, details, by=by, reason=reason, document=document)


def _refuse_when_final(found: Proceedings) -> None:
    if found.final:
        raise KaoheError("final_already", year=found.year, publication=found.current.name)


def _people_hashed(home: Path, contracts: Contracts, table: str, key: str) -> str:
    """The key of a record about a person holds the person's hash, as published; given a name, it is hashed here."""
    contract = next((c for c in contracts.values() if table in (c.table, c.title)), None)
    parts = key.split("/")
    if contract is None or len(parts) != len(contract.key):
        return key
    for at, name in enumerate(contract.key):
        if contract.columns[name].type == "person" and not is_hash(parts[at]):
            plain, _ = typed_cell(contract.columns[name], parts[at])
            parts[at] = hashed(pl.Series([plain], dtype=pl.String), key_of(home))[0] or ""
    return "/".join(parts)


def _must_say(snapshot: Snapshot, asked: Correction) -> None:
    """The publication has the record, and its file says what is expected."""
    contract = asked.contract
    if not snapshot.has(contract.table) or not (records := find(asked, snapshot.rows, f"main.{contract.table}")):
        raise asked.refused("correction_no_record", table=contract.title, key=asked.record_key)
    for record in records:
        before = snapshot.rows(
            "select before from main.corrected where _rec = ? and column_name = ?", [record.rec, asked.column]
        )
        if not record.expected and (asked.readable(asked.expect),) not in before:
            raise asked.differs(record.said)
    if asked.spec.type == "unit" and asked.spec.unknown == "quarantine":
        _unit(snapshot, asked.value or "")


def _unit(snapshot: Snapshot, text: str) -> tuple[str, str]:
    """A unit of the publication by any of its names. Raises ``KaoheError`` with the nearest ones."""
    name = pl.select(normal_name(pl.lit(text))).item()
    found = snapshot.rows(
        "select distinct unit_id, unit_name from main.scores join main.unit_name as known using (unit_id) "
        "where known.name = ? order by all",
        [name],
    )
    if len(found) != 1:
        units = [unit for (unit,) in snapshot.rows("select unit_name from main.scores order by unit_id")]
        raise KaoheError("unit_unknown", unit=text, near=nearest(text, units))
    unit_id, unit_name = found[0]
    return unit_id, unit_name


def _indicator(snapshot: Snapshot, text: str) -> tuple[str, str]:
    """A leaf of the publication's scheme by its name or its title. Raises ``KaoheError`` with the nearest ones."""
    leaves = snapshot.rows(
        "select indicator, title from main.scheme_indicator join main.scheme_node on node = indicator order by all"
    )
    found = [leaf for leaf in leaves if text in leaf]
    if len(found) != 1:
        near = nearest(text, [f"{name}（{title}）" for name, title in leaves])
        raise KaoheError("indicator_unknown", indicator=text, near=near)
    return found[0]
