"""What a night does after each year's run: it tells the office what went wrong, and lets go of what is too old."""

import datetime as dt
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from kaohe import clock
from kaohe.errors import KaoheError
from kaohe.freshness import CONFIRMED
from kaohe.journal import recorded
from kaohe.night import Night, begun
from kaohe.prefects import leave_artifacts
from kaohe.run import conclude
from tests.delivery import mail, post, write_delivery
from tests.helpers import CHECK, YEAR, Result, assess, check, copied, registry, without_schemes, write_csv

NIGHT = "night@b.example"


def hand_in(inbox: Path) -> None:
    write_csv(inbox / "名册.csv", registry(("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室")))
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """A publication of that inbox, made once."""
    folder = tmp_path_factory.mktemp("office")
    hand_in(folder / "inbox")
    return assess(folder / "inbox", folder / "home")


@pytest.fixture
def first(publication: Result, home: Path) -> Result:
    """The same in a home of the test's own."""
    return copied(publication, home)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    hand_in(tmp_path / "inbox")
    return tmp_path / "inbox"


def test_what_failed_and_what_could_not_be_read_is_told_and_what_is_too_old_goes(
    inbox: Path, home: Path, first: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "法规处")])
    (inbox / "坏.xlsx").write_bytes(b"broken")
    second = assess(inbox, home)
    (home / "schedule.yml").write_text(f"years: [2022, {YEAR}]\nkeep: {{days: 1, least: 1}}\n")
    moment = clock.now() + dt.timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: moment)
    with post(login=False) as server:
        write_delivery(home, mail=mail(server.port), failures={"mail": [NIGHT]})
        night = Night(home)
        night.after(2022, KaoheError("scheme_missing", path="2022.yml", own="own/2022.yml", year=2022))
        night.after(YEAR, second.outcome)
        with pytest.raises(KaoheError) as caught:
            night.end()
        failed, unread = (message.get_content() for message in server.of(NIGHT))
    assert caught.value.key == "night_failed" and "2022.yml" in str(caught.value)
    assert "2022年度" in failed and "2022.yml" in failed
    assert f"{YEAR}年度" in unread and "坏.xlsx" in unread
    assert (first.folder.exists(), second.folder.exists()) == (False, True)


def test_old_results_go_also_after_a_run_that_failed(
    inbox: Path, home: Path, first: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "法规处")])
    second = assess(inbox, home)
    (home / "schedule.yml").write_text(f"years: [{YEAR}]\nkeep: {{days: 1, least: 1}}\n")
    moment = clock.now() + dt.timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: moment)
    with post(login=False) as server:
        write_delivery(home, mail=mail(server.port), failures={"mail": [NIGHT]})
        night = Night(home)
        night.after(YEAR, KaoheError("disk_full", path=home))
        assert (first.folder.exists(), second.folder.exists()) == (False, True)
        (home / "warehouse" / "kaohe.duckdb").write_bytes(b"broken")
        night.after(YEAR, KaoheError("disk_full", path=home))
        _, told = (message.get_content() for message in server.of(NIGHT))
    assert "共2处" in told and str(KaoheError("disk_full", path=home)) in told
    with pytest.raises(KaoheError, match=str(YEAR)):
        night.end()


def test_a_night_that_cannot_begin_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAOHE_PROJECT", str(without_schemes(tmp_path / "project").root))
    with post(login=False) as server:
        write_delivery(tmp_path, mail=mail(server.port), failures={"mail": [NIGHT]})
        with pytest.raises(KaoheError) as caught:
            begun(tmp_path, None, None, None)
        assert caught.value.key == "night_no_years"
        (tmp_path / "schedule.yml").write_text("cron: now\n")
        with pytest.raises(KaoheError):
            begun(tmp_path, None, None, None)
        first, second = (message.get_content() for message in server.of(NIGHT))
    assert ".yml" in first and "schedule.yml" in second


def test_what_cannot_be_noted_after_publishing_is_a_trouble_and_no_failure(home: Path, first: Result) -> None:
    outcome = first.outcome
    (home / "published" / str(YEAR) / CONFIRMED).mkdir()
    with recorded(home, "annual-assessment", YEAR) as journal:
        conclude(outcome, journal)
    assert outcome.exit_code == 3 and CONFIRMED in outcome.troubles[0]


def test_a_page_that_cannot_be_written_is_a_trouble_and_no_failure(first: Result) -> None:
    """No server answers here."""
    outcome = first.outcome
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        assert outcome.publication.name in leave_artifacts(outcome)
    assert outcome.exit_code == 3 and "Prefect" in outcome.troubles[0]


def test_a_good_night_tells_nobody(home: Path, first: Result) -> None:
    with post(login=False) as server:
        write_delivery(home, mail=mail(server.port), failures={"mail": [NIGHT]})
        night = Night(home, years=[YEAR])
        night.after(YEAR, first.outcome)
        assert str(YEAR) in night.end()
    assert server.taken == []


def test_what_keeps_old_results_from_going_is_told_and_fails_no_night(home: Path, first: Result) -> None:
    (home / "warehouse" / "kaohe.duckdb").write_bytes(b"broken")
    with post(login=False) as server:
        write_delivery(home, mail=mail(server.port), failures={"mail": [NIGHT]})
        night = Night(home, years=[YEAR])
        night.after(YEAR, first.outcome)
        assert night.end()
        (message,) = server.of(NIGHT)
    assert "kaohe.duckdb" in message.get_content()
