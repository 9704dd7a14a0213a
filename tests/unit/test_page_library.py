"""The script that draws the page's charts: put together once for a user, and never taken from elsewhere."""

import hashlib
from pathlib import Path

import pytest

from kaohe.publishing import page


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "caches"))
    return tmp_path / "caches" / "kaohe"


def test_what_is_kept_is_taken_if_it_is_the_very_same(caches: Path) -> None:
    made = page._library.__wrapped__()
    assert hashlib.sha256(made.encode()).hexdigest() == page._LIBRARY
    (kept,) = caches.iterdir()
    assert kept.read_bytes() == made.encode()
    assert page._library.__wrapped__() == made
    kept.write_text("alert(1)", encoding="utf-8")
    assert page._library.__wrapped__() == made
    assert kept.read_bytes() == made.encode()


def test_where_nothing_can_be_kept_it_is_made_anew(caches: Path) -> None:
    caches.parent.write_bytes(b"a file")
    assert "vegaEmbed" in page._library.__wrapped__()
    assert caches.parent.read_bytes() == b"a file"
