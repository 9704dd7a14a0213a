"""Bad input: each case one sentence that says which file and what to do, the right exit status, and nothing lost."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kaohe import binding, scoring
from kaohe.errors import KaoheError
from kaohe.project import Project, sha256_of
from kaohe.run import Run
from tests.helpers import (
    AS_OF,
    CHECK,
    ROOT,
    UNITS,
    YEAR,
    Result,
    assess,
    check,
    copied,
    registry,
    write_csv,
    write_xlsx,
)


def hand_in(inbox: Path) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """A publication of the inbox of these tests, made once."""
    folder = tmp_path_factory.mktemp("published")
    write_csv(folder / "inbox" / "名册.csv", registry(*UNITS))
    hand_in(folder / "inbox")
    return assess(folder / "inbox", folder / "home")


@pytest.fixture
def published(inbox: Path, home: Path, publication: Result) -> Result:
    """A home that already has a publication."""
    hand_in(inbox)
    return copied(publication, home)


def refused(inbox: Path, home: Path, **more: object) -> KaoheError:
    """The error of a run that must not publish: one sentence, status 2, the current publication as it was."""
    pointer = home / "published" / "2023" / "CURRENT"
    before = pointer.read_text() if pointer.exists() else None
    with pytest.raises(KaoheError) as caught:
        assess(inbox, home, **more)  # type: ignore[arg-type]
    assert (pointer.read_text() if pointer.exists() else None) == before
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert re.search("[\u4e00-\u9fff]", str(caught.value))
    return caught.value


def test_no_inbox(tmp_path: Path, home: Path) -> None:
    assert str(tmp_path / "nowhere") in str(refused(tmp_path / "nowhere", home))


def test_a_home_inside_the_inbox(inbox: Path) -> None:
    for home in (inbox, inbox / "结果"):
        assert refused(inbox, home).key == "home_in_inbox"


def test_a_missing_registry(inbox: Path, home: Path, published: Result) -> None:
    (inbox / "名册.csv").unlink()
    error = refused(inbox, home)
    assert error.key == "table_rule"
    assert "没有单位名册" in str(error)


def test_two_units_of_the_same_name(inbox: Path, home: Path, published: Result) -> None:
    units = ("J01", "办公室", "机关处室"), ("J02", "办 公室", "基层单位")
    write_csv(inbox / "名册.csv", registry(*units))
    error = refused(inbox, home)
    assert error.key == "units_same_name"
    assert "名册.csv 第 2 行" in str(error)
    assert "名册.csv 第 3 行" in str(error)


def test_a_scheme_whose_weights_make_99(inbox: Path, home: Path, published: Result, project: Project) -> None:
    path = project.scheme(2023)
    path.write_text(path.read_text("utf-8").replace("weight: 1.34", "weight: 1.33"), "utf-8")
    assert "2023.yml 第" in str(refused(inbox, home))


def test_no_scheme_or_the_scheme_of_another_year(inbox: Path, home: Path) -> None:
    missing = refused(inbox, home, year=2022)
    assert missing.key == "scheme_missing"
    assert str(home / "schemes" / "2022.yml") in str(missing)
    assert refused(inbox, home, year=2024, scheme=ROOT / "data" / "schemes" / "2023.yml").key == "scheme_year"


def test_a_scheme_of_the_home_stands_before_the_projects(inbox: Path, home: Path, project: Project) -> None:
    own = home / "schemes" / "2023.yml"
    own.parent.mkdir(parents=True)
    own.write_text(project.scheme(YEAR).read_text("utf-8").replace('id: "2023"', "id: ours"), "utf-8")
    manifest = assess(inbox, home).manifest
    assert manifest["scheme"] == {"id": "ours", "file": "2023.yml", "sha256": sha256_of(own)}
    own.write_text(own.read_text("utf-8").replace("weight: 1.34", "weight: 1.33"), "utf-8")
    assert str(own) in str(refused(inbox, home))


def test_of_the_schemes_of_home_and_project_one_holds_on_a_day(inbox: Path, home: Path, project: Project) -> None:
    own = home / "schemes" / "2023.yml"
    own.parent.mkdir(parents=True)
    text = project.scheme(YEAR).read_text("utf-8")
    own.write_text(text.replace("effective_to: 2023-12-31", "effective_to: 2024-01-31", 1), "utf-8")
    assert refused(inbox, home).key == "scheme_overlap"  # with the project's of 2024


def test_a_year_that_has_not_begun(inbox: Path, home: Path) -> None:
    assert refused(inbox, home, year=2031).key == "as_of_before_year"


def test_nobody_to_assess(inbox: Path, home: Path) -> None:
    rows = registry(("J01", "办公室", "机关处室"))
    rows[1][-1] = "2024-01-01"
    write_csv(inbox / "名册.csv", rows)
    assert refused(inbox, home).key == "nobody_to_assess"


def test_an_audit_that_fails_publishes_nothing(inbox: Path, home: Path, published: Result, project: Project) -> None:
    """Break a measure so that it does more than is due: the audit, not the reader of the table, finds it."""
    path = project.sql / "measures" / "spot_check.sql"
    path.write_text(path.read_text("utf-8").replace("asked.must * (", "9 * asked.must * ("), "utf-8")
    error = refused(inbox, home)
    assert error.key == "audit_failed"
    assert "（done_within_due）" in str(error)
    assert re.search(r"indicator=spot_check_round_1, unit_id=J01, item=C1, times=1", str(error))


def test_sql_that_cannot_run_is_said_before_anything_is_read(
    inbox: Path, home: Path, published: Result, project: Project
) -> None:
    """Not again while it is the SQL of the publication in force."""
    path = project.sql / "measures" / "spot_check.sql"
    text = path.read_text("utf-8")
    path.write_text(text.replace(" as due", " as owed"), "utf-8")
    with pytest.raises(KaoheError, match=r"spot_check\.sql：查询结果缺少列 due") as caught:
        Run(inbox, YEAR, AS_OF, None, home, False)
    assert caught.value.key == "sql_columns"
    path.write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(binding, "check", lambda *_: pytest.fail("looked at again"))
        Run(inbox, YEAR, AS_OF, None, home, False)
        path.write_text(text + "\n", "utf-8")
        with pytest.raises(pytest.fail.Exception, match="looked at again"):
            Run(inbox, YEAR, AS_OF, None, home, False)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """A home that a run has scored and not published, beside its inbox."""
    folder = tmp_path_factory.mktemp("scored")
    write_csv(folder / "inbox" / "名册.csv", registry(*UNITS))
    write_csv(folder / "inbox" / "抽查.csv", [CHECK, check("C1", "办公室", flags="1110")])
    with Run(folder / "inbox", YEAR, AS_OF, None, folder / "home", False) as run:
        run.pull()
        run.validate()
        run.score()
    return folder


#: How the scores are spoilt that an audit is there to find.
SPOILERS = {
    "every_unit_once": "delete from main.scores where unit_id = 'J01'",
    "total_is_sum_of_parts": "update main.scores set total = total + 0.01 where unit_id = 'J01'",
    "items_explain_the_loss": "update main.evidence set lost = lost + 0.01 where unit_id = 'J01'",
    "effective_weights_are_100": "update main.indicator_scores set effective_weight = effective_weight + 0.01 "
    "where unit_id = 'J01' and effective_weight > 0",
    "points_within_weight": "update main.indicator_scores set points = effective_weight + 0.01 "
    "where unit_id = 'J01' and weight > 0",
    "no_record_lost": "update main.record_count set records_used = records_used - 1 where table_name = 'inspection'",
    "every_leaf_has_a_status": "update main.indicator_scores set status = null where unit_id = 'J01'",
    "done_within_due": "update main.measured set done = due + 1 where unit_id = 'J01'",
}


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "sql" / "audits").glob("*.sql"))])
def test_every_audit_finds_what_it_is_for(scored: Path, home: Path, name: str) -> None:
    """Spoil the scores in the way each audit is there to find, and see that this audit finds it."""
    assert name in SPOILERS, f"sql/audits/{name}.sql has no test: add to SPOILERS a statement that it must find out"
    shutil.copytree(scored / "home", home)
    with Run(scored / "inbox", YEAR, AS_OF, None, home, False) as run:
        (audit,) = (model for model in run.planned.audits if model.name == name)
        assert not run.warehouse.rows(audit.sql)
        run.warehouse.con.execute(SPOILERS[name])
        assert run.warehouse.rows(audit.sql)
        with pytest.raises(KaoheError, match="没有发布"):
            scoring.audit(run.warehouse, run.planned)


def test_headings_that_fit_two_contracts(inbox: Path, home: Path, project: Project) -> None:
    first = (project.expectations / "unit_alias.yml").read_text("utf-8")
    (project.expectations / "alias_too.yml").write_text(
        first.replace("table: unit_alias", "table: alias_too").replace("unit_id: ", "unit_name: "), "utf-8"
    )
    write_csv(inbox / "别名.csv", [["别名", "平台", "单位名称"], ["局办", "通用", "办公室"]])
    result = assess(inbox, home)
    (sheet,) = (s for s in result.manifest["sheets"] if s["file"] == "别名.csv")
    assert sorted(sheet["fits"]) == ["alias_too", "unit_alias"]
    assert result.outcome.exit_code == 0


def test_a_second_run_on_the_same_home_says_so(inbox: Path, home: Path, published: Result) -> None:
    from kaohe.warehouse import Warehouse

    holder = Warehouse(home)
    try:
        with pytest.raises(KaoheError) as caught:
            Warehouse(home, wait_seconds=0.1)
        assert caught.value.key == "home_busy"
    finally:
        holder.__exit__()
    Warehouse(home, wait_seconds=0.1).__exit__()


def test_a_warehouse_that_is_no_database(inbox: Path, home: Path, published: Result) -> None:
    (home / "warehouse" / "kaohe.duckdb").write_bytes(b"not a database" * 1000)
    assert refused(inbox, home).key == "warehouse_broken"


def test_a_warehouse_that_may_not_be_written(inbox: Path, home: Path, published: Result) -> None:
    """Somebody else's, say, after a run as root; here it is a file that nobody may write, not even root."""
    nobodys, warehouse = Path("/proc/sys/kernel/ostype"), home / "warehouse" / "kaohe.duckdb"
    if not nobodys.exists():
        pytest.skip("no /proc/sys on this system: a warehouse that may not be written is not tried")
    warehouse.unlink()
    warehouse.symlink_to(nobodys)
    error = refused(inbox, home)
    assert error.key == "not_writable"
    assert str(error) == f"没有写入 {home / 'warehouse'} 的权限；请换一个 --home，或请管理员开放写权限"


def test_a_file_that_may_not_be_opened(inbox: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program holds the file (on Windows), or its permissions forbid it: it is set aside whole."""
    write_csv(inbox / "抽查.csv", [CHECK, check("C1", "办公室")])
    (inbox / "抽查.csv").unlink()
    (inbox / "抽查.csv").symlink_to(inbox / "gone.csv")
    result = assess(inbox, home)
    assert result.outcome.exit_code == 3
    assert "抽查.csv：打不开" in result.outcome.pulled.unreadable["抽查.csv"]


_IN_NAMESPACE = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from kaohe.errors import KaoheError
from tests.helpers import assess
try:
    assess(Path({inbox!r}), Path({home!r}))
except KaoheError as error:
    print(error.key, error)
"""


def in_own_mounts(command: str, script: str) -> str:
    """Run ``script`` in Python after ``command`` in a mount namespace of its own (Linux, where that is allowed)."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare on this system: a full disk and a read-only folder are not tried")
    probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("mounting is not allowed here: a full disk and a read-only folder are not tried")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'{command} && exec "$0" -c "$1"', sys.executable, script],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("size", [*(pytest.param(size, marks=pytest.mark.long) for size in ("256k", "900k", "3m")), "6m"])  # fmt: skip
def test_a_full_disk(inbox: Path, home: Path, size: str) -> None:
    write_csv(inbox / "抽查.csv", [CHECK, *(check(f"C{i}", "办公室", opinion=f"{i}" * 40) for i in range(3000))])
    home.mkdir()
    script = _IN_NAMESPACE.format(root=str(ROOT), inbox=str(inbox), home=str(home))
    said = in_own_mounts(f"mount -t tmpfs -o size={size} none {home}", script)
    assert said.startswith("disk_full 磁盘已满")


def test_a_folder_that_cannot_be_written(inbox: Path, home: Path) -> None:
    home.mkdir()
    script = _IN_NAMESPACE.format(root=str(ROOT), inbox=str(inbox), home=str(home))
    said = in_own_mounts(f"mount -t tmpfs -o ro none {home}", script)
    assert said.startswith("not_writable 没有写入")


def test_published_results_that_cannot_be_written(inbox: Path, home: Path) -> None:
    (home / "published").mkdir(parents=True)
    script = _IN_NAMESPACE.format(root=str(ROOT), inbox=str(inbox), home=str(home))
    said = in_own_mounts(f"mount -t tmpfs -o ro none {home / 'published'}", script)
    assert said.startswith("not_writable 没有写入")


def test_a_workbook_full_of_surprises_is_only_reported(inbox: Path, home: Path) -> None:
    write_xlsx(inbox / "a.xlsx", {"空": [], "图": [["只有文字"]], "数": [[1, 2], [3, 4]]})
    result = assess(inbox, home)
    assert [sheet["sheet"] for sheet in result.manifest["sheets"] if sheet["table"] is None] == ["图", "数"]
