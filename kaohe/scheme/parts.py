"""The parts of a scheme beside its tree: bases, parameters, bonus, deductions, vetoes, grades, alerts, spot checks."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from kaohe.words import language, listed
from kaohe.yamlfile import wrong

Weight = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6)]
Points = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
Param = str | StrictInt | Decimal
#: A parameter is one value, a list of values, or a value per key (points per level, penalty per severity).
Params = dict[str, Param | list[Param] | dict[str, Param]]
#: Where the weight of the four kinds of leaf goes.
Section = Literal["base", "bonus", "deduction", "veto"]

FEWER_DEDUCTIONS = "fewer_deductions"
#: Under which name the numbers of the spot checks stand among the parameters; no indicator can have it.
SPOT_CHECKS = "spot-checks"
#: What an alert's sentence may be filled in with.
ALERT_VALUES = ("item", "due_on", "days", "number", "text")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Strict):
    """Something that holds from one day to another, both included; without them, always."""

    effective_from: dt.date = dt.date.min
    effective_to: dt.date = dt.date.max

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective_from > self.effective_to:
            raise wrong("scheme_dates", at=("effective_to",), begin=self.effective_from, end=self.effective_to)
        return self

    def overlaps(self, other: "Dated") -> bool:
        """There is a day on which both hold."""
        return self.effective_from <= other.effective_to and other.effective_from <= self.effective_to


class Basis(Dated):
    """The rule behind an indicator: regulation or local standard, its article, which of the two it is, and from when
    to when it is in force."""

    rule: str
    article: str
    basis_type: Literal["national_rule", "local_standard", "default"]


class Version(Dated):
    """The parameters of a rule while one of its texts is in force; the date of the record chooses."""

    rule: str
    params: Params


#: (name, key, text, number, effective from, effective to)
ParamRow = tuple[str, str | None, str, Decimal | None, dt.date, dt.date]
_ALWAYS = (dt.date.min, dt.date.max)


class Asked(Strict):
    """A model of SQL asked with parameters. ``system``: the number in the work plan that it belongs to."""

    title: str = ""
    params: Params = {}
    system: Annotated[int, Field(ge=1, le=31)] | None = None

    def param_rows(self) -> Iterator[ParamRow]:
        """A row for every parameter, and for every element of a list or mapping."""
        yield from _param_rows(self.params, *_ALWAYS)


class Leaf(Asked):
    """What every leaf has: a measure (its own name if none is given) with its parameters, and the rule behind it.

    ``versions``: parameters that differ by the date of the record. ``deadline``: the last day for handing in, where it
    is not the scheme's. ``not_applicable``: the rule by which a unit without items is not assessed, in one sentence.
    """

    measure: str = ""
    versions: list[Version] = []
    basis: Basis | None = None
    rule: str
    deadline: dt.date | None = None
    not_applicable: str | None = None

    @model_validator(mode="after")
    def _versions_follow_one_another(self) -> Self:
        for number, (before, after) in enumerate(pairwise(self.versions), start=1):
            if before.effective_to >= after.effective_from:
                raise wrong("scheme_versions", at=("versions", number), one=before.rule, other=after.rule)
            if before.params.keys() != after.params.keys():
                raise wrong("scheme_version_params", at=("versions", number), one=before.rule, other=after.rule)
        return self

    @property
    def param_names(self) -> set[str]:
        """The names of all parameters it gives."""
        return {*self.params, *(name for version in self.versions for name in version.params)}

    def param_rows(self) -> Iterator[ParamRow]:
        """A row for every parameter, and for every element of a list or mapping, with the dates it holds."""
        yield from super().param_rows()
        for version in self.versions:
            yield from _param_rows(version.params, version.effective_from, version.effective_to)


def _param_rows(params: Params, begin: dt.date, end: dt.date) -> Iterator[ParamRow]:
    for name, given in params.items():
        match given:
            case dict():
                pairs: list[tuple[str | None, Param]] = list(given.items())
            case list():
                pairs = [(None, value) for value in given]
            case _:
                pairs = [(None, given)]
        for key, value in pairs:
            yield name, key, str(value), None if isinstance(value, str) else Decimal(value), begin, end


class PerItem(Leaf):
    """A bonus or a deduction: the points are Σ done of the measure's items (each fact once, the largest)."""

    rule: Literal["per_item"]


class Capped(Strict):
    """Bonus or deductions, together never more than ``cap`` points."""

    cap: Points
    indicators: dict[str, PerItem] = {}


class Veto(Leaf):
    """An item of the measure caps the unit's grade at ``grade_at_most``; it never changes a number."""

    rule: Literal["veto"] = "veto"
    grade_at_most: str


class Grade(Strict):
    """A grade from ``at_least`` points on (the number included), for at most a share ``quota`` of the category."""

    title: str
    at_least: Annotated[Decimal, Field(ge=0, decimal_places=2)]
    quota: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    quota_at_least: Annotated[int, Field(ge=1)] = 1

    def places(self, ranked: int) -> int:
        """How many of a category's ranked units may have it."""
        if self.quota is None:
            return ranked
        return max(self.quota_at_least, int(self.quota * 10000) * ranked // 10000)


class Alert(Asked):
    """Something to look at beside the scores, never a point: a model of sql/alerts, and what to say of its rows.

    ``say`` and ``say_en`` are filled in with the alert's columns: {item}, {due_on}, {days}, {number}, {text}.
    ``for_unit``: it stands on the check-up sheet that the unit itself gets; others are for the bureau alone.
    """

    alert: str
    say: str
    say_en: str
    for_unit: bool = False

    @property
    def sentence(self) -> str:
        """What to say, in the language in use."""
        return self.say if language() == "zh" else self.say_en

    @model_validator(mode="after")
    def _says_what_there_is(self) -> Self:
        for name in ("say", "say_en"):
            try:
                getattr(self, name).format(**dict.fromkeys(ALERT_VALUES, ""))
            except (KeyError, IndexError, ValueError) as error:
                raise wrong("scheme_alert_say", at=(name,), allowed=listed(ALERT_VALUES)) from error
        return self


class Rounding(Strict):
    """How points are rounded, once: each leaf's (``at: leaf``, where all nodes are sums) or only the whole score."""

    digits: Annotated[int, Field(ge=0, le=6)]
    mode: Literal["half_up", "half_even", "down"] = "half_up"
    at: Literal["leaf", "total"] | None = None


class Lifecycle(Strict):
    """How many working days the results are open to view, and after that to appeal."""

    notice_days: Annotated[int, Field(ge=1, le=60)]
    appeal_days: Annotated[int, Field(ge=1, le=60)]


#: What a unit's last spot check came to, the weakest first; ``never``: it has not been inspected yet.
Quality = Literal["weak", "never", "middle", "good"]


class AtLeast(Strict):
    """From how many points of 100 on a check was good or middling; below it was weak."""

    good: Points
    middle: Points


class SpotChecks(Strict):
    """How the units of a month are drawn for spot check: the last month of each round, what a unit's last check is
    called, and how early units with that result come (2: their stratum gets places as if it had twice as many)."""

    rounds: dict[int, int]
    at_least: AtLeast
    weight: dict[Quality, Annotated[int, Field(ge=1, le=100)]]

    @model_validator(mode="after")
    def _cover_the_year(self) -> Self:
        months = list(self.rounds.values())
        if list(self.rounds) != [1, 2] or not 1 <= months[0] < months[1] == 12:
            raise wrong("scheme_rounds", at=("rounds",))
        if self.at_least.good <= self.at_least.middle:
            raise wrong("scheme_check_bounds", at=("at_least",))
        if missing := [name for name in get_args(Quality) if name not in self.weight]:
            raise wrong("yaml_missing_key", at=("weight",), key=missing[0])
        return self

    def param_rows(self) -> Iterator[ParamRow]:
        """A row for every number, as other parameters are laid out."""
        for name, numbers in self.model_dump().items():
            yield from _param_rows({name: {str(key): number for key, number in numbers.items()}}, *_ALWAYS)
