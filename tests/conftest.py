"""Fixtures for all tests. Nothing here or in any test leaves this machine."""

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, Phase, settings

from kaohe import clock
from kaohe.loading import Pulled
from kaohe.project import Project
from kaohe.publication import in_force
from kaohe.run import Outcome
from kaohe.words import use_language
from tests.helpers import SAMPLE, SMALL, UNITS, YEAR, Result, import_libraries, kaohe, project_copy, registry, write_csv
from tests.keeping import copied, founded
from tests.office import Office

# A run asks the system some 350 times to write to the disk and waits; where there is memory enough, files of tests stand
# there. What a killed process leaves behind is the same.
MEMORY, ENOUGH = Path("/dev/shm"), 8 * 2**30
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# As the command does (kaohe/cli.py): to look through all that the libraries made again and again is time for nothing.
gc.set_threshold(200_000, 20, 50)

# Workers share the processors; where each of them has its own, more threads of DuckDB only wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    connect = duckdb.connect
    duckdb.connect = lambda database=":memory:", read_only=False, config=None: connect(
        database, read_only, {"threads": 1} | (config or {})
    )

# The same examples on every machine and every day; a longer search is started by hand with --hypothesis-profile=long.
# No test depends on the clock.
untimed: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("everyday", derandomize=True, max_examples=60, **untimed)
# Whether it fails is all that is asked.
settings.register_profile("unshrunk", derandomize=True, max_examples=60, phases=[Phase.generate], **untimed)
settings.register_profile("long", max_examples=5000, **untimed)
settings.load_profile("everyday")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes longest by far begins first, so that all cores end together."""
    items.sort(key=lambda item: item.path.name != "test_spark.py")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Every test begins in Chinese."""
    use_language("zh")
    yield
    use_language("zh")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An inbox with a registry of three units."""
    folder = tmp_path / "inbox"
    write_csv(folder / "名册.csv", registry(*UNITS))
    return folder


@pytest.fixture(scope="session")
def libraries() -> None:
    """What is slow to import, and warns while it is."""
    import_libraries()


@pytest.fixture
def home(tmp_path: Path, libraries: None) -> Path:
    """A new home folder, for a run."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of what is made once for all, whichever worker asks first."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def said_of_sample(shared: Path) -> subprocess.CompletedProcess[str]:
    """What `make run` says: the made-up bureau, scored by the command on a temporary server."""
    kept = shared / "sample.json"
    with FileLock(shared / "sample.lock"):
        if not kept.exists():
            done = kaohe(
                "run", "--inbox", SAMPLE, "--year", YEAR, "--home", shared / "sample", "--timings", "--operator", "王伟",
                PREFECT_HOME=str(shared / "prefect of the sample"), PREFECT_API_URL="",
            )  # fmt: skip
            kept.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), encoding="utf-8")
        return subprocess.CompletedProcess("kaohe run", *json.loads(kept.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def sample(said_of_sample: subprocess.CompletedProcess[str], shared: Path, libraries: None) -> Result:
    """The publication of the made-up bureau, made once for all who look at it; nobody may change it."""
    assert said_of_sample.returncode == 0, said_of_sample.stderr
    home = shared / "sample"
    return Result(Outcome(in_force(home, YEAR), True, Pulled(), clock.now()), home)


@pytest.fixture(scope="session")
def founded_office(shared: Path, libraries: None) -> Office:
    """An office with two publications, made once for all who look at it; nobody may change it."""
    with FileLock(shared / "office.lock"):
        office = Office(shared / "office", SMALL)
        return office if (office.folder / "CURRENT").exists() else founded(shared / "office")


@pytest.fixture
def office(founded_office: Office, tmp_path: Path) -> Office:
    """An office with two publications, which the test may change."""
    return copied(founded_office, tmp_path / "office")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the project that the test may change; runs use it."""
    copied = project_copy(tmp_path / "project")
    monkeypatch.setenv("KAOHE_PROJECT", str(copied.root))
    return copied


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Prefect of the tests' own, so that nobody's settings or history are touched."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def server(prefect_home: Path) -> Iterator[str]:
    """A Prefect server on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    environment = os.environ | {
        "PREFECT_HOME": str(prefect_home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-services",
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 90
        while not _healthy(api):
            assert process.poll() is None, "the server stopped"
            assert time.monotonic() < deadline, "the server did not answer"
            time.sleep(0.2)
        yield api
    finally:
        process.terminate()
        process.wait(timeout=30)


def _healthy(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
