"""体检单, the check-up sheet of a unit, as plain data in the words of the language in use.

The page shows it, and the PDF for the unit itself is set from it. Nothing of other units is in it but medians.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from kaohe.explaining import BONUS, DEDUCTIONS, VETOES, Explanation, Item, Part, rough_number
from kaohe.explaining.called import item_called
from kaohe.explaining.text import basis_of
from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import interval
from kaohe.publishing.prose import percent
from kaohe.scheme import Scheme
from kaohe.words import clauses, say

Plain = dict[str, Any]
_NOTHING = "—"


class CheckUps:
    """What the check-up sheets of a publication need beside the explanations, read once for all units."""

    def __init__(self, snapshot: Snapshot, scheme: Scheme, manifest: Plain) -> None:
        self.scheme = scheme
        self.medians = {
            (category, node): (points, rate)
            for category, node, points, rate in snapshot.rows("select * from main.node_median")
        }
        self.systems = dict(snapshot.rows("select number, system from main.systems order by number"))
        self.months: dict[str, dict[tuple[int, int], tuple[Decimal, Decimal]]] = {}
        for unit, system, month, due, done in snapshot.rows(
            "select unit_id, system, month, due, done from main.month_system"
        ):
            self.months.setdefault(unit, {})[system, month] = (due, done)
        self.last, self.years = _earlier(snapshot)
        if "restated_from" in manifest:  # the same scores in another state: nothing has changed
            self.last = {}
        self.alerts: dict[str, list[tuple[Any, ...]]] = {}
        for unit, *alert in snapshot.rows(
            "select unit_id, alert, level, title, sentence from main.alerts where unit_id is not null "
            "order by case level when 'urgent' then 1 when 'warning' then 2 else 3 end, due_on nulls last, title, item"
        ):
            self.alerts.setdefault(unit, []).append(tuple(alert))

    def change(self, score: Plain) -> Plain | None:
        """How far a unit has moved since the last publication: places gained and points; None where it had no rank
        then, or was of another category."""
        last = self.last.get(score["unit_id"])
        if last is None or None in (last["rank"], score["rank"]) or last["category"] != score["category"]:
            return None
        return {"places": last["rank"] - score["rank"], "points": score["total"] - last["total"]}

    def check_up(self, found: Explanation) -> Plain:
        """The check-up sheet of a unit."""
        score = found.score
        dimensions = [part for part in found.parts if part.name in self.scheme.dimensions]
        leaves = [(top, leaf) for top in dimensions for leaf in top.below() if leaf.leaf]
        lost = sorted((pair for pair in leaves if pair[1].lost), key=lambda pair: pair[1].lost, reverse=True)
        return {
            "id": score["unit_id"],
            "name": score["unit_name"],
            "category": score["category"],
            "facts": list(self._facts(found)),
            "reasons": list(found.grade_reasons),
            "dimensions": [self._dimension(part, score["category"]) for part in dimensions],
            "losses": [_part(leaf, top.title) for top, leaf in lost],
            "extras": list(_extras(found)),
            "unscored": [
                {"title": leaf.title, "status": say(f"status_{leaf.status}"), "rule": leaf.not_applicable_rule or ""}
                for _, leaf in leaves
                if leaf.status in ("not_applicable", "pending", "shown")
            ],
            "months": self._heat_map(score["unit_id"]),
            "history": self._history(found),
            "alerts": [
                {
                    "level": level,
                    "called": say(f"level_{level}"),
                    "title": title,
                    "sentence": sentence,
                    "for_unit": self.scheme.alerts[name].for_unit,
                }
                for name, level, title, sentence in self.alerts.get(score["unit_id"], [])
            ],
            "warnings": [
                {"sentence": each.sentence, "table": each.table, "places": [record.place for record in each.records]}
                for each in found.flagged
            ],
        }

    def _facts(self, found: Explanation) -> Iterator[list[str]]:
        """Heading and value of what stands at the top."""
        score = found.score
        ranked = score["rank"] is not None
        yield [say("heading_total"), f"{score['total']}" if score["status"] != "no_data" else _NOTHING]
        yield [say("heading_grade"), score["grade"] or say(f"status_{score['status']}")]
        rank = say("check_up_rank", rank=score["rank"], ranked=found.ranked) if ranked else _NOTHING
        yield [say("heading_rank"), f"{rank} {say('heading_tied')}" if score["tied"] else rank]
        if found.interval:
            yield [say("heading_rank_interval"), interval(*found.interval)]
        if (change := self.change(score)) is not None:
            yield [say("check_up_change"), f"{moved(change['places'])} · {signed(change['points'])}"]
        if score["veto"]:
            yield [say("heading_veto"), self.scheme.vetoes[score["veto"]].title]

    def _dimension(self, part: Part, category: str) -> Plain:
        points, rate = self.medians.get((category, part.name), (None, None))
        own = _rate(part.points, part.effective_weight)
        return {
            "title": part.title,
            "weight": f"{part.effective_weight}",
            "points": _NOTHING if part.points is None else f"{part.points}",
            "lost": f"{part.lost}",
            "median": _NOTHING if points is None else f"{points}",
            "rate": own,
            "rate_text": _NOTHING if own is None else percent(own),
            "median_rate": rate,
            "median_rate_text": _NOTHING if rate is None else percent(rate),
        }

    def _heat_map(self, unit: str) -> list[Plain]:
        """A row for each system that has something in some month: twelve cells, each a share in thousandths and its
        words, or nothing."""
        found = self.months.get(unit, {})
        rows = []
        for number, title in self.systems.items():
            if any((number, month) in found for month in range(1, 13)):
                cells = [_cell(found.get((number, month))) for month in range(1, 13)]
                rows.append({"title": title, "cells": cells})
        return rows

    def _history(self, found: Explanation) -> list[Plain]:
        """The years before and this one, the oldest first; nothing if there are none before."""
        before = self.years.get(found.score["unit_id"], [])
        now = {**_only(found.score, "year", "total", "rank", "grade"), "ranked": found.ranked}
        return [
            {
                "year": str(row["year"]),
                "total": f"{row['total']}",
                "points": float(row["total"]),
                "rank": _NOTHING
                if row["rank"] is None
                else say("check_up_rank", rank=row["rank"], ranked=row["ranked"]),
                "grade": row["grade"] or _NOTHING,
            }
            for row in ([*before, now] if before else [])
        ]


def moved(places: int) -> str:
    """Places gained or lost: ↑2, ↓1, or that there was no change."""
    return say("check_up_same") if places == 0 else f"{'↑' if places > 0 else '↓'}{abs(places)}"


def signed(points: Decimal) -> str:
    """Points with their sign."""
    return f"{points:+}".replace("-", "−") if points else f"{points}"


def _rate(points: Decimal | None, weight: Decimal) -> int | None:
    """The share of its weight that a part's points are, in thousandths, half up."""
    if points is None or not weight:
        return None
    return int((2000 * points + weight) // (2 * weight))


def _cell(found: tuple[Decimal, Decimal] | None) -> Plain | None:
    if found is None:
        return None
    due, done = found
    said = say("explain_due", due=rough_number(due), done=rough_number(done))
    return {"rate": int(1000 * done / due), "text": said}


def _part(part: Part, above: str) -> Plain:
    return {
        "title": part.title,
        "above": above,
        "of_weight": f"{part.points} / {part.effective_weight}",
        "right": f"−{part.lost}",
        "status": say(f"status_{part.status}") if part.status not in (None, "scored") else "",
        "basis": basis_of(part.leaf),
        "items": [_item(item) for item in sorted(part.items, key=lambda item: item.lost + item.gained, reverse=True)],
    }


def _item(item: Item) -> Plain:
    numbers = {"due": rough_number(item.due or Decimal(0)), "done": rough_number(item.done or Decimal(0))}
    return {
        "item": item_called(item.item),
        "said": say("explain_due", **numbers) if item.due is not None else "",
        "points": f"−{item.lost}" if item.lost else f"+{item.gained}" if item.gained else "",
        "records": [
            {
                "place": f"{record.table} · {record.place}",
                "cells": clauses(f"{heading} {text}" for heading, text in record.cells.items()),
            }
            for record in item.records
        ],
    }


def _extras(found: Explanation) -> Iterator[Plain]:
    """Bonus, deductions and vetoes that the unit has."""
    for part in found.parts:
        if part.name in (BONUS, DEDUCTIONS, VETOES):
            for leaf in part.parts:
                if leaf.items:
                    right = "" if part.name == VETOES else signed(leaf.points or Decimal(0))
                    yield _part(leaf, part.title) | {"of_weight": "", "right": right}


def _only(row: Plain, *names: str) -> Plain:
    return {name: row[name] for name in names}


def _earlier(snapshot: Snapshot) -> tuple[dict[str, Plain], dict[str, Sequence[Plain]]]:
    """Unit → where it stood in the last publication, and in those of earlier years."""
    last: dict[str, Plain] = {}
    years: dict[str, list[Plain]] = {}
    for row in snapshot.frame("select * from main.earlier_score order by year, unit_id").iter_rows(named=True):
        if row["is_last"]:
            last[row["unit_id"]] = row
        else:
            years.setdefault(row["unit_id"], []).append(row)
    return last, dict(years)
