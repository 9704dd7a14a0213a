"""The bulletin as a document: the figures in the words of data/templates/study_bulletin.yml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from kaohe.bulletin.figures import Figures, Row
from kaohe.publishing.document import Block, Document, Heading, Paragraph, Table
from kaohe.publishing.prose import Joints, Strict, Writer, percent, tenths
from kaohe.words import language, say

#: Headings of the document's tables that are shorter than the workbook's.
_HEADINGS = {"on_last_month": "heading_on_last_month_short", "on_last_year": "heading_on_last_year_short"}


class Requirement(Strict):
    """A paragraph of the last section, and in which bulletins it stands."""

    when: Literal["always", "missing", "set_aside", "below", "repeated", "ranked", "not_ranked"]
    lead: str
    text: str


class Texts(Joints):
    """The sentences of a bulletin in one language, as data/templates/study_bulletin.yml explains them."""

    title: str
    addressee: str
    issuer: str
    date: str
    attachment: str
    one_unit: str
    named_units: str
    counted_units: str
    rated_unit: str
    in_brackets: str
    up: str
    down: str
    same: str
    nothing: str
    opening: str
    unfinished: str
    rule: str
    overall: str
    units: str
    units_missing: str
    units_set_aside: str
    whole: str
    whole_table: str
    analysis: str
    no_figures: str
    platform: str
    score: str
    met: str
    hours: str
    platform_table: str
    highest: str
    lowest: str
    more: str
    tied: str
    all_equal: str
    repeated: str
    problems: str
    no_problems: str
    lead_missing: str
    lead_set_aside: str
    lead_below: str
    missing_everywhere: str
    missing: str
    set_aside_everywhere: str
    set_aside: str
    below_rate: str
    below_met: str
    steps: str
    requirements: list[Requirement]


class Template(Strict):
    """data/templates/study_bulletin.yml: the words of the bulletin, and how many units it names at either end."""

    listed: int = Field(ge=1, le=50)
    zh: Texts
    en: Texts


class _Writer(Writer[Texts]):
    """Writes the parts of one bulletin."""

    def __init__(self, figures: Figures, template: Template, file: Path) -> None:
        super().__init__(template.zh if language() == "zh" else template.en, file)
        self.figures = figures
        self.ranked = figures.not_ranked is None

    def document(self) -> Document:
        figures, texts = self.figures, self.texts
        month = {"year": figures.year, "month": figures.month}
        as_of = figures.as_of
        date = self.fill(texts.date, year=as_of.year, month=as_of.month, day=as_of.day)
        return Document(
            title=self.fill(texts.title, **month),
            addressee=texts.addressee,
            body=(
                self._opening(month, date),
                Heading(texts.overall),
                *self._overall(),
                Heading(texts.analysis),
                *(part for platform in figures.platforms for part in self._platform(platform)),
                Heading(texts.problems),
                *self._problems(),
                Heading(texts.steps),
                *self._steps(),
            ),
            attachment=texts.attachment if self.ranked else "",
            issuer=texts.issuer,
            date=date,
            source=say("bulletin_source", publication=figures.publication, as_of=as_of),
        )

    def _opening(self, month: dict[str, int], as_of: str) -> Paragraph:
        figures, texts = self.figures, self.texts
        sentences = [self.fill(texts.opening, **month, as_of=as_of, platforms=self.list(figures.platforms))]
        if figures.unfinished:
            sentences.append(texts.unfinished)
        if rule := figures.not_ranked:
            sentences.append(self.fill(texts.rule, rule=titles(rule.rule), from_year=rule.from_year))
        return self.paragraph(sentences)

    def _overall(self) -> Iterator[Block]:
        figures, texts = self.figures, self.texts
        due = [unit for unit in figures.month_unit if unit["due"]]
        reported = sum(unit["reported"] for unit in due)
        clauses = [self.fill(texts.units, due=len(due), reported=reported)]
        for status, text in (("missing", texts.units_missing), ("set_aside", texts.units_set_aside)):
            if units := figures.lacking(status):
                names = self.fill(texts.in_brackets, names=self.list(units)) if self.ranked else ""
                clauses.append(self.fill(text, count=len(units), names=names))
        sentences = [self.clauses(clauses)]
        if whole := figures.total(None):
            sentences.append(self.fill(texts.whole, **self._numbers(whole)))
        yield self.paragraph(sentences)
        rows = [(name, figures.total(name)) for name in figures.platforms]
        yield self._table(texts.whole_table, "platform", [*rows, (say("whole"), whole)])

    def _platform(self, platform: str) -> Iterator[Block]:
        figures, texts = self.figures, self.texts
        yield Heading(platform, level=2)
        total = figures.total(platform)
        if total is None:
            yield Paragraph(texts.no_figures)
            return
        sentences = [self.fill(texts.platform, **self._numbers(total))]
        if total["score"] is not None:
            sentences.append(self.fill(texts.score, score=tenths(total["score"])))
        if total["met"] is not None:
            sentences.append(self.fill(texts.met, passed=total["passed"], met=percent(total["met"])))
        if total["hours"] is not None:
            sentences.append(self.fill(texts.hours, hours=tenths(total["hours"])))
        repeated = [row["unit_name"] for row in figures.repeated if row["platform"] == platform]
        if repeated:
            sentences.append(self.fill(texts.repeated, units=self._units(repeated)))
        yield self.paragraph(sentences)
        if self.ranked:
            yield from self._ends(platform, total)
        rows = [(category, figures.total(platform, category)) for category in figures.categories]
        caption = self.fill(texts.platform_table, platform=platform)
        yield self._table(caption, "category", [*rows, (say("whole"), total)])

    def _ends(self, platform: str, total: Row) -> Iterator[Block]:
        """Who took part most and least."""
        texts = self.texts
        units = [row for row in self.figures.unit_change if row["platform"] == platform and row["enrolled"]]
        if len(units) > 1 and len({row["exact"] for row in units}) == 1:
            yield Paragraph(self.fill(texts.all_equal, rate=percent(total["rate"])))
        for side, text in (("highest", texts.highest), ("lowest", texts.lowest)):
            rows = [row for row in self.figures.extreme if (row["platform"], row["side"]) == (platform, side)]
            if rows:
                listed = [self.fill(texts.rated_unit, unit=r["unit_name"], rate=percent(r["rate"])) for r in rows]
                left_out = self.fill(texts.more, count=rows[-1]["more"]) if rows[-1]["more"] else ""
                sentences = [self.fill(text, units=self.list(listed), more=left_out)]
                yield self.paragraph([*sentences, texts.tied] if any(row["tied"] for row in rows) else sentences)

    def _problems(self) -> Iterator[Block]:
        figures, texts = self.figures, self.texts
        found = False
        for status, lead, everywhere, here in (
            ("missing", texts.lead_missing, texts.missing_everywhere, texts.missing),
            ("set_aside", texts.lead_set_aside, texts.set_aside_everywhere, texts.set_aside),
        ):
            sentences = []
            if units := figures.lacking(status):
                sentences.append(self.fill(everywhere, units=self._units(units)))
            for platform in figures.platforms:
                if units := figures.lacking(status, platform):
                    sentences.append(self.fill(here, platform=platform, units=self._units(units)))
            if sentences:
                found = True
                yield self.paragraph(sentences, lead)
        if below := list(self._below()):
            found = True
            yield self.paragraph(below, texts.lead_below)
        if not found:
            yield Paragraph(texts.no_problems)

    def _below(self) -> Iterator[str]:
        for row in sorted(self.figures.below_target, key=lambda row: self.figures.platforms.index(row["platform"])):
            kinds = (("rate", self.texts.below_rate), ("met", self.texts.below_met))
            for kind, text in kinds:
                if count := row[f"below_{kind}"]:
                    share = percent((2000 * count + row["units"]) // (2 * row["units"]))
                    target = f"{(row[f'{kind}_target'] * 100).normalize():f}%"
                    yield self.fill(text, platform=row["platform"], count=count, target=target, share=share)

    def _steps(self) -> Iterator[Block]:
        figures = self.figures
        counts = {
            status: len({row["unit_id"] for row in figures.absent if row["status"] == status})
            for status in ("missing", "set_aside")
        }
        counts["repeated"] = len({row["unit_id"] for row in figures.repeated})
        counts["below"] = len({row["unit_id"] for row in figures.unit_change if row["below_rate"] or row["below_met"]})
        holds = counts | {"always": 1, "ranked": self.ranked, "not_ranked": not self.ranked}
        for requirement in self.texts.requirements:
            if holds[requirement.when]:
                yield self.paragraph([self.fill(requirement.text, **counts)], requirement.lead)

    def _table(self, caption: str, first: str, rows: list[tuple[str, Row | None]]) -> Table:
        names = ["units", "enrolled", "active", "rate", "on_last_month", "on_last_year"]
        names += [name for name in ("score", "met") if first == "category" and any(r and r[name] for _, r in rows)]
        return Table(
            caption=caption,
            headings=(say(f"heading_{first}"), *(say(_HEADINGS.get(name, f"heading_{name}")) for name in names)),
            rows=tuple((label, *(_shown(row, name, self.texts.nothing) for name in names)) for label, row in rows),
        )

    def _numbers(self, total: Row) -> dict[str, object]:
        numbers = {name: total[name] for name in ("units", "enrolled", "active")}
        changes = {name: self._change(total[name]) for name in ("on_last_month", "on_last_year")}
        return numbers | {"rate": _shown(total, "rate", self.texts.nothing)} | changes

    def _change(self, change: int | None) -> str:
        if change is None:
            return self.texts.nothing
        if change == 0:
            return self.texts.same
        return self.fill(self.texts.up if change > 0 else self.texts.down, points=tenths(abs(change)))

    def _units(self, names: list[str]) -> str:
        """Units by name, or only how many where nobody is to be named."""
        if not self.ranked:
            return self.fill(self.texts.counted_units, count=len(names))
        text = self.texts.one_unit if len(names) == 1 else self.texts.named_units
        return self.fill(text, names=self.list(names), count=len(names))


def document(figures: Figures, template: Template, file: Path) -> Document:
    """The bulletin as a document; ``file`` is the template's, for messages."""
    return _Writer(figures, template, file).document()


def titles(rules: str) -> str:
    """Titles of rules in the marks that titles take: 《…》《…》."""
    return "".join(f"《{name}》" for name in rules.split("、"))


def _shown(row: Row | None, name: str, nothing: str) -> str:
    """A figure as the document's tables show it."""
    value = row[name] if row else None
    if value is None:
        return nothing
    match name:
        case "rate" | "met":
            return percent(value)
        case "on_last_month" | "on_last_year":
            return ("+" if value > 0 else "-" if value < 0 else "") + tenths(abs(value))
        case "score" | "hours":
            return tenths(value)
        case _:
            return str(value)
