"""SQL that cannot run is found before anything is read: each fault with its file, and nothing in files that have none."""

import pytest

from kaohe import binding
from kaohe.contracts import load_contracts
from kaohe.linting import Finding, findings
from kaohe.project import Project
from kaohe.scheme import load_scheme
from tests.helpers import ROOT

#: In `make soak`: each of another place, by the same way as one that is tried every day.
LONG = pytest.mark.long


def change(project: Project, name: str, *replaced: tuple[str, str]) -> None:
    path = project.root / name
    text = path.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in text, f"{old} is not in {name}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def errors(project: Project) -> list[Finding]:
    """What ``kaohe scheme check`` counts as an error."""
    path = project.scheme(2023)
    return [each for each in findings(path, load_scheme(path), project) if each.level == "error"]


def test_ours_have_no_fault() -> None:
    project = Project(ROOT)
    assert binding.faults(project, load_contracts(project.expectations)) == []


@pytest.mark.parametrize(
    ("name", "replaced", "where", "said"),
    [
        pytest.param("measures/spot_check", ("Empty: ", "Leer: "), "measure: spot_check", "Empty: ", id="no Empty", marks=LONG),
        pytest.param("measures/spot_check", ("from inspection\n", "from inspections\n"), "measure: spot_check", "inspections", id="table"),
        pytest.param("measures/spot_check", (" as due", " as owed"), "measure: spot_check", "缺少列 due", id="output"),
        pytest.param("measures/spot_check", ("inspection.agenda", "inspection.agendum"), "measure: spot_check", "agendum", id="column"),
        pytest.param("alerts/plan_missed", ("[plan._rec]", "plan._rec"), "alert: plan_missed", "list_sort", id="type", marks=LONG),
        pytest.param("base/month_due", ("assessed_unit.", "assessed_unit.no_"), "", "no_", id="base"),
        pytest.param("scores/leaf", ("\nselect\n", "\nselect\n  no_column,\n"), "", "no_column", id="scores"),
        pytest.param("scores/tree_score", ("coalesce(1 + max(depth), 0)", "max(deepness)"), "", "deepness", id="rounds"),
        pytest.param("results/item_lost", ("\nselect\n", "\nselect\n  no_column,\n"), "", "no_column", id="results", marks=LONG),
        pytest.param("reports/alerts", ("\nselect\n", "\nselect\n  no_column,\n"), "", "no_column", id="reports", marks=LONG),
        pytest.param("audits/points_within_weight", ("scheme_indicator.rule in", "scheme_indicator.ruler in"), "", "ruler", id="audit"),
        pytest.param("records/quarantine", ("said.sentence", "said.words"), "", "words", id="quarantine"),
        pytest.param("macros", ("create", "craete"), "", "craete", id="macros"),
        pytest.param("alerts/plan_missed", (" as item", " as thing"), "alert: plan_missed", "缺少列 item", id="alert output", marks=LONG),
        pytest.param("alerts/coverage_months", ("'warning' as level", "'soon' as level"), "alert: coverage_months", "“soon”", id="level in SQL"),
        pytest.param("alerts/plan_missed", ("'notice'", "'soon'"), "alert: plan_missed", "“soon”", id="level in a case", marks=LONG),
        pytest.param("alerts/coverage_months", ("inspected_on", "no_column"), "alert: coverage_months", "no_column", id="alert column", marks=LONG),
    ],
)  # fmt: skip
def test_a_fault_is_said_once_with_its_file(
    project: Project, name: str, replaced: tuple[str, str], where: str, said: str
) -> None:
    change(project, f"sql/{name}.sql", replaced)
    found = errors(project)
    assert found, "nothing was found"
    assert len({each.sentence for each in found}) == 1, "what follows from a fault is none of its own"
    assert all(f"{name}.sql" in each.sentence and said in each.sentence for each in found)
    lines = project.scheme(2023).read_text(encoding="utf-8").splitlines()
    assert lines[found[0].line - 1].strip() == where if where else found[0].line == 1


def test_several_faults_are_all_said(project: Project) -> None:
    change(project, "sql/measures/spot_check.sql", (" as due", " as owed"))
    change(project, "sql/measures/notices.sql", ("from notice\n", "from notices\n"))
    change(project, "sql/measures/honors.sql", ("Empty: ", "Leer: "))
    change(project, "sql/base/valid_meeting.sql", ("org_life_record", "org_life_records"))
    said = "\n".join(each.sentence for each in errors(project))
    assert all(f"{name}.sql" in said for name in ("spot_check", "notices", "honors", "valid_meeting"))


def test_a_level_of_the_scheme_must_be_one(project: Project) -> None:
    """Whatever the header allows."""
    change(project, "sql/alerts/findings_overdue.sql", ("urgent|warning|notice by", "text by"))
    change(project, "data/schemes/2023.yml", ("严重: urgent", "严重: soon"))
    (found,) = errors(project)
    assert "findings_overdue" in found.sentence
    assert "“soon”" in found.sentence
    assert "urgent、warning、notice" in found.sentence


def test_an_alert_that_is_not_there_is_called_an_alert(project: Project) -> None:
    change(project, "data/schemes/2023.yml", ("alert: plan_missed", "alert: plan_mist"))
    (found,) = errors(project)
    assert found.sentence.startswith("预警 plan_missed 要用的“plan_mist”不存在；sql/alerts 里有：")
    change(project, "data/schemes/2023.yml", ("alert: plan_mist", "alert: committee_missing"))
    (found,) = errors(project)
    assert found.sentence.startswith(
        "预警 plan_missed 给的参数是 —，而 sql/alerts/committee_missing.sql 要的是 members"
    )
