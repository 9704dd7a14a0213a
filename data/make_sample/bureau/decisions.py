"""What was decided about units: notices, adverse events, appeals, and corrections of what they handed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from make_sample import stories
from make_sample.bureau.books import Books
from make_sample.chance import YEAR
from make_sample.records import (
    AdverseEvent,
    Correction,
    Finding,
    Honor,
    IntegrityTalk,
    Meeting,
    ModelOffice,
    Notice,
    Record,
    ScoreAppeal,
    Task,
    key_of,
    table_of,
)
from make_sample.vocabulary import MADE_UP

_OFFICE = "机关党委"
_APPROVER = "机关党委书记"


def fill(books: Books) -> None:
    """Write these tables into the books."""
    books.file(Notice, _notices(books))
    books.file(AdverseEvent, _adverse_events(books))
    books.file(ScoreAppeal, _score_appeals())
    _correct(books)


def _made_up(books: Books) -> Finding:
    unit_id = stories.ONE_FACT_THRICE
    return next(f for f in books.of(Finding) if f.unit_id == unit_id and f.category == MADE_UP)


def _notices(books: Books) -> list[Notice]:
    finding = _made_up(books)
    many = stories.MOST_DEDUCTIONS
    return [
        Notice(
            "TB2023-01",
            finding.unit_id,
            "局",
            finding.found_on + timedelta(days=15),
            "会议记录事后补记",
            finding.finding_id,
        ),
        Notice("TB2023-02", many, "区", date(YEAR, 5, 8), "环保督察整改不力", None),
        Notice("TB2023-03", many, "区", date(YEAR, 9, 14), "信访件处置不当", None),
        Notice("TB2023-04", many, "局", date(YEAR, 11, 3), "材料迟报", "WT2399-0001"),
        Notice("TB2023-05", "J05", "局", date(YEAR, 7, 21), "组织生活不规范", None),
        Notice("TB2023-06", "D13", "局", date(YEAR, 10, 12), "值班脱岗", None),
        Notice("TB2022-07", "D21", "局", date(YEAR - 1, 12, 9), "材料迟报", None),
        Notice("TB2024-01", "D26", "局", date(YEAR + 1, 2, 26), "会风不严", None),
    ]


def _adverse_events(books: Books) -> list[AdverseEvent]:
    finding = _made_up(books)
    return [
        AdverseEvent(
            "SJ2023-01", stories.OVERDUE[0], "V1", "任期届满未换届且未经批准", "沪浦环党〔2023〕40号", _APPROVER,
            date(YEAR, 12, 20), None,
        ),
        AdverseEvent(
            "SJ2023-02", finding.unit_id, "V1", "会议记录事后补记", "沪浦环党〔2023〕42号", _APPROVER,
            date(YEAR, 12, 22), finding.finding_id,
        ),
        AdverseEvent(
            "SJ2023-03", stories.FABRICATED, "V2", "考核材料弄虚作假", "沪浦环党〔2023〕45号", _APPROVER,
            date(YEAR, 12, 28), None,
        ),
        AdverseEvent(
            "SJ2024-01", "D22", "V1", "党员违纪受处分", "沪浦环党〔2024〕3号", _APPROVER, date(YEAR + 1, 1, 18), None
        ),
    ]  # fmt: skip


def _score_appeals() -> list[ScoreAppeal]:
    done = (date(YEAR + 1, 3, 11), "采纳", _OFFICE)
    kept = (date(YEAR + 1, 3, 12), "不采纳", _OFFICE)
    waiting = (None, None, None)
    rows = (
        ("J12", "spot_check_round_1", date(YEAR + 1, 3, 5), "检查意见与记录不符", "会议记录复印件", done),
        ("D10", "election_on_time", date(YEAR + 1, 3, 5), "延期系上级统一安排", "请示件", kept),
        ("D16", "assembly_quarters", date(YEAR + 1, 3, 6), "请假人数未扣除", None, kept),
        ("J22", "study_xuexi", date(YEAR + 1, 3, 7), "平台数据未导出", "平台截图", waiting),
        ("D34", "themed_day_months", date(YEAR + 1, 3, 8), "台账已补交", None, waiting),
    )
    return [
        ScoreAppeal(f"SS2024-{number:02}", unit_id, "2023年度初评", indicator, day, claim, evidence, *end)
        for number, (unit_id, indicator, day, claim, evidence, end) in enumerate(rows, 1)
    ]


# --- Corrections -----------------------------------------------------------------------------------------------------


def _correct(books: Books) -> None:
    """A few records were filed with a wrong cell; an approved correction sets each right."""

    def full(row: Meeting) -> bool:
        return row.held_on.year == YEAR and row.types == ("主题党日",) and row.attend_count == row.due_count > 5

    meeting = books.pick(books.of(Meeting), full)
    _slip(books, meeting, "attend_count", meeting.attend_count - 4, "签到表漏登")
    honor = books.pick(books.of(Honor), lambda row: row.level == "区" and row.case_key is None)
    _slip(books, honor, "level", "市", "荣誉级别填错")
    talks = books.pick(books.of(IntegrityTalk), lambda row: row.talked_count == row.due_count > 3)
    _slip(books, talks, "talked_count", talks.talked_count - 2, "漏报两人")
    goal = books.pick(books.of(ModelOffice), lambda row: row.grade == "A")
    _slip(books, goal, "grade", "C", "评价等次录入错误")
    task = books.pick(books.of(Task), lambda row: row.done_on is not None and row.done_on <= row.due_on)
    _slip(books, task, "done_on", task.due_on + timedelta(days=20), "完成日期填错")


def _slip(books: Books, record: Record, column: str, filed: Any, reason: str) -> None:
    """Let a record be filed with a wrong cell, and correct it."""
    table, key = table_of(record), key_of(record)
    books.slips[table, key] = replace(record, **{column: filed})
    books.remark(record, f"filed with {column} {filed}: corrected to {getattr(record, column)}")
    books.rows[Correction].append(
        Correction(
            target_table=table,
            record_key="/".join(key),
            target_column=column,
            expect=str(filed),
            value=str(getattr(record, column)),
            reason=reason,
            source_doc=f"党建更正单〔2024〕{len(books.of(Correction)) + 1}号",
            approver=_APPROVER,
        )
    )
