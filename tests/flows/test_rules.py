"""Every rule of every contract: a row that breaks it is found out by it, and by no other; a good row by none."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest

from kaohe.contracts import load_contracts
from kaohe.project import Project
from kaohe.run import Run
from tests.helpers import AS_OF, CHECK, ROOT, YEAR, check, write_csv

OURS = load_contracts(ROOT / "expectations")

#: A good row of each table; {n} is its number, U01, U02 … are units without members on the register.
GOOD: dict[str, dict[str, object]] = {
    "org_unit": {
        "unit_id": "U{n:02}", "name": "单位{n:02}", "category": "基层单位", "party_org_type": "支部", "has_committee": "是",
        "group_count": 1, "member_count": 10, "valid_from": "2000-01-01",
    },
    "party_member": {
        "member_id": "党员{n}", "unit_id": "J01", "status": "正式", "role": "党员", "exempt": "否",
        "valid_from": "2000-01-01",
    },
    "inspection_plan": {
        "year": "20{n:02}", "month": 3, "unit_id": "J01", "round": 1, "drawn_on": "20{n:02}-03-31", "seed": "7",
    },
    "inspection": {
        "inspection_id": "C{n}", "unit_id": "J01", "round": 1, "inspected_on": "2023-03-05", "inspector": "王某",
        "inspector_unit": "J02", "fixed_time": 1, "agenda": 1, "procedure": 1, "detailed_record": 1, "opinion": "规范",
        "guidance": "已指导", "follow_up": "已督促",
    },
    "inspection_finding": {
        "finding_id": "F{n}", "inspection_id": "C1", "unit_id": "J01", "severity": "一般", "category": "记录不全",
        "found_on": "2023-03-05", "due_on": "2023-03-05", "rectified_on": "2023-03-05", "rechecked_on": "2023-03-05",
        "status": "已销号",
    },
    "study_stat": {
        "platform": "学习强国", "period": "2023-{n:02}", "unit_id": "J01", "enrolled": 10, "active": 10,
        "participation_rate": "100%", "score_per_head": 1848, "passed": 10,
    },
    "pairing_agreement": {
        "agreement_id": "A{n}", "unit_id": "J01", "partner": "某处", "partner_type": "行业", "signed_on": "2023-01-01",
        "expires_on": "2023-01-01",
    },
    "pairing_activity": {
        "activity_id": "H{n}", "agreement_id": "A1", "unit_id": "J01", "held_on": "2023-01-01", "theme": "主题{n}",
        "own_count": 0, "outcome": "好",
    },
    "pairing_item": {
        "item_id": "I{n}", "agreement_id": "A1", "kind": "项目", "content": "清淤", "due_on": "2023-05-01", "status": "进行中",
    },
    "org_life_record": {
        "record_id": "R{n}", "unit_id": "J01", "group_id": "一组", "types": "支部党员大会、党小组会", "held_on": "2023-05-10",
        "attributed_year": 2022, "topic": "学习", "host": "甲", "recorder": "乙", "due_count": 5, "attend_count": 4,
        "leave_count": 1, "text_hash": "h{n}", "created_on": "2023-05-17",
    },
    "rectification": {
        "item_id": "Z{n}", "unit_id": "J01", "origin": "巡察", "content": "补记录", "due_on": "2023-05-01",
    },
    "democratic_review": {
        "unit_id": "U{n:02}", "attributed_year": 2023, "held_on": "2024-03-10", "due_count": 5, "attend_count": 5,
        "excellent": 1, "qualified": 3, "basic": 1, "unqualified": 0,
    },
    "talk_record": {
        "talk_id": "T{n}", "unit_id": "J01", "member_id": "党员1", "talked_on": "2000-01-01", "kind": "日常",
    },
    "first_topic": {
        "topic_id": "D{n}", "unit_id": "J01", "held_on": "2023-05-10", "meeting": "党委会", "topic": "讲话",
        "is_first_item": "是",
    },
    "joint_study": {
        "study_id": "L{n}", "unit_id": "J01", "held_on": "2023-05-10", "partner": "某处", "topic": "讲话", "hours": 24,
        "due_count": 5, "attend_count": 5,
    },
    "campaign_session": {
        "session_id": "X{n}", "campaign": "主题教育", "unit_id": "J01", "kind": "宣讲", "held_on": "2023-05-10",
        "covered_count": 5,
    },
    "training_record": {
        "member_id": "党员1", "course_id": "K{n}", "unit_id": "J01", "trainee_group": "党员", "start_on": "2023-05-10",
        "hours": 120, "mode": "线上",
    },
    "honor": {
        "honor_id": "Y{n}", "unit_id": "J01", "subject": "个人", "title": "先进", "level": "区", "granted_on": "2023-05-10",
    },
    "loyalty_education": {
        "session_id": "E{n}", "unit_id": "J01", "held_on": "2023-05-10", "topic": "忠诚", "due_count": 5, "attend_count": 5,
    },
    "warning_education": {
        "session_id": "W{n}", "unit_id": "J01", "held_on": "2023-05-10", "topic": "案例", "due_count": 5, "attend_count": 5,
    },
    "task_breakdown": {
        "task_id": "B{n}", "unit_id": "J01", "clause": "第一条", "owner": "甲", "due_on": "2023-05-10",
    },
    "election": {
        "unit_id": "U{n:02}", "term_start": "2020-03-01", "org_type": "支部", "term_years": 3, "due_on": "2023-03-01",
        "held_on": "2024-03-01", "extension_approved_to": "2024-03-01", "approval_no": "沪委〔2023〕1号",
    },
    "member_development": {
        "person_id": "对象{n}", "unit_id": "J01", "applied_on": "2021-01-01", "talked_on": "2021-01-01",
        "activist_on": "2021-01-01", "object_on": "2022-01-01", "training_hours": 24, "prereview_on": "2022-01-01",
        "meeting_on": "2022-01-01", "approved_on": "2022-01-01", "regular_on": "2023-01-01",
    },
    "secretary_meeting": {
        "meeting_id": "S{n}", "unit_id": "J01", "held_on": "2023-05-10", "attended": "本人", "reported": "否",
    },
    "guidance_log": {"guidance_id": "G{n}", "unit_id": "J01", "tier": "C", "reason": "后进", "action": "走访"},
    "innovation_case": {
        "case_id": "N{n}", "unit_id": "J01", "title": "案例", "level": "市", "adopted_on": "2023-05-10", "case_key": "K{n}",
    },
    "cadre_action": {
        "action_id": "O{n}", "unit_id": "J01", "plan": "青年计划", "item": "挂职", "planned_on": "2023-05-10",
    },
    "model_office": {"unit_id": "U{n:02}", "year": 2023, "goal": "讲政治", "grade": "A"},
    "frontline_post": {
        "post_id": "P{n}", "member_id": "党员1", "unit_id": "J01", "host_unit": "某街道", "start_on": "2023-05-10",
        "days": 5, "role": "河道养护", "outcome": "好",
    },
    "united_front_activity": {
        "activity_id": "V{n}", "unit_id": "J01", "kind": "工会", "held_on": "2023-05-10", "attend_count": 0,
    },
    "integrity_risk": {
        "risk_id": "Q{n}", "unit_id": "J01", "category": "审批", "point": "许可", "level": "高",
    },
    "integrity_talk": {
        "talk_id": "M{n}", "unit_id": "J01", "talked_on": "2023-05-10", "kind": "例行", "form": "个别", "due_count": 36,
        "talked_count": 36,
    },
    "appeal_request": {
        "request_id": "SQ{n}", "unit_id": "J01", "handler_unit_id": "J02", "received_on": "2023-05-10",
        "due_on": "2023-05-10", "closed_on": "2023-05-10",
    },
    "clue_summary": {"unit_id": "U{n:02}", "quarter": "2023Q4", "clues": 0},
    "notice": {"notice_id": "TB{n}", "unit_id": "J01", "level": "区", "issued_on": "2023-05-10", "fact": "迟报"},
    "adverse_event": {
        "event_id": "FJ{n}", "unit_id": "J01", "level": "V1", "fact": "逾期换届", "source_doc": "某号文", "approver": "机关纪委",
        "effective_on": "2023-05-10",
    },
    "score_appeal": {
        "appeal_id": "SS{n}", "unit_id": "J01", "publication": "20240331-abc", "indicator": "spot_check",
        "filed_on": "2024-03-10", "claim": "有记录", "decided_on": "2024-03-10", "decision": "维持", "decided_by": "机关党委",
    },
    "correction": {
        "target_table": "inspection", "record_key": "C{n}", "target_column": "agenda", "expect": "否", "value": "是",  # as it says already
        "reason": "补正", "source_doc": "某号文", "approver": "机关党委",
    },
    "unit_alias": {"alias": "别名{n}", "platform": "通用", "unit_id": "J01"},
    "work_calendar": {"day": "2023-05-{n:02}", "is_workday": "是"},
}  # fmt: skip

_MORE_DUE = "应到人数多于当日党员名册上的人数"
_MORE_DUE_TO_TAKE_PART = "应参加人数多于当日党员名册上的人数"
_MORE_THAN_DUE = "实到人数多于应到人数"
_NOT_A_MEMBER = "当日不在本单位的党员名册上，请核对写法"
_ATTEND_BELOW_NONE = "实到人数不能为负"
_COPIED_YEAR = "所属年度不是召开当年或上一年，请核对"
_OVERLAP = "同一党员的另一条记录与本条时间重叠，转出的请填转出日期"
_TWICE_PAIRED = "同一活动在行业共建和街镇共建里各报了一次，只计一次"
_TWO_DATES = "同一次例会在各单位的记录里日期不一致"
_TWO_UNITS = "同一案例有几个单位报，请核对归哪个单位"

#: Rows after the good one: the table, the sentence of the rule that finds it out ("" for none), and what is different.
ROWS: list[tuple[str, str, dict[str, object]]] = [
    *[("org_unit", "", {})] * 12,
    ("org_unit", "", {"unit_id": "J01", "name": "办公室", "has_committee": "否", "member_count": 6}),
    ("org_unit", "", {"unit_id": "J02", "name": "法规处"}),
    ("org_unit", "党小组数不能为负", {"group_count": -1}),
    ("org_unit", "党员数不能为负", {"member_count": -1, "has_committee": "否"}),
    ("org_unit", "撤销日期早于成立日期", {"valid_to": "1999-12-31"}),
    ("org_unit", "正式党员不足 7 人一般不设支委会，7 人以上应设；请核对", {"has_committee": "否"}),
    *[("party_member", "", {})] * 4,
    ("party_member", "转出日期早于转入日期", {"valid_to": "1999-12-31"}),
    ("party_member", _OVERLAP, {"member_id": "老张", "unit_id": "J02", "valid_to": "2023-06-30"}),
    ("party_member", _OVERLAP, {"member_id": "老张", "unit_id": "U13", "valid_from": "2023-06-29"}),
    ("party_member", "", {"member_id": "老李", "unit_id": "J02", "valid_to": "2023-06-30"}),
    ("party_member", "", {"member_id": "老李", "unit_id": "U13", "valid_from": "2023-06-30"}),
    ("inspection_plan", "月份只能是 1 到 12", {"month": 13}),
    ("inspection_plan", "轮次只能是 1 或 2", {"round": 3}),
    ("inspection_plan", "计划月份过后才抽取", {"month": "2月"}),
    ("inspection", "轮次只能是 1 或 2", {"round": 3}),
    ("inspection", "检查人来自被检查单位自己", {"inspector_unit": "办公室"}),
    ("inspection_finding", "整改期限早于检查日期", {"due_on": "2023-03-04"}),
    ("inspection_finding", "整改日期早于发现日期", {"rectified_on": "2023-03-04"}),
    ("inspection_finding", "复查日期早于整改日期", {"rechecked_on": "2023-03-04"}),
    ("inspection_finding", "问题的责任单位与该次检查的单位不一致", {"unit_id": "J02"}),
    ("inspection_finding", "在“组织生活记录抽查”里找不到", {"inspection_id": "C99"}),
    ("study_stat", "应参加人数不能为负", {"enrolled": -1, "passed": ""}),
    ("study_stat", "参加人数不能为负", {"active": -1}),
    ("study_stat", "参学率不能为负", {"participation_rate": "-1%"}),
    ("study_stat", "参加人数多于应参加人数", {"active": 11}),
    ("study_stat", "参学率超过 100%", {"participation_rate": "100.1%"}),
    ("study_stat", "青年大学习参学率超过 100%（重复参学），按 100% 计", {"platform": "青年大学习", "participation_rate": "103%"}),
    ("study_stat", "上海干部在线学习城要填学时达标人数", {"platform": "干部在线", "passed": ""}),
    ("study_stat", "达标人数为负或多于应参加人数", {"passed": 11}),
    ("study_stat", "达标人数为负或多于应参加人数", {"passed": -1}),
    ("study_stat", "人均积分超过每日 66 分的上限（学习强国 2019 年积分规则）", {"score_per_head": 2047}),
    ("pairing_agreement", "", {"partner_type": "街道", "expires_on": "2023-12-31"}),
    ("pairing_agreement", "到期日期早于签订日期", {"expires_on": "2022-12-31"}),
    ("pairing_activity", "参加人数不能为负", {"own_count": -1}),
    ("pairing_activity", "协议是别的单位签的", {"unit_id": "J02"}),
    ("pairing_activity", _TWICE_PAIRED, {"theme": "巡河"}),
    ("pairing_activity", _TWICE_PAIRED, {"theme": "巡河", "agreement_id": "A2"}),
    ("pairing_item", "", {"kind": "资源", "due_on": ""}),
    ("pairing_item", "项目没有计划完成日期，不计入应完成项目", {"due_on": ""}),
    ("org_life_record", "", {"types": "支委会、主题党日", "group_id": "", "due_count": 9, "attributed_year": 2023}),
    ("org_life_record", "", {"unit_id": "U01", "due_count": 99}),
    ("org_life_record", _ATTEND_BELOW_NONE, {"attend_count": -1}),
    ("org_life_record", _MORE_THAN_DUE, {"due_count": 3}),
    ("org_life_record", "请假人数不能为负", {"leave_count": -1}),
    ("org_life_record", "实到加请假多于应到人数", {"leave_count": 2}),
    ("org_life_record", _MORE_DUE, {"due_count": 6}),
    ("org_life_record", "", {"held_on": "1999-12-31", "attributed_year": 1999, "created_on": "1999-12-31"}),
    ("org_life_record", "没有写是哪个党小组的会", {"group_id": ""}),
    ("org_life_record", _COPIED_YEAR, {"attributed_year": 2024}),
    ("org_life_record", _COPIED_YEAR, {"attributed_year": 2021}),
    ("org_life_record", "会后超过 7 天才录入", {"created_on": "2023-05-18"}),
    ("org_life_record", "会议还没开就录入了", {"created_on": "2023-05-09"}),
    ("org_life_record", "", {"text_hash": "same"}),
    ("org_life_record", "", {"text_hash": "same", "unit_id": "J02", "due_count": 1, "attend_count": 0}),
    ("org_life_record", "记录文本与本单位更早的一次会议完全相同，这次会议不计", {"text_hash": "same", "held_on": "2023-05-11"}),
    ("org_life_record", "没有决议事项也没有记录文本，这次会议不计分", {"text_hash": ""}),
    ("org_life_record", "", {"text_hash": "", "resolutions": "同意"}),
    ("democratic_review", _ATTEND_BELOW_NONE, {"attend_count": -1}),
    ("democratic_review", _MORE_THAN_DUE, {"attend_count": 6}),
    ("democratic_review", "优秀人数不能为负", {"excellent": -1}),
    ("democratic_review", "合格人数不能为负", {"qualified": -1}),
    ("democratic_review", "基本合格人数不能为负", {"basic": -1}),
    ("democratic_review", "不合格人数不能为负", {"unqualified": -1}),
    ("democratic_review", "四个等次的人数之和多于应参加人数", {"qualified": 4}),
    ("democratic_review", _MORE_DUE_TO_TAKE_PART, {"unit_id": "J01", "due_count": 6}),
    ("democratic_review", _COPIED_YEAR, {"attributed_year": 2032}),
    ("talk_record", "", {"unit_id": "U01", "member_id": "某人"}),
    ("talk_record", _NOT_A_MEMBER, {"member_id": "某人"}),
    ("talk_record", _NOT_A_MEMBER, {"talked_on": "1999-12-31"}),
    ("joint_study", _ATTEND_BELOW_NONE, {"attend_count": -1}),
    ("joint_study", _MORE_THAN_DUE, {"due_count": 4}),
    ("joint_study", _MORE_DUE, {"due_count": 6}),
    ("joint_study", "学习时长不能为负", {"hours": -1}),
    ("joint_study", "一天的学习时长超过 24 小时", {"hours": 24.5}),
    ("campaign_session", "覆盖人数不能为负", {"covered_count": -1}),
    ("campaign_session", "覆盖人数多于当日党员名册上的人数", {"covered_count": 6}),
    ("training_record", "学时不能为负", {"hours": -1}),
    ("training_record", "一次培训超过 120 学时，请核对是否多写了一位", {"hours": 320}),
    ("training_record", "", {"unit_id": "J02"}),
    ("training_record", "不在党员名册上，请核对写法", {"member_id": "某人"}),
    ("loyalty_education", _ATTEND_BELOW_NONE, {"attend_count": -1}),
    ("loyalty_education", _MORE_THAN_DUE, {"due_count": 4}),
    ("loyalty_education", _MORE_DUE_TO_TAKE_PART, {"due_count": 6}),
    ("warning_education", _ATTEND_BELOW_NONE, {"attend_count": -1}),
    ("warning_education", _MORE_THAN_DUE, {"due_count": 4}),
    ("warning_education", _MORE_DUE_TO_TAKE_PART, {"due_count": 6}),
    ("election", "任期只能是 3 年或 5 年", {"term_years": 4, "due_on": "2024-03-01"}),
    ("election", "应换届日期不晚于本届起始日期", {"term_start": "2023-03-01"}),
    ("election", "换届日期早于本届起始日期", {"held_on": "2020-02-28"}),
    ("election", "批准延期至的日期早于应换届日期", {"extension_approved_to": "2023-02-28"}),
    ("election", "应换届日期与起始日期加任期相差一个月以上，请核对", {"term_years": 5}),
    ("election", "延期没有批复文号，不作数", {"approval_no": ""}),
    ("election", "延期超过一年（基层组织选举工作条例第三条）", {"extension_approved_to": "2024-03-02"}),
    ("member_development", "派人谈话早于申请入党", {"talked_on": "2020-12-31"}),
    ("member_development", "确定积极分子早于申请入党", {"activist_on": "2020-12-31"}),
    ("member_development", "确定发展对象早于确定积极分子", {"object_on": "2020-12-31"}),
    ("member_development", "预审早于确定发展对象", {"prereview_on": "2021-12-31"}),
    ("member_development", "支部大会早于预审", {"meeting_on": "2021-12-31"}),
    ("member_development", "审批早于支部大会", {"approved_on": "2021-12-31"}),
    ("member_development", "转正早于接收预备党员", {"regular_on": "2021-12-31"}),
    ("member_development", "培训学时不能为负", {"training_hours": -1}),
    ("secretary_meeting", _TWO_DATES, {"meeting_id": "S"}),
    ("secretary_meeting", _TWO_DATES, {"meeting_id": "S", "unit_id": "J02", "held_on": "2023-05-11"}),
    ("innovation_case", "", {"case_key": "K1"}),
    ("innovation_case", _TWO_UNITS, {"case_key": "K"}),
    ("innovation_case", _TWO_UNITS, {"case_key": "K", "unit_id": "J02"}),
    ("frontline_post", "换岗天数不能为负", {"days": -1}),
    ("frontline_post", "接收单位就是派出单位", {"host_unit": "办公室"}),
    ("frontline_post", _NOT_A_MEMBER, {"member_id": "老张"}),
    ("united_front_activity", "参加人数不能为负", {"attend_count": -1}),
    ("integrity_talk", "已约谈人数不能为负", {"talked_count": -1}),
    ("integrity_talk", "已约谈人数多于应约谈人数", {"talked_count": 37}),
    ("appeal_request", "办结期限早于受理日期", {"due_on": "2023-05-09"}),
    ("appeal_request", "办结日期早于受理日期", {"closed_on": "2023-05-09"}),
    ("clue_summary", "季度请写成 2023Q1 这样", {"quarter": "2023Q5"}),
    ("clue_summary", "季度请写成 2023Q1 这样", {"quarter": "2023年1季度"}),
    ("clue_summary", "线索数不能为负", {"clues": -1}),
    ("notice", "", {"finding_id": "F1"}),
    ("notice", "在“抽查问题整改清单”里找不到", {"finding_id": "F99"}),
    ("adverse_event", "在“抽查问题整改清单”里找不到", {"finding_id": "F99"}),
    ("score_appeal", "", {"decided_on": "", "decision": "", "decided_by": ""}),
    ("score_appeal", "复核日期早于申诉日期", {"decided_on": "2024-03-09"}),
    ("score_appeal", "复核日期、结论和机构要一起填", {"decided_by": ""}),
    ("score_appeal", "复核日期、结论和机构要一起填", {"decided_on": "", "decision": ""}),
    ("correction", "更正前后相同，等于没有更正", {"expect": "是"}),
    ("unit_alias", "是另一个单位自己的名称，或同时指向两个单位", {"alias": "法规处"}),
]  # fmt: skip


def _numbered() -> dict[tuple[str, int], tuple[str, dict[str, object]]]:
    """(table, row in its file) → the sentence expected, and the cells."""
    numbers = defaultdict(lambda: count(1))
    numbered = {}
    for table, said, changes in [*((table, "", {}) for table in GOOD), *ROWS]:
        n = next(numbers[table])
        cells = {name: cell.format(n=n) if isinstance(cell, str) else cell for name, cell in GOOD[table].items()}
        numbered[table, n + 1] = said, cells | changes
    return numbered


CASES = _numbered()

#: (table, row in its file) → what validation says of it: severity and sentence.
Found = dict[tuple[str, int], set[tuple[str, str]]]


def findings(run: Run, tables: Iterable[str]) -> Found:
    """What a validated run says of the records of ``tables``."""
    problems = run.warehouse.rows(
        "select table_name, _rec, severity, sentence from main.problem "
        "join main.said using (table_name, rule, column_name)"
    )
    row_of = {rec: row for table in tables for rec, row in run.warehouse.rows(f"select _rec, _row from raw.{table}")}
    found: Found = defaultdict(set)
    for table, rec, severity, sentence in problems:
        if rec in row_of:
            found[table, row_of[rec]].add((severity, sentence))
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Found:
    """What one run over all rows says of them."""
    folder = tmp_path_factory.mktemp("rules")
    rows: dict[str, list[list[object]]] = {}
    for (table, _), (_, cells) in CASES.items():
        columns = OURS[table].columns
        kept = rows.setdefault(table, [[column.headings[0] for column in columns.values()]])
        kept.append([cells.get(name, "") for name in columns])
    for table, lines in rows.items():
        write_csv(folder / "inbox" / f"{table}.csv", lines)
    with Run(folder / "inbox", YEAR, AS_OF, None, folder / "home", False) as run:
        run.pull()
        run.validate()
        return findings(run, OURS)


@pytest.mark.parametrize(
    ("table", "row"), CASES, ids=[f"{table} {row} {said or 'good'}" for (table, row), (said, _) in CASES.items()]
)
def test_a_row_is_found_out_by_its_rule_alone(found: Found, table: str, row: int) -> None:
    said, _ = CASES[table, row]
    severity = {rule.say: rule.severity for rule in OURS[table].expectations}
    if "找不到" in said:
        severity[said] = "warning"
    assert found.get((table, row), set()) == ({(severity.get(said, "critical"), said)} if said else set())


@pytest.mark.parametrize("table", OURS)
def test_every_rule_has_a_row_that_breaks_it(table: str) -> None:
    broken = {said for (name, _), (said, _) in CASES.items() if name == table}
    rules = {rule.say for rule in OURS[table].expectations if not rule.type.startswith("expect_table_")}
    assert rules <= broken


WORDS = """\
table: visit
title: 走访
key: [order]
event_date: end
year: desc
reference: true
columns:
  order:  {type: code, headings: [走访编号], required: true}
  group:  {type: unit, headings: [走访单位], required: true}
  end:    {type: date, headings: [走访结束], required: true}
  desc:   {type: integer, headings: [走访年度]}
  value:  {type: person, headings: [走访人], required: true}
  column: {type: list, headings: [走访方式], values: [电话, 上门]}
  select: {type: choice, headings: [走访等次], values: [甲, 乙]}
  limit:  {type: number, headings: [走访时长]}
  rule:   {type: flag, headings: [是否回访]}
  table:  {type: code, headings: [走访依据], references: {table: inspection, severity: critical}}
expectations:
  - type: expect_column_values_to_be_between
    column: limit
    min_value: 0
    severity: critical
    say: 时长不能为负
    say_en: the time cannot be negative
  - type: unexpected_rows_expectation
    unexpected_rows_query: select _rec from {batch} where "rule" and "limit" > 8
    column: rule
    severity: warning
    say: 时长太长
    say_en: too long
"""


def test_columns_may_be_named_like_words_of_sql(inbox: Path, home: Path, project: Project) -> None:
    (project.expectations / "visit.yml").write_text(WORDS, "utf-8")
    good = {
        "走访编号": "Z1", "走访单位": "办公室", "走访结束": "2022-05-10", "走访年度": "2023", "走访人": "甲",
        "走访方式": "电话、上门", "走访等次": "甲", "走访时长": "8", "是否回访": "是", "走访依据": "C1",
    }  # fmt: skip
    changes = [
        ({}, ""),
        ({"走访单位": "外单位"}, "不在单位名册和别名表里，最接近的是："),
        ({"走访结束": "某日"}, "不是完整有效的日期，请写成 2023-03-05 这样"),
        ({"走访结束": "2024-05-10"}, "晚于截至日期 2024-03-31"),
        ({"走访年度": "去年"}, "不是整数"),
        ({"走访人": ""}, "必填，却是空的"),
        ({"走访方式": "邮寄"}, "里有不可选的值（电话、上门）"),
        ({"走访等次": "丙"}, "只能是：甲、乙"),
        ({"走访时长": "-1"}, "时长不能为负"),
        ({"走访时长": "9"}, "时长太长"),
        ({"是否回访": "也许"}, "看不出是“是”还是“否”"),
        ({"走访依据": "C2"}, "在“组织生活记录抽查”里找不到"),
        ({"走访编号": "Z0", "走访单位": "法规处"}, "编号重复而内容不同，无法判断哪一条对"),
        ({"走访编号": "Z0", "走访人": "乙"}, "编号重复而内容不同，无法判断哪一条对"),
    ]
    rows = [good | {"走访编号": f"Z{n}"} | change for n, (change, _) in enumerate(changes, start=2)]
    write_csv(inbox / "走访.csv", [list(good), *([row[h] for h in good] for row in rows)])
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    with Run(inbox, YEAR, AS_OF, None, home, False) as run:
        run.pull()
        run.validate()
        found = findings(run, ["visit"])
        assert [{said for _, said in found["visit", n]} for n in range(2, len(changes) + 2)] == [
            {said} if said else set() for _, said in changes
        ]
        assert run.warehouse.rows(
            'select "order", "group", "end", "value" <> \'甲\', "column", _year from main.visit'
        ) == [
            ("Z2", "J01", dt.date(2022, 5, 10), True, ["电话", "上门"], 2023),
            ("Z11", "J01", dt.date(2022, 5, 10), True, ["电话", "上门"], 2023),
        ]
