"""Trying again where that may help: how often, after how long, and when the other side asks for it."""

from email.utils import parsedate_to_datetime

from pydantic import BaseModel, ConfigDict, Field
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from kaohe import clock
from kaohe.outage import Outage, Passing


class Retries(BaseModel):
    """How often it is tried, and for how many seconds the other side is left alone between: ``wait``, then twice that,
    and so on up to ``at_most``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attempts: int = Field(default=5, ge=1, le=20)
    wait: float = Field(default=1, ge=0, le=3600)
    at_most: float = Field(default=60, ge=0, le=3600)


def retrying(retries: Retries, kind: type[Outage] = Passing) -> Retrying:
    """Tries again after such an outage, waiting longer each time, and as long as the other side asks for."""

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        ours: float = min(retries.wait * 2 ** (state.attempt_number - 1), retries.at_most)
        return max(ours, error.wait if isinstance(error, Passing) else 0)

    return Retrying(
        stop=stop_after_attempt(retries.attempts), wait=wait, retry=retry_if_exception_type(kind), reraise=True
    )


def retry_after(text: str) -> float:
    """Seconds from now that a Retry-After header asks for, as a number or as a date; 0 if it cannot be read."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0
