"""Tables on narrow screens: no number is cut, and what is left out is named."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from kaohe.commands.tables import Column, print_table

COLUMNS = [
    Column("名次", right=True),
    Column("单位", folds=True),
    Column("总分", right=True),
    Column("与上一名难分先后", right=True),
    Column("优秀", right=True, spare=2),
    Column("良好", right=True, spare=2),
    Column("90% 得分区间", right=True, spare=1),
]
ROWS = [
    ["1", "浦东新区生态环境局水资源管理处", "104.50", "", "100%", "0%", "103.82–104.50"],
    ["2", "办公室", "98.06", "是", "99%", "1%", "96.20–99.50"],
]


def printed(width: int, terminal: bool = True) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    print_table(console, COLUMNS, ROWS, "机关处室")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(120, []), (75, []), (74, ["优秀", "良好"]), (60, ["优秀", "良好", "90% 得分区间"]), (50, ["优秀", "良好", "90% 得分区间"])],
)  # fmt: skip
def test_what_matters_least_goes_first(width: int, left_out: list[str]) -> None:
    *table, last = printed(width)
    assert [column.heading for column in COLUMNS if column.heading in last] == left_out
    assert all(cell_len(line) <= width for line in (table if left_out else [*table, last]))
    text = "\n".join(table)
    for row in ROWS:
        for column, cell in zip(COLUMNS, row, strict=True):
            if not column.folds and column.heading not in left_out:
                assert cell in text
    assert text.count("│") % (len(COLUMNS) - len(left_out) + 1) == 0


def test_a_name_folds_and_is_not_cut() -> None:
    cells = [line.split("│")[2].strip() for line in printed(60) if line.count("│") > 2]
    assert "".join(cells) == ROWS[0][1] + ROWS[1][1]


def test_in_a_file_nothing_is_left_out() -> None:
    said = printed(60, terminal=False)
    assert not any("没有列出" in line for line in said)
    assert len(next(line for line in said if line.count("┃") > 2).split("┃")) == len(COLUMNS) + 2
