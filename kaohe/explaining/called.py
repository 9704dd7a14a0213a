"""What an item is called where people read it."""

import re

from kaohe.people import MASK, is_hash
from kaohe.words import catalogue, say

#: So many digits of a hash tell people apart.
_TOLD_APART = 4
#: One of so many times, a quarter, a Party group's month.
_NUMBERED = re.compile(
    r"(?P<number>[1-9]\d?)|(?P<year>\d{4})Q(?P<quarter>[1-4])|(?P<group>[1-9]\d?) (?P<month>\d{4}-\d{2})"
)


def item_called(item: str) -> str:
    """An item's name: a person is masked, but for what tells one from another; what a measure calls by a word of ours
    (``none``, ``year``, a step of member development …) is said in words."""
    who, _, step = item.partition(" ")
    if is_hash(who):
        return " ".join(filter(None, (MASK + who[:_TOLD_APART], _said(step))))
    return _said(item)


def _said(item: str) -> str:
    if match := _NUMBERED.fullmatch(item):
        key = "nth" if match["number"] else "quarter" if match["quarter"] else "group"
        return say(f"item_{key}", **match.groupdict())
    return say(f"item_{item}") if f"item_{item}" in catalogue() else item
