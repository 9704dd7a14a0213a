"""A comparison as tables, the same on the screen and in the workbook."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from kaohe.book import Book
from kaohe.comparing import Comparison, UnitChange
from kaohe.comparing.sides import Side
from kaohe.comparing.steps import Amount, ItemChange, RecordChange, Step
from kaohe.scheme.diff import ORDER, shown
from kaohe.words import clauses, listed, say

_SIGNED = "+0.00;-0.00;0.00"


@dataclass(frozen=True)
class Table:
    """A table with its headings. ``signed``: the columns that hold a change; ``numbers``: those that hold numbers;
    ``most``: how many rows the screen shows."""

    name: str
    headings: list[str]
    rows: list[list[Any]]
    signed: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    most: int = 20

    @property
    def title(self) -> str:
        return say(f"sheet_compare_{self.name}")


def described(side: Side) -> str:
    """A side in words: 20240331-… （初评，截至 2024-03-31）, or a scheme on the data of one."""
    state, as_of = say(f"state_{side.state}"), side.ingredients.as_of
    if side.published:
        return say("compare_publication", publication=side.label, state=state, as_of=as_of)
    return say("compare_tried", scheme=side.label, publication=side.publication.name, state=state, as_of=as_of)


def tables(found: Comparison) -> list[Table]:
    """Every table that has rows, the most telling first; the steps and the units always."""
    made = [_steps(found), _units(found), *([_dimensions(found)] if found.across_years else [])]
    more = [_indicators(found), _scheme(found), _corrections(found), _files(found), _items(found), _records(found)]
    return made + [table for table in [*more, _program(found)] if table.rows]


def write_workbook(found: Comparison, path: Path) -> None:
    """Write the comparison as a workbook: a sheet for each table."""
    title = say("compare_title", a=found.a.label, b=found.b.label)
    book = Book(path, title)
    note = "    ".join(
        say("with_colon", before=side, after=described(each)) for side, each in (("A", found.a), ("B", found.b))
    )
    for table in tables(found):
        formats = dict.fromkeys(sorted(table.signed), _SIGNED)
        book.sheet(table.title, title, f"{table.title}    {note}", table.headings, table.rows, number_formats=formats)
    book.book.close()


def _headings(*names: str) -> list[str]:
    return [say(f"heading_{name}") for name in names]


def _steps(found: Comparison) -> Table:
    """What each step exchanged and what came of it; the last row is the whole."""
    headings = _headings("number", "cause", "exchanged", "scores_changed", "sum_change", "ranks_changed")
    rows: list[list[Any]] = []
    for number, step in enumerate(found.steps, start=1):
        changes = {unit: step.change(unit, "total") for unit in step.changed}
        ranks = sum("rank" in things for things in step.changed.values())
        grades = sum("grade" in things for things in step.changed.values())
        whole = sum(changes.values(), Decimal(0))
        label = [number, say(f"cause_{step.cause}"), _exchanged(found, step)]
        rows.append([*label, sum(map(bool, changes.values())), whole, ranks, grades])
    changed = [unit.change for unit in found.units]
    ranks, grades = (
        sum(any(getattr(side, name) != getattr(other, name) for side, other in [_sides(unit)]) for unit in found.units)
        for name in ("rank", "grade")
    )
    whole = sum(changed, Decimal(0))
    rows.append([None, say("whole"), None, sum(map(bool, changed)), whole, ranks, grades])
    return Table("steps", [*headings, say("heading_grades_changed")], rows, signed={4}, numbers={0, 3, 5, 6})


@dataclass(frozen=True)
class _Nowhere:
    """Where a unit stands that is not assessed."""

    total: None = None
    rank: None = None
    grade: None = None


def _sides(unit: UnitChange) -> tuple[Any, Any]:
    return unit.before or _Nowhere(), unit.after or _Nowhere()


def _exchanged(found: Comparison, step: Step) -> str:
    a, b = found.a.ingredients, found.b.ingredients
    counts = {kind: sum(file.kind == kind and not file.correction for file in found.files)
              for kind in ("new", "changed", "gone")}  # fmt: skip
    corrections = {"added": sum(not each.withdrawn for each in step.corrected),
                   "withdrawn": sum(each.withdrawn for each in step.corrected)}  # fmt: skip
    match step.cause:
        case "code" if step.before == found.a.publication and step.after == found.b.publication:
            return say("compare_program", count=len(found.program))
        case "code" if step.before == found.a.publication:
            return say("compare_program_first")
        case "code":
            return say("compare_program_last")
        case "scheme":
            count = "—" if found.scheme is None else len(found.scheme)
            return say("compare_scheme", a=a.scheme.name, b=b.scheme.name, count=count)
        case "corrections":
            return say("compare_corrections", **corrections)
        case "as_of":
            return f"{a.as_of} → {b.as_of}"
        case "data":
            return say("compare_files", records=len(step.records), **counts)
        case "together":
            return say("compare_together", records=len(step.records), **counts, **corrections)
        case "year":
            return f"{a.year} → {b.year}"


def _units(found: Comparison) -> Table:
    """The units whose total, rank, grade, veto or status changed; where only points moved within, the total did not."""
    causes = [cause for cause in found.causes if any(unit.causes[cause] for unit in found.units)]
    headings = [*_headings("category", "unit_name", "total_a", "total_b", "change")]
    headings += [say(f"cause_{cause}") for cause in causes]
    headings += _headings("rank_a", "rank_b", "grade_a", "grade_b", "remark")
    rows: list[list[Any]] = []
    for unit in found.units:
        if unit.before == unit.after and not unit.moves and not any(unit.causes.values()):
            continue
        before, after = _sides(unit)
        rows.append(
            [unit.category, unit.unit_name, before.total, after.total, unit.change]
            + [unit.causes[cause] for cause in causes]
            + [before.rank, after.rank, before.grade, after.grade, clauses(_remarks(unit, found)) or None]
        )
    last = 5 + len(causes)
    return Table("units", headings, rows, {*range(4, last)}, {2, 3, last, last + 1}, most=80)


def _remarks(unit: UnitChange, found: Comparison) -> Iterator[str]:
    """Which side lacks the unit, and which cause moved its rank or grade."""
    if unit.before is None or unit.after is None:
        yield say("compare_only_b") if unit.before is None else say("compare_only_a")
        return
    if unit.before.category != unit.after.category:
        yield f"{unit.before.category} → {unit.after.category}"
    if unit.before.veto != unit.after.veto:
        yield say("compare_veto", before=unit.before.veto or "—", after=unit.after.veto or "—")
    if unit.before.status != unit.after.status:
        yield " → ".join(say(f"status_{side.status}") for side in (unit.before, unit.after))
    if unit.by_others:
        yield say("compare_by_others")
    elif len(found.causes) > 1 or any(move.by_others for move in unit.moves):
        for move in unit.moves:
            moved = listed(
                f"{say(f'heading_{name}')} {pair[0] or '—'} → {pair[1] or '—'}"
                for name, pair in (("rank", move.rank), ("grade", move.grade))
                if pair
            )
            told = say("compare_move", cause=say(f"cause_{move.cause}"), moved=moved)
            yield told + (say("compare_through_others") if move.by_others else "")


def _dimensions(found: Comparison) -> Table:
    """Points by dimension, between two years."""
    names = list(dict.fromkeys(name for unit in found.units for name in unit.dimensions))
    sections = {name: say(f"heading_{name}") for name in ("bonus", "deduction")}
    headings = [*_headings("category", "unit_name", "change"), *({**found.titles, **sections}[name] for name in names)]
    rows: list[list[Any]] = [
        [unit.category, unit.unit_name, unit.change, *(unit.dimensions.get(name, Decimal(0)) for name in names)]
        for unit in found.units
    ]
    return Table("dimensions", headings, rows, {*range(2, len(headings))}, most=80)


def _indicators(found: Comparison) -> Table:
    """By cause and indicator: how many units' points changed, and by how much in all; the scheme's own differences."""
    rows: list[list[Any]] = []
    for cause in found.causes:
        changes: dict[str, list[Decimal]] = {}
        for unit in found.units:
            for each in unit.indicators:
                if each.causes[cause]:
                    changes.setdefault(each.indicator, []).append(each.causes[cause])
        for indicator in (node for node in found.titles if node in changes):
            told = found.concerned.get(indicator, []) if cause in ("scheme", "year") else []
            rules = clauses(f"{each.place} {shown(each.before)} → {shown(each.after)}" for each in told) or None
            units = changes[indicator]
            rows.append([say(f"cause_{cause}"), found.titles[indicator], len(units), sum(units), rules])
    headings = _headings("cause", "indicator", "scores_changed", "sum_change", "behind")
    return Table("indicators", headings, rows, signed={3}, numbers={2})


def _scheme(found: Comparison) -> Table:
    rows: list[list[Any]] = [
        [each.place.replace(ORDER, say("compare_order")), shown(each.before), shown(each.after)]
        for each in found.scheme or []
    ]
    return Table("scheme", _headings("place", "side_a", "side_b"), rows, most=40)


def _corrections(found: Comparison) -> Table:
    rows: list[list[Any]] = [
        [
            say("compare_withdrawn") if each.withdrawn else say("compare_added"),
            *(each.title, each.key, each.heading, each.before, each.after, each.document),
        ]
        for step in found.steps
        for each in step.corrected
    ]
    names = ("what", "table", "record_key", "column", "before", "after", "source_doc")
    return Table("corrections", _headings(*names), rows)


def _files(found: Comparison) -> Table:
    rows: list[list[Any]] = [
        [say(f"compare_file_{file.kind}"), say("cause_corrections" if file.correction else "cause_data"), file.path]
        for file in found.files
    ]
    return Table("files", _headings("what", "cause", "_file"), rows)


def _items(found: Comparison) -> Table:
    names = "cause", "unit_name", "indicator", "item"
    headings = _headings(*names, *(f"{name}_{side}" for name in ("due", "done", "lost") for side in "ab"))
    rows: list[list[Any]] = []
    for step in found.steps:
        for each in step.items:
            numbers = [*map(_plain, (*each.due, *each.done)), *each.lost]
            told = clauses(map(told_record, each.records)) or None
            label = [say(f"cause_{step.cause}"), found.names.get(each.unit_id, each.unit_id)]
            rows.append([*label, found.titles.get(each.indicator, each.indicator), each.item, *numbers, told])
    return Table("items", [*headings, say("heading_records_changed")], rows, numbers=set(range(4, 10)))


def _plain(amount: Amount) -> Amount | int:
    """An amount without the zeros behind its point."""
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else amount.normalize()


def told_record(record: RecordChange) -> str:
    """A changed record in a line: its table and key, its place, and what became of it."""
    place = record.after or record.before
    return say(
        "told_record",
        record=f"{record.title} {record.key}",
        place=place,
        told=say("between_counts").join(_told(record)),
    )


def _told(record: RecordChange) -> Iterable[str]:
    reason = say(f"reason_{record.set_aside}") if record.set_aside else None
    if record.before is None:
        return [say("compare_record_new") + (say("compare_was_set_aside", reason=reason) if reason else "")]
    if record.after is None:
        return [say("compare_record_gone") + (say("compare_set_aside", reason=reason) if reason else "")]
    return (f"{cell.heading} {cell.before or '—'} → {cell.after or '—'}" for cell in record.cells)


def _records(found: Comparison) -> Table:
    """Every changed record, a row for each changed cell."""
    names = "cause", "table", "record_key", "unit_name", "place_a", "place_b", "column", "before", "after", "remark"
    rows: list[list[Any]] = []
    for step in found.steps:
        for each in step.records:
            unit = found.names.get(each.unit_id, each.unit_id) if each.unit_id else None
            places = [str(place) if place else None for place in (each.before, each.after)]
            start = [say(f"cause_{step.cause}"), each.title, each.key, unit, *places]
            rows += [[*start, cell.heading, cell.before, cell.after, None] for cell in each.cells]
            if not each.cells:
                rows.append([*start, None, None, None, "".join(_told(each))])
    return Table("records", _headings(*names), rows, most=0)


def _program(found: Comparison) -> Table:
    rows: list[list[Any]] = [[name] for name in found.program]
    return Table("program", _headings("_file"), rows)


def unexplained(items: Iterable[ItemChange], records: Iterable[RecordChange]) -> int:
    """How many changed records stand behind no changed item."""
    behind = {record for item in items for record in item.records}
    return sum(record not in behind for record in records)
