"""The manifest of a publication: what it rests on and what it is, as every publication is asked for it."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from kaohe import __version__
from kaohe.errors import KaoheError
from kaohe.project import is_newer
from kaohe.publication import MANIFEST, State
from kaohe.words import Language


class _Ours(BaseModel):
    """There may be more in it."""

    model_config = ConfigDict(strict=True)


class _Hashed(_Ours):
    sha256: str


class _Input(_Hashed):
    source: str
    path: str


class _Scheme(_Hashed):
    id: str
    file: str


class _Code(_Ours):
    version: str
    files: dict[str, str]


class _Anchor(_Hashed):
    number: int


class _Manifest(_Ours):
    """What a manifest says, as far as every publication is asked for it; what has a default came with later versions,
    or is not said of every publication."""

    publication: str
    state: State
    created_at: str
    year: int
    as_of: str
    language: Language
    inputs: list[_Input]
    scheme: _Scheme
    contracts: dict[str, str]
    code: _Code
    log: _Anchor = _Anchor(number=0, sha256="")
    act: dict[str, Any] = {}
    revision: int = 1
    stale: dict[str, str | None] = {}
    earlier_years: dict[str, str] = {}
    units: dict[str, str] = {}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a publication. Raises ``KaoheError`` if it is gone, cannot be read or is none of ours, or of a
    newer version of the program that writes others; ``OSError`` if the system refuses it."""
    path = folder / MANIFEST
    manifest: Any = None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        _Manifest.model_validate(manifest)
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError) as error:
        if theirs := _newer(manifest):
            raise KaoheError("home_newer", path=folder, theirs=theirs, ours=__version__) from error
        raise KaoheError("manifest_unreadable", path=path) from error
    said: dict[str, Any] = manifest
    return said


def _newer(manifest: Any) -> str | None:
    """The version that wrote a manifest, if it is a later one."""
    code = manifest.get("code") if isinstance(manifest, dict) else None
    version = code.get("version") if isinstance(code, dict) else None
    return version if isinstance(version, str) and is_newer(version) else None
