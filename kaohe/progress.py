"""What a run is doing right now, for whoever watches (the command line's progress bar)."""

from collections.abc import Callable

Listener = Callable[[str, int, int], None]

_listener: Listener | None = None


def watch(listener: Listener | None) -> None:
    """From now on call ``listener(step, done, of)``; None stops."""
    global _listener
    _listener = listener


def report(step: str, done: int = 0, of: int = 1) -> None:
    """Tell the watcher, if there is one."""
    if _listener:
        _listener(step, done, of)
