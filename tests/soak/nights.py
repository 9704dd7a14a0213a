"""A hundred nights in a row, each with new, changed, deleted and bad records: nothing grows but the data, and the last
night says what a warehouse made from scratch says.
"""

import argparse
import datetime as dt
import random
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import psutil

from kaohe import clock
from kaohe.project import sha256_of
from kaohe.retention import expire
from kaohe.schedule import Keep
from tests.helpers import CHECK, STUDY, YEAR, Result, assess, check, registry, write_csv, write_xlsx

FIRST = dt.date(2023, 8, 1)
#: From this night on nothing may grow: caches are filled, and as many publications stand as are kept.
_WARM = 40
#: So many publications stay.
_KEPT = 7
_UNITS = [(f"U{n:02}", f"第{n}单位", "机关处室" if n % 3 else "基层单位") for n in range(1, 13)]
_TABLES = ("scores", "indicator_scores", "evidence")


@dataclass
class Office:
    """An office that hands in files, makes mistakes, and mends some of them."""

    inbox: Path
    chance: random.Random = field(default_factory=lambda: random.Random(2023))
    checks: dict[str, list[list[object]]] = field(default_factory=dict)

    def open(self) -> None:
        """The first day."""
        write_csv(self.inbox / "名册.csv", registry(*_UNITS))

    def day(self, number: int, on: dt.date) -> None:
        """What comes, changes, goes and is wrong on a day."""
        self._hand_in(number, on)
        self._change()
        self._take_back(number)
        self._study(on)
        broken = self.inbox / "坏.xlsx"
        broken.write_bytes(self.chance.randbytes(300)) if number % 5 == 0 else broken.unlink(missing_ok=True)

    def _hand_in(self, number: int, on: dt.date) -> None:
        rows = [
            check(f"C{number}-{n}", self.chance.choice(_UNITS)[1], on=on.isoformat(), flags=self._flags())
            for n in range(3)
        ]
        rows.append(check(f"C{number}-x", "没有的单位", on=on.isoformat()))
        rows.append(check(f"C{number}-y", _UNITS[0][1], on="某日"))
        self.checks[f"抽查/{number:03}.csv"] = rows
        self._write(f"抽查/{number:03}.csv")

    def _change(self) -> None:
        name = self.chance.choice(sorted(self.checks))
        row = self.chance.choice(self.checks[name])
        row[6 - 1] = self.chance.choice("10")
        self._write(name)

    def _take_back(self, number: int) -> None:
        if number % 3 == 0 and len(self.checks) > 3:
            name = self.chance.choice(sorted(self.checks))
            (self.inbox / name).unlink()
            del self.checks[name]

    def _study(self, on: dt.date) -> None:
        rows: list[list[object]] = [list(STUDY)]
        for _, name, _ in _UNITS:
            came = self.chance.randint(5, 10)
            rows.append(["学习强国", f"{on:%Y-%m}", name, 10, came, came / 10])
        write_xlsx(self.inbox / f"学习/{on:%Y-%m}.xlsx", {"Sheet1": rows})

    def _flags(self) -> str:
        return "".join(self.chance.choice("1110") for _ in range(4))

    def _write(self, name: str) -> None:
        write_csv(self.inbox / name, [CHECK, *self.checks[name]])


@dataclass(frozen=True)
class Measured:
    """After a night: megabytes of memory, open files, megabytes of the warehouse, of kept inputs, and publications."""

    memory: float
    files: int
    warehouse: float
    inputs: float
    publications: int


def measured(home: Path, process: psutil.Process) -> Measured:
    inputs = sum(path.stat().st_size for path in (home / "warehouse" / "inputs").iterdir())
    return Measured(
        process.memory_info().rss / 2**20,
        process.num_fds(),
        (home / "warehouse" / "kaohe.duckdb").stat().st_size / 2**20,
        inputs / 2**20,
        sum(path.is_dir() for path in (home / "published" / str(YEAR)).iterdir()),
    )


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=100, help="how many nights")


def main(asked: argparse.Namespace) -> int:
    nights(asked.count)
    return 0


def nights(count: int) -> None:
    """Live through so many nights in one process; raises ``AssertionError`` for whatever grows or differs."""
    folder = Path(tempfile.mkdtemp(prefix="kaohe-nights-"))
    office, home, process = Office(folder / "inbox"), folder / "home", psutil.Process()
    office.open()
    found: list[Measured] = []
    begin = time.monotonic()
    for number in range(count):
        on = FIRST + dt.timedelta(days=number)
        office.day(number, on)
        last = assess(office.inbox, home, on)
        expire(home, YEAR, Keep(days=1, least=_KEPT), clock.now() + dt.timedelta(days=2))
        found.append(measured(home, process))
        if number % 10 == 9 or number == count - 1:
            print(f"night {number + 1:3}  {found[-1]}", flush=True)
    took = time.monotonic() - begin
    scratch = assess(office.inbox, _home_with_same_key(home, folder / "scratch"), on)
    same_as_from_scratch(last, scratch)
    fresh = measured(scratch.home, process)
    print(f"from scratch  {fresh}")
    print(f"{count} nights in {took:.0f} s; the last equals one from scratch")
    nothing_grew(found, fresh)
    for path in office.inbox.rglob("*.csv"):  # what is kept is what publications and the warehouse rest on
        assert (home / "warehouse" / "inputs" / sha256_of(path)).exists(), path
    shutil.rmtree(folder)


def _home_with_same_key(home: Path, new: Path) -> Path:
    """A new home in which people have the same hashes."""
    new.mkdir()
    shutil.copy(home / "secret.key", new)
    return new


def same_as_from_scratch(last: Result, scratch: Result) -> None:
    assert last.folder.name == scratch.folder.name
    for table in _TABLES:
        ours, theirs = last.table(table), scratch.table(table)
        assert ours.height and ours.equals(theirs), table
    assert last.quarantine.equals(scratch.quarantine)
    assert last.quarantine.filter(pl.col("reason") == "unknown_unit").height


def nothing_grew(found: list[Measured], fresh: Measured) -> None:
    """Memory and open files stay, publications are those kept, the warehouse is not much larger than one made anew."""
    if len(found) <= _WARM:
        return
    half = (_WARM + len(found)) // 2
    early, late = found[_WARM:half], found[half:]
    for name, allowed in (("memory", 1.05), ("files", 1.0), ("publications", 1.0)):
        before, after = (max(getattr(one, name) for one in part) for part in (early, late))
        assert after <= before * allowed, f"{name}: {before} → {after}"
    assert found[-1].warehouse <= max(2 * fresh.warehouse, fresh.warehouse + 8), "warehouse"
