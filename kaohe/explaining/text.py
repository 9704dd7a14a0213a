"""An explanation to read on a screen: from the total down, each level further in."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from rich.console import Console, RenderableType
from rich.text import Text

from kaohe.explaining import VETOES, Explanation, Item, Part, rough_number
from kaohe.explaining.called import item_called
from kaohe.people import MASK
from kaohe.publication.wording import interval, state_of
from kaohe.scheme.parts import Leaf
from kaohe.words import clauses, listed, say

_STEP = 2
#: However deep it stands, text has so much room.
_NARROW = 20
#: So many items of an indicator, and records of an item, are shown, unless the indicator is asked for by name.
_ITEMS, _RECORDS = 5, 3
#: So many indicators are named at the top: those that lost most.
_MOST = 5


def print_explanation(console: Console, found: Explanation) -> None:
    """Print it all."""
    for line in _head(found):
        console.print(line, soft_wrap=True)
    masked = False
    lines = (line for part in found.parts for line in _part(part, 0, found))
    for indent, line in chain(lines, _flagged(found)):
        masked |= MASK in line.plain
        for each in line.wrap(console, max(console.width - indent, _NARROW), overflow="fold"):
            each.rstrip()
            console.print(Text(" " * indent) + each, soft_wrap=True)
    if masked:
        console.print(Text(say("explain_mask", mask=MASK), style="dim"), soft_wrap=True)


def headline(found: Explanation) -> list[str]:
    """What the unit got, and of which publication: a line each."""
    score, manifest = found.score, found.manifest
    total = say("explain_total", **{name: score[name] for name in ("total", "base", "bonus", "deduction")})
    said = [say("explain_unit", name=score["unit_name"], unit=score["unit_id"], category=score["category"])]
    said.append(total + (f"    {say('heading_grade')} {score['grade']}" if score["grade"] else ""))
    if score["rank"] is not None:
        ranked = say("explain_rank", rank=score["rank"], ranked=found.ranked)
        between = found.interval and say("explain_interval", interval=interval(*found.interval))
        said.append("    ".join(filter(None, [ranked, say("heading_tied") if score["tied"] else "", between])))
    publication = {"year": manifest["year"], "as_of": manifest["as_of"], "publication": manifest["publication"]}
    said.append(say("explain_publication", state=state_of(manifest), **publication))
    return said


def basis_of(leaf: Leaf | None) -> str:
    """The rule behind an indicator, its article, and of which kind it is."""
    basis = leaf and leaf.basis
    if not basis:
        return ""
    return f"{basis.rule} {basis.article}" + say("in_brackets", text=say(f"basis_{basis.basis_type}"))


def _head(found: Explanation) -> Iterator[RenderableType]:
    name, *rest = headline(found)
    yield Text(name, style="bold")
    for line in rest:
        yield Text(line)
    for reason in found.grade_reasons:
        yield Text(reason, style="dim")
    leaves = [each for part in found.parts for each in part.below() if each.leaf and each.lost]
    if not found.asked and leaves:
        most = sorted(leaves, key=lambda leaf: leaf.lost, reverse=True)[:_MOST]
        yield Text(say("explain_most", most=listed(f"{leaf.title} {leaf.lost}" for leaf in most)), style="bold")
    yield Text()


def _flagged(found: Explanation) -> Iterator[tuple[int, Text]]:
    """What rules warn of, each with its first places, or with all if the indicator was asked for by name."""
    if not found.flagged:
        return
    yield 0, Text()
    yield 0, Text(say("explain_flagged", count=sum(len(each.records) for each in found.flagged)), style="bold")
    for each in found.flagged:
        yield 0, Text(f"· {each.sentence}")
        shown = each.records if found.asked else each.records[:_RECORDS]
        for record in shown:
            yield _STEP, Text(f"{each.table}  {record.place}", style="cyan")
        if len(shown) < len(each.records):
            more = say("explain_more_records", count=len(each.records) - len(shown))
            yield _STEP, Text(more, style="dim")


def _part(part: Part, indent: int, found: Explanation) -> Iterator[tuple[int, Text]]:
    """(indent, line): the part, its basis if it lost, gained or was asked for, and what is below."""
    line = Text(part.title, style="" if part.leaf else "bold")
    line.append(f"  {_points(part)}", style="red" if part.lost else "green" if part.points else "dim")
    if part.status and part.status != "scored":
        line.append(f"  {say(f'status_{part.status}')}", style="yellow")
    if part.not_applicable_rule:
        line.append(say("with_colon", before="", after=part.not_applicable_rule), style="dim")
    yield indent, line
    deeper = indent + _STEP
    if part.leaf and (part.items or part.lost or part.name == found.asked):
        if part.due is not None:
            numbers = {"due": rough_number(part.due), "done": rough_number(part.done or Decimal(0))}
            yield deeper, Text(say("explain_due", **numbers), style="dim")
        if basis := basis_of(part.leaf):
            yield deeper, Text(say("explain_basis", basis=basis), style="dim")
    items = sorted(part.items, key=lambda item: item.lost + item.gained, reverse=True)
    whole = part.name == found.asked
    for item in items if whole else items[:_ITEMS]:
        yield from _item(item, deeper, None if whole else _RECORDS)
    if not whole and len(items) > _ITEMS:
        ask = {"unit": _word(found.score["unit_name"]), "indicator": _word(part.title)}
        yield deeper, Text(say("explain_more_items", count=len(items) - _ITEMS, **ask), style="dim")
    for below in part.parts:
        yield from _part(below, deeper, found)


def _word(name: str) -> str:
    """A name as it can be typed in a shell."""
    return f'"{name}"' if re.search(r"[\s()&|;<>*?$#!'`]", name) else name


def _points(part: Part) -> str:
    if part.name == VETOES or (part.leaf and part.status is None):
        return "" if any(each.items for each in part.below()) else say("explain_none")
    if part.points is None:
        return "—"
    if not part.effective_weight:
        return f"{part.points:+.2f}".replace("-", "−") if part.points else "0.00"
    lost = say("explain_lost", lost=part.lost) if part.lost else ""
    return f"{part.points} / {part.effective_weight}{lost}"


def _item(item: Item, indent: int, most: int | None) -> Iterator[tuple[int, Text]]:
    said = [item_called(item.item)]
    if item.due is not None:
        numbers = {"due": rough_number(item.due), "done": rough_number(item.done or Decimal(0))}
        said.append(say("explain_due", **numbers))
    line = Text("· " + "  ".join(said))
    if item.lost:
        line.append(f"  −{item.lost}", style="red")
    if item.gained:
        line.append(f"  +{item.gained}", style="green")
    if not item.records:
        line.append(f"  {say('explain_no_record')}", style="dim")
    yield indent, line
    for record in item.records[:most]:
        yield indent + _STEP, Text(f"{record.table}  {record.place}", style="cyan")
        cells = clauses(f"{heading} {text}" for heading, text in record.cells.items())
        yield indent + 2 * _STEP, Text(cells, style="dim")
    if most and len(item.records) > most:
        yield indent + _STEP, Text(say("explain_more_records", count=len(item.records) - most), style="dim")
