"""The figures of the notice: questions asked of a publication's snapshot (sql/publications/notice_*.sql)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from kaohe.errors import KaoheError
from kaohe.models import Model
from kaohe.publication.snapshot import Snapshot

Row = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What a notice says, as rows of the queries of the same names."""

    category: list[Row]
    grade: list[Row]
    unit: list[Row]
    node: list[Row]
    extra: list[Row]
    case: list[Row]
    unreported: list[Row]
    overdue: list[Row]
    set_aside: list[Row]

    @property
    def whole(self) -> Row:
        """The row of all units."""
        return self.category[-1]

    @property
    def categories(self) -> list[str]:
        return [row["category"] for row in self.category[:-1]]

    def units(self, **like: Any) -> list[Row]:
        """The units whose columns are as asked, best first."""
        return [row for row in self.unit if all(row[name] == value for name, value in like.items())]

    @property
    def dimensions(self) -> list[Row]:
        """Of all units, highest score rate first."""
        found = [row for row in self.node if row["category"] is None and row["is_dimension"]]
        return sorted(found, key=lambda row: -row["exact"])

    @property
    def indicators(self) -> list[Row]:
        """Of all units, in the scheme's order."""
        return [row for row in self.node if row["category"] is None and row["is_indicator"]]

    @property
    def losses(self) -> list[Row]:
        """The indicators that cost points, the most first."""
        return sorted((row for row in self.indicators if row["lost"]), key=lambda row: -row["lost"])

    def best(self, rate: int, of: int) -> list[Row]:
        """The indicators with a score rate of so many per cent at least, that so many per cent of the graded units are
        assessed by, highest first, then those of more units."""
        graded = self.whole["graded"]
        found = [row for row in self.indicators if row["rate"] >= 10 * rate and 100 * row["units"] >= of * graded]
        return sorted(found, key=lambda row: (-row["exact"], -row["units"]))

    def by_category(self, indicator: Row) -> Iterator[tuple[str, Row | None]]:
        """The indicator in each category; None where no unit is assessed by it."""
        rows = {row["category"]: row for row in self.node if row["node"] == indicator["node"]}
        for category in self.categories:
            yield category, rows.get(category)

    def facts(self, section: str) -> list[Row]:
        """What brought a bonus, or a deduction, by indicator."""
        return [row for row in self.extra if row["section"] == section]

    @property
    def unreported_units(self) -> int:
        """Units that left out anything: everything, or some indicators."""
        return int(self.whole["no_data"] + self.unreported[0]["units"])


def figures_of(snapshot: Snapshot, sql: Path) -> Figures:
    """The figures of a publication. Raises ``KaoheError`` with the file for a query that fails."""
    names = [field.name for field in fields(Figures)]
    return Figures(**{name: _answer(snapshot, Model(sql / "publications" / f"notice_{name}.sql")) for name in names})


def _answer(snapshot: Snapshot, model: Model) -> list[Row]:
    """The rows of a query; none where it asks for a table of records that this bureau does not collect."""
    if not all(snapshot.has(table) for table in model.reads):
        return []
    try:
        return snapshot.frame(model.sql).to_dicts()
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise KaoheError("sql_failed", file=model.path, problem=str(error).splitlines()[0]) from error
