"""Checks of the SQL behind a scheme: whether a run with it could begin, and each of its queries be carried out."""

from collections.abc import Iterator

from kaohe import binding, planning
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.linting.found import Found
from kaohe.project import Project
from kaohe.scheme import Scheme
from kaohe.yamlfile import Location


def check(scheme: Scheme, project: Project, contracts: Contracts) -> Iterator[Found]:
    """What is wrong with a file stands where the scheme first asks for it, else at the scheme's top."""
    asked: dict[tuple[str, str], Location] = {}
    for entry, leaf in scheme.leaves:
        asked.setdefault(("measures", leaf.measure), (*entry.path, "measure"))
    for name, alert in scheme.alerts.items():
        asked.setdefault(("alerts", alert.alert), ("alerts", name, "alert"))
    said = set()
    for model, error in binding.faults(project, contracts):
        said.add(str(error))
        yield Found("error", asked.get((model.path.parent.name, model.name), ()), str(error))
    try:
        planning.plan(project, contracts, scheme)
    except KaoheError as error:
        if str(error) not in said:
            yield Found("error", (), str(error))
