"""``ladder``: how far states have gone towards each other."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from vigie import output
from vigie.commands import Context
from vigie.commands.archive import Moment
from vigie.commands.records import as_json_option


def register(group: click.Group) -> None:
    """Add this module's commands."""
    group.add_command(ladder)


@click.command()
@click.argument("states", nargs=-1, metavar="[FRA MLI]")
@click.option("--days", type=click.IntRange(1, 3_660), default=30, show_default=True, help="So many days back.")
@click.option("--since", type=Moment(), help="From then on, in place of --days.")
@click.option("--until", type=Moment(), help="Up to then (default: now).")
@click.option(
    "--window", type=click.IntRange(1, 3_660), default=30, show_default=True, help="Days for which an act counts."
)
@as_json_option
@click.pass_obj
def ladder(
    context: Context,
    states: tuple[str, ...],
    *,
    days: int,
    since: datetime | None,
    until: datetime | None,
    window: int,
    as_json: bool,
) -> int:
    """Show the rungs of a pair of states, how they changed and what answered what; without one, all pairs."""
    from detection.countries import countries
    from review.ladder import EARLIEST, LadderModel, read_ladder
    from scheduler.clock import now_utc
    from vigie.escalation import ladder_text, pairs_record
    from vigie.searching import open_archive
    from vigie.setting_problems import suggest
    from vigie.settings import load

    codes = [code.upper() for part in states for code in part.split("-")]
    if codes and (len(codes) != 2 or codes[0] == codes[1]):
        raise click.UsageError("name two states by their codes, such as FRA MLI, or none for all pairs")
    if unknown := sorted(set(codes) - set(countries())):
        raise click.UsageError(f"no state has the code {unknown[0]!r}{suggest(unknown[0], countries())}")
    end = until or now_utc()
    begin = since or max(end, EARLIEST) - timedelta(days=days)
    if not EARLIEST <= begin < end:
        raise click.UsageError(f"--since must lie before --until, and after {EARLIEST:%Y}")
    span = timedelta(days=window)
    with open_archive(load(context.path, with_secrets=False)) as database:
        if not codes:
            rows = pairs_record(database, since=begin, until=end, window=span)
            columns = ("pair", "forth", "back", "changes", "answers", "last_change", "because")
            output.print_rows(rows, as_json=as_json, columns=columns)
            return 0
        found = read_ladder(database, (codes[0], codes[1]), since=begin, until=end, window=span)
    if as_json:
        output.print_json(LadderModel.of(found).model_dump(mode="json"))
    else:
        output.console().print(ladder_text(found), markup=False)
    return 0
