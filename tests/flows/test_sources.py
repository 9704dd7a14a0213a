"""Runs over several sources: what is down is said, never taken for deleted, and never mistaken for news."""

import datetime as dt
import io
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from rich.console import Console

from kaohe import clock
from kaohe.comparing.again import Again
from kaohe.comparing.sides import side
from kaohe.errors import KaoheError
from kaohe.lifecycle.damage import verify
from kaohe.publication import WORKBOOK
from kaohe.publication.snapshot import Snapshot
from kaohe.summary import print_summary
from tests.helpers import CHECK, Result, check, registry, write_csv
from tests.helpers import assess_small as assess
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
    book = openpyxl.load_workbook(result.folder / WORKBOOK, read_only=True)
    return str(book[sheet]["A2"].value)


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with registry, a database of checks, and the sources file in the home."""
    write_csv(tmp_path / "share" / "名册.csv", registry(*UNITS))
    check_table(tmp_path / "checks.db", check("C1", "办公室", flags="1110"), check("C2", "法规处"))
    return tmp_path


def sources(office: Path, **more: Any) -> Path:
    checks = {"database": "sqlite:///../checks.db", "retries": QUICK,
              "tables": [{"table": "inspection", "relation": "checks"}]}  # fmt: skip
    return write_sources(office / "home" / "sources.yml", share={"inbox": "../share"}, checks=checks, **more)


def test_a_night_with_sources_down(office: Path, libraries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database is gone, a folder is not mounted, and a file is broken, all at once."""
    home, database, share, late = office / "home", office / "checks.db", office / "share", office / "late"
    write_csv(late / "抽查.csv", [CHECK, check("C7", "水务中心")])
    sources(office, late={"inbox": "../late"})
    first = assess(None, home)
    assert first.outcome.exit_code == 0
    assert first.leaf("J01", "spot_check_round_1")["done"] == 75
    assert (first.manifest["stale"], first.manifest["unreadable"]) == ({}, {})
    paths = {"share/名册.csv", "checks/inspection.csv", "late/抽查.csv"}
    assert {entry["path"] for entry in first.manifest["inputs"]} == paths

    # The same scores, said to be old, on the first lines, on the league table and in the manifest.
    database.rename(office / "gone.db")
    late.rename(office / "elsewhere")
    registered = (share / "名册.csv").read_bytes()
    (share / "名册.csv").write_bytes(b"")
    read_on = clock.today().isoformat()
    monkeypatch.setattr("kaohe.clock.today", lambda: dt.date(2031, 5, 4))
    down = assess(None, home)
    assert down.outcome.new
    assert down.outcome.exit_code == 3
    assert down.folder != first.folder
    assert down.table("scores").equals(first.table("scores"))
    assert down.outcome.pulled.removed == []
    assert list(down.manifest["unreadable"]) == ["share/名册.csv"]
    assert down.manifest["stale"] == {"late": read_on, "checks": read_on}
    lines = summary(down)
    assert f"late 读不到，沿用 {read_on} 的数据：收件夹不存在" in lines[0]
    assert f"checks 读不到，沿用 {read_on} 的数据" in lines[1]
    assert "unable to open database file" in lines[1]
    assert f"checks 读不到，用的是 {read_on} 的数据" in note_of(down)
    assert "读不到" not in note_of(first)

    # The next night they still are: nothing new, but still said.
    again = assess(None, home)
    assert not again.outcome.new
    assert again.outcome.exit_code == 3
    assert again.folder == down.folder
    assert "late 读不到" in summary(again)[0]

    # With --strict nothing is published, and nothing is lost.
    with pytest.raises(KaoheError) as caught:
        assess(None, home, strict=True)
    assert caught.value.key == "source_down_strict"

    # Back, as they were: the first publication is in force again, and the log knows.
    (office / "gone.db").rename(database)
    (office / "elsewhere").rename(late)
    (share / "名册.csv").write_bytes(registered)
    back = assess(None, home)
    assert back.outcome.new
    assert back.outcome.exit_code == 0
    assert back.folder == first.folder
    assert back.manifest["stale"] == {}
    assert verify(home, 2023) == []
    assert not assess(None, home).outcome.new

    # What vanished from the source is gone, and the summary says how much came, changed and vanished.
    with closing(sqlite3.connect(database)) as con, con:
        con.execute("delete from checks where 检查编号 = 'C2'")
    check_table(database, check("C1", "办公室"), check("C3", "水务中心"))
    after = assess(None, home)
    assert after.leaf("J02", "spot_check_round_1")["status"] == "not_applicable"
    assert after.leaf("J01", "spot_check_round_1")["done"] == 100
    assert any("checks/inspection" in line and "新增 1、改动 1；消失 1" in line for line in summary(after))

    # What it was can be made again from the bytes that were kept.
    with Again(home) as made, Snapshot(made.scores(side(home, first.folder.name, None).ingredients)) as snapshot:
        assert snapshot.frame("select * from main.scores").equals(first.table("scores"))


def test_no_secret_is_kept_anywhere(office: Path, libraries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One API takes the token and gives records; another refuses it and repeats it. What is known is published."""
    home = office / "home"
    monkeypatch.setenv("API_TOKEN", TOKEN)
    endpoint = {"table": "unit_alias", "path": "aliases"}
    with api() as good, api() as bad:
        good.answer = lambda request: Answer([{"别名": "局办", "平台": "通用", "单位名称": "办公室"}])
        bad.answer = lambda request: Answer(
            status=302, headers={"Location": f"http://[{request.headers['authorization']}"}
        )
        both = {"token": {"env": "API_TOKEN"}, "tables": [endpoint], "retries": QUICK}
        sources(office, good={"api": good.address} | both, bad={"api": bad.address} | both)
        result = assess(None, home)
        assert good.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert result.outcome.exit_code == 3
    assert result.manifest["stale"] == {"bad": None}
    said = "\n".join(summary(result))
    assert "bad 读不到，而且从未读到过" in said.splitlines()[0]
    assert "bad" in note_of(result)
    for secret in (TOKEN, TOKEN.replace(" ", "%20"), "t0ken%2F%2B"):
        assert secret not in said
        assert files_with(secret, home) == []


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
    assert "checks：" in str(caught.value)
