"""Writing that survives: what the system says in other words, and folders whose names are on the disk."""

import errno
from pathlib import Path

import pytest

from kaohe import safely
from kaohe.errors import from_os_error


def test_what_rust_says_of_the_system_is_known() -> None:
    """As Polars and Typst say it, without a number of its own."""
    assert from_os_error(OSError("No space left on device (os error 28)"), "x").key == "disk_full"
    assert from_os_error(OSError("Read-only file system (os error 30)"), "x").key == "not_writable"
    assert from_os_error(OSError(errno.EIO, "Input/output error"), "x").key == "os_refused"
    assert from_os_error(OSError("something else"), "x").key == "os_refused"


def test_the_names_of_new_folders_reach_the_disk_from_the_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(safely, "flush_folder", flushed.append)
    safely.make_folder(tmp_path / "home" / "published" / "2023")
    assert flushed == [tmp_path, tmp_path / "home", tmp_path / "home" / "published"]
    flushed.clear()
    safely.replace(tmp_path / "home" / "ledgers" / "2023" / "correction.csv", b"")
    assert flushed == [tmp_path / "home", tmp_path / "home" / "ledgers", tmp_path / "home" / "ledgers" / "2023"]
