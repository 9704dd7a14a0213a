"""Who is to get what of the publication in force: to leadership all, to each unit its own sheet and nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaohe.delivery.config import Config
from kaohe.errors import KaoheError
from kaohe.lifecycle.acts import Act
from kaohe.lifecycle.proceedings import Proceedings
from kaohe.project import sha256_of
from kaohe.publication import CHECK_UP, FACES, MANIFEST, SUMS, UNITS, before_folders
from kaohe.publication.manifest import read_manifest
from kaohe.publication.named import unit_named
from kaohe.publication.snapshot import Snapshot
from kaohe.words import say
from kaohe.yamlfile import line_of, misplaced

MAIL, WEBHOOK = "mail", "webhook"
LEADERSHIP, NOTE = "leadership", "note"


@dataclass(frozen=True, eq=False)
class Parcel:
    """What one recipient is sent by one channel. ``number``: the act that made the publication current, so that one
    that is in force again is sent again; ``files``: path below the publication → SHA-256."""

    channel: str
    recipient: str
    what: str
    number: int
    publication: Path
    files: dict[str, str] = field(default_factory=dict)
    unit: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        return self.number, self.publication.name, self.channel, self.recipient, self.what

    @property
    def contents(self) -> str:
        """What it is, in a word."""
        return say("delivery_what_unit", unit=self.unit) if self.unit else say(f"delivery_what_{self.what}")


@dataclass
class Plan:
    """All parcels of a publication. ``wrong``: what keeps some from being made, in sentences; the names of units
    without an address, and of those that have one but no sheet."""

    publication: Path
    manifest: dict[str, Any]
    number: int
    at: str
    units: int
    parcels: list[Parcel] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    without_address: list[str] = field(default_factory=list)
    without_sheet: list[str] = field(default_factory=list)


def plan(found: Proceedings, config: Config, file: Path) -> Plan:
    """The parcels of the year's publication in force; ``file``: the delivery file.

    Raises ``KaoheError`` if the publication's manifest is not as it was published.
    """
    current = found.current
    act = found.made_current(current.name)
    expected = _listed(current, act)
    _hashed(current, [MANIFEST], expected)
    manifest = read_manifest(current)
    with Snapshot(current) as snapshot:
        ((units,),) = snapshot.rows("select count(*) from main.scores")
        number, at = (act.number, act.office_time) if act else (0, manifest["created_at"])
        made = Plan(current, manifest, number, at, units)
        if manifest["state"] in config.states:
            _for_leadership(made, config, expected)
            _for_units(made, config, expected, snapshot, file)
            made.parcels += [Parcel(WEBHOOK, hook.name, NOTE, number, current) for hook in config.webhooks]
    return made


def _for_leadership(made: Plan, config: Config, expected: dict[str, str]) -> None:
    """What leadership gets of a publication, as far as it has it, wherever its version put it."""
    names = [name for face in FACES for name in (face, before_folders(face)) if name in expected]
    made.parcels += _mails(made, config.leadership, LEADERSHIP, names, expected)


def _for_units(made: Plan, config: Config, expected: dict[str, str], snapshot: Snapshot, file: Path) -> None:
    addresses: dict[str, list[str]] = {}
    for name in config.units:
        try:
            unit_id, _ = unit_named(snapshot, name)
        except KaoheError as error:
            place = "units", name
            made.wrong.append(str(misplaced(file, place, line_of(file, place), str(error))))
            continue
        addresses[unit_id] = list(dict.fromkeys([*addresses.get(unit_id, []), *config.units[name]]))
    folders = made.manifest.get(UNITS, {})
    for unit_id, unit in snapshot.rows("select unit_id, unit_name from main.scores order by unit_id"):
        own = addresses.get(unit_id)
        if not own:
            made.without_address.append(unit)
        elif unit_id not in folders:
            made.without_sheet.append(unit)
        else:
            sheet = f"{UNITS}/{folders[unit_id]}/{CHECK_UP}"
            made.parcels += _mails(made, own, f"unit {unit_id}", [sheet], expected, unit)


def _mails(
    made: Plan, recipients: Iterable[str], what: str, names: list[str], expected: dict[str, str], unit: str = ""
) -> Iterator[Parcel]:
    """The same to each recipient; nothing if a file is not as it was published, which is said."""
    try:
        files = _hashed(made.publication, names, expected)
    except KaoheError as error:
        made.wrong.append(str(error))
        return
    for recipient in recipients:
        yield Parcel(MAIL, recipient, what, made.number, made.publication, files, unit)


def _listed(publication: Path, act: Act | None) -> dict[str, str]:
    """The SHA-256 of every file, also in folders, as the act that put them in force and the publication's own list have
    them."""
    expected: dict[str, str] = act.details["files"] if act else {}
    if SUMS not in expected and (act or not (publication / SUMS).exists()):
        return expected
    if act:
        _hashed(publication, [SUMS], expected)
    lines = (publication / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)} | expected


def _hashed(publication: Path, names: list[str], expected: dict[str, str]) -> dict[str, str]:
    """The SHA-256 of files of a publication. Raises ``KaoheError`` for one that nobody listed, that is gone, or that is
    not as it was published."""
    files = {}
    for name in names:
        path = publication / name
        if not path.is_file() or (sha256 := sha256_of(path)) != expected.get(name):
            raise KaoheError("delivery_file", path=path)
        files[name] = sha256
    return files
