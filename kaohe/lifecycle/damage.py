"""What of a year's results is not as its log says."""

from pathlib import Path

from kaohe.lifecycle.missing import listed_hashes
from kaohe.lifecycle.proceedings import MOVES, Proceedings, look_up
from kaohe.project import file_hashes
from kaohe.publication import MANIFEST, SUMS, pointed_at
from kaohe.publication.manifest import read_manifest
from kaohe.words import say


def verify(home: Path, year: int) -> list[str]:
    """What of the year's results is not as the log says, in sentences; nothing if all is.

    Raises ``KaoheError`` if the log itself is not whole.
    """
    found = look_up(home, year)
    published = {act.publication for act in found.log.of(*MOVES)} - found.expired.keys()
    wrong = [sentence for publication in sorted(published) for sentence in damage(found, publication)]
    return [*wrong, *pointer_damage(found), *(say("verify_ledger", path=path) for path in found.changed_ledgers)]


def damage(found: Proceedings, publication: str) -> list[str]:
    """What of a publication is not as it was when the log says it came into force, in sentences."""
    act = found.made_current(publication)
    expected: dict[str, str] = act.details["files"] if act else {}
    folder = found.folder / publication
    there = file_hashes(folder, "*")
    changed = [name for name in sorted(expected.keys() | there.keys()) if expected.get(name) != there.get(name)]
    wrong = [say("verify_file", publication=publication, file=name) for name in [*changed, *_below(folder)]]
    if MANIFEST not in changed and not found.log.holds(read_manifest(folder)["log"]):
        wrong.append(say("verify_anchor", publication=publication))
    return wrong


def pointer_damage(found: Proceedings) -> list[str]:
    """Whether CURRENT names another publication than the log, in a sentence."""
    moved = found.log.of(*MOVES)
    if moved and pointed_at(found.folder) != found.folder / moved[-1].publication:
        return [say("verify_current", publication=moved[-1].publication)]
    return []


def _below(publication: Path) -> list[str]:
    """The files in the folders of a publication that are not as its own list of them says."""
    if not (publication / SUMS).exists():
        return []  # there is none, or it is missed already
    listed = {name: sha256 for name, sha256 in listed_hashes(publication).items() if "/" in name}
    there = file_hashes(publication, "*/**/*")
    return sorted(name for name in listed.keys() | there.keys() if listed.get(name) != there.get(name))
