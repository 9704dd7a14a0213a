"""An official document in plain parts: what it says, apart from how it looks. Written as .docx and as PDF.

Both writers lay it out as GB/T 9704 has it: A4, 22 lines of 28 characters, title in 小标宋, body in 仿宋, headings in
黑体 and 楷体, pages numbered — 1 —. The text of a part is only ever text: no writer reads markup in it.
"""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from kaohe.words import language, say

_WIDEST = 16
#: In a compact table: characters that fit between the margins, and the width below which no column gives way.
_ROOM, _FIRM = 49.0, 5.0
_DIGITS = "〇一二三四五六七八九"
Part = TypeVar("Part")


@dataclass(frozen=True)
class Heading:
    """A numbered heading: 一、 (level 1) or （一） (level 2)."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``lead`` is a heading of level 2 run into it, numbered like one."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Table:
    """A table under its caption. ``compact``: many columns, so smaller type and headings in two lines."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    compact: bool = False

    @property
    def widths(self) -> list[float]:
        """Shares of the columns: as wide as their longest text, up to a limit, and a bit. Where that is too much for a
        compact table, the wide columns give way: a number is never cut in two."""
        columns = list(zip(self.headings, *self.rows, strict=True))
        if not self.compact:
            return [min(_WIDEST, max(map(_width, column))) + 1 for column in columns]
        wanted = [max(_heading_width(head), *map(_width, cells)) + 0.55 for head, *cells in columns]
        spare = [max(0.0, width - _FIRM) for width in wanted]
        over = max(0.0, sum(wanted) - _ROOM)
        given = min(1.0, over / sum(spare)) if over else 0.0
        return [width - given * more for width, more in zip(wanted, spare, strict=True)]


Block = Heading | Paragraph | Table


@dataclass(frozen=True)
class Annex:
    """An annex: on a page of its own, numbered if there are several."""

    title: str
    body: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A document that an office sends, and its annexes; ``attachment`` names what is handed over beside it. ``source``
    says in its properties what it was made from."""

    title: str
    addressee: str
    body: tuple[Block, ...]
    attachment: str
    issuer: str
    date: str
    source: str
    annexes: tuple[Annex, ...] = ()

    @property
    def named_annexes(self) -> list[tuple[str, float, str]]:
        """The lines that name the annexes above the signature (附件：1. …): what stands before a title, how many
        characters that begins right of the margin, and the title. Titles stand one below the other."""
        label = say("document_annexes")
        if len(self.annexes) == 1:
            return [(label, 2.0, self.annexes[0].title)]
        lines = []
        for number, annex in enumerate(self.annexes, 1):
            first = number == 1
            lines.append((f"{label if first else ''}{number}.", 2.0 if first else 2 + _width(label), annex.title))
        return lines

    @property
    def hanging(self) -> float:
        """How many characters right of the margin the titles of the annexes begin."""
        return 2 + _width(say("document_annexes")) + (1.5 if len(self.annexes) > 1 else 0)

    @property
    def headed_annexes(self) -> list[tuple[str, Annex]]:
        """Each annex with what stands above its title: 附件, or 附件1, 附件2… if there are several."""
        several = len(self.annexes) > 1
        return [
            (say("document_annex", number=number if several else "").strip(), annex)
            for number, annex in enumerate(self.annexes, 1)
        ]

    @property
    def signature(self) -> tuple[tuple[str, float], tuple[str, float]]:
        """Issuer and date, and how far from the right edge each ends, in characters: the date begins two characters
        right of the issuer, and neither comes nearer to the edge than two."""
        issuer, date = _width(self.issuer), _width(self.date)
        date_ends = max(2.0, issuer - date)
        return (self.issuer, date_ends + date + 2 - issuer), (self.date, date_ends)


def _width(text: str) -> float:
    """In characters of the body: a Latin letter or digit takes half of one."""
    return sum(1 if unicodedata.east_asian_width(mark) in "WF" else 0.5 for mark in text)


def _heading_width(text: str) -> float:
    """Of a heading that may take two lines: Chinese is cut anywhere, English between words."""
    widths = [(_width(word), 2 * _width(word) == len(word)) for word in text.split()]
    return max([2.0, *(width if is_latin else math.ceil(width / 2) for width, is_latin in widths)])


def numbered(body: tuple[Block, ...]) -> Iterator[tuple[str, Block]]:
    """Each part with its number: 一、 （一） for headings and leads, the empty text for the rest."""
    first = second = 0
    for part in body:
        match part:
            case Heading(level=1):
                first, second = first + 1, 0
                yield ordinal(first, 1), part
            case Heading() | Paragraph() if not isinstance(part, Paragraph) or part.lead:
                second += 1
                yield ordinal(second, 2), part
            case _:
                yield "", part


def ordinal(number: int, level: int) -> str:
    """The number of a heading: 一、 or （一）; 1. or (1) in English. Up to 99."""
    if language() == "en":
        return f"{number}. " if level == 1 else f"({number}) "
    tens, ones = divmod(number, 10)
    tens_text = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    text = tens_text + (_DIGITS[ones] if ones or not tens else "")
    return f"{text}、" if level == 1 else f"（{text}）"


def plain(part: Part) -> Part:
    """The same document, table, text… without the control characters that neither a .docx nor a PDF can hold."""
    found: Any = part
    if isinstance(found, str):
        found = "".join(" " if unicodedata.category(mark) in ("Cc", "Cs") else mark for mark in found)
        found = found.replace("\ufffe", " ").replace("\uffff", " ")
    elif isinstance(found, tuple):
        found = tuple(plain(item) for item in found)
    elif is_dataclass(found) and not isinstance(found, type):
        found = replace(found, **{field.name: plain(getattr(found, field.name)) for field in fields(found)})
    return found  # type: ignore[no-any-return]
