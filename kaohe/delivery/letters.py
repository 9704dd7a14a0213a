"""What a mail or a note says: the publication's state and counts in the words of data/templates/delivery.yml."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from kaohe.delivery.parcels import LEADERSHIP, NOTE, Parcel, Plan
from kaohe.project import Project
from kaohe.publication.wording import stale_sources, state_of
from kaohe.publishing.prose import Strict, fill
from kaohe.words import speaking
from kaohe.yamlfile import read_yaml


class Line(Strict):
    """A line, and of which publications it is said."""

    when: Literal["always", "announced", "changed", "quarantined", "stale"] = "always"
    text: str


class Wording(Strict):
    """A letter. ``{files}`` alone on a line is one line for each attachment."""

    subject: str
    body: list[Line]


class Texts(Strict):
    """The letters in one language. ``files``: what each attachment is."""

    leadership: Wording
    unit: Wording
    note: Wording
    failure: Wording
    file: str
    files: dict[str, str]


class Template(Strict):
    """data/templates/delivery.yml."""

    zh: Texts
    en: Texts


#: What a notice of a failure may be filled in with.
_OF_FAILURE = dict.fromkeys(("year", "run", "at", "sentence", "count", "home"), 1)
#: What a line of any other letter may be filled in with.
_BLANKS = (
    "year", "state", "as_of", "units", "records_in", "records_used", "records_quarantined", "changed", "earlier",
    "stale", "notice_ends", "appeal_ends", "publication", "folder",
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """What one recipient reads."""

    subject: str
    body: str


class Correspondence(Protocol):
    """What a channel asks for. ``at``: the moment that the letters are of."""

    @property
    def at(self) -> datetime: ...

    def of(self, parcel: Parcel) -> Letter:
        """What goes with a parcel."""


class Letters:
    """The letters about one publication, in its language. ``at``: when it was made current."""

    def __init__(self, plan: Plan) -> None:
        manifest = plan.manifest
        self.file, template = read_template()
        self.at = datetime.fromisoformat(plan.at)
        self.texts = template.zh if manifest["language"] == "zh" else template.en
        act = manifest.get("act", {})
        with speaking(manifest["language"]):
            state, stale = state_of(manifest), stale_sources(manifest)
        self.said = {
            "announced": manifest["state"] == "announced",
            "changed": manifest.get("changed_units") is not None,
            "quarantined": manifest["records_quarantined"] > 0,
            "stale": bool(stale),
            "always": True,
        }
        self.values = {
            "year": manifest["year"],
            "state": state,
            "as_of": manifest["as_of"],
            "units": plan.units,
            "records_in": manifest["records_in"],
            "records_used": manifest["records_used"],
            "records_quarantined": manifest["records_quarantined"],
            "changed": manifest.get("changed_units"),
            "earlier": manifest.get("compared_with"),
            "stale": len(stale),
            "notice_ends": act.get("notice_ends"),
            "appeal_ends": act.get("appeal_ends"),
            "publication": plan.publication.name,
            "folder": "/".join(plan.publication.parts[-3:]),
        }

    def of(self, parcel: Parcel) -> Letter:
        """What goes with a parcel."""
        kinds = {LEADERSHIP: self.texts.leadership, NOTE: self.texts.note}
        wording = kinds.get(parcel.what, self.texts.unit)
        values = self.values | ({"unit": parcel.unit} if wording is self.texts.unit else {})
        return Letter(
            fill(self.file, wording.subject, **values), "\n".join(self._lines(wording, parcel, values)) + "\n"
        )

    def _lines(self, wording: Wording, parcel: Parcel, values: dict[str, object]) -> Iterator[str]:
        for line in wording.body:
            if line.text == "{files}":
                for path in map(PurePosixPath, parcel.files):
                    yield fill(self.file, self.texts.file, file=path.name, what=self.texts.files.get(path.name, ""))
            elif self.said[line.when]:
                yield fill(self.file, line.text, **values)


def read_template() -> tuple[Path, Template]:
    """The words of all letters, and the file they are in. Raises ``KaoheError`` for a line that cannot be filled, on
    whatever day it would be needed."""
    file = Project.find().templates / "delivery.yml"
    template = read_yaml(file, Template)
    values = dict.fromkeys(_BLANKS, 1)
    for texts in (template.zh, template.en):
        fill(file, texts.file, file=1, what=1)
        for text in (texts.failure.subject, *(line.text for line in texts.failure.body)):
            fill(file, text, **_OF_FAILURE)
        for wording, more in ((texts.leadership, {}), (texts.note, {}), (texts.unit, {"unit": 1})):
            for text in (wording.subject, *(line.text for line in wording.body if line.text != "{files}")):
                fill(file, text, **values, **more)
    return file, template
