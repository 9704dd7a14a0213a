"""Saying where everything is: the page docs/sample.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from make_sample.chance import AS_OF, YEAR
from make_sample.expected import expected
from make_sample.mess.drawers import plan
from make_sample.mess.layout import File, Page, Sheet, heads_of
from make_sample.records import KEYS
from make_sample.stories import TOLD
from make_sample.truth import Truth

_ABOUT = """\
# The sample bureau

`data/sample/` is a made-up district bureau: 24 offices (机关处室) and 37 grassroots units (基层单位), one of which was
closed in June; their members; the year 2023 and, for comparison, some of 2022 and of spring 2024. Every person, partner
and number is invented; the holidays of the working calendar are the State Council's. It is written by
`python data/make_sample`, always with the same bytes; this page is written with it, so its numbers are true.

The truth behind the files is `make_sample.build(seed)`: clean records, and which of them may count. An independent
recomputation of the scores from that truth is `tests/golden/oracle/`.
"""

_MESS: Sequence[tuple[str, Callable[[File, Sheet], bool]]] = (
    ("GBK text", lambda f, s: f.encoding == "gbk"),
    ("UTF-8 text with a byte-order mark", lambda f, s: f.encoding == "utf-8-sig"),
    ("UTF-16 text, separated by tabs", lambda f, s: f.encoding == "utf-16"),
    ("text separated by semicolons", lambda f, s: f.delimiter == ";"),
    ("a title over the table (merged in workbooks)", lambda f, s: bool(s.title)),
    ("a heading of two rows, with merged cells", lambda f, s: "/" in s.heads),
    ("a 合计 row", lambda f, s: bool(s.total)),
    ("a 注： row", lambda f, s: bool(s.note)),
    ("section titles in the body (一、机关处室)", lambda f, s: s.sections),
    ("blank rows inside", lambda f, s: s.blank_every > 0),
    ("a table that does not start at A1", lambda f, s: s.top + s.left > 0),
    ("two tables on one sheet", lambda f, s: s.below),
    ("several tables in one workbook", lambda f, s: s.slots[:1] > ("book",) and s.slots[:1] < ("book0",)),
    ("a sheet that is no table", lambda f, s: bool(s.text)),
    ("a hidden sheet (its rows are copies)", lambda f, s: s.hidden),
    ("hidden rows", lambda f, s: bool(s.hidden_rows)),
    ("a file saved twice, all its rows duplicates", lambda f, s: s.copies and not s.hidden),
    ("dates as 2023.3.15", lambda f, s: "dot" in s.style.dates and "date" in _kinds(s)),
    ("dates as 2023年3月15日", lambda f, s: "cn" in s.style.dates and "date" in _kinds(s)),
    ("dates as 2023/3/15", lambda f, s: "slash" in s.style.dates and "date" in _kinds(s)),
    ("dates as 2023-03-15", lambda f, s: "iso" in s.style.dates and "date" in _kinds(s)),
    ("true dates", lambda f, s: "true" in s.style.dates and "date" in _kinds(s)),
    ("serial numbers as dates", lambda f, s: "serial" in s.style.dates and "date" in _kinds(s)),
    ("months as 2023年3月", lambda f, s: "cn" in s.style.months and "month" in _kinds(s)),
    ("months as 2023-03", lambda f, s: "dash" in s.style.months and "month" in _kinds(s)),
    ("months as 2023.3", lambda f, s: "dot" in s.style.months and "month" in _kinds(s)),
    ("months as true dates", lambda f, s: "true" in s.style.months and "month" in _kinds(s)),
    ("rates as text, 96.5%", lambda f, s: s.style.percent == "text" and "month" in _kinds(s)),
    ("rates as cells formatted in per cent", lambda f, s: s.style.percent == "cell"),
    ("rates as bare fractions, 0.965", lambda f, s: s.style.percent == "fraction"),
    ("rates as bare per cents under 参学率（%）", lambda f, s: s.style.percent == "bare"),
    ("rates as formulas", lambda f, s: s.style.percent == "formula"),
    ("full-width digits, thousands separators", lambda f, s: s.style.odd_numbers),
    ("wide spaces in empty cells", lambda f, s: s.style.blanks),
    ("flags as √ and ×", lambda f, s: s.style.flags == "tick"),
    ("flags as 有 and 无", lambda f, s: s.style.flags == "have"),
    ("flags as 1 and 0", lambda f, s: s.style.flags == "digit"),
    ("lists with 、 and with ；", lambda f, s: len(s.style.lists) > 1),
    ("units under short names", lambda f, s: "short" in s.style.names),
    ("units under everyday names (区水务管理中心)", lambda f, s: "everyday" in s.style.names),
    ("units under platform names, cut to 20 characters", lambda f, s: "platform" in s.style.names),
    ("units with spaces around the name", lambda f, s: "spaced" in s.style.names),
    ("columns no contract knows (序号, 备注, 填报人)", lambda f, s: any(h.column is None for h in heads_of(s))),
)


def _sums(rows: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _kinds(sheet: Sheet) -> set[str]:
    columns = {head.column for head in heads_of(sheet) if head.column}
    kinds = {"month"} if "period" in columns else set()
    return kinds | ({"date"} if any(c.endswith("_on") or c == "day" for c in columns) else set())


def describe(truth: Truth) -> str:
    """The page docs/sample.md: what is in the sample, and where each mess and each bad row is."""
    planned = plan(truth)
    sums = expected(truth)
    parts = [_ABOUT, "## The accounting\n", f"As of {AS_OF}, assessing {YEAR}:\n"]
    reasons = ("bad_cell", "unknown_unit", "duplicate", "conflict", "rule")
    counts = [
        (
            sums.records_in[table],
            sums.used[table],
            sums.other_year.get(table, 0),
            *(sums.quarantined.get(table, {}).get(reason, 0) for reason in reasons),
        )
        for table in KEYS
    ]
    rows = [(table, *numbers) for table, numbers in zip((*KEYS, "all"), (*counts, _sums(counts)), strict=True)]
    parts.append(_table(("table", "records in", "used", "of another year", *reasons), rows))
    kinds = {"title": "titles over a table", "section": "section titles in a body", "total": "合计", "note": "注："}
    parts.append(
        "Left out, and not among the records: "
        + ", ".join(f"{sums.left_out[kind]} {name}" for kind, name in kinds.items())
        + f". {len(planned)} files.\n"
    )
    parts.append("Flagged, but kept:\n")
    parts.append(_table(("table", "column", "rows"), [(*place, n) for place, n in sorted(sums.warnings.items())]))
    for heading, stories in TOLD.items():
        parts.append(f"## {heading}\n")
        parts.append(_table(("units", "story"), [("、".join(ids), story) for ids, story in stories]))
    parts.append("## Every kind of mess\n")
    parts.append(_table(("what", "where"), [(what, _where(planned, fits)) for what, fits in _MESS]))
    parts.append("## Bad on purpose\n")
    parts.append("Rows are counted as the spreadsheet or editor counts them. Copies as a whole are not listed.\n")
    bad, kept = _listed(planned)
    parts.append(_table(("table", "reason", "what", "file", "sheet", "row"), bad))
    parts.append("## Good, but worth a look\n")
    parts.append(_table(("table", "what", "file", "sheet", "row"), kept))
    return "\n".join(parts).rstrip() + "\n"


def _where(planned: Iterable[tuple[File, Sequence[Page]]], fits: Callable[[File, Sheet], bool]) -> str:
    """Up to three files that show a thing, and how many more do."""
    found = [file.path for file, pages in planned if any(fits(file, page.sheet) for page in pages)]
    if not found:
        raise ValueError("a kind of mess is nowhere to be found")
    return "<br>".join(found[:3]) + (f"<br>and {len(found) - 3} more" if len(found) > 3 else "")


def _listed(
    planned: Iterable[tuple[File, Sequence[Page]]],
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Every bad row and every remarkable one, with file, sheet and row."""
    bad: list[tuple[object, ...]] = []
    kept: list[tuple[object, ...]] = []
    for file, pages in planned:
        for page in pages:
            for row, line in enumerate(page.lines, page.start + 1):
                if line.entry is None or not line.entry.note or page.sheet.copies:
                    continue
                entry, where = line.entry, (file.path, page.sheet.name, row)
                if entry.reason:
                    bad.append((entry.table, entry.reason, entry.note, *where))
                else:
                    kept.append((entry.table, entry.note, *where))
    order = list(KEYS)
    bad.sort(key=lambda r: (order.index(str(r[0])), str(r[1])))
    kept.sort(key=lambda r: (order.index(str(r[0])), str(r[1])))
    return bad, kept


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
