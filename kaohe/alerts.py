"""Alerts (预警): what somebody should look at beside the scores, as the publication in force has them.

Restricted alerts stand in no publication; they are read from the warehouse, which only its keepers can open.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

import duckdb

from kaohe.book import Book
from kaohe.errors import KaoheError, from_os_error
from kaohe.publication import in_force
from kaohe.publishing.workbook import ALERT_BANDS
from kaohe.warehouse import Warehouse, as_sentences
from kaohe.words import listed, say

Level = Literal["urgent", "warning", "notice"]
#: The most urgent first.
LEVELS: tuple[Level, ...] = get_args(Level)
WORKBOOK, RESTRICTED_WORKBOOK = "预警.xlsx", "受限预警.xlsx"


@dataclass(frozen=True)
class Alert:
    """One alert. ``unit_id``: None for the bureau; ``days``: from the as-of date to ``due_on``; ``records``: places."""

    alert: str
    system: int | None
    title: str
    level: Level
    unit_id: str | None
    unit_name: str | None
    item: str
    due_on: dt.date | None
    days: int | None
    number: Decimal | None
    text: str | None
    sentence: str
    records: str | None


@dataclass(frozen=True)
class Found:
    """The alerts that were asked for, most urgent first, and where they come from."""

    year: int
    as_of: dt.date
    publication: str
    alerts: list[Alert]

    @property
    def kinds(self) -> dict[str, list[Alert]]:
        """The alerts of each kind; the kind with the most urgent alert first."""
        kinds: dict[str, list[Alert]] = {}
        for alert in self.alerts:
            kinds.setdefault(alert.alert, []).append(alert)
        return kinds


def counted(alerts: Iterable[Alert]) -> str:
    """How many of each level, in words: 紧急 2，警示 3."""
    count = Counter(alert.level for alert in alerts)
    parts = [say("alerts_count", level=say(f"level_{level}"), count=count[level]) for level in LEVELS if count[level]]
    return say("between_counts").join(parts)


class Question:
    """Which alerts are asked for, and where they go.

    ``kinds``: names or titles of alerts, or the model behind them; none means all. ``level``: no less urgent than
    this. ``restricted``: only those kept out of publications. Raises ``KaoheError`` if nothing has been published,
    ``out`` lies among the publications, or an alert is unknown (when collecting).
    """

    def __init__(
        self,
        home: Path,
        year: int | None = None,
        kinds: Iterable[str] = (),
        level: Level = "notice",
        restricted: bool = False,
        out: Path | None = None,
    ) -> None:
        self.home, self.kinds, self.level, self.restricted = home, list(kinds), level, restricted
        self.publication = in_force(home, year)
        self.year = int(self.publication.parent.name)
        kept = home / "warehouse" / "restricted" if restricted else home / "alerts"
        self.out = out or kept / str(self.year)
        if self.out.resolve().is_relative_to((home / "published").resolve()):
            raise KaoheError("alerts_out", out=self.out)

    def collect(self) -> Found:
        """The alerts."""
        if self.restricted:
            with Warehouse(self.home) as warehouse:
                return self._read(warehouse.con)
        snapshot = self.publication / "snapshot.duckdb"
        with as_sentences(snapshot), duckdb.connect(str(snapshot), read_only=True) as con:
            return self._read(con)

    def _read(self, con: duckdb.DuckDBPyConnection) -> Found:
        try:
            ((year, as_of),) = con.sql("select year, as_of from assessment").fetchall()
            known = con.sql("select alert, title, model from scheme_alert where restricted = ? order by position",
                            params=[self.restricted]).fetchall()  # fmt: skip
            columns = ", ".join(field.name for field in fields(Alert))
            rows = con.sql(f"select {columns} from alerts where restricted = ?", params=[self.restricted]).fetchall()
        except duckdb.CatalogException as error:
            raise KaoheError("alerts_not_made", year=self.year) from error
        if year != self.year:  # the warehouse holds what was worked out last
            raise KaoheError("alerts_other_year", year=self.year, held=year)
        for kind in self.kinds:
            if not any(kind in names for names in known):
                raise KaoheError(
                    "alert_unknown", name=kind, known=listed(f"{name} {title}" for name, title, _ in known)
                )
        asked = {names[0] for names in known if not self.kinds or set(names) & set(self.kinds)}
        urgent_enough = LEVELS[: LEVELS.index(self.level) + 1]
        found = [alert for alert in (Alert(*row) for row in rows) if alert.alert in asked]
        return Found(year, as_of, self.publication.name, [alert for alert in found if alert.level in urgent_enough])

    def write(self, found: Found) -> Path:
        """Write the alerts as a workbook: a sheet of counts, and one for each kind."""
        path = self.out / (RESTRICTED_WORKBOOK if self.restricted else WORKBOOK)
        part = path.with_name(f".{path.name}")
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            part.touch(mode=0o600 if self.restricted else 0o666)
            _write_workbook(found, part)
            part.replace(path)
        except OSError as error:
            raise from_os_error(error, self.out) from error
        finally:
            part.unlink(missing_ok=True)
        return path


def _write_workbook(found: Found, path: Path) -> None:
    title = say("alerts_title", year=found.year, as_of=found.as_of)
    book = Book(path, title)
    note = say("alerts_note", publication=found.publication)
    bands = {say(f"level_{level}"): band for level, band in ALERT_BANDS.items()}
    counts: list[list[object]] = []
    for alerts in found.kinds.values():
        count = Counter(alert.level for alert in alerts)
        counts.append([alerts[0].title, *(count[level] or None for level in LEVELS), len(alerts)])
    headings = [say("heading_alert"), *(say(f"level_{level}") for level in LEVELS), say("whole")]
    book.sheet(say("sheet_alerts"), title, note, headings, counts)
    names = ("level", "unit_name", "item", "due_on", "days", "sentence", "records")
    for number, alerts in enumerate(found.kinds.values(), start=1):
        rows = [
            [
                say(f"level_{alert.level}"),
                alert.unit_name or say("bureau"),
                *(getattr(alert, name) for name in names[2:]),
            ]
            for alert in alerts
        ]
        headings = [say(f"heading_{name}") for name in names]
        name = f"{number} {alerts[0].title}"  # the number tells apart what is cut to 31 characters
        book.sheet(name, alerts[0].title, f"{counted(alerts)}    {note}", headings, rows, freeze_columns=2, bands=bands)
    book.book.close()
