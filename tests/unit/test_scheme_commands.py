"""``kaohe scheme``: check, show and diff at the command line."""

from pathlib import Path

import pytest

from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.scheme import load_scheme
from kaohe.scheme.new_year import moved, newest
from tests.helpers import ROOT, in_process, without_schemes
from tests.unit.test_scheme_lint import INDEX, POINTS, YEAR

OURS = ROOT / "data" / "schemes"


def written(folder: Path, text: str, name: str = "scheme.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_check_of_a_scheme_without_faults(tmp_path: Path) -> None:
    done = in_process("scheme", "check", written(tmp_path, INDEX))
    assert (done.returncode, done.stdout, done.stderr) == (0, "指数：没有发现问题\n", "")


def test_check_says_file_line_place_and_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, YEAR.replace("requests_closed", "nothing").replace("at_least: 80", "at_least: 101"))
    done = in_process("scheme", "check", path)
    first, second, last = done.stdout.splitlines()
    assert done.returncode == 1
    assert first.startswith(f"{path}:16  错误  dimensions.requests.measure：")
    assert (
        second
        == f"{path}:19  错误  grades.good.at_least：等次“良好”从 101 分起，但最高只能得 100 分（含加分），没有单位能评上；请改低分数线"
    )
    assert last == "年度办法：2 个错误，0 个提醒"


def test_check_in_english_of_warnings_alone(tmp_path: Path) -> None:
    path = written(tmp_path, POINTS.replace("weight: 60", "weight: 50"))
    done = in_process("scheme", "check", path, "--lang", "en")
    assert done.returncode == 0
    said = "the weights under “计分” add up to 90, not 100; they will be scaled in proportion; confirm, or make them add up"
    assert done.stdout == f"{path}:4  warning  dimensions: {said}\n计分: errors 0, warnings 1\n"


def test_check_names_every_date_outside_the_year_by_the_line_a_run_names(tmp_path: Path) -> None:
    text = (OURS / "2023.yml").read_text("utf-8").replace("deadline: 2024-03-31", "deadline: 2023-03-31")
    path = written(tmp_path, text.replace("deadline: 2024-01-31", "deadline: 2023-06-30"), "2023.yml")
    done = in_process("scheme", "check", path)
    assert (done.returncode, done.stdout) == (2, "")
    dated = [number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "deadline: 2023" in line]
    said = done.stderr.splitlines()
    assert [line.split(" 第 ")[1].split(" 行")[0] for line in said] == [str(number) for number in dated]
    assert len(dated) == 4
    with pytest.raises(KaoheError) as caught:
        load_scheme(path)
    assert str(caught.value) in said


def test_check_names_every_node_whose_weights_do_not_add_up(tmp_path: Path) -> None:
    text = (OURS / "2023.yml").read_text("utf-8").replace("weight: 46", "weight: 45").replace("1.34", "0.34")
    path = written(tmp_path, text, "2023.yml")
    said = in_process("scheme", "check", path).stderr.splitlines()
    lines = [text[: text.index(f"{node}:")].count("\n") + 1 for node in ("dimensions", "study", "foundation")]
    assert [line.split(" 第 ")[1].split(" 行")[0] for line in said] == [str(number) for number in lines]


def test_new_moves_the_year_and_its_deadlines_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = in_process("scheme", "new", "--year", "2026", "--home", home)
    assert (done.returncode, done.stderr) == (0, "")
    path = home / "schemes" / "2026.yml"
    before, after = (OURS / "2024.yml").read_text("utf-8").splitlines(), path.read_text("utf-8").splitlines()
    changed = [(number, new) for number, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new]
    assert [new.split("#")[0].strip() for _, new in changed] == [
        'id: "2026"', "title: 2026 年度党建考核办法", "year: 2026", "effective_from: 2026-01-01",
        "effective_to: 2026-12-31", "deadline: 2027-01-31", *["deadline: 2027-03-31"] * 3,
    ]  # fmt: skip
    assert f"已写出 {path}" in done.stdout and "、".join(str(number) for number, _ in changed) in done.stdout
    assert "浦东新区生态环境局2023年党建工作要点" in done.stdout and "2026 年度党建考核办法：0 个错误" in done.stdout
    again = in_process("scheme", "new", "--year", "2026", "--home", home)
    assert again.returncode == 2 and "已存在" in again.stderr
    following = in_process("scheme", "new", "--year", "2027", "--home", home, "--out", tmp_path / "x.yml")
    assert following.returncode == 0 and str(path) in following.stdout  # after the latest that there is


def test_new_says_which_rules_are_no_longer_in_force(tmp_path: Path) -> None:
    done = in_process("scheme", "new", "--year", "2024", "--from", OURS / "2023.yml", "--out", tmp_path / "2024.yml")
    assert done.returncode == 2
    lines = [
        n for n, line in enumerate((OURS / "2023.yml").read_text("utf-8").splitlines(), 1) if "2023-12-31}" in line
    ]
    assert [f"第 {number} 行" in said for number, said in zip(lines, done.stderr.splitlines(), strict=True)] == [
        True
    ] * 3
    same = in_process("scheme", "new", "--year", "2023", "--from", OURS / "2023.yml", "--out", tmp_path / "y.yml")
    assert same.returncode == 2 and not (tmp_path / "y.yml").exists()


@pytest.mark.parametrize(("year", "after"), [(2022, 2023), (2024, 2023), (2026, 2024)])
def test_new_goes_by_the_latest_scheme_before_it_or_the_earliest_after_it(
    tmp_path: Path, year: int, after: int
) -> None:
    assert newest(Project(ROOT), tmp_path, year) == OURS / f"{after}.yml"


def test_new_passes_over_schemes_that_cannot_be_read_and_those_of_no_year(tmp_path: Path) -> None:
    (tmp_path / "schemes").mkdir()
    written(
        tmp_path / "schemes", (OURS / "2024.yml").read_text("utf-8").replace("weight: 46", "weight: 45"), "2025.yml"
    )
    written(tmp_path / "schemes", INDEX, "index.yml")
    done = in_process("scheme", "new", "--year", "2026", "--home", tmp_path)
    assert done.returncode == 0
    assert f"已写出 {tmp_path / 'schemes' / '2026.yml'}，照 {OURS / '2024.yml'}。" in done.stdout.splitlines()


def test_new_has_nothing_to_go_by_where_there_is_no_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAOHE_PROJECT", str(without_schemes(tmp_path / "project").root))
    done = in_process("scheme", "new", "--year", "2026", "--home", tmp_path / "home")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "一个可用的考核办法也没有，写不出新的；请用 --from 指定一份\n"
    assert not (tmp_path / "home").exists()


def test_new_leaves_a_deadline_open_that_was(tmp_path: Path) -> None:
    text = (OURS / "2024.yml").read_text("utf-8")
    path = written(tmp_path, text.replace("deadline: 2025-03-31", "deadline:", 1))
    made = moved(path, 2026)
    later = [line.split("#")[0].strip() for line in made.text.splitlines() if line.strip().startswith("deadline:")]
    assert later == ["deadline: 2027-01-31", "deadline:", "deadline: 2027-03-31", "deadline: 2027-03-31"]


@pytest.mark.parametrize(("day", "later"), [("2024-02-29", "2025-02-28"), ("2023-02-28", "2024-02-29")])
def test_the_end_of_february_stays_the_end_of_february(tmp_path: Path, day: str, later: str) -> None:
    year = int(day[:4]) - 1
    text = (OURS / "2024.yml").read_text("utf-8").replace("2024-", f"{year}-").replace("year: 2024", f"year: {year}")
    text = text.replace("deadline: 2025-01-31", f"deadline: {day}").replace("2028-12-31", "2040-12-31")
    assert f"\ndeadline: {later} " in moved(written(tmp_path, text), year + 1).text


def test_check_with_values(tmp_path: Path) -> None:
    rows = ["unit_id,measure,value", *(f"{unit},{name},{unit}" for unit in (1, 2) for name in ("health", "poverty"))]
    values = written(tmp_path, "\n".join(rows), "values.csv")
    path = written(tmp_path, INDEX)
    done = in_process("scheme", "check", path, "--values", values)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        f"{path}:11  错误  dimensions.economy.measure：指标 economy 要的 economy 在数值表里一行也没有；其中有：health、poverty"
    )
    assert in_process("scheme", "check", path, "--values", tmp_path / "none.csv").returncode == 2


@pytest.mark.parametrize("command", ["check", "show", "diff"])
def test_what_cannot_be_read_is_one_sentence(command: str, tmp_path: Path) -> None:
    path = written(tmp_path, INDEX.replace("rule: minmax", "rule: maxmin"))
    for wrong, said in [(path, f"{path} 第 "), (tmp_path / "none.yml", f"{tmp_path / 'none.yml'}：读不出来")]:
        done = in_process("scheme", command, *([wrong, wrong] if command == "diff" else [wrong]))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(said)
        each = 3 if command == "check" and wrong == path else 1  # check names every indicator with that rule
        assert len(done.stderr.splitlines()) == each


def test_reading_a_scheme_brings_in_no_orchestration(tmp_path: Path) -> None:
    """Prefect and Great Expectations would take seconds; show and diff need no DuckDB either."""
    import subprocess
    import sys

    heavy = "prefect", "great_expectations"
    for command, files, more in [
        ("check", 1, ()),
        ("show", 1, ("duckdb", "polars")),
        ("diff", 2, ("duckdb", "polars")),
    ]:
        code = (
            "import sys, kaohe.cli as cli\n"
            f"cli._status({['scheme', command, *[str(OURS / '2023.yml')] * files]!r})\n"
            f"print([name for name in {[*heavy, *more]!r} if name in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=True
        )
        assert done.stderr == "[]\n", command


def test_show_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    done = in_process("scheme", "show", OURS / "2023.yml")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert lines[:3] == [
        "2023 年度党建考核办法（2023）",
        "2023 年度，2023-01-01 至 2023-12-31，截止 2024-01-31",
        "总分 100，sum",
    ]
    columns = [line.split() for line in lines]
    assert ["├─", "强基固本", "foundation", "46", "46.00"] in columns
    assert ["│", "│", "├─", "学习强国参学率", "study_xuexi", "1.34", "1.34"] in columns
    assert ["│", "├─", "主题教育、集中宣讲覆盖", "campaign_cover", "0", "0.00"] in columns
    detail = "│  │  │  share · study_participation · 浦东新区生态环境局2023年党建工作要点 学情通报"
    assert detail in lines
    assert "   最高“不合格” · veto · adverse_events · 浦东新区生态环境局2023年党建工作要点 一票否决" in lines
    assert lines[-8:] == [
        "等次",
        "  优秀：90 分起，不超过本类别的 30%（至少 1 个名额）",
        "  良好：80 分起，不到 90 分",
        "  合格：60 分起，不到 80 分",
        "  不合格：0 分起，不到 60 分",
        "取整：每个指标的得分保留 2 位小数（half_up）",
        "缺值：各度量自定（sql/measures 的 Empty）",
        "排名：按类别，并列占位（1、2、2、4）；同分先后看 spot_check → org_life → fewer_deductions",
    ]


def test_show_of_an_index_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = INDEX.replace(
        "    aggregation: arithmetic\n", "    aggregation: best_n\n    best: 1\n    availability: 0.5\n"
    )
    text = text.replace("health: {weight: 1}", "health: {weight: 3, measure: life, range: [0, 100], direction: lower}")
    text = text.replace("aggregation: arithmetic\n", "aggregation: arithmetic\nscreen: 0.65\n", 1)
    text = text.replace(
        "economy: {weight: 1}",
        "economy: {weight: 1, treat: {percentiles: [0.05, 0.95]}, impute: {with: mean, by: region}}",
    )
    done = in_process("scheme", "show", written(tmp_path, text), "--lang", "en")
    assert (
        [line.rstrip() for line in done.stdout.splitlines()]
        == """\
指数 (指数)
aggregation arithmetic
name                                                                                weight  share %
├─ people                                                                                2    66.67
│  best_n best 1 availability 0.5
│  ├─ health                                                                             3    50.00
│  │  minmax range [0, 100] direction lower · life · 甲规定 第一条
│  └─ poverty                                                                            1    16.67
│     minmax · poverty · 甲规定 第一条
└─ economy                                                                               1    33.33
   minmax impute mean by region percentiles [0.05, 0.95] · economy · 甲规定 第一条
Rounding: none
Missing values: left out, the weight goes to the siblings; a unit needs 65 % of its values
Ranking: within the category, equal units share a rank and the next are skipped (1, 2, 2, 4); ties are told apart by nothing (they stay tied)
""".splitlines()
    )


MANY_KINDS = """\
title: 计分
rounding: {digits: 1, mode: half_even, at: total}
ranking: dense
dimensions:
  study:
    weight: 40
    aggregation: power_mean
    power: -1.5
    children:
      days: {weight: 0, rule: linear, floor: 0.5, target: 1, applies_to: [机关处室, 基层单位]}
      hours: {weight: 30, rule: steps, steps: [{at_least: 80, give: 1}, {at_most: 20, give: 0.5}]}
      visits: {weight: 10, rule: goalposts, low: 0, high: 9, clamp: false, impute: median, treat: {winsorise: 2, log: true}}
  meetings:
    weight: 60
    aggregation: median
    children:
      held: {weight: 1, rule: zscore, mean: 50, sd: 10, within: region}
      written: {weight: 1, title: 记录, missing: zero}
bonus: {cap: 5, indicators: {honours: {rule: per_item}}}
deductions: {cap: 10.5, indicators: {late: {rule: per_item, measure: late_reports}, notices: {rule: per_item}}}
vetoes:
  V1: {grade_at_most: rest}
grades:
  best: {title: 优秀, at_least: 90, quota: 0.3, quota_at_least: 2}
  rest: {title: 合格, at_least: 0}
"""


def test_show_of_rules_of_many_kinds(tmp_path: Path) -> None:
    done = in_process("scheme", "show", written(tmp_path, MANY_KINDS))
    assert done.returncode == 0
    heading, *lines = [" ".join(line.split()) for line in done.stdout.splitlines()[2:]]
    assert heading == "名称 权重 占比 %"
    assert (
        lines
        == """\
├─ study 40 40.00
│ power_mean power -1.5
│ ├─ days 0 0.00
│ │ linear floor 0.5 target 1 applies_to 机关处室、基层单位 · days
│ ├─ hours 30 30.00
│ │ steps >=80: 1 <=20: 0.5 · hours
│ └─ visits 10 10.00
│ goalposts low 0 high 9 clamp false impute median winsorise 2 log true · visits
└─ meetings 60 60.00
median
├─ held 1 —
│ zscore mean 50 sd 10 within region · held
└─ 记录 written 1 —
share missing zero · written
加分，最多 5 分
└─ honours
per_item · honours
扣分，最多 10.5 分
├─ late
│ per_item · late_reports
└─ notices
per_item · notices
一票否决
└─ V1
最高“合格” · veto · V1
等次
优秀：90 分起，不超过本类别的 30%（至少 2 个名额）
合格：0 分起，不到 90 分
取整：只有总分保留 1 位小数（half_even）
缺值：不计，权重分给同级
排名：按类别，并列不占位（1、2、2、3）；同分先后看 无（并列）
""".splitlines()
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("missing: zero", "缺值：计零分"),
        ("missing: fail\nscreen: 0.5", "缺值：停止并报错；至少要有 50% 的数值才打分"),
        ("missing: exclude", "缺值：不计，权重分给同级"),
    ],
)
def test_show_says_what_a_missing_value_comes_to(tmp_path: Path, keys: str, said: str) -> None:
    done = in_process("scheme", "show", written(tmp_path, f"{MANY_KINDS}{keys}\n"))
    assert said in done.stdout.splitlines()


def test_where_weights_have_no_say_there_is_no_share(tmp_path: Path) -> None:
    done = in_process(
        "scheme", "show", written(tmp_path, INDEX.replace("    aggregation: arithmetic", "    aggregation: min"))
    )
    columns = [line.split() for line in done.stdout.splitlines()]
    assert ["│", "├─", "health", "1", "—"] in columns
    assert ["└─", "economy", "1", "33.33"] in columns


def test_diff(tmp_path: Path) -> None:
    a, b = OURS / "2023.yml", OURS / "2024.yml"
    done = in_process("scheme", "diff", a, b)
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if line.startswith("│")
    ]
    assert done.returncode == 1
    assert ["theory.study.weight", "4", "0"] in rows
    assert ["deadline", "2024-01-31", "2025-01-31"] in rows
    assert len(rows) > 20
    same = in_process("scheme", "diff", a, a)
    assert (same.returncode, same.stdout) == (0, "两个考核办法没有差别\n")


def test_diff_of_an_index(tmp_path: Path) -> None:
    a, b = written(tmp_path, INDEX, "a.yml"), written(tmp_path, INDEX.replace("weight: 2", "weight: 3"), "b.yml")
    done = in_process("scheme", "diff", a, b, "--lang", "en")
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if line.startswith("│")
    ]
    assert (done.returncode, rows) == (1, [["people.weight", "2", "3"]])
