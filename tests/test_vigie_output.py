"""What commands print: fetched text may hold anything, and a terminal must obey none of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from vigie import output

HOSTILE = "Paris\x1b[2J\x9b31m\u202eokamaB\u2066 rompt"


@given(st.text())
def test_every_character_keeps_its_place(text: str) -> None:
    shown = output.printable(text)
    assert len(shown) == len(text)
    assert not any(ord(character) < 0x20 and character not in "\t\n" for character in shown)


def test_a_console_obeys_no_text_however_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    console = output.console()
    console.print(HOSTILE, markup=False)
    console.print(Text(HOSTILE, style="bold"))
    output.print_rows([{"title": HOSTILE}], as_json=False, columns=("title",))
    printed = capsys.readouterr().out
    assert printed.count("rompt") == 3
    assert not {"\x1b", "\x9b", "\u202e", "\u2066"} & set(printed)


def test_a_cell_stays_on_one_line_where_a_program_reads(capsys: pytest.CaptureFixture[str]) -> None:
    address = f"https://journal.example/{'feed/' * 40}"
    output.print_rows([{"kind": "feed", "url": address}], as_json=False, columns=("kind", "url"))
    assert address in capsys.readouterr().out


def test_a_marked_place_stays_marked(capsys: pytest.CaptureFixture[str]) -> None:
    text = Text(HOSTILE)
    text.stylize("bold", HOSTILE.index("rompt"))
    output.console().print(text)
    assert "rompt" in capsys.readouterr().out
    assert text.plain == HOSTILE, "the caller's text is left alone"
