"""CSV files that people open in a spreadsheet: text stays text."""

from pathlib import Path

import polars as pl

from kaohe.book import FORMULA_SIGNS


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a CSV. An apostrophe goes before text that a spreadsheet would take for a formula, as OWASP advises;
    numbers stay numbers."""
    frame.with_columns(
        pl.when(pl.col(name).str.slice(0, 1).is_in(FORMULA_SIGNS) & ~pl.col(name).str.contains(r"^-?\d+(\.\d+)?$"))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.String
    ).write_csv(path, include_bom=True)
