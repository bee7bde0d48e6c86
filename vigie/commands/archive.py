"""``import``, ``search``, ``export``, ``verify``, ``backup``, ``restore`` and ``doctor``: the archive from outside."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from vigie import output
from vigie.commands import PARTLY, Context


def register(group: click.Group) -> None:
    """Add this module's commands."""
    for command in (import_, search, export, verify, backup, restore, doctor):
        group.add_command(command)


class Moment(click.ParamType[datetime]):
    """An ISO 8601 date or time."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, UTC where it states no zone."""
        from vigie.inputs import parse_moment

        if isinstance(value, datetime):
            return value
        try:
            return parse_moment(value)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2025-09-19 or 2025-09-19T08:30:00+02:00", param, ctx)


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--alerts", is_flag=True, help="Let the articles alert people (default: recorded, never sent).")
@click.option("--json", "as_json", is_flag=True, expose_value=False, help="Answers are JSON lines with or without it.")
@click.pass_obj
def import_(context: Context, files: tuple[str, ...], *, alerts: bool) -> int:
    """Store articles from JSON lines or WARC files through the same path as the crawler."""
    from vigie.importing import import_files
    from vigie.settings import load
    from vigie.watch_definitions import with_edits

    # Rows for services carry names that are derived from their addresses, and those are secrets.
    settings = with_edits(load(context.path, with_secrets=alerts))
    return PARTLY if import_files(files, settings, sending=alerts) else 0


class _Searching(click.Command):
    """A command whose help ends with the query language."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the language on one screen."""
        from detection.query import describe_syntax

        formatter.write(f"\n{describe_syntax()}\nPut -- before a query that begins with a minus.\n")


@click.command(cls=_Searching)
@click.argument("query")
@click.option("--since", type=Moment(), help="Published at or after.")
@click.option("--until", type=Moment(), help="Published before.")
@click.option("--source", help="Id of a source.")
@click.option("--lang", help="ISO 639-1 language.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an article.")
@click.pass_obj
def search(
    context: Context,
    query: str,
    *,
    since: datetime | None,
    until: datetime | None,
    source: str | None,
    lang: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """Search the archive, newest first, in the query language of watches."""
    from storage.search import ArticleFilter
    from vigie.searching import found, open_archive, with_matches
    from vigie.settings import load

    wanted = ArticleFilter(since=since, until=until, source_id=source, language=lang, limit=limit)
    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = [
            {
                "id": article.id,
                "published": article.effective_at,
                "source": article.source_id,
                "title": article.title,
                "url": article.url,
                "story": article.story_id,
                "match": None if match is None else match.sentence,
                "marks": [] if match is None else match.marks,
            }
            for article, match in with_matches(database, query, found(database, query, wanted))
        ]
    output.print_rows(rows, as_json=as_json, columns=("id", "published", "source", "title", "match"))
    return 0


@click.command()
@click.argument("what", type=click.Choice(["articles", "stories", "alerts", "verdicts", "evidence"]))
@click.argument("alert_id", required=False, metavar="[ALERT]")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--since", type=Moment(), help="At or after.")
@click.option("--until", type=Moment(), help="Before.")
@click.option("--query", help="Only what matches (articles).")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Where the packet goes (evidence).")
@click.pass_obj
def export(
    context: Context,
    what: str,
    alert_id: str | None,
    *,
    form: str,
    since: datetime | None,
    until: datetime | None,
    query: str | None,
    target: Path | None,
) -> int:
    """Write articles, stories, alerts or verdicts to standard output, or the evidence of one ALERT as a packet."""
    from vigie.exporting import records
    from vigie.searching import open_archive
    from vigie.settings import load

    if what == "evidence":
        return _export_evidence(context, alert_id, target)
    if alert_id is not None or target is not None:
        raise click.UsageError("ALERT and --output belong to 'vigie export evidence' alone")
    with open_archive(load(context.path, with_secrets=False)) as database:
        rows = (output.plain(row) for row in records(database, what, since=since, until=until, query=query))
        if form == "jsonl":
            for row in rows:
                output.print_json(row)
        else:
            _write_csv(rows)
    return 0


def _export_evidence(context: Context, alert_id: str | None, target: Path | None) -> int:
    from scheduler.clock import now_utc
    from vigie import __version__, packet, packing
    from vigie.searching import open_archive
    from vigie.settings import load

    if alert_id is None:
        raise click.UsageError("name the alert: vigie export evidence ALERT; 'vigie alerts list' shows them")
    with open_archive(load(context.path, with_secrets=False)) as database:
        database.conn.execute("BEGIN")
        files = packing.build(database, alert_id, now=now_utc(), version=__version__)
    target = target or Path(f"{alert_id}.zip")
    packet.write(files, target)
    click.echo(f"{target} written; SHA-256 of its {packet.SUMS}: {packet.sha256(files[packet.SUMS])}")
    return 0


@click.command()
@click.argument("packet_path", type=click.Path(path_type=Path), metavar="PACKET")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as one JSON object.")
def verify(packet_path: Path, *, as_json: bool) -> int:
    """Check an evidence packet (folder or ZIP); needs no archive and no configuration."""
    from vigie.verifying import verify as check

    verdict = check(packet_path)
    if as_json:
        output.print_json(verdict)
    elif verdict.problems:
        for problem in verdict.problems:
            click.echo(output.printable(problem))
    else:
        click.echo(
            f"{packet_path}: whole and unchanged: alert {verdict.alert}, {verdict.files} files, {verdict.pages} pages; "
            f"SHA-256 of its SHA256SUMS: {verdict.seal}"
        )
    return PARTLY if verdict.problems else 0


def _write_csv(rows: Any) -> None:
    from review.cells import cell

    writer: csv.DictWriter[str] | None = None
    for row in rows:
        flat = {key: cell(value) for key, value in row.items()}
        if writer is None:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(flat))
            writer.writeheader()
        writer.writerow(flat)


@click.command()
@click.argument("destination", type=click.Path(path_type=Path))
@click.pass_obj
def backup(context: Context, destination: Path) -> int:
    """Write a verified copy of the archive to DESTINATION; the service may be running."""
    from storage.backup import backup as copy
    from vigie.settings import load

    click.echo(f"{copy(load(context.path, with_secrets=False).data_dir, destination)} written and verified")
    return 0


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.pass_obj
def restore(context: Context, source: Path) -> int:
    """Put the backup SOURCE back; the archive it replaces is kept beside it."""
    from storage.backup import restore as put_back
    from storage.folder import ownership
    from vigie.settings import load

    folder = load(context.path, with_secrets=False).data_dir
    with ownership(folder):
        put_back(source, folder)
    click.echo(f"{folder} restored from {source}")
    return 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a check.")
@click.pass_obj
def doctor(context: Context, *, as_json: bool) -> int:
    """Check the health of data, sources, channels, clock and disk."""
    from vigie.examining import examine
    from vigie.settings import load

    findings = examine(load(context.path))
    output.print_rows(findings, as_json=as_json, columns=("check", "ok", "detail"))
    return 0 if all(finding["ok"] for finding in findings) else PARTLY
