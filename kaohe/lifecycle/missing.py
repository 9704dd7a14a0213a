"""What a publication itself says of the act that put it in force, for when the log does not say it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import ACTS, Log
from kaohe.project import file_hashes
from kaohe.publication import SUMS
from kaohe.publication.manifest import read_manifest
from kaohe.words import say


def log_cut(log: Log, publication: Path) -> KaoheError:
    """What to say of a log that does not know the publication in force; if its end alone is missing, which act that is
    and that the publication stands whole."""
    missing = ""
    with suppress(KaoheError, OSError):
        manifest = read_manifest(publication)
        anchor = manifest["log"]
        if log.holds(anchor) and anchor["number"] == len(log.acts) and _whole(publication):
            missing = say("log_cut_end", act=missing_act(manifest))
    return KaoheError("log_cut", path=log.path, publication=publication.name, missing=missing)


def listed_hashes(publication: Path) -> dict[str, str]:
    """The files of a publication by its own list: path → SHA-256."""
    lines = (publication / SUMS).read_bytes().decode("utf-8", "replace").splitlines()
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}


def _whole(publication: Path) -> bool:
    there = file_hashes(publication, "**/*")
    there.pop(SUMS, None)
    return listed_hashes(publication) == there


def missing_act(manifest: dict[str, Any]) -> str:
    """Which act put a publication in force, by its manifest: it was made right before."""
    kind = str(manifest.get("act", {}).get("act"))
    act = say(f"act_{kind if kind in ACTS else 'publish'}")
    return say("missing_act", number=manifest["log"]["number"] + 1, act=act)
