"""All other ledgers: the bureau's own, and the books of some units, which keep several tables together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from make_sample.chance import YEAR
from make_sample.mess.layout import File, Sheet, Style
from make_sample.records import Unit

#: Units that keep one book of their own, and the tables that they keep in it.
BOOKS: Final = ("J12", "J24", "D13", "D17", "D26", "D35")
BOOK_TABLES: Final = frozenset(
    {
        "org_life_record", "first_topic", "joint_study", "loyalty_education", "warning_education", "talk_record",
        "integrity_risk", "integrity_talk", "training_record",
    }
)  # fmt: skip

_HEADS: Final[Mapping[str, str]] = {
    "first_topic": (
        "序号 议题编号=topic_id 单位名称=unit_id 会议日期=held_on 会议名称=meeting 学习内容=topic "
        "是否第一议题=is_first_item 贯彻落实举措=action"
    ),
    "joint_study": (
        "序号 联组学习编号=study_id 单位名称=unit_id 学习日期=held_on 联组单位=partner 学习主题=topic "
        "学习时长=hours 参学情况/应到人数=due_count 参学情况/实到人数=attend_count"
    ),
    "campaign_session": (
        "宣讲编号=session_id 专题名称=campaign 单位名称=unit_id 宣讲形式=kind 宣讲日期=held_on "
        "覆盖人数=covered_count 备注"
    ),
    "training_record": (
        "参训人员=member_id 课程编号=course_id 所在单位=unit_id 培训对象=trainee_group 培训日期=start_on "
        "学时=hours 培训方式=mode"
    ),
    "honor": (
        "序号 荣誉编号=honor_id 获奖单位=unit_id 荣誉类型=subject 荣誉名称=title 荣誉级别=level "
        "授予日期=granted_on 宣传日期=publicised_on 同一事迹编号=case_key 备注"
    ),
    "loyalty_education": (
        "序号 政治教育编号=session_id 单位名称=unit_id 教育日期=held_on 教育主题=topic 应参加人数=due_count "
        "实际参加人数=attend_count"
    ),
    "warning_education": (
        "序号 警示教育编号=session_id 单位名称=unit_id 教育日期=held_on 教育内容=topic 应参加人数=due_count "
        "实际参加人数=attend_count"
    ),
    "task_breakdown": (
        "序号 任务编号=task_id 责任单位=unit_id 要点条款=clause 责任人=owner 完成情况/完成时限=due_on "
        "完成情况/完成日期=done_on 完成情况/佐证材料=evidence"
    ),
    "cadre_action": (
        "序号 行动编号=action_id 责任单位=unit_id 所属计划=plan 工作事项=item 计划完成日期=planned_on "
        "实际完成日期=done_on"
    ),
    "election": (
        "序号 单位名称=unit_id 组织类型=org_type 任期/本届起始日期=term_start 任期/任期年限=term_years "
        "任期/应换届日期=due_on 换届日期=held_on 批准延期至=extension_approved_to 延期批复文号=approval_no"
    ),
    "member_development": (
        "序号 发展对象编号=person_id 支部名称=unit_id 申请入党日期=applied_on 派人谈话日期=talked_on "
        "确定积极分子日期=activist_on 确定发展对象日期=object_on 集中培训学时=training_hours "
        "预审日期=prereview_on 支部大会日期=meeting_on 上级审批日期=approved_on 转正日期=regular_on 备注"
    ),
    "secretary_meeting": "例会编号=meeting_id 单位名称=unit_id 例会日期=held_on 出席情况=attended 是否述职=reported",
    "guidance_log": (
        "指导编号=guidance_id 被指导单位=unit_id 单位分层=tier 指导原因=reason 指导措施=action 回访日期=followed_up_on"
    ),
    "org_life_record": (
        "序号 记录编号=record_id 支部名称=unit_id 党小组=group_id 会议类型=types 召开日期=held_on "
        "所属年度=attributed_year 会议主题=topic 主持人=host 记录人=recorder 应到=due_count 实到=attend_count "
        "请假=leave_count 缺席原因=absent_reason 形成决议=resolutions 文本指纹=text_hash 录入日期=created_on"
    ),
    "rectification": (
        "序号 整改编号=item_id 整改单位=unit_id 问题来源=origin 问题内容=content 整改期限=due_on "
        "整改完成日期=done_on 备注"
    ),
    "democratic_review": (
        "序号 支部名称=unit_id 评议年度=attributed_year 评议日期=held_on 应参加人数=due_count "
        "实际参加人数=attend_count 评议结果/优秀=excellent 评议结果/合格=qualified 评议结果/基本合格=basic "
        "评议结果/不合格=unqualified"
    ),
    "talk_record": "谈话编号=talk_id 支部名称=unit_id 谈话对象=member_id 谈话日期=talked_on 谈话类型=kind",
    "inspection_plan": "年度=year 计划月份=month 计划抽查单位=unit_id 轮次=round 抽取日期=drawn_on 随机种子=seed",
    "innovation_case": (
        "案例编号=case_id 报送单位=unit_id 案例名称=title 入选级别=level 入选日期=adopted_on 同一案例编号=case_key"
    ),
    "model_office": (
        "单位名称=unit_id 创建年度=year 创建目标=goal 评价等次=grade 五个过硬=hard_points 主要做法=evidence"
    ),
    "frontline_post": (
        "序号 换岗编号=post_id 换岗人员=member_id 派出单位=unit_id 接收单位=host_unit 开始日期=start_on 天数=days "
        "岗位=role 成果=outcome 备注"
    ),
    "united_front_activity": (
        "群团活动编号=activity_id 主办单位=unit_id 工作类别=kind 活动日期=held_on 参加人数=attend_count"
    ),
    "integrity_risk": (
        "序号 风险编号=risk_id 单位名称=unit_id 风险类别=category 风险点=point 风险等级=level 防控措施=measure "
        "责任人=owner 分管领导=leader 复核日期=reviewed_on"
    ),
    "integrity_talk": (
        "序号 约谈编号=talk_id 单位名称=unit_id 约谈日期=talked_on 约谈类型=kind 约谈形式=form 应谈人数=due_count "
        "实谈人数=talked_count"
    ),
    "appeal_request": (
        "诉求编号=request_id 提出单位=unit_id 承办单位=handler_unit_id 受理日期=received_on 办结期限=due_on "
        "办结日期=closed_on"
    ),
    "clue_summary": "单位名称=unit_id 季度=quarter 线索件数=clues",
    "notice": (
        "序号 通报编号=notice_id 被通报单位=unit_id 通报级别=level 通报日期=issued_on 通报事项=fact 问题编号=finding_id"
    ),
    "adverse_event": (
        "序号 否决事项编号=event_id 涉及单位=unit_id 否决等级=level 否决事项=fact 依据文号=source_doc "
        "批准机构=approver 生效日期=effective_on 问题编号=finding_id"
    ),
    "score_appeal": (
        "申诉编号=appeal_id 申诉单位=unit_id 发布编号=publication 申诉指标=indicator 申诉日期=filed_on "
        "申诉理由=claim 佐证材料=evidence 复核日期=decided_on 复核结论=decision 复核机构=decided_by"
    ),
    "correction": (
        "序号 更正台账=target_table 更正记录编号=record_key 更正栏目=target_column 更正前=expect 更正后=value "
        "更正理由=reason 依据文号=source_doc 批准机构=approver"
    ),
}

_NAMES: Final = ("full", "short", "everyday")


def _sheet(name: str, slot: str, title: str = "", *, table: str = "", **style: object) -> Sheet:
    """One table of a ledger; `slot` is its drawer, which begins with the table's name."""
    looks = Style(**{"names": ("short",), **style})  # type: ignore[arg-type]
    return Sheet(name, (slot,), _HEADS[table or slot.split("/")[0]], looks, title=title)


def ledger_files(units: Mapping[str, Unit]) -> list[File]:
    """Every ledger."""
    return [
        *_theory(),
        *_foundation(),
        *_organisational_life(),
        *_synergy(),
        *_integrity(),
        *_decisions(),
        *_books(units),
    ]


def _text(path: str, sheet: Sheet, encoding: str = "gbk", delimiter: str = ",") -> File:
    return File(path, (sheet,), encoding, delimiter)


def _theory() -> list[File]:
    study = _sheet("联组学习", "joint_study", f"{YEAR}年联组学习台账", dates=("cn",), names=_NAMES)
    return [
        File(
            "学习/第一议题学习台账.xlsx",
            (
                _sheet("机关", "first_topic/J", "第一议题学习台账（机关）", dates=("true",), flags="tick"),
                _sheet("基层", "first_topic/D", "第一议题学习台账（基层）", dates=("dot", "slash"), names=_NAMES),
            ),
        ),
        File("学习/联组学习台账.xlsx", (replace(study, total="合计", note="应到人数含预备党员。"),)),
        _text("学习/主题教育集中宣讲.csv", _sheet("", "campaign_session", dates=("cn",), odd_numbers=True)),
        _text("培训/党员培训记录（机关）.csv", _sheet("", "training_record/J", dates=("iso",)), "utf-8-sig"),
        File(
            "培训/党员培训记录（基层）.xlsx",
            (_sheet("培训记录", "training_record/D", dates=("dot",), names=("full",)),),
        ),
        File(
            "典型/先进典型和创新案例.xlsx",
            (
                _sheet("先进典型", "honor", "先进典型与荣誉台账", dates=("true",), names=("full",), blanks=True),
                _sheet("创新案例", "innovation_case", dates=("cn",)),
            ),
        ),
        File(
            "教育/政治教育和警示教育.xlsx",
            (
                replace(
                    _sheet("政治教育", "loyalty_education", "政治机关意识和对党忠诚教育", dates=("slash",)),
                    total="合计",
                ),
                _sheet("警示教育", "warning_education", "警示教育台账", dates=("serial",), names=_NAMES),
            ),
        ),
    ]


def _foundation() -> list[File]:
    cadres = _sheet("责任分解", "cadre_action", "二、两计划一行动", dates=("iso",), blanks=True)
    return [
        File(
            "任务/任务责任分解和干部工作.xlsx",
            (
                _sheet("责任分解", "task_breakdown", "一、年度任务责任分解", dates=("dot",), names=_NAMES),
                replace(cadres, below=True),
            ),
        ),
        File(
            "组织/换届选举和发展党员.xlsx",
            (
                _sheet("换届选举", "election", "换届选举台账", dates=("true",), names=("full",), blanks=True),
                replace(
                    _sheet("发展党员", "member_development", "发展党员台账", dates=("dot",)),
                    note="日期以会议记录为准。",
                ),
            ),
        ),
        _text("组织/书记例会.csv", _sheet("", "secretary_meeting", dates=("slash",), flags="yes"), "utf-16", "\t"),
        _text("组织/分层分类指导.csv", _sheet("", "guidance_log", dates=("dot",)), "utf-8-sig", ";"),
        File(
            f"抽查/抽查计划{YEAR}.xlsx",
            (
                replace(
                    _sheet("抽查计划", "inspection_plan", "年度抽查计划", dates=("cn",)), note="每单位每轮至少一次。"
                ),
            ),
        ),
        File("模范机关/模范机关创建评价.xlsx", (_sheet("评价", "model_office", names=("full", "short"), blanks=True),)),
    ]


def _organisational_life() -> list[File]:
    lists = ("、", "；")
    offices = tuple(
        replace(
            _sheet(
                f"{half}半年", f"org_life_record/J/{n}", f"三会一课和主题党日（{half}半年）", dates=dates, lists=lists
            ),
            note="一次会议几种类型的，用顿号隔开。" if n == 1 else "",
        )
        for n, half, dates in ((1, "上", ("true",)), (2, "下", ("dot", "cn")))
    )
    review = _sheet("整改和评议", "democratic_review", "二、民主评议党员", dates=("iso",), names=("full",))
    return [
        File("组织生活/组织生活记录（机关）.xlsx", offices),
        _text(
            "组织生活/组织生活记录（基层上半年）.csv",
            _sheet("", "org_life_record/D/1", dates=("dot",), names=_NAMES, lists=("、",), blanks=True),
        ),
        File(
            "组织生活/组织生活记录（基层下半年）.xlsx",
            (
                _sheet("基层", "org_life_record/D/2", dates=("cn", "slash"), names=("short", "spaced"), lists=lists),
                Sheet("填表说明", text=("填表说明", "一、会后七日内录入。", "二、党小组会要写明党小组。")),
            ),
        ),
        _text(
            f"组织生活/组织生活记录{YEAR + 1}年一季度.csv",
            _sheet("", f"org_life_record/{YEAR + 1}", dates=("iso",), lists=("；",)),
            "utf-8-sig",
        ),
        File(
            "组织生活/整改和评议.xlsx",
            (
                _sheet("整改和评议", "rectification", "一、整改清单", dates=("dot",), names=_NAMES, blanks=True),
                replace(review, below=True),
            ),
        ),
        _text("组织生活/谈心谈话（机关）.csv", _sheet("", "talk_record/J", dates=("dot",)), "gbk"),
        File("组织生活/谈心谈话（基层）.xlsx", (_sheet("谈心谈话", "talk_record/D", dates=("true",), names=_NAMES),)),
    ]


def _synergy() -> list[File]:
    return [
        File("一线去/换岗体验台账.xlsx", (_sheet("换岗体验", "frontline_post", "“一线去”换岗体验", dates=("cn",)),)),
        _text("统战群团/统战和群团活动.csv", _sheet("", "united_front_activity", dates=("dot",), names=_NAMES)),
    ]


def _integrity() -> list[File]:
    return [
        File(
            "廉政/廉政风险和约谈.xlsx",
            (
                _sheet("风险清单", "integrity_risk", "廉政风险防控清单", dates=("slash",), blanks=True),
                replace(_sheet("廉政约谈", "integrity_talk", "廉政约谈台账", dates=("true",)), total="合计"),
            ),
        ),
        File(
            "机关纪委/党员诉求办理.xlsx", (_sheet("诉求", "appeal_request", dates=("dot",), names=("short", "full")),)
        ),
        _text("机关纪委/问题线索季度统计.csv", _sheet("", "clue_summary"), "utf-8-sig"),
    ]


def _decisions() -> list[File]:
    return [
        File(
            "考核/通报和否决事项.xlsx",
            (
                _sheet("通报", "notice", "通报批评台账", dates=("cn",), names=("full",)),
                _sheet("否决事项", "adverse_event", "一票否决事项", dates=("true",), names=("full",)),
            ),
        ),
        _text("考核/考核申诉.csv", _sheet("", "score_appeal", dates=("iso",), blanks=True), "utf-8-sig"),
        File("考核/更正单.xlsx", (_sheet("更正单", "correction", "台账更正单"),)),
    ]


def _books(units: Mapping[str, Unit]) -> list[File]:
    """A unit's own book: several sheets, and on some of them several tables."""
    files = []
    for place, unit_id in enumerate(BOOKS):
        dates = (("dot",), ("cn",), ("true",))[place % 3]

        def part(name: str, table: str, title: str, under: bool = False) -> Sheet:
            sheet = _sheet(name, f"book/{unit_id}/{table}", title, table=table, dates=dates, names=("full", "short"))  # noqa: B023
            return replace(sheet, below=under)

        sheets = [
            part("组织生活", "org_life_record", "组织生活记录"),
            part("学习", "first_topic", "一、第一议题"),
            part("学习", "joint_study", "二、联组学习", under=True),
            part("教育", "loyalty_education", "一、政治机关意识和对党忠诚教育"),
            part("教育", "warning_education", "二、警示教育", under=True),
            part("谈心谈话", "talk_record", "谈心谈话记录"),
            part("廉政", "integrity_risk", "一、廉政风险防控清单"),
            part("廉政", "integrity_talk", "二、廉政约谈", under=True),
            part("培训", "training_record", "党员培训记录"),
        ]
        files.append(File(f"单位台账/{units[unit_id].short_name}党务台账.xlsx", tuple(sheets)))
    return files
