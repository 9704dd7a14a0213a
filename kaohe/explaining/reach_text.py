"""What would have reached a grade, as sentences and as plain data."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from kaohe.explaining.called import item_called
from kaohe.explaining.reach import Item, Reach
from kaohe.words import listed, say


def plain(found: Reach) -> dict[str, Any]:
    """The answer as JSON has it; what is not known or does not belong to its outcome is left out."""
    said: dict[str, Any] = _filled(asdict(found))
    if found.line:
        said["line"]["points"] = found.line.points
    if found.outcome == "items":
        said["count"] = found.count
    return said


def _filled(given: Any) -> Any:
    match given:
        case dict():
            return {key: _filled(value) for key, value in given.items() if value is not None and value != ()}
        case list() | tuple():
            return [_filled(each) for each in given]
    return given


def sentences(found: Reach) -> list[str]:
    """The answer in words, a line each."""
    unit, grade = found.unit_name, found.grade
    match found.outcome:
        case "already":
            return [say("reach_already", unit=unit, grade=grade, now=found.grade_now, total=found.total)]
        case "no_data":
            return [say("reach_no_data", unit=unit)]
        case "pending":
            return [say("reach_pending", unit=unit, indicators=listed(found.pending))]
        case "veto":
            return [
                say(
                    "reach_veto", unit=unit, grade=grade, veto=event.title, most=event.grade_at_most, item=event.item,
                    document=event.document or "—",
                )
                for event in found.events
            ]  # fmt: skip
    said = [say("reach_now", unit=unit, total=found.total, rank=found.rank, grade=found.grade_now), *_line(found)]
    if found.outcome == "short":
        if found.missing:
            return [*said, say("reach_short", grade=grade, would_be=found.would_be, missing=found.missing)]
        return [*said, say("reach_short_tie", grade=grade, would_be=found.would_be)]
    reached = {"grade": grade, "would_be": found.would_be, "would_rank": found.would_rank}
    said.append(say("reach_items", count=found.count, **reached))
    for part in found.righted:
        said.append(say("reach_part", title=part.title, points=part.points, would_be=part.would_be))
        said += [_item(item) if part.indicator else _taken(item) for item in part.items]
    return said if found.closest else [*said, say("reach_not_closest")]


def _item(item: Item) -> str:
    return say(
        "reach_item",
        item=item_called(item.item),
        due="—" if item.due is None else _short(item.due),
        done=_short(item.done),
    )


def _taken(item: Item) -> str:
    return say("reach_deduction", title=item.title, item=item.item, done=_short(item.done))


def _line(found: Reach) -> list[str]:
    line = found.line
    if line is None:
        return []
    said = [say("reach_at_least", grade=found.grade, at_least=line.at_least)]
    among = {"category": found.category or say("whole"), "ranked": line.ranked, "places": line.places}
    if line.last is not None:
        said.append(say("reach_places", last=line.last, **among))
    elif line.places is not None:
        said.append(say("reach_places_left", **among))
    return said


def _short(number: Decimal) -> str:
    return f"{number.normalize():f}"
