"""The data dictionary says what the contracts say."""

from kaohe.contracts import load_contracts
from kaohe.dictionary import dictionary
from kaohe.models import Models
from tests.helpers import ROOT

OURS = load_contracts(ROOT / "expectations")
TEXT = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def test_the_dictionary_is_current() -> None:
    assert dictionary(OURS, Models.of(ROOT / "sql" / "measures"), Models.of(ROOT / "sql" / "base")) == TEXT, (
        "run `make docs`"
    )


def test_every_table_column_and_rule_is_in_it() -> None:
    for table, contract in OURS.items():
        section = TEXT.split(f'<a id="{table}"></a>')[1].split("\n## ")[0]
        for name, column in contract.columns.items():
            (row,) = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
            cells = [cell.strip() for cell in row.split(" | ")]
            assert cells[1] == column.headings[0]
            assert all(heading in row for heading in column.headings)
            assert all(str(value) in row for value in contract.values(name))
        assert all(rule.say in section for rule in contract.expectations)


def test_measures_that_read_a_table_through_a_shared_step_are_named() -> None:
    facts = {table: TEXT.split(f'<a id="{table}"></a>')[1].split("\n| ")[0] for table in OURS}
    assert "`meeting_months`" in facts["org_life_record"]  # through valid_meeting
    assert "`activities_held`" in facts["pairing_activity"]  # through valid_activity
    assert "`meeting_months`" not in facts["pairing_activity"]
