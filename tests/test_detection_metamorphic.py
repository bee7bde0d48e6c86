"""Every labelled article told otherwise: what must not change the answer does not, and what must does.

``VIGIE_METAMORPHIC`` may name further files of labelled articles, separated as in ``PATH``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import metamorphic as m

DATA = Path(__file__).parent / "data"
NAMES = ("articles", "sentences", "tune", "test", "hard")
FILES = [DATA / f"detection_{name}.jsonl" for name in NAMES]
FILES += [Path(name) for name in os.environ.get("VIGIE_METAMORPHIC", "").split(os.pathsep) if name]
ARTICLES = [article for file in FILES for article in m.read_articles(file)]
LATIN = [article for article in ARTICLES if article.language in {"fr", "en"}]

Check = Callable[[m.Told], Iterator[tuple[m.Told, bool]]]


def _spelt(change: Callable[[m.Told], m.Told]) -> Check:
    def check(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
        other = change(told)
        yield other, m.answer(other) == m.answer(told)

    return check


def _of_niger(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
    other = m.of_niger(told)
    yield other, not m.alerts(other)
    if m.tells_alike(told, other):
        yield other, m.alerts(other, m.FRANCE_NIGER) == m.alerts(told)


def _swapped(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
    if m.swappable(told):
        other = m.swapped(told)
        yield other, m.answer(other) == m.answer(told, m.SWAP)


def _silenced(changes: Callable[[m.Told], Iterable[m.Told]]) -> Check:
    def check(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
        if m.alerts(told):
            for other in changes(told):
                yield other, not m.alerts(other)

    return check


def _with_background(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
    if m.open_sides(told):
        return  # where the text leaves a side open, what is told besides may name it
    for other in m.with_background(told):
        yield other, m.news(other) == m.news(told) and m.alerts(other) == m.alerts(told)


def _with_dateline(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
    if m.open_sides(told):
        return  # where the text leaves a side open, the place of the dispatch may name it
    for other in m.with_dateline(told):
        yield other, m.answer(other) == m.answer(told)


def _of_unknown_language(told: m.Told) -> Iterator[tuple[m.Told, bool]]:
    unknown = replace(told, language=None)
    for change in (m.narrow_spaces, m.decomposed, m.title_in_capitals):
        other = change(unknown)
        yield other, m.answer(other) == m.answer(unknown)


CHECKS: dict[str, tuple[Check, list[m.Told]]] = {
    **{change.__name__: (_spelt(change), ARTICLES) for change in m.SPELLINGS},
    "of_unknown_language": (_of_unknown_language, ARTICLES),
    "of_niger": (_of_niger, ARTICLES),
    "swapped": (_swapped, LATIN),
    "rumoured": (_silenced(m.rumoured), LATIN),
    "rumoured_title": (_silenced(m.rumoured_title), LATIN),
    "long_ago": (_silenced(m.long_ago), LATIN),
    "long_ago_title": (_silenced(m.long_ago_title), LATIN),
    "with_background": (_with_background, LATIN),
    "with_dateline": (_with_dateline, LATIN),
}


@pytest.mark.parametrize("name", CHECKS)
def test_told_otherwise(name: str) -> None:
    check, articles = CHECKS[name]
    tried = 0
    violations: dict[str, str] = {}
    for told in articles:
        for other, holds in check(told):
            tried += 1
            if not holds:
                violations[told.id] = (
                    f"{told.id}: {m.describe(told)} became {m.describe(other)}\n    {m.printed(other)}"
                )
    assert tried >= len(articles) // 3, "the check passes most articles by"
    assert not violations, "\n".join(violations.values())


@pytest.mark.parametrize(
    ("change", "text", "expected"),
    [
        (m.of_niger, "LE MALI et les Maliennes de Bamako", "LE NIGER et les Nigériennes de Niamey"),
        (m.swapped, "L’ambassade de France au Mali ; du Mali", "L’ambassade du Mali en France ; de la France"),
        (m.swapped, "Paris et la France, les Français", "Bamako et le Mali, les Maliens"),
        (m.without_accents, "Élysée, cœur, ç", "Elysee, cœur, c"),
        (m.no_break_spaces, "« Oui » : 72 heures !", "«\u00a0Oui\u00a0»\u00a0: 72\u00a0heures\u00a0!"),
    ],
)
def test_tellings(change: Callable[[m.Told], m.Told], text: str, expected: str) -> None:
    assert change(m.told(text)).text == expected


def test_an_act_is_put_in_doubt_where_it_stands() -> None:
    before = m.told("Il pleut. Le Mali expulse deux diplomates français. Paris regrette.")
    after = "Il pleut. Selon une rumeur, le Mali expulse deux diplomates français. Paris regrette."
    assert next(iter(m.rumoured(before))).text == after


def test_a_check_can_fail() -> None:
    told = m.told("Le Mali expulse deux diplomates français.")
    assert not all(holds for _, holds in _spelt(m.of_niger)(told))
    assert not all(holds for _, holds in _silenced(lambda told: [m.decomposed(told)])(told))
