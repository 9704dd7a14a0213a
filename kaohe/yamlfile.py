"""Typed YAML files whose mistakes are reported with file and line."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from kaohe.errors import KaoheError
from kaohe.words import say

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]

#: What pydantic calls a value of the wrong kind → what is needed instead.
_KINDS = {
    "list_type": "list",
    "dict_type": "mapping",
    "model_type": "mapping",
    "string_type": "text",
    "int_type": "whole_number",
    "int_parsing": "whole_number",
    "int_from_float": "whole_number",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "greater_than": "more",
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
    "too_short": "something",
    "bool_type": "yes_or_no",
    "bool_parsing": "yes_or_no",
}
#: What is a number and nothing else: 010 is a name, and another one than 10.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Mistake:
    """One mistake of a file: where, on which line, and what is wrong there."""

    at: Location
    line: int
    problem: str


class Mistaken(KaoheError):
    """A file that a model refuses. It speaks of the first mistake; ``sentences`` are of all that were found."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        first = mistakes[0]
        super().__init__("yaml_wrong", file=path, line=first.line, where=_where(path, first.at), problem=first.problem)
        #: A sentence for each of them, in the order of the lines.
        self.sentences = [
            str(misplaced(path, each.at, each.line, each.problem))
            for each in sorted(mistakes, key=lambda each: each.line)
        ]


def wrong(key: str, /, at: Location = (), **values: object) -> PydanticCustomError:
    """What a validator raises: a sentence of the catalogue, and where below the model the mistake stands."""
    return PydanticCustomError("kaohe", "{sentence}", {"sentence": say(key, **values), "at": at})


def all_wrong(found: Iterable[PydanticCustomError]) -> None:
    """Raise what a validator found, all of it at once, if it is anything."""
    errors = list(found)
    if errors:
        first, *more = [error.context or {} for error in errors]
        raise PydanticCustomError("kaohe", "{sentence}", first | {"more": more})


def read_yaml(path: Path, model: type[Model]) -> Model:
    """The file as a ``model``. Numbers with a point are exact decimals.

    Raises ``KaoheError`` with file, line and place for bad YAML, an unknown or repeated key, or a value that
    the model refuses.
    """
    data, lines = read_plain(path)
    return checked(path, data, lines, model)


def read_yaml_once(path: Path, model: type[Model]) -> Model:
    """As ``read_yaml``, for a ``model`` that nobody changes and that hangs on nothing but the text: what a file still
    says is not parsed again."""
    found: Model = _read_once(path, _text_of(path), model)
    return found


@lru_cache(maxsize=256)
def _read_once(path: Path, text: str, model: type[Model]) -> Model:
    return checked(path, *_read(path, text), model)


def read_plain(path: Path) -> tuple[dict[str | int, Any], dict[Location, int]]:
    """What the file says, and the line of every place in it. Raises ``KaoheError`` for bad YAML or a repeated key."""
    return _read(path, _text_of(path))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KaoheError("yaml_unreadable", file=path, problem=error) from error


def _read(path: Path, text: str) -> tuple[dict[str | int, Any], dict[Location, int]]:
    lines: dict[Location, int] = {(): 1}
    return _plain(text, lines, path) or {}, lines


def plain_value(text: str, path: Path) -> Any:
    """What a piece of YAML says, as it would in the file ``path``. Raises ``KaoheError`` for bad YAML."""
    return _plain(text, {}, path)


def _plain(text: str, lines: dict[Location, int], path: Path) -> Any:
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise KaoheError("yaml_broken", file=path, line=line, problem=getattr(error, "problem", error)) from error
    return None if root is None else _value(root, (), lines, path)


def checked(path: Path, data: Any, lines: dict[Location, int], model: type[Model]) -> Model:
    """``data`` as a ``model``. Raises ``KaoheError`` with line and place for what the model refuses."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Mistaken(path, list(_mistakes(error, lines))) from error


def _mistakes(error: ValidationError, lines: dict[Location, int]) -> Iterator[Mistake]:
    # A misspelt key is both unknown and missing; the first says more.
    for found in sorted(error.errors(), key=lambda found: found["type"] != "extra_forbidden"):
        context = found.get("ctx", {})
        for at, problem in [(context.get("at", ()), _sentence(found))] + [
            (more["at"], more["sentence"]) for more in context.get("more", ())
        ]:
            place = _place((*found["loc"], *at), lines)
            yield Mistake(place, lines[place], problem)


def misplaced(path: Path, location: Location, line: int, problem: str) -> KaoheError:
    """The error for a mistake at this place of the file."""
    return KaoheError("yaml_wrong", file=path, line=line, where=_where(path, location), problem=problem)


def _where(path: Path, location: Location) -> str:
    return ".".join(str(part) for part in location) or path.name


def line_of(path: Path, location: Location) -> int:
    """The line of a place in a file that could be read."""
    return lines_of(path, [location])[0]


def lines_of(path: Path, locations: Iterable[Location]) -> list[int]:
    """The line of each of these places in a file that could be read."""
    lines: dict[Location, int] = {(): 1}
    if root := yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER):
        _value(root, (), lines, path)
    return [lines[_place(location, lines)] for location in locations]


def scalars(text: str) -> dict[Location, slice]:
    """Where each single value stands in the text of a file that could be read."""
    found: dict[Location, slice] = {}
    if root := yaml.compose(text, Loader=_LOADER):
        _note_scalars(root, (), found)
    return found


def _note_scalars(node: yaml.Node, location: Location, found: dict[Location, slice]) -> None:
    match node:
        case yaml.MappingNode():
            for key_node, value_node in node.value:
                _note_scalars(value_node, (*location, _scalar(key_node)), found)  # type: ignore[arg-type]
        case yaml.SequenceNode():
            for index, item in enumerate(node.value):
                _note_scalars(item, (*location, index), found)
        case _:
            found[location] = slice(node.start_mark.index, node.end_mark.index)


def edited(text: str, edits: Mapping[Location, str]) -> str:
    """The text with other values at these places, and all the rest, comments too, as it was."""
    places = scalars(text)
    for location in sorted(edits, key=lambda location: places[location].start, reverse=True):
        text = text[: places[location].start] + edits[location] + text[places[location].stop :]
    return text


def _value(node: yaml.Node, location: Location, lines: dict[Location, int], path: Path) -> Any:
    """Plain Python data of a node; notes the line of every key and item in ``lines``."""
    match node:
        case yaml.MappingNode():
            mapping: dict[str | int, Any] = {}
            for key_node, value_node in node.value:
                key = _value(key_node, location, {}, path)
                line = key_node.start_mark.line + 1
                if key in mapping:
                    raise KaoheError("yaml_repeated_key", file=path, line=line, key=key)
                lines[*location, key] = line
                mapping[key] = _value(value_node, (*location, key), lines, path)
            return mapping
        case yaml.SequenceNode():
            items = []
            for index, item in enumerate(node.value):
                lines[*location, index] = item.start_mark.line + 1
                items.append(_value(item, (*location, index), lines, path))
            return items
        case _:
            return _scalar(node)


def _scalar(node: yaml.Node) -> str | int | bool | Decimal | dt.date | None:
    text = node.value
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on")
        case "int" if _WHOLE.fullmatch(text):
            return int(text)
        case "float" if text.replace(".", "", 1).lstrip("+-").isdecimal():
            return Decimal(text)
        case "timestamp":
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                return str(text)
        case _:
            return str(text)


def _place(location: Location, lines: dict[Location, int]) -> Location:
    """The part of ``location`` that stands in the file: pydantic puts union tags between, and names what is missing."""
    found: Location = ()
    for part in location:
        if (*found, part) in lines:
            found = (*found, part)
    return found


def _sentence(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return say("yaml_unknown_key", key=error["loc"][-1])
        case "missing":
            return say("yaml_missing_key", key=error["loc"][-1])
        case "literal_error":
            return say("yaml_not_one_of", value=error["input"], allowed=error["ctx"]["expected"].replace(" or ", ", "))
        case "kaohe":
            return error["msg"]
        case _:
            key = _KINDS.get(error["type"])
            problem = say(f"yaml_needs_{key}", **error.get("ctx", {})) if key else error["msg"]
            return say("yaml_bad_value", value=error["input"], problem=problem)
