"""Parquet files: which contract's records one holds, and how its columns become those of the contract, in SQL.

A large assessment reads whole folders of them where they lie; the ordinary run loads them like any other file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import duckdb

from kaohe.contracts import SQL_TYPES, Column, Contract, Contracts, literal, quoted
from kaohe.errors import KaoheError, Unreadable
from kaohe.sources.forms import normal
from kaohe.sources.found import Refusal
from kaohe.words import listed

SUFFIX = ".parquet"

_INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_FITTING_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*([0-6])\)")
_TEXT_TYPES = ("VARCHAR", "STRING")
_FRACTIONS = ("DOUBLE", "FLOAT")


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


@dataclass(frozen=True)
class ParquetFile:
    """What one file holds: ``rows`` records of ``contract``, or why nobody can tell whose (``refusal``).

    ``columns``: column of the contract → the file's name for it; ``unknown``: the file's other columns.
    """

    rows: int
    contract: Contract | None = None
    refusal: Refusal | None = None
    columns: dict[str, str] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


# --- One file ------------------------------------------------------------------------------------------------------


def read_parquet(file: str, name: str, path: Path, contracts: Contracts) -> ParquetFile:
    """Look at the Parquet file ``file``, which is called ``name`` below its inbox and lies at ``path``.

    Whose records it holds is said by its name or its folder's, where that is a contract's table, else by its columns,
    as the headings of a sheet say it. Raises ``Unreadable`` for a file that is not whole, and for a column of a type
    that cannot be the contract's.
    """
    types, rows = _looked_through(file, path)
    told = _told_by_name(name, contracts) or _told_by_columns(types, contracts)
    if isinstance(told, list):
        nearest = _nearest(types, contracts) if not told else None
        missing = _missing(nearest, types) if nearest else []
        return ParquetFile(rows, refusal=Refusal(rows, told, nearest, missing))
    if missing := _missing(told, types):
        return ParquetFile(rows, refusal=Refusal(rows, [], told, missing))
    columns = _columns(told, types)
    unknown = [column for column in types if column not in columns.values()]
    return ParquetFile(rows, told, None, columns, cells_of(told, types, file), unknown)


def _looked_through(name: str, path: Path) -> tuple[dict[str, str], int]:
    """The columns with their types, and how many rows there are. Every page is read, away from any database: what is
    broken shows now, and harms none."""
    file = f"read_parquet({literal(path)}, file_row_number = true) as file"
    try:
        with duckdb.connect() as con:
            described = con.sql(f"select column_name, column_type from (describe from {file})").fetchall()
            rows = con.sql(f"select count(*), bit_xor(hash(file)) from {file}").fetchall()[0][0]
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, UnicodeDecodeError) as error:
        problem = str(error).splitlines()[0].replace(str(path), name)
        raise Unreadable("parquet_broken", file=name, problem=problem) from error
    return dict(described[:-1]), int(rows)


def refuse_broken(files: Iterable[Path]) -> None:
    """Raises ``Unreadable`` for the first file that is not whole."""
    for path in files:
        _looked_through(str(path), path)


def _told_by_name(name: str, contracts: Contracts) -> Contract | None:
    parts = PurePosixPath(name).with_suffix("").parts
    return next((contracts[part] for part in reversed(parts) if part in contracts), None)


def _told_by_columns(types: Mapping[str, str], contracts: Contracts) -> Contract | list[Contract]:
    """The contract that explains most columns, of those whose required columns are all there; or all that do so alike,
    none or several."""
    explained = {
        name: len(_columns(contract, types)) for name, contract in contracts.items() if not _missing(contract, types)
    }
    best = [contracts[name] for name, count in explained.items() if count == max(explained.values())]
    return best[0] if len(best) == 1 else best


def _nearest(types: Mapping[str, str], contracts: Contracts) -> Contract | None:
    nearest = max(contracts.values(), key=lambda contract: len(_columns(contract, types)))
    return nearest if len(_columns(nearest, types)) > 1 else None


def _missing(contract: Contract, types: Mapping[str, str]) -> list[str]:
    """The first headings of the required columns that are not there."""
    there = _columns(contract, types)
    return [contract.columns[name].headings[0] for name in contract.required if name not in there]


def _columns(contract: Contract, types: Iterable[str]) -> dict[str, str]:
    """Column of the contract → the file's name for it: the contract's own, else one of the headings."""
    there: dict[str, str] = {}
    for title in types:
        there.setdefault(normal(title).lower(), title)
    found = {}
    for name, column in contract.columns.items():
        named = (normal(each).lower() for each in (name, *column.headings))
        if (first := next((each for each in named if each in there), None)) is not None:
            found[name] = there[first]
    return found


# --- Folders of files ----------------------------------------------------------------------------------------------


def parquet_files(inbox: Path, contracts: Contracts) -> dict[str, tuple[Path, ...]]:
    """Table → its files, in order: ``<inbox>/<table>.parquet``, or all below ``<inbox>/<table>/``. A table may have
    none.

    Raises ``KaoheError`` for an inbox without any, and for a Parquet file that is no table's.
    """
    found: dict[str, list[Path]] = {name: [] for name in contracts}
    if not inbox.is_dir():
        raise KaoheError("inbox_missing", path=inbox)
    for path in sorted(inbox.rglob(f"*{SUFFIX}")):
        place = path.relative_to(inbox).parts
        if any(part.startswith((".", "_")) for part in place):
            continue  # what programs leave behind while they write
        table = place[0].removesuffix(SUFFIX)
        if table not in found:
            raise KaoheError("parquet_unknown_table", file=path, table=table, known=listed(sorted(found)))
        found[table].append(path)
    if not any(found.values()):
        raise KaoheError("parquet_none", path=inbox)
    return {name: tuple(files) for name, files in found.items()}


def source_of(contract: Contract, files: Iterable[Path], types: Mapping[str, str]) -> Source:
    """How the files of a table are read. ``types``: the columns of the files with their types, as DuckDB names them.

    Raises ``KaoheError`` for a required column that is not there, and for one of a type that cannot be the contract's.
    """
    files = tuple(files)
    there = _columns(contract, types)
    for name in contract.required if files else []:
        if name not in there:
            raise KaoheError("parquet_column_missing", file=files[0].parent, table=contract.label, column=name,
                             headings=listed(contract.columns[name].headings))  # fmt: skip
    return Source(contract, files, cells_of(contract, types, files[0].parent if files else ""))


# --- Types ---------------------------------------------------------------------------------------------------------


def cells_of(contract: Contract, types: Mapping[str, str], file: object) -> dict[str, Cell]:
    """How each column of the contract is read from columns of these types; one that is not there is empty.

    Raises ``Unreadable``, naming ``file``, for one of a type that cannot be the contract's.
    """
    there = _columns(contract, types)
    cells = {}
    for name, column in contract.columns.items():
        wanted = SQL_TYPES[column.type].upper()
        if name not in there:
            cells[name] = Cell(f"cast(null as {wanted})")
            continue
        found = types[there[name]].upper()
        cell = _cell(column, wanted, f"file.{quoted(there[name])}", found)
        if cell is None:
            raise Unreadable("parquet_type", file=file, table=contract.label, column=there[name], found=found,
                             wanted=wanted)  # fmt: skip
        cells[name] = cell
    return cells


def _cell(column: Column, wanted: str, there: str, found: str) -> Cell | None:
    """How a column ``there``, of the type ``found``, is read; None if it cannot be."""
    if found == '"NULL"':  # what programs write of a column without any value
        return Cell(f"cast(null as {wanted})")
    if wanted == "VARCHAR" and found in _TEXT_TYPES:
        return Cell(there, odd=_has_blanks(there), mended=_unless_blank(there))
    if wanted == "DATE" and (day := _day(there, found)):
        if column.type == "month":
            return Cell(day, odd=f"day({day}) <> 1", mended=f"cast(date_trunc('month', {day}) as date)")
        return Cell(day)
    if wanted == "VARCHAR[]" and found in (wanted, *_TEXT_TYPES):
        return _listed(column, there if found == wanted else _unless_blank(there), found)
    if found == wanted:
        return Cell(there)
    if _casts(wanted, found):
        return Cell(f"cast({there} as {wanted})")
    if wanted == "VARCHAR" and found in _FRACTIONS:
        return Cell(f"coalesce(cast({_whole(there)} as varchar), cast({there} as varchar))")
    is_number = _INTEGER.fullmatch(found) or found in _FRACTIONS or found.startswith("DECIMAL")
    if found in _TEXT_TYPES or (is_number and wanted in ("BIGINT", "DECIMAL(18,6)", "VARCHAR")):
        return _tried(wanted, there, found)
    return None


def _tried(wanted: str, there: str, found: str) -> Cell:
    """A column some of whose cells may not be typed; blank text is empty, and no number is rounded to a whole one."""
    given = _unless_blank(there) if found in _TEXT_TYPES else there
    value = f"try_cast({given} as {wanted})"
    if wanted == "BIGINT" and not _INTEGER.fullmatch(found):
        value = _whole(given)
    return Cell(value, untyped=f"{given} is not null and {value} is null")


def _listed(column: Column, given: str, found: str) -> Cell:
    """A list, or its text, all of whose elements are values of the column. Most have one or two, which are looked at
    by themselves: in a quarter of the time."""
    allowed = ", ".join(literal(value) for value in column.values or [])
    listed = f"try_cast({given} as varchar[])" if found in _TEXT_TYPES else given
    strange = (
        f"case when len({listed}) <= 2 then {listed}[1] not in ({allowed}) or {listed}[2] not in ({allowed}) "
        f"else not list_has_all([{allowed}], {listed}) end"
    )
    return Cell(listed, untyped=f"{strange} or ({given} is not null and {listed} is null)")


def _has_blanks(text: str) -> str:
    """The text is empty, or begins or ends with blanks. ASCII, as numbers and hashes are, has one kind of blank, which
    is found in a third of the time that ``trim`` takes."""
    return (
        f"case when strlen({text}) = length({text}) then {text} = '' or {text} like ' %' or {text} like '% ' "
        f"else {text} <> trim({text}) end"
    )


def _unless_blank(text: str) -> str:
    return f"nullif(trim({text}), '')"


def _whole(number: str) -> str:
    """The number, or text, where it is a whole one."""
    return (
        f"case when try_cast({number} as bigint) = try_cast({number} as double) then try_cast({number} as bigint) end"
    )


def _day(there: str, found: str) -> str | None:
    """The day of a date or a moment; that of a moment with a time zone is Shanghai's."""
    if found == "TIMESTAMP WITH TIME ZONE":
        return f"cast({there} at time zone 'Asia/Shanghai' as date)"
    return there if found == "DATE" else f"cast({there} as date)" if found.startswith("TIMESTAMP") else None


def _casts(wanted: str, found: str) -> bool:
    """Every value of the type that was found is one of the type that is wanted."""
    is_integer, decimal = bool(_INTEGER.fullmatch(found)), _FITTING_DECIMAL.fullmatch(found)
    match wanted:
        case "DECIMAL(18,6)":
            fits = decimal is not None and int(decimal[1]) - int(decimal[2]) <= 12
            return fits or found in ("INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT")
        case "BIGINT":
            return is_integer and found not in ("UBIGINT", "HUGEINT", "UHUGEINT")
        case "VARCHAR":
            return is_integer or found == "DATE"
        case _:
            return False
