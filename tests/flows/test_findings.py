"""Great Expectations is asked again only for what changed, and what it found before still holds."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import CHECK, assess_small, check, registry, write_csv


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, libraries: None) -> list[tuple[str, int]]:
    """(table, number of rules) for every time Great Expectations is asked."""
    from kaohe.validation import gx

    calls: list[tuple[str, int]] = []
    real = gx.Validator.failing

    def failing(self: gx.Validator, table: str, expectations: Any) -> Any:
        calls.append((table, len(expectations)))
        return real(self, table, expectations)

    monkeypatch.setattr(gx.Validator, "failing", failing)
    return calls


def test_findings_of_unchanged_tables_are_reused(inbox: Path, home: Path, asked: list[tuple[str, int]]) -> None:
    write_csv(inbox / "units.csv", registry(("D01", "水务中心", "基层单位")))
    rows = [check("C1", "水务中心", on="2023-03-01"), check("C2", "水务中心", 3, on="2023-03-02")]
    write_csv(inbox / "checks.csv", [CHECK, *rows])
    first = assess_small(inbox, home, by_gx=True)
    assert {table for table, _ in asked} >= {"org_unit", "inspection"}
    asked.clear()

    later = assess_small(inbox, home, as_of=dt.date(2024, 3, 30), by_gx=True)
    assert asked == []
    assert later.quarantine["problems"].to_list() == first.quarantine["problems"].to_list() != []

    write_csv(inbox / "checks.csv", [CHECK, *rows, check("C3", "水务中心", on="2023-03-03")])
    changed = assess_small(inbox, home, by_gx=True)
    assert {table for table, _ in asked} == {"inspection"}
    assert changed.quarantine["problems"].to_list() == first.quarantine["problems"].to_list()
    asked.clear()

    earlier = assess_small(inbox, home, as_of=dt.date(2023, 3, 2), by_gx=True)
    assert {table for table, _ in asked} == {"inspection"}, "whose last record has not happened yet"
    assert earlier.manifest["tables"]["inspection"]["records_quarantined"] == 2  # round 3, and the third of March
