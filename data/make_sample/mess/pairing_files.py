"""The ledgers of pairing: agreements, activities, lists."""

from __future__ import annotations

from make_sample.mess.layout import File, Sheet, Style


def pairing_files() -> list[File]:
    """One workbook of agreements, activities by kind of partner, and the three lists."""
    agreement = (
        "序号 协议编号=agreement_id 签约单位=unit_id 结对对象=partner 结对类型=partner_type "
        "协议期限/签订日期=signed_on 协议期限/到期日期=expires_on 联系人=contact 年度计划活动数=planned_activities 备注"
    )
    activity = (
        "活动编号=activity_id 所属协议=agreement_id 主办单位=unit_id 开展日期=held_on 活动主题=theme 活动形式=form "
        "我方人数=own_count 对方人数=partner_count 活动成效=outcome"
    )
    grouped = (
        "序号 活动编号=activity_id 协议编号=agreement_id 单位名称=unit_id 活动日期=held_on 主题=theme 形式=form "
        "参加人数/本单位参加人数=own_count 参加人数/对方参加人数=partner_count 成效=outcome 填报人"
    )
    item = (
        "清单编号=item_id 协议编号=agreement_id 清单类别=kind 内容=content 责任人=owner 计划完成日期=due_on "
        "实际完成日期=done_on 进展状态=status 备注"
    )
    street = Style(dates=("cn", "dot"), names=("full", "short", "everyday"), odd_numbers=True, blanks=True)
    return [
        File(
            "共建/结对共建协议台账.xlsx",
            (
                Sheet(
                    "协议",
                    ("agreement",),
                    agreement,
                    Style(dates=("true",), names=("full", "short"), odd_numbers=True, blanks=True),
                    title="结对共建协议台账",
                    note="协议到期请及时续签。",
                    total="合计",
                    sections=True,
                ),
            ),
        ),
        File(
            "共建/行业联建活动.csv",
            (
                Sheet(
                    "",
                    ("activity/industry",),
                    activity,
                    Style(dates=("dot", "iso"), names=("short",), odd_numbers=True),
                ),
            ),
            "gbk",
        ),
        File(
            "共建/街镇共建活动台账.xlsx",
            (
                Sheet("机关", ("activity/street/J",), grouped, street, title="街镇共建活动台账（机关）", total="合计"),
                Sheet(
                    "基层", ("activity/street/D",), grouped, street, title="街镇共建活动台账（基层）", blank_every=25
                ),
            ),
        ),
        File("共建/补报/活动补报.csv", (Sheet("", ("activity/late",), activity, Style()),), "utf-16", "\t"),
        *(
            File(
                f"共建/三张清单（{name}）.xlsx",
                tuple(
                    Sheet(f"{kind}清单", (f"item/{code}/{kind}",), item, Style(dates=dates, blanks=True))
                    for kind in ("资源", "需求", "项目")
                ),
            )
            for name, code, dates in (("机关", "office", ("slash",)), ("基层", "grassroots", ("true", "cn")))
        ),
    ]
