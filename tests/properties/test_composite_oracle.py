"""Any scheme on any table, scored twice: by `kaohe score` and by the oracle of docs/scheme.md in tests/oracle."""

import csv
import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from kaohe.composite import Scored, score_all
from kaohe.errors import KaoheError
from tests.oracle.agree import disagreements
from tests.oracle.composite import Missing, Result, score
from tests.oracle.strategies import Case, cases
from tests.oracle.table import Rows

Schemes = Mapping[str, dict[str, Any]]

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

#: Each example is a pass over 40 schemes, a second or so: 400 schemes every day.
#: No explaining of failures, which takes minutes.
phases = [phase for phase in settings().phases if phase is not Phase.explain]
passes = settings(max_examples=settings().max_examples // 6, phases=phases)
fewer = settings(max_examples=settings().max_examples // 20, phases=phases)


class _Plain(yaml.CSafeDumper):
    """A dumper that writes out what stands twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("composite")


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def scored(folder: Path, case: Case, schemes: Schemes, threads: int = 1) -> dict[str, Scored]:
    """The schemes scored on the case's table, in one pass."""
    paths = {}
    for name, scheme in schemes.items():
        paths[name] = folder / f"{name}.yml"
        paths[name].write_text(yaml.dump(scheme, Dumper=_Plain, allow_unicode=True, sort_keys=False), encoding="utf-8")
    values = write(folder / "values.csv", case.values)
    return score_all(paths, values, write(folder / "units.csv", case.units) if case.units else None, threads=threads)


def by_oracle(case: Case) -> tuple[dict[str, Result], dict[str, ValueError]]:
    """What the oracle makes of each scheme; those that docs/scheme.md calls errors, apart."""
    results: dict[str, Result] = {}
    errors: dict[str, ValueError] = {}
    for name, scheme in case.schemes.items():
        try:
            results[name] = score(scheme, case.values, case.units or [])
        except ValueError as error:
            errors[name] = error
    return results, errors


def totals(found: Scored) -> dict[str, Decimal | None]:
    """Unit → score."""
    rows = found.scores.select("unit_id", "score").iter_rows()
    return {unit: None if text is None else Decimal(text) for unit, text in rows}


# --- The same, twice -------------------------------------------------------------------------------------------------


@passes
@given(cases(schemes=40))
def test_any_scheme_agrees_with_the_oracle(folder: Path, case: Case) -> None:
    right, errors = by_oracle(case)
    found = scored(folder, case, {name: case.schemes[name] for name in right}) if right else {}
    for name, result in right.items():
        frames = (frame.iter_rows(named=True) for frame in (found[name].scores, found[name].nodes, found[name].stages))
        assert disagreements(case.schemes[name], result, *frames) == [], name
    for name, error in list(errors.items())[:1]:
        with pytest.raises(KaoheError) as raised:
            scored(folder, case, {name: case.schemes[name]})
        if isinstance(error, Missing):
            assert error.unit in str(raised.value)
            assert error.indicator in str(raised.value)


# --- What holds for any scheme ---------------------------------------------------------------------------------------


@fewer
@given(cases(schemes=12), st.randoms(use_true_random=False))
def test_order_of_rows_and_threads_change_nothing(folder: Path, case: Case, by: random.Random) -> None:
    right, _ = by_oracle(case)
    schemes = {name: case.schemes[name] for name in right}
    if not schemes:
        return
    values, units = list(case.values), list(case.units or [])
    by.shuffle(values)
    by.shuffle(units)
    once = scored(folder, case, schemes)
    again = scored(folder, Case(case.schemes, values, units or None), schemes, threads=4)
    for name in schemes:
        for frame in ("scores", "nodes", "stages"):
            assert_frame_equal(getattr(once[name], frame), getattr(again[name], frame), check_row_order=False)


def _each(children: dict[str, Any]) -> Any:
    """All nodes and leaves below, as their keys."""
    for keys in children.values():
        yield keys
        yield from _each(keys.get("children", {}))


def _means_only(scheme: dict[str, Any]) -> bool:
    kinds = {scheme.get("aggregation", "sum"), *(keys.get("aggregation") for keys in _each(scheme["dimensions"]))}
    return "sum" not in kinds


def _weights_times(children: dict[str, Any], factor: int) -> dict[str, Any]:
    """The same tree with other weights."""
    return {
        name: keys
        | {"weight": float(Decimal(str(keys["weight"])) * factor)}
        | ({"children": _weights_times(keys["children"], factor)} if "children" in keys else {})
        for name, keys in children.items()
    }


@fewer
@given(cases(schemes=12), st.sampled_from([10, 3, 4]))
def test_only_the_proportions_of_weights_count_and_a_mean_lies_between_its_parts(
    folder: Path, case: Case, factor: int
) -> None:
    right, _ = by_oracle(case)
    # Ties at a cut are left to the oracle's own test.
    schemes = {
        name: case.schemes[name]
        for name, result in right.items()
        if _means_only(case.schemes[name]) and not result.unsure
    }
    scaled = {
        f"{name}_scaled": scheme | {"dimensions": _weights_times(scheme["dimensions"], factor)}
        for name, scheme in schemes.items()
    }
    if not schemes:
        return
    found = scored(folder, case, schemes | scaled)
    for name, scheme in schemes.items():
        once, again = totals(found[name]), totals(found[f"{name}_scaled"])
        assert once.keys() == again.keys()
        leaves: dict[str, list[float]] = {}
        for row in (
            found[name]
            .nodes.join(found[name].stages, left_on=["unit_id", "node"], right_on=["unit_id", "indicator"])
            .iter_rows(named=True)
        ):
            if row["score"] is not None:  # not shown only
                leaves.setdefault(row["unit_id"], []).append(float(row["score"]))
        for unit, total in once.items():
            if total is None:
                assert again[unit] is None
                continue
            assert float(total) == pytest.approx(float(again[unit] or 0), rel=1e-9, abs=1e-9)
            step = 10 ** -scheme["rounding"]["digits"] if "rounding" in scheme else 1e-9
            assert min(leaves[unit]) - step <= float(total) <= max(leaves[unit]) + step


def _leaves(children: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Leaf → its keys."""
    found: dict[str, dict[str, Any]] = {}
    for name, keys in children.items():
        found |= _leaves(keys["children"]) if "children" in keys else {name: keys}
    return found


def _in_cents(scheme: dict[str, Any], result: Result) -> bool:
    return result.exact == "leaf" and not result.unsure


@fewer
@given(cases(schemes=12))
def test_parts_add_up_in_a_points_scheme(folder: Path, case: Case) -> None:
    right, _ = by_oracle(case)
    schemes = {name: case.schemes[name] for name, result in right.items() if result.exact == "leaf"}
    if not schemes:
        return
    for name, found in scored(folder, case, schemes).items():
        scheme = schemes[name]
        parts = {
            (unit, node): Decimal(text or 0)
            for unit, node, text in found.nodes.select("unit_id", "node", "score").iter_rows()
        }

        def check(
            unit: str, whole: Decimal, children: dict[str, Any], parts: dict[tuple[str, str], Decimal] = parts
        ) -> None:
            assert whole == sum((parts[unit, child] for child in children), Decimal(0))
            for child, keys in children.items():
                if "children" in keys:
                    check(unit, parts[unit, child], keys["children"])

        for unit, total in totals(found).items():
            if total is None:
                continue
            bonus, deductions = (
                sum((parts[unit, each] for each in scheme.get(section, {}).get("indicators", {})), Decimal(0))
                for section in ("bonus", "deductions")
            )
            base = sum((parts[unit, child] for child in scheme["dimensions"]), Decimal(0))
            assert total == max(Decimal(0), base + bonus - deductions)
            check(unit, base, scheme["dimensions"])


@fewer
@given(cases(schemes=12))
def test_a_bonus_never_lowers_and_a_veto_never_changes_the_number(folder: Path, case: Case) -> None:
    right, _ = by_oracle(case)
    schemes: dict[str, dict[str, Any]] = {}
    for name in right:
        scheme = case.schemes[name]
        if "bonus" in scheme or "vetoes" in scheme:
            ties = [by for by in scheme.get("tie_break", []) if not by.startswith("x_b")]
            schemes[name] = scheme
            schemes[f"{name}_no_bonus"] = {
                key: said for key, said in scheme.items() if key not in ("bonus", "tie_break")
            } | {"tie_break": ties}
            schemes[f"{name}_no_veto"] = {key: said for key, said in scheme.items() if key != "vetoes"}
    if not schemes:
        return
    found = {name: totals(each) for name, each in scored(folder, case, schemes).items()}
    for name in right.keys() & schemes.keys():
        assert found[name] == found[f"{name}_no_veto"]
        for unit, total in found[name].items():
            without = found[f"{name}_no_bonus"][unit]
            assert (total is None) == (without is None)
            # A sum in DOUBLE may lose its last bit.
            assert (
                total is None
                or without is None
                or total >= without
                or float(total) == pytest.approx(float(without), rel=1e-12)
            )


RISING: tuple[dict[str, Any], ...] = (
    {"rule": "share"},
    {"rule": "linear", "floor": 0.3, "target": 0.9},
    {"rule": "linear", "floor": -1, "target": 4},
    {"rule": "steps", "steps": [{"at_least": 0.9, "give": 1}, {"at_least": 0.333333, "give": 0.6}]},
)


@fewer
@given(cases(schemes=12), st.data())
def test_more_done_is_never_fewer_points(folder: Path, case: Case, data: st.DataObject) -> None:
    rule = st.sampled_from(RISING)
    schemes: dict[str, dict[str, Any]] = {}
    for name, scheme in case.schemes.items():
        leaves = _leaves(scheme["dimensions"])
        if all(
            keys.get("rule", "share") in ("share", "linear", "steps") and "missing" not in keys
            for keys in leaves.values()
        ):
            if "defaults" in scheme or scheme.get("aggregation", "sum") != "sum":
                continue
            schemes[name] = scheme | {"dimensions": _with_rules(scheme["dimensions"], data.draw(rule))}
    filled = [place for place, row in enumerate(case.values) if row.get("done") or row.get("value")]
    if not schemes or not filled:
        return
    place = data.draw(st.sampled_from(filled))
    row = case.values[place]
    column = "done" if "done" in row else "value"
    more = row | {
        column: str(
            Decimal(row[column] or 0) + data.draw(st.sampled_from([Decimal("0.1"), Decimal(1), Decimal("0.000001")]))
        )
    }
    raised = Case(schemes, [*case.values[:place], more, *case.values[place + 1 :]], case.units)
    if str(row["measure"])[0] == "d":  # a finding
        raised, case = case, raised
    before, after = scored(folder, case, schemes), scored(folder, raised, schemes)
    for name in schemes:
        once, again = totals(before[name]), totals(after[name])
        for unit, had in once.items():
            has = again[unit]
            if had is None or has is None or unit != row["unit_id"]:
                assert had == has
            else:
                assert has >= had - Decimal("1e-9")


def _with_rules(children: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """The same tree with another rule at its leaves."""
    return {
        name: keys | {"children": _with_rules(keys["children"], rule)}
        if "children" in keys
        else {key: said for key, said in keys.items() if key not in ("rule", "floor", "target", "steps")} | rule
        for name, keys in children.items()
    }
