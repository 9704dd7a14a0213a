"""An explanation in plain JSON types. Numbers are strings: exact decimals, as published."""

from typing import Any

from kaohe.explaining import Explanation, Item, Part, Record


def plain(found: Explanation) -> dict[str, Any]:
    """The explanation, parts within parts."""
    manifest, score = found.manifest, found.score
    unit = {name: _text(score[name]) for name in ("unit_id", "unit_name", "category", "total", "base", "bonus")}
    return {
        "publication": {name: manifest[name] for name in ("publication", "state", "year", "as_of")},
        **unit,
        **{name: _text(score[name]) for name in ("deduction", "grade", "veto", "status")},
        "rank": score["rank"],
        "ranked": found.ranked,
        "rank_interval": found.interval,
        "grade_reasons": list(found.grade_reasons),
        "parts": [_part(part) for part in found.parts],
        "flagged": [
            {"table": each.table, "sentence": each.sentence, "records": [_place(record) for record in each.records]}
            for each in found.flagged
        ],
    }


def _part(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {"node": part.name, "title": part.title}
    for name in ("weight", "effective_weight", "points", "lost"):
        said[name] = _text(getattr(part, name))
    if leaf := part.leaf:
        said |= {"status": part.status, "not_applicable_rule": part.not_applicable_rule}
        said |= {"due": _text(part.due), "done": _text(part.done), "rule": leaf.rule, "measure": leaf.measure}
        basis = leaf.basis
        said["basis"] = basis and {name: getattr(basis, name) for name in ("rule", "article", "basis_type")}
        said["items"] = [_item(item) for item in part.items]
    else:
        said["parts"] = [_part(below) for below in part.parts]
    return said


def _item(item: Item) -> dict[str, Any]:
    numbers = {name: _text(getattr(item, name)) for name in ("due", "done", "lost", "gained")}
    return {"item": item.item, **numbers, "records": [_record(record) for record in item.records]}


def _record(record: Record) -> dict[str, Any]:
    return _place(record) | {"cells": record.cells}


def _place(record: Record) -> dict[str, Any]:
    return {"table": record.table, **{name: getattr(record, name) for name in ("file", "sheet", "row", "column")}}


def _text(value: Any) -> str | None:
    return None if value is None else f"{value}"
