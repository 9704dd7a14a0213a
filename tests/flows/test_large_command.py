"""``kaohe run-large`` and ``kaohe region``: what they say, in both languages, and how they end."""

import re
from pathlib import Path

import polars as pl

from tests.helpers import ROOT, in_process, kaohe
from tests.largeoffice import UNITS, records, write_office

SCHEME = ROOT / "tests" / "data" / "large" / "2023.yml"
ASKED = ("--year", 2023, "--as-of", "2024-03-31", "--scheme", SCHEME)


def test_a_large_run_on_a_server_says_what_it_did(tmp_path: Path, server: str) -> None:
    inbox, home = write_office(tmp_path / "inbox"), tmp_path / "home"
    done = kaohe(
        "run-large", "--inbox", inbox, "--home", home, *ASKED, "--timings", "--lang", "zh", PREFECT_API_URL=server
    )
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = (home / "large" / "2023").glob("2024*")
    assert f"{len(UNITS)} 个单位" in done.stdout
    assert str(folder / "league.csv") in done.stdout
    assert re.search(r"未采用（\d+ 种原因）", done.stdout)
    assert len(re.findall(r"\d\.\d\d s", done.stdout)) == 5
    for line in done.stdout.splitlines():
        if line.startswith("  /"):
            assert Path(line.strip()).exists()
    again = in_process("run-large", "--inbox", inbox, "--home", home, *ASKED, "--lang", "en", server=server)
    assert again.returncode == 0
    assert str(folder / "manifest.json") in again.stdout
    assert "units," not in again.stdout
    assert not re.search("[一-龥]", again.stdout)


def test_a_question_that_cannot_be_answered_starts_nothing(tmp_path: Path) -> None:
    done = in_process("run-large", "--inbox", tmp_path, "--home", tmp_path / "home", *ASKED, "--lang", "zh")
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "home").exists()


def test_help_is_in_both_languages() -> None:
    for lang, said in (("zh", "考核一个市或全国"), ("en", "Assess the Party organisations")):
        done = kaohe("run-large", "--help", KAOHE_LANG=lang, COLUMNS="200")
        assert (done.returncode, said in done.stdout) == (0, True), done.stdout


def test_a_region_is_taken_out_with_what_concerns_it(tmp_path: Path) -> None:
    inbox, out = write_office(tmp_path / "inbox"), tmp_path / "out"
    done = in_process("region", "R2", "--inbox", inbox, "--out", out, "--lang", "zh")
    assert (done.returncode, done.stderr) == (0, "")
    taken = {path.stem: pl.read_parquet(path) for path in out.glob("*.parquet")}
    assert set(taken) == set(records())
    assert set(taken["appeal_request"]["request_id"]) == {"Q2", "Q3"}  # of a unit of its own, wherever it is handled
    assert set(taken["training_record"]["course_id"]) == {"K1"}
    assert taken["training_record"]["unit_id"].to_list() == ["A02"]  # another's record of its member
    assert f"{taken['org_unit'].height} 个单位" in done.stdout
    for wrong, where, said in (("R9", tmp_path / "x", "没有地区 R9"), ("R2", out, "里已有文件")):
        refused = in_process("region", wrong, "--inbox", inbox, "--out", where, "--lang", "zh")
        assert (refused.returncode, said in refused.stderr) == (2, True)
