"""From 初评 to 定稿: the public notice, appeals, the review, the final result, and its re-issue."""

import datetime as dt
import getpass
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest

from kaohe import clock
from kaohe.delivery import Delivery
from kaohe.delivery.log import Log as Deliveries
from kaohe.errors import KaoheError
from kaohe.lifecycle import proceedings as where_results_stand
from kaohe.lifecycle import steps as lifecycle
from kaohe.lifecycle.acts import ACTS, Log
from kaohe.lifecycle.damage import verify
from kaohe.lifecycle.proceedings import proceedings
from kaohe.log_check import audit
from kaohe.project import Project, file_hashes, sha256_of
from kaohe.publication import CHANGES, CHECK_UP, FACES, LEADERSHIP, MANIFEST, PAGE, SUMS, WORKBOOK, before_folders
from kaohe.reissue import Reissue
from kaohe.words import use_language
from tests.delivery import change, write_delivery
from tests.helpers import CHECK, ROOT, SMALL, YEAR, Result, assess, check, in_process, registry, write_csv
from tests.office import ANNOUNCED, APPEAL_ENDS, AS_OF, BY, CALENDAR, FINAL, SAYS, Office, refused
from tests.published import expected, files, said, summary


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> dict[str, Path]:
    """One office in each state, made once; tests take a copy."""
    use_language("zh")
    first = Office(tmp_path_factory.mktemp("provisional"), SMALL)
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
    write_csv(first.inbox / "名册.csv", registry(*units))
    rows = check("C1", "办公室", flags="1110"), check("C2", "法规处"), check("C3", "水务中心", 2, flags="1100")
    write_csv(first.inbox / "抽查.csv", [CHECK, *rows])
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(first.inbox / "日历.csv", [["日历日期", "是否工作日"], *days])
    first.run(AS_OF)
    made = {"provisional": first.inbox.parent}
    steps: list[tuple[str, Callable[[Office], object]]] = [
        ("announced", lambda office: office.announce()),
        ("appealed", lambda office: office.appeal()),
        ("decided", lambda office: office.decide(decision="rejected")),
        ("final", lambda office: office.finalize()),
    ]
    before = first.inbox.parent
    for name, step in steps:
        folder = tmp_path_factory.mktemp(name) / "office"
        shutil.copytree(before, folder)
        step(Office(folder, SMALL))
        made[name] = before = folder
    return made


@pytest.fixture
def office(states: dict[str, Path], tmp_path: Path) -> Callable[[str], Office]:
    """A copy of the office in a state."""

    def copied(state: str) -> Office:
        shutil.copytree(states[state], tmp_path / "office")
        return Office(tmp_path / "office", SMALL)

    return copied


def sheet(result: Result, name: str) -> list[dict[str, Any]]:
    table = list(
        openpyxl.load_workbook(result.folder / WORKBOOK, data_only=True)[name].iter_rows(min_row=3, values_only=True)
    )
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def note(result: Result) -> str:
    return str(openpyxl.load_workbook(result.folder / WORKBOOK)["机关处室"]["A2"].value)


# ---- the public notice


def test_announcing_restates_the_same_scores(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    before = ours.published()
    ours.announce()
    after = ours.published()
    assert after.folder.name == f"{before.folder.name}-announced"
    assert (before.manifest["state"], after.manifest["state"]) == ("provisional", "announced")
    assert note(before).startswith("初评    截至 2024-04-01")
    days = "公示至 2024-05-07，申诉至 2024-05-13"
    assert note(after) == f"公示稿    截至 2024-04-01    发布编号 {after.folder.name}    {days}"
    for name, path in files(before.folder).items():
        same = (after.folder / name).read_bytes() == path.read_bytes()
        assert same is (name not in (*FACES, MANIFEST, SUMS) and CHECK_UP not in name), name
    assert after.manifest["restated_from"] == before.folder.name
    assert 'class="number change"' not in (after.folder / PAGE).read_text("utf-8")  # the same scores: nothing changed
    assert after.manifest["act"]["document"] == "党办〔2024〕1号"
    assert after.manifest["inputs"] == before.manifest["inputs"]


def test_a_publication_of_an_earlier_version_is_published_anew_before_it_is_announced(
    office: Callable[[str], Office],
) -> None:
    ours = office("provisional")
    with duckdb.connect(str(ours.folder / ours.current / "snapshot.duckdb")) as con:
        con.execute("drop table earlier_score")
    change(ours.home)
    error = refused(ours.announce)
    assert error.key == "publication_old"
    assert ours.state.announced is None
    assert not list(ours.folder.glob(".*.part"))


def test_other_words_of_the_notice_are_no_other_result(office: Callable[[str], Office], project: Project) -> None:
    """Before the announcement a run publishes them; after it they stand in what is published next."""
    ours = office("provisional")
    words = project.templates / "annual_notice.yml"

    def said(issuer: str) -> None:
        text = re.sub("(?m)^  issuer: .*$", f"  issuer: {issuer}", words.read_text("utf-8"), count=1)
        words.write_text(text, "utf-8")

    said("区局机关党委")
    assert ours.run(AS_OF).outcome.new
    assert len(ours.state.log.of("publish")) == 2
    ours.announce()
    announced = ours.published()
    said("局党组")
    assert not ours.run().outcome.new
    assert ours.current == announced.folder.name
    ours.finalize()
    final = ours.published().manifest
    assert final["templates"] == announced.manifest["templates"]
    assert final["words"] == {"annual_notice.yml": sha256_of(words)} != announced.manifest["words"]


def test_the_days_of_notice_and_appeal_are_working_days(office: Callable[[str], Office]) -> None:
    """Two Sundays and Saturdays are worked, five days of May are not."""
    ours = office("provisional")
    act, unknown = lifecycle.announce(ours.home, YEAR, on=ANNOUNCED, **BY)
    assert (act.details["notice_ends"], act.details["appeal_ends"]) == ("2024-05-07", "2024-05-13")
    assert unknown == []


def test_days_the_calendar_does_not_know_are_said(office: Callable[[str], Office]) -> None:
    act, unknown = lifecycle.announce(office("provisional").home, YEAR, on=dt.date(2024, 5, 27), **BY)
    assert act.details["notice_ends"] == "2024-06-03"
    assert unknown == [dt.date(2024, 6, day) for day in range(1, 11)]


def test_a_result_as_of_a_day_to_come_is_said_to_be_one_and_goes_no_further(
    office: Callable[[str], Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = office("provisional")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # no midnight in between
    to_come, come = (ours.run(clock.today() + dt.timedelta(days=days)) for days in (1, 0))
    assert "都按未报送计分" in summary(to_come)
    assert "都按未报送计分" not in summary(come)
    ours.run(clock.today() + dt.timedelta(days=1))
    assert refused(ours.announce).key == "as_of_to_come"
    assert ours.state.announced is None


def test_a_year_that_was_announced_keeps_its_date(office: Callable[[str], Office]) -> None:
    """A nightly run judges as of the date that was announced; nothing new means nothing published."""
    ours = office("announced")
    result = ours.run()
    assert not result.outcome.new
    assert ours.current.endswith("-announced")
    assert refused(ours.run, dt.date(2024, 4, 2)).key == "as_of_announced"


def test_what_changes_after_the_notice_is_a_review_with_its_changes(office: Callable[[str], Office]) -> None:
    ours = office("announced")
    announced = ours.published()
    kept = (ours.inbox / "抽查.csv").read_bytes()
    write_csv(
        ours.inbox / "抽查.csv",
        [CHECK, check("C1", "办公室"), check("C2", "法规处"), check("C3", "水务中心", 2, flags="1100")],
    )
    reviewed = ours.run()
    assert reviewed.manifest["state"] == "reviewed"
    assert note(reviewed).startswith("复核稿")
    assert reviewed.manifest["compared_with"] == announced.folder.name
    assert reviewed.manifest["changed_units"] == 1
    changed = {(row["单位"], row["项目"]): (row["原为"], row["现为"]) for row in sheet(reviewed, "变更")}
    assert changed.keys() == {("办公室", "总分"), ("办公室", "名次"), ("办公室", "等次"), ("办公室", "第一轮抽查")}
    points = [str(result.leaf("J01", "spot_check_round_1")["points"]) for result in (announced, reviewed)]
    assert changed["办公室", "第一轮抽查"] == tuple(points)
    assert set(files(reviewed.folder)) == expected(reviewed.manifest)
    listed = pl.read_csv(reviewed.folder / CHANGES, infer_schema=False)
    assert listed.height == len(changed)
    (ours.inbox / "抽查.csv").write_bytes(kept)
    assert ours.run().folder == announced.folder
    assert ours.current == announced.folder.name


# ---- appeals


def test_an_appeal_is_a_record_like_others(office: Callable[[str], Office]) -> None:
    ours = office("announced")
    assert ours.appeal(unit="水务中心", indicator="第二轮抽查") == "A1"
    (row,) = ours.ledger("score_appeal.csv")
    assert (row["申诉单位"], row["申诉指标"], row["申诉日期"]) == ("D01", "spot_check_round_2", "2024-05-07")
    assert row["申诉的发布编号"] == ours.current
    result = ours.run()
    assert result.manifest["state"] == "reviewed"
    assert result.manifest["changed_units"] == 0
    assert {"source": "ledgers", "path": "score_appeal.csv"}.items() <= result.manifest["inputs"][-1].items()
    assert result.manifest["tables"]["score_appeal"]["records_used"] == 1
    assert result.quarantine.height == 0
    ours.decide(decision="rejected")
    (row,) = ours.ledger("score_appeal.csv")
    assert (row["复核日期"], row["复核结论"], row["复核机构"]) == ("2024-05-13", "不成立", "机关党委")


def test_appeals_have_their_days(office: Callable[[str], Office]) -> None:
    ours = office("announced")
    assert refused(ours.appeal, on=ANNOUNCED - dt.timedelta(days=1)).key == "on_too_early"
    error = refused(ours.appeal, on=APPEAL_ENDS + dt.timedelta(days=1))
    assert error.key == "appeals_over"
    assert "2024-05-13" in str(error)
    assert refused(ours.appeal, on=dt.date.today() + dt.timedelta(days=3)).key == "on_in_future"
    assert ours.appeal(on=ANNOUNCED) == "A1"
    assert ours.appeal(on=APPEAL_ENDS) == "A2"


def test_an_appeal_names_a_unit_and_an_indicator_that_are_there(office: Callable[[str], Office]) -> None:
    ours = office("announced")
    error = refused(ours.appeal, unit="法归处")
    assert error.key == "unit_unknown"
    assert str(error).split("：")[-1].startswith("法规处")
    error = refused(ours.appeal, indicator="第一轮抽察")
    assert error.key == "indicator_unknown"
    assert "spot_check_round_1（第一轮抽查）" in str(error)
    assert ours.state.appeals == {}


def test_an_appeal_that_was_upheld_without_a_correction_is_pointed_at(office: Callable[[str], Office]) -> None:
    ours = office("appealed")
    ours.decide(decision="upheld")
    assert ours.run().manifest["upheld_unchanged"] == ["A1"]
    ours.correct()
    assert ours.run().manifest["upheld_unchanged"] == []


# ---- from review to final


def test_a_final_result_is_frozen(office: Callable[[str], Office]) -> None:
    ours = office("final")
    final = ours.published()
    assert (final.manifest["state"], final.manifest["revision"]) == ("final", 1)
    assert note(final).startswith("定稿    截至")
    shutil.rmtree(ours.inbox)
    result = ours.run()
    assert result.outcome.frozen
    assert result.outcome.exit_code == 0
    assert ours.current == final.folder.name
    assert refused(ours.finalize).key == "final_before"
    assert refused(ours.appeal).key == "final_already"
    assert refused(ours.decide).key == "final_already"


REFUSALS: list[Any] = [
    pytest.param("announced", lambda ours: ours.announce(), "announced_before", id="announced twice"),
    pytest.param("final", lambda ours: ours.announce(), "announced_before", id="announced when final"),
    pytest.param("provisional", lambda ours: ours.finalize(), "not_announced", id="final without a notice"),
    pytest.param("provisional", lambda ours: ours.appeal(), "not_announced", id="an appeal without a notice"),
    pytest.param("announced", lambda ours: ours.finalize(APPEAL_ENDS), "appeals_still_open", id="final too early"),
    pytest.param("appealed", lambda ours: ours.finalize(), "appeals_undecided", id="an appeal undecided"),
    pytest.param("appealed", lambda ours: ours.decide("A2"), "appeal_unknown", id="no such appeal"),
    pytest.param("decided", lambda ours: ours.decide(), "appeal_decided", id="decided twice"),
    pytest.param("announced", lambda ours: ours.reissue(), "reissue_not_final", id="issued anew before it is final"),
    pytest.param("announced", lambda ours: ours.withdraw(1), "correction_unknown", id="nothing to take back"),
    pytest.param("provisional", lambda ours: ours.announce(dt.date(2999, 1, 1)), "on_in_future", id="in the future"),
]


@pytest.mark.parametrize(("state", "act", "key"), REFUSALS)
def test_what_is_refused_changes_nothing(
    office: Callable[[str], Office], state: str, act: Callable[[Office], object], key: str
) -> None:
    ours = office(state)
    before = {
        path: path.read_bytes() for path in ours.home.rglob("*") if path.is_file() and "warehouse" not in path.parts
    }
    assert refused(act, ours).key == key
    after = {
        path: path.read_bytes() for path in ours.home.rglob("*") if path.is_file() and "warehouse" not in path.parts
    }
    assert after == before


def test_nothing_published_yet(tmp_path: Path) -> None:
    assert refused(Office(tmp_path).announce).key == "nothing_published"


def test_pending_units_are_not_announced(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    settled, pending = ours.published(), ours.run(dt.date(2024, 1, 31))
    for result in (settled, pending):
        told = "总分按已报部分折算，不是最后得分"
        page = (result.folder / PAGE).read_text("utf-8")
        assert (told in summary(result), told in page) == (result is pending,) * 2
    error = refused(ours.announce)
    assert error.key == "units_pending"
    assert "2024-01-31" in str(error)


def test_of_many_pending_units_five_are_named(tmp_path: Path, libraries: None) -> None:
    ours = Office(tmp_path, SMALL)
    write_csv(ours.inbox / "名册.csv", registry(*((f"J0{n}", f"第{n}处", "机关处室") for n in range(1, 8))))
    write_csv(ours.inbox / "抽查.csv", [CHECK, *(check(f"C{n}", f"第{n}处") for n in range(1, 8))])
    ours.run(dt.date(2024, 1, 31))
    assert "还有 7 个单位待报（第1处、第2处、第3处、第4处、第5处 等）" in str(refused(ours.announce))


def test_a_scheme_without_days_cannot_be_announced(office: Callable[[str], Office], tmp_path: Path) -> None:
    ours = office("provisional")
    scheme = tmp_path / "2023.yml"
    text = (ROOT / "data" / "schemes" / "2023.yml").read_text("utf-8")
    scheme.write_text(
        "".join(line for line in text.splitlines(keepends=True) if not line.startswith("lifecycle:")), "utf-8"
    )
    assess(ours.inbox, ours.home, as_of=AS_OF, scheme=scheme)
    assert refused(ours.announce).key == "scheme_no_lifecycle"


def test_a_publication_whose_method_was_not_kept(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    sha256 = ours.published().manifest["scheme"]["sha256"]
    (ours.home / "warehouse" / "inputs" / sha256).unlink()
    assert refused(ours.announce).key == "method_not_kept"


def test_what_was_ordered_must_be_in_what_is_announced_or_final(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    number = ours.correct()
    error = refused(ours.announce)
    assert error.key == "not_yet_in"
    assert str(number) in str(error)
    ours.run(AS_OF)
    ours.announce()
    ours.appeal()
    ours.decide(decision="upheld")
    assert refused(ours.finalize).key == "not_yet_in"
    ours.run()
    ours.finalize()
    assert ours.current.endswith("-final")


def test_an_appeal_in_the_inbox_must_be_decided_too(office: Callable[[str], Office]) -> None:
    ours = office("announced")
    heading = [
        "申诉编号",
        "申诉单位",
        "申诉的发布编号",
        "申诉指标",
        "申诉日期",
        "申诉内容",
        "复核日期",
        "复核结论",
        "复核机构",
    ]
    row = ["S1", "办公室", "初评", "spot_check_round_1", "2024-04-28", "漏计", "", "", ""]
    write_csv(ours.inbox / "申诉.csv", [heading, row])
    ours.run()
    error = refused(ours.finalize)
    assert error.key == "appeal_undecided_in_inbox"
    assert "申诉.csv 第 2 行" in str(error)
    write_csv(ours.inbox / "申诉.csv", [heading, [*row[:6], "2024-05-08", "不成立", "机关党委"]])
    ours.run()
    ours.finalize()


# ---- re-issue


def test_a_reissue_says_what_changed_and_why(office: Callable[[str], Office]) -> None:
    ours = office("final")
    first = ours.published()
    error = refused(ours.reissue)
    assert error.key == "reissue_nothing"
    assert ours.current == first.folder.name
    assert len(ours.state.log.of("reissue")) == 0
    rows = [CHECK, check("C1", "办公室", flags="1110"), check("C2", "法规处"), check("C3", "水务中心", 2)]
    write_csv(ours.inbox / "抽查.csv", rows)
    second = ours.reissue()
    assert second.folder.name.endswith("-final-r2")
    assert (second.manifest["state"], second.manifest["revision"]) == ("final", 2)
    assert second.manifest["act"] == {
        "act": "reissue", "by": "局党组", "document": "局〔2024〕9号", "reason": "漏计一次检查"
    }  # fmt: skip
    assert note(second).startswith("定稿（第 2 版）")
    assert {row["单位"] for row in sheet(second, "变更")} == {"水务中心"}
    assert {row["项目"] for row in sheet(second, "变更")} == {"总分", "第二轮抽查"}
    act = ours.state.log.acts[-1]
    assert (act.act, act.reason, act.details["units"]) == ("reissue", "漏计一次检查", 1)
    assert act.details["instead_of"] == first.folder.name
    write_csv(ours.inbox / "抽查.csv", [*rows[:3], check("C3", "水务中心", 2, flags="0000")])
    assert ours.reissue().manifest["revision"] == 3
    assert ours.run().outcome.frozen
    assert verify(ours.home, YEAR) == []


def test_a_correction_after_the_final_result_waits_for_a_reissue(office: Callable[[str], Office]) -> None:
    ours = office("final")
    ours.correct()
    assert ours.run().outcome.frozen
    assert ours.reissue().leaf("J01", "spot_check_round_1")["done"] == 100


# ---- the log and the files


def test_the_log_knows_who_when_why_and_by_which_document(office: Callable[[str], Office]) -> None:
    acts = office("final").state.log.acts
    assert [act.act for act in acts] == ["publish", "announce", "appeal", "decide", "finalize"]
    assert [act.number for act in acts] == [1, 2, 3, 4, 5]
    for act in acts[1:]:
        assert (act.by, act.document) == ("机关党委", "党办〔2024〕1号")
    assert acts[0].by == ""
    assert acts[3].reason == "核实"


@pytest.mark.parametrize("line", range(5))
def test_a_changed_log_stops_every_command(office: Callable[[str], Office], line: int) -> None:
    ours = office("final")
    path = ours.folder / "acts.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[line] = lines[line].replace('"document": "', '"document": "假', 1)
    path.write_text("".join(lines), "utf-8")
    if line == 4:  # nobody comes after the last line, but who knows its hash can tell
        assert ours.state.log.head != ""
        return
    for act in (ours.run, ours.correct, ours.reissue):
        assert refused(act).key == "log_broken"


def test_a_log_that_was_cut_or_deleted_stops_every_command(office: Callable[[str], Office]) -> None:
    ours = office("final")
    path = ours.folder / "acts.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    for kept in (4, 1, 0):
        path.write_text("".join(lines[:kept]), "utf-8")
        assert refused(ours.run).key == "log_cut"
    path.unlink()
    assert refused(ours.run).key == "log_cut"


def test_verify_finds_a_published_file_that_was_changed(office: Callable[[str], Office]) -> None:
    ours = office("final")
    assert verify(ours.home, YEAR) == []
    scores = ours.folder / ours.current / "scores.csv"
    scores.write_text(scores.read_text("utf-8").replace("法规处", "办公室"), "utf-8")
    (ours.folder / ours.current / "新.txt").write_text("x")
    (ours.folder / "CURRENT").write_text("x")
    (ours.home / "ledgers" / str(YEAR) / "score_appeal.csv").unlink()
    said = verify(ours.home, YEAR)
    assert [sentence for sentence in said if "scores.csv" in sentence or "新.txt" in sentence] == said[:2]
    assert "score_appeal.csv" in said[-1]
    assert len(said) == 4


def test_a_ledger_changed_by_hand_is_not_taken(office: Callable[[str], Office]) -> None:
    ours = office("appealed")
    path = ours.home / "ledgers" / str(YEAR) / "score_appeal.csv"
    good = path.read_bytes()
    path.write_bytes(good.replace("记录是全的".encode(), "记录不全".encode()))
    for act in (ours.run, ours.decide):
        assert refused(act).key == "ledger_changed"
    path.unlink()
    ours.decide()
    assert len(ours.ledger("score_appeal.csv")) == 1
    (path.parent / "correction.csv").write_bytes(good)
    assert refused(ours.run).key == "ledger_changed"


def test_two_commands_at_once_wait_for_one_another(office: Callable[[str], Office]) -> None:
    from kaohe.homelock import lock

    ours = office("announced")
    held = lock(ours.home)
    try:
        with pytest.raises(KaoheError) as caught:
            lock(ours.home, wait_seconds=0.1)
        assert caught.value.key == "home_busy"
    finally:
        held.release()
    assert ours.appeal() == "A1"


@pytest.mark.parametrize(("owner", "name"), [(where_results_stand, "pointed_at"), (Log, "read")])
def test_a_log_that_is_being_written_is_no_cut_log(
    office: Callable[[str], Office], monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    """Somebody looks without the lock while another command adds an act: before CURRENT is read, or before the log."""
    ours = office("provisional")
    function = getattr(owner, name)
    seen = []

    def after_an_announcement(folder: Path) -> object:
        if not seen:
            seen.append(folder)
            ours.announce()
        return function(folder)

    monkeypatch.setattr(owner, name, after_an_announcement)
    assert ours.state.announced is not None


@pytest.mark.long
def test_corrections_of_one_year_leave_the_others_alone(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    ours.correct()
    corrected = ours.run(AS_OF)
    other = assess(ours.inbox, ours.home, as_of=dt.date(2025, 4, 1), year=YEAR + 1)
    assert "ledgers" not in {entry["source"] for entry in other.manifest["inputs"]}
    assert other.manifest["tables"]["correction"]["records_in"] == 0
    again = ours.run(AS_OF)
    assert not again.outcome.new
    assert again.folder == corrected.folder


def test_a_rule_proposes_a_veto_and_a_document_applies_it(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    ours.scheme = None  # with alerts
    heading = ["单位名称", "本届起始日期", "党组织类型", "任期年限", "应换届日期"]
    write_csv(ours.inbox / "换届.csv", [heading, ["办公室", "2020-06-01", "支部", 3, "2023-06-01"]])
    proposed = ours.run(AS_OF)
    with duckdb.connect(str(proposed.folder / "snapshot.duckdb"), read_only=True) as snapshot:
        assert ("J01",) in snapshot.sql("select unit_id from alerts where alert = 'veto_proposed'").fetchall()
    assert proposed.score("J01")["veto"] is None
    heading = ["否决事项编号", "涉及单位", "否决等级", "否决事项", "依据文件", "批准机构", "生效日期"]
    event = ["S1", "办公室", "V1", "逾期未换届", "", "机关党委", "2023-12-01"]
    write_csv(ours.inbox / "否决.csv", [heading, event])
    assert ours.run(AS_OF).score("J01")["veto"] is None
    write_csv(ours.inbox / "否决.csv", [heading, [*event[:4], "沪浦环党〔2023〕40号", *event[5:]]])
    applied = ours.run(AS_OF)
    assert applied.score("J01")["veto"] == "V1"
    assert applied.score("J01")["total"] == proposed.score("J01")["total"]


#: What is killed, where, and whether it was decided by then. ``where`` is a function that ends the process instead.
_WRITING, _LOG, _POINTER = "kaohe.publishing._write_faces", "kaohe.lifecycle.acts.Log.add", "kaohe.publishing.point"
_LEDGER = "kaohe.lifecycle.proceedings.replace_file"
#: Those that `make test` tries too; `make soak` tries all.
_SHORT = (("announce", _POINTER), ("correct", _LEDGER))
KILLED = [
    pytest.param(
        state,
        act,
        where,
        where in (_POINTER, _LEDGER),
        id=f"{act} at {where.rpartition('.')[2]}",
        marks=[] if (act, where) in _SHORT else [pytest.mark.long],
    )
    for state, act, steps in (
        ("provisional", "announce", (_WRITING, _LOG, _POINTER)),
        ("decided", "finalize", (_WRITING, _LOG, _POINTER)),
        ("final", "reissue", (_LOG, _POINTER)),
        ("provisional", "run", (_LOG, _POINTER)),
        ("announced", "appeal", (_LOG, _LEDGER)),
        ("appealed", "decide", (_LOG, _LEDGER)),
        ("announced", "correct", (_LOG, _LEDGER)),
    )
    for where in steps
]

_KILL = """
import importlib, os, sys
from pathlib import Path
from tests.office import Office
module, _, name = {where!r}.rpartition(".")
owner, _, kind = module.rpartition(".")
holder = getattr(importlib.import_module(owner), kind) if kind[0].isupper() else importlib.import_module(module)
setattr(holder, name, lambda *_, **__: os._exit(9))
getattr(Office(Path({folder!r}), Path({scheme!r})), {act!r})()
"""


@pytest.mark.parametrize(("state", "act", "where", "decided"), KILLED)
def test_a_command_that_is_killed_was_done_or_was_not(
    office: Callable[[str], Office], state: str, act: str, where: str, decided: bool
) -> None:
    """Whatever the step, the next command finds a state it understands, and the act can be done (or is)."""
    ours = office(state)
    if act in ("reissue", "run"):
        write_csv(ours.inbox / "抽查2.csv", [CHECK, check("C4", "办公室", 2, flags="1000")])
    acts, current = len(ours.state.log.acts), ours.current
    script = _KILL.format(where=where, folder=str(ours.inbox.parent), scheme=str(SMALL), act=act)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert ours.current == current
    assert len(ours.state.log.acts) == acts + decided
    with proceedings(ours.home, YEAR):
        pass
    assert verify(ours.home, YEAR) == []
    moved = act not in ("appeal", "decide", "correct")
    assert (ours.current != current) is (decided and moved)
    if not decided:
        getattr(ours, act)()
        assert (ours.current != current) is moved
        assert len(ours.state.log.acts) == acts + 1
    elif act == "run":
        assert not ours.run().outcome.new
    assert verify(ours.home, YEAR) == []
    assert not list(ours.folder.glob(".*.part"))


# ---- who runs an act, and who approves it


def correction(ours: Office) -> int:
    """The number of a correction in force."""
    known = ours.state.corrections
    return known[0].number if known else ours.correct()


APPROVED: list[Any] = [
    ("provisional", "announce", lambda ours, who: lifecycle.announce(ours.home, YEAR, on=ANNOUNCED, **who)),
    ("appealed", "decide", lambda ours, who: lifecycle.resolve_appeal(
        ours.home, YEAR, "A1", "upheld", "核实", on=APPEAL_ENDS, **who)),
    ("provisional", "correct", lambda ours, who: lifecycle.correct(ours.home, YEAR, **SAYS, **who)),
    ("provisional", "withdraw", lambda ours, who: lifecycle.withdraw(ours.home, YEAR, correction(ours), "有误", **who)),
    ("decided", "finalize", lambda ours, who: lifecycle.finalize(ours.home, YEAR, on=FINAL, **who)),
    ("final", "reissue", lambda ours, who: Reissue(
        ours.inbox, YEAR, None, ours.home, False, reason="漏计", **who)),
]  # fmt: skip


def test_every_act_that_needs_approval_is_tried() -> None:
    assert {kind for _, kind, _ in APPROVED} == {kind for kind, meaning in ACTS.items() if meaning.approved}


@pytest.mark.parametrize(("state", "kind", "act"), APPROVED, ids=[kind for _, kind, _ in APPROVED])
def test_whoever_runs_an_act_cannot_approve_it(
    office: Callable[[str], Office],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    kind: str,
    act: Callable[[Office, Any], object],
) -> None:
    """Nor can who ran the publication in question. Nothing is written; for what is quickly done, somebody else then can."""
    ours = office(state)
    ran = ours.state.log.acts[0].operator
    assert ran == getpass.getuser()
    if kind == "withdraw":
        correction(ours)
    before = {path: path.read_bytes() for path in files(ours.folder).values()}
    monkeypatch.setenv("KAOHE_OPERATOR", "赵六")
    for who, key in (
        ({"by": "王五", "operator": "王 五"}, "approver_operates"),
        ({"by": ran.upper(), "operator": "王五"}, "approver_ran"),
        ({"by": "赵六"}, "approver_operates"),
        ({"by": " ", "operator": "王五"}, "approval_missing"),
        ({"by": "王五", "document": ""}, "approval_missing"),
    ):
        assert refused(act, ours, {"document": "1号"} | who).key == key
    assert {path: path.read_bytes() for path in files(ours.folder).values()} == before
    if kind in ("decide", "correct", "withdraw"):
        act(ours, {"by": "王五", "document": "1号"})
        last = ours.state.log.acts[-1]
        assert (last.by, last.operator, last.document) == ("王五", "赵六", "1号")


def test_no_act_gets_round_it(office: Callable[[str], Office]) -> None:
    """However it is asked for, the log takes no act without approval."""
    ours = office("provisional")
    with proceedings(ours.home, YEAR) as found:
        for _, kind, _ in APPROVED:
            assert refused(found.enact, kind, ours.current, {}).key == "approval_missing"
            same = {"by": "王五", "operator": "王五", "document": "1号"}
            assert refused(found.put_in_force, kind, found.current, {}, **same).key == "approver_operates"
    assert len(ours.state.log.acts) == 1


def test_who_ran_an_act_stands_in_the_log_and_in_no_publication(
    office: Callable[[str], Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAOHE_OPERATOR", "zhaoliu-7f3a")
    ours = office("provisional")
    ours.announce()
    ours.correct()
    assert [act.operator for act in ours.state.log.acts[1:]] == ["zhaoliu-7f3a"] * 2
    for path in files(ours.folder).values():
        assert (b"zhaoliu-7f3a" in said(path)) is (path.name == "acts.jsonl"), path


def test_what_an_earlier_version_published_stays_good(office: Callable[[str], Office]) -> None:
    """Its files stand at the top, and its log names no operators. It can be audited, delivered and announced; what is
    made of it is laid out anew, and the bytes of its log stay."""
    ours = office("provisional")
    folder = ours.folder / ours.current
    for face in FACES:
        (folder / face).rename(folder / before_folders(face))
    (folder / LEADERSHIP).rmdir()
    path = ours.folder / "acts.jsonl"
    path.unlink()
    (folder / SUMS).write_text(
        "".join(f"{sha}  {name}\n" for name, sha in file_hashes(folder, "**/*").items() if name != SUMS)
    )
    Log.read(ours.folder).add("publish", folder.name, {"state": "provisional", "files": file_hashes(folder, "*")})
    before = path.read_bytes()
    assert b"operator" not in before
    assert audit(ours.home, YEAR).wrong == []
    write_delivery(
        ours.home, mail={"host": "localhost", "tls": "none", "from": "a@b.example"}, leadership=["c@d.example"]
    )
    (parcel,) = Delivery(ours.home, YEAR).look()[0].parcels
    assert [*parcel.files] == [before_folders(face) for face in FACES]
    ours.announce()
    after = files(ours.folder / ours.current)
    assert set(FACES) <= after.keys()
    assert not {before_folders(face) for face in FACES} & after.keys()
    assert path.read_bytes().startswith(before)
    assert [act.operator is None for act in ours.state.log.acts] == [True, False]
    assert audit(ours.home, YEAR).wrong == []


# ---- the audit


CUTS: list[Any] = [
    pytest.param("announced", 1, "只有 1 条|里没有当前发布", id="the act that made the current one"),
    pytest.param("final", 2, "只有 2 条|里没有当前发布", id="several acts"),
    pytest.param("announced", 0, "acts.jsonl 不见了|里没有当前发布|只有 0 条", id="all of them"),
    pytest.param("appealed", 2, "score_appeal.csv 与日志不符", id="an appeal, which its ledger knows"),
]


@pytest.mark.parametrize(("state", "left", "sentence"), CUTS)
def test_the_audit_finds_a_log_that_was_cut(
    office: Callable[[str], Office], state: str, left: int, sentence: str
) -> None:
    ours = office(state)
    path = ours.folder / "acts.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    noted = ours.state.log.head
    assert audit(ours.home, YEAR, noted).noted == len(lines)
    path.write_bytes(b"".join(lines[:left]))
    assert any(re.search(sentence, said) for said in audit(ours.home, YEAR).wrong)
    if not left:
        path.unlink()
        assert any("不见了" in said for said in audit(ours.home, YEAR).wrong)
    assert audit(ours.home, YEAR, noted).wrong


def test_the_audit_asks_the_manifests_of_all_publications(office: Callable[[str], Office]) -> None:
    """Whoever cut the log put CURRENT and the ledger back too; the final publication still says how long it was."""
    ours = office("final")
    path, acts = ours.folder / "acts.jsonl", ours.state.log.acts
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    (ours.folder / "CURRENT").write_bytes(f"{acts[1].publication}\n".encode())
    (ours.home / "ledgers" / str(YEAR) / "score_appeal.csv").unlink()
    (said,) = audit(ours.home, YEAR).wrong
    assert f"发布 {acts[4].publication} 时已有 4 条" in said


def test_only_a_head_noted_outside_knows_of_a_line_nothing_follows_from(office: Callable[[str], Office]) -> None:
    """The appeal and its ledger both go: no publication was made since."""
    ours = office("appealed")
    path, head = ours.folder / "acts.jsonl", ours.state.log.head
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    (ours.home / "ledgers" / str(YEAR) / "score_appeal.csv").unlink()
    assert audit(ours.home, YEAR).wrong == []
    (said,) = audit(ours.home, YEAR, head).wrong
    assert head in said


def test_the_audit_asks_the_deliveries(office: Callable[[str], Office]) -> None:
    ours = office("announced")
    path = ours.folder / "acts.jsonl"
    write_delivery(
        ours.home, mail={"host": "localhost", "tls": "none", "from": "a@b.example"}, leadership=["c@d.example"]
    )
    (parcel,) = Delivery(ours.home, YEAR).look()[0].parcels
    Deliveries.read(ours.folder).add("sent", parcel)
    assert audit(ours.home, YEAR).wrong == []
    (ours.folder / "CURRENT").write_bytes(f"{ours.state.log.acts[0].publication}\n".encode())
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    shutil.rmtree(parcel.publication)  # whoever cut the log knew to cover it up
    (said,) = audit(ours.home, YEAR).wrong
    assert "已送达" in said


# ---- the commands


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_the_whole_way_by_its_commands(office: Callable[[str], Office], server: str, whole: bool) -> None:
    """``whole``: what each command refuses on the way, too; in-process tests above have the same refusals."""
    ours = office("provisional")
    where = ("--year", YEAR, "--home", ours.home)
    who = ("--by", "机关党委", "--document", "党办〔2024〕1号")

    def said(*arguments: object, status: int = 0) -> str:
        done = in_process(*arguments, server=server)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    own = ("--operator", "机关 党委")
    if whole:
        assert "就是经办人" in said("announce", *where, *who, *own, "--on", "2024-05-27", status=2)
    out = said("announce", *where, *who, "--operator", "王五", "--on", "2024-05-27")
    assert ours.state.log.acts[-1].operator == "王五"
    assert ours.state.log.head in out
    assert "公示到 2024-06-03，申诉到 2024-06-10" in out
    assert "工作日历里没有这些天，按周一至周五上班算：2024-06-01—" in out
    if whole:
        assert "已于 2024-05-27 公示" in said("announce", *where, *who, status=2)
    out = said(
        "appeal",
        "add",
        *where,
        *who,
        "--unit",
        "办公室",
        "--indicator",
        "第一轮抽查",
        "--claim",
        "记录是全的",
        "--on",
        "2024-06-05",
    )
    assert "已登记申诉 A1：办公室 · 第一轮抽查" in out
    out = said("correct", *where, *who, "--table", "inspection", "--key", "C1", "--column", "详实记录", "--expect", "否",
               "--value", "是", "--reason", "补交原件")  # fmt: skip
    assert "日志第 4 条" in out
    assert "下次 kaohe run 起生效" in out
    out = said("appeal", "resolve", "A1", *where, *who, "--decision", "成立", "--reason", "核实", "--on", "2024-06-07")
    assert "kaohe correct" in out
    assert "成立" in said("appeal", "list", *where)
    if whole:
        assert "日志第 4、5 条" in said("finalize", *where, *who, "--on", "2024-06-20", status=2)
    out = said("run", *where, "--inbox", ours.inbox, "--scheme", SMALL)
    assert "复核稿" in out
    assert "1 个单位有变更" in out
    assert "已定稿" in said("finalize", *where, *who, "--on", "2024-06-20")
    out = said("run", *where, "--inbox", ours.inbox / "没有", "--scheme", SMALL)
    assert "已定稿" in out
    assert "kaohe reissue" in out
    if whole:
        same = ("--inbox", ours.inbox, "--scheme", SMALL, "--reason", "核对")
        assert "没有重发" in said("reissue", *where, *who, *same, status=2)
    write_csv(ours.inbox / "抽查2.csv", [CHECK, check("C4", "办公室", 2, flags="1000")])
    out = said("reissue", *where, *who, "--inbox", ours.inbox, "--scheme", SMALL, "--reason", "漏计一次检查")
    assert "定稿（第 2 版）" in out
    assert ours.state.log.head in out
    assert "漏计一次检查" in said("history", *where)
    assert ours.state.log.head in said("audit", "verify", "--home", ours.home, "--head", ours.state.log.acts[1].sha256)
    if whole:
        english = said("history", *where, "--lang", "en")
        assert "takes back" not in english
        assert "A1 upheld: 核实" in english
    (ours.folder / ours.current / "scores.csv").unlink()
    assert "scores.csv" in said("audit", "verify", *where, status=2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["announce", "--by", " ", "--document", "1号"], "--by 不能是空的", id="blank"),
        pytest.param(
            ["announce", "--by", "党委", "--document", "1号", "--on", "明天"], "日期“明天”看不懂", id="no date"
        ),
        pytest.param(["announce", "--by", "党委"], "缺少 --document", id="no document"),
        pytest.param(
            ["announce", "--by", "党委", "--document", "1号"], "还没有 2023 年度的发布", id="nothing published"
        ),
        pytest.param(["appeal", "resolve", "A1", "--decision", "算了"], "--decision 的值不对", id="no decision"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = in_process(*arguments, "--year", YEAR, "--home", tmp_path / "home")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_restated_workbook_speaks_the_language_of_its_publication(office: Callable[[str], Office]) -> None:
    ours = office("provisional")
    use_language("en")
    ours.announce()
    assert note(ours.published()).startswith("公示稿")
    assert "announced on 2024-04-26" in str(refused(ours.announce))


def test_the_log_is_json_that_anybody_can_read(office: Callable[[str], Office]) -> None:
    lines = (office("final").folder / "acts.jsonl").read_text("utf-8").splitlines()
    for line in lines:
        assert json.loads(line)["details"]
