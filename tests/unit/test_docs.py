"""The pages of the documentation are all in the index, and their links lead somewhere."""

import re
from pathlib import Path

import pytest
import yaml

from kaohe import __version__
from tests.helpers import ROOT

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS]


def prose(page: Path) -> str:
    """A page without what is fenced or code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Where a link into a page may lead: its headings as GitHub names them, and what is named by hand."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"\w+:", target):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            assert path.is_relative_to(ROOT) and path.exists(), target
            assert not anchor or anchor in anchors(path), target


def test_every_page_is_in_the_index_once() -> None:
    index = ROOT / "docs" / "README.md"
    listed = re.findall(r"^\| \[[^]]+\]\(([^)]+)\)", index.read_text(encoding="utf-8"), flags=re.MULTILINE)
    pages = {page.name for page in DOCS} - {index.name}
    assert sorted(name for name in listed if "/" not in name) == sorted(pages)


def test_the_readme_shows_one_picture_and_points_to_the_index() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert len(re.findall(r"!\[[^]]+\]\(docs/images/", text)) == 1
        assert "(docs/README.md)" in text


def test_the_citation_and_the_changelog_are_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest, *_ = re.findall(r"^## (\d\S*)", changelog, flags=re.MULTILINE)
    assert newest == __version__
