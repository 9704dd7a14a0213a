"""What the linter says of a scheme holds for whatever values the oracle scores by it."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings

from kaohe.linting import Finding, bounds, findings
from kaohe.project import Project
from kaohe.scheme import Composite, Node, load_composite
from tests.helpers import ROOT
from tests.oracle.composite import Result, score
from tests.oracle.strategies import Case, cases

passes = settings(max_examples=settings().max_examples // 4, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lint") / "scheme.yml"


@passes
@given(cases(schemes=12))
def test_what_is_said_of_any_scheme_holds(path: Path, case: Case) -> None:
    for given_scheme in case.schemes.values():
        try:
            right = score(given_scheme, case.values, case.units or [])
        except ValueError:
            continue
        path.write_text(yaml.dump(given_scheme, allow_unicode=True, sort_keys=False), encoding="utf-8")
        scheme = load_composite(path)
        within_bounds(scheme, right)
        for finding in findings(path, scheme, Project(ROOT)):
            holds(finding, scheme, given_scheme, right, case)


def within_bounds(scheme: Composite, right: Result) -> None:
    """Every score lies where it can; those of nodes too, where they are not points of an effective weight."""
    total = bounds.of_total(scheme)
    reach = {"": total}
    if not scheme.adds_up:
        reach |= {
            entry.name: bounds.of_node(entry.node, scheme) for entry in scheme.entries if isinstance(entry.node, Node)
        }
    scores = [("", each.score) for each in right.scores.values()]
    scores += [(name, number) for (_, name), number in right.nodes.items() if name in reach]
    rounding = len(scheme.leaves) / 10**scheme.rounding.digits if scheme.rounding else 0.0
    for name, number in scores:
        if number is None:
            continue
        limits = reach[name]
        assert limits is not None, name
        slack = rounding + 1e-9 * max(1.0, abs(float(number)))
        assert float(limits.low) - slack <= float(number) <= float(limits.high) + slack, name


def holds(finding: Finding, scheme: Composite, given_scheme: dict[str, Any], right: Result, case: Case) -> None:
    """What an error says cannot be is not."""
    if finding.level == "warning":
        return
    last = finding.path[-1]
    match finding.path[0], last:
        case "grades", "at_least":
            title = scheme.grades[str(finding.path[1])].title
            assert title not in {each.grade for each in right.scores.values()}
        case _, "availability" | "children":
            name = finding.path[-2] if len(finding.path) > 1 else None
            if name is None:
                assert {each.score for each in right.scores.values()} == {None}
            elif not scheme.adds_up:
                assert {number for (_, node), number in right.nodes.items() if node == name} <= {None}
        case _, int() if finding.path[-2] == "steps":
            assert scores_without(given_scheme, finding.path, case) == {
                u: each.score for u, each in right.scores.items()
            }


def scores_without(given_scheme: dict[str, Any], place: tuple[int | str, ...], case: Case) -> dict[str, Any]:
    """The scores by the scheme without what stands at this place of a list."""
    other: Any = copy.deepcopy(given_scheme)
    found = other
    for key in place[:-1]:
        found = found[key]
    del found[place[-1]]
    if not found:
        found.append({"at_least": 10**9, "give": 0})
    return {unit: each.score for unit, each in score(other, case.values, case.units or []).scores.items()}
