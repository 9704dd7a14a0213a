"""The sources file (sources.yml): where records come from beside the inbox. docs/sources.md tells every key."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from kaohe.contracts import Contract, Contracts
from kaohe.errors import nearest
from kaohe.retries import Retries
from kaohe.secrets import Secret
from kaohe.sources.forms import normal_heading
from kaohe.yamlfile import line_of, misplaced, read_yaml, wrong

_NAME = re.compile(r"\w[\w-]{0,39}")
_RESERVED = ("ledgers",)
_SECRET_NAME = re.compile(
    r"(^|[_-])(token|pass|passwd|password|pwd|secret|(api|access|app)[_-]?key|key|sign)$", re.IGNORECASE
)
_OVERLAP = re.compile(r"(\d{1,6}) ?(minute|hour|day|week)s?")
#: What a database's URL may say after its question mark; PostgreSQL's own library knows what it takes.
_URL_OPTIONS = {
    "mysql": {"unix_socket", "ssl_ca"},
    "mariadb": {"unix_socket", "ssl_ca"},
    "sqlite": set(),
    "duckdb": set(),
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise wrong("source_name", name=name)
    return name


def _source_name(name: str) -> str:
    if _named(name).casefold() in _RESERVED:
        raise wrong("source_reserved", name=name)
    return name


def _overlap(given: Any) -> Any:
    """“2 days” as a time; a number stays one."""
    if not isinstance(given, str):
        return given
    found = _OVERLAP.fullmatch(given)
    if not found:
        raise wrong("source_overlap")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _plain_params(params: dict[str, str]) -> dict[str, str]:
    for name in params:
        if _SECRET_NAME.search(name):
            raise wrong("secret_literal", at=(name,))
    return params


class Incremental(_Strict):
    """Only rows whose ``cursor`` is at most ``overlap`` below the largest that was read are asked for."""

    cursor: str
    overlap: Annotated[timedelta | Annotated[int, Field(ge=0)], BeforeValidator(_overlap)]


def _refresh_kind(given: Any) -> str:
    return "a cursor" if isinstance(given, dict | Incremental) else "a word"


class Table(_Strict):
    """One table of a source. ``table``: its contract; ``name``: what it is called, if not like the contract;
    ``headings``: their name of a column → a heading of the contract."""

    table: str
    name: Annotated[str | None, AfterValidator(lambda name: name and _named(name))] = None
    headings: dict[str, str] = {}
    refresh: Annotated[
        Annotated[Literal["full"], Tag("a word")] | Annotated[Incremental, Tag("a cursor")],
        Discriminator(_refresh_kind),
    ] = "full"
    may_be_empty: bool = False

    @property
    def title(self) -> str:
        """What the table is called in the source."""
        return self.name or self.table

    @property
    def incremental(self) -> Incremental | None:
        return self.refresh if isinstance(self.refresh, Incremental) else None

    def heading(self, theirs: str) -> str:
        """The heading of a column that they call ``theirs``."""
        return self.headings.get(theirs, theirs)


class Selection(Table):
    """A table of a database: what a ``query`` gives, or all of ``relation``."""

    query: str | None = None
    relation: str | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.query is None) == (self.relation is None):
            raise wrong("source_query_or_relation")
        return self


class Numbered(_Strict):
    """Pages are numbered (``page``), or begin at a record (``offset``). ``total``: where the number of all records
    stands."""

    by: Literal["page", "offset"]
    parameter: str | None = None
    first: int = Field(default=1, ge=0)
    total: str | None = None


class Chained(_Strict):
    """Each page says how to ask for the next: by a ``cursor``, found at ``next`` and sent as ``parameter``."""

    by: Literal["cursor"]
    next: str
    parameter: str = "cursor"
    total: str | None = None


class Linked(_Strict):
    """Each page names the address of the next, in the Link header or at ``next`` in its body."""

    by: Literal["link"]
    next: str | None = None
    total: str | None = None


class Endpoint(Table):
    """A table of an API. ``path``: below the API's address; ``records``: where their list stands (``data.items``), the
    whole answer if not named; ``since``: the parameter that takes the cursor."""

    path: str
    params: Annotated[dict[str, str], AfterValidator(_plain_params)] = {}
    records: str | None = None
    paging: Annotated[Numbered | Chained | Linked, Discriminator("by")] | None = None
    since: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "?" in self.path:
            raise wrong("source_query_in_address", at=("path",))
        if (self.since is None) != (self.incremental is None):
            raise wrong("source_since")
        return self


class Inbox(_Strict):
    """A folder of workbooks."""

    inbox: Path


def _database_url(given: Any) -> URL:
    """Raises without repeating what may hold a password."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError, TypeError):
        raise wrong("source_url") from None
    kind = url.get_backend_name()
    if kind not in ("postgresql", *_URL_OPTIONS):
        raise wrong("source_database_kind", kind=kind)
    if url.password or any(_SECRET_NAME.search(name) for name in url.query):
        raise wrong("secret_literal")
    if kind in _URL_OPTIONS and (unknown := url.query.keys() - _URL_OPTIONS[kind]):
        raise wrong("source_url_option", option=min(unknown))
    if not url.database:
        raise wrong("source_url_database")
    return url


class Database(_Strict):
    """A database. ``timeout``: for how many seconds a query may take, or a server be silent."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    database: Annotated[URL, BeforeValidator(_database_url)]
    password: Secret | None = None
    timeout: float = Field(default=600, gt=0)
    retries: Retries = Retries()
    tables: list[Selection] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.password and not self.database.username:
            raise wrong("source_password_without_user", at=("password",))
        return self

    @property
    def address(self) -> str:
        return self.database.render_as_string()


def _api_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong("source_url") from None
    if parts.scheme not in ("http", "https") or not host:
        raise wrong("source_url")
    if parts.username or parts.password:
        raise wrong("secret_literal")
    if parts.query or parts.fragment:
        raise wrong("source_query_in_address")
    return address.rstrip("/")


class Api(_Strict):
    """An HTTP API that answers in JSON. ``token``: sent as a bearer token, or as it is in the header ``token_header``;
    ``rate``: requests a second at most; ``timeout``: seconds without a byte; ``ca``: certificates to trust."""

    api: Annotated[str, AfterValidator(_api_address)]
    token: Secret | None = None
    token_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    user: str | None = None
    password: Secret | None = None
    rate: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=30, gt=0)
    ca: Path | None = None
    proxy: Annotated[str, AfterValidator(_api_address)] | None = None
    retries: Retries = Retries()
    tables: list[Endpoint] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.user is None) != (self.password is None) or (self.token and self.user):
            raise wrong("source_login")
        if self.token_header and not self.token:
            raise wrong("source_login")
        return self

    @property
    def address(self) -> str:
        return self.api


def _kinds(given: Any) -> list[str]:
    return [kind for kind in ("inbox", "database", "api") if isinstance(given, dict) and kind in given]


def _of_one_kind(given: Any) -> Any:
    if len(_kinds(given)) != 1:
        raise wrong("source_kind")
    return given


#: The tags are unlike any key, so that the place of a mistake is found below the source.
Source = Annotated[
    Annotated[Inbox, Tag("an inbox")] | Annotated[Database, Tag("a database")] | Annotated[Api, Tag("an api")],
    Discriminator(lambda given: "a database" if _kinds(given) == ["database"] else f"an {_kinds(given)[0]}"),
    BeforeValidator(_of_one_kind),
]
Remote = Database | Api


class Sources(_Strict):
    """The sources by name."""

    sources: dict[Annotated[str, AfterValidator(_source_name)], Source] = Field(min_length=1)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        seen: dict[str, str] = {}
        for name, source in self.sources.items():
            if (other := seen.setdefault(name.casefold(), name)) != name:
                raise wrong("source_twice", at=("sources", name), one=other, other=name)
            if name == "inbox" and not isinstance(source, Inbox):
                raise wrong("source_reserved", at=("sources", name), name=name)
            titles = [table.title.casefold() for table in source.tables] if isinstance(source, Remote) else []
            for number, title in enumerate(titles):
                if title in titles[:number]:
                    raise wrong("source_table_twice", at=("sources", name, "tables", number), name=title)
        return self

    @property
    def inboxes(self) -> dict[str, Path]:
        """The folders by name."""
        return {name: source.inbox for name, source in self.sources.items() if isinstance(source, Inbox)}

    @property
    def remotes(self) -> dict[str, Remote]:
        """The databases and APIs by name."""
        return {name: source for name, source in self.sources.items() if isinstance(source, Remote)}


def read_sources(path: Path, contracts: Contracts) -> Sources:
    """The sources file; paths in it begin at its own folder.

    Raises ``KaoheError`` with file and line for an unknown key, a secret that is written out, a table without a
    contract, or a heading that the contract does not know.
    """
    read = read_yaml(path, Sources)
    for name, source in read.remotes.items():
        for number, table in enumerate(source.tables):
            place = "sources", name, "tables", number
            try:
                _check_headings(table, contracts)
            except PydanticCustomError as error:
                at = (*place, *(error.context or {}).get("at", ()))
                raise misplaced(path, at, line_of(path, at), error.message()) from None
    return Sources.model_construct(sources={name: _placed(source, path) for name, source in read.sources.items()})


def _check_headings(table: Table, contracts: Contracts) -> None:
    if table.table not in contracts:
        near = nearest(table.table, [contract.label for contract in contracts.values()])
        raise wrong("template_unknown", at=("table",), table=table.table, near=near)
    known = heading_columns(contracts[table.table])
    seen: dict[str, str] = {}
    for theirs, ours in table.headings.items():
        column = known.get(normal_heading(ours))
        if column is None:
            raise wrong("source_heading", at=("headings", theirs), heading=ours, table=contracts[table.table].label)
        if (other := seen.setdefault(column, theirs)) != theirs:
            raise wrong("source_heading_twice", at=("headings", theirs), one=other, other=theirs)


def heading_columns(contract: Contract) -> dict[str, str]:
    """Every heading of the contract, as headings are compared → its column."""
    return {normal_heading(h): name for name, column in contract.columns.items() for h in column.headings}


def _placed(source: Inbox | Remote, path: Path) -> Inbox | Remote:
    """The source with its relative paths below the folder of the file."""
    folder = path.resolve().parent
    match source:
        case Inbox():
            return source.model_copy(update={"inbox": folder / source.inbox})
        case Database() if source.database.get_backend_name() in ("sqlite", "duckdb"):
            return source.model_copy(
                update={"database": source.database.set(database=str(folder / str(source.database.database)))}
            )
        case Api(ca=Path() as ca):
            return source.model_copy(update={"ca": folder / ca})
        case _:
            return source


def definition(source: Remote, table: Table) -> str:
    """Changes when what is read from a source changes; a snapshot of another definition is not merged into."""
    said = table.model_dump_json(exclude={"may_be_empty"})
    return hashlib.sha256(f"{source.address}\n{said}".encode()).hexdigest()
