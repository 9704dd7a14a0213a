"""Schemes: typed, proved to add up, refused with file and line."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from kaohe import planning
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.scheme import load_composite, load_scheme
from kaohe.scheme.indicator import Rule
from tests.helpers import ROOT
from tests.unit.test_scheme_lint import INDEX

OURS = (ROOT / "data" / "schemes" / "2023.yml").read_text(encoding="utf-8")
#: Parts of INDEX: how the whole comes about and how its node does, and the tree.
ROOT_MEAN, PEOPLE = "title: 指数\naggregation: arithmetic\n", "    aggregation: arithmetic\n"
TREE = INDEX[INDEX.index("dimensions:") :]


def scheme_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "2023.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("year", [2023, 2024])
def test_ours_add_up(year: int) -> None:
    scheme = load_scheme(ROOT / "data" / "schemes" / f"{year}.yml")
    assert sum(entry.weight for entry, _ in scheme.leaves) == Decimal(100)
    weights = {name: dimension.weight for name, dimension in scheme.dimensions.items()}
    assert weights == {"theory": 22, "foundation": 46, "synergy": 18, "integrity": 14}
    planning.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scheme)


def test_every_indicator_of_ours_that_may_not_apply_says_by_which_rule() -> None:
    project = Project(ROOT)
    scheme = load_scheme(project.scheme(2023))
    planned = planning.plan(project, load_contracts(project.expectations), scheme)
    items_of_their_own = {
        "joint_study_sessions", "role_models", "loyalty_sessions", "annual_report", "org_life_meeting", "democratic_review",
        "model_office", "frontline_participants", "industry_agreement", "industry_activities", "street_agreement",
        "street_activities", "united_front", "warning_education",
    }  # fmt: skip
    unsaid = {
        entry.name
        for entry, leaf in scheme.leaves
        if entry.section == "base"
        and planned.measures[leaf.measure].empty != "not_reported"
        and not leaf.not_applicable
    }
    assert unsaid == items_of_their_own


def test_study_scores_move_to_training_in_2024_and_are_shown() -> None:
    before, after = (load_scheme(ROOT / "data" / "schemes" / f"{year}.yml") for year in (2023, 2024))
    weights = [{entry.name: entry.weight for entry in scheme.entries} for scheme in (before, after)]
    assert (weights[0]["study"], weights[0]["training"]) == (4, 6)
    assert (weights[1]["study"], weights[1]["training"]) == (0, 10)
    shown = {entry.name for entry, _ in after.leaves if entry.is_shown}
    assert shown == {"campaign_cover", "study_xuexi", "study_cadre", "study_youth"}


def test_a_scheme_of_2024_that_scores_study_is_refused_with_the_rule(tmp_path: Path) -> None:
    text = (ROOT / "data" / "schemes" / "2024.yml").read_text(encoding="utf-8")
    for old, new in [
        ("title: 学情通报\n        weight: 0", "title: 学情通报\n        weight: 1"),
        ("title: 学习强国参学率\n            weight: 0", "title: 学习强国参学率\n            weight: 1"),
        ("title: 联组学习\n        weight: 4", "title: 联组学习\n        weight: 3"),
    ]:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(KaoheError, match=r"study_xuexi.*整治形式主义为基层减负若干规定"):
        planning.plan(Project(ROOT), load_contracts(ROOT / "expectations"), load_scheme(scheme_file(tmp_path, text)))


def test_clue_counts_can_be_in_no_scheme(tmp_path: Path) -> None:
    project = Project(ROOT)
    contracts = load_contracts(project.expectations)
    assert contracts["clue_summary"].restricted
    clues = tmp_path / "sql"
    shutil.copytree(project.sql, clues)
    measure = "-- Empty: not_applicable\nselect unit_id, quarter as item, clues as due, 0 as done, [_rec] as records from clue_summary"
    (clues / "measures" / "clues.sql").write_text(measure, encoding="utf-8")
    text = OURS.replace("measure: united_front\n", "measure: clues\n").replace(
        "params: {target: 2}\n        basis: {rule: 浦东新区生态环境局2023年党建工作要点, article: 统一战线",
        "basis: {rule: 浦东新区生态环境局2023年党建工作要点, article: 统一战线",
    )
    with pytest.raises(KaoheError) as caught:
        planning.plan(Project(tmp_path), contracts, load_scheme(scheme_file(tmp_path, text)))
    assert caught.value.key == "measure_restricted"


@pytest.mark.parametrize(
    ("old", "new", "mark", "said"),
    [
        pytest.param(
            "weight: 1.34", "weight: 0.34", "study:", "“学情通报”各项权重之和是 3.00，应为 4", id="weights make 99"
        ),
        pytest.param("weight: 46", "weight: 45", "foundation:", "之和是 46，应为 45", id="a dimension"),
        pytest.param("rule: share", "rule: shar", "rule: shar", "不在允许的取值之内", id="unknown rule"),
        pytest.param("measure: study_h", "mesure: study_h", "mesure:", "不认识“mesure”", id="misspelt key"),
        pytest.param("weight: 1.33", "weight: 1.335", "weight: 1.335", "最多两位小数", id="thousandths"),
        pytest.param("\nyear: 2023", "\nyear: 20230", "year: 20230", "不能大于 2100", id="a year far away"),
        pytest.param("digits: 2", "digits: 3", "rounding:", "必须逐级相加", id="three digits"),
        pytest.param(
            "tie_break: [spot_check", "tie_break: [spot", "tie_break:", "“spot”不是", id="tie-break on nothing"
        ),
        pytest.param("at_least: 60", "at_least: 85", "grades:", "等次要从高到低", id="grades out of order"),
        pytest.param(
            "study_youth:", "study_xuexi:", "study_xuexi:\n            title: 青", "写了两次", id="a name twice"
        ),
        pytest.param("study_youth:", "training:", "# 2023", "“training”用了两次", id="a name twice, in two nodes"),
        pytest.param("study_youth:", "study youth:", "# 2023", "不能作名称", id="a name with a blank"),
        pytest.param("effective_to: 2023", "effective_to: 2022", "effective_to:", "晚于截止日期", id="dates"),
        pytest.param("grade_at_most: good", "grade_at_most: best", "V1:", "没有“best”这一等次", id="veto to no grade"),
        pytest.param(
            "effective_to: 2023-12-31\ndeadline",
            "effective_to: 2023-02-30\ndeadline",
            "effective_to",
            "不合要求",
            id="no date",
        ),
        pytest.param(
            "effective_from: 2023-01-01\neffective_to: 2023-12-31",
            "effective_from: 2022-01-01\neffective_to: 2022-12-31",
            "effective_to: 2022",
            "effective_to：适用日期不在 2023 年内",
            id="in force the year before",
        ),
        pytest.param(
            "effective_from: 2023-01-01\neffective_to: 2023-12-31",
            "effective_from: 2024-01-01\neffective_to: 2024-12-31",
            "effective_from: 2024",
            "effective_from：适用日期不在 2023 年内",
            id="in force the year after",
        ),
        pytest.param("deadline: 2024-01-31", "deadline: 2023-12-30", "deadline:", "早于 2023-12-31", id="deadline"),
        pytest.param(
            "deadline: 2024-03-31",
            "deadline: 2023-03-31",
            "deadline: 2023-03-31",
            "“org_life_meeting”的截止日期",
            id="a leaf's deadline",
        ),
        pytest.param(
            "  plan_missed:\n",
            "  innovation_cases:\n",
            "  innovation_cases:\n    title: 抽",
            "用了两次",
            id="an alert named as a leaf",
        ),
        pytest.param(
            "  plan_missed:\n",
            "  spot_check:\n",
            "  spot_check:\n    title: 抽中",
            "用了两次",
            id="an alert named as a node",
        ),
        pytest.param("  plan_missed:", "  plan missed:", "  plan missed:", "不能作名称", id="an alert with a blank"),
        pytest.param(
            "  plan_missed:\n    title: 抽中未查\n",
            "  plan_missed:\n",
            "  plan_missed:",
            "alerts.plan_missed：缺少“title”",
            id="an alert without a title",
        ),
        pytest.param(
            'say: "{item} 抽中',
            'say: "{unit} 抽中',
            'say: "{unit} 抽中',
            "plan_missed.say：提示语里只能用 {} 括起这些名称：item、due_on、days、number、text",
            id="an alert that says what there is not",
        ),
        pytest.param(
            "say_en: drawn for {item}",
            "say_en: drawn for {item",
            "say_en: drawn",
            "plan_missed.say_en：提示语里只能用 {} 括起",
            id="an alert with half a brace",
        ),
        pytest.param("quota_at_least: 1", "quota_at_least: 0", "excellent:", "不合要求", id="a quota of nobody"),
        pytest.param("title: 良好", "title: 优秀", "grades:", "两个等次同名", id="two grades of one title"),
        pytest.param(
            "rule: 2019—2023年全国党员教育培训工作规划, article: 教育培训学时, basis_type: national_rule, effective_from: 2019-11-11, effective_to: 2023-12-31",
            "rule: 旧规划, article: 学时, basis_type: national_rule, effective_to: 2022-12-31",
            "basis: {rule: 旧规划",
            "“旧规划”在 2023 年没有效力",
            id="a rule no longer in force",
        ),
        pytest.param(
            "effective_from: 2014-05-28}",
            "effective_from: 2024-05-28}",
            "basis: {rule: 中国共产党发展党员工作细则",
            "“中国共产党发展党员工作细则”在 2023 年没有效力",
            id="a rule not yet in force",
        ),
        pytest.param(
            "      basis: {rule: 浦东新区生态环境局2023年党建工作要点, article: 加减分, basis_type: default}\n",
            "",
            "    innovation_cases:",
            "bonus.indicators.innovation_cases：缺少“basis”",
            id="no rule behind it",
        ),
        pytest.param(
            "          - rule: 中国",
            "          - {rule: 早, effective_to: 2014-05-27, params: {months: 2}}\n          - rule: 中国",
            "- rule: 中国",
            "“早”和“中国共产党发展党员工作细则（2014）”的参数不一样",
            id="versions with other parameters",
        ),
        pytest.param(
            "          - rule: 中国",
            "          - {rule: 早, effective_from: 2014-01-01, params: {limit: {talk: 2}}}\n          - rule: 中国",
            "- rule: 中国",
            "“早”和",
            id="versions overlap",
        ),
        pytest.param(
            '{"1": 6, "2": 12}', '{"1": 6, "2": 11}', "rounds: &", "第 2 轮到 12 月为止", id="round 2 too short"
        ),
        pytest.param('{"1": 6, "2": 12}', '{"2": 6, "1": 12}', "rounds: &", "第 1、2 轮", id="rounds out of order"),
        pytest.param('{"1": 6, "2": 12}', '{"1": 0, "2": 12}', "rounds: &", "第 1、2 轮", id="a round of no month"),
        pytest.param("good: 95, middle: 70", "good: 70, middle: 70", "at_least: {good: 7", "高于 middle", id="bounds"),
        pytest.param("{weak: 3, ", "{", "weight: {never", "缺少“weak”", id="a result without weight"),
        pytest.param("{weak: 3, ", "{weak: 0, ", "weight: {weak", "不合要求", id="a weight of nothing"),
    ],
)
def test_a_wrong_scheme_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, mark: str, said: str) -> None:
    assert old in OURS
    text = OURS.replace(old, new, 1)
    line = text[: text.index(mark)].count("\n") + 1
    with pytest.raises(KaoheError) as caught:
        load_scheme(scheme_file(tmp_path, text))
    assert said in str(caught.value)
    assert f"2023.yml 第 {line} 行" in str(caught.value)


PAIRS = "power 配 power_mean，trim 配 trimmed_mean，best 配 best_n，必须成对"
MAPPING = "要写成“名称: 值”的样子"


@pytest.mark.parametrize(
    ("old", "new", "mark", "where", "said"),
    [
        pytest.param(
            INDEX, "- title\n", "- title", "2023.yml", f"“['title']”不合要求（{MAPPING}）", id="a list"),
        pytest.param(
            PEOPLE, "    aggregation: power_mean\n",
            "  people:", "dimensions.people", f"aggregation: power_mean 与 power 不相配：{PAIRS}", id="a mean of no power"),
        pytest.param(
            PEOPLE, f"{PEOPLE}    power: 2\n",
            "    power:", "dimensions.people.power", f"aggregation: arithmetic 与 power 不相配：{PAIRS}", id="a power too many"),
        pytest.param(
            PEOPLE, "    aggregation: power_mean\n    power: 0\n",
            "    power:", "dimensions.people.power", "power 不能为 0；几何平均请用 geometric", id="power 0"),
        pytest.param(
            "{rule: minmax,", "{rules: minmax,",
            "defaults:", "defaults", "defaults 里只能写指标的字段；不认识：rules", id="a misspelt default"),
        pytest.param(
            "{rule: minmax,", "{rules: minmax, 1: 2,",
            "defaults:", "defaults", "defaults 里只能写指标的字段；不认识：1、rules", id="a default called by a number"),
        pytest.param(
            "defaults: {", "defaults: minmax  # {",
            "defaults:", "defaults", f"“minmax”不合要求（{MAPPING}）", id="defaults in a word"),
        pytest.param(
            TREE, "dimensions: [people]\n",
            "dimensions:", "dimensions", f"“['people']”不合要求（{MAPPING}）", id="a tree in a list"),
        pytest.param(
            "economy: {weight: 1}", "economy: 1",
            "  economy:", "dimensions.economy", f"“1”不合要求（{MAPPING}）", id="a weight alone"),
        pytest.param(
            ROOT_MEAN, f"{ROOT_MEAN}vetoes: [fire]\n",
            "vetoes:", "vetoes", f"“['fire']”不合要求（{MAPPING}）", id="vetoes in a list"),
        pytest.param(
            ROOT_MEAN, f"{ROOT_MEAN}rounding: {{digits: 2, at: leaf}}\n",
            "rounding:", "rounding.at", "只有每个节点都是 sum 时才能在指标上取整（at: leaf）；请改为 at: total", id="leaves of a mean rounded"),
        pytest.param(
            ROOT_MEAN, f"{ROOT_MEAN}bonus: {{cap: 5, indicators: {{honours: {{rule: per_item}}}}}}\n",
            "aggregation:", "aggregation", "加分、扣分只能用于总分为 sum 的办法", id="a bonus on a mean"),
    ],
)  # fmt: skip
def test_a_wrong_index_is_refused_with_line_and_place(
    tmp_path: Path, old: str, new: str, mark: str, where: str, said: str
) -> None:
    assert INDEX.count(old) == 1
    text = INDEX.replace(old, new)
    path, line = scheme_file(tmp_path, text), text[: text.index(mark)].count("\n") + 1
    with pytest.raises(KaoheError) as caught:
        load_composite(path)
    assert str(caught.value) == f"{path} 第 {line} 行，{where}：{said}"


@pytest.mark.parametrize(
    ("keys", "at", "said"),
    [
        ("rule: raw, floor: 1", "floor", "规则 raw 用不上“floor”，请删去或换规则（docs/scheme.md）"),
        ("rule: share, direction: lower", "direction", "规则 share 用不上“direction”，请删去或换规则（docs/scheme.md）"),
        ("rule: linear, floor: 1", "rule", "规则 linear 还要写“target”"),
        ("rule: steps", "rule", "规则 steps 还要写“steps”"),
        ("rule: linear, floor: 1, target: 1.0", "target", "floor 和 target 不能相等"),
        ("rule: goalposts, low: 3, high: 3", "high", "low 和 high 不能相等"),
        ("rule: goalposts, low: 3, high: 2", "high", "low 要小于 high；越低越好请写 direction: lower"),
        ("range: [1, 1]", "range", "range 要写成 [最低, 最高]"),
        ("treat: {percentiles: [0.9, 0.1]}", "treat.percentiles", "percentiles 要写成 [低, 高]，在 0 到 1 之间"),
        ("treat: {percentiles: [0, 1.5]}", "treat.percentiles", "percentiles 要写成 [低, 高]，在 0 到 1 之间"),
        ("rule: steps, steps: [{give: 1}]", "steps.0.give", "每一级要写 at_least 或 at_most 之一"),
        ("rule: steps, steps: [{at_least: 2, give: 1}, {at_least: 1, at_most: 2, give: 0.5}]", "steps.1.give",
         "每一级要写 at_least 或 at_most 之一"),
        ("rule: [raw]", "rule", f"“['raw']”不在允许的取值之内：{', '.join(map(repr, get_args(Rule)))}"),
    ],
)  # fmt: skip
def test_what_does_not_suit_the_rule_is_refused_with_its_key(tmp_path: Path, keys: str, at: str, said: str) -> None:
    path = scheme_file(tmp_path, INDEX.replace("economy: {weight: 1}", f"economy: {{weight: 1, {keys}}}"))
    with pytest.raises(KaoheError) as caught:
        load_composite(path)
    assert str(caught.value) == f"{path} 第 11 行，dimensions.economy.{at}：{said}"


@pytest.mark.parametrize(
    ("quota", "ranked", "places"),
    [("", 7, 7), (", quota: 0.3", 10, 3), (", quota: 0.3", 9, 2), (", quota: 0.3", 1, 1), (", quota: 0.29", 100, 29)],
)
def test_how_many_may_have_a_grade(tmp_path: Path, quota: str, ranked: int, places: int) -> None:
    """All who have the points where there is no quota; else rounded down, but one at least."""
    text = f"{INDEX}grades:\n  best: {{title: 优秀, at_least: 90{quota}}}\n  rest: {{title: 合格, at_least: 0}}\n"
    assert load_composite(scheme_file(tmp_path, text)).grades["best"].places(ranked) == places


def test_a_measure_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    scheme = load_scheme(scheme_file(tmp_path, OURS.replace("measure: findings_closed", "measure: finding_closed")))
    with pytest.raises(KaoheError, match=r"finding_closed.*findings_closed"):
        planning.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scheme)


@pytest.mark.parametrize("change", [("target: 0.90", "targt: 0.90"), (", target: 0.90", ""), ("must: 25, ", "")])
def test_a_misspelt_or_missing_parameter_is_refused_with_what_the_measure_asks_for(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    assert change[0] in OURS
    scheme = load_scheme(scheme_file(tmp_path, OURS.replace(*change)))
    with pytest.raises(KaoheError) as caught:
        planning.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scheme)
    assert caught.value.key == "measure_params"


NOTICES = "params: {points: {区: 2, 局: 1}}"
DAYS = "params: {days: {warning: 1, urgent: 90}}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target: 4,", "target: 两次,", "joint_study_sessions 的参数 target 不能是“两次”，可以是：大于 0 的整数"),
        ("target: 4,", "target: 0,", "target 不能是“0”，可以是：大于 0 的整数"),
        ("target: 4,", "target: 2.5,", "target 不能是“2.5”，可以是：大于 0 的整数"),
        ("target: 4,", "target: yes,", "“True”不合要求"),
        ("target: 4,", "target: [4, 5],", "target 不能是“[4, 5]”"),
        ("target: 4,", "target: {机关处室: 4},", "target 不能是“{机关处室: 4}”"),
        ("target: 0.90", "target: 90", "target 不能是“90”，可以是：大于 0、不超过 1 的数"),
        (NOTICES, "params: {points: {区: 2, 局级: 1}}", "notices 的参数 points 里没有“局级”这一项，可以写的是：区、局"),
        (NOTICES, "params: {points: {区: 2}}", "notices 的参数 points 缺了“局”，要写全：区、局"),
        (NOTICES, "params: {points: {区: 2, 局: -1}}", "notices 的参数 points.局 不能是“-1”，可以是：大于 0 的数"),
        (NOTICES, "params: {points: 2}", "notices 的参数 points 写成了“2”，要分别写明：区、局"),
        ("B: 0.8, ", "", "model_office 的参数 grade 缺了“B”，要写全：A、B、C、D"),
        ("B: 0.8, ", "B: 8, ", "model_office 的参数 grade.B 不能是“8”，可以是：0 到 1 之间的数"),
        ("代会: 0.5", "委托: 0.5", "参数 attended 里没有“委托”这一项，可以写的是：本人、代会、缺席"),
        ("platform: 学习强国", "platform: 学习強国", "参数 platform 不能是“学习強国”，可以是：学习强国、上海干部"),
        ("type: 主题党日", "type: 主题党曰", "themed_day_months 的参数 type 不能是“主题党曰”，可以是：支部党员大会、"),
        ("type: 主题党日", "type: [党课, 主题党日]", "type 不能是“[党课, 主题党日]”"),
        ("penalty: {严重", "penalty: {严种", "spot_check_round_1 的参数 penalty 里没有“严种”这一项，可以写的是：严重、一般、轻微"),
        ("round: 2,", "round: 3,", "spot_check_round_2 的参数 round 不能是“3”，可以是：1、2"),
        ("round: 2,", 'round: "2",', "spot_check_round_2 的参数 round 不能是“2”"),
        ("partner_type: [行业]", "partner_type: [行业, 街镇]", "partner_type 不能是“街镇”，可以是：行业、街道、镇、居委、村"),
        ("partner_type: [行业]", "partner_type: []", "partner_type 不能是“[]”"),
        ("approval: 3", "aproval: 3", "limit 里没有“aproval”这一项，可以写的是：talk、activist"),
        ("category: [事后补记]", 'category: [" "]', "category 不能是“ ”，可以是：文字"),
        (DAYS, "params: {days: {late: 1}}", "days 里没有“late”这一项，可以写的是：urgent、warning、notice"),
        ("严重: urgent", "严重: high", "findings_overdue 的参数 level.严重 不能是“high”，可以是：urgent、warning、notice"),
        ("by_month: *rounds", 'by_month: {"1": 6, "2": 13}', "coverage_rounds 的参数 by_month.2 不能是“13”"),
        ("copied_records: 会", "copied: 会", "veto_proposed 的参数 reason 里没有“copied”这一项"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_with_what_is_allowed(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Any of these would have changed scores without a word. Ours pass: ``test_ours_add_up``."""
    assert old in OURS
    with pytest.raises(KaoheError) as caught:
        scheme = load_scheme(scheme_file(tmp_path, OURS.replace(old, new, 1)))
        planning.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scheme)
    assert said in str(caught.value)


def test_a_parameter_of_which_the_header_says_nothing_may_be_anything(project: Project) -> None:
    measure, scheme = project.sql / "measures" / "united_front.sql", project.scheme(2023)
    measure.write_text(measure.read_text("utf-8").replace("target (integer above 0)", "target"), "utf-8")
    asked = "measure: united_front\n        rule: share\n        params: {target: "
    assert f"{asked}2}}" in OURS
    scheme.write_text(OURS.replace(f"{asked}2}}", f"{asked}两次}}"), "utf-8")
    planned = planning.plan(project, load_contracts(project.expectations), load_scheme(scheme))
    assert planned.measures["united_front"].params == {"target": None}
