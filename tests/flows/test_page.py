"""The page, opened in a real Chromium as a leader opens it: from a folder, with no network."""

import datetime as dt
import hashlib
import json
import math
import re
import shutil
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from kaohe.explaining import Explainer
from kaohe.publication import PAGE
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.check_up import CheckUps
from kaohe.publishing.page import write_page
from kaohe.words import speaking
from tests.browser import Seen, chromium
from tests.helpers import CHECK, FINDING, STUDY, Result, assess, check, registry, write_csv
from tests.published import check_up, page_data

#: Names that would do harm if anything took them for more than text.
HOSTILE = (
    "<script>window.harmed=1</script>",
    "</script><img src=x onerror=window.harmed=1>",
    "'\"onmouseover=window.harmed=1 x=\"",
    "=HYPERLINK(\"http://x\")",
    "{{7*7}}",
    "../../etc",
    "#let x = 1; $a$ @b",
)  # fmt: skip

IDS = ("J01", "</script><script>window.harmed=1</script>", '"><b>', "J04", "J05", "J06", "%00&#38;", "J08")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """A bureau of odd names in its second year, published twice: something has changed since the last time."""
    folder = tmp_path_factory.mktemp("odd")
    inbox, home = folder / "inbox", folder / "home"
    names = [*HOSTILE, "办公室"]
    units = [(unit, name, "机关处室") for unit, name in zip(IDS, names, strict=True)]
    write_csv(inbox / "名册.csv", registry(*units, ("D01", "水务中心", "基层单位")))
    checks = [check(f"C{number}", name, flags="1101" if number % 2 else "1111") for number, name in enumerate(names, 1)]
    write_csv(inbox / "抽查.csv", [CHECK, *checks, check("C20", "水务中心")])
    finding = ["F1", "C1", HOSTILE[0], "一般", "<b>" + HOSTILE[1], "2023-03-05", "2023-04-05", "", "待整改"]
    write_csv(inbox / "问题.csv", [FINDING, finding])
    assess(inbox, home, as_of=dt.date(2024, 4, 1))
    later = [check(f"L{number}", name, flags="0111", on="2024-05-06") for number, name in enumerate(names, 1)]
    write_csv(inbox / "抽查2024.csv", [CHECK, *later, check("L20", "水务中心", on="2024-05-07")])
    assess(inbox, home, as_of=dt.date(2025, 4, 1), year=2024)
    write_csv(inbox / "学情.csv", [STUDY, ["学习强国", "2024年3月", "办公室", 10, 9, "90%"]])
    more = ["L30", "办公室", 2, "2024-09-06"]
    write_csv(inbox / "抽查二轮.csv", [CHECK, check(*more[:2], 2, flags="1111", on="2024-09-06")])
    return assess(inbox, home, as_of=dt.date(2025, 4, 1), year=2024)


@pytest.fixture
def ranking(browser: Browser, sample: Result) -> Iterator[Seen]:
    """The sample's page; whatever a test does with it, it asks for nothing and complains of nothing."""
    seen = Seen(browser, sample.folder / PAGE)
    yield seen
    assert seen.asked == [(sample.folder / PAGE).as_uri()]
    assert seen.complaints == []
    seen.page.context.close()


def published(result: Result, category: str) -> pl.DataFrame:
    return result.table("scores").filter(pl.col("category") == category)


def test_the_league_tables_say_what_the_scores_say(ranking: Seen, sample: Result) -> None:
    for category, number in (("机关处室", 24), ("基层单位", 36)):
        rows = ranking.page.locator(f'.league[data-category="{category}"] tbody tr')
        assert rows.count() == number
        for row, score in zip(rows.all(), published(sample, category).iter_rows(named=True), strict=True):
            cells = row.locator("td, th").all_inner_texts()
            assert cells[0] == ("—" if score["rank"] is None else str(score["rank"]))
            assert cells[1] == score["unit_name"]
            assert cells[2] == ("—" if score["status"] == "no_data" else str(score["total"]))
            assert cells[3] == (score["grade"] or "—")
    low, high = sample.table("scores")["total"].min(), sample.table("scores")["total"].max()
    assert (low, high) == (Decimal("0.00"), Decimal("104.50"))


def test_the_chart_of_grades_is_drawn(ranking: Seen, sample: Result) -> None:
    ranking.page.wait_for_selector("#grades-chart svg")
    texts = ranking.page.locator("#grades-chart svg text").all_text_contents()
    for category in ("机关处室", "基层单位"):
        for count in published(sample, category)["grade"].drop_nulls().value_counts()["count"]:
            assert str(count) in texts
    assert {"优秀", "良好", "合格", "不合格"} <= set(texts)


def test_sorting_by_a_heading_and_back(ranking: Seen) -> None:
    table = ranking.page.locator(".league").first
    heading = table.get_by_role("columnheader", name="总分")

    def totals() -> list[float]:
        return [float(text) for text in table.locator("td.total").all_inner_texts()]

    heading.get_by_role("button").press("Enter")  # by keyboard
    assert heading.get_attribute("aria-sort") == "ascending"
    assert totals() == sorted(totals())
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert totals() == sorted(totals(), reverse=True)
    assert table.get_by_role("columnheader", name="名次", exact=True).get_attribute("aria-sort") == "none"


def test_what_has_no_number_is_last_whichever_way_one_sorts(ranking: Seen) -> None:
    table = ranking.page.locator('.league[data-category="基层单位"]')
    for _ in range(2):
        table.get_by_role("columnheader", name="总分").get_by_role("button").click()
        assert table.locator("tbody tr").last.locator("td.total").inner_text() == "—"


def test_finding_units_by_any_name_category_and_grade(ranking: Seen, sample: Result) -> None:
    page = ranking.page
    assert page.locator("#count").inner_text() == "显示 60 个单位"
    page.fill("#search", "水务中心")  # the alias of one, and part of no other name
    assert ranking.texts(".ranking tbody th") == ["浦东新区水务管理事务中心"]
    assert page.locator("#count").inner_text() == "显示 1 个单位"
    assert not page.locator('.league[data-category="机关处室"]').is_visible()
    page.fill("#search", "")
    page.select_option("#category", "机关处室")
    page.select_option("#grade", "良好")
    good = published(sample, "机关处室").filter(pl.col("grade") == "良好")["unit_name"].to_list()
    assert ranking.texts(".ranking tbody th") == good
    page.select_option("#grade", "-")
    assert page.locator("#count").inner_text() == "显示 1 个单位"  # it is pending


def test_a_units_check_up_sheet_down_to_the_record(ranking: Seen, sample: Result) -> None:
    page = ranking.page
    page.get_by_role("link", name="浦东新区水务管理事务中心").click()
    page.wait_for_selector("#sheet .chart svg")
    assert not page.locator("#overview").is_visible()
    assert page.evaluate("document.activeElement.id") == "sheet-title"  # a screen reader goes on from here
    assert "浦东新区水务管理事务中心" in page.title()
    score = sample.score("D01")
    facts = page.locator("#sheet .tiles").inner_text()
    assert str(score["total"]) in facts
    assert score["grade"] in facts
    lost = sample.table("indicator_scores").filter((pl.col("unit_id") == "D01") & (pl.col("lost") > 0))
    shown = page.locator("#sheet summary .lost:not(.gain)").all_inner_texts()
    assert sorted(shown) == sorted(f"−{points}" for points in lost["lost"])
    assert page.locator("#sheet .record b").first.inner_text() == (
        "民主评议党员 · 组织生活/整改和评议.xlsx · 整改和评议 · 第 100 行"
    )
    assert page.locator("#sheet .map tbody tr").count() == len(check_up(sample.folder, "D01")["months"])
    page.keyboard.press("Escape")
    page.wait_for_selector("#overview", state="visible")
    assert page.evaluate("document.activeElement.textContent") == "浦东新区水务管理事务中心"


def test_the_address_of_a_unit_opens_its_sheet(browser: Browser, sample: Result) -> None:
    path = sample.folder / PAGE
    page = browser.new_context().new_page()
    page.goto(f"{path.as_uri()}#unit=J01")
    page.wait_for_selector("#sheet-title")
    assert page.locator("#sheet-title").inner_text() == sample.score("J01")["unit_name"]
    page.goto(f"{path.as_uri()}#unit=J18")
    page.wait_for_function("() => document.getElementById('sheet-title')?.textContent.endsWith('土壤环境处')")
    said = page.locator("#sheet").inner_text()
    warnings = check_up(sample.folder, "J18")["warnings"]
    assert len(warnings) > 4
    for each in warnings:
        assert f"{each['sentence']} {each['table']} · {' / '.join(each['places'])}" in said
    for nobody in ("nobody", "%"):
        page.goto(f"{path.as_uri()}#unit={nobody}")
        page.wait_for_selector("#sheet .warn")
    page.context.close()


def test_the_medians_are_those_of_the_category(sample: Result) -> None:
    """Worked out here from the published scores."""
    ranked = sample.table("scores").filter(pl.col("rank").is_not_null()).select("unit_id", "category")
    leaves = sample.table("indicator_scores").join(ranked, on="unit_id").filter(pl.col("points").is_not_null())
    sums = leaves.group_by("unit_id", "category", "dimension").agg(
        pl.col("points").sum(), pl.col("effective_weight").sum()
    )
    for unit, category in (("D01", "基层单位"), ("J01", "机关处室")):
        for dimension, shown in zip(
            ("theory", "foundation", "synergy", "integrity"), check_up(sample.folder, unit)["dimensions"], strict=True
        ):
            found = sorted(sums.filter((pl.col("category") == category) & (pl.col("dimension") == dimension))["points"])
            middle = (found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2
            assert Decimal(shown["median"]) == middle.quantize(Decimal("0.01"), "ROUND_HALF_UP")
            rows = sums.filter((pl.col("category") == category) & (pl.col("dimension") == dimension))
            rates = sorted(
                math.floor(Fraction(points) * 1000 / Fraction(weight) + Fraction(1, 2))
                for points, weight in rows.select("points", "effective_weight").rows()
            )
            half = Fraction(rates[(len(rates) - 1) // 2] + rates[len(rates) // 2], 2)
            assert shown["median_rate"] == math.floor(half + Fraction(1, 2))


def test_the_months_of_a_system(sample: Result) -> None:
    """主题党日 has a month an item: each cell is what the evidence says of that month."""
    items = {row["item"]: row for row in sample.items("D01", "themed_day_months").iter_rows(named=True)}
    (row,) = [row for row in check_up(sample.folder, "D01")["months"] if row["title"] == "主题党日"]
    assert len(row["cells"]) == 12
    for month, cell in enumerate(row["cells"], 1):
        assert cell["rate"] == 1000 * items[f"2023-{month:02}"]["done"] / items[f"2023-{month:02}"]["due"]


def test_on_paper(browser: Browser, sample: Result, tmp_path: Path) -> None:
    """A4, the league tables across, everything open."""
    seen = Seen(browser, sample.folder / PAGE)
    seen.page.wait_for_selector("#grades-chart svg")
    seen.page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True, print_background=True)
    pages = pypdf.PdfReader(tmp_path / "page.pdf").pages
    sizes = [(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in pages]
    assert set(sizes) == {(595, 842), (842, 595)}
    across = "".join(_text(page) for page, size in zip(pages, sizes, strict=True) if size == (842, 595))
    for name in sample.table("scores")["unit_name"]:
        assert _stands_in(name, across)
    whole = "".join(map(_text, pages))
    assert _stands_in("中国共产党支部工作条例", whole)  # of the method, which is folded on the screen
    seen.page.get_by_role("link", name="浦东新区北蔡水务管理站").click()
    seen.page.wait_for_selector("#sheet .chart svg")
    seen.page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    text = "".join(map(_text, pypdf.PdfReader(tmp_path / "sheet.pdf").pages))
    for loss in check_up(sample.folder, _id(sample, "浦东新区北蔡水务管理站"))["losses"]:
        assert _stands_in(loss["title"], text)
        for item in loss["items"]:
            assert _stands_in(item["item"], text)
    seen.page.context.close()


def _text(page: pypdf.PageObject) -> str:
    """A page's text without spaces."""
    return "".join(unicodedata.normalize("NFKC", page.extract_text()).split())


def _stands_in(words: str, text: str) -> bool:
    """In the text of a PDF by Chromium, which has radicals of the same shape for some characters (⻓ for 长)."""
    plain = "".join(unicodedata.normalize("NFKC", words).split())
    return re.search("".join(f"(?:{re.escape(mark)}|[\u2e80-\u2eff])" for mark in plain), text) is not None


def _id(result: Result, name: str) -> str:
    return str(result.table("scores").row(by_predicate=pl.col("unit_name") == name, named=True)["unit_id"])


@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "phone"])
def test_no_rule_of_accessibility_is_broken(browser: Browser, sample: Result, width: int) -> None:
    seen = Seen(browser, sample.folder / PAGE, width=width)
    seen.page.wait_for_selector("#grades-chart svg")
    assert Axe().run(seen.page).response["violations"] == []
    seen.page.get_by_role("link", name="浦东新区北蔡水务管理站").click()
    seen.page.wait_for_selector("#sheet .chart svg")
    assert Axe().run(seen.page).response["violations"] == []
    assert seen.page.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth"
    )  # only tables scroll sideways
    seen.page.context.close()


def test_it_can_be_read_without_scripts(browser: Browser, sample: Result) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((sample.folder / PAGE).as_uri())
    assert page.locator(".ranking tbody tr").count() == 60
    assert page.locator(".grades td").first.is_visible()
    assert "请用浏览器打开本文件" in page.locator("#main noscript").inner_text()
    context.close()


def test_nothing_but_its_own_scripts_may_run_or_be_loaded(sample: Result) -> None:
    html = (sample.folder / PAGE).read_text("utf-8")
    assert len(html.encode()) < 3_000_000
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', html)[0]
    assert policy.startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    outside = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"""(src|href)=["'](?!#)|url\(|@import|https?:""", outside)


def test_names_and_records_are_only_ever_text(browser: Browser, odd: Result) -> None:
    seen = Seen(browser, odd.folder / PAGE)
    page = seen.page
    page.wait_for_selector("#grades-chart svg")
    assert sorted(page.locator('.league[data-category="机关处室"] tbody th').all_inner_texts()) == sorted(
        [*HOSTILE, "办公室"]
    )
    for unit, name in zip(IDS, HOSTILE, strict=False):
        page.goto(f"{(odd.folder / PAGE).as_uri()}#unit={quote(unit)}")
        page.wait_for_function("name => document.getElementById('sheet-title')?.textContent === name", arg=name)
    assert page.evaluate("window.harmed === undefined && document.images.length === 0")
    assert seen.complaints == []
    page.context.close()


def test_what_has_changed_and_the_years_before(browser: Browser, odd: Result) -> None:
    """水务中心 is alone in its category; 办公室 has a second check of full marks and so more points than before."""
    with duckdb.connect(str(odd.folder / "snapshot.duckdb"), read_only=True) as con:
        last = dict(con.sql("select unit_id, total from earlier_score where is_last").fetchall())
        (ranks,) = zip(*con.sql("select distinct rank from earlier_score where is_last").fetchall(), strict=True)
        year = dict(con.sql("select unit_id, total from earlier_score where not is_last and year = 2023").fetchall())
    gained = odd.score("J08")["total"] - last["J08"]
    assert gained > 0
    assert ranks == (1,)  # all shared the first place; now the others are second
    seen = Seen(browser, odd.folder / PAGE)
    row = seen.page.locator('tr[data-unit="J08"]')
    assert row.locator(".change").inner_text() == f"持平 +{gained}"
    assert seen.page.locator('tr[data-unit="J04"] .change').inner_text() == "↓1"
    assert seen.page.locator('tr[data-unit="D01"] .change').inner_text() == "持平"
    row.get_by_role("link").click()
    seen.page.wait_for_selector("#sheet .chart svg >> nth=1")
    history = check_up(odd.folder, "J08")["history"]
    assert [(each["year"], Decimal(each["total"])) for each in history] == [
        ("2023", year["J08"]),
        ("2024", odd.score("J08")["total"]),
    ]
    seen.page.context.close()


def test_in_english(browser: Browser, tmp_path: Path, sample: Result) -> None:
    with speaking("en"):
        english = _written(sample, tmp_path)
    seen = Seen(browser, english)
    assert seen.page.locator("html").get_attribute("lang") == "en"
    headings = seen.page.locator("h2").all_inner_texts()
    assert headings == ["Grades", "League tables", "Alerts", "Data", "Method and version"]
    seen.page.get_by_role("link", name="浦东新区水务管理事务中心").click()
    seen.page.wait_for_selector("#sheet .chart svg")
    assert "Lost points" in seen.page.locator("#sheet h3").all_inner_texts()
    seen.page.context.close()


def _written(result: Result, folder: Path) -> Path:
    """The page of a publication written anew."""
    with Explainer.in_force(result.home) as explainer:
        check_ups = CheckUps(explainer.snapshot, explainer.scheme, explainer.manifest)
        sheets = [check_ups.check_up(found) for found in explainer.explain_all()]
        path = folder / PAGE
        write_page(
            explainer.snapshot, explainer.contracts, explainer.scheme, explainer.manifest, check_ups, sheets, path
        )
    return path


def test_the_same_publication_gives_the_same_page(sample: Result, tmp_path: Path) -> None:
    assert _written(sample, tmp_path).read_bytes() == (sample.folder / PAGE).read_bytes()


def test_very_many_units(browser: Browser, sample: Result, tmp_path: Path) -> None:
    """Their sheets stand beside the page and are fetched when they are asked for; nothing else is.
    (benchmarks/publishing.py has 5,040 of them.)"""
    times = 20
    folder = tmp_path / "many"
    folder.mkdir()
    shutil.copyfile(sample.folder / "snapshot.duckdb", folder / "snapshot.duckdb")
    with duckdb.connect(str(folder / "snapshot.duckdb")) as con:
        for table in ("scores", "node_scores", "rank_interval", "unit_name"):
            con.execute(
                f"create table many as select * replace (concat(unit_id, '-', number) as unit_id) from {table}, range({times}) as copies (number)"
            )
            con.execute(f"drop table {table}")
            con.execute(f"alter table many rename to {table}")
    with Explainer.in_force(sample.home) as explainer, Snapshot(folder) as snapshot:
        check_ups = CheckUps(explainer.snapshot, explainer.scheme, explainer.manifest)
        sheets = [
            sheet | {"id": f"{sheet['id']}-{number}"}
            for sheet in map(check_ups.check_up, explainer.explain_all())
            for number in range(times)
        ]
        write_page(
            snapshot, explainer.contracts, explainer.scheme, explainer.manifest, check_ups, sheets, folder / PAGE
        )
    assert page_data(folder / PAGE)["carried"] == {}
    seen = Seen(browser, folder / PAGE)
    assert seen.page.locator("#count").inner_text() == "显示 1200 个单位"
    rows = seen.page.locator('.league[data-category="基层单位"] tbody tr:visible')
    assert rows.count() == 300
    seen.page.locator('.league[data-category="基层单位"] .further').click()
    assert rows.count() == 600
    seen.page.locator('.league[data-category="基层单位"]').get_by_role("columnheader", name="总分").get_by_role(
        "button"
    ).click()
    assert (rows.count(), rows.first.locator("td.total").inner_text()) == (600, "41.37")
    seen.page.pdf()
    assert rows.count() == 600  # as before it was printed
    seen.page.fill("#search", "d01-1")
    assert seen.page.locator("#count").inner_text() == "显示 11 个单位"  # D01-1 and D01-10 to D01-19
    seen.page.locator('tr[data-unit="D01-17"] a').click()
    seen.page.wait_for_selector("#sheet .chart svg")
    beside = page_data(folder / PAGE)["files"]["D01-17"]
    assert seen.asked == [(folder / PAGE).as_uri(), ((folder / PAGE).parent / beside).as_uri()]
    assert seen.complaints == []
    shutil.rmtree((folder / PAGE).parent / "index.files")  # only the page was sent on
    seen.page.goto(f"{(folder / PAGE).as_uri()}#unit=J01-1")
    seen.page.wait_for_selector("#sheet .warn")
    assert "index.files" in seen.page.locator("#sheet .warn").inner_text()
    seen.page.context.close()


def test_every_file_of_a_publication_stands_in_its_list(sample: Result) -> None:
    lines = (sample.folder / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    there = {p.relative_to(sample.folder).as_posix(): p for p in sample.folder.rglob("*") if p.is_file()}
    assert listed == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items() if name != "SHA256SUMS"
    }
    assert json.loads((sample.folder / "manifest.json").read_text("utf-8"))["units"].keys() == set(
        sample.table("scores")["unit_id"]
    )
