"""People are hashed at the door: typed tables hold an HMAC of a name or number, never the name itself."""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import polars as pl

from kaohe.errors import KaoheError
from kaohe.home import NOTED
from kaohe.safely import put, replace

MASK = "＊＊＊"
_HASH = re.compile("[0-9a-f]{32}")


def key_of(home: Path) -> bytes:
    """The key: ``KAOHE_KEY`` if set, else home/secret.key (made at first use, mode 0600)."""
    if given := os.environ.get("KAOHE_KEY"):
        return given.encode()
    path = home / "secret.key"
    if path.exists() and (key := path.read_bytes().strip()):
        return key
    aside = path.with_name(".secret.key.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    put(aside, path)
    return path.read_bytes().strip()


def has_key(home: Path) -> bool:
    """There is a key that people were hashed with; without one ``key_of`` makes another."""
    path = home / "secret.key"
    return bool(os.environ.get("KAOHE_KEY") or (path.exists() and path.read_bytes().strip()))


def note_key(home: Path) -> None:
    """Note which key people are hashed with, unless that is noted already: in the warehouse's folder, which only its
    owner can read, since a key that can be guessed could be proved by it."""
    path = home / NOTED
    if not path.exists():
        replace(path, f"{fingerprint(key_of(home))}\n".encode())


def wrong_key(home: Path) -> KaoheError | None:
    """What is wrong with the key: inputs were read or something was published, and there is none; or it is another one
    than the noted one. Nobody would be the same by it."""
    path, noted = home / "secret.key", home / NOTED
    if not has_key(home):
        inputs, results = (home / "warehouse" / "inputs").glob("[!.]*"), (home / "published").glob("[0-9]*/[!.]*")
        return KaoheError("key_missing", path=path) if [*inputs, *results] else None
    if noted.exists() and noted.read_bytes().strip() != fingerprint(key_of(home)).encode():
        ours = "KAOHE_KEY" if os.environ.get("KAOHE_KEY") else path
        return KaoheError("key_changed", key=ours, path=path, noted=noted)
    return None


def refuse_wrong_key(home: Path) -> None:
    """Raises ``KaoheError`` if the key that people were hashed with is gone, or is another one now."""
    if wrong := wrong_key(home):
        raise wrong


def fingerprint(key: bytes) -> str:
    """Tells two keys apart without telling them."""
    return hmac.new(key, b"kaohe", hashlib.sha256).hexdigest()[:16]


def hashed(names: pl.Series, key: bytes) -> pl.Series:
    """128 bits of HMAC-SHA256 of each name in hexadecimal; null stays null."""
    unique = names.drop_nulls().unique().to_list()
    hashes = [hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32] for name in unique]
    return names.replace_strict(unique, hashes, return_dtype=pl.String) if unique else names


def is_hash(text: str) -> bool:
    """Looks like what ``hashed`` gives."""
    return _HASH.fullmatch(text) is not None
