"""The flow, run by Prefect for real: on a server that is running, and on a temporary one when there is none."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kaohe.lifecycle.acts import Log
from kaohe.project import Project
from kaohe.publication import MANIFEST
from tests.helpers import CHECK, ROOT, Result, check, in_process, kaohe, registry, write_csv
from tests.published import expected, files
from tests.sources import Answer, api, write_sources


def flow_runs(api: str) -> list[dict[str, object]]:
    request = urllib.request.Request(
        f"{api}/flow_runs/filter", data=b"{}", headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, object]] = json.load(answer)
    return sorted(found, key=lambda run: str(run["created"]))


def journal(home: Path) -> list[dict[str, object]]:
    """The journal of a home."""
    return [json.loads(line) for path in (home / "logs").glob("*.jsonl") for line in path.read_text().splitlines()]


def test_the_sample_with_no_server_running(said_of_sample: subprocess.CompletedProcess[str], sample: Result) -> None:
    """What `make run` does, in a home of its own."""
    done, home = said_of_sample, sample.home
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    folder = home / "published" / "2023" / (home / "published" / "2023" / "CURRENT").read_text().strip()
    assert [act.operator for act in Log.read(folder.parent).acts] == ["王伟"]
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    assert set(files(folder)) == expected(manifest)
    assert manifest["records_in"] == manifest["records_used"] + manifest["records_quarantined"]
    for key in ("records_in", "records_used", "records_quarantined"):
        assert str(manifest[key]) in done.stdout
        assert manifest[key] == sum(table[key] for table in manifest["tables"].values())
    for said in (
        "重复：",
        "单位不认识：",
        "名次",
        "浦东新区生态环境局党建工作处",
        "浦东新区北蔡水务管理站",
        "自身工作合计",
        str(folder),
    ):
        assert said in done.stdout
    assert set(manifest["code"]) >= {"version"}
    assert all(set(entry) == {"source", "path", "sha256"} for entry in manifest["inputs"])

    scores = pl.read_parquet(folder / "scores.parquet")
    assert scores.columns[:12] == ["year", "unit_id", "unit_name", "category", "total", "base", "bonus", "deduction", "veto",
                                   "grade", "rank", "status"]  # fmt: skip
    assert (folder / "scores.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert pl.read_csv(folder / "scores.csv", infer_schema=False)["unit_id"].to_list() == scores["unit_id"].to_list()
    assert pl.read_parquet(folder / "indicator_scores.parquet").columns == [
        "year", "unit_id", "indicator", "dimension", "weight", "effective_weight", "done", "due", "points", "lost", "status",
        "not_applicable_rule",
    ]  # fmt: skip
    assert pl.read_parquet(folder / "evidence.parquet").columns == [
        "year", "unit_id", "indicator", "item", "due", "done", "lost", "gained", "records",
    ]  # fmt: skip
    with duckdb.connect(str(folder / "snapshot.duckdb"), read_only=True) as snapshot:
        assert snapshot.sql("select count(*) from scores").fetchall() == [(60,)]
        records = "select count(distinct rec) from (select unnest(records) as rec from evidence)"
        having = "select table_name from duckdb_columns() where column_name = '_rec' and table_name not in ('flagged')"
        tables = [name for (name,) in snapshot.sql(having).fetchall()]
        known = f"{records} where rec in ({' union all '.join(f'select _rec from {name}' for name in tables)})"
        assert len(tables) >= 40
        assert snapshot.sql(records).fetchall() == snapshot.sql(known).fetchall()


def test_on_a_running_server_the_run_is_seen_there(inbox: Path, home: Path, server: str, prefect_home: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    settings = {"PREFECT_API_URL": server, "PREFECT_HOME": str(prefect_home)}
    arguments = ("run", "--inbox", inbox, "--year", 2023, "--home", home)
    before = len(flow_runs(server))
    first = kaohe(*arguments, **settings)
    assert first.returncode == 0, first.stderr
    runs = flow_runs(server)
    assert len(runs) == before + 1
    assert runs[-1]["state_name"] == "Completed"
    again = in_process(*arguments, server=server)
    assert again.returncode == 0, again.stderr
    assert "没有变化" in again.stdout
    names = {path.name for path in (home / "published" / "2023").iterdir() if path.is_file()}
    assert names == {"CURRENT", "acts.jsonl", "confirmed.json"}
    assert len(list((home / "published" / "2023").iterdir())) == 4  # and one publication
    noted = journal(home)
    assert [line["event"] for line in noted] == ["started", "ended"] * 2
    assert [line["new"] for line in noted[1::2]] == [True, False]
    assert noted[0]["run"] == noted[1]["run"] == runs[-1]["id"]


def test_a_failing_run_shows_its_sentence_here_and_on_the_server(inbox: Path, home: Path, server: str) -> None:
    (inbox / "名册.csv").unlink()
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    done = in_process("run", "--inbox", inbox, "--year", 2023, "--home", home, server=server)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("单位名册 (org_unit)：没有单位名册")
    assert len(done.stderr.splitlines()) == 1
    failed = flow_runs(server)[-1]
    assert failed["state_name"] == "Failed"
    assert "没有单位名册" in str(failed["state"])
    assert [(line["event"], line.get("error")) for line in journal(home)] == [
        ("started", None), ("failed", "table_rule")
    ]  # fmt: skip


def test_an_unreadable_file_is_said_first_and_the_status_is_3(inbox: Path, home: Path, server: str) -> None:
    (inbox / "坏.xlsx").write_bytes(b"broken")
    arguments = ("run", "--inbox", inbox, "--year", 2023, "--home", home)
    done = in_process(*arguments, server=server)
    assert done.returncode == 3
    assert "坏.xlsx：工作簿已损坏" in done.stdout.splitlines()[0]
    strict = in_process(*arguments, "--strict", "--lang", "en", server=server)
    assert strict.returncode == 2
    assert "坏.xlsx: the workbook is broken" in strict.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["run", "--inbox", "nowhere", "--year", "2023"], "收件夹不存在：nowhere", id="no inbox"),
        pytest.param(
            ["run", "--inbox", "nowhere", "--year", "2023", "--lang", "en"], "there is no inbox folder", id="in English"
        ),
        pytest.param(["run", "--inbox", "x"], "缺少 --year", id="missing option"),
        pytest.param(["run", "--inbxo", "x"], "没有这个选项：--inbxo", id="misspelt option"),
        pytest.param(["run", "--inbox", "x", "--year", "年"], "--year 的值不对", id="bad value"),
        pytest.param(["run", "--inbox", "x", "--year", "2023", "--as-of", "明天"], "日期“明天”看不懂", id="bad date"),
        pytest.param(["score-everything"], "用法不对", id="no such command"),
    ],
)
def test_usage_errors_are_a_sentence_and_status_2(arguments: list[str], said: str) -> None:
    done = in_process(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_help_speaks_both_languages() -> None:
    assert "收件夹" in in_process("run", "--help").stdout
    assert "folder with the registry" in in_process("run", "--help", "--lang", "en").stdout
    assert in_process("--version").stdout.startswith("kaohe 0.")


def test_a_mistake_of_ours_is_a_sentence_too(inbox: Path, home: Path, project: Project, server: str) -> None:
    """SQL that fails in DuckDB reaches the user as one sentence, with the details in a log file."""
    sql = project.sql / "base" / "assessed_unit.sql"
    only_at_work = "cast(cast(org_unit.name as date) as varchar) as unit_name"
    sql.write_text(sql.read_text("utf-8").replace("org_unit.name as unit_name", only_at_work), "utf-8")
    done = in_process("run", "--inbox", inbox, "--year", 2023, "--home", home, server=server)
    assert done.returncode == 2
    assert "assessed_unit.sql" in done.stderr
    assert "Traceback" not in done.stderr


def test_telemetry_is_off() -> None:
    code = "import os, kaohe; print(os.environ['PREFECT_SERVER_ANALYTICS_ENABLED'], os.environ['GX_ANALYTICS_ENABLED'])"
    clean = {name: value for name, value in os.environ.items() if "ANALYTICS" not in name}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean, cwd=ROOT, check=True)
    assert done.stdout.split() == ["false", "false"]


def test_a_token_from_a_block_of_prefects(tmp_path: Path, libraries: None, prefect_home: Path, server: str) -> None:
    """The command, with a source whose token only Prefect knows; in Prefect's own files it stands encrypted."""
    from prefect.blocks.system import Secret
    from prefect.settings import PREFECT_API_URL, temporary_settings

    token = "kept-by-prefect/+ ="
    with temporary_settings({PREFECT_API_URL: server}):
        block: Any = Secret(value=token)
        block.save("kaohe-test", _sync=True)
    write_csv(tmp_path / "inbox" / "名册.csv", registry(("J01", "办公室", "机关处室")))
    with api() as service:
        service.answer = lambda request: Answer([{"别名": "局办", "平台": "通用", "单位名称": "办公室"}])
        names = {"api": service.address, "token": {"prefect_secret": "kaohe-test"},
                 "tables": [{"table": "unit_alias", "path": "aliases"}]}  # fmt: skip
        write_sources(tmp_path / "home" / "sources.yml", office={"inbox": "../inbox"}, names=names)
        done = kaohe(
            "run", "--year", 2023, "--as-of", "2024-03-31", "--home", tmp_path / "home", "--full-refresh",
            PREFECT_HOME=str(prefect_home), PREFECT_API_URL=server,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert service.asked[-1].headers["authorization"] == f"Bearer {token}"
    assert "names/unit_alias：1 条" in done.stdout
    assert token not in done.stdout + done.stderr
    for folder in (tmp_path, prefect_home):
        assert not [path for path in folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
