"""学情通报, the study bulletin of a month: what is asked, its figures, and its three files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kaohe import progress
from kaohe.bulletin.figures import Figures, figures_of, publication
from kaohe.bulletin.text import Template, document
from kaohe.bulletin.workbook import write_workbook
from kaohe.project import Project
from kaohe.publishing.document_docx import write_docx
from kaohe.publishing.document_pdf import faces, fonts, write_pdf
from kaohe.safely import write_aside
from kaohe.words import say
from kaohe.yamlfile import read_yaml

NAME = "学情通报"


@dataclass(frozen=True)
class Written:
    """What was written, and from what."""

    title: str
    files: list[Path]
    figures: Figures


class Bulletin:
    """A bulletin from its question to its files.

    Raises ``KaoheError`` for whatever would make it impossible, before anything is worked out: no publication of the
    year, no figures of the month, a template that cannot be read, no Chinese font.
    """

    def __init__(self, year: int, month: int, home: Path, out: Path | None) -> None:
        self.year, self.month = year, month
        self.project = Project.find()
        self.publication = publication(home, year, month)
        self.template_path = self.project.templates / "study_bulletin.yml"
        self.template = read_yaml(self.template_path, Template)
        self.out = out or home / "bulletins" / f"{year}-{month:02d}"
        faces(fonts())

    def work_out(self) -> Figures:
        """The figures."""
        progress.report(say("step_bulletin"))
        return figures_of(self.project, self.publication, self.year, self.month, self.template.listed)

    def write(self, found: Figures) -> Written:
        """The files; the same publication, template and fonts give the same bytes."""
        progress.report(say("step_publish"))
        said = document(found, self.template, self.template_path)
        writers: dict[str, Callable[[Path], None]] = {
            ".docx": lambda part: write_docx(said, part),
            ".pdf": lambda part: write_pdf(said, part),
            ".xlsx": lambda part: write_workbook(found, said.title, part),
        }
        files = []
        for suffix, write in writers.items():
            files.append(self.out / f"{NAME}{suffix}")
            write_aside(files[-1], write)
        return Written(said.title, files, found)
