"""Nights that were missed while the machine was off or asleep are caught up by one run, not by many.

Prefect makes the runs of the next nights in advance, so all that were missed start when it is back; and if it was away
for longer than that, there is none. A night is *done* by a run of the same deployment with the same parameters that
began after the night should have, and was neither broken off nor itself skipped.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.states import Crashed

from kaohe import clock
from kaohe.prefects import SKIPPED, skipped
from kaohe.words import say


def caught_up_by() -> str | None:
    """The name of the run that did the work of the scheduled run in which this is asked, or None."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.deployment_id is None or not run.auto_scheduled or run.expected_start_time is None:
        return None
    with get_client(sync_client=True) as client:
        me = client.read_flow_run(run.id)
        mine = _order(me)
        for other in _done_since(client, run.deployment_id, run.expected_start_time):
            if other.parameters == me.parameters and _order(other) < mine:
                return other.name
    return None


def catch_up(client: SyncPrefectClient, deployment: UUID, night: dt.datetime) -> str | None:
    """Start a run if the latest night, which should have begun at ``night``, was missed; what waits since earlier
    nights is skipped. Gives the name of the run it started."""
    asked = client.read_deployment(deployment)
    if asked.paused or asked.created is None or asked.created > night:
        return None  # nobody wanted that night
    done = [run for run in _done_since(client, deployment, night) if run.parameters == asked.parameters]
    name = done[0].name if done else client.create_flow_run_from_deployment(deployment).name
    for run in _waiting(client, deployment):
        client.set_flow_run_state(run.id, skipped(name), force=True)
    return None if done else name


def tidy(client: SyncPrefectClient, deployments: Sequence[UUID], begun: dt.datetime) -> None:
    """Runs that have counted as running since before ``begun``, while nobody was there who could run them, were broken
    off."""
    for run in client.read_flow_runs(flow_run_filter=_runs(deployments, StateType.RUNNING, StateType.PENDING)):
        if run.state and run.state.timestamp >= begun:
            continue
        client.set_flow_run_state(run.id, Crashed(message=say("serve_broken_off")))


def _done_since(client: SyncPrefectClient, deployment: UUID, moment: dt.datetime) -> Iterator[FlowRun]:
    """Runs that began at ``moment`` or later and were neither broken off nor skipped, the earliest first."""
    wanted = _runs([deployment], StateType.RUNNING, StateType.COMPLETED, StateType.FAILED)
    wanted.start_time = FlowRunFilterStartTime.model_validate({"after_": moment})
    for run in client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.START_TIME_ASC):
        if run.state_name != SKIPPED:
            yield run


def _waiting(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    """Runs that the schedule made and that should have begun by now."""
    wanted = _runs([deployment], StateType.SCHEDULED)
    wanted.expected_start_time = FlowRunFilterExpectedStartTime.model_validate({"before_": clock.now()})
    return [run for run in client.read_flow_runs(flow_run_filter=wanted) if run.auto_scheduled]


def _runs(deployments: Sequence[UUID], *states: StateType) -> FlowRunFilter:
    return FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
    )


def _order(run: FlowRun) -> tuple[dt.datetime, str]:
    """Of two runs that began at once one is the first."""
    return run.start_time or dt.datetime.max.replace(tzinfo=dt.UTC), str(run.id)
