"""Every SQL model is written in the same form: a header that says what it is and what one row of it is, named steps, a
``select`` of named columns last. (Layout is sqruff's: ``make check``.)"""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from kaohe.models import EMPTY

SQL = Path(__file__).parents[2] / "sql"
MODELS = sorted(path for path in SQL.rglob("*.sql") if path.name != "macros.sql")
#: Steps that stand in a ``from``: a recursive step cannot name steps of its own.
UNNAMED = {"scores/effective_weight.sql": 2}


def model_id(path: Path) -> str:
    return path.relative_to(SQL).as_posix()


def header(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(line.lstrip("- ") for line in lines[: next(n for n, line in enumerate(lines) if line[:2] != "--")])


def selects(query: exp.Expression) -> list[exp.Select]:
    """The last select of a query, or those of its last union."""
    if isinstance(query, exp.SetOperation):
        return [*selects(query.left), *selects(query.right)]
    assert isinstance(query, exp.Select)
    return [query]


@pytest.mark.parametrize("path", MODELS, ids=model_id)
def test_the_header_says_what_it_is_and_what_a_row_is(path: Path) -> None:
    said = header(path)
    assert re.match(r"(View\. )?[A-Z\u4e00-\u9fff].*?[.:]( |$)", said), "it does not begin with a sentence"
    match path.parent.name:
        case "measures":
            assert re.search(r"\bBasis: \S.*\bItem: \S", said)
            assert re.search(rf"\bEmpty: ({'|'.join(EMPTY)})\b", said)
        case "alerts":
            assert re.search(r"\bBasis: \S.*\bItem: \S", said)
        case "audits":
            pass  # a row is what is wrong
        case _:
            assert re.search(r"\bGrain: one row\b", said)


@pytest.mark.parametrize("path", MODELS, ids=model_id)
def test_steps_have_names_and_columns_too(path: Path) -> None:
    query = sqlglot.parse_one(path.read_text(encoding="utf-8"), dialect="duckdb")
    unnamed = [found for found in query.find_all(exp.Subquery) if isinstance(found.parent, (exp.From, exp.Join))]
    assert len(unnamed) == UNNAMED.get(model_id(path), 0)
    for select in selects(query):
        for column in select.expressions:
            assert not isinstance(column, exp.Star) and not isinstance(column.this, exp.Star), "select *"
    for column in selects(query)[0].expressions:
        assert column.alias_or_name, f"a column without a name: {column.sql()}"
