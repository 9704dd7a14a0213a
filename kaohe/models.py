"""SQL models: one file, one table named after it, run in the order in which they read one another.

sqlglot reads each file for the tables it names, so the order is never written down; a circle or a table that nobody
makes is an error that names the file.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from kaohe.errors import KaoheError

_HEADER = re.compile(r"Empty:\s*(\w+)")
_PARAMS = re.compile(r"Params:\s*(.*?)\s*(?:\.(?=\s|$)|\b(?:Item|Dated|Empty|Basis):|$)")
_COMMA = re.compile(r",\s*(?![^()]*\))")
_PARAM = re.compile(r"(\w+)(?:\s*\((.+)\))?")
_NUMBER = r"(?:number|integer|share)(?: above 0)?"
_SET = r"[a-z]\w*\.\w+|\w+(?:\|\w+)+"
_ASKS = re.compile(rf"(any of )?({_NUMBER}|text|{_SET})(?: by (any of )?(text|{_SET}))?(?:,.*)?")
_ROUNDS = re.compile(r"^-- Rounds: (select .*)$", re.MULTILINE)
_COLUMNS = re.compile(r"Columns: ([^.]*)\.")
_VIEW = re.compile(r"^-- View\.", re.MULTILINE)
_WHOLE = re.compile(r"Whole: ([a-z_, ]+)\.")
_DATED = re.compile(r"^--.*Dated:", re.MULTILINE)
EMPTY = ("not_reported", "not_applicable", "full")


@dataclass(frozen=True)
class Asks:
    """What a model asks of a parameter. ``values`` and ``keys`` are ``number``, ``integer`` or ``share`` (of them with
    ``above 0``), ``text``, ``one|or|another``, or ``table.column``: the values that the contract of the table allows.

    ``several``: one value or a list of them. ``keys``: a mapping with all these keys; ``some``: with any of them.
    """

    values: str
    several: bool = False
    keys: str | None = None
    some: bool = False


@cache
def tables_in(sql: str) -> frozenset[str]:
    """The tables that a query reads, but for its own CTEs."""
    query = sqlglot.parse_one(sql, dialect="duckdb")
    own = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    return frozenset(table.name for table in query.find_all(exp.Table) if table.name not in own)


@dataclass(frozen=True)
class Model:
    """One SQL file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def sql(self) -> str:
        return self.path.read_text(encoding="utf-8").rstrip().rstrip(";")

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tables it reads. Raises ``KaoheError`` if the file is not one SQL query."""
        try:
            tables = tables_in(self.sql)
        except sqlglot.errors.SqlglotError as error:
            raise KaoheError("sql_broken", file=self.path, problem=str(error).splitlines()[0]) from error
        return tables - {self.name, "round"} if self.rounds else tables

    @cached_property
    def columns(self) -> str | None:
        """Of a model that runs in rounds and reads what it made before, its columns, as its header has them."""
        found = _COLUMNS.search(self._header)
        return found[1] if found else None

    @cached_property
    def rounds(self) -> str | None:
        """The query that says how many rounds such a model runs."""
        found = _ROUNDS.search(self.sql)
        return found[1] if found else None

    @cached_property
    def is_view(self) -> bool:
        """Its header says so (``View.``): it is worked out where it is read, and never written down."""
        return bool(_VIEW.search(self.sql))

    @cached_property
    def whole(self) -> frozenset[str]:
        """The tables of which it must see the records of every unit, from its header: ``Whole: campaign_session.``"""
        found = _WHOLE.search(self._header)
        return frozenset(found[1].split(", ")) if found else frozenset()

    @cached_property
    def empty(self) -> str:
        """What a unit without items gets, from the header of a measure. Raises ``KaoheError`` if it is not said."""
        found = _HEADER.search(self._header)
        if not found or found[1] not in EMPTY:
            raise KaoheError("measure_header", file=self.path, allowed=", ".join(EMPTY))
        return found[1]

    @cached_property
    def _header(self) -> str:
        """Its comments, as one line."""
        return " ".join(line.lstrip("- ") for line in self.sql.splitlines() if line.startswith("--"))

    @cached_property
    def params(self) -> dict[str, Asks | None]:
        """The parameters it asks for, from its header; None: of any kind. In brackets, up to a comma, what one may be:
        ``Params: platform (study_stat.platform), target (number above 0, hours), level (share by notice.level), note.``

        Raises ``KaoheError`` for brackets that say something else.
        """
        found = _PARAMS.search(self._header)
        asked: dict[str, Asks | None] = {}
        for text in _COMMA.split(found[1]) if found else []:
            named = _PARAM.fullmatch(text)
            said = _ASKS.fullmatch(named[2]) if named and named[2] else None
            if not named or (named[2] and not said) or (said and said[1] and said[4]):
                raise KaoheError("measure_params_header", file=self.path, text=text)
            asked[named[1]] = Asks(said[2], bool(said[1]), said[4], bool(said[3])) if said else None
        return asked

    @cached_property
    def dated(self) -> bool:
        """It chooses its parameters by the date of a record, as its header says: ``Dated: by the day of …``."""
        return bool(_DATED.search(self.sql))


class Models(dict[str, Model]):
    """The models of one or more folders by name."""

    @classmethod
    def of(cls, *folders: Path) -> "Models":
        return cls((path.stem, Model(path)) for folder in folders for path in sorted(folder.glob("*.sql")))

    def in_order(self, given: set[str]) -> list[Model]:
        """Every model after those it reads; ``given`` are the tables that are there already.

        Raises ``KaoheError`` naming the file that reads a table nobody makes, or the models that go round in a circle.
        """
        for error in self.misfits(given).values():
            raise error
        try:
            order = TopologicalSorter({name: sorted(model.reads & self.keys() - given) for name, model in self.items()})
            return [self[name] for name in order.static_order()]
        except CycleError as error:
            raise KaoheError("sql_cycle", models=" → ".join(error.args[1])) from error

    def misfits(self, given: set[str]) -> dict[str, KaoheError]:
        """The models that are no SQL query, or read a table that is neither ``given`` nor made by any of them."""
        found: dict[str, KaoheError] = {}
        for name, model in self.items():
            try:
                for table in sorted(model.reads - given - self.keys())[:1]:
                    found[name] = KaoheError("sql_missing_table", file=model.path, table=table)
            except KaoheError as error:
                found[name] = error
        return found

    def sources(self, name: str, tables: set[str]) -> set[str]:
        """Which of ``tables`` a model reads, itself or through other models."""
        found: set[str] = set()
        ahead, seen = [name], frozenset[str]()
        while ahead:
            model = self[ahead.pop()]
            found |= model.reads & tables
            new = (model.reads & self.keys()) - tables - seen
            seen |= new
            ahead += sorted(new)
        return found
