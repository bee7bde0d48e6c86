"""Figures for Prometheus (text exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.overview import ChannelHealth, Overview
from storage.types import NetworkState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(
    overview: Overview,
    channels: Sequence[ChannelHealth],
    *,
    version: str,
    now: datetime,
    decisions: Sequence[tuple[str, str, int]] = (),
) -> str:
    """Return the watch's figures; ages are in seconds, 0 where nothing waits.

    Args:
        overview: of sources, pages and articles.
        channels: and what stands in their outboxes.
        version: the running one.
        now: aware.
        decisions: how many of each watch have each reason, see :func:`storage.alerts.count_decisions`.
    """
    lines: list[str] = []

    def metric(name: str, text: str, samples: Sequence[tuple[dict[str, str], float]], kind: str = "gauge") -> None:
        lines.extend((f"# HELP vigie_{name} {text}", f"# TYPE vigie_{name} {kind}"))
        lines.extend(f"vigie_{name}{_labels(labels)} {_number(value)}" for labels, value in samples)

    metric("info", "The running version.", [({"version": version}, 1)])
    metric(
        "sources",
        "Enabled sources by how their last poll went; those that somebody paused by themselves.",
        [
            ({"state": "fresh"}, overview.sources_fresh),
            ({"state": "failing"}, overview.sources_failing),
            ({"state": "unchecked"}, overview.sources_unchecked),
            ({"state": "paused"}, len(overview.pauses)),
        ],
    )
    metric(
        "source_states",
        "Enabled sources by the state they are judged to be in.",
        [({"state": state}, count) for state, count in overview.states],
    )
    metric("network_up", "0 while nothing can be reached.", [({}, overview.network.state is not NetworkState.DOWN)])
    if overview.canary is not None:
        metric("canary_ok", "1 when the last synthetic article came through.", [({}, overview.canary.ok)])
        metric(
            "canary_timestamp_seconds",
            "When the last synthetic article came through or was missed.",
            [({}, round(overview.canary.ended_at.timestamp(), 3))],
        )
    if overview.last_success_at is not None:
        metric(
            "last_successful_poll_timestamp_seconds",
            "When a source was last read with success.",
            [({}, round(overview.last_success_at.timestamp(), 3))],
        )
    metric("pages_due", "Pages listed by feeds and not read yet.", [({}, overview.pages_due)])
    metric("oldest_unread_seconds", "Age of the oldest page never tried.", [({}, _age(overview.oldest_unread_at, now))])
    metric("articles_last_day", "Articles of the last 24 hours.", [({}, overview.articles_today)])
    metric(
        "deliveries",
        "Deliveries by channel and state.",
        [
            ({"channel": channel.id, "state": state}, count)
            for channel in channels
            for state, count in (
                ("waiting", channel.waiting),
                ("sent", channel.sent),
                ("dead", channel.dead),
                ("suppressed", channel.suppressed),
                ("batched", channel.batched),
            )
        ],
    )
    metric(
        "decisions_total",
        "Decisions in the archive by watch and reason: one for each article, watch and version of the article.",
        [({"watch": watch, "reason": reason}, count) for watch, reason, count in decisions],
        kind="counter",
    )
    metric(
        "oldest_delivery_waiting_seconds",
        "Age of the oldest delivery that is not sent yet.",
        [({}, _age(overview.oldest_waiting_at, now))],
    )
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Write whole numbers in full: what is added up must not be rounded."""
    return f"{int(value)}" if value == int(value) else f"{value:g}"


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, round((now - moment).total_seconds(), 1))


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    escaped = (
        (name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for name, value in labels.items()
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
