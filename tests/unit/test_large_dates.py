"""What the day of an assessment does to a measure, as its SQL says."""

import pytest

from kaohe.large.dates import compared
from kaohe.models import Models
from kaohe.project import Project

DATES = frozenset({"due_on", "done_on", "held_on", "valid_from"})


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select 1 as x from task cross join assessment where task._year = assessment.year", set()),
        ("select 1 as x from task cross join assessment where due_on <= assessment.as_of", {"due_on"}),
        ("select done_on > assessment.period_end as late from task cross join assessment", {"done_on"}),
        ("select 1 as x from a cross join assessment where as_of between held_on and done_on", {"held_on", "done_on"}),
        ("select 1 as x from task cross join assessment where due_on + 7 <= assessment.as_of", None),
        ("select assessment.as_of as due_on from task cross join assessment", None),
        ("select 1 as x from t cross join assessment where coalesce(due_on, assessment.as_of) > due_on", None),
        (
            "select 1 as x from (select due_on + 7 as due_on from t) as u cross join assessment where due_on < as_of",
            None,
        ),
        (
            "select 1 as x from (select due_on from t union select held_on from u) as v cross join assessment "
            "where due_on < as_of",
            None,
        ),
        ("select 1 as x from task cross join assessment where over_on <= assessment.as_of", None),
    ],
)
def test_compared(sql: str, found: set[str] | None) -> None:
    assert compared(sql, DATES) == (None if found is None else frozenset(found))


def test_most_of_our_measures_say_which_dates_matter() -> None:
    dates = frozenset({"due_on", "done_on", "planned_on", "publicised_on", "signed_on", "held_on", "closed_on"})
    measures = Models.of(Project.find().sql / "measures")
    unsaid = {name for name, model in measures.items() if compared(model.sql, dates) is None}
    assert unsaid == {"campaign_cover", "development_steps", "election_on_time", "integrity_risks"}
