"""Documents in a bureau's own words: templates (data/templates/*.yml) whose {blanks} are filled in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from kaohe.errors import KaoheError
from kaohe.publishing.document import Paragraph


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Joints(Strict):
    """What stands between the items of a list, between sentences, between clauses, and at the end of one."""

    between: str
    gap: str
    comma: str
    stop: str


Words = TypeVar("Words", bound=Joints)


@dataclass(frozen=True)
class Blanks:
    """What a sentence may be filled in with: ``Annotated[str, Blanks("unit", "points")]``."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


def fill(file: Path, text: str, /, **values: object) -> str:
    """A sentence of the template ``file``. Raises ``KaoheError`` if it asks for what it cannot be given."""
    try:
        return text.format(**values)
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        known = ", ".join(f"{{{name}}}" for name in values) or "—"
        raise KaoheError("template_blank", file=file, text=text, known=known) from error


def check(file: Path, texts: Strict) -> None:
    """Raises ``KaoheError`` for a sentence whose blanks are not its ``Blanks``, whether it will be needed or not."""
    for name, field in type(texts).model_fields.items():
        for blanks in field.metadata:
            if isinstance(blanks, Blanks):
                fill(file, getattr(texts, name), **dict.fromkeys(blanks.names, 1))


class Writer(Generic[Words]):
    """Writes the parts of one document. ``file`` is the template's, for messages."""

    def __init__(self, texts: Words, file: Path) -> None:
        self.texts, self.file = texts, file

    def fill(self, text: str, /, **values: object) -> str:
        return fill(self.file, text, **values)

    def list(self, items: Iterable[str]) -> str:
        return self.texts.between.join(items)

    def clauses(self, clauses: Iterable[str]) -> str:
        """A sentence of several clauses."""
        return self.texts.comma.join(clauses) + self.texts.stop

    def paragraph(self, sentences: Iterable[str], lead: str = "") -> Paragraph:
        gap = self.texts.gap
        return Paragraph(gap.join(sentences), lead + gap if lead else "")


def tenths(value: int) -> str:
    """Whole tenths as a number with one decimal."""
    return f"{value // 10}.{value % 10}"


def percent(value: int) -> str:
    """Whole tenths of a per cent."""
    return f"{tenths(value)}%"
