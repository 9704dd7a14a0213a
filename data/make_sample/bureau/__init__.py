"""The bureau as it really is, made up from a seed alone, dimension by dimension."""

from __future__ import annotations

from make_sample.bureau import decisions, foundation, integrity, org_life, registry, spot_checks, synergy, theory
from make_sample.bureau.books import Books
from make_sample.chance import SEED
from make_sample.spoil import spoil
from make_sample.truth import Truth


def build(seed: int = SEED) -> Truth:
    """The whole bureau, and the rows that are bad on purpose."""
    books = Books(seed)
    for part in (registry, theory, foundation, org_life, spot_checks, synergy, integrity, decisions):
        part.fill(books)
    spoil(books)
    return books.close()
