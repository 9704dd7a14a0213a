"""The long proof (`make mutations`) in short: every mutation still has its place, and the bench notices one."""

import shutil
from decimal import Decimal
from pathlib import Path

from tests.helpers import ROOT
from tests.mutations import mutations
from tests.scoring import Bench, Item, scheme_text


def test_every_mutation_has_its_place(tmp_path: Path) -> None:
    found = mutations()
    assert len(found) >= 30
    assert len({(each.file, each.old, each.new) for each in found}) == len(found)
    for number, each in enumerate(found):
        copy = tmp_path / str(number)
        (copy / each.file).parent.mkdir(parents=True)
        shutil.copy(ROOT / "sql" / each.file, copy / each.file)
        each.apply(copy)
        assert (copy / each.file).read_text("utf-8") != (ROOT / "sql" / each.file).read_text("utf-8")


def test_a_broken_rule_gives_other_points(tmp_path: Path) -> None:
    broken = tmp_path / "sql"
    shutil.copytree(ROOT / "sql", broken)
    next(each for each in mutations() if each.wrong == "deductions are added").apply(broken)
    basis = "basis: {rule: r, article: a, basis_type: default}"
    deductions = f"{{cap: 10, indicators: {{d: {{measure: given, rule: per_item, {basis}}}}}}}"
    scheme = scheme_text({"a": {"a1": "100"}}, deductions=deductions)
    items = [Item("U1", "a1", "x", 8, 7), Item("U1", "d", "fact", None, 3)]
    totals = []
    for name, sql in (("whole", ROOT / "sql"), ("broken", broken)):
        bench = Bench(tmp_path / name, sql)
        with bench.warehouse:
            totals.append(bench.score(scheme, {"U1": "机关处室"}, items).unit("U1")["total"])
    assert totals == [Decimal("84.50"), Decimal("90.50")]
