"""Homes that earlier versions of the program left behind (tests/data/homes), and what was handed in to them."""

import tarfile
from pathlib import Path

from tests.helpers import ROOT

HOMES = ROOT / "tests" / "data" / "homes"
INBOX = HOMES / "inbox"


def old_home(name: str, folder: Path) -> Path:
    """The home ``name`` in a folder of the test's own; gives it."""
    home = folder / name
    with tarfile.open(HOMES / f"{name}.tar.xz") as archive:
        archive.extractall(home, filter="data")
    return home
