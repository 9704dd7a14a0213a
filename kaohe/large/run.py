"""A large run: load → validate → measure → score → publish, part by part, each step timed by itself; or, where the last
run left enough behind, only what has changed since (``nights.py``)."""

import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import duckdb

from kaohe import __version__, binding, clock, planning, progress, scoring
from kaohe.contracts import load_contracts
from kaohe.engines.java import check_java
from kaohe.errors import KaoheError
from kaohe.homelock import lock
from kaohe.large import EngineName, kept, nights
from kaohe.large import scoring as large_scoring
from kaohe.large.engine import LargeEngine
from kaohe.large.parts import UNITS_PER_PART, Parts
from kaohe.large.publish import AUDITED, PLACE, Publication
from kaohe.large.records import Records
from kaohe.models import Models
from kaohe.project import Project, code_hashes, file_hashes
from kaohe.run import default_as_of
from kaohe.scheme import digest, load_scheme_of
from kaohe.scheme.indicator import EXACT
from kaohe.sources.parquet import parquet_files, refuse_broken, source_of
from kaohe.warehouse import as_sentences
from kaohe.words import say

#: What ranking needs of every part, and the models that rank.
_RANKED_BY = ("unit_total", "unit_tie")
_RANKING = ("unit_rank", "unit_score")
STEPS = ("load", "validate", "measure", "score", "publish")


@dataclass
class LargeOutcome:
    """What a large run came to. ``seconds``: step → seconds of it; ``rows``: table → records in the files; ``refused``
    and ``flagged``: (table, rule) → records; ``in_steps``: it went on from the last run; ``peak_mib``: the most memory
    that the process held."""

    publication: Path
    new: bool
    units: int = 0
    parts: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    flagged: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: int = 0
    in_steps: bool = False


class LargeRun:
    """A large run from its question to its publication.

    Raises ``KaoheError`` for whatever in the project, the scheme or the inbox would make it impossible, before any
    record is read.
    """

    def __init__(
        self,
        inbox: Path,
        year: int,
        as_of: dt.date | None = None,
        scheme: Path | None = None,
        home: Path = Path("data"),
        memory: str | None = None,
        threads: int | None = None,
        units_per_part: int = UNITS_PER_PART,
        engine: EngineName = "duckdb",
        master: str | None = None,
    ) -> None:
        self.engine_name, self.master = engine, master
        if engine == "spark":
            check_java()
        self.inbox, self.year, self.home = inbox, year, home
        self.memory, self.threads, self.units_per_part = memory, threads, units_per_part
        self.as_of = as_of or default_as_of(year, clock.today())
        if self.as_of < dt.date(year, 1, 1):
            raise KaoheError("as_of_before_year", as_of=self.as_of, year=year)
        self.project = Project.find()
        self.scheme_path = scheme or self.project.scheme(year, home)
        self.contracts = load_contracts(self.project.expectations)
        self.scheme = load_scheme_of(year, self.scheme_path, home)
        self.planned = planning.plan(self.project, self.contracts, self.scheme)
        binding.check(self.project, self.contracts)
        self.files = parquet_files(inbox, self.contracts)
        self.folder = home / "large" / str(year)
        self.seconds = dict.fromkeys(STEPS, 0.0)

    def go(self) -> LargeOutcome:
        """Carry it out."""
        with self.timed("load"):
            progress.report(say("step_prepare"))
            identity = self.identity
        name = f"{self.as_of:%Y%m%d}-{hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]}"
        if (self.folder / name).is_dir() and _current(self.folder) == name:
            return LargeOutcome(self.folder / name, new=False, seconds=self.seconds, peak_mib=_peak_mib())
        with ExitStack() as held, self._naming_broken_files():
            held.callback(lock(self.home).release)
            earlier = kept.Kept.of(self.kept_in)
            kept.forget(self.kept_in)
            outcome = self._as_night(earlier, name, identity) if earlier and self._follows(earlier) else None
            if outcome is None:
                kept.clear(self.kept_in)
                with self.engine() as engine:
                    outcome = self._carry_out(engine, name, identity)
            if self._goes_on(outcome):
                self._keep(name)
        return outcome

    @contextmanager
    def _naming_broken_files(self) -> Iterator[None]:
        """What the engine cannot do for a file that is not whole becomes a sentence that names it."""
        try:
            yield
        except (duckdb.Error, KaoheError) as error:
            if isinstance(error, duckdb.Error) or error.key == "warehouse_broken":
                refuse_broken(path for files in self.files.values() for path in files)
            raise

    def _carry_out(self, engine: LargeEngine, name: str, identity: dict[str, Any]) -> LargeOutcome:
        with self.timed("validate"):
            records = self._trust(engine)
            apart = self._in_parts and self.engine_name == "duckdb"  # Spark has many machines to divide units among
            size = self.units_per_part if apart else sys.maxsize
            parts = Parts(engine, self.contracts, records, self.planned.asked, size, self.inbox, self.files)
        publication = Publication(engine, self.folder, name)
        self._assess(engine, parts, publication)
        outcome = self._publish(engine, publication, records, identity, len(parts.bounds))
        if self._goes_on(outcome):
            with self.timed("publish"):
                nights.keep(engine)
        return outcome

    def _goes_on(self, outcome: LargeOutcome) -> bool:
        """The next run can go on from this one."""
        return outcome.parts == 1 and self.engine_name == "duckdb"

    def _publish(
        self, engine: LargeEngine, publication: Publication, records: Records, identity: dict[str, Any], parts: int
    ) -> LargeOutcome:
        with self.timed("publish"):
            progress.report(say("step_publish"))
            publication.add_scores()
            publication.add_problems(records, self.contracts)
            found = records.trusted
            units = engine.rows("select count(*) from main.scores")[0][0]
            counts = {"units": units, "records_in": found.rows, "refused": _told(found.refused),
                      "flagged": _told(found.flagged)}  # fmt: skip
            publication.look_back()
            scoring.audit(engine, self.planned, {*AUDITED, "scheme_indicator"})
            target = publication.complete(identity, counts)
        self.tables = {name: {"how": asdict(how), "types": records.types[name]} for name, how in records.how.items()}
        return LargeOutcome(target, True, units, parts, found.rows, found.refused, found.flagged,
                            self.seconds, _peak_mib())  # fmt: skip

    # ---- nights

    @property
    def kept_in(self) -> Path:
        """The folder of what a run leaves for the next."""
        return self.home / "warehouse" / "large"

    @property
    def _rest(self) -> str:
        """A digest of all that the scores depend on but files and date."""
        rest = {key: value for key, value in self.identity.items() if key not in ("inputs", "as_of")}
        return hashlib.sha256(json.dumps([rest, duckdb.__version__], sort_keys=True).encode()).hexdigest()

    def _follows(self, earlier: kept.Kept) -> bool:
        """The run can go on from an earlier one, as far as can be told without its records."""
        since = dt.date.fromisoformat(earlier.as_of)
        return self._in_parts and earlier.rest == self._rest and nights.follows(self.scheme, since, self.as_of)

    def _as_night(self, earlier: kept.Kept, name: str, identity: dict[str, Any]) -> LargeOutcome | None:
        """Carry it out from where the last run left off; None if that cannot be done."""
        try:
            with self.engine() as engine:
                with self.timed("validate"):
                    night = nights.Night(self, engine, earlier)
                    records = night.trust(self.seen)
                with self.timed("measure"):
                    night.measure()
                with self.timed("score"):
                    night.score(model for model in self.planned.scores if model.name not in _RANKING)
                publication = Publication(engine, self.folder, name)
                results = Models({model.name: model for model in self.planned.results})
                with self.timed("publish"):
                    publication.add_changed(self.folder / earlier.publication, results["indicator_scores"])
                with self.timed("score"):
                    self._rank(engine, results)
                outcome = self._publish(engine, publication, records, identity, 1)
                with self.timed("publish"):
                    night.keep()
                return replace(outcome, in_steps=True)
        except (kept.NotInSteps, duckdb.BinderException):  # files of a table may have other columns than before
            return None

    def _keep(self, name: str) -> None:
        """Let the next run go on from this one."""
        files = kept.link(self.kept_in, self.inbox, self.seen)
        if files is not None:
            kept.Kept(self._rest, self.as_of.isoformat(), name, files, self.tables).save(self.kept_in)

    def engine(self) -> LargeEngine:
        """The engine that runs the SQL."""
        if self.engine_name == "duckdb":
            return LargeEngine(self.kept_in, self.memory, self.threads)
        from kaohe.large.spark import LargeSpark  # brings in pyspark, which is an extra

        settings = {"spark.driver.memory": self.memory.lower().removesuffix("b")} if self.memory else {}
        return cast(LargeEngine, LargeSpark(self.master, self.kept_in / "spark", settings))

    @cached_property
    def seen(self) -> dict[str, dict[str, kept.Seen]]:
        """Table → path below the inbox → file as it is now."""
        return kept.look(self.inbox, self.files, kept.Kept.of(self.kept_in))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that the scores depend on, by hash."""
        return {
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "inputs": {path: seen.sha256 for files in self.seen.values() for path, seen in files.items()},
            "scheme": {"id": self.scheme.id, "file": self.scheme_path.name, "sha256": digest(self.scheme_path)},
            "contracts": self.contracts.hashes,
            "sql": file_hashes(self.project.sql, "**/*.sql"),
            "code": {"version": __version__, "files": code_hashes()},
        }

    @property
    def _in_parts(self) -> bool:
        """Units can be scored apart from one another: no rule of the scheme compares them before they are ranked."""
        return all(
            getattr(leaf, "rule", EXACT[0]) in EXACT for entry, leaf in self.scheme.leaves if entry.section == "base"
        )

    def _trust(self, engine: LargeEngine) -> Records:
        records = Records(engine, self.project, self.contracts, self.as_of)
        sources = []
        for name, contract in self.contracts.items():
            types = engine.read_files(name, self.inbox, self.files[name]) if self.files[name] else {}
            sources.append(source_of(contract, self.files[name], types))
            records.types[name] = types
        records.expect(sources)
        for done, source in enumerate(sources):
            progress.report(say("step_validate", table=source.contract.title), done, len(sources))
            records.trust(source)
        records.count_problems()
        return records

    def _assess(self, engine: LargeEngine, parts: Parts, publication: Publication) -> None:
        """Measure and score each part; rank all units together."""
        scores = [model for model in self.planned.scores if model.name not in _RANKING]
        results = Models({model.name: model for model in self.planned.results})
        several = len(parts.bounds) > 1
        for number in range(len(parts.bounds)):
            parts.turn_to(number)
            with self.timed("measure"):
                large_scoring.measure(engine, self.project, self.contracts, self.scheme, self.planned, self.as_of)
            with self.timed("score"):
                large_scoring.add_up(engine, scores)
                engine.make("main.place", PLACE)
                if several:
                    for table in (*_RANKED_BY, "place"):
                        (engine.append if number else engine.make)(f"main.every_{table}", f"select * from main.{table}")
            with self.timed("publish"):
                publication.add_part(number, results["indicator_scores"])
        parts.turn_to_all()
        with self.timed("score"):
            if several:
                for table in (*_RANKED_BY, "place"):
                    engine.drop(f"main.{table}")
                    engine.view(f"main.{table}", f"select * from main.every_{table}")
            self._rank(engine, results)

    def _rank(self, engine: LargeEngine, results: Models) -> None:
        """Rank all units. ``main.unit_total``, ``unit_tie``: of each; ``place``: its region."""
        engine.view("main.region", "select * from main.place")
        ranking = [model for model in self.planned.scores if model.name in _RANKING]
        for model in [*ranking, results["scores"]]:
            scoring.make(engine, model)
        if not engine.rows("select 1 from main.scores limit 1"):
            raise KaoheError("nobody_to_assess", year=self.year)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes; what the system or DuckDB refuses on the way becomes a sentence."""
        begin = time.perf_counter()
        try:
            with as_sentences(self.home):
                yield
        finally:
            self.seconds[step] += time.perf_counter() - begin


def _current(folder: Path) -> str | None:
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _told(counts: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [{"table": table, "rule": rule, "records": count} for (table, rule), count in sorted(counts.items())]


def _peak_mib() -> int:
    """The most memory that this process has held so far; 0 where the system does not say (Windows)."""
    try:
        import resource  # there is none on Windows
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024**2)
