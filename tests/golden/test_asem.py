"""The ASEM Sustainable Connectivity index comes out as published: from its raw values in one go, and stage by stage."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from kaohe.composite import Scored, score
from tests.helpers import ROOT, kaohe

ASEM = ROOT / "tests" / "data" / "asem"
STAGES = {
    "denominated": "stage1_denominated",
    "imputed": "stage2_imputed",
    "treated": "stage3_treated",
    "score": "stage4_normalised",
}
#: What a scheme's leaves are without, once the values have been through each stage.
DONE = {
    "denominated": {"denominator"},
    "imputed": {"denominator", "impute"},
    "treated": {"denominator", "impute", "treat"},
    "score": {"denominator", "impute", "treat", "range", "direction"},
}


def read(path: Path, key: str = "UnitCode") -> dict[str, dict[str, str]]:
    """Key → column → cell."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row[key]: row for row in rows}


PUBLISHED = {stage: read(ASEM / "expected" / f"{file}.csv") for stage, file in STAGES.items()}
AGGREGATED = read(ASEM / "expected" / "stage5_aggregated.csv")


def is_published(found: Scored, stages: list[str]) -> None:
    """Each of these stages, and all nodes and scores after them, to 1e-9."""
    assert found.stages.height == 51 * 49
    for row in found.stages.iter_rows(named=True):
        for stage in stages:
            cell = PUBLISHED[stage][row["unit_id"]][row["indicator"]]
            assert row[stage] == (pytest.approx(float(cell), rel=1e-9, abs=1e-12) if cell else None), row
    assert found.nodes.height == 51 * 59
    for unit, node, number in found.nodes.select("unit_id", "node", "score").iter_rows():
        assert float(number) == pytest.approx(float(AGGREGATED[unit][node]), rel=1e-9), (unit, node)
    for unit, number in found.scores.select("unit_id", "score").iter_rows():
        assert float(number) == pytest.approx(float(AGGREGATED[unit]["Index"]), rel=1e-9), unit
    best_first = sorted(AGGREGATED, key=lambda unit: -float(AGGREGATED[unit]["Index"]))
    ranks = dict(found.scores.select("unit_id", "rank").iter_rows())
    assert [ranks[unit] for unit in best_first] == list(range(1, 52))


def test_from_the_raw_values_in_one_scheme_file() -> None:
    is_published(score(ASEM / "scheme.yml", ASEM / "values.csv", ASEM / "units.csv"), list(STAGES))


@pytest.mark.parametrize("stage", STAGES)
def test_from_each_published_stage_to_the_next_ones(stage: str, tmp_path: Path) -> None:
    """The values of a stage as published, by the scheme without the steps that led to it."""
    scheme = yaml.safe_load((ASEM / "scheme.yml").read_text(encoding="utf-8"))
    _strip(scheme["defaults"], DONE[stage])
    _strip_all(scheme["dimensions"], DONE[stage])
    if stage == "score":
        scheme["defaults"]["rule"] = "raw"
    (tmp_path / "scheme.yml").write_text(yaml.safe_dump(scheme, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with (tmp_path / "values.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["unit_id", "measure", "value"])
        for row in read_long(stage):
            writer.writerow(row)
    found = score(tmp_path / "scheme.yml", tmp_path / "values.csv", ASEM / "units.csv")
    stages = list(STAGES)
    is_published(found, stages[stages.index(stage) :])


def read_long(stage: str) -> list[tuple[str, str, str]]:
    """(unit, indicator, value) of a stage."""
    indicators = read(ASEM / "inputs" / "indicator_meta.csv", "IndCode")
    return [(unit, name, row[name]) for unit, row in PUBLISHED[stage].items() for name in row if name in indicators]


def _strip(leaf: dict[str, Any], keys: set[str]) -> None:
    for key in keys & leaf.keys():
        del leaf[key]


def _strip_all(children: dict[str, Any], keys: set[str]) -> None:
    for child in children.values():
        if "children" in child:
            _strip_all(child["children"], keys)
        else:
            _strip(child, keys)


def test_the_command_writes_what_it_found(tmp_path: Path) -> None:
    files = {name: ASEM / f"{name}.{ext}" for name, ext in (("scheme", "yml"), ("values", "csv"), ("units", "csv"))}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    done = kaohe("score", *options, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    scores = read(tmp_path / "scores.csv", "unit_id")
    assert next(iter(scores.values())).keys() == {"unit_id", "score", "grade", "rank"}
    for unit, row in scores.items():
        assert float(row["score"]) == pytest.approx(float(AGGREGATED[unit]["Index"]), rel=1e-9)
    with (tmp_path / "nodes.csv").open(encoding="utf-8", newline="") as file:
        nodes = list(csv.DictReader(file))
    assert nodes[0].keys() == {"unit_id", "node", "score"}
    assert len(nodes) == 51 * 59
    for row in nodes:
        assert float(row["score"]) == pytest.approx(float(AGGREGATED[row["unit_id"]][row["node"]]), rel=1e-9)
