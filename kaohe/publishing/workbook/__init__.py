"""leadership/评分表.xlsx: overview, league tables, dimensions and scheme as live formulas, and all else published."""

from pathlib import Path
from typing import Any

from kaohe.book import Book
from kaohe.contracts import Contracts
from kaohe.publication.snapshot import Snapshot
from kaohe.publication.wording import stale_sources, state_of
from kaohe.publishing.changes import changes
from kaohe.publishing.workbook import listings
from kaohe.publishing.workbook.calculation import Calculation, write_calculation
from kaohe.publishing.workbook.cells import Sheet
from kaohe.publishing.workbook.figures import read_figures
from kaohe.publishing.workbook.league import Views, name_grades
from kaohe.publishing.workbook.listings import ALERT_BANDS, sheet_remarks
from kaohe.publishing.workbook.method import Method, write_method
from kaohe.publishing.workbook.overview import Overview
from kaohe.publishing.workbook.weights import Weights, write_weights
from kaohe.scheme import Scheme
from kaohe.words import say

__all__ = ["ALERT_BANDS", "sheet_remarks", "write_workbook"]


def write_workbook(
    snapshot: Snapshot, contracts: Contracts, scheme: Scheme, manifest: dict[str, Any], path: Path
) -> None:
    """Write the workbook of a publication to ``path``."""
    found = read_figures(snapshot, scheme)
    book = Book(path, scheme.title, found.live)
    note = say("sheet_note", state=state_of(manifest), as_of=manifest["as_of"], publication=manifest["publication"])
    if manifest["state"] == "announced":
        note += "    " + say("sheet_notice", **manifest["act"])
    first = "    ".join([*stale_sources(manifest), note, *([] if found.live else [say("sheet_values_only")])])
    overview, method_sheet = Sheet(book.claim(say("sheet_overview"))), Sheet(book.claim(say("sheet_method")))
    method, weights = Method(method_sheet, found), Weights(Sheet(book.claim(say("sheet_weights"))), found)
    calculation = Calculation(Sheet(book.claim(say("sheet_calculation"))), found, method, weights)
    name_grades(book, calculation)
    Overview(book, calculation, overview).write(first)
    views = Views(book, calculation)
    views.leagues(first)
    views.dimensions(note)
    listings.write_indicators(book, snapshot, note)
    listings.write_robustness(book, snapshot, scheme, note)
    listings.write_lost(book, snapshot, note)
    if snapshot.has("changed"):
        changed = changes(snapshot)
        title = say("sheet_changed_title", publication=manifest["compared_with"])
        book.sheet(say("sheet_changed"), title, note, changed.columns, changed.rows(), freeze_columns=3)
    listings.write_alerts(book, snapshot, note)
    listings.write_corrected(book, snapshot, contracts, note)
    listings.write_quarantine(book, snapshot, contracts, note)
    listings.write_flagged(book, snapshot, contracts, note)
    listings.write_data(book, contracts, manifest, note)
    made = say("sheet_method_note", version=manifest["code"]["version"], scheme=manifest["scheme"]["sha256"][:12])
    write_method(book, method, f"{note}    {made}", {name: calculation.of(name, "rank") for name in found.categories})
    if found.live:
        write_weights(book, weights, method, calculation.all("pattern"), note)
        write_calculation(book, calculation, note)
    book.book.close()
