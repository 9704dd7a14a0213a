"""How fresh results are, and the journal: from files alone, at moments that the tests choose."""

import datetime as dt
import json
from pathlib import Path

import pytest

from kaohe import __version__, clock
from kaohe.errors import KaoheError
from kaohe.freshness import Standing, confirm, standings
from kaohe.journal import recorded
from kaohe.schedule import Schedule
from tests.helpers import in_process, without_schemes

YEAR = 2023
NIGHTLY = Schedule(cron="0 2 * * *", late_after=6, years=[YEAR])


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+08:00")


def published(home: Path, state: str = "provisional", year: int = YEAR, **more: object) -> None:
    """A publication, as far as freshness looks at one."""
    folder = home / "published" / str(year) / "p1"
    folder.mkdir(parents=True)
    said: dict[str, object] = {
        "publication": "p1", "state": state, "created_at": "2024-04-01T02:00:00+00:00", "year": year,
        "as_of": "2024-03-31", "language": "zh", "inputs": [], "contracts": {}, "stale": {},
        "scheme": {"id": "2023", "file": "2023.yml", "sha256": ""}, "code": {"version": __version__, "files": {}},
    }  # fmt: skip
    said |= more
    (folder / "manifest.json").write_text(json.dumps(said))
    (folder.parent / "CURRENT").write_text("p1\n")


def standing(home: Path, now: str) -> Standing:
    (one,) = standings(home, NIGHTLY, at(now))
    return one


def test_a_night_that_did_not_come_to_a_good_end_is_late_once_its_hours_are_over(tmp_path: Path) -> None:
    published(tmp_path)
    confirm(tmp_path, YEAR, "p1", at("2024-04-02T02:00:05"), 0)
    assert [standing(tmp_path, now).exit_code for now in ("2024-04-02T09:00", "2024-04-03T07:59")] == [0, 0]
    late = standing(tmp_path, "2024-04-03T08:00")
    assert (late.late, late.exit_code, late.expected) == (True, 4, at("2024-04-03T02:00"))


def test_a_run_by_hand_of_the_evening_before_is_not_the_night_s(tmp_path: Path) -> None:
    published(tmp_path)
    confirm(tmp_path, YEAR, "p1", at("2024-04-02T18:00"), 0)
    assert standing(tmp_path, "2024-04-03T08:00").late
    confirm(tmp_path, YEAR, "p1", at("2024-04-03T08:05"), 0)
    assert not standing(tmp_path, "2024-04-03T09:00").late


def test_what_could_not_be_reached_is_three_and_nothing_published_is_four(tmp_path: Path) -> None:
    assert standing(tmp_path, "2024-04-02T09:00").exit_code == 4
    published(tmp_path)
    confirm(tmp_path, YEAR, "p1", at("2024-04-02T02:00"), 2)
    assert standing(tmp_path, "2024-04-02T09:00").exit_code == 3
    published(tmp_path / "other", stale={"shuju": "2024-03-30"})
    confirm(tmp_path / "other", YEAR, "p1", at("2024-04-02T02:00"), 0)
    one = standing(tmp_path / "other", "2024-04-02T09:00")
    assert (one.exit_code, one.stale) == (3, {"shuju": "2024-03-30"})


def test_a_final_result_and_a_year_that_no_night_scores_are_never_late(tmp_path: Path) -> None:
    published(tmp_path, "final")
    published(tmp_path, "provisional", 2022)
    confirm(tmp_path, YEAR, "p1", at("2024-04-02T02:00"), 0)
    earlier, final = standings(tmp_path, NIGHTLY, at("2030-01-01T12:00"))
    assert [(one.year, one.late, one.exit_code) for one in (earlier, final)] == [(2022, False, 0), (2023, False, 0)]


def test_a_new_year_is_expected_from_its_first_night_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = without_schemes(tmp_path / "project")
    for year in (2023, 2024):
        (project.root / "data" / "schemes" / f"{year}.yml").write_text("")
    monkeypatch.setenv("KAOHE_PROJECT", str(project.root))
    home, schedule = tmp_path / "home", Schedule(late_after=6)
    published(home)
    confirm(home, YEAR, "p1", at("2024-01-01T02:00:05"), 0)
    for now in ("2024-01-01T00:30", "2024-01-01T07:59"):
        assert [(one.year, one.exit_code) for one in standings(home, schedule, at(now))] == [(2023, 0)]
    first = standings(home, schedule, at("2024-01-01T08:00"))
    assert [(one.year, one.exit_code) for one in first] == [(2023, 0), (2024, 4)]


def test_a_publication_that_is_gone_is_not_fresh(tmp_path: Path) -> None:
    published(tmp_path)
    confirm(tmp_path, YEAR, "p1", at("2024-04-02T02:00"), 0)
    (tmp_path / "published" / "2023" / "p1" / "manifest.json").unlink()
    one = standing(tmp_path, "2024-04-02T09:00")
    assert (one.publication, one.exit_code) == (None, 4)
    assert "kaohe doctor" in one.problem


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"code": 3}', '{"log": 5}'])
def test_a_publication_whose_manifest_is_none_is_not_fresh(tmp_path: Path, text: str) -> None:
    published(tmp_path)
    confirm(tmp_path, YEAR, "p1", at("2024-04-02T02:00"), 0)
    (tmp_path / "published" / "2023" / "p1" / "manifest.json").write_text(text)
    one = standing(tmp_path, "2024-04-02T09:00")
    assert (one.publication, one.exit_code) == (None, 4)
    done = in_process("status", "--home", tmp_path, "--year", str(YEAR))
    assert (done.returncode, done.stderr) == (4, "")
    assert "manifest.json 不见了或读不出来" in done.stdout


@pytest.mark.parametrize("text", ['{"started"', '{"troubles": 0}', '{"started": 5, "troubles": 0}'])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, text: str) -> None:
    published(tmp_path)
    (tmp_path / "published" / "2023" / "confirmed.json").write_text(text)
    with pytest.raises(KaoheError) as caught:
        standing(tmp_path, "2024-04-03T08:00")
    assert caught.value.key == "status_broken"


def test_the_command_says_it_and_exits_by_it(tmp_path: Path) -> None:
    published(tmp_path)
    (tmp_path / "schedule.yml").write_text(f"years: [{YEAR}]\n")
    late = in_process("status", "--home", tmp_path, "--lang", "en")
    assert (late.returncode, late.stderr) == (4, "")
    assert "2023 is out of date" in late.stdout
    confirm(tmp_path, YEAR, "p1", clock.now(), 0)
    fresh = in_process("status", "--home", tmp_path, "--format", "json")
    assert fresh.returncode == 0
    said = json.loads(fresh.stdout)
    assert (said["years"][0]["late"], said["years"][0]["publication"]) == (False, "p1")


def test_where_no_night_scores_anything_any_more_that_is_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The year has turned twice and nobody has put a scheme for it."""
    published(tmp_path)
    (tmp_path / "schedule.yml").write_text("")
    confirm(tmp_path, YEAR, "p1", clock.now(), 0)
    project = without_schemes(tmp_path / "project")
    monkeypatch.setenv("KAOHE_PROJECT", str(project.root))
    done = in_process("status", "--home", tmp_path, "--lang", "en")
    assert done.returncode == 4
    assert "there is no year to score" in done.stdout
    said = json.loads(in_process("status", "--home", tmp_path, "--lang", "en", "--format", "json").stdout)
    assert (said["exit_code"], "there is no year to score" in said["problem"]) == (4, True)
    assert str(tmp_path / "schemes" / f"{clock.today().year}.yml") in done.stdout


def test_results_of_an_earlier_year_and_no_schedule_are_no_missed_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after ``make run``: the sample is of 2023, and nobody has asked for nights."""
    project = without_schemes(tmp_path / "project")
    home = project.root / "data"  # its schedule.yml is the project's
    published(home)
    monkeypatch.setenv("KAOHE_PROJECT", str(project.root))
    done = in_process("status", "--home", home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2023年度" in done.stdout and f"kaohe scheme new --year {clock.today().year}" in done.stdout
    empty = in_process("status", "--home", tmp_path / "empty")
    assert empty.returncode == 4 and "没有要考核的年度" in empty.stdout


def lines(home: Path) -> list[dict[str, object]]:
    (path,) = (home / "logs").glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_journal_has_the_beginning_and_the_end_of_a_run_under_one_number(tmp_path: Path) -> None:
    with recorded(tmp_path, "annual-assessment", YEAR) as journal:
        journal.note("ended", publication="p1", new=True, seconds={"pull": 0.5})
    first, last = lines(tmp_path)
    assert (first["event"], last["event"], first["run"]) == ("started", "ended", last["run"])
    assert (last["publication"], last["new"], last["seconds"]) == ("p1", True, {"pull": 0.5})


def test_of_an_error_the_journal_has_the_name_and_not_what_it_says(tmp_path: Path) -> None:
    for error in (KaoheError("not_writable", path="/home/张三"), ValueError("张三")):
        with pytest.raises(type(error)), recorded(tmp_path, "annual-assessment", YEAR):
            raise error
    assert [line.get("error") for line in lines(tmp_path)] == [None, "not_writable", None, "ValueError"]
    (path,) = (tmp_path / "logs").glob("*.jsonl")
    assert "张三" not in path.read_text() and "\\u5f20" not in path.read_text()


def test_a_journal_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    with recorded(tmp_path, "annual-assessment", YEAR) as journal:
        journal.note("ended", publication="p1")
