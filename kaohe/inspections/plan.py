"""每月抽查、每年全覆盖两轮: the plan of a month, from the facts of a publication to the workbooks.

The same publication, month, day, seed and size give the same units and the same bytes.
"""

import calendar
import dataclasses
import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from kaohe.contracts import load_contracts
from kaohe.errors import KaoheError
from kaohe.inspections import forms
from kaohe.inspections.draw import QUALITIES, Draw, Duty, Recorded, Rules, draw
from kaohe.project import Project
from kaohe.publication import in_force
from kaohe.publication.snapshot import NAME as SNAPSHOT
from kaohe.publication.snapshot import Snapshot
from kaohe.safely import replace
from kaohe.scheme.parts import SPOT_CHECKS
from kaohe.sources.forms import normal
from kaohe.words import say


@dataclass(frozen=True)
class Planned:
    """What planning a month came to, by which publication; no ``files`` if no unit has to be inspected in it."""

    drawn: Draw
    facts: forms.Facts
    files: tuple[Path, ...]

    @property
    def sentence(self) -> str:
        """How many were drawn by what, or why nobody was."""
        drawn = self.drawn
        place = {"year": drawn.year, "month": drawn.month, "round": drawn.round, "seed": drawn.seed}
        if drawn.picks:
            facts = {"publication": self.facts.publication, "as_of": self.facts.as_of}
            return say("plan_drawn", **place, **facts, count=len(drawn.picks))
        left = sum(one.left for one in drawn.coverage if one.round == drawn.round)
        return say("plan_nothing_yet", **place, count=left) if left else say("plan_nothing", **place)


class InspectionPlan:
    """What is asked, and the publication that answers it: ``publication``, or the one in force.

    ``as_of``: the day of the draw; what was inspected from that day on does not count. Without it all that the
    publication knows counts, and the draw bears the first day of the month. Raises ``KaoheError`` for a month, day,
    size or seed that is none, and for a publication that is not there.
    """

    def __init__(
        self,
        year: int,
        month: int,
        seed: str | None = None,
        per_month: int | None = None,
        as_of: dt.date | None = None,
        publication: str | None = None,
        home: Path = Path("data"),
        out: Path | None = None,
    ) -> None:
        if not 1 <= month <= 12:
            raise KaoheError("plan_month", month=month)
        if per_month is not None and per_month < 1:
            raise KaoheError("plan_per_month", number=per_month)
        if as_of and as_of > dt.date(year, month, calendar.monthrange(year, month)[1]):
            raise KaoheError("plan_as_of", day=as_of, year=year, month=month)
        self.year, self.month, self.per_month, self.as_of = year, month, per_month, as_of
        # As the reader will read it from the plan's own workbook.
        self.seed = normal(f"{year}{month:02}" if seed is None else seed)
        if not re.search(r"\w", self.seed):
            raise KaoheError("plan_seed", seed=seed)
        self.publication = in_force(home, year)
        if publication:
            published = {path.parent.name: path.parent for path in self.publication.parent.glob(f"[!.]*/{SNAPSHOT}")}
            if publication not in published:
                raise KaoheError("plan_publication_missing", publication=publication, folder=self.publication.parent)
            self.publication = published[publication]
        self.project = Project.find()
        self.folder = out or home / "plans" / str(year)

    def draw(self) -> Draw:
        """Draw the month's units from the publication's snapshot."""
        path = self.project.sql / "plans" / "inspection_duty.sql"
        asked = {"year": self.year, "month": self.month, "before": self.as_of or dt.date.max}
        with Snapshot(self.publication) as snapshot:
            rules = self._rules(snapshot)
            try:
                rows = snapshot.con.sql(path.read_text(encoding="utf-8"), params=asked).pl()
            except (duckdb.ProgrammingError, duckdb.DataError) as error:
                raise KaoheError("sql_failed", file=path, problem=str(error).splitlines()[0]) from error
            recorded = snapshot.rows(
                "select unit_id, round, seed from inspection_plan where year = ? and month = ?", [self.year, self.month]
            )
        duties = [Duty(**row) for row in rows.iter_rows(named=True)]
        if not any(duty.first_month <= self.month <= duty.last_month for duty in duties):
            raise KaoheError("plan_no_units", year=self.year, month=self.month, publication=self.publication.name)
        drawn = draw(duties, rules, self.year, self.month, self.seed, self.per_month, self.as_of)
        if recorded and set(recorded) != {(p.duty.unit_id, p.duty.round, self.seed) for p in drawn.picks}:
            seeds = tuple(sorted({seed for _, _, seed in recorded}))
            drawn = dataclasses.replace(drawn, recorded=Recorded(len(recorded), seeds))
        return drawn

    def _rules(self, snapshot: Snapshot) -> Rules:
        """What the publication's scheme says of spot checks."""
        query = "select name, key, number from scheme_param where indicator = ? order by name, key"
        said: dict[str, dict[Any, Decimal]] = {}
        for name, key, number in snapshot.rows(query, [SPOT_CHECKS]):
            said.setdefault(name, {})[key] = number.normalize()
        if not said:
            raise KaoheError("plan_no_rules", year=self.year, publication=self.publication.name)
        ends = {int(key): int(month) for key, month in said["rounds"].items()}
        return Rules(
            rounds={number: (ends.get(number - 1, 0) + 1, end) for number, end in ends.items()},
            weight={quality: int(said["weight"][quality]) for quality in QUALITIES},
            at_least=said["at_least"],
        )

    def write(self, drawn: Draw) -> Planned:
        """Write the form to fill in, the plan to hand in, and how it was drawn. What is there is never overwritten.

        Raises ``KaoheError`` if a file is there that says something else: a form may have been filled in.
        """
        with Snapshot(self.publication) as snapshot:
            ((as_of,),) = snapshot.rows("select as_of from assessment")
        facts = forms.Facts(self.publication.name, as_of, until=self.as_of)
        if not drawn.picks:
            return Planned(drawn, facts, ())
        books = forms.workbooks(drawn, load_contracts(self.project.expectations), facts)
        files = {self.folder / name: data for name, data in books.items()}
        for path, data in files.items():
            if path.exists() and path.read_bytes() != data:
                raise KaoheError("plan_exists", path=path)
        for path, data in files.items():
            if not path.exists():
                replace(path, data)
        return Planned(drawn, facts, tuple(files))
