"""A Prefect server as a process: ``python -m kaohe.serving.child HOST PORT``, with ``--temporary`` one without a page
and schedules, for a single command. It ends with its parent, however that ends: the parent holds the other end of its
standard input. (Prefect's own temporary servers stay behind when their parent is killed.)"""

import os
import runpy
import signal
import sys
import threading

#: What Prefect tells its own.
_TEMPORARY = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


def _end_with_the_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _, host, port, *temporary = sys.argv
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    listening = ["--host", host, "--port", port]
    if temporary:
        os.environ |= _TEMPORARY
        quietly = ["--log-level", "error", "--lifespan", "on"]
        sys.argv = ["uvicorn", "--factory", "prefect.server.api.server:create_app", *listening, *quietly]
    else:
        sys.argv = ["prefect", "server", "start", *listening]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
