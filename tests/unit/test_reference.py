"""docs/commands.md and docs/measures.md say what the code and the SQL say."""

from kaohe.models import Models
from kaohe.project import Project
from kaohe.reference import commands, measures
from tests.helpers import ROOT

COMMANDS, MEASURES = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("commands.md", "measures.md"))


def test_the_reference_of_commands_is_current() -> None:
    assert commands() == COMMANDS, "run `make docs`"


def test_the_reference_of_measures_is_current() -> None:
    assert measures(Project(ROOT)) == MEASURES, "run `make docs`"


def test_every_measure_says_what_it_counts_and_by_which_rule() -> None:
    for name in Models.of(ROOT / "sql" / "measures"):
        section = MEASURES.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert all(f"\n- {part}: " in section for part in ("Item", "Empty", "Basis")), name


def test_every_alert_and_audit_is_in_it() -> None:
    for folder in ("alerts", "audits"):
        for name in Models.of(ROOT / "sql" / folder):
            assert f"\n| `{folder}/{name}.sql` | " in MEASURES
