"""Settings that cannot work are refused with the key and the cure, and never show a secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.errors import AlertsError, ChannelError
from alerts.settings import DeliverySettings, EmailChannel, WebhookChannel, recipient_address

MAIL = EmailChannel(
    id="desk", host="mail.example", port=587, username="vigie", password="S3CR3T", sender="Vigie <vigie@example.org>",
    recipients=("awa@example.org",),
)  # fmt: skip
HOOK = WebhookChannel(
    id="hook", url="https://hooks.example/vigie?token=S3CR3T", secrets=("whsec_UzNDUjNULWNhbmFyeS1rZXktMDEyMzQ1",)
)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"tls": "none"}, "tls"),
        ({"password": None}, "username"),
        ({"username": None}, "username"),
        ({"recipients": ()}, "recipients"),
        ({"recipients": ("awa",)}, "recipients"),
        ({"recipients": ("awa@example.org\r\nBcc: spy@example.org",)}, "recipients"),
        ({"recipients": ("awa@example.org, jean@example.org",)}, "recipients"),
        ({"recipients": ("élan@example.org",)}, "recipients"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "@example.org"}, "sender"),
        ({"sender": "a@"}, "sender"),
        ({"host": ""}, "host"),
        ({"host": "mail\r\nexample"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 70000}, "port"),
    ],
)
def test_mail_settings_that_cannot_work(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ChannelError) as caught:
        replace(MAIL, **change)
    assert caught.value.key == key
    assert "desk" in str(caught.value)
    assert "S3CR3T" not in str(caught.value)
    assert isinstance(caught.value, AlertsError)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"url": "hooks.example"}, "url"),
        ({"url": "ftp://hooks.example"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://user:S3CR3T@hooks.example"}, "url"),
        ({"url": "https://hooks.example:99999/"}, "url"),
        ({"url": "https://hooks.example:0/"}, "url"),
        ({"url": "https://hooks.example/\r\nX: y"}, "url"),
        ({"url": "https://[::1/"}, "url"),
        ({"secrets": ()}, "secret"),
        ({"secrets": ("S3CR3T",)}, "secret"),
        ({"secrets": ("whsec_",)}, "secret"),
        ({"secrets": ("whsec_not-base64-S3CR3T!",)}, "secret"),
        ({"secrets": ("UzNDUjNULWNhbmFyeS1rZXktMDEyMzQ1",)}, "secret"),
    ],
)
def test_webhook_settings_that_cannot_work(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ChannelError) as caught:
        replace(HOOK, **change)
    assert caught.value.key == key
    assert "S3CR3T" not in str(caught.value)


def test_secrets_never_show() -> None:
    for channel in (MAIL, HOOK):
        assert "S3CR3T" not in repr(channel)
        assert "UzNDUjNU" not in repr(channel)
    assert HOOK.shown_url == "https://hooks.example/vigie?…"


def test_addresses() -> None:
    assert (MAIL.sender_address, MAIL.sender_name) == ("vigie@example.org", "Vigie")
    assert recipient_address(MAIL, "Awa <awa@exämple.org>") == "awa@xn--exmple-cua.org"
    assert (HOOK.port, replace(HOOK, url="http://x.example:8080/").port) == (443, 8080)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"lease": timedelta(minutes=15)}, "lease"),
        ({"webhook_retries": ()}, "webhook_retries"),
        ({"email_retries": (timedelta(0),)}, "email_retries"),
        ({"breaker_probes": ()}, "breaker_probes"),
        ({"jitter": 1.0}, "jitter"),
        ({"breaker_failures": 0}, "breaker_failures"),
        ({"concurrency": 0}, "concurrency"),
        ({"poll": timedelta(0)}, "poll"),
    ],
)
def test_delivery_settings_that_contradict_each_other(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ChannelError) as caught:
        replace(DeliverySettings(), **change)
    assert caught.value.key == key


def test_the_defaults_promise_what_the_documentation_says() -> None:
    settings = DeliverySettings()
    assert (settings.horizon(HOOK), settings.horizon(MAIL)) == (timedelta(hours=72), timedelta(hours=120))
    assert settings.retries(HOOK)[0] == timedelta(seconds=5)
    assert settings.retries(MAIL)[0] == timedelta(minutes=1)
