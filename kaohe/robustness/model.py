"""A scheme as a function of its uncertain choices. Pure arithmetic on arrays: no files, no tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaohe.robustness.case import NEAR, SCHEME, Bools, Case, Choice, Floats, Ints, Ranked

#: So many numbers stay in the processor's cache; so many are held at once.
_CACHED, _HELD = 1 << 16, 1 << 19


class Model:
    """The scheme as a function of its uncertain choices."""

    def __init__(self, case: Case, floor: float = 0.05) -> None:
        self.case, self.floor = case, floor
        self.units = len(case.values)
        self._weight = case.weight.astype(np.float64)
        self._ties = [case.under(tie) if isinstance(tie, int) else None for tie in case.ties]
        self._tables: dict[tuple[str, str], tuple[_Presence, Floats]] = {}
        self._dimension = np.full(len(case.parent), -1)
        for place, node in enumerate(case.children.get(-1, [])):
            self._dimension[list(case.under(node))] = place
        self._extra = case.bonus - case.deduction
        self._places = self._quota_places()
        self._scale: list[tuple[Floats, Floats]] = []
        base = self._base(Choice(), None)[0]
        self._scale = [(base[0, units].mean(), base[0, units].std()) for units in case.members]
        self.nominal = self.evaluate(Choice(), None)

    def evaluate(self, choice: Choice, weights: Floats | None) -> Ranked:
        """Score, rank and grade all units: by the scheme's own weights, or once for each row of ``weights`` (draws ×
        nodes)."""
        if weights is None:
            return self._ranked(choice, *self._base(choice, None))
        step = max(1, _CACHED // max(1, self.units))
        parts = [
            self._ranked(choice, *self._base(choice, weights[begin : begin + step]))
            for begin in range(0, len(weights), step)
        ]
        if len(parts) == 1:
            return parts[0]
        return Ranked(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("total", "rank", "grade")))

    def without_each(self) -> Ranked:
        """Score, rank and grade all units by the scheme, once without each of its leaves."""
        step = max(1, _HELD // max(1, self.units * len(self.case.parent)))
        leaves = np.arange(len(self.case.leaf))
        parts = [
            self._ranked(Choice(), *self._base(Choice(), None, leaves[begin : begin + step]))
            for begin in range(0, len(leaves), step)
        ]
        return Ranked(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("total", "rank", "grade")))

    def _ranked(self, choice: Choice, base: Floats, ties: list[Floats]) -> Ranked:
        total, digits = base, self._digits(choice)
        if choice.normalisation != SCHEME:
            for units, (mean, sd) in zip(self.case.members, self._scale, strict=True):
                part = base[:, units]
                own = part.std(axis=1, keepdims=True)
                factor = np.divide(sd, own, out=np.zeros_like(own), where=own > NEAR)
                base[:, units] = mean + (part - part.mean(axis=1, keepdims=True)) * factor
        if choice.normalisation != SCHEME or choice.aggregation != SCHEME:
            total = self._round(total, digits)
        total = np.maximum(total + self._extra, 0)
        total = np.rint(total / NEAR) / 1e9
        rank = np.empty(total.shape, np.int32)
        for units in self.case.members:
            rank[:, units] = _ranks([total[:, units], *(tie[:, units] for tie in ties)], self.case.dense)
        most = np.maximum(
            self.case.total + self._extra, 0
        )  # another scale may go beyond full marks: that ranks, no more
        return Ranked(np.minimum(total, most), rank, self._grades(total, rank))

    def _digits(self, choice: Choice) -> int | None:
        match choice.rounding:
            case "one_digit":
                return 1
            case "whole":
                return 0
            case "none":
                return None
        return self.case.digits

    def _base(self, choice: Choice, weights: Floats | None, dropped: Ints | None = None) -> tuple[Floats, list[Floats]]:
        """Points of the tree, and of whatever breaks ties: draws × units each. ``dropped``: instead of draws, leaves
        that are left out one by one."""
        case, digits = self.case, self._digits(choice)
        presence, values = self._table(choice.missing, choice.normalisation)
        if dropped is not None:
            presence = presence.without_each(dropped)
        shape = (presence.times if weights is None else len(weights), self.units)
        by_dimension = choice.aggregation == "geometric_dimensions"
        logs = choice.aggregation == "geometric"
        rounds = digits is not None and not logs
        scale = 10.0 ** (digits or 0)
        if logs:
            values = np.log(np.maximum(values, self.floor))
        elif rounds:
            values = values * scale
        negative = bool(values.min(initial=0) < 0)
        dimensions = len(case.children.get(-1, [])) if by_dimension else 1
        points = np.zeros((dimensions, *shape))
        parts = np.zeros((dimensions, *shape)) if by_dimension else points
        ties = [np.zeros(shape) if nodes else np.broadcast_to(tie, shape) for nodes, tie in self._tied()]
        tie_parts = [np.zeros(shape) if nodes and logs else None for nodes, _ in self._tied()]
        scratch = np.empty(shape)
        effective = self._exact(presence) if weights is None else self._drawn(presence, weights)
        for node, part in effective:
            weight = presence.spread(part)
            earned = np.multiply(weight, values[case.column[node]], out=scratch)
            if rounds:
                earned = self._whole(earned, negative)
            place = self._dimension[node] if by_dimension else 0
            points[place] += earned
            if by_dimension:
                parts[place] += weight
            for number, nodes in enumerate(self._ties):
                if nodes and node in nodes:
                    ties[number] += earned
                    if (whole := tie_parts[number]) is not None:
                        whole += weight
        if logs:
            for number, whole in enumerate(tie_parts):
                if whole is not None:
                    ties[number] = whole * np.exp(np.divide(ties[number], whole, out=scratch.copy(), where=whole > 0))
            base = case.total * np.exp(points[0] / case.total)
        elif by_dimension:
            parts *= scale
            ratio = np.divide(points, parts, out=np.ones_like(points), where=parts > 0)
            np.log(np.maximum(ratio, self.floor, out=ratio), out=ratio)
            base = case.total * np.exp((ratio * parts).sum(axis=0) / (case.total * scale))
        else:
            base = points[0]
        if rounds:
            ties = [tie if nodes is None else tie / scale for nodes, tie in zip(self._ties, ties, strict=True)]
            base = base if by_dimension else base / scale
        return base, [np.rint(tie / NEAR) / 1e9 for tie in ties]

    def _tied(self) -> Iterator[tuple[set[int] | None, Any]]:
        yield from zip(self._ties, self.case.ties, strict=True)

    def _drawn(self, presence: "_Presence", weights: Floats) -> Iterator[tuple[int, Floats]]:
        """Each leaf's effective weight, draws × patterns: the whole is divided top down among what is present."""
        children, column = self.case.children, self.case.column

        def divide(node: int, whole: Any) -> Iterator[tuple[int, Floats]]:
            there = {child: presence.of(child) for child in children[node]}
            shares = {
                child: weights[:, child, None] if mask is None else weights[:, child, None] * mask
                for child, mask in there.items()
                if mask is None or mask.any()
            }
            if not shares:
                return
            among = sum(shares.values())
            unit = np.divide(whole, among, out=np.zeros(np.broadcast(whole, among).shape), where=among > 0)
            for child, share in shares.items():
                if child in column:
                    yield child, unit * share
                else:
                    yield from divide(child, unit * share)

        yield from divide(-1, self.case.total)

    def _exact(self, presence: "_Presence") -> Iterator[tuple[int, Floats]]:
        """Each leaf's effective weight by the scheme's own weights, times × patterns: in whole hundredths, those left
        over to the largest remainders, ties to the earlier child (as sql/scores/effective_weight.sql does)."""
        children, column, weight = self.case.children, self.case.column, self.case.weight

        def divide(node: int, whole: Ints) -> Iterator[tuple[int, Floats]]:
            nodes = children[node]
            masks = [presence.of(child) for child in nodes]
            share = np.array(
                [
                    np.full(len(presence.here), weight[child]) if mask is None else weight[child] * (mask > 0)
                    for child, mask in zip(nodes, masks, strict=True)
                ]
            )
            among = np.maximum(share.sum(axis=0), 1)
            part, remainder = np.divmod(whole * share, among)
            left = np.where(share.any(axis=0), whole - part.sum(axis=0), 0)
            order = np.argsort(-remainder, axis=0, kind="stable")
            np.put_along_axis(
                part, order, np.take_along_axis(part, order, 0) + (np.arange(len(nodes))[:, None] < left), 0
            )
            for child, own in zip(nodes, part, strict=True):
                if child in column:
                    yield child, own.reshape(presence.times, -1) / 100
                else:
                    yield from divide(child, own)

        yield from divide(-1, np.full(len(presence.here), round(self.case.total * 100)))

    def _round(self, numbers: Floats, digits: int | None) -> Floats:
        """Rounded as the scheme rounds."""
        if digits is None:
            return numbers
        scaled = numbers * 10.0**digits
        return self._whole(scaled, bool(scaled.min(initial=0) < 0)) / 10.0**digits

    def _whole(self, numbers: Floats, negative: bool) -> Floats:
        """Whole numbers, in place: half_up away from zero, half_even, or down towards zero."""
        signs = np.sign(numbers) if negative else None
        if negative:
            np.abs(numbers, out=numbers)
        if self.case.mode == "half_even":
            down = np.floor(numbers + NEAR)
            gap = numbers - down
            np.add(down, (gap > 0.5 + NEAR) | ((np.abs(gap - 0.5) <= NEAR) & (down % 2 == 1)), out=numbers)
        else:
            numbers += NEAR + (0.5 if self.case.mode == "half_up" else 0)
            np.floor(numbers, out=numbers)
        if signs is not None:
            numbers *= signs
        return numbers

    def _table(self, missing: str, normalisation: str) -> "tuple[_Presence, Floats]":
        """What is present of the leaves, and their values, leaves × units, by a rule for what is missing and a
        normalisation; 0 where absent."""
        if (missing, normalisation) not in self._tables:
            values = _filled(self.case, missing)
            for units in self.case.members:
                values[units] = _normalised(values[units], self._weight[self.case.leaf], normalisation)
            here = np.isfinite(values)
            table = _Presence.of_units(self.case, here), np.ascontiguousarray(np.where(here, values, 0).T)
            self._tables[missing, normalisation] = table
        return self._tables[missing, normalisation]

    def prepare(self, choices: Sequence[Choice]) -> None:
        """Make the tables of these choices, so that threads find them made."""
        for choice in choices:
            self._table(choice.missing, choice.normalisation)

    def _quota_places(self) -> Floats:
        """Grades × units: within which rank the unit has to be."""
        case = self.case
        places = np.full((len(case.quota), self.units), np.inf)
        for units in case.members:
            for grade, quota in enumerate(case.quota.tolist()):
                if quota == quota:
                    share = round(quota * 10000) * len(units) // 10000
                    places[grade, units] = max(int(case.quota_at_least[grade]), share)
        return places

    def _grades(self, total: Floats, rank: NDArray[np.int32]) -> NDArray[np.int8]:
        """The best grade whose points are reached, whose quota the rank is within, and that no veto forbids."""
        case = self.case
        grade = np.full(total.shape, -1, np.int8)
        for number in range(len(case.at_least) - 1, -1, -1):
            allowed = case.graded & (case.lowest <= number)
            reached = (total >= case.at_least[number] - NEAR / 2) & allowed
            if np.isfinite(self._places[number]).any():
                reached &= rank <= self._places[number]
            grade[reached] = number
        return grade


@dataclass(frozen=True)
class _Presence:
    """Which leaves are there: patterns × leaves, and the pattern of each unit (None: each unit is its own). ``times``:
    how often all patterns come one after the other."""

    case: Case
    here: Bools
    pattern: Ints | None
    times: int = 1
    _masks: dict[int, Floats | None] = field(default_factory=dict)

    @classmethod
    def of_units(cls, case: Case, here: Bools) -> "_Presence":
        patterns, which = np.unique(here, axis=0, return_inverse=True)
        if len(patterns) * 2 > len(here) and len(patterns) > 1:
            return cls(case, here, None)._with_masks()
        return cls(case, patterns, which.reshape(-1))._with_masks()

    def _with_masks(self) -> "_Presence":
        for node in range(len(self.case.parent)):
            leaves = [self.case.column[below] for below in self.case.under(node) if below in self.case.column]
            there: Bools = np.any(self.here[:, leaves], axis=1)
            self._masks[node] = None if bool(np.all(there)) else there.astype(np.float64)
        return self

    def of(self, node: int) -> Floats | None:
        """Where the node is present; None: everywhere."""
        return self._masks[node]

    def without_each(self, columns: Ints) -> "_Presence":
        """The patterns once for each of these leaves, which is left out there."""
        here = np.repeat(self.here[None], len(columns), axis=0)
        here[np.arange(len(columns)), :, columns] = False
        return replace(self, here=here.reshape(-1, here.shape[2]), times=len(columns), _masks={})._with_masks()

    def spread(self, part: Floats) -> Floats:
        """From patterns to units; a single column stands for all."""
        return part if part.shape[1] == 1 or self.pattern is None else part[:, self.pattern]


def _filled(case: Case, missing: str) -> Floats:
    """The values with what is missing treated by a rule: as the scheme does; ``shared``: what was not reported is
    absent too; ``zero``: all of it counts as 0; ``mean``: all of it takes the category's mean, else everybody's."""
    values = case.values.copy()
    match missing:
        case "shared":
            values[case.unreported] = np.nan
        case "zero":
            values[np.isnan(values)] = 0
        case "mean":
            values[case.unreported] = np.nan
            known = values.copy()
            for units in case.members:
                values[units] = _with_means(values[units], known[units])
            values = _with_means(values, known)
    return values


def _with_means(values: Floats, known: Floats) -> Floats:
    count = np.isfinite(known).sum(axis=0)
    mean = np.divide(np.nansum(known, axis=0), count, out=np.full(len(count), np.nan), where=count > 0)
    return np.where(np.isnan(values), mean, values)


def _normalised(values: Floats, weight: Floats, how: str) -> Floats:
    """Units × leaves of a category on another scale; a leaf on which all are equal stays as it is. ``zscore``: each
    leaf gets the mean and the standard deviation that the leaves have on (weighted) average."""
    if how == SCHEME:
        return values
    here = np.isfinite(values)
    count = here.sum(axis=0)
    low = np.min(values, axis=0, initial=np.inf, where=here)
    high = np.max(values, axis=0, initial=-np.inf, where=here)
    varied = (count > 1) & (high - low > NEAR)
    if not varied.any():
        return values
    found = values.copy()
    part, there = values[:, varied], here[:, varied]
    if how == "minmax":
        found[:, varied] = (part - low[varied]) / (high - low)[varied]
    elif how == "zscore":
        n = count[varied]
        mean = np.sum(part, axis=0, where=there) / n
        sd = np.sqrt(np.sum((part - mean) ** 2, axis=0, where=there) / (n - 1))
        by = weight[varied] / weight[varied].sum()
        found[:, varied] = (by * mean).sum() + (by * sd).sum() * (part - mean) / sd
    else:
        for column in np.flatnonzero(varied):
            own = np.rint(values[here[:, column], column] / NEAR)
            ordered = np.sort(own)
            worse, not_better = np.searchsorted(ordered, own), np.searchsorted(ordered, own, "right")
            found[here[:, column], column] = (worse + not_better - 1) / 2 / (len(own) - 1)
    return found


def _ranks(keys: list[Floats], dense: bool) -> NDArray[np.int32]:
    """Ranks by the first key, highest first, ties by the next ones; draws × units. Units still equal share the rank."""
    score = -keys[0]
    order = np.argsort(score, axis=1)
    ordered = np.take_along_axis(score, order, 1)
    new = np.ones(score.shape, np.bool_)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    tied = ~new
    tied[:, :-1] |= tied[:, 1:]
    if len(keys) > 1 and tied.any():
        row, place = np.nonzero(tied)
        units, group, first = order[tied], np.cumsum(new)[tied.ravel()], new[tied]
        values = [-key[row, units] for key in reversed(keys[1:])]
        by = np.lexsort([*values, group])
        order[row, place] = units[by]
        for value in values:
            first[1:] |= value[by][1:] != value[by][:-1]
        new[row, place] = first
    if dense:
        places = np.cumsum(new, axis=1, dtype=np.int32)
    else:
        places = np.maximum.accumulate(np.where(new, np.arange(1, score.shape[1] + 1, dtype=np.int32), 0), axis=1)
    ranks = np.empty(score.shape, np.int32)
    np.put_along_axis(ranks, order, places.astype(np.int32), 1)
    return ranks
