"""The monthly bulletins of the learning platforms."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from make_sample.chance import YEAR
from make_sample.mess.layout import File, Sheet, Style
from make_sample.vocabulary import CADRE, PLATFORMS, XUEXI, YOUTH

_STUDY: Final = "学习平台=platform 统计月份=period 单位名称=unit_id"
_STUDY_END: Final = {
    XUEXI: "人均积分=score_per_head",
    CADRE: "总学时=hours 学时达标人数=passed",
    YOUTH: "",
}
_TWO_ROWS: Final = "参学情况/应参加人数=enrolled 参学情况/参加人数=active 参学情况/参学率=participation_rate"
_PLAIN: Final = "注册人数=enrolled 活跃人数=active 活跃度=participation_rate"
_BARE: Final = "应学人数=enrolled 参学人数=active 参学率（%）=participation_rate"


def _study_sheet(platform: str, month: str, name: str, middle: str, style: Style) -> Sheet:
    heads = f"序号 {_STUDY} {middle} {_STUDY_END[platform]} 备注"
    return Sheet(name, (f"study/{month}/{platform}",), heads, style)


def study_files() -> list[File]:
    """The monthly bulletins of the year, every month in its own way, and last year's."""
    files: list[File] = []
    any_name = ("full", "short", "everyday", "platform")
    books = {  # months kept as workbooks: how rates, months and names are written
        1: Style(months=("cn",), percent="text", names=any_name, odd_numbers=True),
        3: Style(months=("true",), percent="cell", names=("full", "short")),
        4: Style(months=("dash",), percent="formula", names=("platform",), blanks=True),
        6: Style(months=("cn", "dot"), percent="bare", names=("full", "spaced"), odd_numbers=True),
        8: Style(months=("dot",), percent="text", names=any_name),
        9: Style(months=("dash",), percent="cell", names=("short",)),
        11: Style(months=("cn",), percent="fraction", names=("everyday",), odd_numbers=True, blanks=True),
        12: Style(months=("true",), percent="text", names=any_name),
    }
    for month, style in books.items():
        period = f"{YEAR}-{month:02}"
        middle = _BARE if style.percent == "bare" else _TWO_ROWS if month in (1, 4, 9) else _PLAIN
        total = "合　计" if month == 8 else "合计" if month in (1, 4, 6, 12) else ""
        sheets = [
            replace(
                _study_sheet(
                    platform, period, f"{platform}（{month}月）" if month % 3 else f"Sheet{number}", middle, style
                ),
                title=f"{YEAR}年{month}月{platform}学习情况统计表" if month in (1, 3, 6, 8) else "",
                note="参学率＝参加人数÷应参加人数。" if month in (1, 3, 6, 12) else "",
                total=total,
                blank_every=17 if month in (3, 8) else 0,
                top=1 if month == 6 else 0,
                left=1 if month == 6 else 0,
            )
            for number, platform in enumerate(PLATFORMS, 1)
        ]
        if month == 6:
            lines = (
                "填表说明",
                "一、各单位于次月5日前报送。",
                "二、参学率按百分数填写。",
                "三、没有青年的单位，应学人数填0。",
            )
            sheets.append(Sheet("填表说明", text=lines))
        if month == 11:
            last = _study_sheet(XUEXI, f"{YEAR}-10", "上月数据", middle, style)
            sheets.append(replace(last, limit=12, copies=True, hidden=True))
        if month == 12:
            sheets[0] = replace(sheets[0], hidden_rows=(5, 6))
        files.append(File(f"学情/{YEAR}年{month}月/学情通报{YEAR}年{month}月.xlsx", tuple(sheets)))
        if month == 9:
            again = replace(style, months=("cn",), percent="text", names=("full", "platform"), odd_numbers=True)
            copies = tuple(replace(sheet, style=again, copies=True) for sheet in sheets)
            files.append(File(f"学情/{YEAR}年{month}月/学情通报{YEAR}年{month}月最终版2.xlsx", copies))
    texts = {  # months kept as text files: encoding, delimiter, style
        2: ("gbk", ",", Style(months=("cn",), percent="text", names=any_name, odd_numbers=True)),
        5: ("utf-8-sig", ";", Style(months=("dash",), percent="bare", names=("short",), blanks=True)),
        7: ("utf-16", "\t", Style(months=("dot",), percent="text", names=("full", "everyday"))),
        10: ("gbk", ",", Style(months=("dash", "cn"), percent="fraction", names=("short", "spaced"))),
    }
    for month, (encoding, delimiter, style) in texts.items():
        middle = _BARE if style.percent == "bare" else _PLAIN
        for platform in PLATFORMS:
            sheet = replace(
                _study_sheet(platform, f"{YEAR}-{month:02}", "", middle, style),
                title=f"{platform}{YEAR}年{month}月" if month == 2 else "",
                total="合计" if month in (2, 7) else "",
                blank_every=20 if month == 5 else 0,
            )
            name = f"学情/{YEAR}年{month}月/{platform}{YEAR}年{month}月.csv"
            files.append(File(name, (sheet,), encoding, delimiter))
    for platform, encoding in ((XUEXI, "gbk"), (CADRE, "utf-8-sig"), (YOUTH, "")):
        style = Style(months=("dash", "cn", "dot"), percent="text", names=any_name)
        sheet = _study_sheet(platform, str(YEAR - 1), "全年" if not encoding else "", _PLAIN, style)
        kind = "csv" if encoding else "xlsx"
        files.append(File(f"学情/{YEAR - 1}年/{platform}{YEAR - 1}全年.{kind}", (sheet,), encoding))
    late = f"{_STUDY} {_PLAIN} 人均积分=score_per_head 总学时=hours 学时达标人数=passed 填报人"
    style = Style(months=("cn",), percent="text", names=("short",))
    files.append(File("学情/补报/学情补报.csv", (Sheet("", ("study/late",), late, style),), "utf-8-sig"))
    return files
