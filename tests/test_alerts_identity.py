"""Names of alerts and deliveries: stable, distinct, and legal where they are used."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from alerts import identity
from alerts.text import clean_line, shorten, web_address
from storage.types import Decision, DecisionKind, Signal, Status

TEXT = st.text(max_size=30)


def key(**changes: str) -> str:
    parts = {"install_id": "i", "watch_id": "w", "subject": "story:7", "trigger": "new"} | changes
    return identity.alert_key(**parts)


def test_names_never_change_between_versions() -> None:
    # A changed value here would send every pending alert again under a new name.
    assert key() == "285b43fdfcc9d2f95b623a315c6954b2f3988b94badb8f58d03535368947abc6"
    assert identity.alert_id(key()) == "alr_afnagva7a6xzl2rnykvx"
    delivery = identity.delivery_key(alert_key=key(), channel_id="mail", recipient="a@example.org")
    assert delivery == "msg_vkavqt6zw5z2fuequcnx2bgcaj"


@given(TEXT, TEXT, TEXT, TEXT)
def test_a_delivery_key_is_legal_as_webhook_id_and_message_id(
    alert: str, channel: str, recipient: str, watch: str
) -> None:
    delivery = identity.delivery_key(alert_key=alert, channel_id=channel, recipient=recipient)
    assert re.fullmatch(r"msg_[a-z2-7]{26}", delivery)
    assert re.fullmatch(r"<msg_[a-z2-7]{26}@vigie\.invalid>", identity.message_id(delivery))
    assert re.fullmatch(r"alr_[a-z2-7]{20}", identity.alert_id(alert))
    assert re.fullmatch(r"[a-z0-9-]+\.alerts\.vigie\.invalid", identity.list_id(watch))
    assert re.fullmatch(
        r"<sty_[a-z2-7]{26}@vigie\.invalid>", identity.thread_id(install_id=alert, watch_id=watch, subject=channel)
    )


@given(st.lists(TEXT, min_size=4, max_size=4), st.lists(TEXT, min_size=4, max_size=4))
def test_only_equal_parts_give_equal_keys(one: list[str], other: list[str]) -> None:
    names = ("install_id", "watch_id", "subject", "trigger")
    same = key(**dict(zip(names, one, strict=True))) == key(**dict(zip(names, other, strict=True)))
    assert same == (one == other)


def test_parts_do_not_run_into_each_other() -> None:
    assert key(watch_id="a", subject="bc") != key(watch_id="ab", subject="c")


def test_every_recipient_and_channel_has_a_key_of_its_own() -> None:
    keys = {
        identity.delivery_key(alert_key="k", channel_id=channel, recipient=recipient)
        for channel in ("mail", "hook")
        for recipient in ("", "a@example.org", "b@example.org")
    }
    assert len(keys) == 6


def _signal(type_: str, severity: int) -> Signal:
    return Signal(
        type=type_, severity=severity, actor="FRA", target=None, status=Status.ASSERTED, sentence="", start=0, end=1,
        rule="r",
    )  # fmt: skip


def test_the_trigger_of_an_update_names_its_acts_whatever_their_order() -> None:
    one, two = _signal("sanctions", 3), _signal("ultimatum", 3)

    def update(*signals: Signal) -> str:
        return identity.trigger(
            Decision(watch_id="w", kind=DecisionKind.UPDATE, reason="new_act", detail="", signals=signals)
        )

    assert update(one, two) == update(two, one) == "new_act:sanctions/FRA/-/3|ultimatum/FRA/-/3"
    assert update(one) != update(_signal("sanctions", 4))
    assert identity.trigger(Decision(watch_id="w", kind=DecisionKind.NEW, reason="new_story", detail="")) == "new"


@given(
    st.text(alphabet=st.characters(), max_size=200)
    | st.text(alphabet="\r\n\x00\x0b\x1c\x85\u2028\u202e\ud800 a", max_size=30)
)
def test_a_clean_line_is_one_line_and_encodes(text: str) -> None:
    clean = clean_line(text)
    assert clean.splitlines() in ([clean], [])
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", clean)
    clean.encode("utf-8")
    assert clean_line(clean) == clean


def test_clean_lines_keep_french_spaces_and_words() -> None:
    assert clean_line("Mali\u202f: «\u00a0oui\u00a0»\r\nBcc: x@y") == "Mali\u202f: «\u00a0oui\u00a0» Bcc: x@y"


@given(st.text(max_size=300), st.integers(1, 80))
def test_shortened_text_fits(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    if len(clean_line(text)) <= limit:
        assert short == clean_line(text)
    else:
        assert short.endswith("…")


def test_shortened_text_ends_at_a_word() -> None:
    assert shorten("La France suspend sa coopération militaire", 30) == "La France suspend sa…"


def test_only_web_addresses_become_links() -> None:
    assert web_address("https://example.org/a?b=c") == "https://example.org/a?b=c"
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "http://a b",
        'https://a/"><b',
        "",
    ):
        assert web_address(bad) == ""
