"""How kaohe starts Prefect: a server that is running is used, else a temporary one; quiet, and nothing phones home."""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

LOCAL_SERVER = "http://127.0.0.1:4200/api"


def running_server() -> str | None:
    """The API address of a Prefect server that answers: the configured one, else one on this machine's usual port."""
    for address in (os.environ.get("PREFECT_API_URL"), LOCAL_SERVER):
        if address and _answers(address):
            return address
    return None


def _answers(address: str) -> bool:
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


@contextmanager
def quiet() -> Iterator[None]:
    """Run flows without Prefect's console log (our own words say what matters), on the server that is there."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    if server := running_server():
        os.environ["PREFECT_API_URL"] = server
    else:
        os.environ.pop("PREFECT_API_URL", None)
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
