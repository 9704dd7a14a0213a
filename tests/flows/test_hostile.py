"""Whatever is handed in stays text: in SQL, in paths, in a shell, in templates, in every file and letter that goes out.

One office whose units, files, sheets, cells, scheme, database and archives are made to do harm; beside each hostile unit
stands none that differs in anything but its name, so that all must score alike.
"""

import json
import os
import re
import sqlite3
import stat
import sys
import tempfile
import threading
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import duckdb
import openpyxl
import polars as pl
import pypdf
import pytest
import xlsxwriter

from kaohe.alerts import Question
from kaohe.delivery import Delivery
from kaohe.errors import KaoheError
from kaohe.explaining import Explainer
from kaohe.explaining.sheets import write_workbook
from kaohe.publication import CHECK_UP, NOTICE_DOCX, PAGE, UNITS, WORKBOOK
from kaohe.scheme import load_scheme
from kaohe.sources.config import read_sources
from tests.delivery import post, write_delivery
from tests.helpers import CHECK, FINDING, ROOT, YEAR, Result, assess, check, kaohe, registry, write_csv
from tests.published import check_up, files, said
from tests.sources import Answer, api, contracts, write_sources

#: What any evaluation of 7191*7 would leave behind, and what reading the file next door would.
PRODUCT, SECRET = b"50337", b"s3cret-of-another-folder"

NAMES = (
    "'; drop table main.scores; --",
    '"; drop table main.scores; --',
    "../../../../../../tmp/kaohe-pwned",
    "C:\\pwned\\x",
    "con",
    "{{7191*7}}",
    "{% for x in range(7191*7) %}{{x}}{% endfor %}",
    "#{7191*7}",
    '#read("../secret.txt")',
    "$(touch pwned)",
    "`touch pwned`; touch pwned | touch pwned & touch pwned",
    "=cmd|' /C calc'!A0",
    "@SUM(7191*7)",
    "办公室\u202e处规法",
    "甲\\x00乙\u2400",
    "乙\nBcc: spy@evil.example",
    "<img src=x onerror=alert(7191*7)>",
    "</script><script>alert(1)</script>",
    "长" * 300,
    "👩\u200d👩\u200d👧🚩é",
    "{year} {0.__class__}",
    "%s %(x)s %n",
)
TEXTS = ("'; drop table main.finding; --", '=HYPERLINK("http://evil.example")', '#panic("x") {{7191*7}} $(touch pwned)')
FILES = (
    "抽查'; drop table main.scores; --.csv",
    '"引号" $(touch pwned).csv',
    "`touch pwned`;touch pwned.csv",
    "*?[a-z]{x}.csv",
    "-rf.csv",
    "一行\n两行.csv",
    "{{7191*7}} #{7191*7}.csv",
)
SHEETS = ("x'; drop table y; --", "$(touch pwned)", "=7191+7", '#read("s")', "{{7191-7}}")
IDS = {0: "J';droptablemain.scores;--", 2: "../../../../J2", 16: "<b>J16", 11: "=J11"}


def unit_id(number: int) -> str:
    return IDS.get(number, f"J{number:02}")


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


@dataclass
class Watch:
    """What Python itself starts, opens to write and connects to, as its own audit tells: in this thread and in those
    begun while it watches. Older threads keep up the homes of other tests."""

    started: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    on: bool = False
    older: frozenset[threading.Thread] = frozenset()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or threading.current_thread() in self.older:
            return
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn"):
            self.started.append(f"{event} {arguments}")
        elif event == "open" and not isinstance(arguments[0], int) and arguments[2] & (os.O_RDWR | os.O_WRONLY):
            self.written.append(os.fsdecode(arguments[0]))
        elif event == "socket.connect":
            self.asked.append(arguments[1])


WATCH = Watch()
sys.addaudithook(WATCH)  # it cannot be taken away again, only told to look elsewhere


@contextmanager
def watching() -> Iterator[Watch]:
    WATCH.older = frozenset(threading.enumerate()) - {threading.current_thread()}
    WATCH.on = True
    try:
        yield WATCH
    finally:
        WATCH.on = False


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that everything is in: beside the home and the inbox it has a secret and an empty working folder."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "cwd").mkdir()
    (folder / "tmp").mkdir()
    (folder / "secret.txt").write_bytes(SECRET)
    return folder


@pytest.fixture(scope="module")
def published(outside: Path, libraries: None) -> Result:
    inbox, home = outside / "inbox", outside / "home"
    write_inbox(inbox)
    sources = {"'office' $(x)": {"inbox": "../inbox"}, "base": {"database": "sqlite:///study.db", "tables": [
        {"table": "study_stat", "query": 'select * from "t""; drop table t; --"'},
    ]}}  # fmt: skip
    home.mkdir()
    database(home / "study.db")
    with pytest.raises(KaoheError):  # a source is a folder's name too
        read_sources(write_sources(home / "sources.yml", **sources), contracts())
    write_sources(home / "sources.yml", **{"办公-室": sources.pop("'office' $(x)"), **sources})
    scheme = outside / "scheme; touch pwned" / "2023.yml"
    scheme.parent.mkdir()
    scheme.write_text(hostile_scheme(), "utf-8")
    before, umask = Path.cwd(), os.umask(0)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(tempfile, "tempdir", str(outside / "tmp"))
    os.chdir(outside / "cwd")
    try:
        with watching():
            return assess(None, home, scheme=scheme)
    finally:
        os.chdir(before)
        os.umask(umask)
        monkeypatch.undo()


def write_inbox(inbox: Path) -> None:
    units = [(unit_id(number), name, "机关处室") for number, name in enumerate(NAMES)]
    write_csv(inbox / "名册.csv", registry(*units, ("D01", "水务中心", "基层单位")))
    checks = [check(f"C{number}", name, flags="1101", opinion=TEXTS[0]) for number, name in enumerate(NAMES)]
    share = -(-len(checks) // len(FILES))
    for number, name in enumerate(FILES):
        write_csv(inbox / name, [CHECK, *checks[number * share : (number + 1) * share]])
    with xlsxwriter.Workbook(str(inbox / "$(touch pwned); 问题.xlsx")) as book:
        for number, sheet in enumerate(SHEETS):
            page = book.add_worksheet(sheet)
            page.write_row(0, 0, FINDING)
            for row, unit in enumerate(range(number, len(NAMES), len(SHEETS)), start=1):
                cells = [
                    f"F{unit}",
                    f"C{unit}",
                    NAMES[unit],
                    "一般",
                    TEXTS[unit % 3],
                    "2023-03-05",
                    "2023-04-05",
                    "",
                    "待整改",
                ]
                for column, cell in enumerate(cells):
                    page.write_string(row, column, cell)
    guidance = [[f"Z{number}", name, "C", TEXTS[2], TEXTS[1]] for number, name in enumerate(NAMES)]
    write_csv(inbox / "指导.csv", [["指导编号", "被指导单位", "单位分层", "指导原因", "指导措施"], *guidance])
    write_archives(inbox)


def write_archives(inbox: Path) -> None:
    """Archives whose members lead elsewhere, and links that do."""
    good = inbox / "名册.csv"
    book = inbox / "成员.xlsx"
    with xlsxwriter.Workbook(str(book)) as made:
        made.add_worksheet("说明").write_string(0, 0, "说明")
    with zipfile.ZipFile(book, "a") as archive:
        for name in ("../../pwned.txt", "/tmp/kaohe-pwned.txt", "..\\..\\pwned.txt", "xl/../../../pwned.txt"):
            archive.writestr(name, "pwned")
        link = zipfile.ZipInfo("xl/worksheets/sheet9.xml")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(inbox.parent / "secret.txt"))
        target = (inbox.parent / "secret.txt").as_uri()
        archive.writestr("xl/externalLinks/_rels/externalLink1.xml.rels", f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="{target}" TargetMode="External"/></Relationships>')  # fmt: skip
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{target}">'
    for number in range(1, 11):
        entity += f'<!ENTITY b{number} "{f"&b{number - 1};" * 10 if number > 1 else "b" * 10}">'
    for name, inner in (("实体.xlsx", "&e;"), ("炸弹.xlsx", "&b10;")):
        with zipfile.ZipFile(book) as old, zipfile.ZipFile(inbox / name, "w") as new:
            for member in old.namelist():
                if member.startswith(("xl/worksheets/sheet1", "xl/sharedStrings")):
                    kind = "worksheet" if "sheet1" in member else "sst"
                    text = (
                        f"<sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>{inner}</t></is></c></row></sheetData>"
                    )
                    text = text if kind == "worksheet" else f"<si><t>{inner}</t></si>"
                    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
                    new.writestr(member, f'{entity}]><{kind} xmlns="{space}">{text}</{kind}>')
                elif ".." not in member:
                    new.writestr(member, old.read(member))
    (inbox / "链接.csv").symlink_to(inbox.parent / "secret.txt")
    (inbox / "目录").symlink_to(inbox.parent)
    (inbox / "同一处.csv").symlink_to(good)
    os.mkfifo(inbox / "管道.csv")


def database(path: Path) -> None:
    """A table whose own name, columns and cells are SQL."""
    with sqlite3.connect(path) as con:
        con.execute(
            'create table "t""; drop table t; --" (平台, 月份, 单位名称, 应参加人数, 参加人数, 参学率, "x""; drop table y; --")'
        )
        for number, name in enumerate(NAMES):
            row = ["学习强国", "2023-06", name, "10", "9", "90%", f"'; drop table meta.file; -- {number}"]
            con.execute(f'insert into "t""; drop table t; --" values ({", ".join("?" * 7)})', row)
    con.close()


def hostile_scheme() -> str:
    text = (ROOT / "data" / "schemes" / "2023.yml").read_text("utf-8")
    for old, new in (
        ("title: 立根铸魂", 'title: "\'; drop table main.scores; --"'),
        ("title: 强基固本", 'title: "{{7191*7}} #{7191*7} <img src=x onerror=alert(1)>"'),
        ("title: 学习强国参学率", "title: \"=cmd|' /C calc'!A0\""),
        ("title: 优秀", 'title: "$(touch pwned) </script>"'),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


# ---- the numbers


def test_every_unit_is_assessed_under_its_own_name_and_all_alike(published: Result) -> None:
    scores = published.table("scores").filter(pl.col("category") == "机关处室")
    assert dict(scores.select("unit_id", "unit_name").rows()) == {
        unit_id(number): name for number, name in enumerate(NAMES)
    }
    assert scores["total"].n_unique() == 1
    assert scores["total"][0] > 0
    # Of the two registries that are one and the same file, one is put aside row by row; nothing else is.
    assert published.quarantine.select("table_name", "reason").rows() == [("org_unit", "duplicate")] * (len(NAMES) + 1)
    for indicator in ("study_xuexi", "spot_check_round_1", "findings_closed"):
        leaves = published.table("indicator_scores").filter(pl.col("indicator") == indicator)
        theirs = leaves.filter(pl.col("unit_id") != "D01").select("status", "done", "due").unique()
        assert theirs.height == 1, indicator
        assert theirs["status"][0] == "scored"
        assert theirs["due"][0] > 0


def test_what_leads_elsewhere_was_not_read(published: Result) -> None:
    unreadable = published.outcome.pulled.unreadable
    assert {Path(name).name for name in unreadable} >= {"链接.csv", "管道.csv"}
    assert all("收件夹之外" in unreadable[f"办公-室/{name}"] for name in ("链接.csv", "管道.csv"))
    assert "办公-室/同一处.csv" not in unreadable
    assert not [path for path in published.home.rglob("*") if path.is_file() and SECRET in path.read_bytes()]


# ---- nothing was done beside


def test_nothing_was_started_written_elsewhere_or_asked(published: Result, outside: Path) -> None:
    trial = [
        each for each in WATCH.started if "'-P', '-c'" in each
    ]  # a damaged workbook is first read by another process
    assert [each for each in WATCH.started if each not in trial] == []
    allowed = [outside / "home", outside / "tmp", Path(os.devnull)]
    assert [
        path for path in WATCH.written if not any(resolved(path, outside).is_relative_to(each) for each in allowed)
    ] == []
    assert WATCH.asked == []
    assert {path.name for path in outside.iterdir()} == {
        "cwd",
        "home",
        "inbox",
        "scheme; touch pwned",
        "secret.txt",
        "tmp",
    }
    assert not any((outside / "cwd").iterdir())
    assert not list(Path("/tmp").glob("kaohe-pwned*"))
    with duckdb.connect(str(published.home / "warehouse" / "kaohe.duckdb"), read_only=True) as con:
        assert con.sql("select count(*) from main.scores").fetchall() == [(len(NAMES) + 1,)]


def resolved(path: str, outside: Path) -> Path:
    return (outside / "cwd" / path).resolve()


def test_nobody_else_may_write_in_a_publication(published: Result) -> None:
    """It was made under a umask that forbids nothing."""
    for path in (published.folder, *published.folder.rglob("*")):
        assert not path.stat().st_mode & 0o022, path


def test_every_file_stands_where_it_should(published: Result) -> None:
    units = published.manifest["units"]
    assert len(set(units.values())) == len(NAMES) + 1
    below = {path.relative_to(published.folder / UNITS).as_posix() for path in (published.folder / UNITS).rglob("*.*")}
    assert {f"{folder}/{CHECK_UP}" for folder in units.values()} == {name for name in below if name.endswith(CHECK_UP)}
    for path in published.folder.rglob("*"):
        assert path.resolve() == published.folder.resolve() / path.relative_to(published.folder)


# ---- every output


def test_nothing_was_evaluated_or_read_in_any_file(published: Result) -> None:
    for name, path in files(published.folder).items():
        words = said(path)
        assert PRODUCT not in words, name
        assert SECRET not in words, name


def test_the_snapshot_and_the_csv_files_hold_text(published: Result) -> None:
    with duckdb.connect(str(published.folder / "snapshot.duckdb"), read_only=True) as con:
        assert {text for (text,) in con.sql("select category from inspection_finding").fetchall()} == set(TEXTS)
        assert con.sql("select count(*) from study_stat").fetchall() == [(len(NAMES),)]
    for path in published.folder.glob("*.csv"):
        for row in pl.read_csv(path, infer_schema=False).iter_rows():
            for cell in row:
                assert not cell or (cell[0] not in "=+@" and not cell.startswith(("\t", "\r"))), (path.name, cell)


class Elements(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attributes]))


def test_the_page_has_no_element_of_theirs(published: Result, sample: Result) -> None:
    own, ours = (Elements((result.folder / PAGE).read_text("utf-8")).found for result in (sample, published))
    assert {tag for tag, _ in ours} <= {tag for tag, _ in own} | {"ul", "li"}  # the files that could not be read
    assert [tag for tag, _ in ours].count("script") == [tag for tag, _ in own].count("script")
    assert not [names for _, names in ours if any(name.startswith("on") for name in names)]
    for number, name in enumerate(NAMES):
        assert plain(check_up(published.folder, unit_id(number))["name"]) == plain(name)


def test_the_sheets_are_set_as_they_were_written(published: Result) -> None:
    for number, name in enumerate(NAMES):
        if number in (8, 5, 12, 16):
            reader = pypdf.PdfReader(published.folder / UNITS / published.manifest["units"][unit_id(number)] / CHECK_UP)
            words = plain("".join(page.extract_text() for page in reader.pages))
            assert plain(name) in words
            assert plain(TEXTS[number % 3]) in words
            assert all("/JS" not in str(page) and "/URI" not in str(page.get("/Annots", "")) for page in reader.pages)


def test_the_workbook_has_no_formula_of_theirs(published: Result) -> None:
    theirs = [*NAMES, *TEXTS, *FILES, *SHEETS]
    for sheet in openpyxl.load_workbook(published.folder / WORKBOOK).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert not [text for text in theirs if len(text) > 3 and text in str(cell.value)]
                    assert "cmd|" not in str(cell.value)
    with zipfile.ZipFile(published.folder / WORKBOOK) as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower()]
        assert not re.search(rb'TargetMode="External"', b"".join(map(parts.read, parts.namelist())))


def test_the_notice_is_sound(published: Result) -> None:
    with zipfile.ZipFile(published.folder / NOTICE_DOCX) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(parts.read(name))
    document = docx.Document(str(published.folder / NOTICE_DOCX))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert plain("'; drop table main.scores; --") in [plain(cell) for cell in cells]


def test_explanations_and_alerts_are_written_where_they_belong(
    published: Result, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path for path in outside.rglob("*") if not path.is_relative_to(published.home)}
    done = kaohe("explain", "../../../../../../tmp/kaohe-pwned", "--home", published.home, "--format", "xlsx",
                 cwd=ROOT)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.suffix for path in (published.home / "explanations").iterdir()] == [".xlsx"]
    with Explainer.in_force(published.home) as explainer:
        found = explainer.explain("=cmd|' /C calc'!A0")
        write_workbook(found, published.home / "x.xlsx")
    question = Question(published.home, YEAR)
    for path in (published.home / "x.xlsx", question.write(question.collect())):
        for sheet in openpyxl.load_workbook(path).worksheets:
            assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert PRODUCT not in said(path)
    assert {path for path in outside.rglob("*") if not path.is_relative_to(published.home)} == before


def test_letters_and_notes_hold_text(published: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAOHE_TEST_HOOK", "")
    with post(login=False) as mail, api() as robot:
        robot.answer = lambda request: Answer({"errcode": 0, "errmsg": "ok"})
        monkeypatch.setenv("KAOHE_TEST_HOOK", f"{robot.address}/robot/send?access_token=k")
        write_delivery(
            published.home, mail={"host": "127.0.0.1", "port": mail.port, "tls": "none", "from": "a@b.example"},
            leadership=["leader@b.example"],
            units={unit_id(number): [f"u{number}@b.example"] for number in range(len(NAMES))},
            webhooks=[{"kind": "dingtalk", "url": {"env": "KAOHE_TEST_HOOK"}}],
        )  # fmt: skip
        done = Delivery(published.home, YEAR).deliver()
        assert (done.failed, done.doubtful, done.wrong) == ({}, {}, [])
    assert [recipient for recipient, _ in mail.taken].count("leader@b.example") == 1
    assert len(mail.taken) == len(NAMES) + 1
    for raw, (recipient, _) in zip(mail.raw, mail.taken, strict=True):
        letter = message_from_bytes(raw, policy=default)
        assert letter["To"] == recipient
        assert "Bcc" not in letter
        assert PRODUCT not in raw
        for part in letter.iter_attachments():
            assert not re.search(r'[/\\\r\n"]', part.get_filename() or "")
    (note,) = [request.body for request in robot.asked]
    assert not [name for name in NAMES if json.dumps(name, ensure_ascii=False)[1:-1].encode() in note]


# ---- the scheme


@pytest.mark.parametrize(
    "line",
    [
        '!!python/object/apply:os.system ["touch pwned"]',
        "!!python/name:os.system",
        '!!python/object/new:subprocess.Popen [["touch", "pwned"]]',
        "!include ../secret.txt",
    ],
)
def test_a_scheme_makes_no_objects(outside: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(outside / "cwd")
    path = outside / "home" / "2023.yml"
    path.parent.mkdir(exist_ok=True)
    text = (ROOT / "data" / "schemes" / "2023.yml").read_text("utf-8")
    path.write_text(re.sub("(?m)^title: .*$", f"title: {line}", text, count=1), "utf-8")
    with watching() as seen:
        begin = len(seen.started)
        try:
            assert load_scheme(path).title in ("", "../secret.txt")  # text like any other
        except KaoheError as error:
            assert str(path) in str(error)
    assert seen.started[begin:] == []
    assert not any((outside / "cwd").iterdir())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: ", "id: ../../x; drop table y\nwas: "),
        ("measure: spot_check", "measure: ../../../secret"),
        ("measure: spot_check", "measure: 'spot_check; drop table main.scores'"),
        ("platform: 学习强国", 'platform: "学习强国\'; drop table main.scores; --"'),
    ],
)
def test_what_a_scheme_names_has_to_be_there(outside: Path, published: Result, old: str, new: str) -> None:
    path = outside / "home" / "2023.yml"
    text = (ROOT / "data" / "schemes" / "2023.yml").read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KaoheError) as caught:
        assess(outside / "inbox", outside / "home", scheme=path)
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)
