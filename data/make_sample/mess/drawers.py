"""Where everything is filed: records into drawers, drawers onto sheets, sheets into files."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from make_sample.chance import AS_OF, YEAR
from make_sample.mess.check_files import finding_files, inspection_files
from make_sample.mess.layout import File, Page
from make_sample.mess.ledger_files import BOOK_TABLES, BOOKS, ledger_files
from make_sample.mess.pages import Names, Writer
from make_sample.mess.pairing_files import pairing_files
from make_sample.mess.registry_files import registry_files
from make_sample.mess.study_files import study_files
from make_sample.records import (
    Activity,
    Agreement,
    Finding,
    Inspection,
    Item,
    Meeting,
    Record,
    StudyStat,
    Unit,
    key_of,
    table_of,
)
from make_sample.truth import Entry, Truth
from make_sample.vocabulary import EVERYWHERE, INDUSTRY, OFFICE_NAMES

#: Tables whose offices and grassroots units hand in apart.
_BY_CATEGORY: Final = frozenset({"party_member", "first_topic", "training_record", "talk_record"})


def plan(truth: Truth) -> tuple[tuple[File, tuple[Page, ...]], ...]:
    """Every file, laid out but not yet written."""
    names = Names(
        {unit.unit_id: unit for unit in truth.records.units},
        {alias.unit_id: alias.alias for alias in truth.records.aliases if alias.platform == EVERYWHERE},
        {(a.unit_id, a.platform): a.alias for a in truth.records.aliases if a.platform != EVERYWHERE},
    )
    drawers = _drawers(truth)
    files = [
        *registry_files(),
        *study_files(),
        *inspection_files(),
        *finding_files(),
        *pairing_files(),
        *ledger_files(names.units),
    ]
    unfiled = set(drawers) - {slot for file in files for sheet in file.sheets for slot in sheet.slots}
    if unfiled:
        raise ValueError(f"no file for {sorted(unfiled)}")
    laid_out = []
    for file in files:
        pages: list[Page] = []
        for sheet in file.sheets:
            rng = random.Random(f"{truth.seed}/{file.same_as or file.path}/{sheet.name}/{len(pages)}")
            entries = [entry for slot in sheet.slots for entry in drawers.get(slot, ())]
            start = pages[-1].start + len(pages[-1].lines) if sheet.below else 0
            pages.append(Writer(sheet, names, rng).page(entries, start))
        laid_out.append((file, tuple(pages)))
    return tuple(laid_out)


def _drawers(truth: Truth) -> dict[str, list[Entry]]:
    """The rows of each drawer, in the order an office keeps them."""
    owners = {agreement.agreement_id: agreement for agreement in truth.records.agreements}
    owners |= {e.record.agreement_id: e.record for e in truth.bad if isinstance(e.record, Agreement)}
    drawers: dict[str, list[Entry]] = defaultdict(list)
    for record in truth.records:
        place = table_of(record), key_of(record)
        entry = Entry(record, note=truth.remarks.get(place, ""), written=truth.slips.get(place))
        if entry.note.startswith("reported late"):
            entry = replace(entry, slot="study/late")
        drawers[_slot(entry, owners)].append(entry)
    for entry in truth.bad:
        drawers[_slot(entry, owners)].append(entry)
    order = {unit.unit_id: number for number, unit in enumerate(truth.records.units)}
    for entries in drawers.values():
        entries.sort(key=lambda entry: _filing_order(entry, order))
    return drawers


def _slot(entry: Entry, owners: Mapping[str, Agreement]) -> str:
    """The drawer a row is filed in."""
    if entry.slot:
        return entry.slot
    record = entry.record
    match record:
        case StudyStat():
            period = record.period
            month = f"{period:%Y-%m}" if period.year == YEAR else str(period.year)
            return f"study/{month}/{record.platform}"
        case Inspection():
            day = record.inspected_on
            if day > AS_OF:  # a mistyped year
                day = day.replace(year=YEAR)
            return f"inspection/{day:%Y-%m}" if day.year == YEAR else f"inspection/{day.year}"
        case Finding():
            day = record.found_on
            return f"finding/{(day.month + 1) // 2}" if day.year == YEAR else f"finding/{day.year}"
        case Agreement():
            return "agreement"
        case Activity():
            kind = owners[record.agreement_id].partner_type if record.agreement_id in owners else INDUSTRY
            return "activity/industry" if kind == INDUSTRY else f"activity/street/{record.unit_id[0]}"
        case Item():
            owner = owners.get(record.agreement_id)
            return f"item/{'office' if owner and owner.unit_id[0] == 'J' else 'grassroots'}/{record.kind}"
        case _:
            return _ledger_slot(record)


def _ledger_slot(record: Record) -> str:
    """The drawer of a row of any other table: the unit's own book, or the bureau's ledger."""
    table = table_of(record)
    unit_id = str(getattr(record, "unit_id", ""))
    if unit_id in BOOKS and table in BOOK_TABLES:
        return f"book/{unit_id}/{table}"
    if isinstance(record, Meeting):
        day = record.held_on
        return f"{table}/{unit_id[0]}/{1 if day.month < 7 else 2}" if day.year == YEAR else f"{table}/{day.year}"
    return f"{table}/{unit_id[0]}" if table in _BY_CATEGORY else table


def _filing_order(entry: Entry, order: Mapping[str, int]) -> tuple[object, ...]:
    """How an office keeps its rows: what units hand in by unit, the rest by number."""
    record = entry.record
    if isinstance(record, Agreement):
        return (order[record.unit_id] >= len(OFFICE_NAMES), *key_of(record))
    unit_id = getattr(record, "unit_id", "")
    by_unit = isinstance(record, (Unit, StudyStat)) or table_of(record) in _BY_CATEGORY | {"org_life_record"}
    return (order.get(unit_id, 0) if by_unit else 0, *key_of(record))
