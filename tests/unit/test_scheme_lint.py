"""The linter of schemes: every fault on its line, and nothing in a scheme that has none."""

from pathlib import Path

import pytest

from kaohe.composite import Counted, count_values
from kaohe.linting import Finding, findings
from kaohe.project import Project
from kaohe.scheme import load_composite
from tests.helpers import ROOT

BASIS = "basis: {rule: 甲规定, article: 第一条, basis_type: default}"
INDEX = f"""\
title: 指数
aggregation: arithmetic
defaults: {{rule: minmax, {BASIS}}}
dimensions:
  people:
    weight: 2
    aggregation: arithmetic
    children:
      health: {{weight: 1}}
      poverty: {{weight: 1}}
  economy: {{weight: 1}}
"""
POINTS = f"""\
title: 计分
rounding: {{digits: 2, at: total}}
defaults: {{{BASIS}}}
dimensions:
  study:
    weight: 40
    children:
      days: {{weight: 30}}
      hours: {{weight: 10}}
  meetings: {{weight: 60, missing: zero}}
bonus: {{cap: 5, indicators: {{honours: {{rule: per_item, {BASIS}}}}}}}
deductions: {{cap: 10, indicators: {{notices: {{rule: per_item, {BASIS}}}}}}}
vetoes:
  V1: {{grade_at_most: good, {BASIS}}}
grades:
  best: {{title: 优秀, at_least: 90, quota: 0.3}}
  good: {{title: 良好, at_least: 80}}
  rest: {{title: 合格, at_least: 0}}
tie_break: [study, fewer_deductions]
"""
YEAR = f"""\
id: "2023"
title: 年度办法
year: 2023
effective_from: 2023-01-01
effective_to: 2023-12-31
deadline: 2024-01-31
rounding: {{digits: 2}}
dimensions:
  education:
    weight: 60
    measure: warning_education
    params: {{target: 2}}
    {BASIS}
  requests:
    weight: 40
    measure: requests_closed
    {BASIS}
grades:
  good: {{title: 良好, at_least: 80}}
  rest: {{title: 合格, at_least: 0}}
"""
Replaced = list[tuple[str, str]]


def found_in(folder: Path, text: str, counted: Counted | None = None) -> list[Finding]:
    """What the linter finds in a file of this text."""
    path = folder / "scheme.yml"
    path.write_text(text, encoding="utf-8")
    return findings(path, load_composite(path), Project(ROOT), counted)


def changed(text: str, replaced: Replaced) -> str:
    for old, new in replaced:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("text", [INDEX, POINTS, YEAR], ids=["index", "points", "year"])
def test_a_scheme_without_faults_has_no_findings(text: str, tmp_path: Path) -> None:
    assert found_in(tmp_path, text) == []


def only(found: list[Finding], text: str, level: str, line: str, said: str) -> None:
    """There is just this finding."""
    (finding,) = found
    assert finding.level == level
    assert text.splitlines()[finding.line - 1].strip().startswith(line)
    assert said in finding.sentence


@pytest.mark.parametrize(
    ("replaced", "level", "line", "said"),
    [
        pytest.param(
            [("health: {weight: 1}", "health: {weight: 0}"), ("poverty: {weight: 1}", "poverty: {weight: 0}")],
            "error", "people:", "“people”下面的权重全是 0", id="all siblings 0"),
        pytest.param(
            [("people:\n    weight: 2", "people:\n    weight: 0")],
            "warning", "weight: 0", "“people”权重为 0，下面却有权重的 health、poverty", id="weight 0 above weights"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    aggregation: median\n"), ("poverty: {weight: 1}", "poverty: {weight: 3}")],
            "warning", "people:", "“people”用 median，不看权重", id="idle weights"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    aggregation: best_n\n    best: 3\n")],
            "warning", "best: 3", "取最好的 3 项，但只有 2 项有权重", id="best_n of too few"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    aggregation: trimmed_mean\n    trim: 0.4\n")],
            "warning", "trim: 0.4", "2 项里一项也去不掉", id="nothing is trimmed"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    aggregation: geometric\n"), ("health: {weight: 1}", "health: {weight: 1, rule: zscore}"),
             ("poverty: {weight: 1}", "poverty: {weight: 1, range: [1, 2]}")],
            "warning", "health:", "“health”的得分可能小于 0，“people”用 geometric", id="negative under geometric"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    aggregation: harmonic\n"), ("health: {weight: 1}", "health: {weight: 1, rule: raw}"),
             ("poverty: {weight: 1}", "poverty: {weight: 1, range: [1, 2]}")],
            "warning", "health:", "“people”用 harmonic", id="raw under harmonic"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    aggregation: geometric\n"), ("health: {weight: 1}", "health: {weight: 1, range: [1, 2]}")],
            "warning", "poverty:", "最差的单位总得 0", id="a zero for sure under geometric"),
        pytest.param(
            [("aggregation: arithmetic\ndefaults", "aggregation: geometric\ndefaults"),
             ("      health: {weight: 1}", "      health: {weight: 1, range: [-1, 1]}"), ("economy: {weight: 1}", "economy: {weight: 1, range: [1, 2]}")],
            "warning", "people:", "“people”的得分可能小于 0，“指数”用 geometric", id="a node below 0 under geometric"),
        pytest.param(
            [("    aggregation: arithmetic\n", "    availability: 0.6\n"), ("health: {weight: 1}", "health: {weight: 1, applies_to: [甲]}"),
             ("poverty: {weight: 1}", "poverty: {weight: 1, applies_to: [乙]}")],
            "error", "availability: 0.6", "“people”要求 0.6 的子项有得分，但无论哪类单位最多只有 0.5", id="availability never met"),
        pytest.param(
            [("poverty: {weight: 1}", "poverty: {weight: 1, rule: steps, steps: [{at_least: 1, give: 1}, {at_least: 2, give: 0.5}]}")],
            "error", "poverty:", "第 2 级永远轮不到", id="steps out of order"),
        pytest.param(
            [("poverty: {weight: 1}", "poverty: {weight: 1, rule: steps, steps: [{at_most: 5, give: 1}, {at_least: 5, give: 0.5}, {at_most: 7, give: 0.2}]}")],
            "error", "poverty:", "第 3 级永远轮不到", id="a step that two others leave nothing to"),
        pytest.param(
            [("poverty: {weight: 1}", "poverty: {weight: 1, rule: steps, steps: [{at_least: 2, give: 0.5}, {at_least: 1, give: 1}]}")],
            "warning", "poverty:", "第 2 级给分不比更严的一级少", id="a worse value gets more"),
        pytest.param(
            [("economy: {weight: 1}", "Health: {weight: 1}")],
            "warning", "Health:", "“Health”和“health”只差大小写", id="case"),
        pytest.param(
            [("economy: {weight: 1}", "economy: {weight: 1, measure: health}")],
            "error", "economy:", "指标 economy 和 health 用同一度量 health", id="one measure twice"),
        pytest.param(
            [("economy: {weight: 1}", "economy: {weight: 1, measure: health, denominator: population}")],
            "warning", "economy:", "health 的同一条记录可能在几个指标里计分：health、economy", id="a total and its rate"),
        pytest.param(
            [("defaults: {rule: minmax, " + BASIS + "}", "defaults: {rule: minmax}")],
            "warning", "health:", "3 个指标没有写依据（basis 的 rule 和 article）：health、poverty、economy", id="no basis"),
        pytest.param(
            [("economy: {weight: 1}", "economy: {weight: 1, basis: {rule: ' ', article: 一, basis_type: default}}")],
            "warning", "economy:", "1 个指标没有写依据", id="an empty basis"),
        pytest.param(
            [("economy: {weight: 1}", "economy: {weight: 1, " + BASIS.replace("default}", "default, effective_from: 2020-01-01}") + "}")],
            "warning", "economy:", "指标 economy 和 health 引用同一规定“甲规定”", id="one rule from two days"),
    ],
)  # fmt: skip
def test_faults_of_an_index(replaced: Replaced, level: str, line: str, said: str, tmp_path: Path) -> None:
    text = changed(INDEX, replaced)
    only(found_in(tmp_path, text), text, level, line, said)


@pytest.mark.parametrize(
    ("replaced", "level", "line", "said"),
    [
        pytest.param(
            [("meetings: {weight: 60", "meetings: {weight: 50")],
            "warning", "dimensions:", "“计分”下面的权重之和是 90，不是 100", id="the whole"),
        pytest.param(
            [("hours: {weight: 10}", "hours: {weight: 20}")],
            "warning", "study:", "“study”下面的权重之和是 50，不是 40", id="a node"),
        pytest.param(
            [("at_least: 90, quota: 0.3", "at_least: 106, quota: 0.3")],
            "error", "best:", "从 106 分起，但最高只能得 105 分", id="above the highest with bonus"),
        pytest.param(
            [("quota: 0.3", "quota: 0.0005")],
            "warning", "best:", "“优秀”的配额 0.0005 乘 1000 个单位还不到 1 个", id="a quota of nobody"),
        pytest.param(
            [("at_least: 0}", "at_least: 0, quota: 0.5}")],
            "error", "rest:", "最后一档“合格”不能有配额", id="a quota at the end"),
        pytest.param(
            [("grade_at_most: good", "grade_at_most: best")],
            "error", "V1:", "否决 V1 的上限是最高等次“优秀”", id="a veto of nothing"),
        pytest.param(
            [("days: {weight: 30}", "days: {weight: 30, rule: minmax, range: [0, 100]}"), ("at_least: 90, ", "at_least: 90.5, ")],
            "warning", "days:", "指标 days 的规则 minmax 给分会超出 0 到 1", id="range beyond 1"),
        pytest.param(
            [("days: {weight: 30}", "days: {weight: 30, rule: zscore}")],
            "warning", "days:", "规则 zscore 给分会超出 0 到 1", id="zscore in points"),
        pytest.param(
            [("days: {weight: 30}", "days: {weight: 30, rule: goalposts, low: 0, high: 1, clamp: false}")],
            "warning", "days:", "规则 goalposts 给分会超出 0 到 1", id="goalposts not clamped"),
        pytest.param(
            [("hours: {weight: 10}", "hours: {weight: 10}\n      shown: {weight: 0}"), ("[study,", "[shown,")],
            "error", "tie_break:", "“shown”权重为 0", id="tie-break on what is shown"),
        pytest.param(
            [("[study,", "[V1,")], "error", "tie_break:", "“V1”没有得分可比", id="tie-break on a veto"),
        pytest.param(
            [("deductions: {cap: 10, indicators: {notices: {rule: per_item, " + BASIS + "}}}\n", "")],
            "error", "tie_break:", "“fewer_deductions”没有得分可比", id="tie-break on no deductions"),
        pytest.param(
            [("[study, fewer_deductions]", "[study, study]")], "warning", "tie_break:", "“study”写了两次", id="tie-break twice"),
        pytest.param(
            [("honours: {rule", "honours: {measure: days, rule")],
            "error", "bonus:", "指标 honours 和 days 用同一度量 days", id="a bonus for what is scored"),
        pytest.param(
            [("days: {weight: 30}", "days: {weight: 30, applies_to: [甲]}"), ("hours: {weight: 10}", "hours: {weight: 10, measure: meetings, applies_to: [乙]}"),
             ("meetings: {weight: 60, missing: zero}", "meetings: {weight: 60, missing: zero, applies_to: [甲, 乙]}")],
            "error", "meetings:", "指标 meetings 和 hours 用同一度量 meetings", id="the same units"),
    ],
)  # fmt: skip
def test_faults_of_points(replaced: Replaced, level: str, line: str, said: str, tmp_path: Path) -> None:
    text = changed(POINTS, replaced)
    only(found_in(tmp_path, text), text, level, line, said)


def test_a_band_between_two_scores_that_units_are_pushed_into_is_none(tmp_path: Path) -> None:
    """Whole points leave nothing from 80.2 to below 80.8, but who is beyond the quota of the best is there."""
    without_veto = ("vetoes:\n  V1: {grade_at_most: good, " + BASIS + "}\n", "")
    narrow = [("digits: 2", "digits: 0"), ("at_least: 90", "at_least: 80.8"), ("at_least: 80}", "at_least: 80.2}")]
    text = changed(POINTS, [without_veto, *narrow])
    assert found_in(tmp_path, text) == []
    text = changed(text, [(", quota: 0.3", "")])
    only(
        found_in(tmp_path, text), text, "error", "good:", "从 80.2 分起、不到 80.8 分，保留 0 位小数时没有分数落在其中"
    )
    text = changed(text, [("at_least: 80.2}", "at_least: 80}")])
    assert found_in(tmp_path, text) == []


def test_a_band_below_the_lowest_score(tmp_path: Path) -> None:
    text = INDEX.replace("rule: minmax", "rule: percentile, range: [50, 100]") + (
        "grades:\n  top: {title: 优, at_least: 50}\n  low: {title: 劣, at_least: 0}\n"
    )
    only(found_in(tmp_path, text), text, "error", "low:", "从 0 分起，但最低也有 50 分")
    assert found_in(tmp_path, text.replace("at_least: 50}", "at_least: 50.1}")) == []


def test_how_high_the_whole_can_get_depends_on_who_can_be_absent(tmp_path: Path) -> None:
    """Steps that give 0.5 at most hold half of the weight: 75, unless the indicator can be absent and leaves it all to
    the other."""
    text = f"""\
title: 计分
rounding: {{digits: 2, at: total}}
defaults: {{{BASIS}}}
dimensions:
  half: {{weight: 50, missing: zero, rule: steps, steps: [{{at_least: 1, give: 0.5}}]}}
  full: {{weight: 50, missing: zero}}
grades:
  best: {{title: 优, at_least: 75.01}}
  rest: {{title: 劣, at_least: 0}}
"""
    only(found_in(tmp_path, text), text, "error", "best:", "从 75.01 分起，但最高只能得 75 分")
    assert found_in(tmp_path, text.replace("at_least: 75.01", "at_least: 75")) == []
    assert found_in(tmp_path, text.replace("half: {weight: 50, missing: zero", "half: {weight: 50")) == []


@pytest.mark.parametrize(
    ("replaced", "level", "line", "said"),
    [
        pytest.param(
            [("measure: requests_closed", "measure: request_closed")],
            "error", "measure: request_closed", "request_closed", id="no such measure"),
        pytest.param(
            [("params: {target: 2}", "params: {target: 2, days: 3}")],
            "error", "params:", "days, target", id="a parameter too many"),
        pytest.param(
            [("params: {target: 2}", "params: {target: 0}")],
            "error", "params:", "参数 target 不能是“0”", id="a parameter not allowed"),
        pytest.param(
            [("measure: requests_closed\n", "measure: requests_closed\n    applies_to: [机关处室, 街道]\n")],
            "error", "applies_to:", "applies_to 写了“街道”，单位名册没有这个类别；可以写：机关处室、基层单位", id="no such category"),
        pytest.param(
            [("measure: requests_closed", "measure: warning_education\n    params: {target: 2}")],
            "error", "measure: warning_education", "requests 和 education 用同一度量 warning_education", id="the same twice"),
        pytest.param(
            [("measure: requests_closed", "measure: warning_education\n    params: {target: 3}")],
            "warning", "requests:", "同一条记录可能在几个指标里计分：education、requests", id="the same records"),
        pytest.param(
            [("measure: warning_education\n    params: {target: 2}", "measure: findings_closed\n    params: {severity: {严重: 2, 一般: 1, 轻微: 1}}"),
             ("grades:", "deductions: {cap: 9, indicators: {made_up: {measure: made_up_records, rule: per_item, params: {points: 2, category: [事后补记]}, " + BASIS + "}}}\ngrades:")],
            "warning", "deductions:", "抽查问题整改清单 (inspection_finding) 的同一条记录可能在几个指标里计分：education、made_up", id="a deduction for what is scored"),
        pytest.param(
            [("measure: requests_closed\n    basis: {rule: 甲规定, article: 第一条,", "measure: requests_closed\n    basis: {rule: 乙规定, article: 第一条, effective_from: 2023-05-01,")],
            "warning", "basis:", "指标 requests 的 basis 在 2023-01-01 没有规定有效", id="a basis of part of the year"),
        pytest.param(
            [("measure: requests_closed\n    basis: {rule: 甲规定, article: 第一条,", "measure: requests_closed\n    basis: {rule: 乙规定, article: 第一条, effective_to: 2023-06-30,")],
            "warning", "basis:", "指标 requests 的 basis 在 2023-07-01 没有规定有效", id="a basis that ends"),
        pytest.param(
            [("measure: requests_closed\n    basis: {rule: 甲规定", "measure: requests_closed\n    basis: {rule: ''")],
            "error", "basis:", "1 个指标没有写依据", id="no basis in a year"),
    ],
)  # fmt: skip
def test_faults_of_a_year(replaced: Replaced, level: str, line: str, said: str, tmp_path: Path) -> None:
    text = changed(YEAR, replaced)
    only(found_in(tmp_path, text), text, level, line, said)


def test_the_lowest_and_the_highest_with_what_is_missing(tmp_path: Path) -> None:
    """Percentiles from 50 to 100, and 0 for who has no value."""
    text = INDEX.replace("rule: minmax", "rule: percentile, range: [50, 100]")
    text += "grades:\n  top: {title: 优, at_least: 50}\n  low: {title: 劣, at_least: 0}\n"
    assert [each.path for each in found_in(tmp_path, text)] == [("grades", "low", "at_least")]
    assert found_in(tmp_path, "missing: zero\n" + text) == []


def test_steps_of_one_bound(tmp_path: Path) -> None:
    steps = "[{at_most: 5, give: 1}, {at_most: 5, give: 0.5}]"
    text = changed(INDEX, [("economy: {weight: 1}", f"economy: {{weight: 1, rule: steps, steps: {steps}}}")])
    only(found_in(tmp_path, text), text, "error", "economy:", "第 2 级永远轮不到")
    text = changed(text, [("{at_most: 5, give: 0.5}", "{at_most: 6, give: 0.5}")])
    assert found_in(tmp_path, text) == []


def test_a_measure_for_two_categories_counts_once(tmp_path: Path) -> None:
    text = changed(
        INDEX,
        [("health: {weight: 1}", "health: {weight: 1, applies_to: [甲]}"),
         ("poverty: {weight: 1}", "poverty: {weight: 1, measure: health, applies_to: [乙]}")],
    )  # fmt: skip
    assert found_in(tmp_path, text) == []


def test_only_the_node_to_blame_is_named(tmp_path: Path) -> None:
    """The root cannot have all its children, as people never is there: that is said of people alone."""
    text = changed(
        INDEX,
        [("aggregation: arithmetic\ndefaults", "aggregation: arithmetic\navailability: 1\ndefaults"),
         ("    aggregation: arithmetic\n    children", "    aggregation: arithmetic\n    availability: 1\n    children"),
         ("health: {weight: 1}", "health: {weight: 1, applies_to: [甲]}"), ("poverty: {weight: 1}", "poverty: {weight: 1, applies_to: [乙]}")],
    )  # fmt: skip
    assert [each.path for each in found_in(tmp_path, text)] == [("dimensions", "people", "availability")]
    text = changed(text, [("    availability: 1\n    children", "    children")])
    assert found_in(tmp_path, text) == []


LIMIT = "params: {limit: {talk: 1, activist: 12, training: 24, meeting: 1, approval: 3, probation: 12}}"


def test_a_gap_between_versions(tmp_path: Path) -> None:
    versions = f"""measure: development_steps
    versions:
      - {{rule: 旧, effective_from: 2014-05-28, effective_to: 2023-03-31, {LIMIT}}}
      - {{rule: 新, effective_from: 2023-04-01, {LIMIT}}}"""
    text = changed(YEAR, [("measure: requests_closed", versions)])
    assert found_in(tmp_path, text) == []
    text = changed(text, [("2023-04-01", "2023-04-15")])
    only(found_in(tmp_path, text), text, "warning", "versions:", "指标 requests 的 versions 在 2023-04-01 没有规定有效")
    text = changed(
        YEAR, [("measure: requests_closed", "measure: requests_closed\n    versions: [{rule: 旧, params: {}}]")]
    )
    only(found_in(tmp_path, text), text, "error", "versions:", "不按日期取参数")


def test_measures_that_choose_other_records_share_none(tmp_path: Path) -> None:
    """Two platforms of one table: no record is of both. Two kinds of meeting: a record can be of both."""
    study = "measure: study_participation\n    params: {platform: 学习强国, target: 0.9}"
    other = "measure: study_hours_met\n    params: {platform: 上海干部在线学习城, target: 1}"
    education = "measure: warning_education\n    params: {target: 2}"
    text = changed(YEAR, [(education, study), ("measure: requests_closed", other)])
    assert found_in(tmp_path, text) == []
    text = changed(text, [("platform: 上海干部在线学习城", "platform: 学习强国")])
    only(
        found_in(tmp_path, text),
        text,
        "warning",
        "requests:",
        "(study_stat) 的同一条记录可能在几个指标里计分：education、requests",
    )
    meeting = "measure: meeting_quarters\n    params: {{type: {}, attendance: 0}}"
    text = changed(
        YEAR, [(education, meeting.format("党课")), ("measure: requests_closed", meeting.format("支部党员大会"))]
    )
    only(found_in(tmp_path, text), text, "warning", "requests:", "(org_life_record) 的同一条记录")


def test_what_is_read_beside_the_records_counts_in_nothing(tmp_path: Path) -> None:
    """An agreement says of which kind the activities are; what counts is the activities, and the agreement in its own
    indicator."""
    text = changed(
        YEAR,
        [("measure: warning_education\n    params: {target: 2}", "measure: agreement_live\n    params: {partner_type: [行业]}"),
         ("measure: requests_closed", "measure: activities_held\n    params: {partner_type: [行业], target: 2}")],
    )  # fmt: skip
    assert found_in(tmp_path, text) == []


def test_all_faults_are_found_in_one_go(tmp_path: Path) -> None:
    text = changed(
        YEAR,
        [("measure: requests_closed", "measure: nothing"), ("params: {target: 2}", "params: {goal: 2}"),
         ("at_least: 80", "at_least: 101"), ("at_least: 0", "at_least: 0, quota: 0.1")],
    )  # fmt: skip
    found = found_in(tmp_path, text)
    assert [(each.level, ".".join(map(str, each.path[-2:]))) for each in found] == [
        ("error", "education.params"), ("error", "requests.measure"), ("error", "good.at_least"), ("error", "rest.quota"),
    ]  # fmt: skip
    assert [each.line for each in found] == sorted(each.line for each in found)


def test_two_schemes_of_a_folder_on_one_day(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("title: [", encoding="utf-8")
    (tmp_path / "index.yml").write_text(INDEX, encoding="utf-8")
    (tmp_path / "next.yml").write_text(YEAR.replace("2024-", "2025-").replace("2023", "2024"), encoding="utf-8")
    assert found_in(tmp_path, YEAR) == []
    (tmp_path / "same.yml").write_text(YEAR, encoding="utf-8")
    only(found_in(tmp_path, YEAR), YEAR, "warning", "effective_from:", "scheme.yml 和 same.yml 的适用日期重叠")


def test_two_schemes_of_the_project_on_one_day_are_an_error(project: Project) -> None:
    path = project.scheme(2023)
    path.with_name("other.yml").write_text(YEAR, encoding="utf-8")
    errors = [each for each in findings(path, load_composite(path), project) if each.level == "error"]
    assert [each.path for each in errors] == [("effective_from",)]


def test_a_scheme_of_the_home_is_held_against_those_of_the_project(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "home" / "schemes" / "2023.yml"
    own.parent.mkdir(parents=True)
    text = project.scheme(2023).read_text("utf-8")
    own.write_text(text.replace("effective_to: 2023-12-31", "effective_to: 2024-01-31", 1), "utf-8")
    found = findings(own, load_composite(own), project, home=tmp_path / "home")
    assert [(each.level, each.sentence) for each in found if each.level == "error"] == [
        ("error", "考核办法 2023.yml 和 2024.yml 的适用日期重叠；请改正其中一个的 effective_from、effective_to")
    ]


def test_against_values(tmp_path: Path) -> None:
    rows = [f"{unit},{name},{number}" for name in ("health", "poverty") for number, unit in enumerate("ABCDE")]
    values = tmp_path / "values.csv"
    values.write_text("\n".join(["unit_id,measure,value", *rows, "A,economy,1", "B,economy,"]), encoding="utf-8")
    counted = count_values(values)
    assert counted == Counted(5, {"health": 5, "poverty": 5, "economy": 1})
    only(found_in(tmp_path, INDEX, counted), INDEX, "warning", "economy:", "economy 只有 1 个单位有数值，rule 不起作用")
    for more, key in [("impute: mean", "impute"), ("treat: {winsorise: 2}", "treat")]:
        text = changed(INDEX, [("economy: {weight: 1}", f"economy: {{weight: 1, {more}}}")])
        only(found_in(tmp_path, text, counted), text, "warning", "economy:", f"{key} 不起作用")
    text = changed(INDEX, [("economy: {weight: 1}", "economy: {weight: 1, measure: wealth}")])
    only(
        found_in(tmp_path, text, counted),
        text,
        "error",
        "economy:",
        "要的 wealth 在数值表里一行也没有；其中有：economy、health、poverty",
    )
    three = Counted(3, {"health": 3, "poverty": 3, "economy": 3})
    assert found_in(tmp_path, INDEX, three) == []
    text = changed(INDEX, [("economy: {weight: 1}", "economy: {weight: 1, treat: {winsorise: 2}}")])
    only(found_in(tmp_path, text, three), text, "warning", "economy:", "只有 3 个单位有数值，treat 不起作用")


def test_a_scheme_of_a_year_for_values_is_not_held_against_the_project(tmp_path: Path) -> None:
    text = changed(YEAR, [("measure: requests_closed", "measure: sold")])
    counted = Counted(9, {"warning_education": 9, "sold": 9})
    assert found_in(tmp_path, text, counted) == []
    assert len(found_in(tmp_path, text)) == 1


def test_a_quota_is_held_against_the_units_there_are(tmp_path: Path) -> None:
    text = changed(POINTS, [("quota: 0.3", "quota: 0.02")])
    measures = ("days", "hours", "meetings", "honours", "notices", "V1")
    assert found_in(tmp_path, text, Counted(50, dict.fromkeys(measures, 50))) == []
    only(
        found_in(tmp_path, text, Counted(49, dict.fromkeys(measures, 49))),
        text,
        "warning",
        "best:",
        "乘 49 个单位还不到 1 个",
    )


SHARED = [
    ("annual_report", "书记例会台账 (secretary_meeting)", "secretary_meetings、annual_report"),
    ("committee_months", "组织生活记录台账 (org_life_record)",
     "assembly_quarters、committee_months、group_months、lecture_quarters、themed_day_months、org_life_meeting、late_reports"),
    ("findings_closed", "组织生活记录抽查 (inspection)", "spot_check_round_1、spot_check_round_2、findings_closed"),
    ("findings_closed", "抽查问题整改清单 (inspection_finding)",
     "spot_check_round_1、spot_check_round_2、findings_closed、made_up_records"),
    ("frontline_posts_valid", "“一线去”换岗体验台账 (frontline_post)", "frontline_participants、frontline_posts_valid"),
    ("honors", "先进典型与荣誉台账 (honor)", "role_models、honors"),
    ("overdue_rectifications", "组织生活会、民主评议和巡察整改清单 (rectification)", "org_life_meeting、overdue_rectifications"),
]  # fmt: skip


@pytest.mark.parametrize("year", [2023, 2024])
def test_ours(year: int) -> None:
    """No errors; and where one record really counts in several indicators, that is said."""
    path = ROOT / "data" / "schemes" / f"{year}.yml"
    found = findings(path, load_composite(path), Project(ROOT))
    assert [(each.level, each.path[-1], each.sentence) for each in found] == [
        ("warning", name, f"{table} 的同一条记录可能在几个指标里计分：{names}；请确认这是有意的")
        for name, table, names in SHARED
    ]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(lines[each.line - 1].strip() == f"{each.path[-1]}:" for each in found)


def test_what_a_run_refuses_of_measures_and_alerts_is_found_too(tmp_path: Path) -> None:
    study = "measure: study_participation\n    params: {platform: 学习强国, target: 0.9}"
    text = changed(YEAR, [("measure: warning_education\n    params: {target: 2}", study)])
    assert found_in(tmp_path, text) == []
    of_2024 = text.replace("2024-", "2025-").replace("2023", "2024")
    only(found_in(tmp_path, of_2024), of_2024, "error", "measure: study", "整治形式主义为基层减负若干规定")
    text = YEAR + "alerts:\n  late: {title: 迟, alert: lateness, say: 迟, say_en: late}\n"
    only(found_in(tmp_path, text), text, "error", "late:", "lateness")
