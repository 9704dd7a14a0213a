"""What starts the runs: Prefect's Runner, in a thread of its own, so that we and nobody else hear the signals."""

import asyncio
import threading
from collections.abc import Sequence
from uuid import UUID

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner

#: How long runs may take to end when they are told to, in seconds.
_END = 60


class Runs:
    """Watches the server for runs of ``deployments``, and starts them."""

    def __init__(self, deployments: Sequence[RunnerDeployment]) -> None:
        self.deployments = deployments
        self.ids: dict[str, UUID] = {}
        self.failed: BaseException | None = None
        self._runner = Runner(name="kaohe", pause_on_shutdown=False)
        self._thread = threading.Thread(target=self._run, name="runs", daemon=True)

    def register(self) -> None:
        """Tell the server of the deployments; an earlier one of the same name is replaced."""
        for deployment in self.deployments:
            identity = self._runner.add_deployment(deployment)
            assert isinstance(identity, UUID)
            self.ids[deployment.flow_name or ""] = identity

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._runner.start())
        except BaseException as error:
            self.failed = error

    @property
    def alive(self) -> bool:
        """It watches."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Start nothing any more, and end what runs; it counts as cancelled."""
        while self._thread.is_alive() and not self._runner.started:  # it has only just begun
            self._thread.join(0.1)
        if self._thread.is_alive():
            self._runner.execute_in_background(self._runner.astop)
            self._thread.join(_END)
