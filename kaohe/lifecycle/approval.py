"""Who ran an act and who approved it: two different people, and a document that says so.

Both are names that somebody gave, compared as text; whether they are true is for whoever reads the log to ask.
"""

import getpass
import os
import unicodedata

from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import Kind

#: The acts that need somebody else's approval. A run publishes what is provisional; an appeal is only taken down.
APPROVED: tuple[Kind, ...] = ("announce", "decide", "correct", "withdraw", "finalize", "reissue")


def operator_named(given: str = "") -> str:
    """Who runs the command: as given, else ``KAOHE_OPERATOR``, else the account of the operating system.

    Raises ``KaoheError`` if that has no name either.
    """
    if said := given.strip() or os.environ.get("KAOHE_OPERATOR", "").strip():
        return said
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError) as error:
        raise KaoheError("operator_unknown") from error


def check_approved(kind: Kind, by: str, document: str, operator: str, ran: str | None) -> None:
    """Raises ``KaoheError`` unless somebody other than the ``operator``, and than who ``ran`` what is in force,
    approved it by a document."""
    if kind not in APPROVED:
        return
    if not _letters(by) or not _letters(document):
        raise KaoheError("approval_missing")
    if _letters(by) == _letters(operator):
        raise KaoheError("approver_operates", by=by, operator=operator)
    if ran and _letters(by) == _letters(ran):
        raise KaoheError("approver_ran", by=by, operator=ran)


def _letters(name: str) -> str:
    """The letters and digits of a name, whatever their width, case and what stands between them."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(mark for mark in folded if mark.isalnum())
