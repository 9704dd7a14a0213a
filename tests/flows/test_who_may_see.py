"""Who may see what: the folders of a publication hold what their readers may have, and nobody is named anywhere."""

import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pypdf
import pytest

from kaohe.contracts import load_contracts
from kaohe.publication import PARQUET, UNITS
from tests.helpers import ROOT, YEAR, Result, kaohe, write_csv
from tests.published import check_up, expected, files, said

sys.path.insert(0, str(ROOT / "data"))
import make_sample


@pytest.fixture(scope="module", params=[4, pytest.param(1, marks=pytest.mark.long)])
def contents(sample: Result, request: pytest.FixtureRequest) -> dict[str, str]:
    """What each file of the sample's publication says, however it is packed, and its metadata; of PDFs, which take long
    to read, those that leadership gets and those of every fourth unit (in `make soak` of all)."""
    every: int = request.param
    left_out = {
        f"{UNITS}/{folder}" for number, folder in enumerate(sample.manifest["units"].values()) if number % every
    }
    return {
        name: pdf(path) if path.suffix == ".pdf" else said(path).decode("utf-8", "ignore")
        for name, path in files(sample.folder).items()
        if path.suffix != ".pdf" or name.rpartition("/")[0] not in left_out
    }


def pdf(path: Path) -> str:
    """The text of a PDF, its metadata of both kinds, and the names of what is in it."""
    reader = pypdf.PdfReader(path)
    root = reader.trailer["/Root"]
    assert not {"/AcroForm", "/Names", "/AF", "/OpenAction"} & root.keys()
    metadata = root["/Metadata"].get_data().decode("utf-8")  # type: ignore[attr-defined]
    outline = " ".join(str(entry) for entry in reader.outline)
    return "\n".join([str(reader.metadata), metadata, outline, *(page.extract_text() for page in reader.pages)])


# ---- by folder


def test_a_publication_has_nothing_outside_the_known_places(sample: Result) -> None:
    assert set(files(sample.folder)) == expected(sample.manifest)
    assert len(sample.manifest["units"]) == sample.table("scores").height == 60


def test_a_units_folder_names_no_other_unit(sample: Result, contents: dict[str, str]) -> None:
    """By none of their names, nor by their number; but for what the unit's own records say of others."""
    with duckdb.connect(str(sample.folder / "snapshot.duckdb"), read_only=True) as con:
        names: dict[str, set[str]] = {}
        for unit, name in con.sql("select unit_id, name from unit_name").fetchall():
            names.setdefault(unit, set()).add(squeezed(name))
    assert sum(map(len, names.values())) > 120
    checked = 0
    for unit, folder in sample.manifest["units"].items():
        if not any(name.startswith(f"{UNITS}/{folder}/") for name in contents):
            continue
        checked += 1
        text = squeezed("".join(words for name, words in contents.items() if name.startswith(f"{UNITS}/{folder}/")))
        assert squeezed(sample.score(unit)["unit_name"]) in text
        sheet = check_up(sample.folder, unit)
        own = squeezed(
            str([item["records"] for part in (*sheet["losses"], *sheet["extras"]) for item in part["items"]])
        )
        for name in sorted(names[unit], key=len, reverse=True):
            text = text.replace(name, "")
        others = {name for other, called in names.items() if other != unit for name in called}
        assert not [name for name in others if stands(name, text) and not stands(name, own)], folder
    assert checked >= 15


def stands(name: str, text: str) -> bool:
    """A name stands in a text; a unit's number does if it is no part of a longer one."""
    return bool(re.search(rf"(?<![a-z0-9-]){re.escape(name)}(?![a-z0-9-])", text)) if name.isascii() else name in text


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def test_the_lines_in_the_manual_copy_what_is_in_force_to_a_share(sample: Result, tmp_path: Path) -> None:
    """Run as they stand there, twice: what is there no more is taken away, and each folder keeps its permissions."""
    if not shutil.which("rsync"):
        pytest.skip("there is no rsync here")
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    (script,) = re.findall(r"```sh\n(set -eu\nhome=.*?)```", text, re.DOTALL)
    share = tmp_path / "share"
    for folder in ("leadership", "units/水务中心"):
        (share / folder).mkdir(parents=True)
    (share / "leadership").chmod(0o750)
    (share / "units" / "水务中心" / "old.pdf").write_bytes(b"x")
    for name, value in (("home", sample.home), ("year", YEAR), ("share", share)):
        script, found = re.subn(rf"(?m)^{name}=.*$", f"{name}='{value}'", script)
        assert found == 1
    for _ in range(2):
        subprocess.run(["sh", "-euc", script], check=True)
    there = {name: path.read_bytes() for name, path in files(share).items()}
    wanted = {name: path for name, path in files(sample.folder).items() if "/" in name}
    assert there == {name: path.read_bytes() for name, path in wanted.items()}
    assert (share / "leadership").stat().st_mode & 0o777 == 0o750


# ---- people


@cache
def people() -> frozenset[str]:
    """Everybody whom the generator put into the ledgers, by name or number."""
    columns = {
        (table, column)
        for table, contract in load_contracts(ROOT / "expectations").items()
        for column, described in contract.columns.items()
        if described.type == "person"
    }
    return frozenset(
        str(value)
        for records in vars(make_sample.build().records).values()
        for record in records
        for column in vars(record)
        if (make_sample.table_of(record), column) in columns and (value := getattr(record, column))
    )


def named(text: str, known: Iterable[str]) -> list[str]:
    """Who is named in a text: looked for in its words, each once."""
    words = "\n".join(set(re.findall(r"[\u4e00-\u9fff]+|[A-Za-z0-9_·-]{3,}", text)))
    return [person for person in known if person in words]


def test_nobody_is_named_in_any_byte_of_a_publication(sample: Result, contents: dict[str, str]) -> None:
    """Packed parts unpacked, PDFs read, the snapshot and Parquet files both as bytes and by what they hold."""
    assert len(people()) > 500
    for name, text in contents.items():
        assert not named(text, people()), name
    tables = {name: pl.read_parquet(sample.folder / f"{name}.parquet") for name in PARQUET}
    with duckdb.connect(str(sample.folder / "snapshot.duckdb"), read_only=True) as con:
        for (name,) in con.sql("select table_name from duckdb_tables()").fetchall():
            tables[f"snapshot {name}"] = con.sql(f'select * from "{name}"').pl()
    assert len(tables) > 60
    for name, table in tables.items():
        rows = table.select(pl.concat_str(pl.all().cast(pl.String, strict=False), separator="\n", ignore_nulls=True)
                            if not any(kind.is_nested() for kind in table.dtypes) else pl.struct(pl.all()).struct.json_encode())  # fmt: skip
        assert not named("\n".join(rows.to_series().to_list()), people()), name
    ledgers = "".join(path.read_text("utf-8", "ignore") for path in (ROOT / "data" / "sample").rglob("*.csv"))
    assert len(named(ledgers, people())) > 50  # they would be found where they are


PERSON = "欧阳见微"


def test_neither_the_logs_nor_prefect_know_anybody(inbox: Path, home: Path, server: str, prefect_home: Path) -> None:
    """A run that fails over a record about a person, whom somebody named in a correction."""
    columns = load_contracts(ROOT / "expectations")["correction"].columns
    told = {"target_table": "党员名册", "record_key": f"{PERSON}/2015-01-01", "target_column": "党内职务", "expect": "党员",
            "value": "书记", "reason": "核实", "source_doc": "1号", "approver": "机关党委"}  # fmt: skip
    headings = [column.headings[0] for column in columns.values()]
    write_csv(inbox / "更正.csv", [headings, [told.get(name, "G1") for name in columns]])
    members = ["党员编号", "单位名称", "党员类别", "党内职务", "免学时", "转入日期", "转出日期"]
    write_csv(inbox / "党员.csv", [members, [PERSON, "办公室", "正式", "党员", "否", "2015-01-01", ""]])
    done = kaohe("run", "--inbox", inbox, "--year", YEAR, "--home", home,
                 PREFECT_API_URL=server, PREFECT_HOME=str(prefect_home))  # fmt: skip
    assert done.returncode == 2
    assert "＊＊＊/2015-01-01" in done.stderr
    assert PERSON not in done.stdout + done.stderr
    kept = [path for path in prefect_home.rglob("*") if path.is_file()]
    assert any("＊＊＊".encode() in path.read_bytes() or b"\\uff0a" in path.read_bytes() for path in kept)
    for path in kept:
        for written in (PERSON, PERSON.encode("unicode_escape").decode()):
            assert written.encode() not in path.read_bytes(), path
