"""The method of a publication: the contracts and the scheme that it was made with, from the bytes kept for it."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from kaohe.contracts import Contracts, load_contracts
from kaohe.errors import KaoheError
from kaohe.scheme import Scheme, load_scheme


def method_of(home: Path, manifest: dict[str, Any]) -> tuple[Contracts, Scheme]:
    """The contracts and the scheme of a publication.

    Raises ``KaoheError`` if they were not kept.
    """
    with tempfile.TemporaryDirectory(prefix="kaohe-") as name:
        folder = Path(name)
        for file, sha256 in manifest["contracts"].items():
            shutil.copyfile(_kept(home, manifest, file, sha256), folder / file)
        return load_contracts(folder), load_scheme(scheme_file(home, manifest))


def scheme_file(home: Path, manifest: dict[str, Any]) -> Path:
    """Where the scheme of a publication is kept. Raises ``KaoheError`` if it is not."""
    return _kept(home, manifest, manifest["scheme"]["file"], manifest["scheme"]["sha256"])


def _kept(home: Path, manifest: dict[str, Any], file: str, sha256: str) -> Path:
    path = home / "warehouse" / "inputs" / sha256
    if not path.is_file():
        raise KaoheError("method_not_kept", publication=manifest["publication"], file=file)
    return path
