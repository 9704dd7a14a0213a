"""Homes by earlier versions open after an upgrade, each from where its year stood; one by a newer version does not."""

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kaohe import clock, doctor
from kaohe.backup.making import back_up
from kaohe.comparing import compare
from kaohe.delivery import Delivery
from kaohe.errors import KaoheError
from kaohe.explaining import Explainer, Explanation
from kaohe.lifecycle import steps as lifecycle
from kaohe.lifecycle.acts import Log
from kaohe.lifecycle.damage import verify
from kaohe.lifecycle.proceedings import Proceedings
from kaohe.lifecycle.rollback import rollback
from kaohe.log_check import audit
from kaohe.project import is_newer
from kaohe.publication import CHECK_UP, MANIFEST, in_force, published_years
from kaohe.publication.snapshot import Snapshot
from kaohe.rebuild import rebuild
from kaohe.retention import expire
from kaohe.run import Run
from kaohe.schedule import Keep
from kaohe.warehouse import Warehouse
from tests.delivery import attachments, mail, post, write_delivery
from tests.helpers import YEAR, Result, assess
from tests.homes import INBOX, old_home
from tests.office import AS_OF, BY, refused
from tests.published import files

#: The first version kept no log; the second one went as far as a review, the third as far as a final result.
OLD = {"first": 0, "lifecycle": 6, "page": 5}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every old home as it was found; nobody may change it."""
    return {name: old_home(name, tmp_path_factory.mktemp("old")) for name in OLD}


@pytest.fixture
def home(homes: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """An old home of the test's own, without its warehouse's file unless that is asked for."""

    def copied(name: str, warehouse: bool = False) -> Path:
        left_out = shutil.ignore_patterns(*([] if warehouse else ["kaohe.duckdb"]))
        return Path(shutil.copytree(homes[name], tmp_path / name, ignore=left_out))

    return copied


def explain(home: Path, unit: str) -> Explanation:
    with Explainer.in_force(home, YEAR) as explainer:
        return explainer.explain(unit, None)


def everything(home: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files(home / "published").items()}


@pytest.mark.parametrize("name", OLD)
def test_the_results_of_an_old_home_can_be_read(homes: dict[str, Path], name: str) -> None:
    found = Proceedings(homes[name], YEAR)
    assert (len(found.log.acts), verify(homes[name], YEAR)) == (OLD[name], [])
    assert in_force(homes[name], YEAR).is_dir()


def test_an_old_publication_is_explained_if_it_has_what_that_takes(homes: dict[str, Path]) -> None:
    assert refused(explain, homes["first"], "综合处").key == "method_not_kept"
    old = refused(explain, homes["lifecycle"], "综合处")
    assert old.key == "explain_old"
    assert "kaohe run" in str(old)
    assert explain(homes["page"], "综合处").score["unit_name"] == "综合处"


def test_a_home_without_a_log_is_looked_after(home: Callable[[str], Path], tmp_path: Path) -> None:
    ours = home("first")
    before = everything(ours)
    assert refused(rollback, ours, YEAR, "党委", "试").key == "rollback_none"
    assert audit(ours, YEAR).wrong == []
    (year,) = published_years(ours)
    assert expire(ours, year, Keep(days=1, least=1), clock.now()).publications == []
    made = back_up(ours, tmp_path / "safe")
    assert (made.damage, made.label.years) == ([], {YEAR: None})
    found = {finding.problem: finding.mend for finding in doctor.mend(ours).findings}
    assert [mend for problem, mend in found.items() if "没有留存" in problem] == [None]
    assert everything(ours) == before


def test_a_log_that_was_deleted_is_missed(home: Callable[[str], Path]) -> None:
    ours = home("page")
    (ours / "published" / str(YEAR) / "acts.jsonl").unlink()
    (wrong,) = audit(ours, YEAR).wrong
    assert "acts.jsonl" in wrong


def test_an_old_final_result_is_delivered(home: Callable[[str], Path]) -> None:
    ours = home("page")
    with post(login=False) as server:
        write_delivery(ours, mail=mail(server.port), leadership=["leader@b.example"], units={"测绘队": ["d@b.example"]})
        assert Delivery(ours, YEAR).deliver().exit_code == 0
    assert sorted(recipient for recipient, _ in server.taken) == ["d@b.example", "leader@b.example"]
    (sheet,) = attachments(server.of("d@b.example")[0]).values()
    assert sheet == (in_force(ours, YEAR) / "units" / "测绘队" / CHECK_UP).read_bytes()


def test_a_final_year_stays_as_it_was(home: Callable[[str], Path]) -> None:
    ours = home("page")
    before = everything(ours)
    result = assess(INBOX, ours, as_of=None)  # type: ignore[arg-type]
    assert (result.outcome.new, result.outcome.frozen) == (False, True)
    assert everything(ours) == before


def test_a_home_of_the_first_version_goes_on(home: Callable[[str], Path], libraries: None) -> None:
    ours = home("first", warehouse=True)
    before, last = everything(ours), in_force(ours, YEAR).name
    result = assess(INBOX, ours, as_of=AS_OF)
    assert result.outcome.new
    assert result.folder.name != last
    after = everything(ours)
    assert {name: after[name] for name in before if not name.endswith("CURRENT")} == {
        name: data for name, data in before.items() if not name.endswith("CURRENT")
    }
    assert [act.act for act in Proceedings(ours, YEAR).log.acts] == ["publish"]
    assert verify(ours, YEAR) == []
    assert explain(ours, "综合处").score["unit_name"] == "综合处"
    assert refused(compare, ours, last, result.folder.name).key == "compare_input_gone"


def test_a_reviewed_year_goes_on_to_its_final_result(home: Callable[[str], Path], libraries: None) -> None:
    """The log's chain, the correction, the appeal and the key of people all last."""
    ours = home("lifecycle", warehouse=True)
    before, acts = in_force(ours, YEAR), Proceedings(ours, YEAR).log.acts
    assert refused(lifecycle.finalize, ours, YEAR, on=dt.date(2024, 5, 14), **BY).key == "publication_old"
    result = assess(INBOX, ours, as_of=None)  # type: ignore[arg-type]
    assert (result.outcome.new, result.manifest["state"]) == (True, "reviewed")
    corrected, whole = (result.leaf(unit, "spot_check_round_1")["points"] for unit in ("J01", "J02"))
    assert corrected == whole
    assert hashes(result) == hashes(result, before)
    found = Proceedings(ours, YEAR)
    assert found.log.acts[: len(acts)] == acts
    assert [act.act for act in found.log.acts[len(acts) :]] == ["publish"]
    assert not assess(INBOX, ours, as_of=None).outcome.new  # type: ignore[arg-type]
    lifecycle.finalize(ours, YEAR, on=dt.date(2024, 5, 14), **BY)
    assert Proceedings(ours, YEAR).final
    assert verify(ours, YEAR) == []


def hashes(result: Result, folder: Path | None = None) -> set[str]:
    """The people in a publication."""
    with Snapshot(folder or result.folder) as snapshot:
        return {person for (person,) in snapshot.rows("select inspector from main.inspection")}


@pytest.mark.parametrize("name", ["lifecycle", pytest.param("page", marks=pytest.mark.long)])
def test_the_warehouse_of_an_old_home_is_made_again_with_the_same_scores(
    home: Callable[..., Path], name: str, libraries: None
) -> None:
    ours = home(name)
    assert rebuild(ours, YEAR).identical
    assert (ours / "warehouse" / "kaohe.duckdb").exists()


def test_the_first_version_kept_too_little_to_be_made_again_and_that_is_said(home: Callable[..., Path]) -> None:
    said = refused(rebuild, home("first"), YEAR)
    assert said.key == "rebuild_input_gone" and "2023.yml" in str(said)


@pytest.mark.parametrize("name", OLD)
def test_an_old_warehouse_opens(home: Callable[..., Path], name: str) -> None:
    with Warehouse(home(name, warehouse=True)) as warehouse:
        known = warehouse.rows("select path from meta.file where source = 'inbox'")
    assert {path for (path,) in known} >= {"名册.csv", "抽查.csv"}


# ---- a newer version


def _published_by(home: Path, version: str) -> None:
    path = in_force(home, YEAR) / MANIFEST
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    manifest["code"]["version"] = version
    path.write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


@pytest.mark.parametrize("version", ["0.1.1", "0.10.0", "1.0.0", "2.0.0rc1"])
def test_a_home_of_a_newer_version_is_refused_and_left_alone(home: Callable[[str], Path], version: str) -> None:
    ours = home("page")
    _published_by(ours, version)
    before = everything(ours)
    acts: list[Callable[[], object]] = [
        lambda: Run(INBOX, YEAR, None, None, ours, strict=False),
        lambda: lifecycle.announce(ours, YEAR, **BY),
        lambda: verify(ours, YEAR),
    ]
    for act in acts:
        error = refused(act)
        assert error.key == "home_newer"
        assert version in str(error)
    assert everything(ours) == before


@pytest.mark.parametrize("version", ["0.0.9", "0.1.0", "0.1"])
def test_one_of_this_version_or_an_older_one_is_not(home: Callable[[str], Path], version: str) -> None:
    ours = home("page")
    _published_by(ours, version)
    assert Proceedings(ours, YEAR).final


def test_versions_are_compared_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kaohe.project.__version__", "0.9.0")
    assert [is_newer(version) for version in ("0.10.0", "0.9.0", "0.8.12")] == [True, False, False]


def test_an_act_that_only_a_newer_version_knows_is_no_broken_log(homes: dict[str, Path], tmp_path: Path) -> None:
    (path,) = homes["page"].glob("published/*/acts.jsonl")
    lines = path.read_bytes()
    shutil.copy(path, tmp_path)
    log = Log.read(tmp_path)
    log.add("publish", "x", {})
    changed = re.sub(rb'"act": "publish"(?=[^\n]*\n\Z)', b'"act": "merge"', (tmp_path / path.name).read_bytes())
    assert changed.startswith(lines) and b'"merge"' in changed
    (tmp_path / path.name).write_bytes(changed)
    error = refused(Log.read, tmp_path)
    assert (error.key, "6" in str(error)) == ("log_newer", True)
    (tmp_path / path.name).write_bytes(changed.replace(b'"number": 6', b'"number": 7'))
    with pytest.raises(KaoheError) as broken:
        Log.read(tmp_path)
    assert broken.value.key == "log_broken"
