"""What a home is made of, and whether a restore has put all of it in place."""

from pathlib import Path

#: Which key people were hashed with (people.py).
NOTED = "warehouse/key.fingerprint"
#: The parts of a home, in the order in which they are put back: what is in force, ``published``, comes last. Not among
#: them are the warehouse's file, which is made again from the inputs, Prefect's own history, and the inbox.
FOLDERS = (
    "warehouse/inputs", "warehouse/sources", "warehouse/restricted", "ledgers", "logs", "schemes", "plans", "bulletins",
    "alerts", "comparisons", "explanations", "published",
)  # fmt: skip
FILES = ("secret.key", NOTED, "sources.yml", "delivery.yml", "schedule.yml")
PARTS = (*FILES, *FOLDERS)
#: Below warehouse/, which only the owner can read: where a backup is unpacked, and what of it is not in its place yet.
ASIDE, PLACING = ".restore", ".restore-placing"


def half_restored(home: Path) -> bool:
    """A restore was killed before all was in place, or is at work."""
    return (home / "warehouse" / ASIDE).exists() or bool(not_in_place(home))


def not_in_place(home: Path) -> list[str]:
    """The parts that a killed restore did not come to put in place."""
    return [part for part in PARTS if (home / "warehouse" / PLACING / part).exists()]
