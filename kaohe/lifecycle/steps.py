"""From 初评 to 定稿: the public notice, appeals, corrections and the final result, each an act in the log of the year.

A run after the public notice publishes the reviewed result, a re-issue a new final one: both are in run.py. Whatever is
decided needs the approval of somebody other than its operator, ``Proceedings.check_approved``.
"""

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import polars as pl

from kaohe import publishing
from kaohe.cleaning import typed_cell
from kaohe.contracts import Contracts
from kaohe.corrections import Correction, checked, find
from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import ACTS, Act, Kind
from kaohe.lifecycle.damage import damage
from kaohe.lifecycle.proceedings import APPEALS, CORRECTIONS, Proceedings, contracts_with, proceedings
from kaohe.people import hashed, is_hash, key_of, refuse_wrong_key
from kaohe.publication import called
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of
from kaohe.publication.named import indicator_named, unit_named
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing import Edition
from kaohe.scheme import Scheme
from kaohe.warehouse import Warehouse
from kaohe.words import listed, say

Decision = Literal["upheld", "rejected"]


def _day(found: Proceedings, on: dt.date | None, not_before: dt.date | None = None) -> dt.date:
    """The day of an act: today, or an earlier one, but never before what it follows."""
    if on and on > found.latest_day:
        raise KaoheError("on_in_future", on=on, today=found.latest_day)
    if on and not_before and on < not_before:
        raise KaoheError("on_too_early", on=on, day=not_before)
    return on or found.today("--on")


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


def check_announcement(home: Path, year: int, by: str, document: str, on: dt.date | None, operator: str = "") -> None:
    """Raises ``KaoheError`` for what can be known before a flow is started."""
    with proceedings(home, year) as found:
        found.check_approved("announce", by, document, operator=operator)
        _may_announce(found, on)


def _may_announce(found: Proceedings, on: dt.date | None) -> tuple[dt.date, dict[str, Any]]:
    """The day of the notice, and the manifest of what is to be announced."""
    if found.announced:
        raise KaoheError("announced_before", on=found.announced.details["on"], publication=found.current.name)
    return _day(found, on), _ready(found)


def announce(
    home: Path, year: int, by: str, document: str, reason: str = "", on: dt.date | None = None, operator: str = ""
) -> tuple[Act, list[dt.date]]:
    """公示: open the current provisional result to view. Gives the act, and the days the calendar does not know.

    Raises ``KaoheError`` if it was announced before, a unit is pending, something ordered is not in it yet, or the
    scheme does not say for how many days.
    """
    with proceedings(home, year) as found:
        who = found.check_approved("announce", by, document, reason, operator)
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
        act = _restated(found, "announce", contracts, scheme, details, who)
        return act, unknown + more


def check_finalization(home: Path, year: int, by: str, document: str, on: dt.date | None, operator: str = "") -> None:
    """Raises ``KaoheError`` for what can be known before a flow is started."""
    with proceedings(home, year) as found:
        found.check_approved("finalize", by, document, operator=operator)
        _may_finalize(found, on)


def _may_finalize(found: Proceedings, on: dt.date | None) -> tuple[dt.date, dict[str, Any]]:
    """The day of the final result, and the manifest of what is to be final."""
    if found.final:
        raise KaoheError("final_before", publication=found.current.name)
    if found.announced is None:
        raise KaoheError("not_announced", year=found.year)
    day, ends = _day(found, on), dt.date.fromisoformat(found.announced.details["appeal_ends"])
    if day <= ends:
        raise KaoheError("appeals_still_open", on=day, day=ends)
    if undecided := [name for name, appeal in found.appeals.items() if appeal.decided is None]:
        raise KaoheError("appeals_undecided", appeals=listed(undecided))
    manifest = _ready(found)
    with Snapshot(found.current) as snapshot:
        for file, row in snapshot.rows(
            "select _file, _row from main.score_appeal where _source <> 'ledgers' and decision is null order by all"
        ):
            raise KaoheError("appeal_undecided_in_inbox", file=file, row=row)
    return day, manifest


def finalize(
    home: Path, year: int, by: str, document: str, reason: str = "", on: dt.date | None = None, operator: str = ""
) -> Act:
    """定稿: make the announced or reviewed result final.

    Raises ``KaoheError`` before the days of appeal are over, while an appeal is undecided, or if something ordered is
    not in the current publication yet.
    """
    with proceedings(home, year) as found:
        who = found.check_approved("finalize", by, document, reason, operator)
        begin, manifest = _may_finalize(found, on)
        contracts, scheme = method_of(home, manifest)
        details = {"on": begin.isoformat(), "made_from": found.current.name, "revision": 1}
        return _restated(found, "finalize", contracts, scheme, details, who)


def _ready(found: Proceedings) -> dict[str, Any]:
    """The manifest of the current publication, if it can go a step further: all that was ordered is in it, its as-of
    date has come, and no unit is pending."""
    if found.log.acts and (wrong := damage(found, found.current.name)):
        raise KaoheError("publication_damaged", publication=found.current.name, problem=wrong[0])
    manifest = read_manifest(found.current)
    if waiting := found.not_yet_in(manifest):
        raise KaoheError("not_yet_in", acts=listed(str(act.number) for act in waiting))
    if manifest["as_of"] > found.latest_day.isoformat():
        raise KaoheError("as_of_to_come", as_of=manifest["as_of"], today=found.latest_day)
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
        names = listed(name for (name,) in pending[:5]) + (say("and_others") if len(pending) > 5 else "")
        raise KaoheError("units_pending", count=len(pending), names=names, deadline=deadline)


def _restated(
    found: Proceedings,
    kind: Kind,
    contracts: Contracts,
    scheme: Scheme,
    details: dict[str, Any],
    who: dict[str, str],
) -> Act:
    """The current publication in the state that an act gives it, in force."""
    source, state = found.current, ACTS[kind].state
    assert state
    name = called(source.name.removesuffix(called("", read_manifest(source)["state"])), state)
    found.clear(name)
    named = {name: text for name, text in who.items() if name != "operator"}
    said = {
        "log": found.log.anchor,
        "act": {"act": kind, **named, **details},
        "revision": details.get("revision", 1),
    }
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
    operator: str = "",
) -> Act:
    """登记申诉. Raises ``KaoheError`` outside the days of notice and appeal, or for an unknown unit or indicator."""
    with proceedings(home, year) as found:
        _refuse_when_final(found)
        if found.announced is None:
            raise KaoheError("not_announced", year=year)
        begin = dt.date.fromisoformat(found.announced.details["on"])
        ends = dt.date.fromisoformat(found.announced.details["appeal_ends"])
        filed = _day(found, on, begin)
        if filed > ends:
            raise KaoheError("appeals_over", on=filed, begin=begin, end=ends)
        with Snapshot(found.current) as snapshot:
            unit_id, unit_name = unit_named(snapshot, unit)
            leaf, title = indicator_named(snapshot, indicator)
        contracts_with(APPEALS)
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
        who = {"by": by, "reason": claim, "document": document, "operator": operator}
        return found.enact("appeal", found.announced.publication, details, **who)


def resolve_appeal(
    home: Path,
    year: int,
    appeal: str,
    decision: Decision,
    reason: str,
    by: str,
    document: str,
    on: dt.date | None = None,
    operator: str = "",
) -> Act:
    """申诉复核: decide an appeal. Raises ``KaoheError`` if there is none of this number, or it was decided before."""
    with proceedings(home, year) as found:
        _refuse_when_final(found)
        if (known := found.appeals.get(appeal)) is None:
            raise KaoheError("appeal_unknown", appeal=appeal, known=listed(found.appeals) or "—")
        if known.decided:
            raise KaoheError("appeal_decided", appeal=appeal, on=known.decided.details["on"])
        day = _day(found, on, dt.date.fromisoformat(known.filed.details["on"]))
        details = {"appeal": appeal, "decision": decision, "on": day.isoformat()}
        who = {"by": by, "reason": reason, "document": document, "operator": operator}
        return found.enact("decide", found.current.name, details, **who)


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
    operator: str = "",
) -> Act:
    """更正: order that a cell is read otherwise from the next run on.

    Raises ``KaoheError`` if the current publication has no such record, it says something else than ``expect``, or
    the cell is corrected already.
    """
    with proceedings(home, year) as found:
        contracts = contracts_with(CORRECTIONS)
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
        who = {"by": by, "reason": reason, "document": document, "operator": operator}
        return found.enact("correct", found.current.name, details, **who)


def withdraw(home: Path, year: int, number: int, reason: str, document: str, by: str, operator: str = "") -> Act:
    """撤回更正. Raises ``KaoheError`` if no correction in force has this number in the log."""
    with proceedings(home, year) as found:
        if number not in {act.number for act in found.corrections}:
            known = listed(str(act.number) for act in found.corrections) or "—"
            raise KaoheError("correction_unknown", number=number, known=known)
        details = {"correction": number}
        who = {"by": by, "reason": reason, "document": document, "operator": operator}
        return found.enact("withdraw", found.current.name, details, **who)


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
            refuse_wrong_key(home)
            plain, _ = typed_cell(contract.columns[name], parts[at])
            parts[at] = hashed(pl.Series([plain], dtype=pl.String), key_of(home))[0] or ""
    return "/".join(parts)


def _must_say(snapshot: Snapshot, asked: Correction) -> None:
    """The publication has the record, and its file says what is expected."""
    contract = asked.contract
    if not snapshot.has(contract.table) or not (records := find(asked, snapshot.rows, f"main.{contract.table}")):
        raise asked.refused("correction_no_record", table=contract.title, key=asked.record_key)
    for record in records:
        cell = [record.rec, asked.column]
        before = snapshot.rows("select before from main.corrected where _rec = ? and column_name = ?", cell)
        if before and before != [(asked.readable(asked.expect),)]:
            raise asked.differs(before[0][0])
        if not before and not record.expected:
            raise asked.differs(asked.readable(record.said))
    if asked.spec.type == "unit" and asked.spec.unknown == "quarantine":
        unit_named(snapshot, asked.value or "")
