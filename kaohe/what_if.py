"""What if the scheme were another: the records of a publication scored by variants of its scheme, beside it.

All variants are rows of the scheme's tables, scored in one pass of the same SQL. Nothing is published.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from rapidfuzz import process

from kaohe import planning, scoring
from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.project import Project
from kaohe.publication import SNAPSHOT, in_force
from kaohe.publication.manifest import read_manifest
from kaohe.publication.method import method_of, scheme_file
from kaohe.scheme import Scheme, load_scheme
from kaohe.scheme.tables import IN_FORCE
from kaohe.sqltext import literal
from kaohe.warehouse import Engine
from kaohe.words import listed, say
from kaohe.yamlfile import Location, checked, edited, plain_value, read_plain, scalars

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class WhatIf:
    """``publication``: the folder whose records were scored. ``variants``: name → title, the scheme in force first.
    ``scores``: variant, unit_id, unit_name, category, total, rank, grade, status. ``settled``: variant, title of a
    node and its weight before and after, where it follows from what was set. ``scheme_file``: the scheme in force."""

    publication: Path
    variants: dict[str, str]
    scores: pl.DataFrame
    settled: list[tuple[str, str, Decimal, Decimal]]
    scheme_file: Path


def what_if(home: Path, year: int | None, settings: Sequence[str], schemes: Sequence[Path]) -> WhatIf:
    """Score the records of the publication in force with ``settings`` (``node.key=value``, all together one variant),
    and with each of ``schemes``.

    Raises ``KaoheError`` if nothing is published, for a setting that names nothing, and for what makes a scheme wrong.
    """
    if not settings and not schemes:
        raise KaoheError("what_if_nothing")
    publication = in_force(home, year)
    manifest = read_manifest(publication)
    contracts, scheme_in_force = method_of(home, manifest)
    variants: dict[str, Scheme] = {IN_FORCE: scheme_in_force}
    titles = {IN_FORCE: say("what_if_in_force")}
    settled: list[tuple[str, str, Decimal, Decimal]] = []
    if settings:
        variants["set"], followed = varied(scheme_file(home, manifest), settings, manifest["scheme"]["file"])
        titles["set"] = say("what_if_set")
        settled = [("set", *change) for change in followed]
    for number, path in enumerate(schemes, start=1):
        variants[f"scheme{number}"] = load_scheme(path)
        titles[f"scheme{number}"] = path.stem if len(schemes) > 1 or settings else variants[f"scheme{number}"].title
        if variants[f"scheme{number}"].year != scheme_in_force.year:
            year_of = variants[f"scheme{number}"].year
            raise KaoheError("scheme_year", path=path, scheme_year=year_of, year=scheme_in_force.year)
    return WhatIf(publication, titles, rescored(publication, contracts, variants), settled, scheme_file(home, manifest))


def rescored(publication: Path, contracts: Contracts, variants: Mapping[str, Scheme]) -> pl.DataFrame:
    """The records of a publication scored by each variant, with the SQL of today's project; ``in_force`` must be one.

    Columns: variant, unit_id, unit_name, category, total, rank, grade, status.
    """
    project = Project.find()
    engine = Engine(duckdb.connect())
    engine.con.execute(f"attach {literal(publication / SNAPSHOT)} as publication (read_only)")
    ((as_of,),) = engine.rows("select as_of from publication.assessment")
    public = {name: contract for name, contract in contracts.items() if not contract.restricted}
    for table in public:
        engine.view(f"main.{table}", f"select * from publication.{table}")
    planned = {name: (scheme, planning.plan(project, contracts, scheme)) for name, scheme in variants.items()}
    scoring.measure_and_add_up(engine, project, Contracts(public), planned, as_of)
    found = engine.frame(
        "select variant, unit_id, unit_name, category, points(total) as total, rank, grade, status "
        "from main.unit_score order by category, rank nulls last, unit_id"
    )
    engine.con.close()
    return found


def varied(path: Path, settings: Sequence[str], name: str) -> tuple[Scheme, list[tuple[str, Decimal, Decimal]]]:
    """The scheme in ``path`` with ``settings``. A weight that is set takes its difference from its siblings, and gives
    it to its own children, in proportion: which weights follow, from what to what. ``name``: what to call the file.

    Raises ``KaoheError`` for a setting that names nothing or will not do.
    """
    data, lines = read_plain(path)
    before = _weights(data["dimensions"])
    changed, fixed = _changed(data, settings, path)
    nodes, after = _nodes(changed["dimensions"]), _weights(changed["dimensions"])
    followed = [
        (nodes[name].get("title", name), before[name], weight)
        for name, weight in after.items()
        if name not in fixed and weight != before[name]
    ]
    return checked(Path(name), changed, lines, Scheme), followed


def written_out(path: Path, settings: Sequence[str]) -> str:
    """The scheme file ``path`` with ``settings``, its comments and all else as they are.

    Raises ``KaoheError`` for a setting that names nothing, or puts in what is more than a single value.
    """
    data, _ = read_plain(path)
    changed, _ = _changed(data, settings, path)
    text = path.read_text(encoding="utf-8")
    places = scalars(text)
    edits: dict[Location, str] = {}
    for location, value in _values(changed):
        if location not in places:
            raise KaoheError("what_if_write", place=".".join(map(str, location)))
        if value != _at(data, location):
            edits[location] = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _plainly(value)
    written = edited(text, edits)
    if plain_value(written, path) != changed:  # a list that is shorter now
        raise KaoheError("what_if_write", place="、".join(setting.partition("=")[0] for setting in settings))
    return written


def _plainly(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _values(data: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Every single value and where it stands."""
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if below is None:
        yield location, data
        return
    for key, value in below:
        yield from _values(value, (*location, key))


def _at(data: Any, location: Location) -> Any:
    for part in location:
        data = data[part]
    return data


def _changed(data: dict[str | int, Any], settings: Sequence[str], path: Path) -> tuple[Any, set[str]]:
    """What a file says, with ``settings`` and the weights that follow, and the nodes whose weights were set."""
    changed: Any = copy.deepcopy(data)
    fixed: set[str] = set()
    for setting in settings:
        place, equals, text = setting.partition("=")
        if not equals or not text.strip():
            raise KaoheError("what_if_form", setting=setting)
        holder, key, node = _find(changed, place.strip().split("."), setting)
        holder[key] = plain_value(text, path)
        if node and key == "weight":
            if not isinstance(holder[key], int | Decimal):
                raise KaoheError("what_if_weight", setting=setting)
            fixed.add(node)
    if fixed:
        _settle(changed["dimensions"], Decimal(str(changed.get("total", 100))), fixed, say("whole"))
    return changed, fixed


def _find(data: dict[str, Any], parts: list[str], setting: str) -> tuple[dict[str, Any], str, str | None]:
    """What holds the key that a setting names, the key, and the node it belongs to, if any. A path begins at a key of
    the file or at any node, by its name or its title or a part of it that no other has, and may leave out ``children``
    on the way."""
    nodes = _nodes(data["dimensions"])
    for section in ("bonus", "deductions"):
        nodes |= data.get(section, {}).get("indicators", {})
    nodes |= data.get("vetoes", {})
    *way, key = parts
    holder, node = data, None
    for part in way:
        below: dict[str, Any] = holder.get("children", {}) if node else {}
        if part in below:
            holder, node = below[part], part
        elif isinstance(holder.get(part), dict) and not (holder is data and part in nodes):
            holder = holder[part]
            node = None
        elif holder is data and part in nodes:
            holder, node = nodes[part], part
        elif titled := _titled(nodes if holder is data else below, part):
            holder, node = (nodes if holder is data else below)[titled], titled
        else:
            raise _unknown(part, [*holder, *below, *(nodes if holder is data else ())], setting)
    if not way and key in nodes:
        raise KaoheError("what_if_key", setting=setting, name=key)
    return holder, key, node


def _titled(nodes: dict[str, Any], part: str) -> str | None:
    """The one node of that title, else the one whose title has it as a part."""
    titles = {name: str(node.get("title", name)) for name, node in nodes.items() if isinstance(node, dict)}
    for found in (
        [name for name, title in titles.items() if title == part],
        [name for name, title in titles.items() if part and part in title],
    ):
        if len(found) == 1:
            return found[0]
    return None


def _unknown(part: str, known: Sequence[str], setting: str) -> KaoheError:
    near = [name for name, *_ in process.extract(part, sorted(set(map(str, known))), limit=3)]
    return KaoheError("what_if_unknown", setting=setting, part=part, near=listed(near))


def _nodes(children: dict[str, Any]) -> dict[str, Any]:
    """Every node and indicator of the tree by name."""
    found: dict[str, Any] = {}
    for name, node in children.items():
        found[name] = node
        found |= _nodes(node.get("children", {}))
    return found


def _weights(children: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(node["weight"]).quantize(_CENT) for name, node in _nodes(children).items()}


def _settle(children: dict[str, Any], whole: Decimal, fixed: set[str], title: str) -> None:
    """Divide what the fixed weights leave of ``whole`` among the others in proportion, to the cent (largest remainders,
    ties in the order of the file), all the way down."""
    held = sum((Decimal(node["weight"]) for name, node in children.items() if name in fixed), Decimal(0))
    free = {name: Decimal(node["weight"]) for name, node in children.items() if name not in fixed and node["weight"]}
    left = whole - held
    if left < 0 or (left > 0 and not free):
        raise KaoheError("what_if_sum", node=title, total=held, weight=whole)
    total = sum(free.values(), Decimal(0))
    if free and total != left:
        exact = {name: left * weight / total for name, weight in free.items()}
        shares = {name: share - share % _CENT for name, share in exact.items()}
        cents = int((left - sum(shares.values())) / _CENT)
        for name in sorted(exact, key=lambda name: shares[name] - exact[name])[:cents]:
            shares[name] += _CENT
        for name, share in shares.items():
            children[name]["weight"] = share.quantize(_CENT)
    for name, node in children.items():
        if "children" in node:
            _settle(node["children"], Decimal(node["weight"]), fixed, node.get("title", name))
