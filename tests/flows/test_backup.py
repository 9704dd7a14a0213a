"""A home is lost and restored: the year goes on from where it stood, and nobody hears of it twice."""

import re
import shutil
from pathlib import Path

import pytest

from kaohe.backup.making import back_up
from kaohe.backup.restoring import restore
from kaohe.delivery import Delivery
from kaohe.explaining import Explainer
from kaohe.home import PLACING
from kaohe.journal import recorded
from kaohe.lifecycle.damage import verify
from kaohe.publication.snapshot import Snapshot
from kaohe.warehouse import Warehouse
from tests.delivery import logged, mail, post, write_delivery
from tests.helpers import CHECK, YEAR, check, kaohe, registry, write_csv
from tests.office import AS_OF, CALENDAR, Office
from tests.published import files


@pytest.fixture
def office(tmp_path: Path, libraries: None) -> Office:
    """An office after the public notice."""
    ours = Office(tmp_path)
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
    write_csv(ours.inbox / "名册.csv", registry(*units))
    write_csv(ours.inbox / "抽查.csv", [CHECK, check("C1", "办公室", flags="1110"), check("C2", "法规处")])
    days = [[day.isoformat(), "是" if worked else "否"] for day, worked in CALENDAR.items()]
    write_csv(ours.inbox / "日历.csv", [["日历日期", "是否工作日"], *days])
    ours.run(AS_OF)
    ours.announce()
    return ours


def everything(office: Office) -> dict[str, bytes]:
    return {
        f"{part}/{name}": path.read_bytes()
        for part in ("published", "ledgers")
        for name, path in files(office.home / part).items()
    }


def test_a_lost_home_goes_on_from_its_backup(office: Office, tmp_path: Path) -> None:
    home, safe = office.home, tmp_path / "safe"
    with post(login=False) as server:
        write_delivery(home, mail=mail(server.port), leadership=["leader@b.example"])
        assert Delivery(home, YEAR).deliver().exit_code == 0
        before, acts, mails = everything(office), office.state.log.acts, logged(home)

        made = kaohe("backup", "--home", home, "--out", safe)
        assert made.returncode == 0, made.stderr
        (path,) = safe.iterdir()
        assert str(path) in made.stdout
        assert "0600" in made.stdout
        shutil.rmtree(home)
        restored = kaohe("restore", path, "--home", home, "--lang", "en")
        assert restored.returncode == 0, restored.stderr
        assert not re.search("[\u4e00-\u9fff]", restored.stdout)
        assert f"the last act is no. {len(acts)}, announce" in restored.stdout
        assert restored.stdout.endswith(f"kaohe rebuild --year {YEAR} --home {home}\n")

        assert everything(office) == before
        assert verify(home, YEAR) == []
        with Explainer.in_force(home, YEAR) as explainer:
            assert explainer.explain("办公室", None).score["total"] == office.published().score("J01")["total"]
        assert not Delivery(home, YEAR).outstanding
        assert Delivery(home, YEAR).deliver().exit_code == 0
        assert (len(server.taken), logged(home)) == (1, mails)

    again = office.run()
    assert (again.outcome.new, everything(office)) == (False, before)
    with Warehouse(home) as warehouse, Snapshot(office.published().folder) as snapshot:  # by the same key
        person = "select distinct inspector from {}.inspection"
        assert warehouse.rows(person.format("typed")) == snapshot.rows(person.format("main"))
    office.appeal()
    office.correct()
    assert office.state.log.acts[: len(acts)] == acts
    assert [act.act for act in office.state.log.acts[len(acts) :]] == ["appeal", "correct"]
    assert verify(home, YEAR) == []

    path.write_bytes(path.read_bytes()[:-2000])
    cut = kaohe("backup", "--verify", path)
    assert (cut.returncode, cut.stdout, cut.stderr.count("\n")) == (2, "", 1)


def test_a_year_is_not_begun_anew_in_a_half_restored_home(office: Office, tmp_path: Path) -> None:
    """The restore was killed before the results were in their place; nothing that is refused stands in its way."""
    with recorded(office.home, "annual-assessment", YEAR):
        path, before = back_up(office.home, tmp_path / "safe").path, everything(office)
    shutil.rmtree(office.home)
    restore(path, office.home)
    placing = office.home / "warehouse" / PLACING
    placing.mkdir()
    for part in ("logs", "published"):
        (office.home / part).rename(placing / part)
    run = kaohe("run", "--year", YEAR, "--inbox", office.inbox, "--home", office.home)
    assert (run.returncode, "再恢复一次" in run.stderr) == (2, True), run.stderr
    assert not (office.home / "published").exists()
    restore(path, office.home)
    assert everything(office) == before
    assert verify(office.home, YEAR) == []
