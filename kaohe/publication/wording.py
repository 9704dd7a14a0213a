"""What is said of a publication in the same words everywhere: its state, its sources, the intervals of its ranks."""

from typing import Any

from kaohe.publication.snapshot import Snapshot
from kaohe.words import say


def state_of(manifest: dict[str, Any]) -> str:
    """The state of a publication in words: 初评, 公示稿, 复核稿, 定稿, 定稿（第 2 版）."""
    state = say(f"state_{manifest['state']}")
    return (
        say("sheet_revision", state=state, revision=manifest["revision"]) if manifest.get("revision", 1) > 1 else state
    )


def stale_sources(manifest: dict[str, Any]) -> list[str]:
    """A sentence for each source that was down, and since when its data are."""
    return [
        say("sheet_stale", source=name, since=since) if since else say("sheet_stale_nothing", source=name)
        for name, since in manifest.get("stale", {}).items()
    ]


def intervals(snapshot: Snapshot) -> dict[str, tuple[str, bool]]:
    """Unit → its 90 % rank interval, and whether it overlaps that of the unit above; nothing in older publications."""
    if not snapshot.has("rank_interval"):
        return {}
    found = snapshot.rows("select unit_id, rank_low, rank_high, overlaps_above from main.rank_interval")
    return {unit: (interval(low, high), overlaps) for unit, low, high, overlaps in found}


def interval(low: Any, high: Any) -> str:
    """From … to …, or the one number."""
    return str(low) if low == high else f"{low}–{high}"
