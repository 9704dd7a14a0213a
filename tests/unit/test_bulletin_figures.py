"""The questions of the study bulletin, one SQL model at a time: literal rows in, the rows they must give out."""

import datetime as dt

import duckdb
import pytest

from kaohe.bulletin.figures import Figures, Row
from tests.helpers import ROOT

SQL = ROOT / "sql"
XUEXI, CADRE, YOUTH = "学习强国", "上海干部在线学习城", "青年大学习"
JUNE, MAY, LAST_JUNE = "2023-06-01", "2023-05-01", "2022-06-01"

#: The columns that the SQL reads, by table.
TABLES = {
    "org_unit": "unit_id varchar, name varchar, category varchar, valid_from date, valid_to date",
    "study_stat": "unit_id varchar, platform varchar, period date, enrolled bigint, active bigint, "
    "score_per_head decimal(18,6), hours decimal(18,6), passed bigint",
    "scheme_param": "indicator varchar, name varchar, text varchar, number decimal(18,6)",
    "scheme_indicator": "indicator varchar, measure varchar",
    "set_aside": "unit_id varchar, platform varchar, period date",
    "month_unit": "unit_id varchar, unit_name varchar, category varchar, reported boolean, due boolean",
    "month_stat": "compared varchar, platform varchar, unit_id varchar, category varchar, enrolled bigint, "
    "active bigint, reported bigint, score_per_head decimal(18,6), hours decimal(18,6), passed bigint",
    "study_total": "compared varchar, platform varchar, category varchar, rate bigint, units bigint, enrolled bigint, "
    "active bigint, score bigint, passed bigint, met bigint, hours bigint",
    "study_target": "platform varchar, rate_target decimal(18,6), met_target decimal(18,6)",
    "unit_change": "platform varchar, unit_id varchar, unit_name varchar, enrolled bigint, rate bigint, "
    "exact decimal(18,6), below_rate boolean, below_met boolean",
}

Cells = tuple[object, ...]


def ask(model: str, *, listed: int = 5, **tables: list[Cells]) -> list[Row]:
    """The rows of a model for June 2023."""
    text = (SQL / "bulletins" / f"{model}.sql").read_text(encoding="utf-8")
    with duckdb.connect() as con:
        con.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
        con.execute(
            "create table asked as select date '2023-06-01' as month_start, date '2023-06-30' as month_end, "
            f"{listed} as listed"
        )
        con.execute("create table compared (name varchar, month_start date)")
        for name, month in (("month", JUNE), ("last_month", MAY), ("last_year", LAST_JUNE)):
            con.execute("insert into compared values (?, ?)", [name, month])
        con.execute("create table platform (platform varchar, position integer)")
        for position, name in enumerate((XUEXI, CADRE, YOUTH)):
            con.execute("insert into platform values (?, ?)", [name, position])
        for table, rows in tables.items():
            con.execute(f"create table {table} ({TABLES[table]})")
            for row in rows:
                con.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))
        found: list[Row] = con.sql(f"select * from ({text}\n)").pl().to_dicts()
        return found


def test_units_that_were_there_all_month_are_due_and_others_with_figures_are_counted() -> None:
    units: list[Cells] = [
        ("all along", "甲", "机关处室", "2015-01-01", None),
        ("to its last day", "乙", "机关处室", "2023-06-01", "2023-06-30"),
        ("too late", "丙", "机关处室", "2023-06-02", None),
        ("gone within", "丁", "机关处室", "2015-01-01", "2023-06-29"),
    ]
    stat: list[Cells] = [
        ("gone within", XUEXI, JUNE, 3, 3, None, None, None),
        ("all along", XUEXI, MAY, 3, 3, None, None, None),
    ]
    found = {
        row["unit_id"]: (row["reported"], row["due"]) for row in ask("month_unit", org_unit=units, study_stat=stat)
    }
    assert found == {"all along": (False, True), "to its last day": (False, True), "gone within": (True, False)}


def test_nobody_counts_twice_and_only_the_three_months_are_read() -> None:
    units: list[Cells] = [("U", "甲", "机关处室", "2015-01-01", None)]
    stat: list[Cells] = [
        ("U", YOUTH, JUNE, 4, 5, None, None, None),
        ("U", YOUTH, MAY, 4, 3, None, None, None),
        ("U", YOUTH, LAST_JUNE, 4, 4, None, None, None),
        ("U", YOUTH, "2023-04-01", 4, 1, None, None, None),
    ]
    found = ask("month_stat", org_unit=units, study_stat=stat)
    assert sorted((row["compared"], row["active"], row["reported"]) for row in found) == [
        ("last_month", 3, 3),
        ("last_year", 4, 4),
        ("month", 4, 5),
    ]


def stat(unit: str, enrolled: int, active: int, **other: object) -> Cells:
    """A row of month_stat."""
    category = "机关处室" if unit.startswith("J") else "基层单位"
    place = (other.get("compared", "month"), other.get("platform", XUEXI), unit, category)
    return (*place, enrolled, active, other.get("reported", active), other.get("score"), other.get("hours"), other.get("passed"))  # fmt: skip


def totals(*rows: Cells) -> dict[tuple[str | None, str | None], Row]:
    found = ask("study_total", month_stat=list(rows))
    return {(row["platform"], row["category"]): row for row in found if row["compared"] == "month"}


def test_totals_by_platform_by_category_and_whole() -> None:
    found = totals(stat("J1", 10, 9), stat("D1", 20, 19), stat("J1", 5, 1, platform=YOUTH), stat("J2", 7, 7, compared="last_month"))  # fmt: skip
    assert {key: (row["units"], row["enrolled"], row["active"], row["rate"]) for key, row in found.items()} == {
        (XUEXI, "机关处室"): (1, 10, 9, 900),
        (XUEXI, "基层单位"): (1, 20, 19, 950),
        (XUEXI, None): (2, 30, 28, 933),
        (YOUTH, "机关处室"): (1, 5, 1, 200),
        (YOUTH, None): (1, 5, 1, 200),
        (None, "机关处室"): (1, 15, 10, 667),
        (None, "基层单位"): (1, 20, 19, 950),
        (None, None): (2, 35, 29, 829),
    }


@pytest.mark.parametrize(
    ("enrolled", "active", "rate"),
    [
        (2000, 1, 1),  # 0.05 % is 0.1 %
        (20000, 9, 0),  # 0.045 % is 0.0 %
        (8, 5, 625),
        (3, 2, 667),
        (2000, 1999, 1000),  # 99.95 % is 100.0 %
        (2001, 2000, 1000),
        (20000, 18469, 923),  # 92.345 %
        (2000, 1847, 924),  # 92.35 %; in floating point 92.3
        (0, 0, None),
    ],
)
def test_rates_are_exact_and_rounded_half_up_once(enrolled: int, active: int, rate: int | None) -> None:
    assert totals(stat("J1", enrolled, active))[XUEXI, None]["rate"] == rate


def test_scores_are_weighted_by_people_and_hours_met_are_of_those_who_gave_them() -> None:
    rows = [stat("J1", 10, 9, score="100"), stat("J2", 3, 2, score="50.5"), stat("D1", 90, 90)]
    rows += [
        stat("J1", 10, 10, platform=CADRE, passed=9, hours="12.25"),
        stat("D1", 8, 7, platform=CADRE, passed=7, hours="30"),
        stat("D2", 50, 50, platform=CADRE),
    ]
    found = totals(*rows)
    assert found[XUEXI, None]["score"] == 886  # 1151.5 / 13 = 88.576…
    assert found[XUEXI, None]["met"] is None
    cadre = found[CADRE, None]
    assert (cadre["passed"], cadre["met"], cadre["hours"], cadre["score"]) == (16, 889, 423, None)


def test_changes_are_differences_of_the_printed_rates_and_null_without_anything_to_compare() -> None:
    rows: list[Cells] = [
        ("month", XUEXI, None, 909),
        ("last_month", XUEXI, None, 939),
        ("last_year", XUEXI, None, 897),
        ("month", XUEXI, "机关处室", 846),
        ("last_year", XUEXI, "机关处室", None),
        ("last_year", CADRE, "机关处室", 500),
        ("month", None, None, 885),
        ("last_month", None, None, 885),
    ]
    found = ask("study_change", study_total=[(*row, *[None] * 7) for row in rows])
    assert {(row["platform"], row["category"]): (row["on_last_month"], row["on_last_year"]) for row in found} == {
        (XUEXI, None): (-30, 12),
        (XUEXI, "机关处室"): (None, None),
        (None, None): (0, None),
    }


def test_targets_come_from_the_scheme() -> None:
    params: list[Cells] = [
        ("a", "platform", XUEXI, None),
        ("a", "target", "0.90", "0.90"),
        ("b", "platform", CADRE, None),
        ("b", "target", "1.00", "1.00"),
        ("c", "target", "2", "2"),
    ]
    indicators: list[Cells] = [("a", "study_participation"), ("b", "study_hours_met"), ("c", "activities_held")]
    found = ask("study_target", scheme_param=params, scheme_indicator=indicators)
    assert {row["platform"]: (str(row["rate_target"]), str(row["met_target"])) for row in found} == {
        XUEXI: ("0.900000", "None"),
        CADRE: ("None", "1.000000"),
    }


def test_a_units_rate_its_changes_and_its_targets() -> None:
    rows = [
        stat("J1", 10, 9),
        stat("J1", 10, 8, compared="last_month"),
        stat("J1", 9, 9, compared="last_year"),
        stat("J2", 1000, 899),
        stat("J3", 0, 0),
        stat("D1", 8, 7, platform=CADRE, passed=7, hours="30.05"),
        stat("D2", 8, 7, platform=CADRE, passed=8),
    ]
    units: list[Cells] = [(unit, f"{unit}处", "", True, True) for unit in ("J1", "J2", "J3", "D1", "D2")]
    target: list[Cells] = [(XUEXI, "0.90", None), (CADRE, None, "1")]
    found = {row["unit_id"]: row for row in ask("unit_change", month_stat=rows, month_unit=units, study_target=target)}
    keys = ("unit_name", "rate", "on_last_month", "on_last_year", "met", "hours", "below_rate", "below_met")
    assert {unit: tuple(row[key] for key in keys) for unit, row in found.items()} == {
        "J1": ("J1处", 900, 100, -100, None, None, False, False),  # 90 % reaches 90 %
        "J2": ("J2处", 899, None, None, None, None, True, False),
        "J3": ("J3处", None, None, None, None, None, False, False),
        "D1": ("D1处", 875, None, None, 875, 301, False, True),
        "D2": ("D2处", 875, None, None, 1000, None, False, False),
    }


def test_how_many_fell_short_of_those_with_anybody_enrolled() -> None:
    rows: list[Cells] = [
        (XUEXI, "a", "甲", 10, 890, "0.89", True, False),
        (XUEXI, "b", "乙", 10, 900, "0.9", False, False),
        (XUEXI, "c", "丙", 0, None, None, False, False),
        (YOUTH, "a", "甲", 10, 0, "0", False, False),
    ]
    found = ask("below_target", unit_change=rows, study_target=[(XUEXI, "0.9", None)])
    assert [(row["platform"], row["units"], row["below_rate"], row["below_met"]) for row in found] == [(XUEXI, 2, 1, 0)]


def ends(listed: int, **rates: str) -> dict[str, list[tuple[str, bool, int]]]:
    """Who is named at either end: (name, tied, how many more tied with the last one)."""
    rows: list[Cells] = [(XUEXI, name, name, 10, 0, rate, False, False) for name, rate in rates.items()]
    sides: dict[str, list[tuple[str, bool, int]]] = {"highest": [], "lowest": []}
    for row in ask("extreme", listed=listed, unit_change=rows):
        sides[row["side"]].append((row["unit_name"], row["tied"], row["more"]))
    return sides


def test_the_highest_and_the_lowest_with_ties_in_the_order_of_names() -> None:
    found = ends(2, 法规处="1", 办公室="1", 人事处="1", 水务处="0.9", 宣教处="0.5", 监测站="0.4")
    assert found["highest"] == [("办公室", True, 1), ("法规处", True, 1)]  # by pinyin, as Excel sorts
    assert found["lowest"] == [("监测站", False, 0), ("宣教处", False, 0)]


def test_at_most_half_of_the_units_stand_at_either_end() -> None:
    assert ends(5, 甲="1", 乙="0.5", 丙="0.4") == {"highest": [("甲", False, 0)], "lowest": [("丙", False, 0)]}
    assert ends(5, 甲="1") == {"highest": [], "lowest": []}


def test_nobody_is_lowest_with_the_highest_rate() -> None:
    assert ends(5, 甲="1", 乙="1") == {"highest": [], "lowest": []}
    found = ends(2, 甲="1", 乙="1", 丙="1", 丁="0.9")
    assert found == {"highest": [("丙", True, 1), ("甲", True, 1)], "lowest": [("丁", False, 0)]}


def test_absent_units_and_those_whose_records_were_set_aside() -> None:
    units: list[Cells] = [
        ("a", "甲", "", True, True),
        ("b", "乙", "", False, True),
        ("c", "丙", "", False, True),
        ("gone", "丁", "", True, False),
    ]
    stats = [stat("a", 1, 1), stat("gone", 1, 1), stat("b", 1, 1, compared="last_month")]
    aside: list[Cells] = [("a", CADRE, JUNE), ("b", None, JUNE), ("c", XUEXI, MAY)]
    found = ask("absent", month_unit=units, month_stat=stats, set_aside=aside)
    assert [(row["unit_name"], row["platform"], row["status"], row["everywhere"]) for row in found] == [
        ("乙", XUEXI, "set_aside", True),
        ("丙", XUEXI, "missing", True),
        ("甲", CADRE, "set_aside", False),
        ("乙", CADRE, "set_aside", True),  # the platform of the record was not one of ours
        ("丙", CADRE, "missing", True),
        ("甲", YOUTH, "missing", False),
        ("乙", YOUTH, "set_aside", True),
        ("丙", YOUTH, "missing", True),
    ]


def test_more_people_than_enrolled() -> None:
    rows = [stat("a", 4, 4, platform=YOUTH, reported=5), stat("b", 4, 4, platform=YOUTH), stat("a", 4, 4, compared="last_month", reported=9)]  # fmt: skip
    found = ask("repeated", month_stat=rows, month_unit=[(unit, unit, "", True, True) for unit in ("a", "b")])
    assert [(row["platform"], row["unit_id"]) for row in found] == [(YOUTH, "a")]


def test_who_handed_in_anything_has_not_reported_nothing() -> None:
    def absent(unit: str, platform: str, status: str, everywhere: bool) -> Row:
        return {"unit_id": unit, "unit_name": unit, "platform": platform, "status": status, "everywhere": everywhere}

    rows = [
        absent("a", XUEXI, "set_aside", True),
        absent("a", CADRE, "missing", True),
        absent("b", XUEXI, "missing", True),
        absent("c", CADRE, "missing", False),
    ]
    figures = Figures(2023, 6, dt.date(2023, 7, 5), "p", [XUEXI], [], None, 0, [], [], rows, [], [], [], [])
    assert figures.lacking("set_aside") == ["a"]
    assert figures.lacking("missing") == ["b"]
    assert figures.lacking("missing", CADRE) == ["c"]
    assert figures.lacking("missing", XUEXI) == []
    assert not figures.unfinished


@pytest.mark.parametrize(("as_of", "unfinished"), [("2023-12-30", True), ("2023-12-31", False)])
def test_a_month_is_over_on_its_last_day(as_of: str, unfinished: bool) -> None:
    seen = dt.date.fromisoformat(as_of)
    assert Figures(2023, 12, seen, "p", [], [], None, 0, [], [], [], [], [], [], []).unfinished is unfinished
