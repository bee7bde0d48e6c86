"""What tells that two hosts answered one page."""

from __future__ import annotations

import pytest

from crawler.answers import Reply, page_mark

ASKED = "https://fleuve.example/feed.xml"


def reply(body: bytes, url: str = ASKED) -> Reply:
    return Reply(url=url, status=200, headers=(), body=body)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"<html><title>Hotel\n Wi-Fi</title>a", b"<html><title lang=en>Hotel Wi-Fi</title>b", True),
        (b"<html><title>Hotel Wi-Fi</title>", b"<html><title>Le Fleuve</title>", False),
        (b"<html>sign in", b"<html>sign in", True),
        (b"<html>sign in", b"<html>sign up", False),
    ],
)
def test_pages_are_marked_by_their_title_else_by_their_bytes(one: bytes, other: bytes, same: bool) -> None:
    assert (page_mark(ASKED, reply(one)) == page_mark(ASKED, reply(other))) is same


def test_a_page_of_another_host_is_marked_by_that_host() -> None:
    marks = {page_mark(ASKED, reply(body, "https://portal.example/login")) for body in (b"a", b"b")}
    assert marks == {"host portal.example"}
