"""What a large assessment publishes: Parquet partitioned by region, league tables, what was set aside, a manifest.

``scores/region=…`` and ``indicator_scores/region=…`` have what a bureau's have; ``league.parquet`` the units of each
category by rank, ``league.csv`` the same by region; ``regions.csv`` the regions;
``quarantine.parquet`` and ``flagged.parquet`` the records that were set aside or flagged, and why.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kaohe import __version__, clock
from kaohe.book import FORMULA_SIGNS
from kaohe.contracts import Contracts
from kaohe.large.engine import LargeEngine
from kaohe.large.kept import NotInSteps
from kaohe.large.records import Records
from kaohe.models import Model
from kaohe.people import MASK
from kaohe.project import file_hashes, sha256_of
from kaohe.publication import MANIFEST, SUMS
from kaohe.safely import file_name, flush_folder, flush_tree, for_its_owner_to_write, make_folder, replace
from kaohe.sqltext import literal, quoted

#: The region of a unit that the registry gives none.
NO_REGION = "none"

PLACE = f"select unit_id, coalesce(region, {literal(NO_REGION)}) as region from main.org_unit"
_LEAVES = "indicator_scores"
#: What is audited, as it was written.
AUDITED = ("scores", _LEAVES)


def _shown(name: str) -> str:
    """A text in SQL with an apostrophe before what a spreadsheet would take for a formula."""
    signs = ", ".join(map(literal, FORMULA_SIGNS))
    return f"case when left({name}, 1) in ({signs}) then concat(chr(39), {name}) else {name} end as {name}"


_REGIONS = f"""
select
  {_shown("region")},
  category,
  count(*) as units,
  count(rank) as ranked,
  cast(
    (cast(200 * sum(total) filter (where rank is not null) as bigint) + count(rank)) // nullif(2 * count(rank), 0)
    as decimal(18, 0)
  ) * 0.01 as mean,
  min(total) filter (where rank is not null) as lowest,
  max(total) filter (where rank is not null) as highest,
  min(rank) as best_rank
from main.league
group by region, category
order by region, category
"""


class Publication:
    """A publication while it is written, in a folder aside."""

    def __init__(self, engine: LargeEngine, folder: Path, name: str) -> None:
        self.engine, self.folder, self.name = engine, folder, name
        self.aside = folder / f".{name}.new"
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir(parents=True)

    def add_part(self, number: int, indicator_scores: Model) -> None:
        """Write the indicator scores of a part."""
        self._save_leaves(self._leaves(indicator_scores), f"part-{number:04d}")

    def _leaves(self, indicator_scores: Model) -> dict[str, str]:
        """Region → query of the indicator scores of its units."""
        query = (
            f"select leaf.*, place.region from ({_unordered(indicator_scores.sql)}) as leaf "
            "join place on place.unit_id = leaf.unit_id"
        )
        return self.engine.parts(query, "region", ("place", "assessed_unit", "weighed_leaf", "extra_item"))

    def _save_leaves(self, parts: Mapping[str, str], name: str) -> None:
        self.engine.save_parts(parts, self.aside / _LEAVES, "region", name, "unit_id, indicator")

    def add_changed(self, earlier: Path, indicator_scores: Model) -> None:
        """Write the indicator scores of the units of ``main.assessed_unit``; those of the others are as in an
        ``earlier`` publication, whose files are linked where a region has none of these units.

        Raises ``NotInSteps`` if the earlier publication is not as it was written.
        """
        engine = self.engine
        changed = {region for (region,) in engine.rows(
            "select distinct place.region from main.place join main.assessed_unit using (unit_id)"
        )}  # fmt: skip
        parts = {region: query for region, query in self._leaves(indicator_scores).items() if region in changed}
        for name in _as_written(earlier):
            path, target = earlier / name, self.aside / name
            region = unquote(path.parent.name.removeprefix("region="))
            if region in changed:
                parts[region] = (
                    f"{parts[region]} union all by name select *, null as region "
                    f"from read_parquet({literal(path)}, hive_partitioning = false) "
                    "where unit_id not in (select unit_id from assessed_unit)"
                )
                continue
            make_folder(target.parent)
            try:
                os.link(path, target)
            except OSError:
                shutil.copyfile(path, target)
        self._save_leaves(parts, "part-0000")

    def add_scores(self) -> None:
        """Write the scores, in all forms; ``main.scores`` has them, ``main.region`` each unit's region."""
        self.engine.make(
            "main.league",
            "select scores.*, place.region, "
            "case when scores.rank is not null then rank() over (partition by place.region, scores.category, "
            "scores.rank is null order by scores.rank) end as region_rank "
            "from main.scores join main.region as place on place.unit_id = scores.unit_id",
        )
        save, order = self.engine.save, "category, rank nulls last, unit_id"
        parts = self.engine.parts("select * from main.league", "region")
        self.engine.save_parts(parts, self.aside / "scores", "region", "part", order)
        save(f"select * from main.league order by {order}", self.aside / "league.parquet")
        save(f"select {_shown('region')}, category, region_rank, rank, {_shown('unit_id')}, {_shown('unit_name')}, "
             "total, grade, veto, status from main.league order by region, category, region_rank nulls last, unit_id",
             self.aside / "league.csv")  # fmt: skip
        save(_REGIONS, self.aside / "regions.csv")

    def add_problems(self, records: Records, contracts: Contracts) -> None:
        """Write what was set aside, with its cells (people masked), and what was flagged."""
        engine = self.engine
        engine.empty("main.said", "table_name varchar, rule varchar, column_name varchar, sentence varchar")
        public = {name for name, contract in contracts.items() if not contract.restricted}
        engine.append_rows("main.said", [row for row in records.said if row[0] in public])
        refused = public & {table for table, _ in records.trusted.refused}
        engine.empty("main.set_aside", "table_name varchar, _file varchar, _row bigint, _rec varchar, record varchar")
        for table in sorted(refused):
            contract = contracts[table]
            people = {*contract.person_columns, *contract.private_columns}
            cells = ", ".join(
                f"{cell} := " + (f"case when {cell} is not null then {literal(MASK)} end" if name in people
                                 else f"cast({cell} as varchar)")
                for name, cell in ((name, quoted(name)) for name in contract.columns)
            )  # fmt: skip
            engine.append(
                "main.set_aside",
                f"select {literal(table)}, _file, _row, _rec, cast(to_json(struct_pack({cells})) as varchar) "
                f"from ({records.given(table)}) as record where _rec in (select _rec from main.problem "
                f"where table_name = {literal(table)} and severity = 'critical')",
            )
        engine.save(
            "select problem.table_name, set_aside._file, set_aside._row, problem.reason, problem.rule, "
            "problem.column_name, said.sentence, set_aside.record from main.problem "
            "join main.set_aside on set_aside.table_name = problem.table_name and set_aside._rec = problem._rec "
            "left join main.said on said.table_name = problem.table_name and said.rule = problem.rule "
            "and said.column_name = problem.column_name where problem.severity = 'critical' "
            "order by all", self.aside / "quarantine.parquet",
        )  # fmt: skip
        engine.save(
            "select problem.table_name, problem._rec, problem.rule, said.sentence from main.problem "
            "join main.said on said.table_name = problem.table_name and said.rule = problem.rule "
            "and said.column_name = problem.column_name where problem.severity = 'warning' order by all",
            self.aside / "flagged.parquet",
        )

    def look_back(self) -> None:
        """From now on ``main.scores`` and ``main.indicator_scores`` are what was written."""
        self.engine.drop("main.scores")
        for table in AUDITED:
            self.engine.read(f"main.{table}", self.aside / table)

    def complete(self, identity: dict[str, Any], counts: dict[str, Any]) -> Path:
        """Write the manifest and let the publication take its place; gives where it is."""
        about = {
            "publication": self.name,
            "created_at": clock.now().isoformat(timespec="seconds"),
            "version": __version__,
        }
        text = json.dumps(about | counts | identity, ensure_ascii=False, indent=1)
        (self.aside / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
        sums = file_hashes(self.aside, "**/*")
        lines = "".join(f"{digest}  {path}\n" for path, digest in sums.items() if path != SUMS)
        (self.aside / SUMS).write_text(lines, encoding="utf-8", newline="\n")
        for_its_owner_to_write(self.aside)
        flush_tree(self.aside)
        target = self.folder / file_name(self.name)
        if target.exists():
            shutil.rmtree(target)
        self.aside.rename(target)
        flush_folder(self.folder)
        replace(self.folder / "CURRENT", f"{self.name}\n".encode())
        return target


def _as_written(publication: Path) -> list[str]:
    """The files of indicator scores of a publication."""
    try:
        lines = (publication / SUMS).read_text(encoding="utf-8").splitlines()
        files = {name: digest for digest, name in (line.split("  ", 1) for line in lines) if name.startswith(_LEAVES)}
        if all(sha256_of(publication / name) == digest for name, digest in files.items()):
            return list(files)
    except (OSError, ValueError):
        pass
    raise NotInSteps


def _unordered(sql: str) -> str:
    """A query without its last ``order by``: in a file of millions of rows they come by unit as they are."""
    head, found, tail = sql.rpartition("\norder by ")
    return head if found and "\n" not in tail else sql
