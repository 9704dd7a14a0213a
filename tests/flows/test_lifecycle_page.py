"""docs/lifecycle.md and its Chinese twin, followed command by command on a small office with the records they name."""

import re
import shlex
from pathlib import Path

import pytest

from kaohe.project import Project
from tests.helpers import CHECK, ROOT, SMALL, YEAR, check, in_process, registry, write_csv
from tests.office import CALENDAR

PAGES = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("lifecycle.zh-CN.md", "lifecycle.md")]


def commands(page: str) -> list[str]:
    """What the page asks to paste, line by line."""
    return [line for block in re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL) for line in block.splitlines()]


def test_both_pages_have_the_same_commands() -> None:
    chinese, english = map(commands, PAGES)
    assert len(chinese) == 11
    assert chinese == english


def test_the_page_leads_to_a_final_result(
    tmp_path: Path, project: Project, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "walk"
    write_csv(
        inbox / "名册.csv", registry(("D01", "浦东新区川沙水务管理站", "基层单位"), ("J01", "办公室", "机关处室"))
    )
    rows = check("CC2302-013", "浦东新区川沙水务管理站", flags="1100"), check("C2", "办公室")
    write_csv(inbox / "抽查.csv", [CHECK, *rows])
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(inbox / "日历.csv", [["日历日期", "是否工作日"], *days])
    project.scheme(YEAR).write_bytes(SMALL.read_bytes())
    monkeypatch.chdir(tmp_path)
    said = {}
    for line in commands(PAGES[0]):
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            monkeypatch.setenv(name, value)
            continue
        program, *arguments = shlex.split(line.replace("data/sample", str(inbox)))
        assert program == "kaohe"
        done = in_process(*arguments, server=server)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        said.setdefault(arguments[0], []).append(done.stdout)
    assert "公示到 2024-04-15，申诉到 2024-04-22" in said["announce"][0]
    first, review = said["run"]
    assert "初评" in first and "复核稿" in review and "1 个单位有变更" in review
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said["history"][0].splitlines() if "│" in line]
    told = {row[3]: row for row in rows if row[0]}
    assert {act: told[act][2] for act in ("公示", "申诉", "复核", "定稿")} == {
        "公示": "2024-04-08", "申诉": "2024-04-17", "复核": "2024-04-19", "定稿": "2024-04-23"
    }  # fmt: skip
    assert told["公示"][4:8] == ["2024-04-01", told["定稿"][5], "张三", "机关党委"]
    assert (told["申诉"][7], told["更正"][4]) == ("—", "")
    assert "李四" in said["history"][0]
    assert (home / "published" / str(YEAR) / "CURRENT").read_text("utf-8").strip() in said["finalize"][0]
