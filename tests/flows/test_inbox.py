"""The inbox, exactly: what loading twice, changing, removing and doubling files does to records and scores."""

import datetime as dt
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kaohe import loading
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.run import Run
from kaohe.warehouse import Warehouse
from tests.helpers import (
    AS_OF,
    CHECK,
    FINDING,
    SMALL,
    STUDY,
    YEAR,
    Result,
    check,
    in_process,
    registry,
    write_csv,
    write_xlsx,
)
from tests.helpers import assess_small as assess
from tests.published import DIFFERS, files, said, summary


def reasons(result: Result) -> dict[str, int]:
    return dict(result.quarantine["reason"].value_counts().rows())


def counts(result: Result) -> tuple[int, int, int]:
    manifest = result.manifest
    return manifest["records_in"], manifest["records_used"], manifest["records_quarantined"]


def test_every_record_is_used_or_quarantined_and_knows_where_it_stands(inbox: Path, home: Path) -> None:
    write_xlsx(
        inbox / "抽查" / "三月.xlsx", {"甲": [["抽查"], CHECK, check("C1", "办公室"), check("C2", "法规处", on="3月")]}
    )
    result = assess(inbox, home)
    assert counts(result) == (5, 4, 1)
    (bad,) = result.quarantine.iter_rows(named=True)
    assert (bad["_file"], bad["_sheet"], bad["_row"], bad["cells"]) == ("抽查/三月.xlsx", "甲", "4", "D4")
    assert "「3月」不是完整有效的日期" in bad["problems"]


def test_loading_twice_changes_nothing_and_publishes_nothing(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    first = assess(inbox, home)
    again = assess(inbox, home)
    assert first.outcome.new
    assert not again.outcome.new
    assert again.outcome.pulled.unchanged == ["名册.csv", "抽查.csv"]
    assert again.folder == first.folder
    assert len(list(first.folder.parent.iterdir())) == 3  # the publication, CURRENT and the log


def test_a_load_in_pieces_that_is_broken_off_halfway_is_done_again(
    inbox: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a very large file is loaded, only that here three rows are very many."""
    write_csv(inbox / "抽查.csv", [CHECK, *(check(f"C{number}", "办公室") for number in range(7))])
    monkeypatch.setattr(loading, "_BATCH_ROWS", 3)
    monkeypatch.setattr(loading, "_PIECE_ROWS", 2)
    store, pieces = loading._Batch._store_records, list[int]()

    def breaking(self: Any, contract: Any, raw: pl.DataFrame, bad_cells: pl.DataFrame) -> None:
        pieces.append(raw.height)
        if len(pieces) == 4:
            raise RuntimeError("power cut")
        store(self, contract, raw, bad_cells)

    with monkeypatch.context() as broken:
        broken.setattr(loading._Batch, "_store_records", breaking)
        with pytest.raises(RuntimeError, match="power cut"):
            assess(inbox, home)
    assert pieces == [2, 1, 2, 2]  # the registry, and half of the checks
    assert counts(assess(inbox, home)) == (10, 10, 0)


def test_a_changed_file_replaces_its_own_rows(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室", flags="1110")])
    write_csv(inbox / "抽查2.csv", [CHECK, check("C2", "法规处")])
    assert assess(inbox, home).leaf("J01", "spot_check_round_1")["done"] == 75
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室", flags="1111")])
    result = assess(inbox, home)
    assert result.outcome.pulled.changed == ["抽查.csv"]
    assert result.leaf("J01", "spot_check_round_1")["done"] == 100
    assert result.leaf("J02", "spot_check_round_1")["done"] == 100


def test_a_file_gone_takes_its_rows_with_it(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    assess(inbox, home)
    (inbox / "抽查.csv").unlink()
    result = assess(inbox, home)
    assert result.outcome.pulled.removed == ["抽查.csv"]
    assert result.leaf("J01", "spot_check_round_1")["status"] == "not_applicable"
    assert counts(result) == (3, 3, 0)


def test_a_file_saved_twice_is_used_once(inbox: Path, home: Path) -> None:
    rows = [CHECK, check("C1", "办公室", flags="1100"), check("C2", "法规处")]
    write_csv(inbox / "抽查.csv", rows)
    alone = assess(inbox, home).table("scores")
    write_csv(inbox / "抽查 - 副本.csv", rows)
    result = assess(inbox, home)
    assert result.table("scores").equals(alone)
    assert reasons(result) == {"duplicate": 2}
    assert result.quarantine["problems"][0].endswith(".csv 第 2 行")
    assert "两个版本" not in summary(result)  # two records are no proof of that


@pytest.mark.parametrize("flags", ["1111", "0000"], ids=["repeated", "in conflict"])
def test_two_versions_of_a_file_are_said_to_be_such(inbox: Path, home: Path, flags: str) -> None:
    rows = [check(f"C{n}", "办公室") for n in range(4)]
    write_csv(inbox / "抽查.csv", [CHECK, *rows, check("C8", "法规处"), check("C9", "法规处")])
    changed = [check(f"C{n}", "办公室", flags=flags) for n in range(3)]
    write_csv(inbox / "抽查-标红.csv", [CHECK, *changed, check("C7", "法规处")])
    result = assess(inbox, home)
    assert result.manifest["versions"] == [["抽查-标红.csv", "抽查.csv"]]
    assert "抽查-标红.csv 与 抽查.csv 像是同一份的两个版本" in summary(result)


def test_the_summary_names_the_first_of_what_to_look_at(inbox: Path, home: Path) -> None:
    rows = [check("C1", "办公室", on="3月5日"), check("C2", "法规处", on="2022-03-05")]
    write_csv(inbox / "抽查.csv", [CHECK, *rows])
    write_csv(
        inbox / "问题.csv", [FINDING, ["Q1", "C9", "办公室", "一般", "记录", "2023-03-05", "2023-04-05", "", "待整改"]]
    )
    told = summary(assess(inbox, home))
    assert "单元格无法识别 · 抽查.csv · 第 2 行：D2 「3月5日」不是完整有效的日期" in told
    assert "提示 · 问题.csv · 第 2 行：在“组织生活记录抽查”里找不到" in told
    assert "其中其他年度 · 抽查.csv · 第 3 行：2022 年的记录" in told
    assert "详见 leadership/评分表.xlsx 的“隔离区”" in told


def test_the_same_key_with_different_cells_is_a_conflict_of_all_in_any_order(inbox: Path, tmp_path: Path) -> None:
    one, other = [CHECK, check("C1", "办公室")], [CHECK, check("C1", "办公室", flags="0000")]
    for home, (first, second) in (("a", (one, other)), ("b", (other, one))):
        write_csv(inbox / "1.csv", first)
        write_csv(inbox / "2.csv", second)
        result = assess(inbox, tmp_path / home)
        assert reasons(result) == {"conflict": 2}
        assert result.leaf("J01", "spot_check_round_1")["status"] == "not_applicable"


def test_the_same_cells_written_differently_are_the_same(inbox: Path, home: Path) -> None:
    write_csv(inbox / "别名.csv", [["别名", "平台", "对应单位"], ["局办", "通用", "办公室"]])
    write_csv(inbox / "1.csv", [CHECK, check("C1", "办公室", on="2023-03-05", flags="1111")])
    write_csv(
        inbox / "2.csv", [CHECK, check("Ｃ1", "局 办", "第一轮", on="2023年3月5日", flags="是√有1".replace(" ", ""))]
    )
    assert reasons(assess(inbox, home)) == {"duplicate": 1}


def test_the_order_of_loading_never_matters(inbox: Path, tmp_path: Path) -> None:
    """Records come before the registry and the aliases they need; the scores are those of loading all at once."""
    alias = [["别名", "平台", "对应单位"], ["局办", "通用", "办公室"]]
    checks = [CHECK, check("C1", "局办", flags="1000")]
    write_csv(inbox / "抽查.csv", checks)
    home = tmp_path / "step by step"
    assert reasons(assess(inbox, home)) == {"unknown_unit": 1}
    write_csv(inbox / "别名.csv", alias)
    stepwise = assess(inbox, home)
    at_once = assess(inbox, tmp_path / "at once")
    for table in ("scores", "indicator_scores", "evidence"):
        assert stepwise.table(table).equals(at_once.table(table))
    assert stepwise.leaf("J01", "spot_check_round_1")["done"] == 25


def test_the_same_inputs_give_the_same_bytes(inbox: Path, tmp_path: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室"), check("C2", "没有这个单位")])
    one, other = assess(inbox, tmp_path / "a"), assess(inbox, tmp_path / "b")
    assert files(one.folder).keys() == files(other.folder).keys()
    for name, path in files(one.folder).items():
        if name not in DIFFERS:
            assert path.read_bytes() == (other.folder / name).read_bytes(), name
    assert one.manifest | {"created_at": ""} == other.manifest | {"created_at": ""}


def test_an_unreadable_file_is_set_aside_and_what_it_last_gave_is_used(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    before = assess(inbox, home)
    (inbox / "抽查.csv").write_bytes(b"a,\0\n")
    (inbox / "新来.xlsx").write_bytes(b"broken")
    after = assess(inbox, home)
    assert after.outcome.exit_code == 3
    assert sorted(after.outcome.pulled.unreadable) == ["抽查.csv", "新来.xlsx"]
    assert after.table("scores").equals(before.table("scores"))
    with pytest.raises(KaoheError) as caught:
        assess(inbox, home, strict=True)
    assert "抽查.csv" in str(caught.value)


def test_a_file_that_the_system_does_not_even_look_up_is_set_aside(inbox: Path, home: Path) -> None:
    """It says so of a name that is too long as it does of a folder that is not for us; root may look into any."""
    name = "长" * 100 + ".csv"
    files = {"inbox": {name: inbox / name, "名册.csv": inbox / "名册.csv"}}
    with Warehouse(home) as warehouse:
        pulled = loading.pull(warehouse, files, load_contracts(Project.find().expectations))
    assert (list(pulled.unreadable), pulled.new) == ([name], ["名册.csv"])


def test_what_an_unreadable_file_last_gave_survives_a_new_contract(inbox: Path, home: Path, project: Project) -> None:
    """Contracts changed, so everything is read anew; the broken file's records come from the kept bytes."""
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    before = assess(inbox, home)
    (inbox / "抽查.csv").write_bytes(b"a,\0\n")
    contract = project.expectations / "inspection.yml"
    contract.write_text(contract.read_text("utf-8").replace("[检查意见, 意见]", "[检查意见, 意见, 评语]"), "utf-8")
    after = assess(inbox, home)
    assert after.outcome.new
    assert after.table("scores").equals(before.table("scores"))


def test_an_emptied_inbox_loses_nothing(inbox: Path, home: Path) -> None:
    before = assess(inbox, home)
    for path in inbox.iterdir():
        path.unlink()
    with pytest.raises(KaoheError) as caught:
        assess(inbox, home)
    assert caught.value.key == "inbox_empty"
    assert (before.folder.parent / "CURRENT").read_text().strip() == before.folder.name


def test_debris_of_other_programs_is_passed_over(inbox: Path, home: Path) -> None:
    for name in ("~$名册.xlsx", ".DS_Store", "Thumbs.db", ".hidden/a.csv"):
        write_csv(inbox / name, [["x"]])
    assert assess(inbox, home).outcome.pulled.new == ["名册.csv"]


def test_sheets_that_are_no_table_are_reported_and_change_nothing(inbox: Path, home: Path) -> None:
    note = {"填表说明": [["请按要求填写"]], "数据": [CHECK[:4], ["C1", "办公室", 1, "2023-03-05"]]}
    write_xlsx(inbox / "抽查.xlsx", note)
    result = assess(inbox, home)
    assert result.outcome.exit_code == 0
    sheets = {sheet["sheet"]: sheet for sheet in result.manifest["sheets"] if sheet["file"] == "抽查.xlsx"}
    assert "填表说明" not in sheets  # it explains our templates
    assert [row["reason"] for row in result.manifest["left_out"] if row["sheet"] == "填表说明"] == ["note"]
    assert sheets["数据"]["fits"] == ["inspection"]
    assert "检查意见" in sheets["数据"]["missing"]
    assert counts(result)[0] == 3


def test_unknown_units_are_quarantined_with_the_nearest_names(tmp_path: Path, home: Path) -> None:
    inbox = tmp_path / "in"
    units = [("D01", "水务管理中心"), ("D02", "环境监测站"), ("D03", "排水管理所"), ("D04", "机关党委")]
    write_csv(inbox / "名册.csv", registry(*((u, n, "基层单位") for u, n in units)))
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "水物管理中心")])
    (bad,) = assess(inbox, home).quarantine.iter_rows(named=True)
    assert bad["reason"] == "unknown_unit"
    hint = bad["problems"].split("：")[-1].split("、")
    assert hint[0] == "水务管理中心"
    assert len(hint) == 3


def test_names_of_a_platform_hold_on_that_platform_only(inbox: Path, home: Path) -> None:
    write_csv(inbox / "别名.csv", [["别名", "平台", "对应单位"], ["办公", "学习强国", "办公室"]])
    row = ["2023年3月", "办公", 10, 9, "90%"]
    write_csv(inbox / "学情.csv", [STUDY, ["学习强国", *row], ["青年大学习", *row]])
    result = assess(inbox, home)
    assert reasons(result) == {"unknown_unit": 1}
    assert "青年大学习" in result.quarantine["record"][0]


def test_an_alias_that_is_another_units_name_is_set_aside(inbox: Path, home: Path) -> None:
    write_csv(inbox / "别名.csv", [["别名", "平台", "对应单位"], ["法规处", "通用", "办公室"]])
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "法规处")])
    result = assess(inbox, home)
    assert reasons(result) == {"rule": 1}
    assert result.leaf("J02", "spot_check_round_1")["status"] == "scored"


def test_what_rests_on_a_quarantined_record(inbox: Path, home: Path) -> None:
    """A finding stays when its inspection is set aside (flagged); an activity without its agreement cannot count."""
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室", opinion="")])
    finding = ["F1", "C1", "办公室", "一般", "记录", "2023-03-05", "2023-04-05", "2023-04-01", "已销号"]
    write_csv(inbox / "问题.csv", [FINDING, finding])
    activity = ["活动编号", "协议编号", "单位名称", "活动日期", "活动主题", "本单位参加人数", "活动成效"]
    write_csv(inbox / "活动.csv", [activity, ["A1", "X1", "办公室", "2023-05-01", "共建", 5, "好"]])
    result = assess(inbox, home)
    assert sorted(result.quarantine["table_name"]) == ["inspection", "pairing_activity"]
    assert result.leaf("J01", "findings_closed")["points"] == result.leaf("J01", "findings_closed")["effective_weight"]
    assert result.manifest["flagged"] == 1


def test_records_of_another_year_are_kept_and_counted_but_do_not_score(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室", on="2022-03-05"), check("C2", "办公室", flags="1000")])
    result = assess(inbox, home)
    assert result.manifest["tables"]["inspection"]["other_year"] == 1
    assert result.manifest["tables"]["inspection"]["records_used"] == 2
    assert result.leaf("J01", "spot_check_round_1")["done"] == 25


def test_events_after_the_as_of_date_are_judged_at_each_run(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室", on="2023-09-05")])
    assert reasons(assess(inbox, home, as_of=dt.date(2023, 7, 31))) == {"rule": 1}
    assert reasons(assess(inbox, home, as_of=dt.date(2023, 9, 5))) == {}


def test_a_run_with_nothing_new_plans_nothing_and_another_scheme_is_looked_at_first(inbox: Path, home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    assess(inbox, home)
    with Run(inbox, YEAR, AS_OF, SMALL, home, False) as run:
        run.pull()
        assert run.up_to_date
        assert "planned" not in vars(run)
    changed = home.parent / SMALL.name
    changed.write_text(SMALL.read_text("utf-8").replace("measure: ", "measure: no_such_", 1), "utf-8")
    with pytest.raises(KaoheError) as caught:
        Run(inbox, YEAR, AS_OF, changed, home, False)
    assert caught.value.key == "measure_unknown"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bear no names that are not text")
def test_names_that_are_no_utf8_are_read_as_those_of_a_windows_archive(inbox: Path, home: Path, tmp_path: Path) -> None:
    """As ``unzip`` leaves a folder that was packed on Windows; and a name that is nothing at all, twice."""
    write_csv(tmp_path / "a.csv", [CHECK, check("C1", "办公室"), check("C2", "法规处", on="3月")])
    write_csv(tmp_path / "b.csv", [CHECK, check("C3", "水务中心")])
    folder = os.fsencode(inbox)
    Path(os.fsdecode(folder + "/台账".encode("gbk"))).mkdir()
    shutil.copy(tmp_path / "a.csv", folder + "/台账/抽查.csv".encode("gbk"))
    shutil.copy(tmp_path / "b.csv", folder + b"/\xff.csv")
    Path(os.fsdecode(folder + "/坏的.xlsx".encode("gbk"))).write_bytes(b"PK not a workbook")
    (inbox / "坏的.xlsx").write_bytes(b"PK not a workbook")
    result = assess(inbox, home)
    assert counts(result) == (6, 5, 1)
    assert result.quarantine["_file"].to_list() == ["台账/抽查.csv"]
    unreadable = result.manifest["unreadable"]
    assert sorted(unreadable) == [r"\xbb\xb5\xb5\xc4.xlsx", "坏的.xlsx"]
    checked = in_process(
        "check", inbox / os.fsdecode(b"\xff.csv"), inbox / os.fsdecode("台账".encode("gbk")), "--as-of", "2024-04-01"
    )
    assert checked.returncode == 1, checked.stderr
    assert r"\xff.csv" in checked.stdout
    assert "台账/抽查.csv" in checked.stdout


def test_people_never_reach_a_publication(inbox: Path, home: Path) -> None:
    write_csv(
        inbox / "抽查.csv",
        [CHECK, check("C1", "办公室", inspector="赵铁柱"), check("C2", "办公市", inspector="钱多多")],
    )
    result = assess(inbox, home)
    assert (home / "warehouse").stat().st_mode & 0o777 == 0o700
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600
    for path in files(result.folder).values():
        data = said(path)
        for name in ("赵铁柱", "钱多多"):
            assert name.encode() not in data, path.name
            assert name.encode("utf-16-le") not in data, path.name
    assert "＊＊＊" in result.quarantine["record"][0]
    with duckdb.connect(str(result.folder / "snapshot.duckdb"), read_only=True) as snapshot:
        ((hashed,),) = snapshot.sql("select inspector from inspection").fetchall()
    assert len(hashed) == 32


def test_restricted_tables_stay_out_of_publications(inbox: Path, home: Path) -> None:
    rows = [["办公室", "2023Q1", 3], ["法规处", "2023Q1", "三"]]
    write_csv(inbox / "线索.csv", [["单位名称", "统计季度", "线索数"], *rows])
    result = assess(inbox, home)
    assert result.manifest["tables"]["clue_summary"]["records_quarantined"] == 1
    assert result.quarantine.height == 0
    with duckdb.connect(str(result.folder / "snapshot.duckdb"), read_only=True) as snapshot:
        assert ("clue_summary",) not in snapshot.sql("select table_name from duckdb_tables()").fetchall()
        assert snapshot.sql("select count(*) from quarantine").fetchall() == [(0,)]


def test_a_scheme_that_would_score_a_restricted_table_is_refused(inbox: Path, home: Path, project: Project) -> None:
    contract = project.expectations / "study_stat.yml"
    contract.write_text(contract.read_text("utf-8").replace("event_date:", "restricted: true\nevent_date:", 1), "utf-8")
    with pytest.raises(KaoheError) as caught:
        assess(inbox, home)
    assert caught.value.key == "measure_restricted"
