"""The made-up bureau, scored by kaohe and by the oracle: equal to the cent, unit by unit, item by item.

The oracle (plain Python, fractions) starts from the generator's truth, never from the files or from kaohe's output.
"""

import csv
import datetime as dt
import hashlib
import hmac
import os
import re
import shutil
import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_type_hints

import openpyxl
import polars as pl
import pytest
import yaml

from kaohe.explaining import Explainer, Explanation, Part
from kaohe.publication.method import method_of
from kaohe.publication.snapshot import Snapshot
from kaohe.robustness.model import Model
from kaohe.robustness.tables import case_of
from kaohe.what_if import what_if
from tests.golden.oracle import scores as oracle
from tests.golden.oracle.records import Records
from tests.golden.oracle.scheme import load_scheme
from tests.helpers import AS_OF, ROOT, SAMPLE, YEAR, Result, assess

sys.path.insert(0, str(ROOT / "data"))
import make_sample

#: The day the results are drawn up, half a year, the last day for most reports, and a day between the two deadlines.
DATES = [AS_OF, dt.date(2023, 7, 31), dt.date(2024, 1, 31), dt.date(2024, 2, 15)]
#: The table that is kept out of what is published, its quarantine too.
RESTRICTED = {"clue_summary"}
#: The columns that name a person whom an item may be about; the program keeps them as hashes.
PEOPLE = {"member_id", "person_id"}


@pytest.fixture(scope="module")
def truth() -> make_sample.Truth:
    return make_sample.build()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, sample: Result) -> Path:
    """One home for all dates, as in an office: what a date before has left there must not show."""
    return Path(shutil.copytree(sample.home, tmp_path_factory.mktemp("office") / "home"))


@pytest.fixture(
    scope="module", params=[DATES[0], *(pytest.param(day, marks=pytest.mark.long) for day in DATES[1:])], ids=str
)
def assessed(request: pytest.FixtureRequest, office: Path, libraries: None) -> tuple[dt.date, Result]:
    return request.param, assess(SAMPLE, office, as_of=request.param)


def hashed(name: str, key: bytes) -> str:
    """A person as the program keeps one."""
    plain = "".join(unicodedata.normalize("NFKC", name).split())
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:32]


def records(truth: make_sample.Truth, as_of: dt.date, home: Path) -> Records:
    """What the oracle needs of the records that may count on a day, with people as the program names them."""
    key = (os.environ.get("KAOHE_KEY") or (home / "secret.key").read_text().strip()).encode()
    kinds = {table: get_args(kind)[0] for table, kind in get_type_hints(Records).items()}
    found = defaultdict(list)
    for record in truth.trusted(as_of):
        if kind := kinds.get(make_sample.table_of(record)):
            cells = {column.name: getattr(record, column.name) for column in fields(kind)}
            people = {name: hashed(value, key) for name, value in cells.items() if name in PEOPLE}
            found[make_sample.table_of(record)].append(kind(**cells | people))
    return Records(**{table: tuple(rows) for table, rows in found.items()})


def test_the_oracle_knows_every_table_that_tells_of_a_unit() -> None:
    others = {"unit_alias", "work_calendar", "inspection_plan", "score_appeal", "correction"}
    assert set(make_sample.TABLES.values()) - others == {column.name for column in fields(Records)}


@pytest.fixture(scope="module")
def expected(truth: make_sample.Truth, assessed: tuple[dt.date, Result]) -> oracle.Scores:
    as_of, result = assessed
    scheme = load_scheme(ROOT / "data" / "schemes" / "2023.yml")
    return oracle.score(records(truth, as_of, result.home), scheme, YEAR, as_of)


def exact(number: Any) -> Any:
    """Decimals as fractions; everything else as it is."""
    return Fraction(number) if isinstance(number, Decimal) else number


def test_every_unit_has_the_oracles_score(assessed: tuple[dt.date, Result], expected: oracle.Scores) -> None:
    columns = ("total", "base", "bonus", "deduction", "rank", "tied", "quota_tie", "veto", "grade", "status")
    found = {
        row["unit_id"]: {name: exact(row[name]) for name in columns}
        for row in assessed[1].table("scores").iter_rows(named=True)
    }
    assert found == {unit: {name: getattr(s, name) for name in columns} for unit, s in expected.units.items()}
    assert len(found) == 60


def test_what_if_scores_the_scheme_in_force_as_it_was_published(assessed: tuple[dt.date, Result]) -> None:
    columns = ["unit_id", "total", "rank", "grade", "status"]
    found = what_if(assessed[1].home, None, ["bonus.cap=4"], []).scores
    again = found.filter(pl.col("variant") == "in_force").select(columns).sort("unit_id")
    assert again.rows() == assessed[1].table("scores").select(columns).sort("unit_id").rows()


@pytest.fixture(scope="module")
def explained(assessed: tuple[dt.date, Result]) -> dict[str, Explanation]:
    """What is said of each unit, asked for by its name."""
    with Explainer.in_force(assessed[1].home) as explainer:
        return {name: explainer.explain(name) for name in assessed[1].table("scores")["unit_name"]}


def test_every_unit_is_explained_and_the_parts_add_up_at_every_level(
    assessed: tuple[dt.date, Result], explained: dict[str, Explanation]
) -> None:
    scores = assessed[1].table("scores")
    lost = Counter[str]()
    for unit, name, *amounts in scores.select("unit_id", "unit_name", "total", "base", "bonus", "deduction").rows():
        found = explained[name]
        assert found.score["unit_id"] == unit
        points = {part.name: part.points for part in found.parts}
        assert points.pop("vetoes") is None
        total, base, bonus, deduction = amounts
        assert (points.pop("bonus"), points.pop("deductions")) == (bonus, -deduction)
        assert sum(points.values()) == base
        assert total == base + bonus - deduction
        for top in found.parts:
            for part in top.below():
                adds_up(part)
                lost[unit] += bool(part.items)
    assert all(lost[unit] for unit, total in scores.select("unit_id", "total").rows() if 0 < total < 100)


def adds_up(part: Part) -> None:
    """The parts below, or the items, come to what the part has."""
    if part.leaf is None:
        for name in ("points", "lost", "effective_weight"):
            assert (getattr(part, name) or 0) == sum(getattr(below, name) or 0 for below in part.parts), part.name
        return
    assert part.lost == sum(item.lost for item in part.items)
    assert all(item.lost >= 0 for item in part.items)
    if part.effective_weight and part.points is not None:
        assert part.lost == part.effective_weight - part.points
    elif part.leaf.rule == "per_item":
        assert part.points == sum(item.gained - item.lost for item in part.items)
    else:
        assert not part.lost


def test_every_record_stands_where_the_explanation_says(explained: dict[str, Explanation]) -> None:
    """Read from the files by other means: the row named holds the cells named."""
    sheets: dict[tuple[str, str], list[list[str]]] = {}
    seen: set[tuple[str, str, int]] = set()
    for explanation in explained.values():
        for top in explanation.parts:
            for record in (r for part in top.below() for item in part.items for r in item.records):
                if record.file.endswith(".xls") or (place := (record.file, record.sheet, record.row)) in seen:
                    continue
                seen.add(place)
                if place[:2] not in sheets:
                    sheets[place[:2]] = read_sheet(SAMPLE / record.file, record.sheet)
                cells = sheets[place[:2]][record.row - 1]
                found = sum(text in cells for text in record.cells.values())
                assert found >= 2, (place, record.cells)  # a unit or a date may be written otherwise
    assert len(seen) > 500


def read_sheet(path: Path, sheet: str) -> list[list[str]]:
    """The rows of a sheet as text."""
    if path.suffix == ".csv":
        data = path.read_bytes()
        marked = {b"\xff\xfe": "utf-16", b"\xef\xbb": "utf-8-sig"}.get(data[:2])
        try:
            text = data.decode(marked or "utf-8")
        except UnicodeDecodeError:
            text = data.decode("gb18030")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        return [[_text(cell) for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter)]
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = book[sheet].iter_rows(values_only=True)
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: object) -> str:
    text = str(cell.date()) if isinstance(cell, dt.datetime) else unicodedata.normalize("NFKC", str(cell)).strip()
    day = re.fullmatch(r"(\d{4})\D(\d{1,2})\D(\d{1,2})\D?", text)
    return "-".join(part.zfill(2) for part in day.groups()) if day else text


def test_every_leaf_has_the_oracles_points(assessed: tuple[dt.date, Result], expected: oracle.Scores) -> None:
    columns = ("status", "weight", "effective_weight", "due", "done", "points", "lost")
    found = {
        (row["unit_id"], row["indicator"]): {name: exact(row[name]) for name in columns}
        for row in assessed[1].table("indicator_scores").iter_rows(named=True)
    }
    assert found == {key: {name: getattr(leaf, name) for name in columns} for key, leaf in expected.leaves.items()}


def test_every_item_costs_what_the_oracle_says(assessed: tuple[dt.date, Result], expected: oracle.Scores) -> None:
    found = {
        (row["unit_id"], row["indicator"], row["item"]): tuple(exact(row[name]) for name in ("due", "done", "lost"))
        for row in assessed[1].table("evidence").iter_rows(named=True)
    }
    leaves = {key: leaf.items for key, leaf in expected.leaves.items()}
    assert found == {
        (*key, item.item): (item.due, item.done, item.lost)
        for key, items in (leaves | dict(expected.vetoes)).items()
        for item in items
    }


def test_every_record_is_accounted_for(truth: make_sample.Truth, assessed: tuple[dt.date, Result]) -> None:
    as_of, result = assessed
    counted = make_sample.expected(truth, as_of, YEAR)
    tables = result.manifest["tables"]
    assert {name: count["records_in"] for name, count in tables.items()} == dict(counted.records_in)
    assert {name: count["records_used"] for name, count in tables.items()} == dict(counted.used)
    assert {name: count["other_year"] for name, count in tables.items()} == {
        n: counted.other_year.get(n, 0) for n in tables
    }
    reasons = Counter(zip(result.quarantine["table_name"], result.quarantine["reason"], strict=True))
    assert dict(reasons) == {
        (table, reason): count
        for table, by_reason in counted.quarantined.items()
        for reason, count in by_reason.items()
        if count and table not in RESTRICTED
    }
    assert result.manifest["flagged"] == sum(counted.warnings.values())


def test_every_status_grade_and_alert_is_shown(assessed: tuple[dt.date, Result]) -> None:
    as_of, result = assessed
    after_deadline = {"not_reported"} if as_of > dt.date(2024, 1, 31) else set()
    statuses = {"scored", "shown", "not_applicable", "pending"} | after_deadline
    assert set(result.table("indicator_scores")["status"]) == statuses
    scores = result.table("scores")
    reviewed = {"scored"} if as_of.year > YEAR else set()  # the year's last duties fall due after its end
    assert set(scores["status"]) == {"pending", "no_data"} | reviewed
    if as_of == AS_OF:
        assert set(scores["grade"]) == {"优秀", "良好", "合格", "不合格", None}
        assert set(scores["veto"]) == {"V1", "V2", None}
        assert set(scores["tied"]) == set(scores["quota_tie"]) == {True, False}
        assert (scores["bonus"].max(), scores["deduction"].max()) == (5, 10)
        alerts = yaml.safe_load((ROOT / "data" / "schemes" / "2023.yml").read_text(encoding="utf-8"))["alerts"]
        raised = pl.read_csv(result.folder / "alerts.csv", infer_schema=False)["alert"]
        assert set(raised) == alerts.keys() - {"clue_counts"}  # the restricted one stands in no publication


def test_the_committed_sample_is_what_the_generator_writes(truth: make_sample.Truth, tmp_path: Path) -> None:
    make_sample.write(truth, tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(SAMPLE): path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    assert written == kept
    page = (ROOT / "docs" / "sample.md").read_text(encoding="utf-8")
    assert page == make_sample.describe(truth)


def test_the_sample_is_small_enough_and_messy_enough() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert len(files) >= 30


def test_the_core_of_the_robustness_analysis_gives_every_total_rank_and_grade(assessed: tuple[dt.date, Result]) -> None:
    """With every choice as the scheme makes it."""
    _, result = assessed
    scheme = method_of(result.home, result.manifest)[1]
    with Snapshot(result.folder) as snapshot:
        units, case = case_of(snapshot, scheme)
        held = {row[0]: row[1:] for row in snapshot.rows("select unit_id, rank from main.rank_interval")}
    nominal = Model(case).nominal
    titles = [*(grade.title for grade in scheme.grades.values()), None]
    found = {
        unit: (round(Decimal(total), 2), rank, titles[grade])
        for unit, total, rank, grade in zip(
            units, *(numbers[0].tolist() for numbers in (nominal.total, nominal.rank, nominal.grade)), strict=True
        )
    }
    ranked = result.table("scores").filter(pl.col("status") != "no_data")
    assert found == {unit: tuple(row) for unit, *row in ranked.select("unit_id", "total", "rank", "grade").rows()}
    assert {unit: rank for unit, (rank,) in held.items()} == {unit: rank for unit, (_, rank, _) in found.items()}
