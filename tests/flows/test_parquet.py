"""Parquet files in an inbox: the same contracts, the same scores, and nothing taken that is not of its column's type."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kaohe import loading
from kaohe.checking import check
from kaohe.contracts import load_contracts, quoted
from kaohe.loading import parquet as loading_parquet
from kaohe.loading import pull
from kaohe.people import key_of
from kaohe.run import Run
from kaohe.sources.inbox import INBOX
from kaohe.warehouse import Warehouse
from tests.helpers import AS_OF, ROOT, SMALL, UNITS, YEAR, Result, assess, kaohe, registry, write_csv

CONTRACTS = load_contracts(ROOT / "expectations")
DAY = dt.date(2023, 3, 5)
#: Of a table with a key, a unit, a choice of numbers, days, people and flags.
INSPECTIONS: dict[str, list[Any]] = {
    "inspection_id": ["C1", "C2", "C3"],
    "unit_id": ["J01", " 法规处 ", "水务中心"],
    "round": [1, 1, 1],
    "inspected_on": [DAY, DAY, DAY],
    "inspector": ["王某某", "王某某", "赵大 年"],
    "fixed_time": [True, True, False],
    "agenda": [True, True, True],
    "procedure": [True, True, True],
    "detailed_record": [True, True, False],
    "opinion": ["规范", "规范", "欠详实"],
    "guidance": ["已指导", "已指导", "已指导"],
    "follow_up": ["已督促", "已督促", "已督促"],
}


def hand_in(path: Path, **columns: object) -> Path:
    """Write inspections; ``columns``: other cells, or None for a column that is not there."""
    cells = {name: cell for name, cell in (INSPECTIONS | columns).items() if cell is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(cells).write_parquet(path)
    return path


def loaded(inbox: Path, home: Path) -> tuple[Warehouse, dict[str, str]]:
    """A warehouse with the files of an inbox, and what could not be read."""
    warehouse = Warehouse(home)
    return warehouse, pull(warehouse, {INBOX: files_of(inbox)}, CONTRACTS).unreadable


def files_of(inbox: Path) -> dict[str, Path]:
    return {path.relative_to(inbox).as_posix(): path for path in sorted(inbox.rglob("*")) if path.is_file()}


def typed(inbox: Path, home: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    warehouse, unreadable = loaded(inbox, home)
    with warehouse:
        assert not unreadable
        return warehouse.rows(f"select {columns} from typed.inspection order by _file, _row")


def export(sample: Result, inbox: Path, by_heading: set[str]) -> None:
    """The sample's trusted records as Parquet, names as they were handed in; some tables under their Chinese headings,
    in files that do not say what they are."""
    inbox.mkdir()
    with duckdb.connect(str(sample.home / "warehouse" / "kaohe.duckdb"), read_only=True) as con:
        for number, (table, contract) in enumerate(CONTRACTS.items()):
            if table == "correction":  # what it ordered is done
                continue
            cells = []
            for name, column in contract.columns.items():
                source = "handed_in" if column.type == "person" else "trusted"
                called = column.headings[0] if table in by_heading else name
                cells.append(f"{source}.{quoted(name)} as {quoted(called)}")
            path = inbox / (f"台账{number}.parquet" if table in by_heading else f"{table}.parquet")
            con.execute(
                f"copy (select {', '.join(cells)} from main.{table} as trusted join raw.{table} as handed_in using "
                f"(_rec) order by trusted._file, trusted._sheet, trusted._row, trusted._at) to '{path}' (format parquet)"
            )


def test_the_sample_as_parquet_gives_the_same_scores(
    sample: Result, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_heading = {"org_life_record", "party_member", "study_stat", "talk_record"}
    export(sample, tmp_path / "inbox", by_heading)
    monkeypatch.setenv("KAOHE_KEY", key_of(sample.home).decode())
    with Run(tmp_path / "inbox", YEAR, AS_OF, None, home, strict=True) as run:
        run.pull()
        run.validate()
        run.score()
        sheets = run.warehouse.rows("select _file, table_name from meta.sheet where table_name in (select unnest(?))",
                                    [sorted(by_heading)])  # fmt: skip
        assert {table for _, table in sheets} == by_heading
        assert all(file.startswith("台账") for file, _ in sheets)
        assert run.warehouse.rows("select count(*) from main.quarantine") == [(0,)]
        for table, columns in (
            ("scores", "*"), ("indicator_scores", "*"), ("evidence", "* exclude (records), len(records) as records")
        ):  # fmt: skip
            again = run.warehouse.frame(f"select {columns} from main.{table} order by all")
            before = duckdb.sql(f"select {columns} from read_parquet(?) order by all",
                                params=[str(sample.folder / f"{table}.parquet")]).pl()  # fmt: skip
            assert again.select(before.columns).equals(before), table
            assert before.height > 20


def test_cells_stay_what_they_are_and_text_is_made_plain(tmp_path: Path) -> None:
    hand_in(
        tmp_path / "in" / "inspection.parquet",
        inspection_id=[" C1", "C2", "C3"], unit_id=["Ｊ０１", "法规处 ", None], follow_up=["", "已督促", "已督促"],
        inspected_on=[dt.datetime(2023, 3, 5, 23, 30), dt.datetime(2023, 3, 6), None], round=pl.Series([1, 2, 1], dtype=pl.Int8),
    )  # fmt: skip
    columns = "inspection_id, unit_id, round, inspected_on, fixed_time, detailed_record, follow_up, _row, _sheet, _at"
    assert typed(tmp_path / "in", tmp_path / "home", columns) == [
        ("C1", "j01", 1, dt.date(2023, 3, 5), True, True, None, 1, "", None),
        ("C2", "法规处", 2, dt.date(2023, 3, 6), True, True, "已督促", 2, "", None),
        ("C3", None, 1, None, False, False, "已督促", 3, "", None),
    ]


def test_a_moment_with_a_time_zone_is_a_day_in_shanghai_and_a_month_its_first(tmp_path: Path) -> None:
    study = {
        "platform": ["学习强国"], "period": [dt.datetime(2023, 2, 28, 17, tzinfo=dt.UTC)], "unit_id": ["J01"], "enrolled": [10.0],
        "active": ["9"], "participation_rate": [0.9], "hours": [12],
    }  # fmt: skip
    (tmp_path / "in" / "study_stat").mkdir(parents=True)
    pl.DataFrame(study).write_parquet(tmp_path / "in" / "study_stat" / "part-0.parquet")
    warehouse, _ = loaded(tmp_path / "in", tmp_path / "home")
    with warehouse:
        found = warehouse.rows("select period, enrolled, active, participation_rate, hours from typed.study_stat")
    assert found == [(dt.date(2023, 3, 1), 10, 9, Decimal("0.9"), Decimal(12))]


def test_an_element_that_is_no_value_of_a_list_is_a_bad_cell(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    one, three, text = (
        [["党课"], ["党课", "茶话会"]],
        [["党课", "支委会", "党小组会"], ["茶话会"] * 3],
        ["[党课, 支委会]", "党课"],
    )
    for number, types in enumerate((one, three, text)):
        meeting = {
            "record_id": [f"{number}-1", f"{number}-2"], "unit_id": ["J01"] * 2, "types": types, "held_on": [DAY] * 2, "topic": ["学"] * 2,
            "host": ["王"] * 2, "recorder": ["赵"] * 2, "due_count": [9, 9], "attend_count": [9, 9], "leave_count": [0, 0],
        }  # fmt: skip
        pl.DataFrame(meeting).write_parquet(tmp_path / "in" / f"{number}.parquet")
    warehouse, unreadable = loaded(tmp_path / "in", tmp_path / "home")
    with warehouse:
        assert not unreadable
        found = warehouse.rows("select record_id, types from typed.org_life_record order by 1")
        assert found == [("0-1", ["党课"]), ("1-1", ["党课", "支委会", "党小组会"]), ("2-1", ["党课", "支委会"])]
        assert warehouse.rows("select column_name, _row from meta.cell_problem") == [("types", 2)] * 3


def test_what_cannot_be_typed_is_set_aside_whole_with_its_place(inbox: Path, home: Path) -> None:
    hand_in(
        inbox / "抽查" / "inspection.parquet", round=["1", "一", "2.5"],
        inspected_on=["2023-03-05", "2023-02-30", "2023-03-05"],
    )  # fmt: skip
    hand_in(
        inbox / "又一批.parquet",
        inspection_id=["C7", "C8", "C8"],
        unit_id=["法规处处", "J01", "D01"],
        agenda=None,
        会议议题=[True] * 3,
    )
    result = assess(inbox, home, scheme=SMALL)
    found = (
        result.quarantine.filter(pl.col("table_name") == "inspection").select("_file", "_row", "reason", "cells").rows()
    )
    assert found == [
        ("又一批.parquet", "1", "unknown_unit", "unit_id#1"),
        ("又一批.parquet", "2", "conflict", "inspection_id#2"),
        ("又一批.parquet", "3", "conflict", "inspection_id#3"),
        ("抽查/inspection.parquet", "2", "bad_cell", "inspected_on#2 round#2"),
        ("抽查/inspection.parquet", "3", "bad_cell", "round#3"),
    ]
    whole = json.loads(result.quarantine.filter(pl.col("cells") == "round#3")["record"][0])
    assert (whole["round"], whole["unit_id"], whole["detailed_record"]) == ("2.5", "水务中心", "false")
    assert whole["inspector"] == "＊＊＊"
    assert result.manifest["tables"]["inspection"]["records_in"] == 6
    again = assess(inbox, home, scheme=SMALL)
    assert (again.outcome.new, again.folder) == (False, result.folder)


def test_nobody_is_named_in_what_is_published(inbox: Path, home: Path) -> None:
    hand_in(inbox / "inspection.parquet", 备注=["无", "无", "见赵大年"])
    result = assess(inbox, home, scheme=SMALL)
    with duckdb.connect(str(home / "warehouse" / "kaohe.duckdb"), read_only=True) as con:
        first, second, third = con.sql("select inspector from typed.inspection order by _row").fetchall()
        assert first == second != third
        assert con.sql("select _extra from raw.inspection where _row = 3").fetchall() == [('{"备注":"见赵大年"}',)]
        for (table,) in con.sql("select table_schema || '.' || table_name from information_schema.tables "
                                "where table_schema in ('typed', 'meta', 'main')").fetchall():  # fmt: skip
            assert "王某某" not in str(con.sql(f"from {table}").fetchall()), table
    published = [path for path in result.folder.rglob("*") if path.is_file()]
    assert len(published) > 10
    for path in published:
        assert not {name for name in ("王某某", "赵大") if name.encode() in path.read_bytes()}, path


def test_text_and_parquet_know_a_person_and_a_unit_alike(tmp_path: Path) -> None:
    hand_in(tmp_path / "in" / "inspection.parquet")
    headings = [CONTRACTS["inspection"].columns[name].headings[0] for name in INSPECTIONS]
    row = ["C9", "水务 中心", 1, DAY, "赵大年", "否", "是", "是", "是", "规范", "已指导", "已督促"]
    write_csv(tmp_path / "in" / "又.csv", [headings, row])
    *_, in_parquet, in_text = typed(tmp_path / "in", tmp_path / "home", "inspector, unit_id")
    assert in_parquet == in_text
    assert in_text[1] == "水务中心"


@pytest.mark.parametrize(
    ("column", "cells", "kind"),
    [
        ("inspected_on", [1, 2, 3], "BIGINT"),
        ("fixed_time", [1.0, 0.0, 1.0], "DOUBLE"),
        ("opinion", [["规范"]] * 3, "VARCHAR[]"),
    ],
)
def test_a_column_of_a_wrong_type(inbox: Path, tmp_path: Path, column: str, cells: list[object], kind: str) -> None:
    hand_in(inbox / "抽查" / "inspection.parquet", **{column: cells})
    warehouse, unreadable = loaded(inbox, tmp_path / "home")
    with warehouse:
        (sentence,) = unreadable.values()
        assert sentence.startswith(f"抽查/inspection.parquet：组织生活记录抽查 (inspection) 的列 {column} 是 {kind}，")
        assert warehouse.rows("select count(*) from typed.inspection") == [(0,)]


@pytest.mark.parametrize("harm", ["cut", "page", "empty", "text"])
def test_a_broken_file_is_set_aside_and_the_rest_goes_on(inbox: Path, home: Path, harm: str) -> None:
    path = hand_in(inbox / "inspection.parquet")
    data = bytearray(path.read_bytes())
    match harm:
        case "cut":
            data = data[: len(data) // 2]
        case "page":
            data[4:200] = bytes(196)
        case "empty":
            data.clear()
        case "text":
            data[:] = "检查编号,单位名称\n".encode()
    path.write_bytes(data)
    hand_in(inbox / "好的.parquet", inspection_id=["D1", "D2", "D3"])
    warehouse, unreadable = loaded(inbox, home)
    with warehouse:
        assert list(unreadable) == ["inspection.parquet"]
        assert unreadable["inspection.parquet"].startswith("inspection.parquet：不是完整的 Parquet 文件：")
        assert str(home) not in unreadable["inspection.parquet"]
        assert warehouse.rows("select inspection_id from typed.inspection order by 1") == [("D1",), ("D2",), ("D3",)]


def test_a_file_that_fits_nothing_is_reported_like_a_sheet(inbox: Path, home: Path) -> None:
    hand_in(inbox / "inspection.parquet", unit_id=None)
    hand_in(inbox / "数据.parquet", inspected_on=None)
    for name in ("别的.parquet", "honor.parquet"):
        pl.DataFrame({"甲": [1], "乙": [2]}).write_parquet(inbox / name)
    warehouse, unreadable = loaded(inbox, home)
    with warehouse:
        assert not unreadable
        found = warehouse.rows(
            "select _file, table_name, fits, missing, rows from meta.sheet where _file like '%.parquet' order by 1"
        )
    honor = CONTRACTS["honor"]
    assert found == [
        ("honor.parquet", None, ["honor"], [honor.columns[name].headings[0] for name in honor.required], 1),
        ("inspection.parquet", None, ["inspection"], ["被检查单位"], 3),
        ("别的.parquet", None, [], [], 1),
        ("数据.parquet", None, ["inspection"], ["检查日期"], 3),
    ]


def test_twice_changes_nothing_and_a_changed_file_replaces_its_rows(inbox: Path, home: Path) -> None:
    path = hand_in(inbox / "inspection.parquet", round=["1", "x", "1"])
    count = "select (select count(*) from raw.inspection), (select count(*) from typed.inspection), "
    count += "(select count(*) from meta.cell_problem), (select count(*) from meta.position)"
    positions = len(INSPECTIONS) + len(registry()[0])
    for change, counts in (
        (lambda: path, (3, 2, 1, positions)),
        (lambda: path, (3, 2, 1, positions)),
        (lambda: hand_in(path, inspection_id=["C1", "C2", "C4"]), (3, 3, 0, positions)),
        (lambda: path.write_bytes(b"PAR1"), (3, 3, 0, positions)),  # what it last gave stays
        (path.unlink, (0, 0, 0, len(registry()[0]))),
    ):
        change()
        warehouse, _ = loaded(inbox, home)
        with warehouse:
            assert warehouse.rows(count) == [counts]


def test_many_rows_are_stored_file_by_file_and_a_run_broken_off_does_no_harm(
    inbox: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        hand_in(inbox / f"{number}" / "inspection.parquet", inspection_id=[f"{number}-{row}" for row in range(3)])
    monkeypatch.setattr(loading, "_BATCH_ROWS", 2)
    store, stored = loading_parquet.store, []

    def broken_off(*arguments: Any) -> None:
        store(*arguments)
        stored.append(arguments)
        if len(stored) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loading_parquet, "store", broken_off)
    with pytest.raises(KeyboardInterrupt), Warehouse(home) as warehouse:
        pull(warehouse, {INBOX: files_of(inbox)}, CONTRACTS)
    for _ in range(2):
        warehouse, unreadable = loaded(inbox, home)
        with warehouse:
            assert not unreadable
            assert warehouse.rows("select count(*), count(distinct _rec) from raw.inspection") == [(9, 9)]
            assert warehouse.rows("select count(*), count(distinct inspection_id) from typed.inspection") == [(9, 9)]
    assert len(stored) == 2 + 2  # the first file was there already


def test_check_says_what_is_wrong_before_it_is_handed_in(tmp_path: Path, libraries: None) -> None:
    write_csv(tmp_path / "名册.csv", registry(*UNITS))
    path = hand_in(tmp_path / "inspection" / "part-0.parquet", round=["1", "x", "3"], unit_id=["J01", "法规出", "D01"])
    (file,) = check([path], tmp_path / "名册.csv").files
    assert [(table.title, table.good, table.bad) for table in file.tables] == [("组织生活记录抽查", 1, 2)]
    assert [(p.cell, p.value, p.problem) for p in file.problems if p.severity == "critical"] == [
        ("round#2", "x", "不是整数"),
        ("unit_id#2", "法规出", "单位名册和别名表里没有"),
        ("round#3", "3", "轮次只能是 1 或 2"),
    ]
    refused = kaohe("check", path, "--marked", tmp_path / "标红.xlsx")
    assert refused.returncode == 2
    assert "Parquet 文件没有可标红的工作表" in refused.stderr
