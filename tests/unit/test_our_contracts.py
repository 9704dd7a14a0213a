"""The contracts of this project: every table is known by its headings, whichever of them an office uses."""

from collections.abc import Iterator
from itertools import product

import pytest

from kaohe.contracts import Contract, load_contracts
from kaohe.sources.files import Sheet
from kaohe.sources.forms import normal_heading
from kaohe.sources.headings import Headings
from kaohe.sources.recognise import recognise
from tests.helpers import ROOT

OURS = load_contracts(ROOT / "expectations")
TABLES = sorted(OURS)


def recognised(*headings: str) -> list[str]:
    """The tables found on a sheet with these headings."""
    row = [["1"] * len(headings)]
    return [table.contract.table for table in recognise(Sheet.of("表", [list(headings), *row]), Headings(OURS)).tables]


def first_headings(contract: Contract, *columns: str) -> dict[str, str]:
    return {name: contract.columns[name].headings[0] for name in columns or contract.columns}


def sheets(contract: Contract) -> Iterator[tuple[str, ...]]:
    """The headings of all columns, of the required ones, and each other heading in place of the first."""
    for headings in (first_headings(contract), first_headings(contract, *contract.required)):
        yield tuple(headings.values())
        for name in headings:
            for other in contract.columns[name].headings[1:]:
                yield tuple((headings | {name: other}).values())


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_known_by_its_headings_and_as_no_other(table: str) -> None:
    for headings in sheets(OURS[table]):
        assert recognised(*headings) == [table], headings


@pytest.mark.parametrize("table", TABLES)
def test_no_other_table_fits_whatever_headings_are_mixed(table: str) -> None:
    """However a sheet of this table is headed (one heading a column), another one's required columns are not all
    there, so that not even the number of headings has to decide."""
    column_of = {
        normal_heading(heading): name for name, column in OURS[table].columns.items() for heading in column.headings
    }
    for other in OURS.keys() - {table}:
        required = [OURS[other].columns[name].headings for name in OURS[other].required]
        found = [{column_of[h] for h in map(normal_heading, headings) if h in column_of} for headings in required]
        assert not any(len(set(chosen)) == len(chosen) for chosen in product(*found)), other


@pytest.mark.parametrize("table", TABLES)
def test_synonyms_stand_for_allowed_values(table: str) -> None:
    for name, column in OURS[table].columns.items():
        if column.values:
            assert set(column.synonyms.values()) <= set(column.values), name
            assert not column.synonyms.keys() & set(column.values), name
