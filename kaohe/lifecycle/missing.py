"""What a publication itself says of the act that put it in force, for when the log does not say it."""

from typing import Any

from kaohe.lifecycle.acts import ACTS
from kaohe.words import say


def missing_act(manifest: dict[str, Any]) -> str:
    """Which act put a publication in force, by its manifest: it was made right before."""
    kind = str(manifest.get("act", {}).get("act"))
    act = say(f"act_{kind if kind in ACTS else 'publish'}")
    return say("missing_act", number=manifest["log"]["number"] + 1, act=act)
