"""Profiles are worked out once for a text, as long as there is room."""

from __future__ import annotations

import pytest

from detection.stories import profile
from scheduler import profiles


def test_a_text_is_profiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "_KEPT", profiles._Kept())
    made = profiles.profile_of("Un texte\nde deux lignes", "a")
    assert made.hashes.tolist() == profile(("Un texte", "de deux lignes")).hashes.tolist()
    assert profiles.profile_of("Un texte\nde deux lignes", "a") is made
    assert profiles.profile_of("Un autre texte", "b") is not made


def test_the_longest_unused_go_when_there_are_too_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_WORDS", 12)
    kept = profiles._Kept()
    made = [profile((f"trois mots numéro{number}",)) for number in range(4)]
    for number in range(3):
        kept.add(str(number), made[number])
    assert kept.get("0") is made[0]
    kept.add("3", made[3])
    assert [kept.get(str(number)) for number in range(4)] == [made[0], None, made[2], made[3]]


def test_a_text_longer_than_all_room_is_kept_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_WORDS", 12)
    kept, long = profiles._Kept(), profile(("mot " * 100,))
    kept.add("short", profile(("trois mots seulement",)))
    kept.add("long", long)
    assert kept.get("long") is long
    assert kept.get("short") is None
