"""``sources``: what Vigie reads, whether it answers, and how more is added."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vigie import output
from vigie.commands import PARTLY, Context
from vigie.errors import VigieError

if TYPE_CHECKING:
    from vigie.adding import Proposal

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
_SHOWN = 240


def register(group: click.Group) -> None:
    """Add this module's commands."""
    group.add_command(sources)


@click.group()
def sources() -> None:
    """Show the sources Vigie reads, whether they answer, and add more."""


@sources.command("list")
@as_json_option
@click.pass_obj
def list_sources(context: Context, *, as_json: bool) -> int:
    """List the configured sources with what is known of each."""
    from vigie.listing import source_rows
    from vigie.settings import load

    output.print_rows(
        source_rows(load(context.path, with_secrets=False)),
        as_json=as_json,
        columns=("id", "name", "country", "enabled", "health", "reason"),
    )
    return 0


@sources.command("check")
@click.argument("ids", nargs=-1)
@as_json_option
@click.pass_obj
def check_sources(context: Context, ids: tuple[str, ...], *, as_json: bool) -> int:
    """Poll sources now (all enabled ones without IDS) and tell what each answered; nothing is stored."""
    from vigie.listing import check_sources as check
    from vigie.settings import load

    rows = asyncio.run(check(load(context.path, with_secrets=False), ids))
    output.print_rows(rows, as_json=as_json, columns=("source", "kind", "address", "ok", "entries", "detail"))
    return 0 if all(row["ok"] for row in rows) else PARTLY


@sources.command("add")
@click.argument("url")
@click.option("--id", "source_id", help="Its id (default: from its host).")
@click.option("--name", help="Its name (default: the one its page gives).")
@click.option("--as", "kind", type=click.Choice(["feed", "sitemap", "section"]), help="What URL is, when known.")
@click.option("--yes", is_flag=True, help="Save without asking.")
@as_json_option
@click.pass_obj
def add_source(
    context: Context, url: str, *, source_id: str | None, name: str | None, kind: str | None, yes: bool, as_json: bool
) -> int:
    """Add the outlet at URL: find its feeds and sitemaps, show articles it would bring, save it.

    URL is a home page, or a feed, sitemap or section page itself. The source is appended to the configuration file.
    """
    from storage.types import AddressKind
    from vigie import sourcefile
    from vigie.adding import propose
    from vigie.settings import load

    settings = load(context.path, with_secrets=False)
    path = sourcefile.file_of(context.path)
    stated = AddressKind(kind) if kind else None
    proposal = asyncio.run(propose(settings, url, kind=stated, source_id=source_id, name=name))
    sourcefile.refuse_duplicates(settings, [proposal.source])
    if not as_json:
        _show(proposal)
    # A program that asks for JSON cannot answer a question.
    save = yes or (not as_json and sys.stdin.isatty() and click.confirm(f"Add it to {path}?"))
    if save:
        sourcefile.add(settings, path, [proposal.source])
    if as_json:
        output.print_json({"saved": save, "file": path, **output.plain(proposal)})
    elif save:
        click.echo(f"added to {path}; a running service reads it after a restart")
    else:
        click.echo("nothing was saved; --yes saves without asking")
    return 0 if save or as_json else PARTLY


def _show(proposal: Proposal) -> None:
    from vigie.sourcefile import table_of

    console = output.console()
    if proposal.guessed:
        console.print("Nothing is declared; this was found where publishing systems usually put it.", style="yellow")
    for each in proposal.tried:
        told = each.failure.detail if each.failure else f"{len(each.entries)} entries"
        console.print(f"{each.kind:<8} {each.url}  {told}", markup=False, style="red" if each.failure else "green")
    for preview in proposal.preview:
        console.print()
        console.print(preview.title or preview.url, markup=False, style="bold")
        when = preview.published.isoformat(timespec="minutes") if preview.published else "no date"
        console.print(" · ".join([when, ", ".join(preview.authors) or "no author", preview.url]), markup=False)
        if preview.failure:
            console.print(f"not read: {preview.failure}", markup=False, style="red")
        if preview.text:
            words = preview.text.replace("\n", " ")
            console.print(words[:_SHOWN] + ("…" if len(words) > _SHOWN else ""), markup=False)
    console.print()
    console.print(table_of(proposal.source), markup=False)


@sources.command("import-opml")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the sources instead of saving them.")
@click.pass_obj
def import_opml(context: Context, file: Path, *, dry_run: bool) -> int:
    """Append the feeds of the OPML FILE to the configuration; 1 if some were refused."""
    from vigie import opml, sourcefile
    from vigie.settings import load

    settings = load(context.path, with_secrets=False)
    try:
        with file.open("rb") as stream:
            body = stream.read(opml.MAX_BYTES + 1)
    except OSError as error:
        raise VigieError(f"{file} cannot be read ({error.strerror})") from error
    reading = opml.read_opml(str(file), body)
    known = {url for source in settings.sources for _, url in source.addresses}
    fresh = [outline for outline in reading.outlines if outline.feed not in known]
    found = opml.sources_of(fresh, {source.id for source in settings.sources})
    for line, reason in reading.refused:
        click.echo(f"{file}:{line}: refused: {reason}", err=True)
    if dry_run:
        click.echo("\n".join(sourcefile.table_of(source) for source in found), nl=False)
    elif found:
        path = sourcefile.file_of(context.path)
        sourcefile.add(settings, path, found)
        click.echo(f"added {len(found)} sources to {path}")
    skipped = len(reading.outlines) - len(fresh)
    click.echo(f"{len(found)} sources, {skipped} feeds known already, {len(reading.refused)} refused", err=True)
    return PARTLY if reading.refused else 0


@sources.command("export-opml")
@click.pass_obj
def export_opml(context: Context) -> int:
    """Print the feeds of the enabled sources as OPML 2.0."""
    from vigie.opml import write_opml
    from vigie.settings import load

    enabled = [source for source in load(context.path, with_secrets=False).sources if source.enabled]
    click.echo(write_opml(enabled).decode(), nl=False)
    left_out = [source.id for source in enabled if not source.feeds]
    if left_out:
        click.echo(f"without a feed, so not in the list: {', '.join(left_out)}", err=True)
    return 0
