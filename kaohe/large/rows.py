"""Rows of Parquet files, and how they are told apart: by where they stand."""

from kaohe.contracts import literal

#: Names before a table's: its files as they are; its trusted rows, told apart by where they stand.
FILES, BY_ROW = "parquet_", "row_"
#: As PROVENANCE says, of a row of a Parquet file.
REC = "md5(concat_ws(chr(31), 'inbox', file._path, '', cast(file._place + 1 as varchar)))"
#: The same of a row of ``main.row_<table>``, as a ``file``'s.
PLACE = "_file as _path, _rec as _place"


def by_record(rows: str) -> str:
    """A query of rows told apart by where they stand, as in ``main.row_<table>``, with the ``_rec`` of each."""
    return (
        f"select file.* exclude (_path, _place) replace ({REC} as _rec) "
        f"from (select *, _file as _path, _rec as _place from {rows}) as file"
    )


def listed(*texts: str) -> str:
    """Texts as literals in SQL, with commas between them."""
    return ", ".join(literal(text) for text in texts)
