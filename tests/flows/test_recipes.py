"""The recipes of CONTRIBUTING.md, followed word for word: three files each, no Python, and the new thing is scored."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from kaohe.project import Project
from tests.helpers import ROOT, Result, assess, write_csv

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def follow(recipe: int, project: Project) -> set[str]:
    """Do what recipe 1 or 2 says to the files of ``project``; gives their paths."""
    chapter = re.split(r"^## Recipe \d", TEXT, flags=re.MULTILINE)[recipe]
    touched = set()
    for name, kind, block in re.findall(r"`([\w/]+\.\w+)`:\n\n```(\w+)\n(.*?)```", chapter, flags=re.DOTALL):
        path = project.root / name
        touched.add(name)
        if kind == "diff":
            lines = block.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] in keep) for keep in (" -", " +"))
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"the recipe's context is not in {name}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        else:
            assert not path.exists()
            path.write_text(block, encoding="utf-8")
    return touched


def changed(project: Project) -> set[str]:
    """Files of the copied project that differ from ours."""
    found = set()
    for path in project.root.rglob("*"):
        name = path.relative_to(project.root)
        if path.is_file() and not ((ROOT / name).is_file() and (ROOT / name).read_bytes() == path.read_bytes()):
            found.add(name.as_posix())
    return found


@pytest.fixture
def pairing(inbox: Path) -> Path:
    agreement = ["协议编号", "单位名称", "结对单位", "结对类型", "签订日期", "到期日期"]
    write_csv(inbox / "协议.csv", [agreement, ["X1", "办公室", "某银行", "行业", "2022-01-01", "2024-12-31"]])
    item = ["清单编号", "协议编号", "清单类别", "内容", "进展"]
    write_csv(
        inbox / "清单.csv", [item, ["Q1", "X1", "资源", "场地", "已对接"], ["Q2", "X1", "需求", "讲师", "已对接"]]
    )
    return inbox


def check_leaf(result: Result, unit: str, indicator: str, **expected: object) -> None:
    leaf = result.leaf(unit, indicator)
    assert {name: leaf[name] for name in expected} == expected


def test_recipe_1_adds_a_source_table(inbox: Path, home: Path, project: Project) -> None:
    files = follow(1, project)
    assert len(files) == 3
    assert changed(project) == files
    rows = [
        ["V1", "办公室", "2023-05-01", "12.5"],
        ["V2", "办公室", "2023-06-01", "3"],
        ["V3", "法规处", "2023-06-01", "-1"],
    ]
    write_csv(inbox / "志愿服务.csv", [["服务编号", "党组织名称", "服务日期", "时长"], *rows])
    result = assess(inbox, home)
    check_leaf(result, "J01", "volunteer_service", status="scored", due=20, done=Decimal("15.5"))
    check_leaf(result, "J02", "volunteer_service", status="not_reported", points=0)
    assert result.quarantine["problems"].to_list() == ["D4 「-1」服务时长不能为负"]


def test_recipe_2_adds_an_indicator(pairing: Path, home: Path, project: Project) -> None:
    files = follow(2, project)
    assert len(files) == 3
    assert changed(project) == files
    result = assess(pairing, home)
    check_leaf(result, "J01", "industry_lists", status="scored", due=3, done=2)
    check_leaf(result, "J02", "industry_lists", status="not_applicable")
