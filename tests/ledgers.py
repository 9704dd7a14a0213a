"""Ledgers under the contracts' own headings, a row per record, with something sensible in every required cell."""

import datetime as dt
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from kaohe.contracts import Column, load_contracts
from tests.helpers import ROOT, write_csv

CONTRACTS = load_contracts(ROOT / "expectations")
_NUMBER = count(1)


def ledger(inbox: Path, table: str, *records: Mapping[str, Any], name: str = "") -> None:
    """Write a CSV of one table; each record gives the cells that matter."""
    contract = CONTRACTS[table]
    given = set().union(*records)
    assert given <= contract.columns.keys(), given - contract.columns.keys()
    columns = {name: column for name, column in contract.columns.items() if column.required or name in given}
    rows = [
        [_cell(record[name]) if name in record else (_filler(column) if column.required else "")
         for name, column in columns.items()]
        for record in records
    ]  # fmt: skip
    write_csv(inbox / f"{name or table}.csv", [[column.headings[0] for column in columns.values()], *rows])


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case list():
            return "、".join(value)
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _filler(column: Column) -> str:
    if column.values:
        return column.values[0]
    fillers = {"code": f"N{next(_NUMBER):05}", "text": "内容", "person": "王某", "flag": "是", "percent": "50%"}
    return fillers.get(column.type, "2023-06-15" if column.type in ("date", "month") else "1")
