"""Bad on purpose: every kind of bad row, in place of good records or beside them."""

from __future__ import annotations

from make_sample.bureau.books import Books
from make_sample.spoil.checks import spoil_findings, spoil_inspections
from make_sample.spoil.ledgers import spoil_ledgers
from make_sample.spoil.pairing import spoil_activities, spoil_agreements, spoil_items
from make_sample.spoil.study import spoil_aliases, spoil_study_stats


def spoil(books: Books) -> None:
    """Put every kind of bad row into the books."""
    spoil_aliases(books)
    spoil_study_stats(books)
    spoil_inspections(books)
    spoil_findings(books)
    spoil_agreements(books)
    spoil_activities(books)
    spoil_items(books)
    spoil_ledgers(books)
