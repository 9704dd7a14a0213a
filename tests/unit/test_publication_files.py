"""The files of a publication: one table, and the manual says the same."""

from kaohe.publication import FILES, PARQUET, SCORES_PARQUET
from tests.helpers import ROOT

WHOM = {"leadership": "leadership", "unit": "that unit alone", "office": "the office, and programs"}


def test_the_manual_has_the_table() -> None:
    lines = (ROOT / "docs" / "publication.md").read_text("utf-8").splitlines()
    begin = lines.index("| file | for whom | what it is |") + 2
    described = lines[begin : lines.index("", begin)]
    assert described == [f"| `{file.path}` | {WHOM[file.whom]} | {file.what} |" for file in FILES]


def test_who_may_open_a_file_follows_from_its_folder() -> None:
    folders = {"leadership": "leadership", "unit": "units", "office": ""}
    assert all(file.path.rpartition("/")[0].partition("/")[0] == folders[file.whom] for file in FILES)


def test_the_tables_that_programs_read_are_among_them() -> None:
    there = [file.path for file in FILES if file.path.endswith(".parquet")]
    assert there == [f"{table}.parquet" for table in PARQUET] and there[0] == SCORES_PARQUET
