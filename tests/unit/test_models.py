"""SQL models run in the order in which they read one another; what does not fit is said with the file."""

from pathlib import Path

import pytest

from kaohe import planning
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.models import Asks, Models
from kaohe.project import Project
from kaohe.scheme import load_scheme


def models(folder: Path, **sql: str) -> Models:
    for name, text in sql.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return Models.of(folder)


def test_every_model_after_those_it_reads(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        a="select * from b join c using (x)",
        b="with step as (select * from c) select * from step",
        c="select * from given",
    )
    assert [model.name for model in found.in_order({"given"})] == ["c", "b", "a"]
    assert found.sources("a", {"given", "other"}) == {"given"}


def test_a_measure_may_have_the_name_of_the_table_it_reads(tmp_path: Path) -> None:
    """What a model reads is the table, if there is one, never the measure of that name."""
    found = models(
        tmp_path,
        review="select * from review join other using (x)",
        b="select * from review",
        other="select 1 from more",
    )
    assert {model.name for model in found.in_order({"review", "more"})} == {"review", "b", "other"}
    assert found.sources("review", {"review", "more"}) == {"review", "more"}
    assert found.sources("b", {"review", "more"}) == {"review"}


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        pytest.param({"a": "select * from nowhere"}, "sql_missing_table", id="missing table"),
        pytest.param({"a": "select * from b", "b": "select * from a"}, "sql_cycle", id="cycle"),
        pytest.param({"a": "select from from"}, "sql_broken", id="broken"),
    ],
)
def test_what_does_not_fit_names_the_file(tmp_path: Path, sql: dict[str, str], key: str) -> None:
    with pytest.raises(KaoheError) as caught:
        models(tmp_path, **sql).in_order(set())
    assert caught.value.key == key
    assert "a" in str(caught.value)


def test_a_model_may_not_take_the_name_of_a_table(project: Project) -> None:
    """It would silently replace the trusted records."""
    contracts = load_contracts(project.expectations)
    scheme = load_scheme(project.scheme(2023))
    (project.sql / "base" / "inspection.sql").write_text("select 1 as x from assessment", encoding="utf-8")
    with pytest.raises(KaoheError) as caught:
        planning.plan(project, contracts, scheme)
    assert caught.value.key == "sql_name_taken"


def test_a_contract_may_not_take_the_name_of_a_table_of_ours(project: Project) -> None:
    text = (project.expectations / "inspection.yml").read_text(encoding="utf-8")
    (project.expectations / "assessment.yml").write_text(
        text.replace("table: inspection", "table: assessment"), "utf-8"
    )
    with pytest.raises(KaoheError) as caught:
        planning.plan(project, load_contracts(project.expectations), load_scheme(project.scheme(2023)))
    assert caught.value.key == "contract_name_taken"


def test_a_measure_says_what_a_unit_without_items_gets(tmp_path: Path) -> None:
    found = models(tmp_path, good="-- Item: x.   Empty: full\nselect 1 from t", bad="-- Item: x\nselect 1 from t")
    assert found["good"].empty == "full"
    with pytest.raises(KaoheError) as caught:
        _ = found["bad"].empty
    assert caught.value.key == "measure_header"


def test_a_header_says_what_its_parameters_may_be(tmp_path: Path) -> None:
    header = (
        "-- Basis: Art. 3.   Params: day (number above 0, in days, or so), kind (any of notice.level),\n"
        "-- points (share by any of a|b), note.   Item: x.   Empty: full\nselect 1 from t"
    )
    assert models(tmp_path, a=header)["a"].params == {
        "day": Asks("number above 0"),
        "kind": Asks("notice.level", several=True),
        "points": Asks("share", keys="a|b", some=True),
        "note": None,
    }


@pytest.mark.parametrize("said", ["days (nubmer)", "days (number", "two words", "days (any of number by a|b)"])
def test_a_header_that_says_it_otherwise_is_refused(tmp_path: Path, said: str) -> None:
    found = models(tmp_path, a=f"-- Params: {said}.\nselect 1 from t")
    with pytest.raises(KaoheError) as caught:
        _ = found["a"].params
    assert caught.value.key == "measure_params_header"


@pytest.mark.parametrize("column", ["study_stat.platfrom", "studies.platform", "study_stat.enrolled"])
def test_a_header_that_names_a_column_without_values_is_refused(project: Project, column: str) -> None:
    path = project.sql / "measures" / "study_participation.sql"
    path.write_text(path.read_text("utf-8").replace("(study_stat.platform)", f"({column})"), "utf-8")
    with pytest.raises(KaoheError) as caught:
        planning.plan(project, load_contracts(project.expectations), load_scheme(project.scheme(2023)))
    assert caught.value.key == "measure_params_column"
    assert column in str(caught.value)
