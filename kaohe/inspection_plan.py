"""每月抽查、每年全覆盖两轮: the plan of a month, from the facts of the current publication to the workbooks.

The same publication, month, seed and size give the same units and the same bytes.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kaohe import publishing
from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.inspection_draw import ROUNDS, Draw, Duty, draw
from kaohe.project import Project
from kaohe.publishing import inspection_forms
from kaohe.sources.recognise import normal


@dataclass(frozen=True)
class Planned:
    """What planning a month came to; no ``files`` if no unit has to be inspected in it."""

    drawn: Draw
    files: tuple[Path, ...]


class InspectionPlan:
    """What is asked, and the publication that answers it.

    Raises ``KaoheError`` for a month, size or seed that is none, and if nothing was published for the year yet.
    """

    def __init__(
        self, year: int, month: int, seed: str | None, per_month: int | None, home: Path, out: Path | None
    ) -> None:
        if not 1 <= month <= 12:
            raise KaoheError("plan_month", month=month)
        if per_month is not None and per_month < 1:
            raise KaoheError("plan_per_month", number=per_month)
        self.year, self.month, self.per_month = year, month, per_month
        # As the reader will read it from the plan's own workbook.
        self.seed = normal(f"{year}{month:02}" if seed is None else seed)
        if not re.search(r"\w", self.seed):
            raise KaoheError("plan_seed", seed=seed)
        self.publication = publishing.in_force(home, year)
        self.folder = out or home / "plans" / str(year)

    def draw(self) -> Draw:
        """Draw the month's units from the publication's snapshot."""
        query = (Project.find().sql / "plans" / "inspection_duty.sql").read_text(encoding="utf-8")
        values: dict[str, object] = {
            "year": self.year,
            "month": self.month,
            "rounds": list(ROUNDS),
            "first_months": [first for first, _ in ROUNDS.values()],
            "last_months": [last for _, last in ROUNDS.values()],
        }
        duties = [Duty(**row) for row in self._rows(query, values)]
        return draw(duties, self.year, self.month, self.seed, self.per_month)

    def write(self, drawn: Draw) -> Planned:
        """Write the form to fill in and the plan to hand in. A file that is there already is never overwritten.

        Raises ``KaoheError`` if one is there that says something else: a form may have been filled in.
        """
        if not drawn.picks:
            return Planned(drawn, ())
        contracts = load_contracts(Project.find().expectations)
        (assessment,) = self._rows("select as_of from assessment", {})
        books = inspection_forms.workbooks(drawn, contracts, self.publication.name, assessment["as_of"])
        files = {self.folder / name: data for name, data in books.items()}
        for path, data in files.items():
            if path.exists() and path.read_bytes() != data:
                raise KaoheError("plan_exists", path=path)
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            aside = path.with_name(f".{path.name}.part")
            aside.write_bytes(data)
            aside.replace(path)
        return Planned(drawn, tuple(files))

    def _rows(self, query: str, values: dict[str, object]) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.publication / "snapshot.duckdb"), read_only=True) as con:
            return list(con.sql(query, params=values).pl().iter_rows(named=True))
