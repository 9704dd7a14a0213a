"""Makes the records of any number of units as Parquet: ``python benchmarks/generate.py --units 250000 --out DIR``.

Each made unit takes over the records of one unit of the made-up bureau (``pattern.py``), with some left out by chance,
so that about a hundred remain; its numbers and people are its own, and what belongs together stays together. The same
seed and number of units give the same bytes. Tables are folders of files, one for each ``--bucket`` of units, in order
of unit; ``made.json`` says what was made. ``--hold-back SHARE --held-back DIR2`` puts a share of the records apart, as
what is still to come, with all that refers to them; ``--dirty SHARE`` spoils a share.
"""

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import duckdb
from pattern import LOCAL, is_own_number, make_pattern, read_sample, refers

from kaohe.contracts import SQL_TYPES, Contract, Contracts, load_contracts
from kaohe.project import Project
from kaohe.sqltext import quoted

#: Of the records of the pattern so many stay, in the mean; by unit from 0.6 to 1.4 times as many, where less than 0.9.
KEPT = 0.39
KEPT_OF = {"org_unit": 1.0, "party_member": 1.0, "work_calendar": 1.0, "unit_alias": 0.3}
KEPT_OF |= dict.fromkeys(("training_record", "talk_record", "frontline_post"), 0.95)
KEPT_OF |= dict.fromkeys(("inspection_finding", "adverse_event", "notice"), 0.95)
KEPT_OF |= dict.fromkeys(("democratic_review", "election", "pairing_agreement"), 0.9)
#: Whose records come and go with those of another table.
KIN = {"inspection_finding": "inspection", "adverse_event": "inspection", "notice": "inspection"}
KIN |= {"pairing_activity": "pairing_agreement", "pairing_item": "pairing_agreement"}
#: What is a made unit's own in the registry.
OF_UNIT = {
    "name": "m.region || r.short_name || format('{:05d}', m.number)",
    "short_name": "r.short_name || m.unit_id",
    "parent_id": "case when r.parent_id is not null then nullif(m.head_id, m.unit_id) end",
    "region": "m.region",
}
REGION = 2500  # units, in the mean
BUCKET = 250_000
_COPY = "(format parquet, compression zstd, parquet_version v2, row_group_size 122880)"


@dataclass(frozen=True)
class Order:
    """What is to be made. ``held_back``: where the share ``hold_back`` of the records goes."""

    units: int
    out: Path
    seed: int = 1
    bucket: int = BUCKET
    dirty: float = 0.0
    hold_back: float = 0.0
    held_back: Path | None = None
    cores: int = os.cpu_count() or 1

    @property
    def parts(self) -> int:
        return max(1, -(-self.units // self.bucket))


def regions(units: int, seed: int) -> list[tuple[str, int, int]]:
    """Code, units before it, and units of each region; some are many times as large as most."""
    chance = random.Random(seed)
    weights = [chance.lognormvariate(0, 0.8) for _ in range(max(1, round(units / REGION)))]
    ends = [round(units * so_far / sum(weights)) for so_far in accumulate(weights)]
    ends[-1] = units
    return [(f"R{i:04}", begin, end - begin) for i, (begin, end) in enumerate(pairwise([0, *ends]), start=1)]


def make(order: Order, home: Path | None = None) -> dict[str, int]:
    """Make what is ordered; gives the rows of each table. ``home``: where the sample was judged."""
    contracts = load_contracts(Project.find().expectations)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = home / "warehouse" / "kaohe.duckdb" if home else read_sample(Path(folder) / "home")
        pattern = Path(folder) / "pattern.duckdb"
        make_pattern(warehouse, pattern, contracts)
        tasks = [(part, name) for part in range(order.parts) for name in _largest_first(pattern, contracts)]
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(order.cores, len(tasks)), spawn, _Maker.start, (pattern, order)) as pool:
            counts = list(pool.map(_Maker.table, *zip(*tasks, strict=True)))
    rows = dict.fromkeys(sorted(contracts), 0)
    for (_, name), count in zip(tasks, counts, strict=True):
        rows[name] += count
    made = {"units": order.units, "seed": order.seed, "bucket": order.bucket, "dirty": order.dirty}
    made |= {"hold_back": order.hold_back, "rows": sum(rows.values()), "tables": rows}
    (order.out / "made.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return rows


def _largest_first(pattern: Path, contracts: Contracts) -> list[str]:
    with duckdb.connect(str(pattern), read_only=True) as con:
        rows = {name: con.sql(f"select count(*) from {name}").fetchall()[0][0] for name in contracts}
    return sorted(contracts, key=lambda name: (-rows[name], name))


class _Maker:
    """Makes tables in a process of its own, on one core, so that rows come in order."""

    one: "_Maker"

    def __init__(self, pattern: Path, order: Order) -> None:
        self.order, self.part = order, -1
        self.contracts = load_contracts(Project.find().expectations)
        self.con = duckdb.connect()
        self.con.execute("set threads = 1")
        self.con.execute(
            "set disabled_optimizers = 'join_order,build_side_probe_side'"
        )  # the left side gives the order
        self.con.execute(f"attach '{pattern}' as pattern (read_only)")
        self.con.execute("create table region (region varchar, before bigint, units bigint)")
        self.con.executemany("insert into region values (?, ?, ?)", regions(order.units, order.seed))

    @classmethod
    def start(cls, pattern: Path, order: Order) -> None:
        cls.one = cls(pattern, order)

    @classmethod
    def table(cls, part: int, name: str) -> int:
        return cls.one.make(part, cls.one.contracts[name])

    def make(self, part: int, contract: Contract) -> int:
        """Write one table for one bucket of units; gives its rows."""
        if part != self.part:
            self._units(part)
            self.part = part
        query = calendar(contract, part) if contract.table == "work_calendar" else rows(contract, self.order)
        apart = self.order.held_back if self.order.hold_back and not contract.reference else None
        if not apart:
            return self._write(query, self.order.out, contract.table)
        later = self._write(f"select * exclude (_later) from ({query}) where _later", apart, contract.table)
        return later + self._write(
            f"select * exclude (_later) from ({query}) where not _later", self.order.out, contract.table
        )

    def _units(self, part: int) -> None:
        """``made_unit``: the units of a bucket with what their records need. ``twin``: the unit of the sample they take
        after; ``peer_id``: another of the region; ``zeal``: how much they hand in, beside the mean."""
        first, last = part * self.order.bucket, min((part + 1) * self.order.bucket, self.order.units)
        self.con.execute(f"""create or replace table made_unit as
            with numbered as (
              select region, units, n, n - before + 1 as number, hash(n, {self.order.seed}) as salt
              from (select *, unnest(range(before, before + units)) as n from region)
              where n >= {first} and n < {last}
            )
            select *, format('{{}}-{{:05d}}', region, number) as unit_id, format('{{}}-00001', region) as head_id,
              1 + (number + hash(xor(salt, 1::ubigint)) % greatest(units - 1, 1)) % units as peer,
              format('{{}}-{{:05d}}', region, peer) as peer_id,
              1 + hash(xor(salt, 2::ubigint)) % (select count(*) from pattern.unit) as twin,
              0.6 + 0.8 * (hash(xor(salt, 3::ubigint)) >> 40) / 16777216.0 as zeal
            from numbered order by n""")

    def _write(self, query: str, folder: Path, table: str) -> int:
        path = folder / table / f"part-{self.part:04}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return int(self.con.execute(f"copy ({query}) to '{path}' {_COPY}").fetchall()[0][0])


def calendar(contract: Contract, part: int) -> str:
    """The calendar, which is the same for all: it stands in the first file."""
    return f"select {', '.join(contract.columns)} from pattern.work_calendar where {part} = 0 order by day"


def rows(contract: Contract, order: Order) -> str:
    """The query for a table of ``made_unit``, in order; if some are held back, with ``_later``."""
    cells = [
        f"cast({_cell(contract, name)} as {SQL_TYPES[column.type]}) as {quoted(name)}"
        for name, column in contract.columns.items()
    ]
    stays = _chance(contract.table, "m._row")
    if kin := KIN.get(contract.table):
        stays += f" and {_chance(kin, 'coalesce(r._kin, m._row)')}"
    if order.hold_back and not contract.reference:
        later = [f"{_draw(row, 6)} < {order.hold_back}" for row in ("m._row", "coalesce(r._kin, m._row)")]
        cells.append(f"{' or '.join(later)} as _later")
    spoil = order.dirty and not contract.reference
    if spoil:
        cells.append(f"{_draw('m._row', 7)} / {order.dirty} as _dirt")
    query = f"""
        select {", ".join(cells)}
        from (
          select made_unit.*, unnest(range(first, last + 1)) as _row
          from made_unit join (
            select _unit, min(_row) as first, max(_row) as last from pattern.{contract.table} group by _unit
          ) as span on span._unit = made_unit.twin
        ) as m join pattern.{contract.table} as r on r._row = m._row
        where {stays}"""
    return spoiled(query, contract) if spoil else query


def _draw(row: str, purpose: int) -> str:
    """A number from 0 to 1 for a unit's record. (``hash`` of several values only mixes the first ones well.)"""
    return f"(hash(xor(m.salt, cast({row} + {purpose << 32} as ubigint))) >> 40) / 16777216.0"


def _chance(table: str, row: str) -> str:
    """Whether a record of a table stays. What belongs to it asks the same and gets the same answer."""
    kept = KEPT_OF.get(table, KEPT)
    return f"{_draw(row, 4)} < {kept}" + ("" if kept >= 0.9 else " * m.zeal")


def _cell(contract: Contract, name: str) -> str:
    """A column: the pattern's, or with the unit's own id before it."""
    column, cell = contract.columns[name], f"r.{quoted(name)}"
    if name == "unit_id":
        return "m.unit_id"
    if contract.table == "org_unit" and name in OF_UNIT:
        return OF_UNIT[name]
    if contract.table == "unit_alias" and name == "alias":
        return f"{cell} || m.unit_id"
    if name == "meeting_id":  # of many units
        return f"m.region || '-' || {cell}"
    if column.type == "unit":
        return f"case when {cell} = '' then m.peer_id else {cell} end"
    if column.type == "person" or name in LOCAL or refers(contract, name) or is_own_number(contract, name):
        return f"m.unit_id || {cell}"
    return cell


def spoiled(query: str, contract: Contract) -> str:
    """The rows of ``query`` with something wrong in those whose ``_dirt`` is below 1: a key that comes twice, with the
    same cells or others; an unknown unit; a value that is not allowed or missing."""
    columns = contract.columns
    choice = next((n for n, c in columns.items() if c.type == "choice" and c.required), None)
    needed = next(n for n in reversed(columns) if columns[n].required and n not in contract.key and n != "unit_id")
    other = next((n for n, c in columns.items() if c.type == "text" and n not in contract.key), None)
    changes = {}
    if other:
        changes[other] = (
            f"case when _dirt < 0.2 and _copy = 1 then {quoted(other)} || '（改）' else {quoted(other)} end"
        )
    if "unit_id" in columns:
        changes["unit_id"] = "case when _dirt between 0.4 and 0.7 then '?' || unit_id else unit_id end"
    wrong = choice or needed
    value = "'不详'" if choice else "null"
    changes[wrong] = f"case when _dirt between 0.7 and 1 then {value} else {quoted(wrong)} end"
    replaced = ", ".join(f"{change} as {quoted(name)}" for name, change in changes.items())
    return f"""
        select * exclude (_dirt, _copy) replace ({replaced})
        from (select *, unnest(range(case when _dirt < 0.4 then 2 else 1 end)) as _copy from ({query}))"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--units", type=int, required=True)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--bucket", type=int, default=BUCKET, help="units in a file")
    asked.add_argument("--dirty", type=float, default=0.0, help="share of the records to be spoiled")
    asked.add_argument("--hold-back", type=float, default=0.0, help="share of the records that goes to --held-back")
    asked.add_argument("--held-back", type=Path)
    asked.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--home", type=Path, help="a home folder in which the sample was judged already")
    given = vars(asked.parse_args())
    if bool(given["hold_back"]) != bool(given["held_back"]):
        asked.error("--hold-back and --held-back go together")
    home = given.pop("home")
    begin = time.perf_counter()
    made = make(Order(**given), home)
    count = sum(made.values())
    print(f"{count:,} rows, {count / given['units']:.1f} a unit, {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
