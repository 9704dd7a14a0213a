"""Databases, on real servers: what they hold comes out as text, exactly, and in the same bytes from each of them."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as postgres
import duckdb
import pymysql
import pytest

from kaohe.outage import Outage
from tests.sources import QUICK, Reader, breaking, mariadb, mariadb_is_installed, postgresql

PASSWORD = "s3 cr@t:密/%"
QUERY = (
    "select 平台, 月份, 单位 as 单位名称, 应参加人数, 参加人数, 参学率, 人均积分, changed from study -- as exported\n;"
)
MADE_UP = "select '学习强国' as 平台, {month} as 月份, '办公室' as 单位名称, 1 as 应参加人数, 1 as 参加人数, 1 as 参学率 from {source}"
CREATE = (
    "create table study (平台 varchar(20), 月份 date, 单位 varchar(60), 应参加人数 integer, 参加人数 integer, "
    "参学率 decimal(12,10), 人均积分 decimal(30,12), changed {moment})"
)
ROWS = (
    "('学习强国', '2023-01-01', '办公室', 10, 9, 0.9, 12345678901234567.123456789012, '2024-01-01 08:00:00')",
    "('学习强国', '2023-02-01', '法规处', 3, 1, 0.3333333333, 0.1, '2024-01-02 08:00:00')",
    "('学习强国', '2023-02-01', '“水务”\n中心, 二', 0, null, 0, null, '2024-01-03 08:00:00')",
)
LINES = """平台,月份,单位名称,应参加人数,参加人数,参学率,人均积分,changed
学习强国,2023-01-01,办公室,10,9,0.9000000000,12345678901234567.123456789012,2024-01-01 08:00:00
学习强国,2023-02-01,"“水务”\n中心, 二",0,,0.0000000000,,2024-01-03 08:00:00
学习强国,2023-02-01,法规处,3,1,0.3333333333,0.100000000000,2024-01-02 08:00:00
"""


@dataclass
class Server:
    """A database with the table ``study``. ``execute``: run a statement as its owner; ``socket``: where it listens."""

    source: dict[str, Any]
    execute: Callable[[str], None]
    socket: Path = Path()

    def table(self, **more: Any) -> dict[str, Any]:
        return self.source | {"retries": QUICK, "tables": [{"table": "study_stat", "query": QUERY} | more]}


@pytest.fixture(scope="module")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("postgresql") / "data"
    with postgresql(data) as address:

        def execute(statement: str) -> None:
            with closing(postgres.connect(address, autocommit=True)) as con, closing(con.cursor()) as cursor:
                cursor.execute(statement)

        execute("create user reader login password '" + PASSWORD.replace("'", "''") + "'")
        execute("alter default privileges in schema public grant select on tables to reader")
        rules = data / "pg_hba.conf"
        rules.write_text(f"local all reader scram-sha-256\n{rules.read_text()}")
        execute("select pg_reload_conf()")
        url = address.replace("postgres:@", "reader@")
        yield Server({"database": url, "password": {"env": "STUDY_PASSWORD"}}, execute, data / ".s.PGSQL.5432")


@pytest.fixture(scope="module")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not mariadb_is_installed():
        pytest.skip("no MariaDB on this machine: apt-get install mariadb-server")
    with mariadb(tmp_path_factory.mktemp("mariadb")) as socket:

        def execute(statement: str) -> None:
            options: Any = {"unix_socket": str(socket), "user": "root", "autocommit": True, "charset": "utf8mb4"}
            with closing(pymysql.connect(**options)) as con, con.cursor() as cursor:
                if not statement.startswith(("create database", "create user", "grant")):
                    cursor.execute("use study")
                cursor.execute(statement)

        execute("create database study character set utf8mb4")
        execute(f"create user reader@localhost identified by '{PASSWORD}'")
        execute("grant select on study.* to reader@localhost")
        url = f"mysql://reader@localhost/study?unix_socket={socket}"
        yield Server({"database": url, "password": {"env": "STUDY_PASSWORD"}}, execute, socket)


@pytest.fixture
def sqlite_server(tmp_path: Path) -> Server:
    def execute(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "study.db")) as con, con:
            con.execute(statement)

    return Server({"database": "sqlite:///study.db"}, execute)


@pytest.fixture
def duckdb_server(tmp_path: Path) -> Server:
    def execute(statement: str) -> None:
        with duckdb.connect(str(tmp_path / "study.duckdb")) as con:
            con.execute(statement)

    return Server({"database": "duckdb:///study.duckdb"}, execute)


KINDS = ("postgresql", "mariadb", "sqlite", "duckdb")


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("STUDY_PASSWORD", PASSWORD)
    found: Server = request.getfixturevalue(f"{request.param}_server")
    exact = ("decimal(12,10)", "decimal(30,12)") if request.param == "sqlite" else ()
    create = CREATE.format(moment="datetime" if request.param == "mariadb" else "timestamp")
    for type_ in exact:  # SQLite has no decimals: exact ones are kept as text
        create = create.replace(type_, "text")
    found.execute(create)
    for row in ROWS:
        written = row.replace("0.9,", "'0.9000000000',").replace("0.1,", "'0.100000000000',") if exact else row
        written = written.replace("12345678901234567.123456789012", "'12345678901234567.123456789012'")
        written = written.replace(" 0.3333333333,", " '0.3333333333',").replace(
            "null, 0, null", "null, '0.0000000000', null"
        )
        found.execute(f"insert into study values {written}")
    yield found
    found.execute("drop table study")


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_values_come_out_exactly_and_in_the_same_bytes(server: Server, read: Reader) -> None:
    changes = read(server.table())["study_stat"]
    assert read.text("study_stat") == LINES
    assert (changes.rows, changes.came, changes.vanished, changes.changed) == (3, 3, 0, 0)


def test_a_full_refresh_closes_what_vanished(server: Server, read: Reader) -> None:
    read(server.table())
    assert not read(server.table())["study_stat"]
    server.execute("delete from study where 单位 = '办公室'")
    server.execute("update study set 参加人数 = 2 where 单位 = '法规处'")
    server.execute(f"insert into study values {ROWS[0].replace('2023-01', '2023-03')}")
    changes = read(server.table())["study_stat"]
    assert (changes.rows, changes.came, changes.vanished, changes.changed) == (3, 1, 1, 1)
    text = read.text("study_stat")
    assert "2023-01-01" not in text
    assert "法规处,3,2," in text
    assert "2023-03-01,办公室" in text


def test_only_what_is_new_is_asked_for(server: Server, read: Reader) -> None:
    table = server.table(refresh={"cursor": "changed", "overlap": "1 day"})
    server.execute("insert into study values ('学习强国', '2023-05-01', '无日期', 1, 1, '1', '1', null)")
    read(table)
    server.execute("update study set 应参加人数 = 5 where 单位 = '无日期'")
    # Gone, but older than what is asked for; changed and asked for; changed behind the cursor's back.
    server.execute("delete from study where 单位 = '办公室'")
    server.execute("update study set 参加人数 = 0 where 参加人数 is null")
    server.execute("update study set 参加人数 = 3, changed = '2024-01-02 08:00:00' where 单位 = '法规处'")
    changes = read(table)["study_stat"]
    assert (changes.rows, changes.came, changes.vanished, changes.changed) == (4, 0, 0, 3)
    server.execute("update study set 参加人数 = 2, changed = '2024-01-01 08:00:00' where 单位 = '法规处'")
    assert not read(table)["study_stat"]
    # Everything, if asked to, or if something else is asked for than before.
    changes = read(table, full=True)["study_stat"]
    assert (changes.rows, changes.came, changes.vanished, changes.changed) == (3, 0, 1, 1)
    server.execute("delete from study where 单位 = '法规处'")
    assert read(table)["study_stat"].rows == 3
    other = server.table(refresh={"cursor": "changed", "overlap": "2 days"})
    assert read(other)["study_stat"].vanished == 1


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_columns_that_do_not_fit_are_named(server: Server, read: Reader) -> None:
    with pytest.raises(Outage, match=r"统计月份.*应参加人数"):
        read(server.table(query="select 平台, 单位 as 单位名称, 参加人数, 参学率 from study"))
    with pytest.raises(Outage, match="同一列"):
        read(server.table(query="select 平台, 月份, 单位, 单位 as 组织名称, 应参加人数, 参加人数, 参学率 from study"))
    assert not list(read.folder.rglob("*.csv"))


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_their_names_may_be_mapped(server: Server, read: Reader) -> None:
    renamed = {
        "a": "平台",
        "b": "月份",
        "c": "单位名称",
        "d": "应参加人数",
        "e": "参加人数",
        "f": "参学率",
        "g": "人均积分",
    }
    query = "select 平台 as a, 月份 as b, 单位 as c, 应参加人数 as d, 参加人数 as e, 参学率 as f, 人均积分 as g, changed from study"
    read(server.table(query=query, headings=renamed))
    assert read.text("study_stat") == LINES


def test_a_query_that_fails_or_changes_something_is_an_outage(server: Server, read: Reader) -> None:
    read(server.table())
    before = read.text("study_stat")
    for query in ("select nope from study", "delete from study", "select 1/0 as 平台 from nowhere"):
        with pytest.raises(Outage) as caught:
            read(server.table(query=query))
        assert PASSWORD not in str(caught.value)
        assert read.text("study_stat") == before
    assert not read(server.table())["study_stat"]


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_table_that_is_suddenly_empty_is_not_believed(server: Server, read: Reader) -> None:
    read(server.table())
    server.execute("delete from study")
    with pytest.raises(Outage, match="may_be_empty"):
        read(server.table())
    assert read.text("study_stat") == LINES
    assert read(server.table(may_be_empty=True))["study_stat"].vanished == 3
    assert read.rows("study_stat") == []


def test_a_moment_is_a_day_of_the_office(
    postgresql_server: Server, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last hour of the month at Greenwich is the next month here."""
    monkeypatch.setenv("STUDY_PASSWORD", PASSWORD)
    month = "timestamptz '2023-01-31 16:00:00+00'"
    query = MADE_UP.format(month=month, source="(select true as 备用, array['甲', '乙'] as 其他) as more")
    query = query.replace("select", "select more.*,", 1)
    read(postgresql_server.table(query=query))
    assert read.rows("study_stat") == ['true,"{甲,乙}",学习强国,2023-02-01 00:00:00,办公室,1,1,1']


def test_a_query_cannot_change_anything(
    postgresql_server: Server, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even through a function that may."""
    monkeypatch.setenv("STUDY_PASSWORD", PASSWORD)
    postgresql_server.execute("create table kept (n integer)")
    writing = "language sql security definer as 'insert into kept values (1) returning n'"
    postgresql_server.execute(f"create function writes() returns integer {writing}")
    query = MADE_UP.format(month="date '2023-01-01'", source="writes()")
    with pytest.raises(Outage, match="read-only"):
        read(postgresql_server.table(query=query))


def test_a_server_that_is_silent_is_an_outage(
    postgresql_server: Server, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDY_PASSWORD", PASSWORD)
    slow = MADE_UP.format(month="date '2023-01-01'", source="pg_sleep(600)")
    with pytest.raises(Outage, match="timeout"):
        read(postgresql_server.table(query=slow) | {"timeout": 0.2})


@pytest.mark.parametrize(("kind", "breaks"), [("postgresql", 1), ("mariadb", 0)])
def test_a_connection_that_breaks_is_tried_again(
    kind: str, breaks: int, request: pytest.FixtureRequest, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of the table by then is forgotten. ADBC opens two connections, the second for the query."""
    monkeypatch.setenv("STUDY_PASSWORD", PASSWORD)
    server: Server = request.getfixturevalue(f"{kind}_server")
    server.execute("create table numbers (n integer)")
    server.execute(f"insert into numbers values {', '.join(f'({n})' for n in range(3000))}")
    query = MADE_UP.format(month="'2023-01-01'", source="numbers").replace("'办公室'", "n")
    with breaking(server.socket, breaks, 20_000) as (port, sent):
        url = re.sub(r"@[^/]*/(\w+)\?.*", rf"@127.0.0.1:{port}/\1", server.source["database"])
        source = server.table(query=query) | {"database": url}
        assert read(source | {"timeout": 30})["study_stat"].rows == 3000
        assert not read(source | {"timeout": 30})["study_stat"]
    assert len(sent) == 3 * (breaks + 1)


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_wrong_password_is_not_tried_again_and_never_said(
    kind: str, request: pytest.FixtureRequest, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "wrong pass'wörd"
    monkeypatch.setenv("STUDY_PASSWORD", wrong)
    server: Server = request.getfixturevalue(f"{kind}_server")
    with pytest.raises(Outage, match="reader") as caught:
        read(server.table(query="select 1"))
    assert wrong not in str(caught.value)
    monkeypatch.delenv("STUDY_PASSWORD")
    with pytest.raises(Outage, match="STUDY_PASSWORD"):
        read(server.table(query="select 1"))


def test_a_file_that_is_locked_or_gone_is_an_outage(duckdb_server: Server, sqlite_server: Server, read: Reader) -> None:
    for server in (duckdb_server, sqlite_server):
        with pytest.raises(Outage):
            read(server.table())
    assert not list(read.folder.glob("study.*")), "reading never makes a database"
