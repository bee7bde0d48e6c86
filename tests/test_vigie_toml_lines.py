"""The line of a key, found beside the parser."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.toml_lines import Location, line_of

TEXT = """\
# a comment with a key = 1, a \u2028 separator and a \x85 of other systems
top = 1
[service]
  data_dir = "x"   # listen = no

listen = "y"
[[source]]
id = "a"
"quoted" = 1
[[ source ]]
id = "b"
feeds = [
  "one",
]
[[channel]]
id = "c"
[delivery]
webhook_retries = ["1s", "x"]
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("top",), 2),
        (("service",), 3),
        (("service", "data_dir"), 4),
        (("service", "listen"), 6),
        (("service", "missing"), 3),
        (("source", 0, "id"), 8),
        (("source", 0, "quoted"), 9),
        (("source", 1), 10),
        (("source", 1, "id"), 11),
        (("source", 1, "feeds", 0), 12),
        (("source", 1, "name"), 10),
        (("channel", 0, "id"), 16),
        (("delivery", "x"), 17),
        (("delivery", "webhook_retries", 1), 18),
        (("nowhere", "x"), None),
        (("source", 5, "id"), None),
        ((), None),
    ],
)
def test_key_is_found_where_it_stands(location: Location, line: int | None) -> None:
    assert line_of(TEXT, location) == line


def test_text_is_toml() -> None:
    assert set(tomllib.loads(TEXT.replace("\x85", ""))) == {"top", "service", "source", "channel", "delivery"}


@settings(deadline=None)
@given(st.text(), st.lists(st.text(max_size=5) | st.integers(0, 3), max_size=4).map(tuple))
def test_any_text_has_a_line_within_it_or_none(text: str, location: Location) -> None:
    found = line_of(text, location)
    assert found is None or 1 <= found <= text.count("\n") + 1
