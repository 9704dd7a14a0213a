"""Fixtures for all tests. Nothing here or in any test leaves this machine."""

import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from kaohe.project import Project
from kaohe.words import use_language
from tests.helpers import project_copy, registry, write_csv

# The same examples on every machine and every day; a longer search is started by hand with --hypothesis-profile=long.
settings.register_profile("everyday", deadline=None, derandomize=True, max_examples=60, print_blob=True)
settings.register_profile("long", deadline=None, max_examples=5000, print_blob=True)
settings.load_profile("everyday")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Every test begins in Chinese."""
    use_language("zh")
    yield
    use_language("zh")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An inbox with a registry of three units."""
    folder = tmp_path / "inbox"
    units = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("D01", "水务中心", "基层单位")
    write_csv(folder / "名册.csv", registry(*units))
    return folder


@pytest.fixture(scope="session")
def libraries() -> None:
    """Import what warns while it is imported, once: those warnings are its makers' to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("kaohe.gx")
        importlib.import_module("flows.annual_assessment")


@pytest.fixture
def home(tmp_path: Path, libraries: None) -> Path:
    """A new home folder, for a run."""
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the project that the test may change; runs use it."""
    copied = project_copy(tmp_path / "project")
    monkeypatch.setenv("KAOHE_PROJECT", str(copied.root))
    return copied
