"""Schemes: typed, proved to add up, refused with file and line."""

from decimal import Decimal
from pathlib import Path

import pytest

from kaohe import scoring
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.scheme import load_scheme
from tests.helpers import ROOT

OURS = (ROOT / "data" / "schemes" / "2023.yml").read_text(encoding="utf-8")


def scheme_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "2023.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_ours_adds_up() -> None:
    scheme = load_scheme(ROOT / "data" / "schemes" / "2023.yml")
    assert sum(entry.weight for entry, _ in scheme.leaves) == Decimal(100)
    assert [entry.name for entry, _ in scheme.leaves][:3] == ["study_xuexi", "study_cadre", "study_youth"]
    assert {entry.dimension for entry in scheme.entries} == {"theory", "foundation", "synergy"}


VETO = "{title: x, measure: spot_check, grade_at_most: best, basis: {rule: r, article: a, basis_type: default}}"


@pytest.mark.parametrize(
    ("old", "new", "mark", "said"),
    [
        pytest.param(
            "weight: 6.66", "weight: 5.66", "study:", "“学情通报”各项权重之和是 19.00，应为 20", id="weights make 99"
        ),
        pytest.param("weight: 45", "weight: 44", "foundation:", "之和是 45，应为 44", id="a dimension"),
        pytest.param("rule: share", "rule: shar", "rule: shar", "不在允许的取值之内", id="unknown rule"),
        pytest.param("measure: study_h", "mesure: study_h", "mesure:", "不认识“mesure”", id="misspelt key"),
        pytest.param("weight: 6.67", "weight: 6.675", "weight: 6.675", "不合要求", id="thousandths"),
        pytest.param("digits: 2", "digits: 3", "rounding:", "不在允许的取值之内", id="three digits"),
        pytest.param(
            "tie_break: [spot_check", "tie_break: [spot", "tie_break:", "“spot”不是", id="tie-break on nothing"
        ),
        pytest.param("at_least: 60", "at_least: 85", "grades:", "等次要从高到低", id="grades out of order"),
        pytest.param(
            "study_youth:", "study_xuexi:", "study_xuexi:\n            title: 青", "写了两次", id="a name twice"
        ),
        pytest.param("study_youth:", "study youth:", "# 2023", "不能作名称", id="a name with a blank"),
        pytest.param("effective_to: 2023", "effective_to: 2022", "effective_to:", "晚于截止日期", id="dates"),
        pytest.param("vetoes: {}", f"vetoes: {{V1: {VETO}}}", "vetoes:", "没有“best”这一等次", id="veto to no grade"),
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


def test_a_measure_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    scheme = load_scheme(scheme_file(tmp_path, OURS.replace("measure: findings_closed", "measure: finding_closed")))
    with pytest.raises(KaoheError, match=r"finding_closed.*findings_closed"):
        scoring.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scheme)


@pytest.mark.parametrize("change", [("target: 0.90", "targt: 0.90"), (", target: 0.90", ""), ("must: 25, ", "")])
def test_a_misspelt_or_missing_parameter_is_refused_with_what_the_measure_asks_for(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    assert change[0] in OURS
    scheme = load_scheme(scheme_file(tmp_path, OURS.replace(*change)))
    with pytest.raises(KaoheError) as caught:
        scoring.plan(Project(ROOT), load_contracts(ROOT / "expectations"), scheme)
    assert caught.value.key == "measure_params"
