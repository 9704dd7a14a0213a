"""Runs over several sources: what is down is said, never taken for deleted, and never mistaken for news."""

import datetime as dt
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from rich.console import Console

from kaohe import proceedings
from kaohe.comparing.again import Again
from kaohe.comparing.sides import side
from kaohe.errors import KaoheError
from kaohe.summary import print_summary
from tests.helpers import CHECK, Result, assess, check, kaohe, registry, write_csv
from tests.sources import QUICK, Answer, api, write_sources

TOKEN = "t0ken/+ =secret"
UNITS = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")


def check_table(path: Path, *rows: list[object]) -> None:
    """A database of checks, one row replacing another of its number."""
    with closing(sqlite3.connect(path)) as con, con:
        con.execute(f"create table if not exists checks ({', '.join(CHECK)}, primary key (检查编号))")
        con.executemany(f"replace into checks values ({', '.join('?' * len(CHECK))})", rows)


def summary(result: Result) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    print_summary(console, result.outcome)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().splitlines()


def note_of(result: Result, sheet: str = "机关处室") -> str:
    book = openpyxl.load_workbook(result.folder / "评分表.xlsx", read_only=True)
    return str(book[sheet]["A2"].value)


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with registry, a database of checks, and the sources file in the home."""
    write_csv(tmp_path / "share" / "名册.csv", registry(*UNITS))
    check_table(tmp_path / "checks.db", check("C1", "办公室", flags="1110"), check("C2", "法规处"))
    monkeypatch.setenv("API_TOKEN", TOKEN)
    return tmp_path


def sources(office: Path, **more: Any) -> Path:
    checks = {"database": "sqlite:///../checks.db", "retries": QUICK,
              "tables": [{"table": "inspection", "relation": "checks"}]}  # fmt: skip
    return write_sources(office / "home" / "sources.yml", share={"inbox": "../share"}, checks=checks, **more)


def test_a_night_with_a_source_down(office: Path, libraries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    home, database = office / "home", office / "checks.db"
    sources(office)
    first = assess(None, home)
    assert first.outcome.exit_code == 0
    assert first.leaf("J01", "spot_check_round_1")["done"] == 75
    assert "stale" in first.manifest and first.manifest["stale"] == {}
    assert {entry["path"] for entry in first.manifest["inputs"]} == {"share/名册.csv", "checks/inspection.csv"}
    read_on = dt.date.today().isoformat()

    # Down: the same scores, said to be old, on the first line, on the league table and in the manifest.
    aside = database.rename(office / "gone.db")
    monkeypatch.setattr("kaohe.clock.today", lambda: dt.date(2031, 5, 4))
    down = assess(None, home)
    assert down.outcome.new and down.outcome.exit_code == 3
    assert down.folder != first.folder
    assert down.table("scores").equals(first.table("scores"))
    ((name, since),) = down.manifest["stale"].items()
    assert name == "checks"
    assert abs(dt.date.fromisoformat(since) - dt.date.fromisoformat(read_on)) <= dt.timedelta(days=1)
    line = summary(down)[0]
    assert "checks" in line and since in line and "unable to open database file" in line
    assert "checks" in note_of(down) and since in note_of(down)
    assert "读不到" not in note_of(first)

    # The next night it still is: nothing new, but still said.
    again = assess(None, home)
    assert not again.outcome.new and again.outcome.exit_code == 3
    assert again.folder == down.folder
    assert "checks" in summary(again)[0]

    # With --strict nothing is published, and nothing is lost.
    with pytest.raises(KaoheError) as caught:
        assess(None, home, strict=True)
    assert caught.value.key == "source_down_strict"

    # Back, as it was: the first publication is in force again, and the log knows.
    aside.rename(database)
    back = assess(None, home)
    assert back.outcome.new and back.outcome.exit_code == 0
    assert back.folder == first.folder
    assert back.manifest == first.manifest
    assert proceedings.verify(home, 2023) == []
    assert not assess(None, home).outcome.new

    # What vanished from the source is gone, and the summary says how much came, changed and vanished.
    with closing(sqlite3.connect(database)) as con, con:
        con.execute("delete from checks where 检查编号 = 'C2'")
    check_table(database, check("C1", "办公室"), check("C3", "水务中心"))
    after = assess(None, home)
    assert after.leaf("J02", "spot_check_round_1")["status"] == "not_applicable"
    assert after.leaf("J01", "spot_check_round_1")["done"] == 100
    assert any("checks/inspection" in line and "新增 1、改动 1；消失 1" in line for line in summary(after))

    # Each of them can be made again from the bytes that were kept.
    with Again(home) as made:
        for publication in (first, after):
            made.scores(side(home, publication.folder.name, None).ingredients)


def test_a_share_that_is_not_mounted(office: Path, libraries: None) -> None:
    """A folder of the sources file is down like any source; the files it had are those that the warehouse keeps."""
    home = office / "home"
    sources(office)
    first = assess(None, home)
    share = (office / "share").rename(office / "elsewhere")
    down = assess(None, home)
    assert down.outcome.exit_code == 3
    assert down.table("scores").equals(first.table("scores"))
    assert down.outcome.pulled.removed == []
    share.rename(office / "share")
    assert assess(None, home).folder == first.folder


def test_a_source_that_was_never_read(office: Path, libraries: None, prefect_home: Path, server: str) -> None:
    """The command: what is known of the others is published; no secret is anywhere, not in Prefect's records either."""
    from prefect.blocks.system import Secret
    from prefect.settings import PREFECT_API_URL, temporary_settings

    home = office / "home"
    with api() as service:
        endpoint = {"table": "unit_alias", "path": "aliases"}
        service.answer = lambda request: Answer({"said": request.headers["authorization"]}, status=401)
        sources(office, names={"api": service.address, "token": {"env": "API_TOKEN"}, "tables": [endpoint]})
        environment = {"PREFECT_HOME": str(prefect_home), "PREFECT_API_URL": server, "API_TOKEN": TOKEN}
        asked = "run", "--year", 2023, "--as-of", "2024-03-31", "--home", home
        done = kaohe(*asked, **environment)
        assert done.returncode == 3, done.stderr
        assert "names" in done.stdout.splitlines()[0] and "从未读到过" in done.stdout.splitlines()[0]
        # The other way to keep a token: in a block of Prefect's, which the flow can read.
        with temporary_settings({PREFECT_API_URL: server}):
            block: Any = Secret(value=TOKEN)
            block.save("kaohe-test", _sync=True)
        sources(office, names={"api": service.address, "token": {"prefect_secret": "kaohe-test"}, "tables": [endpoint]})
        service.answer = lambda request: Answer([{"别名": "局办", "平台": "通用", "单位名称": "办公室"}])
        good = kaohe(*asked, **environment | {"API_TOKEN": ""})
        assert good.returncode == 0, good.stderr
        assert service.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"
    for said in (done, good):
        assert TOKEN not in said.stdout + said.stderr
    for secret in (TOKEN, TOKEN.replace(" ", "%20"), "t0ken%2F%2B"):
        assert files_with(secret, home) == []
        assert files_with(secret, prefect_home) == []


def test_the_inbox_and_the_sources_file(office: Path, libraries: None) -> None:
    home, inbox = office / "home", office / "inbox"
    with pytest.raises(KaoheError) as caught:
        assess(None, home)
    assert caught.value.key == "sources_none"
    write_csv(inbox / "抽查.csv", [CHECK, check("C7", "水务中心")])
    file = sources(office)
    both = assess(inbox, home, sources=file)
    assert {(e["source"], e["path"]) for e in both.manifest["inputs"]} == {
        ("inbox", "抽查.csv"), ("share", "share/名册.csv"), ("checks", "checks/inspection.csv"),
    }  # fmt: skip
    assert both.leaf("D01", "spot_check_round_1")["done"] == 100
    with pytest.raises(KaoheError) as caught:
        assess(office, home, sources=file)
    assert caught.value.key == "home_in_inbox"


def test_nothing_at_all(office: Path, libraries: None) -> None:
    gone = {
        "database": "sqlite:///gone.db",
        "retries": QUICK,
        "tables": [{"table": "inspection", "relation": "checks"}],
    }
    file = write_sources(office / "sources.yml", checks=gone)
    with pytest.raises(KaoheError) as caught:
        assess(None, office / "home", sources=file)
    assert caught.value.key == "sources_nothing"
    assert json.dumps(str(caught.value), ensure_ascii=False).count("checks") == 1


def test_what_could_not_be_read_is_part_of_the_question(office: Path, libraries: None) -> None:
    """A file that is broken today keeps what it last gave; a manifest never says what is no longer so."""
    home, inbox = office / "home", office / "share"
    first = assess(inbox, home)
    good = (inbox / "名册.csv").read_bytes()
    (inbox / "名册.csv").write_bytes(b"")
    broken = assess(inbox, home)
    assert broken.folder != first.folder
    assert list(broken.manifest["unreadable"]) == ["名册.csv"]
    assert broken.table("scores").equals(first.table("scores"))
    (inbox / "名册.csv").write_bytes(good)
    back = assess(inbox, home)
    assert back.folder == first.folder and back.manifest["unreadable"] == {}
