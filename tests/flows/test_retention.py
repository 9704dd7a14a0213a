"""What expires, what stays for ever, and which kept inputs go with it."""

import datetime as dt
import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaohe import cli, clock
from kaohe.lifecycle.damage import verify
from kaohe.lifecycle.proceedings import proceedings
from kaohe.lifecycle.rollback import rollback
from kaohe.publication import MANIFEST
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of
from kaohe.retention import expire, kept_inputs
from kaohe.schedule import Keep
from kaohe.warehouse import Warehouse
from tests.helpers import YEAR, in_process
from tests.keeping import GOOD, copied, first_of, inspected, kept, killed, published
from tests.office import AS_OF, Office, refused

ALL = Keep(days=1, least=1)


def later(days: float = 2) -> dt.datetime:
    return clock.now() + dt.timedelta(days=days)


def there(office: Office) -> set[str]:
    return {path.name for path in office.folder.iterdir() if path.is_dir()}


def names(office: Office) -> set[str]:
    return {path.name for path in kept_inputs(office.home)}


def test_old_publications_expire_and_what_only_they_were_made_of(office: Office) -> None:
    first, second = first_of(office), office.current
    only = {entry["sha256"] for entry in read_manifest(office.folder / first)["inputs"]}
    only -= {entry["sha256"] for entry in read_manifest(office.folder / second)["inputs"]}
    (office.home / "warehouse" / "inputs" / "README").write_text("not an input", "utf-8")
    before = names(office)
    assert expire(office.home, YEAR, Keep(days=1, least=2), later()).publications == []
    assert expire(office.home, YEAR, Keep(days=3, least=1), later()).publications == []

    dry = expire(office.home, YEAR, ALL, later(), dry_run=True)
    assert (dry.publications, set(dry.inputs), there(office), names(office)) == ([first], only, {first, second}, before)
    gone = expire(office.home, YEAR, ALL, later())
    assert gone == dry
    assert gone.size > 100_000
    assert there(office) == {second}
    assert names(office) == before - only
    assert (office.home / "warehouse" / "inputs" / "README").exists()
    assert verify(office.home, YEAR) == []
    assert office.state.log.acts[-1].details == {"publications": [first]}
    assert office.state.log.acts[-1].by == ""
    assert not office.run(AS_OF).outcome.new
    assert expire(office.home, YEAR, ALL, later()).publications == []
    assert len(office.state.log.of("expire")) == 1
    assert refused(rollback, office.home, YEAR, "党委", "错", to=first).key == "rollback_expired"


def test_what_expired_can_be_published_again(office: Office) -> None:
    first, second = first_of(office), office.current
    expire(office.home, YEAR, ALL, later())
    inspected(office, GOOD)
    assert office.run(AS_OF).outcome.new
    assert office.current == first
    assert there(office) == {first, second}
    assert verify(office.home, YEAR) == []
    assert office.state.expired == {}


@pytest.mark.parametrize(
    ("where", "decided"),
    [("kaohe.lifecycle.acts.Log.add", False), ("kaohe.lifecycle.proceedings.discard", True), ("shutil.rmtree", True)],
)
def test_killed_while_removing(office: Office, where: str, decided: bool) -> None:
    first = first_of(office)
    statement = (
        "import datetime as dt; from kaohe import clock; from kaohe.retention import expire; from kaohe.schedule import Keep; "
        f"expire(Path({str(office.home)!r}), {YEAR}, Keep(days=1, least=1), clock.now() + dt.timedelta(days=2))"
    )
    killed(where, statement)
    assert verify(office.home, YEAR) == []
    with proceedings(office.home, YEAR):
        pass
    assert (first in there(office)) is not decided
    assert expire(office.home, YEAR, ALL, later()).publications == ([] if decided else [first])
    assert there(office) == {office.current}


def test_what_stays_for_ever(office: Office) -> None:
    """Whatever rests on a publication keeps it, and finals never expire."""
    first = first_of(office)
    other_year = office.home / "published" / str(YEAR + 1) / "20250101-other"
    shutil.copytree(office.folder / office.current, other_year)
    manifest = read_manifest(other_year) | {"earlier_years": {str(YEAR): first}}
    (other_year / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert expire(office.home, YEAR, ALL, later()).publications == []
    shutil.rmtree(other_year.parent)

    announced_from = office.current
    office.announce()
    published(office, "20240401-a-reviewed", state="reviewed")
    published(office, "20240401-b-reviewed", state="reviewed")
    assert expire(office.home, YEAR, ALL, later(9999)).publications == [first]
    office.finalize()
    final = office.current
    assert expire(office.home, YEAR, ALL, later(9999)).publications == []
    assert {announced_from, final, "20240401-a-reviewed", "20240401-b-reviewed"} <= there(office)
    method_of(office.home, read_manifest(office.folder / final))


def test_what_was_gone_back_from_and_to_stays(office: Office) -> None:
    first, second = first_of(office), office.current
    rollback(office.home, YEAR, "党委", "错")
    third = published(office, "20240401-third")
    assert expire(office.home, YEAR, ALL, later()).publications == [first]
    assert there(office) == {second, third}


def test_what_was_gone_back_from_stays_through_later_stages_too(office: Office) -> None:
    bad = office.current
    rollback(office.home, YEAR, "党委", "错")
    office.announce()
    published(office, "20240401-reviewed", state="reviewed")
    assert expire(office.home, YEAR, ALL, later(9999)).publications == []
    assert bad in there(office)


def test_nothing_is_removed_on_the_word_of_a_manifest_that_cannot_be_read(office: Office) -> None:
    (office.folder / first_of(office) / MANIFEST).write_text("{", "utf-8")
    before = names(office)
    assert refused(expire, office.home, YEAR, ALL, later()).key == "manifest_unreadable"
    assert (names(office), len(office.state.log.of("expire"))) == (before, 0)


SETS = st.lists(st.frozensets(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=6)


@settings(max_examples=8)
@given(made_of=SETS, loaded=st.frozensets(st.integers(0, 9), max_size=3), least=st.integers(1, 4))
def test_no_input_that_is_needed_is_ever_removed(
    founded_office: Office, tmp_path_factory: pytest.TempPathFactory, made_of: list[frozenset[int]],
    loaded: frozenset[int], least: int,
) -> None:  # fmt: skip
    """Whatever publications rest on which inputs: what is left has all of its own, and nothing else is kept."""
    office = copied(founded_office, tmp_path_factory.mktemp("any") / "office")
    for number, inputs in enumerate(made_of):
        published(office, f"20240401-{number:012}", {f"{n}.csv": f"{n}".encode() for n in inputs})
    with Warehouse(office.home) as warehouse:
        for n in loaded:
            sha256 = kept(office, f"{n}".encode())
            warehouse.con.execute("insert into meta.file values ('inbox', ?, ?, '')", [f"{n}.csv", sha256])
    expire(office.home, YEAR, Keep(days=1, least=least), later())
    left = sorted(there(office))
    assert len(left) == min(least, len(made_of) + 2)
    needed = set()
    for name in left:
        manifest = read_manifest(office.folder / name)
        needed |= {entry["sha256"] for entry in manifest["inputs"]} | {manifest["scheme"]["sha256"]}
        needed |= set(manifest["contracts"].values())
    with Warehouse(office.home) as warehouse:
        needed |= {sha256 for (sha256,) in warehouse.rows("select sha256 from meta.file")}
    assert names(office) == needed


def test_by_its_command(office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--year", YEAR, "--home", office.home)
    (office.home / "schedule.yml").write_text("keep: {days: 1, least: 1}\n", "utf-8")
    done = in_process("expire", *where, "--dry-run")
    assert (done.returncode, "0 个到期的初评" in done.stdout) == (0, True), done.stderr
    moment = later()
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert cli._status(["expire", *map(str, where)]) == 0
    act = office.state.log.acts[-1]
    assert act.act == "expire" and act.sha256 in capsys.readouterr().out
    done = in_process("history", *where)
    assert (done.returncode, "到期" in done.stdout) == (0, True), done.stdout
    assert in_process("audit", "verify", *where).returncode == 0
