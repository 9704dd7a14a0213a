"""The Prefect server as a process: ``python -m kaohe.serving.child HOST PORT``. It ends with its parent, however that
ends: the parent holds the other end of its standard input."""

import os
import runpy
import signal
import sys
import threading


def _end_with_the_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _, host, port = sys.argv
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    sys.argv = ["prefect", "server", "start", "--host", host, "--port", port]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
