"""A real cluster of Spark on this machine: one master, some workers, each a process of its own."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pyspark

#: Settings for little data on two cores: what costs time here is to compile and to start. The queries stay the same.
SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.files.openCostInBytes": "65536",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
}
_PATIENCE = 120


class Cluster:
    """A context manager; ``master`` is its address. Whatever is left of it at the end is killed."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._start("master", "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            port = self._said("master", r"Successfully started service 'sparkMaster' on port (\d+)")
            self.master = f"spark://127.0.0.1:{port}"
            for number in range(workers):
                options = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0", "-c", "1", "-m", "1g")
                work = str(folder / f"work-{number}")
                self._start(f"worker-{number}", "worker.Worker", *options, "-d", work, self.master)
            for number in range(workers):
                self._said(f"worker-{number}", r"(Successfully registered with master)")
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill_worker(self, number: int) -> None:
        """As when its machine loses power: the worker and what runs for it are gone at once."""
        worker = self._processes.pop(f"worker-{number}")
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(worker.pid)], capture_output=True, text=True)
        for pid in [worker.pid, *map(int, children.stdout.split())]:
            os.kill(pid, signal.SIGKILL)
        worker.wait()

    def kill(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, of: str, *options: str) -> None:
        home = Path(pyspark.__file__).parent
        quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        env = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_JAVA_OPTS": quick}
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [home / "bin" / "spark-class", f"org.apache.spark.deploy.{of}", *options],
                stderr=log,
                stdout=log,
                env=env,
            )

    def _said(self, name: str, pattern: str) -> str:
        """What a process writes into its log, once it does."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._processes[name].poll() is None:
            if found := re.search(pattern, (self.folder / f"{name}.log").read_text(errors="replace")):
                return found[1]
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{name}.log").read_text(errors="replace"))
