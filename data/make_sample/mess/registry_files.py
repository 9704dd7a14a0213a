"""The registries: units, their other names, members, the working calendar."""

from __future__ import annotations

from make_sample.chance import YEAR
from make_sample.mess.layout import File, Sheet, Style

_UNITS = (
    "序号 单位编号=unit_id 单位名称=name 单位简称=short_name 单位类别=category 上级编号=parent_id "
    "组织类型=party_org_type 是否设支委会=has_committee 党小组数=group_count 党员数=member_count "
    "成立日期=valid_from 撤销日期=valid_to 备注"
)
_MEMBERS = (
    "序号 党员编号=member_id 所在党组织=unit_id 党员类别=status 党内职务=role 免学时=exempt 转入日期=valid_from "
    "转出日期=valid_to 备注"
)


def registry_files() -> list[File]:
    """One file each; the members of offices and of grassroots units on two sheets."""
    note = ("填表说明", "单位编号：机关处室以J开头，基层单位以D开头。", "名册每季度更新一次，由党建工作处维护。")
    members = Style(dates=("dot",), flags="yes", names=("short", "full"), blanks=True)
    return [
        File(
            f"名册/单位名册{YEAR}.xlsx",
            (
                Sheet("填表说明", text=note),
                Sheet(
                    "名册",
                    ("org_unit",),
                    _UNITS,
                    Style(dates=("true", "dot", "cn"), blanks=True),
                    title="浦东新区生态环境局基层党组织名册",
                    total="合计",
                    note="党员数为正式党员数。",
                    sections=True,
                ),
            ),
        ),
        File(
            "名册/单位别名对照表.csv",
            (Sheet("", ("unit_alias",), "序号 别名=alias 使用平台=platform 对应单位=unit_id"),),
            "utf-8-sig",
        ),
        File(
            f"名册/党员名册{YEAR}.xlsx",
            (
                Sheet("机关", ("party_member/J",), _MEMBERS, members, title="党员名册（机关）"),
                Sheet("基层", ("party_member/D",), _MEMBERS, members, title="党员名册（基层）", blank_every=200),
            ),
        ),
        File(
            "名册/工作日历.csv",
            (Sheet("", ("work_calendar",), "日历日期=day 是否工作日=is_workday", Style(dates=("iso", "slash"))),),
            "gbk",
        ),
    ]
