"""The notice as a document: the figures in the words of its template."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from kaohe.publication.wording import stale_sources, state_of
from kaohe.publishing.document import Annex, Block, Document, Heading, Paragraph, Table
from kaohe.publishing.notice.figures import Figures, Row
from kaohe.publishing.notice.template import Template, Texts
from kaohe.publishing.prose import Writer, percent
from kaohe.scheme import Scheme
from kaohe.words import say

#: The kinds of what is overdue: models of sql/alerts, and sentences of the template.
_OVERDUE = ("rectifications_overdue", "findings_overdue", "elections_overdue")
#: As many units may share the best total and still be named there.
_FEW = 3


class NoticeWriter(Writer[Texts]):
    """Writes the parts of one notice."""

    def __init__(self, figures: Figures, scheme: Scheme, manifest: dict[str, Any], template: Template) -> None:
        super().__init__(template.texts, template.path)
        self.figures, self.scheme, self.manifest, self.template = figures, scheme, manifest, template.said
        self.grades = [grade.title for grade in scheme.grades.values()]
        self.counts = {
            "unqualified": len(figures.units(grade=self.grades[-1])) if len(self.grades) > 1 else 0,
            "unreported": figures.unreported_units,
            "set_aside": sum(row["records"] for row in figures.set_aside),
            "overdue": sum(row["items"] for row in figures.overdue),
            "vetoed": len(self._vetoed),
            "deducted": figures.whole["units_with_deduction"],
            "pending": figures.whole["pending"],
        }

    def document(self) -> Document:
        texts, manifest = self.texts, self.manifest
        act = manifest.get("act", {})
        return Document(
            title=self.fill(texts.title, year=manifest["year"]),
            addressee=texts.addressee,
            body=(
                self._opening(),
                Heading(texts.overall),
                *self._overall(),
                Heading(texts.effects),
                *(list(self._effects()) or [self._none("effects")]),
                Heading(texts.problems),
                *(list(self._problems()) or [self._none("problems")]),
                Heading(texts.steps),
                *self._steps(),
            ),
            attachment="",
            issuer=texts.issuer,
            date=self._date(act.get("on", manifest["as_of"])),
            source=say(
                "sheet_note", state=state_of(manifest), as_of=manifest["as_of"], publication=manifest["publication"]
            ),
            annexes=tuple(self._annexes()),
        )

    def _opening(self) -> Paragraph:
        texts, manifest = self.texts, self.manifest
        opening = self.fill(
            texts.opening,
            scheme=self.scheme.title,
            units=self.figures.whole["units"],
            year=manifest["year"],
            state=state_of(manifest),
            as_of=self._date(manifest["as_of"]),
        )
        return self._said([opening, getattr(texts, manifest["state"]), *stale_sources(manifest)])

    # --- 总体情况 ---------------------------------------------------------------------------------------------------

    def _overall(self) -> Iterator[Block]:
        texts, figures = self.texts, self.figures
        yield self._said(self._scope(), texts.lead_scope)
        if figures.whole["graded"]:
            yield self._said(self._grades(), texts.lead_grades)
            totals = [self._totals(row) for row in figures.category[:-1] if row["graded"]]
            yield self._said([texts.between_clauses.join(totals) + texts.stop], texts.lead_totals)
        if "compared_with" in self.manifest:
            count = self.manifest["changed_units"]
            text = texts.changed if count else texts.unchanged
            reissued = self.manifest.get("act", {}).get("act") == "reissue"
            earlier = say("state_final" if reissued else "state_announced")
            values = {"publication": earlier} | ({"count": count} if count else {})
            yield self._said([self.fill(text, **values)], texts.lead_change)
        if figures.whole["graded"] > 1:
            yield self._summary()

    def _scope(self) -> Iterator[str]:
        texts, whole = self.texts, self.figures.whole
        if len(self.figures.categories) == 1:
            yield self.fill(texts.assessed_alike, units=whole["units"], category=self.figures.categories[0])
        else:
            yield self.fill(texts.assessed, units=whole["units"], categories=self.list(self._by_category("units")))
        if whole["graded"] == whole["units"]:
            yield texts.all_graded
        elif whole["graded"]:
            yield self.fill(texts.graded, graded=whole["graded"])
        else:
            yield texts.nobody_graded
        for status in ("pending", "no_data"):
            if units := self.figures.units(status=status):
                names = self._names_in_brackets(units)
                yield self.fill(getattr(texts, status), count=len(units), names=names)

    def _grades(self) -> Iterator[str]:
        texts = self.texts
        rows = [row for row in self.figures.grade if row["category"] is None]
        graded = self.figures.whole["graded"]
        if graded == 1:
            yield self.fill(texts.grade_single, grade=rows[0]["grade"])
        elif len(rows) == 1:
            yield self.fill(texts.grades_alike, graded=graded, grade=rows[0]["grade"])
        else:
            shares = [
                self.fill(texts.grade, grade=row["grade"], units=row["units"], share=percent(row["share"]))
                for row in rows
            ]
            yield self.fill(texts.grades, graded=graded, grades=texts.between_clauses.join(shares))
        if self.template.named.excellent and self.manifest["state"] in ("provisional", "reviewed"):
            for category, grade in product(self.figures.categories, self.grades):
                if tied := self.figures.units(quota_tie=True, category=category, grade=grade):
                    yield self.fill(texts.quota_ties, category=category, names=self._names(tied), grade=grade)

    def _totals(self, row: Row) -> str:
        texts = self.texts
        if row["graded"] == 1 or not row["gap"]:
            text = texts.totals_single if row["graded"] == 1 else texts.totals_alike
            return self.fill(text, category=row["category"], mean=row["mean"])
        best = ""
        if self.template.named.excellent:
            units = [
                unit for unit in self.figures.units(category=row["category"], total=row["highest"]) if unit["grade"]
            ]
            names = self._names(units) if len(units) <= _FEW else self.fill(texts.best_counted, count=len(units))
            best = self.fill(texts.in_brackets, text=names)
        numbers = {name: row[name] for name in ("category", "mean", "highest", "lowest", "gap")}
        return self.fill(texts.totals, **numbers, best=best)

    def _summary(self) -> Table:
        """A row per category, and one for all."""
        figures, names = self.figures, ("mean", "highest", "lowest")
        counts = {(row["category"], row["grade"]): row["units"] for row in figures.grade}
        rows = [
            (
                row["category"] or say("whole"),
                str(row["units"]),
                *(str(counts.get((row["category"], grade), 0)) for grade in self.grades),
                *(self.texts.nothing if row[name] is None else str(row[name]) for name in names),
            )
            for row in (figures.category if len(figures.categories) > 1 else figures.category[:1])
        ]
        numbers = [getattr(self.texts, f"heading_{name}") for name in names]
        headings = (say("heading_category"), self.texts.heading_units, *self.grades, *numbers)
        return Table(self.texts.summary_table, headings, tuple(rows))

    # --- 主要成效 ---------------------------------------------------------------------------------------------------

    def _effects(self) -> Iterator[Block]:
        texts, figures = self.texts, self.figures
        if units := figures.units(grade=self.grades[0]):
            yield self._said([self._excellent(units)], self.fill(texts.lead_excellent, grade=self.grades[0]))
        dimensions = figures.dimensions
        if dimensions and dimensions[0]["rate"]:
            rates = [percent(row["rate"]) for row in dimensions]
            rated = [self.fill(texts.rated, title=row["title"], rate=percent(row["rate"])) for row in dimensions]
            alike = len(set(rates)) == 1
            said = self.fill(texts.dimensions_alike, rate=rates[0]) if alike else ""
            yield self._said([said or self.fill(texts.dimensions, dimensions=self.list(rated))], texts.lead_dimensions)
        if best := list(self._best()):
            yield self._said(best, texts.lead_best)
        if facts := figures.facts("bonus"):
            indicators = [
                self.fill(
                    texts.bonus_indicator,
                    **{name: row[name] for name in ("title", "facts", "points")},
                    levels=self._levels(row["indicator"]),
                )
                for row in facts
            ]
            whole = {"units": figures.whole["units_with_bonus"], "points": figures.whole["bonus"]}
            said = self.fill(texts.bonus, **whole, indicators=texts.between_clauses.join(indicators))
            yield self._said([said], texts.lead_bonus)

    def _excellent(self, units: list[Row]) -> str:
        texts = self.texts
        if not self.template.named.excellent:
            counts = Counter(unit["category"] for unit in units)
            rows = [
                self.fill(texts.category_units, category=category, units=counts[category])
                for category in self.figures.categories
                if counts[category]
            ]
            return self.fill(texts.excellent_counted, categories=self.list(rows))
        named = []
        for category in self.figures.categories:
            if of_it := [unit for unit in units if unit["category"] == category]:
                values = {"category": category, "units": len(of_it), "names": self._names(of_it)}
                named.append(self.fill(texts.category_named, **values))
        return self.fill(texts.excellent, categories=texts.between_clauses.join(named))

    def _best(self) -> Iterator[str]:
        texts, said, figures = self.texts, self.template, self.figures
        if not figures.indicators:
            return
        if not figures.losses:
            yield texts.all_full if figures.whole["graded"] == figures.whole["units"] else texts.all_full_so_far
            return
        if best := figures.best(said.best_from, said.best_of)[: said.best]:
            rated = [
                self.fill(texts.best_indicator, title=row["title"], rate=percent(row["rate"]), full=row["unreduced"])
                if row["unreduced"]
                else self.fill(texts.best_without_full, title=row["title"], rate=percent(row["rate"]))
                for row in best
            ]
            yield self.fill(texts.best, indicators=texts.between_clauses.join(rated))
        full = [unit for unit in figures.units(base=self.scheme.total) if unit["grade"]]
        if full:
            yield self.fill(texts.full_units, count=len(full))

    def _levels(self, indicator: str) -> str:
        rows = [row for row in self.figures.case if row["indicator"] == indicator]
        levels = [self.fill(self.texts.level, level=row["level"], facts=row["facts"]) for row in rows]
        return self.fill(self.texts.in_brackets, text=self.list(levels)) if levels else ""

    # --- 存在问题 ---------------------------------------------------------------------------------------------------

    def _problems(self) -> Iterator[Block]:
        texts, figures, counts = self.texts, self.figures, self.counts
        if counts["unqualified"]:
            grade = self.grades[-1]
            named, units = self.template.named.unqualified, figures.units(grade=grade)
            text = texts.unqualified_named if named else texts.unqualified_counted
            names = {"names": self._names(units)} if named else {}
            lead = self.fill(texts.lead_unqualified, grade=grade)
            yield self._said([self.fill(text, grade=grade, count=len(units), **names)], lead)
        if worst := figures.losses[: self.template.worst]:
            said = self.fill(texts.worst, indicators=texts.between_clauses.join(map(self._worst, worst)))
            yield self._said([said], texts.lead_worst)
        for lead, sentences in (
            (texts.lead_unreported, self._unreported()),
            (texts.lead_set_aside, self._set_aside()),
            (texts.lead_overdue, self._overdue()),
            (texts.lead_vetoes, self._vetoes()),
            (texts.lead_deductions, self._deductions()),
        ):
            if found := list(sentences):
                yield self._said(found, lead)

    def _worst(self, row: Row) -> str:
        texts = self.texts
        categories = [
            self.fill(texts.worst_category, category=category, units=of["losing"], per_unit=of["lost_per_unit"])
            for category, of in self.figures.by_category(row)
            if of and of["losing"]
        ]
        several = len(self.figures.categories) > 1
        said = self.fill(texts.in_brackets, text=texts.comma.join(categories)) if several else ""
        numbers = {"title": row["title"], "lost": row["lost"], "units": row["losing"]}
        return self.fill(texts.worst_indicator, **numbers, categories=said)

    def _unreported(self) -> Iterator[str]:
        texts, (left_out,) = self.texts, self.figures.unreported
        if units := self.figures.units(status="no_data"):
            yield self.fill(texts.unreported_units, count=len(units), names=self._names_in_brackets(units))
        if left_out["units"]:
            text = texts.unreported_indicators if units else texts.unreported_indicators_only
            yield self.fill(text, units=left_out["units"], indicators=left_out["indicators"])

    def _set_aside(self) -> Iterator[str]:
        texts, rows = self.texts, self.figures.set_aside
        reasons = [say(f"reason_{row['reason']}") for row in rows]
        if len(rows) == 1:
            yield self.fill(texts.set_aside_alike, records=rows[0]["records"], reason=reasons[0])
        elif rows:
            counted = [
                self.fill(texts.reason, reason=reason, records=row["records"])
                for reason, row in zip(reasons, rows, strict=True)
            ]
            yield self.fill(texts.set_aside, records=self.counts["set_aside"], reasons=self.list(counted))
        if files := self.manifest["unreadable"]:
            yield self.fill(texts.unreadable, files=len(files))

    def _overdue(self) -> Iterator[str]:
        texts = self.texts
        rows = {row["model"]: row for row in self.figures.overdue}
        kinds = [
            self.fill(getattr(texts, kind), items=rows[kind]["items"], units=rows[kind]["units"])
            for kind in _OVERDUE
            if kind in rows
        ]
        if kinds:
            yield self.fill(texts.overdue, kinds=texts.between_clauses.join(kinds))

    @property
    def _vetoed(self) -> list[Row]:
        return [unit for unit in self.figures.unit if unit["veto"]]

    def _vetoes(self) -> Iterator[str]:
        texts, units = self.texts, Counter(unit["veto"] for unit in self._vetoed)
        rows = [(veto.title, units[name]) for name, veto in self.scheme.vetoes.items() if units[name]]
        if len(rows) == 1:
            yield self.fill(texts.vetoes_alike, count=rows[0][1], title=rows[0][0])
        elif rows:
            each = [self.fill(texts.veto, title=title, units=count) for title, count in rows]
            yield self.fill(texts.vetoes, count=units.total(), vetoes=self.list(each))

    def _deductions(self) -> Iterator[str]:
        texts, whole = self.texts, self.figures.whole
        if facts := self.figures.facts("deduction"):
            indicators = [
                self.fill(texts.deduction_indicator, **{name: row[name] for name in ("title", "facts", "points")})
                for row in facts
            ]
            numbers = {"units": whole["units_with_deduction"], "points": whole["deduction"]}
            yield self.fill(texts.deductions, **numbers, indicators=texts.between_clauses.join(indicators))

    # --- 整改要求 ---------------------------------------------------------------------------------------------------

    def _steps(self) -> Iterator[Block]:
        losses = self.figures.losses
        announced = self.manifest["state"] == "announced"
        clean = not any((*self.counts.values(), losses, self.manifest["unreadable"]))
        holds = self.counts | {"always": True, "announced": announced, "lost": bool(losses), "clean": clean}
        values: dict[str, object] = dict(self.counts)
        if announced:
            act = self.manifest["act"]
            values |= {name: self._date(act[name]) for name in ("notice_ends", "appeal_ends")}
        if losses:
            values["worst"] = losses[0]["title"]
        for requirement in self.texts.requirements:
            if holds[requirement.when]:
                yield self._said([self.fill(requirement.text, **values)], requirement.lead)

    # --- 附件 -------------------------------------------------------------------------------------------------------

    def _annexes(self) -> Iterator[Annex]:
        texts, year = self.texts, self.manifest["year"]
        if self.template.named.league:
            leagues = [self._league(row) for row in self.figures.category[:-1]]
            leagues[-1] = replace(leagues[-1], note=texts.league_note)
            yield Annex(self.fill(texts.league_title, year=year), tuple(leagues))
        if losses := self.figures.losses[: self.template.listed]:
            yield Annex(self.fill(texts.losses_title, year=year), (self._losses(losses),))

    def _league(self, row: Row) -> Table:
        caption = self.fill(self.texts.league_caption, category=row["category"], units=row["units"])
        dimensions = [node.title for node in self.scheme.dimensions.values()]
        headings = (
            *(say(f"heading_{name}") for name in ("rank", "unit_name", "total", "grade")),
            *dimensions,
            *(say(f"heading_{name}") for name in ("bonus", "deduction", "remark")),
        )
        units = self.figures.units(category=row["category"])
        return Table(caption, headings, tuple(map(self._line, units)), compact=True)

    def _line(self, unit: Row) -> tuple[str, ...]:
        """A unit in the league table; no number stands for one without data."""
        numbers = [unit["rank"], unit["unit_name"], unit["total"], unit["grade"], *unit["dimensions"]]
        numbers += [unit["bonus"], unit["deduction"]]
        if unit["status"] == "no_data":
            numbers = [None, unit["unit_name"], *[None] * (len(numbers) - 2)]
        marks = [
            say(f"status_{unit['status']}") if unit["status"] != "scored" else "",
            f"{say('heading_veto')} {unit['veto']}" if unit["veto"] else "",
            say("heading_quota_tie") if unit["quota_tie"] else say("heading_tied") if unit["tied"] else "",
        ]
        remark = self.list(mark for mark in marks if mark)
        return (*(self.texts.nothing if cell is None else str(cell) for cell in numbers), remark)

    def _losses(self, losses: list[Row]) -> Table:
        texts, categories = self.texts, self.figures.categories if len(self.figures.categories) > 1 else []
        columns = [
            self.fill(texts.heading_of_category, category=category, heading=heading)
            for category in categories
            for heading in (texts.heading_losing, texts.heading_mean_lost)
        ]
        headings = (
            texts.heading_number,
            say("heading_indicator"),
            texts.heading_full_points,
            texts.heading_rate,
            texts.heading_lost_all,
            texts.heading_losing,
            texts.heading_mean_lost,
            *columns,
        )
        rows = []
        for number, row in enumerate(losses, 1):
            cells = [str(number), row["title"], f"{row['weight']:.2f}", percent(row["rate"]), str(row["lost"])]
            cells += [str(row["losing"]), str(row["lost_per_unit"])]
            for _, of in self.figures.by_category(row) if categories else ():
                cells += [str(of["losing"]), str(of["lost_per_unit"])] if of else [texts.nothing] * 2
            rows.append(tuple(cells))
        return Table(texts.losses_caption, headings, tuple(rows), note=texts.losses_note, compact=True)

    def _none(self, section: str) -> Paragraph:
        """There is nothing to say in a section, or not yet."""
        whole = self.figures.whole
        extent = "" if whole["graded"] == whole["units"] else "_so_far" if whole["graded"] else "_yet"
        return Paragraph(getattr(self.texts, f"no_{section}{extent}"))

    # --- Words ------------------------------------------------------------------------------------------------------

    def _said(self, sentences: Iterable[str], lead: str = "") -> Paragraph:
        """A paragraph of the sentences that say anything."""
        return self.paragraph([sentence for sentence in sentences if sentence], lead)

    def _by_category(self, name: str) -> list[str]:
        rows = self.figures.category[:-1]
        return [self.fill(self.texts.category_units, category=row["category"], units=row[name]) for row in rows]

    def _names(self, units: list[Row]) -> str:
        return self.list(unit["short_name" if self.template.short_names else "unit_name"] for unit in units)

    def _names_in_brackets(self, units: list[Row]) -> str:
        if not self.template.named.unreported:
            return ""
        return self.fill(self.texts.in_brackets, text=self._names(units))

    def _date(self, day: str | dt.date) -> str:
        on = dt.date.fromisoformat(str(day))
        return self.fill(self.texts.date, year=on.year, month=on.month, day=on.day)
