"""The systems of the work plan before anything was published."""

import json
from pathlib import Path

from tests.helpers import in_process


def test_without_a_publication_the_systems_are_listed_by_the_scheme_without_counts(tmp_path: Path) -> None:
    done = in_process("systems", "--home", tmp_path, "--year", "2023")
    assert (done.returncode, done.stderr) == (0, "")
    assert "没有条数" in done.stdout and "读入条数" not in done.stdout
    assert "first_topic_months" in done.stdout and "计分 4 分" in done.stdout
    plain = json.loads(in_process("systems", "--home", tmp_path, "--year", "2023", "--format", "json").stdout)
    assert [system["number"] for system in plain] == list(range(1, 32))
    assert {system["rows_read"] for system in plain} == {None}
    first = plain[0]
    assert (first["tables"], first["weight"], first["status"]) == (["first_topic"], "4.000000", "scored")


def test_a_year_without_a_scheme_is_a_sentence(tmp_path: Path) -> None:
    done = in_process("systems", "--home", tmp_path, "--year", "2031")
    assert done.returncode == 2 and str(tmp_path / "schemes" / "2031.yml") in done.stderr
