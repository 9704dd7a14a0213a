"""Every flow of flows/ as a deployment, with the parameters that a home folder gives."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

import flows
from kaohe.schedule import Schedule
from kaohe.words import Language

#: The name of every deployment: nightly/kaohe, annual-assessment/kaohe, …
NAME = "kaohe"
#: The flow that has the schedule.
NIGHTLY = "nightly"


@dataclass(frozen=True)
class Given:
    """What ``kaohe serve`` was given."""

    home: Path
    inbox: Path | None
    sources: Path | None
    lang: Language
    about: "Callable[[str], About]"


@dataclass(frozen=True)
class About:
    """What Prefect's page says of a flow to who starts it: its ``title``, what it ``does``, what each of its
    ``parameters`` is."""

    title: str
    does: str
    parameters: dict[str, str]


def every_flow() -> list[Flow[Any, Any]]:
    """The flows of flows/, by name."""
    found: dict[str, Flow[Any, Any]] = {}
    for info in pkgutil.iter_modules(flows.__path__):
        module = importlib.import_module(f"{flows.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, Flow) and value.fn.__module__ == module.__name__:
                found[value.name] = value
    return [found[name] for name in sorted(found)]


def deployments(given: Given, schedule: Schedule) -> list[RunnerDeployment]:
    """A deployment for each flow; it is imported by name, so it is found wherever the package is."""
    return [_deployment(flow, given, schedule) for flow in every_flow()]


def _deployment(flow: Flow[Any, Any], given: Given, schedule: Schedule) -> RunnerDeployment:
    nightly, about = flow.name == NIGHTLY, given.about(flow.name)
    made: RunnerDeployment = flow.to_deployment(  # type: ignore[assignment]
        NAME,
        parameters=parameters(flow, given),
        entrypoint_type=EntrypointType.MODULE_PATH,
        schedule=Cron(schedule.cron, timezone=schedule.timezone) if nightly else None,
        tags=[about.title],
        description=about.does,
    )
    for name, known in made._parameter_openapi_schema.properties.items():  # Prefect reads it off docstrings only
        known["description"] = about.parameters[name]
    return made


def parameters(flow: Flow[Any, Any], given: Given) -> dict[str, Any]:
    """What a run of the flow is given unless somebody says otherwise; paths begin at the root. Where records are is
    looked up by each run if nothing was said (``inbox_of``)."""
    known = {"home": given.home, "inbox": given.inbox, "sources": given.sources}
    values: dict[str, Any] = {name: str(path.resolve()) for name, path in known.items() if path}
    values["lang"] = given.lang
    return {name: value for name, value in values.items() if name in flow.parameters.properties}
