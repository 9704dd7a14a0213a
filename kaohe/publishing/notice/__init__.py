"""通报, the annual notice: what a publication says, as an official document, made from its snapshot and manifest alone.

Its words are data/templates/annual_notice.yml, its figures sql/publications/notice_*.sql.
"""

from typing import Any

from kaohe.project import Project
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.document import Document
from kaohe.publishing.notice.figures import figures_of
from kaohe.publishing.notice.template import Template, read_template
from kaohe.publishing.notice.text import NoticeWriter
from kaohe.scheme import Scheme

#: Its words, among the project's templates.
TEMPLATE = "annual_notice.yml"


def notice_template(project: Project) -> Template:
    """The words of the notice. Raises ``KaoheError`` for whatever is wrong with them, before anything is written."""
    return read_template(project.templates / TEMPLATE)


def notice(snapshot: Snapshot, scheme: Scheme, manifest: dict[str, Any], template: Template) -> Document:
    """The notice on a publication. With ``compared_with`` and ``changed_units`` in its manifest it says what changed.

    Raises ``KaoheError`` with the file for a query that fails.
    """
    figures = figures_of(snapshot, Project.find().sql)
    return NoticeWriter(figures, scheme, manifest, template).document()
