"""One article, one key, however its address is dressed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.urls import article_key, is_tracking, is_web_address

SAME = "https://journal.example/monde/article-12?id=4&page=2"


@pytest.mark.parametrize(
    "url",
    [
        "https://journal.example/monde/article-12?page=2&id=4",
        "HTTPS://Journal.EXAMPLE/monde/article-12?id=4&page=2",
        "https://journal.example:443/monde/article-12?id=4&page=2",
        "https://journal.example./monde/article-12?id=4&page=2",
        "https://user:pass@journal.example/monde/article-12?id=4&page=2",
        "https://journal.example/monde/article-12?id=4&page=2#commentaires",
        "https://journal.example/monde/article-12?id=4&page=2&utm_source=rss&utm_medium=feed",
        "https://journal.example/monde/article-12?xtor=RSS-16&id=4&page=2",
        "https://journal.example/monde/article-12?fbclid=Iw&id=4&at_medium=custom7&page=2&at_campaign=x",
        "https://journal.example/monde/article-12?UTM_Source=a&id=4&page=2&maca=fra-rss",
        " https://journal.example/monde/article-12?id=4&page=2\n",
        "https://journal.example/monde/article%2D12?id=4&page=2",
    ],
)
def test_dress_does_not_change_the_key(url: str) -> None:
    assert article_key(url) == SAME


@pytest.mark.parametrize(
    "url",
    [
        "http://journal.example/monde/article-12?id=4&page=2",
        "https://journal.example:8443/monde/article-12?id=4&page=2",
        "https://autre.example/monde/article-12?id=4&page=2",
        "https://journal.example/Monde/article-12?id=4&page=2",
        "https://journal.example/monde/article-12?id=5&page=2",
        "https://journal.example/monde/article-12?id=4&page=2&ref=5",
        "https://journal.example/monde/article-12/?id=4&page=2",
    ],
)
def test_difference_that_may_mean_another_article_is_kept(url: str) -> None:
    assert article_key(url) != SAME


def test_international_names_and_paths_have_one_form() -> None:
    assert article_key("https://présse.example/été") == article_key("https://xn--prsse-csa.example/%C3%A9t%C3%A9")


@pytest.mark.parametrize(
    "name", ["utm_source", "utm_whatever", "fbclid", "gclid", "xtor", "at_medium", "CMP", "mc_cid"]
)
def test_campaign_parameters_are_known(name: str) -> None:
    assert is_tracking(name)


@pytest.mark.parametrize("name", ["id", "page", "article", "utm", "at", "ref", "attachment", "compte", "", "p"])
def test_other_parameters_are_left_alone(name: str) -> None:
    assert not is_tracking(name)


@given(st.text())
@example("http://[::1")
@example("http://[v1.x]/")
@example("http://h:99999999/")
@example("http://h:x/")
@example("http://\ud800/?\udfff")
@example("//h//x")
@example("http://h/%25%32%35")
@example("http://h/?a=%26utm_source=1")
def test_any_text_has_a_stable_key(text: str) -> None:
    key = article_key(text)
    assert article_key(key) == key
    key.encode("utf-8")


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z]{1,8}\.(ml|fr|example)", fullmatch=True),
    st.text(max_size=20),
    st.text(max_size=30),
    st.text(max_size=10),
)
def test_any_web_address_has_a_stable_key_without_fragment(
    scheme: str, host: str, path: str, query: str, fragment: str
) -> None:
    path = path.replace("?", "").replace("#", "")
    query = query.replace("#", "")
    plain = f"{scheme}://{host}/{path}?{query}"
    key = article_key(plain)
    assert article_key(key) == key
    assert article_key(f"{plain}#{fragment}") == key


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", True),
        ("http://127.0.0.1:8000/", True),
        ("ftp://a.example/", False),
        ("/relative", False),
        ("mailto:a@b", False),
        ("http://", False),
        ("http://h:0/", False),
        ("http://[::1", False),
    ],
)
def test_web_addresses_are_recognised(url: str, expected: bool) -> None:
    assert is_web_address(url) is expected
