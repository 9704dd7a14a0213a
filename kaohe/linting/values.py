"""Checks against a values file: measures that it does not have, and what one value alone is not enough for."""

from collections.abc import Iterator

from kaohe.composite import Counted
from kaohe.linting.found import Found
from kaohe.scheme import Composite
from kaohe.scheme.indicator import EXACT, Indicator
from kaohe.words import listed, say

#: With fewer values there is no skewness and no kurtosis.
_WINSORISED = 4


def check(scheme: Composite, counted: Counted) -> Iterator[Found]:
    """``counted``: how many units have a value, by measure."""
    for entry, leaf in scheme.leaves:
        count = counted.values.get(leaf.measure)
        if count is None:
            known = listed(sorted(counted.values))
            values = {"indicator": entry.name, "measure": leaf.measure, "known": known}
            yield Found("error", (*entry.path, "measure"), say("lint_no_values", **values))
        elif isinstance(leaf, Indicator) and leaf.rule not in EXACT:
            key = _asks_too_much(leaf, count)
            if key:
                sentence = say("lint_few_values", indicator=entry.name, key=key, count=count)
                yield Found("warning", (*entry.path, key), sentence)


def _asks_too_much(leaf: Indicator, count: int) -> str | None:
    """The key that so few values can do nothing for."""
    if leaf.impute and count <= 1:
        return "impute"
    winsorised = leaf.treat and leaf.treat.winsorise
    if leaf.treat and (count <= 1 or (winsorised and count < _WINSORISED)):
        return "treat"
    return "rule" if count <= 1 and leaf.rule not in ("raw", "goalposts") else None
