"""The records of a Parquet file into the warehouse, by SQL from the kept bytes: each as text, as values, and the cells
that are none. Only names, of which there are few, are made plain (units) or hashed (people) outside of SQL.
"""

from pathlib import Path

import polars as pl

from kaohe.cleaning import typed_names
from kaohe.contracts import Contract, literal, quoted
from kaohe.people import hashed
from kaohe.sources.parquet import Cell, ParquetFile
from kaohe.warehouse import Warehouse

#: Each name of the file as it is written, and what it is in a typed table.
_NAMES = "parquet_name"


def store(
    warehouse: Warehouse, place: tuple[str, str], kept: Path, found: ParquetFile, key: bytes, keep_untyped: bool
) -> None:
    """Put the rows of a file, whose bytes are ``kept``, into ``raw.<table>`` and ``typed.<table>``, and its bad cells
    into ``meta.cell_problem``. ``place``: source and path. Nothing is committed here."""
    if found.contract is None:
        return
    _Rows(warehouse, place, kept, found, found.contract, key).store(keep_untyped)


class _Rows:
    def __init__(
        self,
        warehouse: Warehouse,
        place: tuple[str, str],
        kept: Path,
        found: ParquetFile,
        contract: Contract,
        key: bytes,
    ) -> None:
        self.warehouse, self.found, self.contract, self.key = warehouse, found, contract, key
        self.file = f"read_parquet({literal(kept)}, file_row_number = true) as file"
        source, path = map(literal, place)
        row = "file.file_row_number + 1"
        self.place = (
            f"{source} as _source, {path} as _file, '' as _sheet, cast({row} as integer) as _row, "
            f"cast(null as varchar) as _at, md5(concat_ws(chr(31), {source}, {path}, '', {row})) as _rec"
        )
        self.untyped = {name: cell.untyped for name, cell in found.cells.items() if cell.untyped}

    def store(self, keep_untyped: bool) -> None:
        self._insert(f"raw.{self.contract.table}", self._text(), self.file)
        for name, untyped in self.untyped.items():
            said = [literal(self.contract.table) + " as table_name", literal(name) + " as column_name"]
            self._insert("meta.cell_problem", [*said, "'bad_cell' as rule"], f"{self.file} where {untyped}")
        self._write_names()
        joins = " ".join(
            f"left join {_NAMES} as name_{name} on name_{name}.column_name = {literal(name)} "
            f"and name_{name}.written = {self.found.cells[name].value}"
            for name in self._named
        )
        bad = "" if keep_untyped else "".join(f" and ({untyped}) is not true" for untyped in self.untyped.values())
        self._insert(f"typed.{self.contract.table}", self._values(), f"{self.file} {joins} where true{bad}")

    def _insert(self, table: str, columns: list[str], rows: str) -> None:
        self.warehouse.con.execute(
            f"insert into {table} by name select {', '.join([*columns, self.place])} from {rows}"
        )

    def _text(self) -> list[str]:
        """The cells as text, those of columns that the contract does not know as JSON."""
        text = [
            f"cast(file.{quoted(there)} as varchar) as {quoted(name)}" for name, there in self.found.columns.items()
        ]
        if self.found.unknown:
            cells = ", ".join(f"{quoted(name)} := cast(file.{quoted(name)} as varchar)" for name in self.found.unknown)
            text.append(f"cast(to_json(struct_pack({cells})) as varchar) as _extra")
        return text

    def _values(self) -> list[str]:
        named = {name: Cell(f"name_{name}.value") for name in self._named}
        cells = self.found.cells | named
        return [f"{cell.mended or cell.value} as {quoted(name)}" for name, cell in cells.items()]

    @property
    def _named(self) -> list[str]:
        """The columns of names that the file has."""
        return [
            name for name in (*self.contract.unit_columns, *self.contract.person_columns) if name in self.found.columns
        ]

    def _write_names(self) -> None:
        self.warehouse.con.execute(
            f"create or replace temp table {_NAMES} (column_name varchar, written varchar, value varchar)"
        )
        for name in self._named:
            written = self.warehouse.frame(
                f"select distinct {self.found.cells[name].value} as written from {self.file}"
            )
            value = typed_names(self.contract.columns[name], written["written"])
            if name in self.contract.person_columns:
                value = hashed(value, self.key)
            frame = written.with_columns(column_name=pl.lit(name), value=value)
            self.warehouse.write(_NAMES, frame.drop_nulls("value"))
