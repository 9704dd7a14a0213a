"""What differs between two schemes, and which indicators it is about."""

from decimal import Decimal
from pathlib import Path

import pytest

from kaohe.scheme import Scheme, load_scheme
from kaohe.scheme.diff import ORDER, Difference, differences, leaf_paths, shown
from tests.helpers import ROOT

D = Decimal
TEXT = (ROOT / "data" / "schemes" / "2023.yml").read_text(encoding="utf-8")
STUDY = ("dimensions", "theory", "children", "joint_study_sessions")


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return load_scheme(ROOT / "data" / "schemes" / "2023.yml")


def changed(folder: Path, *replaced: tuple[str, str]) -> Scheme:
    """The scheme with some of its text replaced, once each."""
    text = TEXT
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "scheme.yml"
    path.write_text(text, encoding="utf-8")
    return load_scheme(path)


def test_equal_schemes_differ_in_nothing(scheme: Scheme, tmp_path: Path) -> None:
    respelled = changed(tmp_path, ("quota: 0.30", "quota: 0.3"), ("weight: 22\n", "weight: 22.00\n"))
    assert differences(scheme, respelled) == []


def test_a_value_a_parameter_and_a_list(scheme: Scheme, tmp_path: Path) -> None:
    other = changed(
        tmp_path,
        ("params: {target: 4, attendance: 0.80}", "params: {target: 6, attendance: 0.80}"),
        ("quota: 0.30, ", ""),
        ("tie_break: [spot_check, org_life, fewer_deductions]", "tie_break: [org_life, fewer_deductions]"),
    )
    assert differences(scheme, other) == [
        Difference((*STUDY, "params", "target"), 4, 6),
        Difference(("grades", "excellent", "quota"), D("0.30"), None),
        Difference(("tie_break",), ["spot_check", "org_life", "fewer_deductions"], ["org_life", "fewer_deductions"]),
    ]
    assert differences(scheme, other)[0].place == "theory.joint_study_sessions.params.target"
    back = differences(other, scheme)
    assert [(each.before, each.after) for each in back][:2] == [(6, 4), (None, D("0.30"))]


def test_a_leaf_that_only_one_has_is_one_difference(scheme: Scheme) -> None:
    theory = scheme.dimensions["theory"]
    fewer = {name: child for name, child in theory.children.items() if name != "joint_study_sessions"}
    dimensions = scheme.dimensions | {"theory": theory.model_copy(update={"children": fewer})}
    other = scheme.model_copy(update={"dimensions": dimensions})
    (gone,) = differences(scheme, other)
    assert (gone.path, gone.after) == (STUDY, None)
    assert shown(gone.before) == "联组学习 4"
    (new,) = differences(other, scheme)
    assert (new.path, new.before) == (STUDY, None)


def test_the_order_counts_where_caps_and_ties_follow_it(scheme: Scheme) -> None:
    backwards = dict(reversed(scheme.deductions.indicators.items()))
    other = scheme.model_copy(
        update={
            "deductions": scheme.deductions.model_copy(update={"indicators": backwards}),
            "alerts": dict(reversed(scheme.alerts.items())),
        }
    )
    (order,) = differences(scheme, other)
    assert order.path == ("deductions", "indicators", ORDER)
    assert (order.before, order.after) == (list(scheme.deductions.indicators), list(backwards))


def test_which_leaves_a_difference_is_about(scheme: Scheme) -> None:
    paths = leaf_paths(scheme)
    assert paths["joint_study_sessions"] == STUDY
    assert set(paths) == {entry.name for entry, _ in scheme.leaves}

    def about(*path: str) -> set[str]:
        return {leaf for leaf, at in paths.items() if Difference(path, 1, 2).concerns(at)}

    assert about(*STUDY, "weight") == {"joint_study_sessions"}
    assert about(*STUDY, "params", "target") == {"joint_study_sessions"}
    assert about(*STUDY) >= {"joint_study_sessions", "first_topic_months"}, "its siblings share what it had"
    theory = {entry.name for entry, _ in scheme.leaves if entry.dimension == "theory"}
    assert about("dimensions", "theory", "weight") == theory
    assert about("bonus", "cap") == set(scheme.bonus.indicators)
    assert about("deductions", "cap") == set(scheme.deductions.indicators)
    assert about("deadline") == set(paths)
    for names in (("title",), ("grades", "excellent", "quota"), (*STUDY, "basis", "article"), (*STUDY, "title")):
        assert about(*names) == set()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (D("0.30"), "0.3"), (D("100"), "100"), ([1, "a"], "1、a"), ({"局": 1, "区": D("2.0")}, "局 1、区 2"),
     ({"title": "优秀", "at_least": 90}, "优秀"), ([], "—"), ({}, "—")],
)  # fmt: skip
def test_how_a_value_is_shown(value: object, text: str) -> None:
    assert shown(value) == text
