"""Entity tags: the same list costs its way once, any change brings the new one, and nothing else is touched."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from hypothesis import given
from hypothesis import strategies as st

from review.etags import Etags, has_tag


def application(body: str = "[1]") -> Etags:
    app = FastAPI()

    @app.get("/api/v1/list")
    def rows() -> PlainTextResponse:
        return PlainTextResponse(body)

    @app.get("/api/v1/pieces")
    def pieces() -> StreamingResponse:
        return StreamingResponse(iter(["[1", ",2]"]), media_type="application/json")

    @app.get("/")
    def page() -> PlainTextResponse:
        return PlainTextResponse(body)

    return Etags(app)


def ask(app: Etags, path: str, tag: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of what the application answers."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        # The client stays: an answer in pieces is watched by who waits for it to leave.
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost")] + ([] if tag is None else [(b"if-none-match", tag.encode())])
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
        "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    answer = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answer, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("path", ["/api/v1/list", "/api/v1/pieces"])
def test_what_has_not_changed_is_not_sent_again(path: str) -> None:
    status, headers, body = ask(application(), path)
    assert (status, bool(body)) == (200, True)
    status, again, nothing = ask(application(), path, headers["etag"])
    assert (status, nothing) == (304, b"")
    assert again["etag"] == headers["etag"]
    assert not {"content-length", "content-type"} & again.keys()


def test_what_changed_is_sent_under_another_tag() -> None:
    _, before, _ = ask(application("[1]"), "/api/v1/list")
    status, after, body = ask(application("[2]"), "/api/v1/list", before["etag"])
    assert (status, body) == (200, b"[2]")
    assert after["etag"] != before["etag"]


def test_pages_and_refusals_carry_no_tag() -> None:
    assert "etag" not in ask(application(), "/")[1]
    status, headers, _ = ask(application(), "/api/v1/nowhere", "*")
    assert status == 404
    assert "etag" not in headers


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b,", W/"c"', False),
        ("a", False),
        ("", False),
    ],
)
def test_a_tag_is_found_in_a_list(given: str, known: bool) -> None:
    assert has_tag(given, '"a"') is known


@given(st.text(max_size=60), st.text(alphabet="0123456789abcdef", min_size=32, max_size=32))
def test_no_text_breaks_the_reading_of_tags(text: str, tag: str) -> None:
    assert has_tag(f'W/"x", "{tag}"', f'"{tag}"')
    assert has_tag(text, f'"{tag}"') in (text.strip() == "*", f'"{tag}"' in text)
