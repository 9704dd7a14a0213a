"""The command in the process of the tests: what costs seconds in one of its own takes a fraction of one here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kaohe.cli import build
from kaohe.words import Language, use_language
from tests.helpers import SMALL, project_copy


def run_here(words: Sequence[str], lang: Language = "zh") -> int:
    """Run ``kaohe`` with these words, its flows as plain functions; gives its status. What it refuses is an error.

    That flows run on a server of Prefect, and what is seen of them there, is for the tests of each flow.
    """
    use_language(lang)
    with plain_flows():
        return build()(args=list(words), prog_name="kaohe", standalone_mode=False) or 0


@contextmanager
def plain_flows() -> Iterator[None]:
    """Flows and tasks are the functions that they are made of; nothing is left on Prefect's page."""
    from prefect import Flow, State, Task

    def call(self: Any, *given: Any, **named: Any) -> Any:
        made = self.fn(*given, **named)
        return made.data if isinstance(made, State) else made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "__call__", call)
        patch.setattr(Task, "__call__", call)
        patch.setattr("prefect.artifacts.create_table_artifact", lambda *_: None)
        patch.setattr("prefect.artifacts.create_markdown_artifact", lambda *_: None)
        yield


#: Beside 学情通报, so that its weight can be changed.
_ANOTHER = """      loyalty:
        title: 对党忠诚教育
        weight: 10
        measure: loyalty_sessions
        rule: share
        params: {target: 2}
        basis: {rule: 浦东新区生态环境局2023年党建工作要点, article: 对党忠诚教育, basis_type: default}
"""


def small_project(folder: Path) -> Path:
    """A project whose scheme of 2023 has few indicators, for KAOHE_PROJECT."""
    project_copy(folder)
    scheme = SMALL.read_text(encoding="utf-8").replace("    children:\n", f"    children:\n{_ANOTHER}", 1)
    for less, more in (("98.66", "88.66"), ("90.66", "80.66")):
        scheme = scheme.replace(f"weight: {less}", f"weight: {more}")
    scheme = scheme.replace("weight: 1.34", "weight: 11.34", 1)
    (folder / "data" / "schemes" / "2023.yml").write_text(scheme, encoding="utf-8")
    return folder
