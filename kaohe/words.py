"""The one catalogue of words: every sentence a person reads, in Chinese and English (words.yml)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_language: Language = "zh"


def use_language(language: Language) -> None:
    """Say everything in this language from now on."""
    global _language
    _language = language


def language() -> Language:
    """The language in use."""
    return _language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Say everything in this language for a while."""
    before = _language
    use_language(language)
    try:
        yield
    finally:
        use_language(before)


@cache
def catalogue() -> dict[str, dict[Language, str]]:
    """Every entry of words.yml: key → {zh, en}."""
    text = (Path(__file__).parent / "words.yml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar is text: "yes" is a word here
    entries: dict[str, dict[Language, str]] = yaml.load(text, Loader=loader)
    return entries


def say(key: str, /, **values: object) -> str:
    """The sentence ``key`` in the language in use, with ``values`` filled in.

    Raises ``KeyError`` for a key that is not in the catalogue: a mistake of ours, found by a test.
    """
    return catalogue()[key][_language].format(**values)


def listed(parts: Iterable[object]) -> str:
    """Things in a row, set apart as the language in use does: 甲、乙 or a, b."""
    return say("between").join(map(str, parts))


def clauses(parts: Iterable[object]) -> str:
    """Longer things in a row, which may hold rows themselves: 甲；乙 or a; b."""
    return say("between_clauses").join(map(str, parts))
