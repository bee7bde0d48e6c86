"""``init``, ``check``, ``run`` and ``demo``: setting up and running the service."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vigie.commands import PARTLY, Context
from vigie.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from vigie.settings import Settings


def register(group: click.Group) -> None:
    """Add this module's commands."""
    for command in (init, check, run, demo):
        group.add_command(command)


_behind_tls = click.option(
    "--behind-tls", is_flag=True, help="A proxy in front of the page speaks TLS, as [service] behind_tls says."
)


def _listening(settings: Settings, *, behind_tls: bool, accounts: bool) -> Settings:
    """Return the settings with what the command line adds; raises ConfigurationError where the page must not listen."""
    from vigie.listening import check_listening

    listening = replace(settings.listening, behind_tls=settings.listening.behind_tls or behind_tls)
    check_listening(listening, settings.path, accounts=accounts)
    return replace(settings, listening=listening)


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write a commented vigie.toml into FOLDER: the France-Mali watch and the built-in catalogue."""
    from vigie.example import default_text
    from vigie.settings import DEFAULT_NAME

    target = folder / DEFAULT_NAME
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(default_text())
    except FileExistsError as error:
        problem = Problem(key="", message="exists already; edit it, or name another folder: 'vigie init FOLDER'")
        raise ConfigurationError(target, (problem,)) from error
    click.echo(f"{target} written. Next: 'vigie check', then 'vigie run'.")


@click.command()
@click.option("--send", is_flag=True, help="Send a marked test through every channel and print the answers.")
@_behind_tls
@click.pass_obj
def check(context: Context, *, send: bool, behind_tls: bool) -> int:
    """Validate the configuration, the queries and the rules (with the tests inside the rule files)."""
    from detection.engine import load_folders
    from vigie.settings import load
    from vigie.watch_definitions import with_edits

    settings = with_edits(load(context.path))
    settings = _listening(settings, behind_tls=behind_tls, accounts=True)
    loaded = load_folders(settings.rule_folders)
    enabled = sum(source.enabled for source in settings.sources)
    name = settings.path or "built-in defaults"
    click.echo(
        f"{name}: {_counted(enabled, 'source')}, {_counted(len(settings.watches), 'watch', 'watches')}, "
        f"{_counted(len(settings.channels), 'channel')}; "
        f"rules {loaded.rules.version}: {len(loaded.rules.rules)} pass their tests"
    )
    for warning in settings.warnings:
        click.echo(f"note: {warning}", err=True)
    for refusal in loaded.refusals:
        click.echo(f"rule refused: {refusal}", err=True)
    refused = PARTLY if loaded.refusals else 0
    if not send:
        return refused
    from vigie.probing import send_tests

    return asyncio.run(send_tests(settings)) or refused


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or f'{one}s'}"


@click.command()
@click.option("--once", is_flag=True, help="Poll every source once, process, attempt every due delivery, and leave.")
@_behind_tls
@click.pass_obj
def run(context: Context, *, once: bool, behind_tls: bool) -> int:
    """Run the service: schedule, crawl, detect, alert, page."""
    from storage.accounts import somebody_may_log_in
    from storage.folder import ownership
    from vigie.settings import load

    settings = load(context.path)
    with ownership(settings.data_dir):
        # Before all else is loaded: a second service hears at once whose the archive is, not that its port is taken.
        pass
    if not once:
        accounts = somebody_may_log_in(settings.data_dir)
        settings = _listening(settings, behind_tls=behind_tls, accounts=accounts)
    from vigie.running import run_once, run_service

    return asyncio.run(run_once(settings) if once else run_service(settings))


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8470, show_default=True, help="Port of the page.")
@click.option("--fast", is_flag=True, help="Replay the crisis in about twenty seconds.")
@click.option("--no-wait", is_flag=True, help="Leave after the summary instead of keeping the page up.")
def demo(*, port: int, fast: bool, no_wait: bool) -> int:
    """Replay a crisis on a newsroom inside this machine: the whole product, no network, no configuration."""
    from vigie.demo.command import run_demo

    return PARTLY if asyncio.run(run_demo(port=port, fast=fast, wait=not no_wait)) else 0
