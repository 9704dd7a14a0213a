"""Text cells → typed values, as Polars expressions. What cannot be typed is a problem of that cell, never a guess.

Every expression gives canonical text (ISO dates, plain decimals, true/false) that the warehouse casts exactly; a
filled cell that gives null could not be typed.
"""

from collections.abc import Callable

import polars as pl

from kaohe.contracts import Column, Contract

_PLACE = ["_source", "_file", "_sheet", "_row", "_at"]
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
#: Other marks than printable ASCII, Chinese characters and 、。《》—: NFKC changes none of these, and none is a blank.
_ODD = r"[^\x21-\x7e\x{4e00}-\x{9fff}、。《》—]"
#: Types that take long to make out; of so many rows each different cell is made out once.
_SLOW, _MANY_ROWS = ("date", "month", "list", "percent"), 10_000
#: So many times as many cells must be written one way for the column to be written so.
_MOST = 4
_PERCENT = r"^([+-]?[0-9]{1,9}(?:\.[0-9]+)?)%$"


def told(contract: Contract, raw: pl.DataFrame) -> pl.DataFrame:
    """``raw`` (the contract's columns as text, null where blank) with ``_told_<column>``: what the whole column says,
    in its table on the sheet (``_file``, ``_sheet``, ``_table``), of cells that alone could mean two things."""
    return raw.with_columns(
        _TELLS[column.type](_plain(pl.col(name))).over(_TABLE).alias(f"_told_{name}")
        for name, column in contract.columns.items()
        if column.type in _TELLS
    )


def typed(contract: Contract, raw: pl.DataFrame) -> pl.DataFrame:
    """The contract's columns of ``raw``, as ``told`` gives it, as canonical text; the rest unchanged. ``person``
    columns keep the name (people.py hashes it)."""
    odd = _odd(contract, raw)
    values: dict[str, pl.Expr | pl.Series] = {}
    for name, column in contract.columns.items():
        text = _year(pl.col(name)) if name == contract.year else pl.col(name)
        told = [f"_told_{name}"] if column.type in _TELLS else []
        value = _expression(column, text, pl.col(told[0]) if told else pl.lit(False), odd[name])
        slow = raw.height > _MANY_ROWS and column.type in _SLOW
        values[name] = _once_each(raw.select(name, *told), value) if slow else value
    return raw.with_columns(**values)


def _once_each(cells: pl.DataFrame, value: pl.Expr) -> pl.Series:
    """The values of cells, worked out once for each that is different: of a million dates some hundreds are."""
    distinct = cells.unique().with_columns(value.alias("_value"))
    joined = cells.join(distinct, on=cells.columns, how="left", nulls_equal=True, maintain_order="left")
    return joined["_value"]


def untyped(contract: Contract, raw: pl.DataFrame, cleaned: pl.DataFrame) -> pl.DataFrame:
    """The cells of ``raw`` that are filled but null in ``cleaned``: where the row stands, ``column_name``, and the
    ``rule`` whose sentence says what is wrong."""
    nulls = cleaned.select(pl.col(*contract.columns).is_null())
    odd = _odd(contract, raw)
    bad = [
        pl.when(_filled(pl.col(name), column, odd[name]) & nulls[name]).then(_why(name, column)).alias(name)
        for name, column in contract.columns.items()
    ]
    cells = raw.select(*_PLACE, *bad)
    cells = cells.unpivot(list(contract.columns), index=_PLACE, variable_name="column_name", value_name="_why")
    return cells.drop_nulls("_why").rename({"_why": "rule"})


def _why(name: str, column: Column) -> pl.Expr:
    if column.type != "percent":
        return pl.lit("bad_cell")
    kind, number = pl.col(f"_told_{name}"), _bare(_plain(pl.col(name))).is_not_null()
    return (
        pl.when(number & (kind == "shares"))
        .then(pl.lit("among_shares"))
        .when(number & (kind == "percentages"))
        .then(pl.lit("among_percentages"))
        .otherwise(pl.lit("bad_cell"))
    )


def typed_cell(column: Column, text: str | None) -> tuple[str | None, bool]:
    """A cell on its own: its canonical text (null where blank), and whether it could be typed."""
    cell = pl.col("cell")
    row = pl.DataFrame({"cell": [text]}, {"cell": pl.String})
    told = _TELLS[column.type](_plain(cell)) if column.type in _TELLS else pl.lit(False)
    row = row.select(_expression(column, cell, told, True).alias("typed"), _filled(cell, column, True).alias("filled"))
    value: str | None = row["typed"][0]
    return value, value is not None or not row["filled"][0]


def typed_names(column: Column, written: pl.Series) -> pl.Series:
    """Names of units or persons as they are matched; null where nothing is written."""
    return written.to_frame("cell").select(_expression(column, pl.col("cell"), pl.lit(False), True)).to_series()


def _odd(contract: Contract, raw: pl.DataFrame) -> dict[str, bool]:
    """The columns with a cell that making plain could change: most have none, and are spared it."""
    return raw.select(pl.col(*contract.columns).str.contains(_ODD).any()).row(0, named=True)


def normal_name(name: pl.Expr) -> pl.Expr:
    """A unit's name as it is matched: full-width forms made plain (NFKC), no white space, lower case."""
    return _plain(name).str.to_lowercase()


def normal_names(names: pl.Series) -> pl.Series:
    """Many names as they are matched; of most, nothing needs to be made plain."""
    odd = bool(names.str.contains(_ODD).any())
    return names.to_frame("name").select(_plain(pl.col("name"), odd).str.to_lowercase()).to_series()


def _plain(text: pl.Expr, odd: bool = True) -> pl.Expr:
    return text.str.normalize("NFKC").str.replace_all(r"[\s\u200b\ufeff]+", "") if odd else text


def _filled(text: pl.Expr, column: Column, odd: bool) -> pl.Expr:
    plain = _plain(text, odd)
    nothing = _NOTHING[:1] if column.type == "flag" else _NOTHING
    if column.type in ("date", "month"):
        nothing = nothing + _NO_DATE
    return text.is_not_null() & ~plain.is_in(nothing)


def _expression(column: Column, text: pl.Expr, told: pl.Expr, odd: bool) -> pl.Expr:
    filled = _filled(text, column, odd)
    plain = _plain(text, odd)
    if column.synonyms:
        plain = plain.replace(column.synonyms)
    kinds: dict[str, Callable[[], pl.Expr]] = {
        "code": lambda: plain,
        "text": lambda: text.str.strip_chars(),
        "choice": lambda: plain,
        "unit": lambda: plain.str.to_lowercase(),
        "person": lambda: plain,
        "integer": lambda: _without_thousands(plain).str.extract(_INTEGER),
        "number": lambda: _without_thousands(plain).str.extract(_NUMBER),
        "percent": lambda: _percent(_without_thousands(plain), told),
        "date": lambda: _date(_plain(_without_time(text), odd)).dt.to_string("%Y-%m-%d"),
        "month": lambda: _month(_plain(_without_time(text), odd), told),
        "flag": lambda: _flag(plain),
        "list": lambda: _list(text, column),
    }
    return pl.when(filled).then(kinds[column.type]())


def _year(text: pl.Expr) -> pl.Expr:
    """2023年 and 2023年度 are years; in a column of years, and nowhere else, that is what they must mean."""
    return text.str.replace(r"^\s*([0-9]{4})\s*年度?\s*$", "${1}")


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


def _has_october(plain: pl.Expr) -> pl.Expr:
    return plain.str.contains(r"^[0-9]{4}\.10$").any()


def _month(plain: pl.Expr, has_october: pl.Expr) -> pl.Expr:
    """The first day of the month. 2023.1 is refused, since a number cell that says so may be October, unless 2023.10
    stands in the same column: then they are text, and it is January."""
    spelled = (
        pl.concat_str(plain.str.extract(_MONTH, 1), plain.str.extract(_MONTH, 2).str.zfill(2), pl.lit("01"))
        .fill_null(pl.when(plain.str.contains(r"^[0-9]{6}$")).then(plain + "01"))
        .str.to_date("%Y%m%d", strict=False)
    )
    found = spelled.fill_null(_date(plain))
    clear = ~plain.str.contains(r"^[0-9]{4}\.1$") | has_october
    return pl.when(clear).then(found.dt.to_string("%Y-%m-01"))


def _bare(plain: pl.Expr) -> pl.Expr:
    """The number of a cell that has no %."""
    return _without_thousands(plain).str.extract(_NUMBER).cast(pl.Float64, strict=False)


def _shares_or_percentages(plain: pl.Expr) -> pl.Expr:
    """What the bare numbers of a column are: ``shares``, ``percentages``, or ``unclear`` where some are up to 1 and
    others above 2, and neither are several times as many. 0 is both; from 1 to 2 can be either."""
    size = _bare(plain).abs()
    shares, percentages = (size.is_between(0, 1, closed="right")).sum(), (size > 2).sum()
    return (
        pl.when(shares >= _MOST * percentages)
        .then(pl.lit("shares"))
        .when(percentages >= _MOST * shares)
        .then(pl.lit("percentages"))
        .otherwise(pl.lit("unclear"))
    )


def _percent(plain: pl.Expr, kind: pl.Expr) -> pl.Expr:
    """A share, as text that casts exactly (96.5 % → 96.5e-2).

    A number without % is what the column's others are: a share (0.965, also what a cell formatted as a percentage
    holds), and then one above 2 is refused, or a percentage, and then one up to 2. Where that is unclear, numbers above
    2 are percentages, and the others, which could be either, are refused.
    """
    marked = plain.str.extract(_PERCENT) + "e-2"
    bare = plain.str.extract(_NUMBER)
    size = bare.cast(pl.Float64, strict=False).abs()
    shares = kind == "shares"
    refused = pl.when(shares).then(size > 2).otherwise((size != 0) & (size <= 2))
    return marked.fill_null(pl.when(refused).then(None).when(shares).then(bare).otherwise(bare + "e-2"))


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


#: Type → what of its cells decides how the others of their column are read.
_TELLS: dict[str, Callable[[pl.Expr], pl.Expr]] = {"month": _has_october, "percent": _shares_or_percentages}
