"""How many passwords may be tried, by how many addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.guesses import FREE, LONGEST_PAUSE, MOST_A_MINUTE, Guesses, neighbourhood, pause


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@given(st.lists(st.tuples(st.integers(0, 2000), st.floats(0, 1)), min_size=1, max_size=400))
def test_no_minute_sees_more_than_the_limit_whoever_asks(tries: list[tuple[int, float]]) -> None:
    clock = Clock()
    guesses, compared = Guesses(clock), []
    for address, later in tries:
        clock.seconds += later
        if guesses.wait(f"192.0.2.{address}") is None:
            compared.append(clock.seconds)
    for start in compared:
        assert sum(start <= at < start + 60 for at in compared) <= MOST_A_MINUTE


def test_a_thousand_guesses_at_once_are_mostly_not_compared() -> None:
    guesses = Guesses(Clock())
    waits = [guesses.wait("192.0.2.1") for _ in range(1000)]
    assert waits.count(None) == FREE
    assert all(wait is None or 0 < wait <= LONGEST_PAUSE for wait in waits)


def test_a_thousand_guesses_over_an_hour_from_one_address_are_few() -> None:
    clock = Clock()
    guesses, compared = Guesses(clock), 0
    for _ in range(1000):
        clock.seconds += 3.6
        compared += guesses.wait("192.0.2.1") is None
    assert FREE < compared <= 70


def test_whoever_knows_the_password_is_not_counted() -> None:
    guesses = Guesses(Clock())
    for _ in range(100):
        assert guesses.wait("192.0.2.1") is None
        guesses.right("192.0.2.1")


def test_the_pause_grows_and_ends() -> None:
    assert [pause(wrong) for wrong in range(FREE + 3)] == [0.0] * FREE + [2.0, 4.0, 8.0]
    assert pause(10_000) == LONGEST_PAUSE
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(FREE):
        assert guesses.wait("192.0.2.1") is None
    clock.seconds = 1.0
    assert guesses.wait("192.0.2.1") == pytest.approx(1.0)
    assert guesses.wait("192.0.2.2") is None
    clock.seconds = 2.1
    assert guesses.wait("192.0.2.1") is None


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix", "unix"),
    ],
)
def test_a_network_of_one_customer_counts_as_one(address: str, known_as: str) -> None:
    assert neighbourhood(address) == known_as
