"""The spot checks and the rectification of what they found."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from make_sample.chance import YEAR
from make_sample.mess.layout import File, Sheet, Style

_CHECK: Final = (
    "{id}=inspection_id {unit}=unit_id 抽查轮次=round {day}=inspected_on 检查人=inspector 检查人单位=inspector_unit "
    "被查记录编号=record_id {musts} 检查意见=opinion 指导情况=guidance 督促情况=follow_up"
)
_MUSTS: Final = (
    "四必有/固定时间=fixed_time 四必有/会议议题=agenda 四必有/规范程序=procedure 四必有/详实记录=detailed_record",
    "有固定时间=fixed_time 有议题=agenda 有程序=procedure 有记录=detailed_record",
    "固定时间=fixed_time 明确议题=agenda 程序规范=procedure 记录详实=detailed_record",
)


def _check_heads(way: int) -> str:
    musts = _MUSTS[way % 3]
    if way % 2:
        return "序号 " + _CHECK.format(id="抽查编号", unit="被抽查单位", day="抽查日期", musts=musts) + " 备注"
    return _CHECK.format(id="检查编号", unit="被检查单位", day="检查日期", musts=musts)


def inspection_files() -> list[File]:
    """A file a month, the supplement, last year's and next year's."""
    dates = (
        ("dot",), ("cn",), ("true",), ("slash", "dot"), ("iso",), ("serial",),
        ("dot", "cn", "slash", "iso"), ("true", "serial"), ("cn",), ("slash",), ("true",), ("dot",),
    )  # fmt: skip
    flags = ("yes", "tick", "have", "digit")
    files = []
    for month in range(2, 13):
        style = Style(
            dates=dates[month - 1],
            flags=flags[month % 4],
            names=(("full",), ("short",), ("full", "short", "everyday"), ("short", "spaced"))[month % 4],
            blanks=month % 3 == 0,
        )
        sheet = Sheet(
            f"{month}月" if month % 2 else "Sheet1",
            (f"inspection/{YEAR}-{month:02}",),
            _check_heads(month % 6),
            style,
            title=f"{YEAR}年{month}月组织生活记录抽查情况表" if month % 3 else "",
            note="四必有指有固定时间、有会议议题、有规范程序、有详实记录。" if month % 4 == 1 else "",
            total="合计" if month in (2, 6) else "",
            blank_every=23 if month in (4, 9) else 0,
        )
        folder = f"抽查/第{'一' if month < 7 else '二'}轮"
        if month in (5, 10):
            text = replace(sheet, name="", heads=_check_heads(1), style=replace(style, dates=("iso", "slash")))
            encoding, delimiter = ("gbk", ",") if month == 5 else ("utf-16", "\t")
            files.append(File(f"{folder}/{month}月抽查记录.csv", (text,), encoding, delimiter))
            continue
        path = f"{folder}/{month}月抽查记录.xlsx"
        files.append(File(path, (sheet,)))
        if month == 3:
            copy = replace(sheet, copies=True)
            files.append(File(f"{folder}/{month}月抽查记录 - 副本.xlsx", (copy,), same_as=path))
    style = Style(dates=("dot",), flags="yes", names=("short",))
    late = Sheet("补录", ("inspection/late",), _check_heads(2), style)
    files.append(File("抽查/补录/抽查补录.xlsx", (late,)))
    for year in (YEAR - 1, YEAR + 1):
        other = Sheet("", (f"inspection/{year}",), _check_heads(1), style)
        files.append(File(f"抽查/{year}年/{year}年抽查记录.csv", (other,), "utf-8-sig"))
    return files


def finding_files() -> list[File]:
    """The rectification lists, two months a file."""
    two_rows = (
        "序号 问题编号=finding_id 抽查编号=inspection_id 责任单位=unit_id 问题程度=severity 问题类型=category "
        "发现日期=found_on 整改情况/整改时限=due_on 整改情况/整改日期=rectified_on 整改情况/复查日期=rechecked_on "
        "整改情况/整改状态=status 备注"
    )
    one_row = (
        "问题编号=finding_id 检查编号=inspection_id 整改单位=unit_id 严重程度=severity 问题类别=category "
        "发现日期=found_on 整改期限=due_on 整改完成日期=rectified_on 销号日期=rechecked_on 状态=status 填报人"
    )
    styles = (
        Style(dates=("dot",), names=("short",), blanks=True),
        Style(dates=("true",), names=("full", "everyday")),
        Style(dates=("cn", "slash"), names=("short", "spaced")),
        Style(dates=("serial",), names=("full",)),
        Style(dates=("iso", "dot"), names=("short",), blanks=True),
        Style(dates=("slash",), names=("full", "short", "everyday")),
    )
    files = []
    for number, style in enumerate(styles, 1):
        months = f"{2 * number - 1}-{2 * number}月"
        slots = (f"finding/{number}",)
        if number == 5:
            files.append(File(f"整改/整改清单{months}.csv", (Sheet("", slots, one_row, style),), "gbk"))
            continue
        sheet = Sheet(
            "整改清单",
            slots,
            two_rows if number % 2 else one_row,
            style,
            title=f"{YEAR}年{months}抽查问题整改清单" if number % 2 else "",
            note="复查合格后方可销号。" if number == 3 else "",
            blank_every=40 if number == 2 else 0,
        )
        files.append(File(f"整改/整改清单{months}.xlsx", (sheet,)))
    other = Sheet("", (f"finding/{YEAR - 1}", f"finding/{YEAR + 1}"), one_row, Style(dates=("iso",), names=("short",)))
    files.append(File("整改/其他年度整改清单.csv", (other,), "utf-8-sig", ";"))
    return files
