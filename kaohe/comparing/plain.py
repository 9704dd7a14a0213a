"""A comparison as plain data for JSON; every number of points is text, exact to the cent."""

from dataclasses import asdict
from typing import Any

from kaohe.comparing import Comparison, Standing, UnitChange
from kaohe.comparing.sides import Side
from kaohe.comparing.steps import Amount, ItemChange, RecordChange, Step
from kaohe.scheme.diff import Difference


def plain(found: Comparison) -> dict[str, Any]:
    """The whole comparison."""
    return {
        "a": _side(found.a),
        "b": _side(found.b),
        "causes": found.causes,
        "steps": [_step(step) for step in found.steps],
        "units": [_unit(unit) for unit in found.units],
        "scheme": None if found.scheme is None else [_difference(each) for each in found.scheme],
        "scheme_problem": found.scheme_problem,
        "indicators": {leaf: [each.place for each in told] for leaf, told in found.concerned.items() if told},
        "files": [asdict(file) for file in found.files],
        "program": found.program,
    }


def _side(side: Side) -> dict[str, Any]:
    given = side.ingredients
    return {
        "name": side.label,
        "publication": side.publication.name,
        "published": side.published,
        "state": side.state,
        "year": side.year,
        "as_of": given.as_of.isoformat(),
        "scheme": {"file": given.scheme.name, "sha256": given.scheme.sha256},
        "version": side.program.version,
    }


def _text(number: Amount) -> str | None:
    return None if number is None else f"{number:f}"


def _pair(pair: tuple[Any, Any]) -> dict[str, Any]:
    return {"before": pair[0], "after": pair[1]}


def _numbers(pair: tuple[Amount, Amount]) -> dict[str, Any]:
    return _pair((_text(pair[0]), _text(pair[1])))


def _step(step: Step) -> dict[str, Any]:
    return {
        "cause": step.cause,
        "units": {
            unit: {thing: _pair(pair) for thing, pair in things.items()}
            for unit, things in sorted(step.changed.items())
        },
        "items": [_item(item) for item in step.items],
        "records": [_record(record) for record in step.records],
        "corrections": [asdict(each) for each in step.corrected],
    }


def _item(item: ItemChange) -> dict[str, Any]:
    names = ("due", "done", "lost")
    return {
        "unit_id": item.unit_id,
        "indicator": item.indicator,
        "item": item.item,
        **{name: _numbers(getattr(item, name)) for name in names},
        "records": [{"table": record.table, "key": record.key} for record in item.records],
    }


def _record(record: RecordChange) -> dict[str, Any]:
    return {
        "table": record.table,
        "title": record.title,
        "key": record.key,
        "unit_id": record.unit_id,
        "before": asdict(record.before) if record.before else None,
        "after": asdict(record.after) if record.after else None,
        "cells": [asdict(cell) for cell in record.cells],
        "set_aside": record.set_aside,
    }


def _unit(unit: UnitChange) -> dict[str, Any]:
    return {
        "unit_id": unit.unit_id,
        "unit_name": unit.unit_name,
        "category": unit.category,
        "before": _standing(unit.before),
        "after": _standing(unit.after),
        "change": _text(unit.change),
        "causes": {cause: _text(number) for cause, number in unit.causes.items()},
        "by_others": unit.by_others,
        "moves": [
            {
                "cause": move.cause,
                "rank": _pair(move.rank) if move.rank else None,
                "grade": _pair(move.grade) if move.grade else None,
                "by_others": move.by_others,
            }
            for move in unit.moves
        ],
        "dimensions": {name: _text(number) for name, number in unit.dimensions.items()},
        "indicators": [
            {
                "indicator": each.indicator,
                "title": each.title,
                "dimension": each.dimension,
                "points": _numbers((each.before, each.after)),
                "effective_weight": _numbers(each.weight),
                "status": _pair(each.status),
                "change": _text(each.change),
                "causes": {cause: _text(number) for cause, number in each.causes.items()},
            }
            for each in unit.indicators
        ],
    }


def _standing(standing: Standing | None) -> dict[str, Any] | None:
    return None if standing is None else asdict(standing) | {"total": _text(standing.total)}


def _difference(each: Difference) -> dict[str, Any]:
    return {"path": list(each.path), "before": each.before, "after": each.after}
