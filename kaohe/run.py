"""One run: what is asked, what it needs, and its steps pull → validate → score → publish; a re-issue is one too."""

import datetime as dt
import gc
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from kaohe import __version__, binding, clock, loading, planning, progress, publishing, scoring, validation
from kaohe.contracts import Contracts, load_contracts
from kaohe.delivery import Delivered
from kaohe.errors import KaoheError, from_os_error
from kaohe.freshness import confirm
from kaohe.homelock import WAIT_SECONDS, HomeLock
from kaohe.journal import Journal
from kaohe.lifecycle.acts import Act
from kaohe.lifecycle.damage import damage
from kaohe.lifecycle.proceedings import Proceedings
from kaohe.loading import Pulled
from kaohe.people import refuse_wrong_key
from kaohe.project import Project, code_hashes, file_hashes
from kaohe.publication import MANIFEST, earlier_years, pointed_at
from kaohe.publication.manifest import read_manifest
from kaohe.publishing import Edition
from kaohe.publishing.document_pdf import faces, fonts
from kaohe.publishing.notice import TEMPLATE as NOTICE_TEMPLATE
from kaohe.publishing.notice import notice_template
from kaohe.scheme import Scheme, digest, load_scheme, load_scheme_of
from kaohe.sources.gathering import Gathered, Reading, given, outage_sentence, read_plainly
from kaohe.sources.inbox import LEDGERS, own_ledgers
from kaohe.warehouse import Warehouse, as_sentences
from kaohe.words import language, say

#: The step whose time is Great Expectations' own: importing it and asking it.
GREAT_EXPECTATIONS = "great_expectations"
#: What scores rest on, in the question of a run.
_RESTS_ON = ("inputs", "scheme", "contracts", "sql", "code")
#: The steps that this process has begun before.
_begun: set[str] = set()


@dataclass
class Outcome:
    """What a run came to. ``publication`` is the current publication's folder; ``new`` is false when nothing had
    changed, ``frozen`` when the result is final. ``started``: when; ``timings``: step → seconds; ``delivered``: to whom
    it went; ``held_back``: the act by which somebody went back from what would have been published;
    ``translated``: it says in another language what was in force; ``unnoted``: why it could not be noted that all this
    came to its end."""

    publication: Path
    new: bool
    pulled: Pulled
    started: dt.datetime
    timings: dict[str, float] = field(default_factory=dict)
    frozen: bool = False
    gathered: Gathered = field(default_factory=Gathered)
    delivered: Delivered = field(default_factory=Delivered)
    held_back: Act | None = None
    translated: bool = False
    unnoted: list[str] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        """What could not be read, and who was not reached, in sentences."""
        sources = [outage_sentence(name, down) for name, down in self.gathered.down.items()]
        return [*sources, *self.pulled.unreadable.values(), *self.delivered.troubles, *self.unnoted]

    @property
    def exit_code(self) -> int:
        """0 published or nothing new, 3 but a file or a source could not be read, or somebody was not reached."""
        return 3 if self.troubles else 0


def conclude(outcome: Outcome, journal: Journal) -> None:
    """Note that a run has come to a good end, for ``kaohe status`` and in the journal. What is published stays so if
    that cannot be noted; it is a trouble."""
    year, publication = int(outcome.publication.parent.name), outcome.publication.name
    try:
        confirm(journal.home, year, publication, outcome.started, len(outcome.troubles))
    except OSError as error:
        outcome.unnoted.append(str(from_os_error(error, journal.home)))
    seconds = {step: round(took, 3) for step, took in outcome.timings.items()}
    journal.note("ended", publication=publication, new=outcome.new, troubles=len(outcome.troubles), seconds=seconds)


def default_as_of(year: int, today: dt.date) -> dt.date:
    """The earlier of today and 31 March of the next year."""
    return min(today, dt.date(year + 1, 3, 31))


class Run:
    """A run from its question to its publication; use as a context manager, it holds the home folder's lock.

    Raises ``KaoheError`` for whatever in the project, the scheme or the home folder would make the run impossible,
    before any file is read.
    """

    def __init__(
        self,
        inbox: Path | None,
        year: int,
        as_of: dt.date | None,
        scheme: Path | None,
        home: Path,
        strict: bool,
        sources: Path | None = None,
        full_refresh: bool = False,
        wait_seconds: float = WAIT_SECONDS,
        operator: str = "",
    ) -> None:
        self.operator = operator
        self.inbox, self.sources, self.full_refresh = inbox, sources, full_refresh
        self.year, self.home, self.strict = year, home, strict
        self.asked_as_of, self.started = as_of, clock.now()
        self.project = Project.find()
        self.scheme_path = scheme or self.project.scheme(year, home)
        self.timings: dict[str, float] = {}
        self.pulled = Pulled()
        self.gathered = Gathered()
        self.translated = False
        self.wait_seconds = wait_seconds
        self._look_up()
        if self.frozen:
            return
        refuse_wrong_key(self.home)
        with self.timed("prepare"):
            self.contracts = self._contracts()
            self._find_sources()
            if self.as_of < dt.date(year, 1, 1):
                raise KaoheError("as_of_before_year", as_of=self.as_of, year=year)
            self.scheme = self._scheme()
            notice_template(self.project)
            faces(fonts())  # without a font for Chinese there is no document
            if not self._published_with(scheme=self._scheme_file, **self._sql_and_code):
                self.planned  # noqa: B018 (raises what is wrong with it; a run with nothing new needs no plan)
            if not self._published_with(**self._sql_and_code):
                binding.check(self.project, self.contracts)

    def _look_up(self, held: HomeLock | None = None) -> None:
        """Where the year stands. What was announced was judged as of a date, which then stays."""
        self.proceedings = Proceedings(self.home, self.year, held)
        fixed = self.proceedings.as_of
        if fixed and self.asked_as_of not in (None, fixed) and not self.frozen:
            raise KaoheError("as_of_announced", as_of=fixed, asked=self.asked_as_of)
        self.as_of = fixed or self.asked_as_of or default_as_of(self.year, self.proceedings.today("--as-of"))

    def _contracts(self) -> Contracts:
        """What a good row is."""
        return load_contracts(self.project.expectations)

    def _find_sources(self) -> None:
        """Where records come from."""
        self.given = given(self.inbox, self.sources, self.home, self.contracts)

    def _gather(self, read: Callable[[str, Reading], None] = read_plainly) -> Gathered:
        """The files of every source as they are now."""
        gathered = self.given.gather(self.warehouse, self.contracts, self.full_refresh, read)
        if self.strict and gathered.down:
            name, down = next(iter(gathered.down.items()))
            raise KaoheError("source_down_strict", source=name, why=down.why)
        gathered.files[LEDGERS] = own_ledgers(self.proceedings.ledgers)
        return gathered

    @property
    def frozen(self) -> bool:
        """The result is final: a run changes nothing."""
        return self.proceedings.final is not None

    @cached_property
    def planned(self) -> planning.Plan:
        """What the run will ask. Raises as ``planning.plan`` does."""
        return planning.plan(self.project, self.contracts, self.scheme)

    def _published_with(self, **asked: object) -> bool:
        """The publication in force was made with these parts of what makes a result."""
        with suppress(OSError, KaoheError):  # of one that is damaged nothing is known
            if current := pointed_at(self.folder):
                was = read_manifest(current)
                return all(was.get(key) == value for key, value in asked.items())
        return False

    @property
    def _scheme_file(self) -> dict[str, object]:
        return {"id": self.scheme.id, "file": self.scheme_path.name, "sha256": digest(self.scheme_path)}

    @property
    def _sql_and_code(self) -> dict[str, object]:
        return {
            "contracts": self.contracts.hashes,
            "sql": file_hashes(self.project.sql, "**/*.sql"),
            "code": {"version": __version__, "files": code_hashes()},
        }

    def _scheme(self) -> Scheme:
        scheme = load_scheme_of(self.year, self.scheme_path, self.home)
        self._refuse_overlap(scheme)
        return scheme

    def _refuse_overlap(self, scheme: Scheme) -> None:
        """Of the schemes in force, those of the home and of the project, only one can hold on a day."""
        own = self.project.scheme(self.year, self.home).resolve()
        if self.scheme_path.resolve() != own:
            return  # one to try out
        for path in self.project.schemes(self.home):
            if path.resolve() != own and scheme.overlaps(load_scheme(path)):
                raise KaoheError("scheme_overlap", one=self.scheme_path.name, other=path.name)

    def __enter__(self) -> "Run":
        self.warehouse = Warehouse(self.home, self.wait_seconds)
        try:
            self._look_up(self.warehouse.held)  # again, now that nobody else can change it
            self.proceedings.settle()
        except BaseException:
            self.warehouse.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.warehouse.__exit__()

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes; what the system or DuckDB refuses on the way becomes a sentence."""
        if step not in _begun:  # what the libraries have brought in stays; looking through it again costs a fifth
            _begun.add(step)
            gc.freeze()
        begin = time.perf_counter()
        try:
            with as_sentences(self.home):
                yield
        finally:
            self.timings[step] = self.timings.get(step, 0) + time.perf_counter() - begin

    @property
    def folder(self) -> Path:
        """Where the publications of the year stand."""
        return self.home / "published" / str(self.year)

    @property
    def up_to_date(self) -> bool:
        """The current publication already says what this run would, or somebody went back from just that."""
        target = self.folder / self.edition.name
        return (pointed_at(self.folder) == target and (target / MANIFEST).exists()) or self.held_back is not None

    @property
    def held_back(self) -> Act | None:
        """The act by which somebody went back from a publication that rests on the same: another day does not make it
        another one, nor does a source that is down or a new result of an earlier year."""
        rolled_back = self.proceedings.rolled_back
        if not rolled_back:
            return None
        if self.edition.name in rolled_back:
            return rolled_back[self.edition.name]
        asked: dict[str, object] = json.loads(json.dumps(self.identity))
        fixed = [*_RESTS_ON, *(["as_of"] if self.asked_as_of else [])]
        for name, act in rolled_back.items():
            with suppress(OSError, KaoheError):  # one that is damaged is known by its name alone
                was = read_manifest(self.folder / name)
                if all(was.get(key) == asked[key] for key in fixed):
                    return act
        return None

    @property
    def edition(self) -> Edition:
        """What the run's publication is called, and in which state it is."""
        return self.proceedings.edition(self.question_id)

    @property
    def question_id(self) -> str:
        """As-of date and a digest of all that the scores depend on: the same question gives the same id."""
        text = json.dumps(self.identity, sort_keys=True, ensure_ascii=False)
        return f"{self.as_of:%Y%m%d}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def identity(self) -> dict[str, object]:
        """Inputs, scheme, contracts, SQL, code and the question itself, by hash; and what could not be read, since the
        publication says so."""
        inputs = self.warehouse.rows("select source, path, sha256 from meta.file order by all")
        return {
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "language": language(),
            "inputs": [{"source": source, "path": path, "sha256": sha} for source, path, sha in inputs],
            "scheme": self._scheme_file,
            **self._sql_and_code,
            "templates": self._templates(),
            "unreadable": self.pulled.unreadable,
            "earlier_years": {str(year): path.name for year, path in earlier_years(self.home, self.year).items()},
            "stale": {name: down.since and down.since.isoformat() for name, down in self.gathered.down.items()},
        }

    def _templates(self) -> dict[str, str]:
        """The words of the notice, by hash. Once a result is announced, other words are no other result: they count as
        they were when it was asked for."""
        if announced := self.proceedings.announced:
            asked: dict[str, str] = read_manifest(self.folder / announced.publication).get("templates", {})
            return asked
        return file_hashes(self.project.templates, NOTICE_TEMPLATE)

    def pull(self, read: Callable[[str, Reading], None] = read_plainly) -> Pulled:
        """Bring the warehouse up to date with all sources. ``read``: see ``Given.gather``."""
        progress.report(say("step_prepare"))
        if not self.warehouse.has_loaded(loading.loading_way(self.contracts, self.home)):
            with self.timed(GREAT_EXPECTATIONS):
                validation.check_rules(self.contracts, self.project.expectations)
        with self.timed("gather"):
            self.gathered = self._gather(read)
        with self.timed("pull"):
            self.pulled = loading.pull(self.warehouse, self.gathered.files, self.contracts, self.strict)
        return self.pulled

    def validate(self) -> None:
        """Make the trusted tables."""
        with self.timed("validate"):
            apart = validation.validate(self.warehouse, self.contracts, self.project.sql, self.as_of)
        self.timings["validate"] -= apart
        self.timings[GREAT_EXPECTATIONS] = self.timings.get(GREAT_EXPECTATIONS, 0) + apart

    def score(self) -> None:
        """Make evidence, scores and reports, and prove them."""
        with self.timed("score"):
            from kaohe.robustness.tables import make_tables  # brings in NumPy, which only scoring needs

            scoring.score(self.warehouse, self.project, self.contracts, self.scheme, self.planned, self.as_of)
            make_tables(self.warehouse, self.scheme)
            scoring.audit(self.warehouse, self.planned)

    def publish(self) -> None:
        """Write the publication aside and make it current."""
        edition = self.edition
        self.translated = self._differs_in_language_alone()
        target = self._write(edition)
        self.proceedings.put_in_force("publish", target, {"state": edition.state}, operator=self.operator)

    def _differs_in_language_alone(self) -> bool:
        """From the publication in force."""
        asked: dict[str, object] = json.loads(json.dumps(self.identity))
        with suppress(OSError, KaoheError):  # one that is damaged says nothing
            was = read_manifest(current) if (current := pointed_at(self.folder)) else {}
            return [key for key in asked if was.get(key) != asked[key]] == ["language"]
        return False

    def _write(self, edition: Edition) -> Path:
        with self.timed("publish"):
            progress.report(say("step_publish"))
            years = earlier_years(self.home, self.year).values()
            publishing.look_back(self.warehouse, self.project.sql, pointed_at(self.folder), years)
            if edition.compared:
                earlier = self.folder / edition.said["compared_with"]
                units = publishing.compare(self.warehouse, self.project.sql, earlier)
                changed = set(self.warehouse.rows("select unit_id, thing from main.changed"))
                unchanged = self.proceedings.upheld_unchanged(changed) if edition.state == "reviewed" else []
                more = {"changed_units": units, "upheld_unchanged": unchanged}
                edition = replace(edition, said=edition.said | more)
            for path in (self.scheme_path, *(self.project.expectations / name for name in self.contracts.hashes)):
                self.warehouse.keep(path.read_bytes())
            self._refuse_damaged(edition.name)
            return publishing.publish(self.warehouse, self.contracts, self.scheme, self.folder, edition, self.identity)

    def _refuse_damaged(self, name: str) -> None:
        """What stands there already is published again as it was, or not at all."""
        if not (self.folder / name).exists():
            return
        self.proceedings.clear(name)  # it never came into force: a run was killed before that
        if (self.folder / name).exists() and (wrong := damage(self.proceedings, name)):
            raise KaoheError("publication_damaged", publication=name, problem=wrong[0])

    def outcome(self, new: bool) -> Outcome:
        """What the run came to."""
        publication = pointed_at(self.folder)
        assert publication is not None
        held_back = None if new or self.frozen else self.held_back
        return Outcome(
            publication, new, self.pulled, self.started, self.timings, self.frozen, self.gathered, held_back=held_back,
            translated=self.translated,
        )  # fmt: skip
