"""docs/scheme.md names every key of the language, and its examples are schemes that load and score."""

import re
from itertools import count
from pathlib import Path

import pytest

from kaohe import composite
from kaohe.scheme import Composite, Node, load_composite
from kaohe.scheme.indicator import Impute, Indicator, Step, Treat
from kaohe.scheme.parts import Capped, Grade, PerItem, Rounding, Veto
from tests.helpers import ROOT

TEXT = (ROOT / "docs" / "scheme.md").read_text(encoding="utf-8")
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL) if "dimensions:" in block]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_load(tmp_path: Path, example: str) -> None:
    path = tmp_path / "scheme.yml"
    path.write_text(example, encoding="utf-8")
    assert load_composite(path).entries


@pytest.mark.parametrize("example", [example for example in EXAMPLES if "year:" not in example])
def test_the_examples_score(tmp_path: Path, example: str) -> None:
    path, values, units = (tmp_path / name for name in ("scheme.yml", "values.csv", "units.csv"))
    path.write_text(example, encoding="utf-8")
    number = count(2)
    rows = ["unit_id,measure,value"]
    for unit in range(1, 6):
        rows += [f"U{unit},{measure},{next(number) * unit % 97 + 1}" for measure in sorted(_measures(path))]
    values.write_text("\n".join(rows), encoding="utf-8")
    units.write_text(
        "unit_id,category,region,population\n" + "".join(f"U{n},基层单位,r{n % 2},{n * 1000}\n" for n in range(1, 6)),
        encoding="utf-8",
    )
    scored = composite.score(path, values, units)
    assert scored.scores["rank"].null_count() == 0
    assert {"score", "rank"} < set(scored.scores.columns)


def _measures(path: Path) -> set[str]:
    return {leaf.measure for _, leaf in load_composite(path).leaves}


def test_every_key_is_named_and_shown() -> None:
    examples = "\n".join(EXAMPLES)
    for model in (Composite, Node, Indicator, Impute, Treat, Step, Capped, PerItem, Veto, Grade, Rounding):
        for name, field in model.model_fields.items():
            key = field.alias or name
            assert f"`{key}" in TEXT or f"{key}:" in TEXT, (model.__name__, key)
            assert re.search(rf"\b{key}:", examples), (model.__name__, key)
