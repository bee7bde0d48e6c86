"""``alerts``, ``deliveries`` and ``silence``: what the archive remembers of its work."""

from __future__ import annotations

import getpass
import json
from typing import Any

import click

from vigie import output
from vigie.commands import Context
from vigie.errors import VigieError


def register(group: click.Group) -> None:
    """Add this module's commands."""
    for command in (alerts, deliveries, silence):
        group.add_command(command)


def change(context: Context, name: str, **given: Any) -> int:
    """Make a change, through the service where it runs, and print what it answers."""
    from vigie.searching import change as make
    from vigie.settings import load

    click.echo(make(load(context.path, with_secrets=False), name, **given))
    return 0


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group()
def alerts() -> None:
    """Show alerts and take them in hand."""


@alerts.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json_option
@click.pass_obj
def list_alerts(context: Context, *, limit: int, as_json: bool) -> int:
    """List alerts, newest first."""
    from storage.alerts import recent
    from vigie.searching import open_archive
    from vigie.settings import load

    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = [
            {
                "id": alert.id,
                "created": alert.created_at,
                "type": alert.type,
                "watch": alert.watch_id,
                "severity": alert.severity,
                "headline": alert.headline,
                "story": alert.story_id,
                "acknowledged": alert.acknowledged_at,
                "acknowledged_by": alert.acknowledged_by,
            }
            for alert in recent(database, limit=limit)
        ]
    output.print_rows(rows, as_json=as_json, columns=("id", "created", "watch", "severity", "headline", "acknowledged"))
    return 0


@alerts.command("show")
@click.argument("alert_id", metavar="ID")
@as_json_option
@click.pass_obj
def show_alert(context: Context, alert_id: str, *, as_json: bool) -> int:
    """Show one alert as it was told, and how its deliveries went."""
    from storage.alerts import get
    from storage.deliveries import listing
    from vigie.searching import open_archive
    from vigie.settings import load

    with open_archive(load(context.path, with_secrets=False)) as database:
        alert = get(database, alert_id)
        sent = listing(database, alert_id=alert_id)
    body = json.loads(alert.payload)
    if as_json:
        output.print_json({**body, "deliveries": sent})
        return 0
    console = output.console()
    console.print(body["data"]["headline"], markup=False, style="bold")
    about = [f"{alert.created_at:%Y-%m-%d %H:%M} UTC", alert.type, f"watch {alert.watch_id}" if alert.watch_id else ""]
    about.append("" if alert.story_id is None else f"story {alert.story_id}")
    console.print(f"  {' · '.join(part for part in about if part)}", markup=False)
    if alert.acknowledged_at is not None:
        who = f" by {alert.acknowledged_by}" if alert.acknowledged_by else ""
        console.print(f"  acknowledged{who} at {alert.acknowledged_at:%Y-%m-%d %H:%M} UTC", markup=False)
    for line in body["data"].get("why", ()):
        console.print(f"  {line}", markup=False)
    for named in body["data"].get("alerts", ()):
        console.print(f"  {named['severity']} {named['headline']}", markup=False)
    for event in body["data"].get("events", ()):
        who = f"{event['actor'] or '?'} → {event['target'] or '?'}"
        console.print(f"  {event['severity']} {event['type']} {who} ({event['status']})", markup=False)
        console.print(f"    {event['sentence']}", markup=False, style="italic")
    for source in body["data"].get("sources", ()):
        console.print(f"  {source['name']}: {source['reason']}", markup=False)
    output.print_rows(
        sent, as_json=False, columns=("id", "channel_id", "recipient", "state", "reason", "attempts", "last_error")
    )
    return 0


@alerts.command("ack")
@click.argument("alert_id", metavar="ID")
@click.option("--author", metavar="NAME", default=getpass.getuser, show_default="you", help="Who takes it in hand.")
@click.pass_obj
def acknowledge_alert(context: Context, alert_id: str, *, author: str) -> int:
    """Record that somebody took the alert in hand; its story rings no more until there is something new."""
    return change(context, "acknowledge", alert=alert_id, author=author)


@click.group()
def deliveries() -> None:
    """Show the outbox; send dead letters again or let them go."""


@deliveries.command("reset")
@click.argument("channel")
@click.pass_obj
def reset_channel(context: Context, channel: str) -> int:
    """Try CHANNEL again after its receiver answered 410 Gone, or without waiting for the next probe."""
    from vigie.settings import load

    known = [configured.id for configured in load(context.path, with_secrets=False).channels]
    if channel not in known:
        raise VigieError(f"there is no channel {channel!r}; the configuration has: {', '.join(known) or 'none'}")
    return change(context, "reset_channel", channel=channel)


@deliveries.command("list")
@click.option("--state", type=click.Choice(["pending", "batched", "leased", "sent", "dead", "suppressed"]))
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json_option
@click.pass_obj
def list_deliveries(context: Context, *, state: str | None, limit: int, as_json: bool) -> int:
    """List deliveries, newest first."""
    from storage.deliveries import listing
    from storage.types import DeliveryState
    from vigie.searching import open_archive
    from vigie.settings import load

    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = listing(database, state=DeliveryState(state) if state else None, limit=limit)
    columns = (
        "id", "alert_id", "channel_id", "recipient", "state", "reason", "attempts", "next_attempt_at", "last_error",
    )  # fmt: skip
    output.print_rows(rows, as_json=as_json, columns=columns)
    return 0


@deliveries.command("replay")
@click.argument("delivery_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_obj
def replay_delivery(context: Context, delivery_id: int) -> int:
    """Queue a dead delivery again, under its own identity."""
    return change(context, "replay", delivery=delivery_id)


@deliveries.command("discard")
@click.argument("delivery_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_obj
def discard_delivery(context: Context, delivery_id: int) -> int:
    """Give a pending or dead delivery up."""
    return change(context, "discard", delivery=delivery_id)


@click.group()
def silence() -> None:
    """Hold alerts back for a while, for a stated reason."""


@silence.command("add")
@click.option("--watch", "watch_id", metavar="ID", help="Alerts of this watch.")
@click.option("--story", type=click.IntRange(1, 2**63 - 1), metavar="ID", help="Alerts on this event.")
@click.option("--pair", metavar="MLI-FRA", help="Acts between two states, in either direction.")
@click.option("--one-way", is_flag=True, help="With --pair: only what the first does to the second.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Acts of this type; may be given again.")
@click.option("--max-severity", type=click.IntRange(1, 5), help="Alerts up to this severity.")
@click.option("--source", metavar="ID", help="Alerts that an article of this outlet raised.")
@click.option("--for", "duration", required=True, help="How long, such as 2h.")
@click.option("--reason", required=True, help="Why; shown to everybody.")
@click.option("--author", metavar="NAME", default=getpass.getuser, show_default="you", help="Who wants it.")
@click.pass_obj
def add_silence(context: Context, /, *, duration: str, **given: Any) -> int:
    """Start a silence now; all parts that are given must match, none at all matches every alert."""
    from vigie.durations import parse_duration
    from vigie.settings import load
    from vigie.silencing import checked
    from vigie.watch_definitions import with_edits

    parts = checked(with_edits(load(context.path, with_secrets=False)), **given)
    try:
        seconds = parse_duration(duration).total_seconds()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from error
    return change(context, "silence", seconds=seconds, **parts)


@silence.command("list")
@as_json_option
@click.pass_obj
def list_silences(context: Context, *, as_json: bool) -> int:
    """List silences, the latest end first: what they match, whether they still hold, how many alerts they hid."""
    from scheduler.clock import now_utc
    from storage.silences import listing
    from vigie.searching import open_archive
    from vigie.settings import load
    from vigie.silencing import silence_row

    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = [silence_row(row, now_utc()) for row in listing(database)]
    columns = ("id", "state", "matches", "hid", "author", "reason", "starts_at", "ends_at")
    output.print_rows(rows, as_json=as_json, columns=columns)
    return 0


@silence.command("end")
@click.argument("silence_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_obj
def end_silence(context: Context, silence_id: int) -> int:
    """End a silence now."""
    return change(context, "end_silence", silence=silence_id)
