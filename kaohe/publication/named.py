"""What people name in a publication: a unit by any of its names, an indicator by its name or its title."""

import polars as pl

from kaohe.cleaning import normal_name
from kaohe.errors import KaoheError, nearest
from kaohe.publication.snapshot import Snapshot
from kaohe.words import say


def unit_named(snapshot: Snapshot, text: str) -> tuple[str, str]:
    """(unit_id, unit_name) of a unit by any of its names. Raises ``KaoheError`` with the nearest ones."""
    name = pl.select(normal_name(pl.lit(text))).item()
    found = snapshot.rows(
        "select distinct unit_id, unit_name from main.scores join main.unit_name as known using (unit_id) "
        "where known.name = ? order by all",
        [name],
    )
    if len(found) != 1:
        units = [unit for (unit,) in snapshot.rows("select unit_name from main.scores order by unit_id")]
        raise KaoheError("unit_unknown", unit=text, near=nearest(text, units))
    unit_id, unit_name = found[0]
    return unit_id, unit_name


def indicator_named(snapshot: Snapshot, text: str) -> tuple[str, str]:
    """(name, title) of a leaf of the publication's scheme by its name or its title. Raises ``KaoheError`` with the
    nearest ones."""
    leaves = snapshot.rows(
        "select indicator, title from main.scheme_indicator join main.scheme_node on node = indicator order by all"
    )
    return _one(text, leaves)


def node_named(snapshot: Snapshot, text: str) -> tuple[str, str]:
    """(name, title) of a node or leaf by its name or its title. Raises ``KaoheError`` with the nearest ones."""
    return _one(text, snapshot.rows("select node, title from main.scheme_node order by position"))


def _one(text: str, known: list[tuple[str, str]]) -> tuple[str, str]:
    found = [each for each in known if text in each]
    if not found and text.strip():  # so much of a title as no other has will do
        found = [(name, title) for name, title in known if text in title]
    if len(found) != 1:
        near = nearest(text, [name + say("in_brackets", text=title) for name, title in known])
        raise KaoheError("indicator_unknown", indicator=text, near=near)
    return found[0]
