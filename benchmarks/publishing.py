"""How long it takes to write what leadership receives, and to open it: ``python benchmarks/publishing.py [--large]``.

Sixty units: the sample's publication, written once more, face by face. With ``--large`` also a page of 5,040 units (the
sample's, many times over), and how long Chromium takes to open each page, to find a unit in it and to show its sheet.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from kaohe.explaining import Explainer
from kaohe.project import Project
from kaohe.publication import CHECK_UP, NOTICE_DOCX, NOTICE_PDF, PAGE, UNITS, WORKBOOK
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.check_up import CheckUps
from kaohe.publishing.check_up_pdf import write_check_ups
from kaohe.publishing.document_docx import write_docx
from kaohe.publishing.document_pdf import write_pdf
from kaohe.publishing.notice import notice, notice_template
from kaohe.publishing.page import SHEETS, write_page
from kaohe.publishing.workbook import write_workbook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_COPIES, _TIMES = 84, 3


def timed(what: str, write: Callable[[], object]) -> float:
    """Print how long it took."""
    begin = time.perf_counter()
    write()
    took = time.perf_counter() - begin
    print(f"{what}: {took:.2f} s")
    return took


def faces(home: Path, out: Path) -> None:
    """Every face of a publication, written as a run writes it; the first time with what is made ready once."""
    with Explainer.in_force(home) as explainer:
        snapshot, contracts, scheme, said = (
            explainer.snapshot,
            explainer.contracts,
            explainer.scheme,
            explainer.manifest,
        )
        check_ups = CheckUps(snapshot, scheme, said)
        sheets: list[dict[str, object]] = []
        whole = timed("explanations and check-up sheets as data", lambda: sheets.extend(
            map(check_ups.check_up, explainer.explain_all())
        ))  # fmt: skip
        whole += timed(WORKBOOK, lambda: write_workbook(snapshot, contracts, scheme, said, out / WORKBOOK))
        page = (snapshot, contracts, scheme, said, check_ups, sheets, out / PAGE)
        whole += timed(PAGE, lambda: write_page(*page))
        whole += timed(f"{len(sheets)} × {CHECK_UP}", lambda: write_check_ups(sheets, said, out))
        document = notice(snapshot, scheme, said, notice_template(Project.find()))
        whole += timed(NOTICE_DOCX, lambda: write_docx(document, out / NOTICE_DOCX))
        whole += timed(NOTICE_PDF, lambda: write_pdf(document, out / NOTICE_PDF))
        print(f"all of it: {whole:.2f} s; the page has {(out / PAGE).stat().st_size / 1e6:.2f} MB")
        shutil.rmtree(out / UNITS)


def many(home: Path, publication: Path, out: Path) -> None:
    """A page of the sample's units, many times over."""
    out.mkdir()
    shutil.copyfile(publication / "snapshot.duckdb", out / "snapshot.duckdb")
    with duckdb.connect(str(out / "snapshot.duckdb")) as con:
        for table in ("scores", "node_scores", "rank_interval", "unit_name"):
            copies = (
                f"select * replace (concat(unit_id, '-', n) as unit_id) from {table}, range({_COPIES}) as copies (n)"
            )
            con.execute(f"create table many as {copies}")
            con.execute(f"drop table {table}")
            con.execute(f"alter table many rename to {table}")
    with Explainer.in_force(home) as explainer, Snapshot(out) as snapshot:
        check_ups = CheckUps(explainer.snapshot, explainer.scheme, explainer.manifest)
        sheets = [
            sheet | {"id": f"{sheet['id']}-{number}"}
            for sheet in map(check_ups.check_up, explainer.explain_all())
            for number in range(_COPIES)
        ]
        page = (snapshot, explainer.contracts, explainer.scheme, explainer.manifest, check_ups, sheets, out / PAGE)
        timed(f"{PAGE} of {len(sheets)} units", lambda: write_page(*page))
    files = len(list((out / SHEETS).iterdir()))
    print(f"it has {(out / PAGE).stat().st_size / 1e6:.2f} MB, and its sheets stand in {files} files")


def opened(path: Path, unit: str) -> None:
    """The median of a few times: until all is drawn, until a unit is found, until its sheet is there."""
    from tests.browser import Seen, chromium

    drawn, found, shown = [], [], []
    with chromium() as browser:
        for _ in range(_TIMES):
            begin = time.perf_counter()
            seen = Seen(browser, path)
            seen.page.wait_for_selector("#grades-chart svg")
            drawn.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            seen.page.fill("#search", unit.lower())
            seen.page.wait_for_function(
                "() => document.querySelectorAll('.ranking tbody tr:not([hidden])').length === 1"
            )
            found.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            seen.page.locator(f'tr[data-unit="{unit}"] a').click()
            seen.page.wait_for_selector("#sheet .chart svg")
            shown.append(time.perf_counter() - begin)
            seen.page.context.close()
    middle = [statistics.median(times) for times in (drawn, found, shown)]
    print("opened and drawn in {:.2f} s, a unit found in {:.2f} s, its sheet shown in {:.2f} s".format(*middle))


def main() -> None:
    from tests.helpers import SAMPLE, assess

    with tempfile.TemporaryDirectory(prefix="kaohe-") as name:
        folder = Path(name)
        publication = assess(SAMPLE, folder / "home").folder
        for number in range(2):
            print("\nfirst in this process" if number == 0 else "\nonce more")
            (folder / f"out{number}").mkdir()
            faces(folder / "home", folder / f"out{number}")
        if "--large" in sys.argv:
            print()
            opened(publication / PAGE, "D01")
            many(folder / "home", publication, folder / "many")
            opened(folder / "many" / PAGE, "D01-77")


if __name__ == "__main__":
    main()
