"""Text cells → typed values, as Polars expressions. What cannot be typed is a problem of that cell, never a guess.

Every expression gives canonical text (ISO dates, plain decimals, true/false) that the warehouse casts exactly; a
filled cell that gives null could not be typed.
"""

from collections.abc import Callable

import polars as pl

from kaohe.contracts import Column, Contract

_PLACE = ["_source", "_file", "_sheet", "_row"]
_TABLE = ["_file", "_sheet", "_table"]

#: Marks that stand for "nothing" in any column but a flag.
_NOTHING = ["", "-", "--", "—", "——", "–", "/", "\\"]
_NO_DATE = ["无", "暂无"]

_YES = ["是", "√", "✓", "✔", "有", "1", "true", "y", "yes", "对"]
_NO = ["否", "×", "✗", "✘", "无", "0", "false", "n", "no", "错", "没有"]

_DATE = r"^(19[2-9][0-9]|20[0-9]{2})[年./\-]([0-9]{1,2})[月./\-]([0-9]{1,2})日?$"
_TIME_OF_DAY = r"[\sT]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"
_MONTH = r"^([0-9]{4})[年./\-]([0-9]{1,2})月?份?$"
_SERIAL = r"^([0-9]{5})(?:\.[0-9]+)?$"
_FIRST_SERIAL, _LAST_SERIAL = 32874, 73050  # 1990-01-01 and 2099-12-31 as Excel counts days
_THOUSANDS = r"^([+-]?)([0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)?$"
_INTEGER = r"^([+-]?[0-9]{1,11})(?:\.0*)?$"
_NUMBER = r"^([+-]?[0-9]{1,11}(?:\.[0-9]+)?)$"
_SEPARATORS = "[、,;/\n]"
_PERCENT = r"^([+-]?[0-9]{1,9}(?:\.[0-9]+)?)%$"


def typed(contract: Contract, raw: pl.DataFrame) -> pl.DataFrame:
    """The contract's columns of ``raw`` (text, null where blank) as canonical text, the rest of ``raw`` unchanged.

    ``person`` columns keep the name (people.py hashes it). Where a cell alone could mean two things, its column in
    that table of the sheet (``_file``, ``_sheet``, ``_table``) decides.
    """
    return raw.with_columns(_expression(column, pl.col(name)).alias(name) for name, column in contract.columns.items())


def untyped(contract: Contract, raw: pl.DataFrame, cleaned: pl.DataFrame) -> pl.DataFrame:
    """The cells of ``raw`` that are filled but null in ``cleaned``: where the row stands, and ``column_name``."""
    nulls = cleaned.select(pl.col(*contract.columns).is_null())
    bad = ((_filled(pl.col(name), column) & nulls[name]).alias(name) for name, column in contract.columns.items())
    cells = raw.lazy().select(*_PLACE, *bad)
    cells = cells.unpivot(list(contract.columns), index=_PLACE, variable_name="column_name", value_name="_bad")
    return cells.filter("_bad").drop("_bad").collect()


def typed_cell(column: Column, text: str | None) -> tuple[str | None, bool]:
    """A cell on its own: its canonical text (null where blank), and whether it could be typed."""
    cell = pl.col("cell")
    row = pl.DataFrame({"cell": [text]}, {"cell": pl.String}).with_columns(pl.lit("").alias(name) for name in _TABLE)
    row = row.select(_expression(column, cell).alias("typed"), _filled(cell, column).alias("filled"))
    value: str | None = row["typed"][0]
    return value, value is not None or not row["filled"][0]


def normal_name(name: pl.Expr) -> pl.Expr:
    """A unit's name as it is matched: full-width forms made plain (NFKC), no white space, lower case."""
    return name.str.normalize("NFKC").str.replace_all(r"[\s\u200b\ufeff]+", "").str.to_lowercase()


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFKC").str.replace_all(r"[\s\u200b\ufeff]+", "")


def _filled(text: pl.Expr, column: Column) -> pl.Expr:
    plain = _plain(text)
    nothing = _NOTHING[:1] if column.type == "flag" else _NOTHING
    if column.type in ("date", "month"):
        nothing = nothing + _NO_DATE
    return text.is_not_null() & ~plain.is_in(nothing)


def _expression(column: Column, text: pl.Expr) -> pl.Expr:
    filled = _filled(text, column)
    plain = _plain(text)
    if column.synonyms:
        plain = plain.replace(column.synonyms)
    kinds: dict[str, Callable[[], pl.Expr]] = {
        "code": lambda: plain,
        "text": lambda: text.str.strip_chars(),
        "choice": lambda: plain,
        "unit": lambda: normal_name(text),
        "person": lambda: plain,
        "integer": lambda: _without_thousands(plain).str.extract(_INTEGER),
        "number": lambda: _without_thousands(plain).str.extract(_NUMBER),
        "percent": lambda: _percent(_without_thousands(plain)),
        "date": lambda: _date(_plain(_without_time(text))).dt.to_string("%Y-%m-%d"),
        "month": lambda: _month(_plain(_without_time(text))),
        "flag": lambda: _flag(plain),
        "list": lambda: _list(text, column),
    }
    return pl.when(filled).then(kinds[column.type]())


def _without_time(text: pl.Expr) -> pl.Expr:
    """A time of day goes before the white space that sets it off does: 2023/3/1 8:30 is not the 18th."""
    return text.str.normalize("NFKC").str.strip_chars().str.replace(_TIME_OF_DAY, "")


def _without_thousands(plain: pl.Expr) -> pl.Expr:
    return pl.when(plain.str.contains(_THOUSANDS)).then(plain.str.replace_all(",", "")).otherwise(plain)


def _date(plain: pl.Expr) -> pl.Expr:
    spelled = (
        pl.concat_str(
            plain.str.extract(_DATE, 1),
            plain.str.extract(_DATE, 2).str.zfill(2),
            plain.str.extract(_DATE, 3).str.zfill(2),
        )
        .fill_null(pl.when(plain.str.contains(r"^[0-9]{8}$")).then(plain))
        .str.to_date("%Y%m%d", strict=False)
    )
    days = plain.str.extract(_SERIAL).cast(pl.Int32, strict=False)
    serial = pl.when(days.is_between(_FIRST_SERIAL, _LAST_SERIAL)).then(pl.date(1899, 12, 30) + pl.duration(days=days))
    return spelled.fill_null(serial)


def _month(plain: pl.Expr) -> pl.Expr:
    """The first day of the month. 2023.1 is refused, since a number cell that says so may be October, unless 2023.10
    stands in the same column: then they are text, and it is January."""
    spelled = (
        pl.concat_str(plain.str.extract(_MONTH, 1), plain.str.extract(_MONTH, 2).str.zfill(2), pl.lit("01"))
        .fill_null(pl.when(plain.str.contains(r"^[0-9]{6}$")).then(plain + "01"))
        .str.to_date("%Y%m%d", strict=False)
    )
    found = spelled.fill_null(_date(plain))
    clear = ~plain.str.contains(r"^[0-9]{4}\.1$") | plain.str.contains(r"^[0-9]{4}\.10$").any().over(_TABLE)
    return pl.when(clear).then(found.dt.to_string("%Y-%m-01"))


def _percent(plain: pl.Expr) -> pl.Expr:
    """A share, as text that casts exactly (96.5 % → 96.5e-2).

    A number without % is a share (0.965, also what a cell formatted as a percentage holds), unless a number above 2
    stands in the column: then bare numbers are percentages, and one up to 2, which could be either, is refused.
    """
    marked = plain.str.extract(_PERCENT) + "e-2"
    bare = plain.str.extract(_NUMBER)
    value = bare.cast(pl.Float64, strict=False)
    percentages = (value.abs() > 2).any().over(_TABLE)
    unclear = percentages & (value != 0) & (value.abs() <= 2)
    return marked.fill_null(pl.when(unclear).then(None).when(percentages).then(bare + "e-2").otherwise(bare))


def _flag(plain: pl.Expr) -> pl.Expr:
    lower = plain.str.to_lowercase()
    return pl.when(lower.is_in(_YES)).then(pl.lit("true")).when(lower.is_in(_NO)).then(pl.lit("false"))


def _list(text: pl.Expr, column: Column) -> pl.Expr:
    """The list's elements in order, each once, as DuckDB writes a list; null if one is none of the column's values."""
    allowed = column.values or []
    elements = (
        text.str.normalize("NFKC")
        .str.replace_all(_SEPARATORS, "、")
        .str.replace_all(r"[\s\u200b\ufeff]+", "")
        .str.split("、")
        .list.eval(pl.element().filter(pl.element() != "").replace(column.synonyms))
        .list.unique(maintain_order=True)
    )
    good = elements.list.eval(pl.element().is_in(allowed)).list.all() & (elements.list.len() > 0)
    return pl.when(good).then(pl.concat_str(pl.lit("["), elements.list.join(", "), pl.lit("]")))
