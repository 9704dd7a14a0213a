"""The Parquet files of an inbox: which table each folder holds, and how its columns become those of the contract."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kaohe.clock import OFFICE_TIME
from kaohe.contracts import SQL_TYPES, Column, Contract, Contracts, literal, quoted
from kaohe.errors import KaoheError

_INTEGER = re.compile(r"U?(TINY|SMALL|BIG)?INT(EGER)?")
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|DOUBLE|FLOAT|DECIMAL")
_FITTING_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*([0-6])\)")
_TEXT_TYPES = ("VARCHAR", "STRING")


@dataclass(frozen=True)
class Cell:
    """A column of the contract, from the file's: ``value``; ``untyped``: which cells cannot be typed; ``odd``: which
    are to be read otherwise, by ``mended``. All of it SQL over a ``file``'s columns; None: none are."""

    value: str
    untyped: str | None = None
    odd: str | None = None
    mended: str | None = None


@dataclass(frozen=True)
class Source:
    """The files of a table. ``cells``: column of the contract → how it is read."""

    contract: Contract
    files: tuple[Path, ...]
    cells: dict[str, Cell]


def parquet_files(inbox: Path, contracts: Contracts) -> dict[str, tuple[Path, ...]]:
    """Table → its files, in order: ``<inbox>/<table>.parquet``, or all below ``<inbox>/<table>/``. A table may have
    none.

    Raises ``KaoheError`` for an inbox without any, and for a Parquet file that is no table's.
    """
    found: dict[str, list[Path]] = {name: [] for name in contracts}
    if not inbox.is_dir():
        raise KaoheError("inbox_missing", path=inbox)
    for path in sorted(inbox.rglob("*.parquet")):
        place = path.relative_to(inbox).parts
        if any(part.startswith((".", "_")) for part in place):
            continue  # what programs leave behind while they write
        table = place[0].removesuffix(".parquet")
        if table not in found:
            raise KaoheError("parquet_unknown_table", file=path, table=table, known="、".join(sorted(found)))
        found[table].append(path)
    if not any(found.values()):
        raise KaoheError("parquet_none", path=inbox)
    return {name: tuple(files) for name, files in found.items()}


def source_of(contract: Contract, files: Iterable[Path], types: Mapping[str, str]) -> Source:
    """How the files of a table are read. ``types``: the columns of the files with their types, as DuckDB names them.

    Raises ``KaoheError`` for a required column that is not there, and for one of a type that cannot be the contract's.
    """
    files = tuple(files)
    cells = {}
    for name, column in contract.columns.items():
        there = next((each for each in (name, *column.headings) if each in types), None)
        if there is not None:
            cells[name] = _cell(contract, name, column, f"file.{quoted(there)}", types[there].upper())
        elif column.required and files:
            raise KaoheError("parquet_column_missing", file=files[0].parent, table=contract.label, column=name,
                             headings="、".join(column.headings))  # fmt: skip
        else:
            cells[name] = Cell(f"cast(null as {SQL_TYPES[column.type]})")
    return Source(contract, files, cells)


def _cell(contract: Contract, name: str, column: Column, there: str, found: str) -> Cell:
    wanted = SQL_TYPES[column.type].upper()
    if found == '"NULL"':  # what programs write of a column without any value
        return Cell(f"cast(null as {wanted})")
    if wanted == "VARCHAR" and found in _TEXT_TYPES:
        return Cell(there, odd=f"{there} <> trim({there}) or {there} = ''", mended=f"nullif(trim({there}), '')")
    if column.type == "list" and found == wanted:
        allowed = ", ".join(map(literal, column.values or []))
        return Cell(there, untyped=f"len({there}) = 0 or len(list_filter({there}, lambda x: x not in ({allowed}))) > 0")
    if (typed := _typed(there, found, wanted)) is None:
        raise KaoheError("parquet_type", table=contract.label, column=name, found=found, wanted=wanted)
    if column.type == "month":
        typed = replace(
            typed, odd=f"day({typed.value}) <> 1", mended=f"cast(date_trunc('month', {typed.value}) as date)"
        )
    return typed


def _typed(there: str, found: str, wanted: str) -> Cell | None:
    """A column of one type as another; None if that cannot be."""
    if found == wanted:
        return Cell(there)
    if wanted == "DATE" and found == "TIMESTAMP WITH TIME ZONE":
        return Cell(f"cast(timezone({literal(OFFICE_TIME.key)}, {there}) as date)")
    if _casts(wanted, found):
        return Cell(f"cast({there} as {wanted})")
    if not (found in _TEXT_TYPES or (_NUMBER.match(found) and wanted in ("BIGINT", "DECIMAL(18,6)"))):
        return None
    value = f"try_cast({there} as {wanted})"
    untyped = f"{there} is not null and {value} is null"
    if wanted == "BIGINT":
        untyped += f" or try_cast({there} as double) <> {value}"  # a cast rounds
    return Cell(value, untyped=untyped)


def _casts(wanted: str, found: str) -> bool:
    """Every value of the type that was found is one of the type that is wanted."""
    if wanted == "DATE":
        return found.startswith("TIMESTAMP")
    decimal = _FITTING_DECIMAL.fullmatch(found)
    if wanted == "DECIMAL(18,6)":
        return bool(decimal and int(decimal[1]) - int(decimal[2]) <= 12) or found in ("INTEGER", "SMALLINT", "TINYINT")
    if wanted == "BIGINT":
        return bool(_INTEGER.fullmatch(found)) and found != "UBIGINT"
    return wanted == "VARCHAR" and (bool(_INTEGER.fullmatch(found)) or found in ("DATE", "HUGEINT"))
