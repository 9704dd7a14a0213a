"""One region of a large assessment, as an inbox of its own: `kaohe run` then makes of it what a bureau gets — the page,
the sheets, every lost point explained — with ranks within the region."""

import tempfile
from pathlib import Path

from kaohe import progress
from kaohe.contracts import load_contracts, quoted
from kaohe.errors import KaoheError
from kaohe.large.engine import LargeEngine
from kaohe.large.parts import concerns
from kaohe.large.rows import FILES
from kaohe.project import Project
from kaohe.sources.parquet import Source, parquet_files, source_of
from kaohe.words import say

_TYPED = "typed_"


def take_region(inbox: Path, region: str, out: Path) -> dict[str, int]:
    """Write the records of ``inbox`` that concern the units of ``region`` to ``out``/<table>.parquet, in their order;
    gives table → how many. Cells that cannot be typed become empty. What names a unit otherwise than by its id is not
    found.

    Raises ``KaoheError`` for a region without units, and an ``out`` that is not empty.
    """
    contracts = load_contracts(Project.find().expectations)
    files = parquet_files(inbox, contracts)
    if out.exists() and any(out.iterdir()):
        raise KaoheError("out_not_empty", out=out)
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as scratch, LargeEngine(Path(scratch)) as engine:
        for name in contracts:
            if files[name]:
                _view(engine, source_of(contracts[name], files[name], engine.read_files(name, inbox, files[name])))
        if not files["org_unit"]:
            raise KaoheError("inbox_no_registry")
        engine.make("main.unit", f"select unit_id from main.{_TYPED}org_unit where region = ?", [region])
        if not engine.rows("select 1 from main.unit limit 1"):
            raise KaoheError("region_unknown", region=region)
        out.mkdir(parents=True, exist_ok=True)
        for done, (name, contract) in enumerate(contracts.items()):
            if not files[name]:
                continue
            progress.report(say("step_read", file=name), done, len(contracts))
            columns = ", ".join(f"record.{quoted(column)}" for column in contract.columns)
            rows = f"main.{_TYPED}{name} as record"
            if "unit_id" in contract.columns:
                place, ours = "select record._path, record._place from", "in (select unit_id from main.unit)"
                ways = [f"{place} {rows} where record.unit_id {ours}"]
                for concern in concerns(contract, contracts):
                    ways.append(f"{place} {rows} {concern.join(_TYPED)} where {concern.unit} {ours}")
                wanted = f"(record._path, record._place) in ({' union '.join(ways)})"
            elif not contract.reference and contract.owner:
                column, table = contract.owner
                key = quoted(contracts[table].key[0])
                wanted = (f"record.{quoted(column)} in (select owner.{key} from main.{_TYPED}{table} as owner "
                          "where owner.unit_id in (select unit_id from main.unit))")  # fmt: skip
            else:
                wanted = "true"
            engine.make("main.taken", f"select {columns}, record._path, record._place from {rows} where {wanted}")
            counts[name] = engine.rows("select count(*) from main.taken")[0][0]
            engine.save(
                "select * exclude (_path, _place) from main.taken order by _path, _place", out / f"{name}.parquet"
            )
    return counts


def _view(engine: LargeEngine, source: Source) -> None:
    """The rows of a table's files under the contract's names, and where they stand."""
    name = source.contract.table
    typed = ", ".join(f"{cell.value} as {quoted(column)}" for column, cell in source.cells.items())
    engine.view(f"main.{_TYPED}{name}", f"select {typed}, file._path, file._place from main.{FILES}{name} as file")
