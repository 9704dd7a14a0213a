"""Indicators: how the value of a measure becomes a score (docs/scheme.md; terms of the OECD/JRC handbook)."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from kaohe.scheme.parts import Leaf, Strict, Weight
from kaohe.yamlfile import wrong

Rule = Literal[
    "share", "linear", "steps", "minmax", "goalposts", "zscore", "rank", "percentile", "ratio_to_best",
    "ratio_to_reference", "above_mean", "raw",
]  # fmt: skip
Missing = Literal["exclude", "zero", "fail"]

#: What a rule must be told, and what it may be told.
_MUST = {
    "linear": {"floor", "target"},
    "steps": {"steps"},
    "goalposts": {"low", "high"},
    "ratio_to_reference": {"reference"},
}
_MAY = {
    "minmax": {"range", "within"},
    "goalposts": {"clamp", "range"},
    "zscore": {"mean", "sd", "within"},
    "rank": {"ties", "within"},
    "percentile": {"range", "within"},
    "ratio_to_best": {"range", "within"},
    "ratio_to_reference": {"range", "within"},
    "above_mean": {"margin", "range", "within"},
}  # fmt: skip
#: Rules that are worked out in whole numbers; what goes before a statistical rule is not for them.
EXACT = ("share", "linear", "steps")
_BEFORE = {"denominator", "direction", "impute", "treat"}
#: All that only some rules take.
_RULE_KEYS = {*_BEFORE, *(key for keys in (*_MUST.values(), *_MAY.values()) for key in keys)}


def takes(rule: str, key: str) -> bool:
    """An indicator with this rule may have this key."""
    own = _MUST.get(rule, set()) | _MAY.get(rule, set())
    return key not in _RULE_KEYS or key in own or (key in _BEFORE and rule not in EXACT)


class Impute(Strict):
    """A missing value becomes the mean or median of the others, of those in the same group ``by`` if there are any."""

    with_: Annotated[Literal["mean", "median"], Field(alias="with")]
    by: str | None = None


class Treat(Strict):
    """Outliers: values beyond quantiles become them; the outermost are moved in, at most ``winsorise`` times, while the
    distribution is skewed beyond both limits; logarithm."""

    percentiles: tuple[Decimal, Decimal] | None = None
    winsorise: Annotated[int, Field(ge=1)] | None = None
    skew: Annotated[Decimal, Field(ge=0)] = Decimal(2)
    kurtosis: Decimal = Decimal("3.5")
    log: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.percentiles and not 0 <= self.percentiles[0] < self.percentiles[1] <= 1:
            raise wrong("scheme_percentiles", at=("percentiles",))
        return self


class Step(Strict):
    """``give`` of the weight for a value of at least ``at_least``, or at most ``at_most``."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None
    give: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise wrong("scheme_step", at=("give",))
        return self


class Indicator(Leaf):
    """A leaf of the tree: a value, and the rule that makes it a score. Weight 0: shown only."""

    weight: Weight
    rule: Rule = "share"
    direction: Literal["higher", "lower"] = "higher"
    applies_to: Annotated[list[str], Field(min_length=1)] | None = None
    missing: Missing | None = None
    denominator: str | None = None
    impute: Impute | None = None
    treat: Treat | None = None
    range: tuple[Decimal, Decimal] = (Decimal(0), Decimal(1))
    within: str | None = None
    floor: Decimal | None = None
    target: Decimal | None = None
    steps: Annotated[list[Step], Field(min_length=1)] | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    clamp: bool = True
    mean: Decimal = Decimal(0)
    sd: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    ties: Literal["min", "average", "max"] = "min"
    reference: Decimal | Literal["mean", "median"] | None = None
    margin: Annotated[Decimal, Field(ge=0)] = Decimal(0)

    @field_validator("impute", mode="before")
    @classmethod
    def _spelled_out(cls, given: Any) -> Any:
        return {"with": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _suits_its_rule(self) -> Self:
        for key in sorted(self.model_fields_set):
            if not takes(self.rule, key):
                raise wrong("scheme_rule_key", at=(key,), rule=self.rule, key=key)
        for key in sorted(_MUST.get(self.rule, set())):
            if getattr(self, key) is None:
                raise wrong("scheme_rule_needs", at=("rule",), rule=self.rule, key=key)
        ends = {"linear": ("floor", "target"), "goalposts": ("low", "high")}.get(self.rule)
        if ends and getattr(self, ends[0]) == getattr(self, ends[1]):
            raise wrong("scheme_rule_ends", at=(ends[1],), one=ends[0], other=ends[1])
        if self.rule == "goalposts" and self.low is not None and self.high is not None and self.low > self.high:
            raise wrong("scheme_rule_order", at=("high",))
        if self.range[0] >= self.range[1]:
            raise wrong("scheme_range", at=("range",))
        return self
