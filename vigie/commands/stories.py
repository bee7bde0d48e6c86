"""``stories``: what is stored of an event, and stories merged or split by hand."""

from __future__ import annotations

import getpass

import click

from vigie import output
from vigie.commands import Context
from vigie.commands.records import as_json_option, change


def register(group: click.Group) -> None:
    """Add this module's commands."""
    group.add_command(stories)


author_option = click.option("--author", default=getpass.getuser, show_default="you")
reason_option = click.option("--reason", required=True, help="Why; kept with the story.")


@click.group()
def stories() -> None:
    """Show stories, and merge or split them."""


@stories.command("show")
@click.argument("story_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@as_json_option
@click.pass_obj
def show_story(context: Context, story_id: int, *, as_json: bool) -> int:
    """Show a story: its timeline of firsts, origins, sides and the other stories of its affair."""
    from vigie.searching import open_archive
    from vigie.settings import load
    from vigie.telling import story_record, story_text

    with open_archive(load(context.path, with_secrets=False)) as database:
        record = story_record(database, story_id)
    if as_json:
        output.print_json(record)
    else:
        click.echo(story_text(record))
    return 0


@stories.command("merge")
@click.argument("story_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.argument("into", metavar="INTO", type=click.IntRange(1, 2**63 - 1))
@reason_option
@author_option
@click.pass_obj
def merge_stories(context: Context, story_id: int, into: int, *, reason: str, author: str) -> int:
    """Put the articles and alerts of story ID into story INTO: they tell the same event."""
    return change(context, "merge_stories", story=story_id, into=into, reason=reason, author=author)


@stories.command("split")
@click.argument("articles", metavar="ARTICLE…", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1))
@reason_option
@author_option
@click.pass_obj
def split_story(context: Context, articles: tuple[int, ...], *, reason: str, author: str) -> int:
    """Put ARTICLEs of one story, with the copies of them, into a story of their own."""
    return change(context, "split_story", articles=list(articles), reason=reason, author=author)
