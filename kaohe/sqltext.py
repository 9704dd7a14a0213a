"""What is put into SQL text, made safe: names as identifiers, values as literals, quotes doubled."""


def quoted(name: str) -> str:
    """A column's name in SQL text: it may be a word of SQL (``order``, ``end``)."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A text, a date or a path in SQL text."""
    return "'" + str(value).replace("'", "''") + "'"
