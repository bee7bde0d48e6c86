"""The command line: one module a family of commands, one mapping from errors to exit codes."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from vigie import __version__, logs
from vigie.errors import VigieError

#: exit codes of the contract
PARTLY, USAGE, REFUSED, OWNED = 1, 2, 3, 4


class Context:
    """What every command shares: the configuration file named on the command line."""

    def __init__(self, path: Path | None) -> None:
        self.path = path


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Configuration file (default: vigie.toml here).")
@click.option("-v", "--verbose", is_flag=True, help="Log in detail.")
@click.version_option(__version__, prog_name="vigie")
@click.pass_context
def cli(context: click.Context, config: Path | None, verbose: bool) -> None:  # noqa: FBT001 (a click option)
    """Vigie watches the press and tells the people on duty when relations escalate."""
    logs.set_up(verbose=verbose)
    context.obj = Context(config)


def run_command_line(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors a user can act on are printed, never traced."""
    from alerts.errors import AlertsError
    from crawler.errors import CrawlerError
    from detection.errors import DetectionError
    from review.errors import ReviewError
    from scheduler.errors import SchedulerError
    from storage.errors import AlreadyOwnedError, DataRefusedError, StorageError
    from vigie import commands
    from vigie.commands import archive, backtest, ladder, people, reading, records, service, sources, stories

    for module in (service, reading, archive, sources, records, stories, ladder, backtest, people):
        module.register(commands.cli)
    try:
        result = cli.main(args=arguments, prog_name="vigie", standalone_mode=False)
    except click.exceptions.Abort:
        return _fail("stopped", 130)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except (VigieError, DetectionError, AlertsError) as error:
        return _fail(str(error), USAGE)
    except DataRefusedError as error:
        return _fail(str(error), REFUSED)
    except AlreadyOwnedError as error:
        return _fail(str(error), OWNED)
    except (StorageError, SchedulerError, CrawlerError, ReviewError) as error:
        return _fail(str(error), PARTLY)
    except BrokenPipeError:
        # The reader of our output went away (`vigie search … | head`): nothing is wrong.
        sys.stderr.close()
        return 0
    except Exception:  # the process's edge
        logging.getLogger("vigie").exception("this is a bug in Vigie; please report it with the lines below")
        return 70
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int) -> int:
    click.echo(f"vigie: {message}", err=True)
    return code
