"""The sources file: its reference names every key, its examples load, and a secret in it is refused without being said."""

import re
from pathlib import Path
from typing import Any

import pytest

from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.retries import Retries
from kaohe.secrets import Secret
from kaohe.sources.config import (
    Api,
    Chained,
    Database,
    Endpoint,
    Inbox,
    Incremental,
    Linked,
    Numbered,
    Selection,
    read_sources,
)
from kaohe.words import use_language
from tests.helpers import ROOT
from tests.sources import contracts, write_sources

TEXT = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
DATABASE = {"database": "sqlite:///a.db", "tables": [{"table": "unit_alias", "relation": "a"}]}
API = {"api": "https://a.example/b", "tables": [{"table": "unit_alias", "path": "c"}]}


@pytest.fixture(scope="module")
def ours() -> Contracts:
    return contracts()


@pytest.mark.parametrize("text", [*EXAMPLES, (ROOT / "data" / "sources.example.yml").read_text(encoding="utf-8")])
def test_the_examples_load(tmp_path: Path, ours: Contracts, text: str) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(text, encoding="utf-8")
    assert read_sources(path, ours).sources


def test_every_key_is_named_and_shown() -> None:
    examples = "\n".join(EXAMPLES)
    models = Inbox, Database, Selection, Api, Endpoint, Numbered, Chained, Linked, Retries, Incremental, Secret
    for model in models:
        for key in model.model_fields:
            assert f"`{key}" in TEXT or f"{key}:" in TEXT, (model.__name__, key)
            assert re.search(rf"\b{key}:", examples), (model.__name__, key)


def test_paths_begin_at_the_file(tmp_path: Path, ours: Contracts) -> None:
    path = write_sources(tmp_path / "a" / "s.yml", b={"inbox": "../b"}, c=DATABASE, d=API | {"ca": "ca.pem"})
    read = read_sources(path, ours)
    assert read.inboxes["b"].resolve() == tmp_path.resolve() / "b"
    database, service = read.remotes["c"], read.remotes["d"]
    assert isinstance(database, Database) and isinstance(service, Api)
    assert database.database.database == str(tmp_path.resolve() / "a" / "a.db")
    assert service.ca == tmp_path.resolve() / "a" / "ca.pem"


def refused(tmp_path: Path, ours: Contracts, **sources: Any) -> str:
    with pytest.raises(KaoheError) as caught:
        read_sources(write_sources(tmp_path / "s.yml", **sources), ours)
    return str(caught.value)


HUSH = "hunter2"


@pytest.mark.parametrize(
    "source",
    [
        DATABASE | {"database": f"postgresql://reader:{HUSH}@h/x"},
        DATABASE | {"database": f"postgresql://reader@h/x?password={HUSH}"},
        DATABASE | {"database": f"postgresql://reader:{HUSH}@h:port/x"},
        DATABASE | {"database": f"oracle://reader:{HUSH}@h/x"},
        DATABASE | {"database": "mysql://reader@h/x", "password": HUSH},
        DATABASE | {"database": "mysql://reader@h/x", "password": [HUSH]},
        API | {"token": HUSH},
        API | {"api": f"https://a:{HUSH}@a.example"},
        API | {"api": f"https://a.example/?token={HUSH}"},
        API | {"api": f"a:{HUSH}@a.example"},
        API | {"proxy": f"http://a:{HUSH}@proxy.example"},
        API | {"tables": [{"table": "unit_alias", "path": "c", "params": {"access_token": HUSH}}]},
        API | {"tables": [{"table": "unit_alias", "path": f"c?key={HUSH}"}]},
        API | {"tokn": HUSH},
    ],
)
def test_a_secret_written_out_is_refused_and_not_repeated(
    tmp_path: Path, ours: Contracts, source: dict[str, Any]
) -> None:
    assert HUSH not in refused(tmp_path, ours, it=source)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"it": {}}, "say one of inbox"),
        ({"it": DATABASE | {"inbox": "a"}}, "say one of inbox"),
        ({"it": "a"}, "say one of inbox"),
        ({"a b": DATABASE}, "is no name"),
        ({"ledgers": DATABASE}, "is taken"),
        ({"inbox": DATABASE}, "is taken"),
        ({"A": DATABASE, "a": DATABASE}, "differ in case only"),
        ({"it": DATABASE | {"tables": DATABASE["tables"] * 2}}, "give them names"),  # type: ignore[operator]
        ({"it": DATABASE | {"tables": [{"table": "unit_alias"}]}}, "query"),
        ({"it": DATABASE | {"tables": [{"table": "nobody", "relation": "a"}]}}, "there is no table “nobody”; near are"),
        ({"it": DATABASE | {"tables": [{"table": "unit_alias", "relation": "a", "headings": {"x": "天气"}}]}}, "is no heading of"),
        ({"it": DATABASE | {"tables": [{"table": "unit_alias", "relation": "a", "headings": {"x": "别名", "y": "曾用名"}}]}}, "same column"),
        ({"it": DATABASE | {"tables": [{"table": "unit_alias", "relation": "a", "refresh": {"cursor": "b", "overlap": "soon"}}]}}, "2 days"),
        ({"it": DATABASE | {"tables": []}}, "tables"),
        ({"it": DATABASE | {"database": "sqlite://"}}, "which database"),
        ({"it": DATABASE | {"database": "mysql://h/x?local_infile=1"}}, "local_infile"),
        ({"it": DATABASE | {"password": {"env": "A"}}}, "needs a user"),
        ({"it": DATABASE | {"database": "mysql://u@h/x", "password": {"env": "A", "prefect_secret": "b"}}}, "one of them"),
        ({"it": API | {"user": "a"}}, "log in"),
        ({"it": API | {"token_header": "a"}}, "log in"),
        ({"it": API | {"rate": 0}}, "rate"),
        ({"it": API | {"tables": [{"table": "unit_alias", "path": "c", "since": "x"}]}}, "since"),
        ({"it": API | {"tables": [{"table": "unit_alias", "path": "c", "paging": {"by": "magic"}}]}}, "paging"),
        ({"it": API | {"tables": [{"table": "unit_alias", "path": "c", "paging": {"by": "cursor"}}]}}, "next"),
        ({}, "sources"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, ours: Contracts, sources: dict[str, Any], said: str
) -> None:
    use_language("en")
    sentence = refused(tmp_path, ours, **sources)
    assert said in sentence
    assert "s.yml line 1" in sentence


def test_the_place_of_a_mistake_is_below_the_source(tmp_path: Path, ours: Contracts) -> None:
    path = tmp_path / "s.yml"
    path.write_text(
        "sources:\n  it:\n    api: https://a.example\n    tables:\n      - table: unit_alias\n        pth: c\n", "utf-8"
    )
    with pytest.raises(KaoheError, match=r"s\.yml 第 6 行，sources\.it\.tables\.0\.pth"):
        read_sources(path, ours)


def test_secrets_are_hidden_however_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    from kaohe.secrets import Secrets

    secret = "a b/c'ü"
    monkeypatch.setenv("KAOHE_TEST_SECRET", secret)
    secrets = Secrets()
    assert secrets.look_up(Secret(env="KAOHE_TEST_SECRET")) == secret
    for form in (secret, "a%20b%2Fc%27%C3%BC", "a+b%2Fc%27%C3%BC", "YSBiL2Mnw7w="):
        assert secrets.hide(f"x {form} y") == "x ＊＊＊ y"
