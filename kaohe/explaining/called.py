"""What an item is called where people read it."""

from kaohe.people import MASK, is_hash
from kaohe.words import say

#: So many digits of a hash tell people apart.
_TOLD_APART = 4


def item_called(item: str) -> str:
    """An item's name: a person is masked, but for what tells one from another; ``none`` is said in words."""
    if item == "none":
        return say("explain_none_item")
    return MASK + item[:_TOLD_APART] if is_hash(item) else item
