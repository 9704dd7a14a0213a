"""How far scores and ranks hang on choices that could as well have been made otherwise.

Uncertainty and sensitivity analysis as in step 7 of the OECD/JRC handbook (docs/robustness.md has the formulas). Pure
arithmetic on arrays: no files, no tables. The same case, spec and seed give the same bytes on any number of threads.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from kaohe.robustness.case import NEAR, SCHEME, Bools, Case, Choice, Floats, Ints
from kaohe.robustness.model import Model
from kaohe.scheme import robustness as spec

#: The order in which factors are listed. Weights are drawn as a whole.
FACTORS = ("weights", "rounding", "missing", "normalisation", "aggregation")
_CHOICES: dict[str, tuple[str, ...]] = {
    "rounding": get_args(spec.Rounding),
    "missing": get_args(spec.Missing),
    "normalisation": get_args(spec.Normalisation),
    "aggregation": get_args(spec.Aggregation),
}
_LOW, _HIGH = 0.05, 0.95
#: So many ranks are held at once by each thread.
_HELD = 1 << 22


@dataclass(frozen=True)
class Robust:
    """How far scores and ranks hold. By unit: ``rank`` by the scheme; ``rank_low``, ``rank_median``, ``rank_high``: the
    5, 50 and 95 % of the ranks drawn; ``rank_mean``; ``score_low``, ``score_high``; ``grade``: units × grades, the
    share of the draws with each grade. ``overlaps_above``: the interval overlaps that of the unit next above in the
    category. By factor varied: ``first_order``, ``total_order``, ``factor_shift``: the mean of |rank − rank by the
    scheme| when it alone is drawn. ``shift``: the same mean over all draws. By leaf dropped: ``leaf_mean``,
    ``leaf_max``: the mean and the largest |rank − rank by the scheme|."""

    draws: int
    rank: NDArray[np.int32]
    rank_low: NDArray[np.int32]
    rank_median: NDArray[np.int32]
    rank_high: NDArray[np.int32]
    rank_mean: Floats
    score_low: Floats
    score_high: Floats
    grade: Floats
    overlaps_above: Bools
    factors: list[str]
    first_order: Floats
    total_order: Floats
    factor_shift: Floats
    shift: float
    leaf_mean: Floats
    leaf_max: Ints


@dataclass
class Sobol:
    """First-order and total-order indices from the outputs of two base samples A and B and of A with factor i from B,
    given in parts. Of several outputs the indices are the means weighted by variance.

    First order: Saltelli et al. (2010); total order: Jansen (1999).
    """

    factors: int
    _first: Floats = field(init=False)
    _total: Floats = field(init=False)
    _sums: Any = 0.0
    _squares: Any = 0.0
    _count: int = 0

    def __post_init__(self) -> None:
        self._first, self._total = np.zeros(self.factors), np.zeros(self.factors)

    def add(self, a: Floats, b: Floats, mixed: NDArray[Any]) -> None:
        """Outputs ``a`` and ``b``: draws × outputs; ``mixed``: factors × draws × outputs. They should be near 0."""
        self._count += len(a)
        self._sums = self._sums + a.sum(axis=0) + b.sum(axis=0)
        self._squares = self._squares + (a * a).sum(axis=0) + (b * b).sum(axis=0)
        for factor, output in enumerate(mixed):
            self._first[factor] += (b * (output - a)).sum()
            self._total[factor] += ((a - output) ** 2).sum() / 2

    def indices(self) -> tuple[Floats, Floats]:
        """First and total order by factor; all 0 where nothing varies."""
        count = max(self._count, 1)
        mean = self._sums / (2 * count)
        variance = float(np.sum(self._squares / (2 * count) - mean * mean))
        if variance <= NEAR:
            return np.zeros(self.factors), np.zeros(self.factors)
        return self._first / count / variance, self._total / count / variance


class _Draws:
    """The two base samples: which alternative of each factor, and which weights, each draw has."""

    def __init__(self, case: Case, wanted: spec.Robustness, seed: str) -> None:
        digest = hashlib.sha256(seed.encode()).digest()
        random = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
        self.base = wanted.draws // 2
        self.alternatives = {
            factor: (SCHEME, *(name for name in names if name in getattr(wanted, factor)))
            for factor, names in _CHOICES.items()
        }
        self.weights = [_draw_weights(case, wanted.weights, self.base, random) for _ in range(2)]
        self.chosen = [
            {factor: random.integers(len(names), size=self.base) for factor, names in self.alternatives.items()}
            for _ in range(2)
        ]
        varied = {factor for factor, names in self.alternatives.items() if len(names) > 1}
        if self.weights[0] is not None:
            varied.add("weights")
        self.factors = [factor for factor in FACTORS if factor in varied]

    def choice(self, key: Sequence[int]) -> Choice:
        """The choice with these positions among the alternatives."""
        named = zip(self.alternatives.items(), key, strict=True)
        return Choice(**{factor: names[at] for (factor, names), at in named})

    def keys(self, sample: int, rows: slice, other: str = "") -> Ints:
        """Draws × factors: positions of the alternatives; the factor ``other`` from the other sample."""
        columns = [self.chosen[1 - sample if factor == other else sample][factor][rows] for factor in self.alternatives]
        return np.stack(columns, axis=1)

    def drawn(self, sample: int, rows: slice) -> Floats | None:
        """The weights of these draws."""
        weights = self.weights[sample]
        return None if weights is None else weights[rows]


def _draw_weights(case: Case, how: spec.Weights | None, draws: int, random: np.random.Generator) -> Floats | None:
    """Draws × nodes; None where weights are not varied. Siblings need not add up: they are divided among later on."""
    weight = case.weight.astype(np.float64)
    if how is None or how.spread == 0:
        return None
    if how.spread is not None:
        spread = float(how.spread)
        return weight * random.uniform(1 - spread, 1 + spread, (draws, len(weight)))
    family = np.zeros_like(weight)
    for nodes in case.children.values():
        family[nodes] = weight[nodes].sum()
    shape = float(how.concentration or 0) * weight / family
    return np.maximum(random.standard_gamma(shape, (draws, len(weight))), 1e-300)


@dataclass(frozen=True)
class _Block:
    """What a block of draws came to: both samples one after the other; ``mixed``: factors × draws × units."""

    total: Floats
    rank: NDArray[np.int32]
    grade: NDArray[np.int8]
    mixed: NDArray[np.int32]
    alone: float


def stress(case: Case, wanted: spec.Robustness, seed: str, threads: int | None = None) -> Robust:
    """Draw schemes at random and say how far scores and ranks hold.

    ``wanted.draws`` schemes are drawn, half of them base sample A, half B; the same draws serve the intervals and,
    mixed with one another, the sensitivity indices.
    """
    model = Model(case, float(wanted.floor))
    draws = _Draws(case, wanted, seed if wanted.seed is None else str(wanted.seed))
    model.prepare([Choice(missing=m, normalisation=n) for m in draws.alternatives["missing"]
                   for n in draws.alternatives["normalisation"]])  # fmt: skip
    units, base = model.units, draws.base
    nominal = model.nominal
    step = max(1, min(base, _HELD // (max(1, units) * (len(draws.factors) + 2))))
    blocks = [slice(begin, min(begin + step, base)) for begin in range(0, base, step)]
    ranks = np.empty((2 * base, units), np.uint16 if units < 1 << 16 else np.uint32)
    scores = np.empty((2 * base, units), np.float32)
    grades = np.zeros((units, len(case.at_least)))
    sobol = Sobol(len(draws.factors))
    alone, shift, begin = 0.0, 0.0, 0
    for block in _each(lambda rows: _evaluate(model, draws, rows), blocks, threads):
        count = len(block.rank) // 2
        ranks[begin : begin + 2 * count], scores[begin : begin + 2 * count] = block.rank, block.total
        begin += 2 * count
        for number in range(len(case.at_least)):
            grades[:, number] += (block.grade == number).sum(axis=0)
        moved = (block.rank - nominal.rank).astype(np.float64)
        sobol.add(moved[:count], moved[count:], block.mixed - nominal.rank)
        shift += float(np.abs(moved).sum())
        alone += block.alone
    first, total = sobol.indices()
    ordered = _quantiles(ranks)
    low, high = _quantiles(scores, (_LOW, _HIGH))
    leaf_mean, leaf_max = _leave_one_out(model)
    rank = nominal.rank[0]
    return Robust(
        draws=2 * base,
        rank=rank,
        rank_low=ordered[0].astype(np.int32),
        rank_median=ordered[1].astype(np.int32),
        rank_high=ordered[2].astype(np.int32),
        rank_mean=ranks.mean(axis=0, dtype=np.float64),
        score_low=low.astype(np.float64),
        score_high=high.astype(np.float64),
        grade=grades / (2 * base),
        overlaps_above=_overlaps_above(case, rank, ordered[0], ordered[2]),
        factors=draws.factors,
        first_order=first,
        total_order=total,
        factor_shift=_factor_shifts(model, draws, alone / max(1, base)),
        shift=shift / (2 * base * max(1, units)),
        leaf_mean=leaf_mean,
        leaf_max=leaf_max,
    )


def _each(work: Callable[[slice], _Block], blocks: Sequence[slice], threads: int | None) -> Iterator[_Block]:
    """The blocks in their order, worked on by several threads, few of them ahead."""
    threads = threads or min(len(blocks), os.cpu_count() or 1)
    if threads <= 1:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(threads) as pool:
        ahead = [pool.submit(work, block) for block in blocks[:threads]]
        for number in range(len(blocks)):
            done = ahead.pop(0).result()
            if number + threads < len(blocks):
                ahead.append(pool.submit(work, blocks[number + threads]))
            yield done


def _evaluate(model: Model, draws: _Draws, rows: slice) -> _Block:
    """Both samples and their mixtures on a block of draws; what is drawn alike is scored once, together."""
    count, units = rows.stop - rows.start, model.units
    keys = [draws.keys(0, rows), draws.keys(1, rows)]
    weights = [draws.drawn(0, rows), draws.drawn(1, rows)]
    places = [np.arange(count), np.arange(count)]
    for factor in draws.factors:
        mixed = draws.keys(0, rows, factor)
        differs = np.ones(count, np.bool_) if factor == "weights" else (mixed != keys[0]).any(axis=1)
        own = weights[1 if factor == "weights" else 0]
        keys.append(mixed[differs])
        weights.append(None if own is None else own[differs])
        places.append(np.flatnonzero(differs))
    total, rank = np.empty((2 * count, units)), np.empty((sum(map(len, keys)), units), np.int32)
    grade = np.empty((2 * count, units), np.int8)
    every = np.concatenate(keys)
    drawn = None if weights[0] is None else np.concatenate([part for part in weights if part is not None])
    code = every @ np.cumprod([1, *(len(names) for names in draws.alternatives.values())])[:-1]
    for own in np.unique(code):
        where = np.flatnonzero(code == own)
        found = model.evaluate(draws.choice(every[where[0]]), None if drawn is None else drawn[where])
        rank[where] = found.rank
        counted = where < 2 * count
        total[where[counted]] = np.broadcast_to(found.total, (len(where), units))[counted]
        grade[where[counted]] = np.broadcast_to(found.grade, (len(where), units))[counted]
    mixed_ranks = np.repeat(rank[None, :count], len(draws.factors), axis=0)
    begin = 2 * count
    for number, place in enumerate(places[2:]):
        mixed_ranks[number, place] = rank[begin : begin + len(place)]
        begin += len(place)
    alone = 0.0
    if weights[0] is not None and units:
        moved = model.evaluate(Choice(), weights[0]).rank - model.nominal.rank
        alone = float(np.abs(moved).mean(axis=1).sum())
    return _Block(total, rank[: 2 * count], grade, mixed_ranks, alone)


def _factor_shifts(model: Model, draws: _Draws, weights: float) -> Floats:
    """By factor: the mean |rank − rank by the scheme| over its alternatives, all else as the scheme has it."""
    found = []
    for factor in draws.factors:
        if factor == "weights":
            found.append(weights)
            continue
        moved = [
            np.abs(model.evaluate(replace(Choice(), **{factor: name}), None).rank - model.nominal.rank).mean()
            for name in draws.alternatives[factor]
        ]
        found.append(float(np.mean(moved)))
    return np.array(found)


def _leave_one_out(model: Model) -> tuple[Floats, Ints]:
    """By leaf: the mean and the largest |rank − rank by the scheme| when it is dropped and its weight shared out."""
    moved = np.abs(model.without_each().rank - model.nominal.rank)
    return moved.mean(axis=1), moved.max(axis=1, initial=0).astype(np.int64)


def _quantiles(numbers: NDArray[Any], shares: Sequence[float] = (_LOW, 0.5, _HIGH)) -> list[NDArray[Any]]:
    """By column, the smallest number that at least a share of the rows do not exceed."""
    rows = len(numbers)
    places = [max(0, int(np.ceil(share * rows - NEAR)) - 1) for share in shares]
    found = [np.empty(numbers.shape[1], numbers.dtype) for _ in shares]
    for begin in range(0, numbers.shape[1], 64):
        ordered = np.sort(np.ascontiguousarray(numbers[:, begin : begin + 64].T), axis=1)
        for quantile, place in zip(found, places, strict=True):
            quantile[begin : begin + 64] = ordered[:, place]
    return found


def _overlaps_above(case: Case, rank: Any, low: Any, high: Any) -> Bools:
    """The interval overlaps that of the unit next above in its category (of those who share a rank: any of them)."""
    overlaps = np.zeros(len(rank), np.bool_)
    for units in case.members:
        for unit in units.tolist():
            better = units[rank[units] < rank[unit]]
            if len(better):
                above = better[rank[better] == rank[better].max()]
                overlaps[unit] = bool((high[above] >= low[unit]).any() and (low[above] <= high[unit]).any())
    return overlaps
