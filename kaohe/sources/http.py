"""HTTP APIs that answer in JSON: every page of a table, tried again where that may help, read from the start where the
source changed under us. Only the configured address is ever asked, and nobody else is sent what it gets."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Self

import httpx

from kaohe.outage import Outage, Passing, Shifted, trusting
from kaohe.retries import retry_after, retrying
from kaohe.secrets import Secrets
from kaohe.sources.config import Api, Chained, Endpoint, Linked, Numbered
from kaohe.words import say

_MOST_PAGES = 100_000
_MOST_BYTES = 256 * 2**20  # of one page
_MOST_REDIRECTS = 5
#: A page may take so many times ``timeout`` in all, however steadily it drips.
_PATIENCE = 10
_BUSY = (408, 425, 429)
_LONGEST_SAYING = 300

_Record = dict[str, Any]


class Client:
    """An API that is being read; a context manager."""

    def __init__(self, api: Api, secrets: Secrets) -> None:
        self.api, self.secrets = api, secrets
        self._home = httpx.URL(api.api)
        self._not_before = 0.0
        login = httpx.BasicAuth(api.user, secrets.look_up(api.password)) if api.user and api.password else None
        headers = {"accept": "application/json", "user-agent": "kaohe"}
        if api.token:
            token = secrets.look_up(api.token)
            headers |= {api.token_header: token} if api.token_header else {"authorization": f"Bearer {token}"}
        # As text they would have to be ASCII.
        encoded = {name.encode(): value.encode() for name, value in headers.items()}
        self._client = httpx.Client(
            auth=login, headers=encoded, timeout=api.timeout, trust_env=False, follow_redirects=False,
            verify=trusting(api.ca) if api.ca else True, proxy=api.proxy,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def pages(self, table: Endpoint, since: str | int | None) -> Iterator[list[_Record]]:
        """The records of ``table``, page by page; ``since``: the cursor's least value.

        Raises ``Shifted`` if a page comes again, or the total is not what it was; ``Outage`` if the API is down.
        """
        url = self._home.copy_with(path=f"{self._home.path.rstrip('/')}/{table.path.lstrip('/')}")
        params = dict(table.params)
        if table.since and since is not None:
            params[table.since] = str(since)
        paging = table.paging
        position = paging.first if isinstance(paging, Numbered) and paging.by == "page" else 0
        if isinstance(paging, Numbered):
            params[paging.parameter or paging.by] = str(position)
        total: int | None = None
        read, pages, asked = 0, set[str](), {str(url.copy_merge_params(params))}
        for _ in range(_MOST_PAGES):
            body, linked = self._page(url, params, table)
            records = _records(body, table)
            if paging and paging.total:
                counted = _count(body, paging.total)
                if total not in (None, counted):
                    raise Shifted(say("source_total_changed", before=total, after=counted))
                total = counted
            digest = hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()
            if records and digest in pages:
                raise Shifted(say("source_page_again"))
            pages.add(digest)
            read += len(records)
            yield records
            match paging:
                case Numbered():
                    position = position + 1 if paging.by == "page" else read
                    further = bool(records) and (total is None or read < total)
                    params[paging.parameter or paging.by] = str(position)
                case Chained():
                    cursor = _text(_at(body, paging.next))
                    further = bool(cursor) and cursor != "false"
                    params[paging.parameter] = cursor or ""
                case Linked():
                    following = _text(_at(body, paging.next)) if paging.next else linked
                    further = bool(following)
                    url, params = self._below(url.join(following or "")), {}
                case None:
                    further = False
            if not further:
                break
            address = str(url.copy_merge_params(params))
            if address in asked:
                raise Shifted(say("source_page_again"))
            asked.add(address)
        else:
            raise Outage(say("source_endless", count=_MOST_PAGES))
        if total is not None and read != total:
            raise Shifted(say("source_total_wrong", total=total, read=read))

    def _page(self, url: httpx.URL, params: dict[str, str], table: Endpoint) -> tuple[Any, str | None]:
        """The body of a page, and the address of the next if a Link header names one; tried again while that may
        help."""
        for attempt in retrying(self.api.retries):
            with attempt:
                return self._once(url.copy_merge_params(params) if params else url, table)
        raise AssertionError  # tenacity raises the last error itself

    def _once(self, url: httpx.URL, table: Endpoint) -> tuple[Any, str | None]:
        if self.api.rate:
            time.sleep(max(0, self._not_before - time.monotonic()))
            self._not_before = time.monotonic() + 1 / self.api.rate
        try:
            for _ in range(_MOST_REDIRECTS):
                with closing(self._client.send(self._client.build_request("GET", url), stream=True)) as answer:
                    if answer.is_redirect:
                        url = self._below(url.join(answer.headers["location"]))
                        continue
                    self._check(answer)
                    body = json.loads(
                        self._content(answer), parse_int=str, parse_float=str, parse_constant=str
                    )  # numbers stay as they are written
                    _records(body, table)
                    return body, answer.links.get("next", {}).get("url")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            said = self.secrets.hide(f"{type(error).__name__} {error}".strip())[:_LONGEST_SAYING]
            raise Passing(say("source_said", problem=said)) from None
        except (ValueError, RecursionError):
            raise Passing(say("source_no_json")) from None
        raise Outage(say("source_redirects"))

    def _check(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status in _BUSY or status >= 500:
            wait = retry_after(answer.headers.get("retry-after", ""))
            sentence = say("source_status", status=status)
            raise Passing(sentence, wait) if wait <= self.api.retries.at_most else Outage(sentence)
        if status in (401, 403):
            raise Outage(say("source_refused", status=status))
        if status != 200:
            raise Outage(say("source_status", status=status))

    def _content(self, answer: httpx.Response) -> bytes:
        """The whole body. Raises ``Passing`` for one that takes too long, ``Outage`` for one that is too large."""
        late = time.monotonic() + _PATIENCE * self.api.timeout
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise Outage(say("source_page_large", megabytes=_MOST_BYTES // 2**20))
            if time.monotonic() > late:
                raise Passing(say("source_page_slow"))
        return bytes(content)

    def _below(self, url: httpx.URL) -> httpx.URL:
        """``url`` if it is of the configured server, by the same or a safer protocol."""
        ours, theirs = _origin(self._home), _origin(url)
        if ours != theirs and (ours, theirs) != (("http", ours[1], 80), ("https", ours[1], 443)):
            raise Outage(say("source_elsewhere", host=url.host))
        return url


def field(record: _Record, path: str) -> str | None:
    """A field as text. ``path``: its name, or names separated by points for a field of a field."""
    return _text(record[path] if path in record else _at(record, path))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _at(body: Any, path: str | None) -> Any:
    """What stands at ``data.items``, None if nothing does."""
    for name in path.split(".") if path else ():
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _records(body: Any, table: Endpoint) -> list[_Record]:
    found = _at(body, table.records)
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Passing(say("source_no_records", place=table.records or "—"))
    return found


def _count(body: Any, path: str) -> int:
    text = _text(_at(body, path)) or ""
    if not text.isdecimal():
        raise Outage(say("source_no_total", place=path))
    return int(text)


def _text(value: Any) -> str | None:
    """A value as a cell shows it: numbers as written, a list of plain values as 甲、乙."""
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case list() if not any(isinstance(element, list | dict) for element in value):
            return "、".join(_text(element) or "" for element in value)
        case _:
            return json.dumps(value, ensure_ascii=False)
