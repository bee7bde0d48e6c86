"""``backtest``: what a watch would have told, beside what it did."""

from __future__ import annotations

from pathlib import Path

import click

from vigie import output
from vigie.commands import PARTLY, Context
from vigie.commands.records import as_json_option


def register(group: click.Group) -> None:
    """Add this module's command."""
    group.add_command(backtest)


@click.command()
@click.option("--watch", "watch_id", metavar="ID", help="This watch only (default: all).")
@click.option("--query", metavar="QUERY", help="In place of the watch's own; without --watch, by itself.")
@click.option(
    "--rules", "rule_folders", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of rule files, in place of those of the configuration; may be given again.",
)  # fmt: skip
@click.option("--since", metavar="DATE", default="90d", show_default=True, help="From then on, or for so long.")
@click.option("--until", metavar="DATE", help="Up to then (default: now).")
@as_json_option
@click.pass_obj
def backtest(
    context: Context,
    *,
    watch_id: str | None,
    query: str | None,
    rule_folders: tuple[Path, ...],
    since: str,
    until: str | None,
    as_json: bool,
) -> int:
    """Show what watches would have told over the stored past, beside what they did: gained and lost."""
    from scheduler.clock import now_utc
    from vigie import backtesting
    from vigie.searching import open_archive
    from vigie.settings import load
    from vigie.watch_definitions import with_edits

    now = now_utc()
    try:
        end = backtesting.moment_or_ago(until, now) if until is not None else now
        begin = backtesting.moment_or_ago(since, end)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if begin >= end:
        raise click.UsageError("--since must lie before --until")
    tried = backtesting.trial(with_edits(load(context.path, with_secrets=False)), watch_id, query, rule_folders or None)
    for refusal in tried.refusals:
        click.echo(f"vigie: rule refused: {refusal}", err=True)
    with open_archive(tried.settings) as database:
        found = backtesting.backtest(
            database, tried, since=begin, until=end, progress=backtesting.ProgressLine()
        )  # fmt: skip
    click.echo(f"vigie: {found.readings:,} readings in {found.seconds:.1f} s, {found.rate:,.0f} a second", err=True)
    if as_json:
        for record in backtesting.records(found):
            output.print_json(record)
    else:
        for line in backtesting.text(found):
            output.console().print(line, markup=False)
    return PARTLY if tried.refusals else 0
