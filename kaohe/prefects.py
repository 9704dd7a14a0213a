"""How kaohe starts Prefect: a server that is running is used, else a temporary one; quiet, and nothing phones home."""

import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

LOCAL_SERVER = "http://127.0.0.1:4200/api"


def answers(address: str) -> bool:
    """A Prefect server answers at this API address."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{address}/health", timeout=2
        ) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


@contextmanager
def quiet() -> Iterator[None]:
    """Run flows on the server that is there (the configured one, else one on this machine's usual port), else on a
    temporary one, without Prefect's log on the console: our own words say what matters."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")  # a busy machine starts slowly
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    addresses = [address for address in (PREFECT_API_URL.value(), LOCAL_SERVER) if address]
    server = next(filter(answers, addresses), None)
    # Without heartbeats nobody waits a second for their thread to end.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_API_URL: server}):
        yield
