"""What of a scheme could as well have been chosen otherwise (``robustness:`` in the file), for kaohe/robustness."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kaohe.scheme.parts import Strict
from kaohe.yamlfile import wrong

Rounding = Literal["one_digit", "whole", "none"]
Missing = Literal["shared", "zero", "mean"]
Normalisation = Literal["minmax", "zscore", "rank"]
Aggregation = Literal["geometric_dimensions", "geometric"]


class Weights(Strict):
    """Each weight is drawn up to a share ``spread`` below or above the scheme's, or by a Dirichlet distribution around
    the scheme's (the higher the ``concentration``, the nearer), and siblings again add up to their node."""

    spread: Annotated[Decimal, Field(ge=0, lt=1)] | None = None
    concentration: Annotated[Decimal, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.spread is None) == (self.concentration is None):
            raise wrong("scheme_weights_drawn")
        return self


class Robustness(Strict):
    """The choices that are drawn at random, each as likely as the scheme's own; an empty list leaves one as it is.

    ``draws``: how many schemes are drawn. ``seed``: another beginning of the random numbers than the scheme's id.
    ``floor``: the lowest ratio that enters a geometric mean.
    """

    draws: Annotated[int, Field(ge=10, le=1_000_000)] = 1000
    seed: int | None = None
    weights: Weights | None = Weights(spread=Decimal("0.25"))
    rounding: frozenset[Rounding] = frozenset({"one_digit", "whole", "none"})
    missing: frozenset[Missing] = frozenset({"mean"})
    normalisation: frozenset[Normalisation] = frozenset({"minmax", "zscore", "rank"})
    aggregation: frozenset[Aggregation] = frozenset({"geometric_dimensions"})
    floor: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.05")
