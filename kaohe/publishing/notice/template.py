"""The template of the notice (data/templates/annual_notice.yml): its sentences, and what each may be filled in with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kaohe.publishing.prose import Blanks, Joints, Strict, check, fill
from kaohe.words import language
from kaohe.yamlfile import read_yaml

When = Literal[
    "always", "announced", "pending", "unqualified", "lost", "unreported", "set_aside", "overdue", "vetoed", "deducted",
    "clean",
]  # fmt: skip
#: What a requirement may be filled in with: always, and only while the result is on public notice.
COUNTS = ("unqualified", "unreported", "set_aside", "overdue", "vetoed", "deducted", "pending")
DATES = ("notice_ends", "appeal_ends")


class Requirement(Strict):
    """A paragraph of the last section, and in which notices it stands."""

    when: When
    lead: str
    text: str


class Named(Strict):
    """Which units are called by their names."""

    excellent: bool
    unqualified: bool
    unreported: bool
    league: bool


class Texts(Joints):
    """The sentences of a notice in one language."""

    title: Annotated[str, Blanks("year")]
    addressee: str
    issuer: str
    date: Annotated[str, Blanks("year", "month", "day")]
    between_clauses: str
    in_brackets: Annotated[str, Blanks("text")]
    category_units: Annotated[str, Blanks("category", "units")]
    nothing: str
    opening: Annotated[str, Blanks("scheme", "units", "year", "state", "as_of")]
    provisional: str
    announced: str
    reviewed: str
    final: str
    overall: str
    lead_scope: str
    assessed: Annotated[str, Blanks("units", "categories")]
    assessed_alike: Annotated[str, Blanks("units", "category")]
    all_graded: str
    graded: Annotated[str, Blanks("graded")]
    nobody_graded: str
    pending: Annotated[str, Blanks("count", "names")]
    no_data: Annotated[str, Blanks("count", "names")]
    lead_grades: str
    grades: Annotated[str, Blanks("graded", "grades")]
    grade: Annotated[str, Blanks("grade", "units", "share")]
    grades_alike: Annotated[str, Blanks("graded", "grade")]
    grade_single: Annotated[str, Blanks("grade")]
    quota_ties: Annotated[str, Blanks("category", "names", "grade")]
    lead_totals: str
    totals: Annotated[str, Blanks("category", "mean", "highest", "best", "lowest", "gap")]
    totals_alike: Annotated[str, Blanks("category", "mean")]
    totals_single: Annotated[str, Blanks("category", "mean")]
    best_counted: Annotated[str, Blanks("count")]
    lead_change: str
    changed: Annotated[str, Blanks("publication", "count")]
    unchanged: Annotated[str, Blanks("publication")]
    summary_table: str
    effects: str
    lead_excellent: Annotated[str, Blanks("grade")]
    excellent: Annotated[str, Blanks("categories")]
    excellent_counted: Annotated[str, Blanks("categories")]
    category_named: Annotated[str, Blanks("category", "units", "names")]
    lead_dimensions: str
    dimensions: Annotated[str, Blanks("dimensions")]
    rated: Annotated[str, Blanks("title", "rate")]
    dimensions_alike: Annotated[str, Blanks("rate")]
    lead_best: str
    best: Annotated[str, Blanks("indicators")]
    best_indicator: Annotated[str, Blanks("title", "rate", "full")]
    best_without_full: Annotated[str, Blanks("title", "rate")]
    all_full: str
    all_full_so_far: str
    full_units: Annotated[str, Blanks("count")]
    lead_bonus: str
    bonus: Annotated[str, Blanks("units", "points", "indicators")]
    bonus_indicator: Annotated[str, Blanks("title", "facts", "points", "levels")]
    level: Annotated[str, Blanks("level", "facts")]
    no_effects: str
    no_effects_yet: str
    no_effects_so_far: str
    problems: str
    no_problems: str
    no_problems_yet: str
    no_problems_so_far: str
    lead_worst: str
    worst: Annotated[str, Blanks("indicators")]
    worst_indicator: Annotated[str, Blanks("title", "lost", "units", "categories")]
    worst_category: Annotated[str, Blanks("category", "units", "per_unit")]
    lead_unqualified: Annotated[str, Blanks("grade")]
    unqualified_named: Annotated[str, Blanks("grade", "count", "names")]
    unqualified_counted: Annotated[str, Blanks("grade", "count")]
    lead_unreported: str
    unreported_units: Annotated[str, Blanks("count", "names")]
    unreported_indicators: Annotated[str, Blanks("units", "indicators")]
    unreported_indicators_only: Annotated[str, Blanks("units", "indicators")]
    lead_set_aside: str
    set_aside: Annotated[str, Blanks("records", "reasons")]
    set_aside_alike: Annotated[str, Blanks("records", "reason")]
    reason: Annotated[str, Blanks("reason", "records")]
    unreadable: Annotated[str, Blanks("files")]
    lead_overdue: str
    overdue: Annotated[str, Blanks("kinds")]
    rectifications_overdue: Annotated[str, Blanks("items", "units")]
    findings_overdue: Annotated[str, Blanks("items", "units")]
    elections_overdue: Annotated[str, Blanks("items", "units")]
    lead_vetoes: str
    vetoes: Annotated[str, Blanks("count", "vetoes")]
    vetoes_alike: Annotated[str, Blanks("count", "title")]
    veto: Annotated[str, Blanks("title", "units")]
    lead_deductions: str
    deductions: Annotated[str, Blanks("units", "points", "indicators")]
    deduction_indicator: Annotated[str, Blanks("title", "facts", "points")]
    steps: str
    requirements: list[Requirement]
    league_title: Annotated[str, Blanks("year")]
    league_caption: Annotated[str, Blanks("category", "units")]
    league_note: str
    losses_title: Annotated[str, Blanks("year")]
    losses_caption: str
    losses_note: str
    heading_units: str
    heading_mean: str
    heading_highest: str
    heading_lowest: str
    heading_number: str
    heading_rate: str
    heading_losing: str
    heading_mean_lost: str
    heading_lost_all: str
    heading_full_points: str
    heading_of_category: Annotated[str, Blanks("category", "heading")]


class _File(Strict):
    """The file: what is named and how many, and the sentences of both languages."""

    named: Named
    short_names: bool
    best: int = Field(ge=0, le=50)
    best_from: int = Field(ge=0, le=100)
    best_of: int = Field(ge=0, le=100)
    worst: int = Field(ge=0, le=50)
    listed: int = Field(ge=0, le=200)
    zh: Texts
    en: Texts


@dataclass(frozen=True)
class Template:
    """What the file says, and where it is, for messages."""

    path: Path
    said: _File

    @property
    def texts(self) -> Texts:
        """The sentences of the language in use."""
        return self.said.zh if language() == "zh" else self.said.en


def read_template(path: Path) -> Template:
    """The template in ``path``. Raises ``KaoheError`` with the file for whatever is wrong with it, needed or not."""
    said = read_yaml(path, _File)
    for texts in (said.zh, said.en):
        check(path, texts)
        for requirement in texts.requirements:
            known = (*COUNTS, *(["worst"] if requirement.when == "lost" else []))
            known += DATES if requirement.when == "announced" else ()
            fill(path, requirement.text, **dict.fromkeys(known, 1))
    return Template(path, said)
