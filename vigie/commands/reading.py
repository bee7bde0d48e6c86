"""``flag``, ``extract``, ``explain`` and ``evaluate``: what Vigie makes of a text, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from vigie import inputs, output
from vigie.commands import PARTLY, Context


def register(group: click.Group) -> None:
    """Add this module's commands."""
    for command in (flag, extract, explain, evaluate):
        group.add_command(command)


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE…|URL|-]")
@click.option("--watch", "watch_id", help="Judge for this watch only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an input.")
@click.option("--jsonl", is_flag=True, help="Read JSON lines: {id, title, text, published, lang…}.")
@click.option(
    "--rules", "rule_folders", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of rule files, in place of those of the configuration; may be given again.",
)  # fmt: skip
@click.pass_obj
def flag(
    context: Context,
    files: tuple[str, ...],
    *,
    watch_id: str | None,
    as_json: bool,
    jsonl: bool,
    rule_folders: tuple[Path, ...],
) -> int:
    """Detect escalation in text, HTML, a web page or JSON lines; print the signals with their evidence."""
    from vigie.flagging import Flagger
    from vigie.settings import load

    flagger = Flagger(load(context.path, with_secrets=False), watch_id, rule_folders or None)
    for refusal in flagger.refusals:
        click.echo(f"vigie: rule refused: {refusal}", err=True)
    failed = bool(flagger.refusals)
    for name in files or ("-",):
        if jsonl:
            failed |= _flag_lines(flagger, name)
            continue
        article = flagger.read(name)
        flagged = flagger.flag(article)
        if as_json:
            output.print_json(flagged.record)
        else:
            _show(article, flagged.record)
    return PARTLY if failed else 0


def _flag_lines(flagger: Any, name: str) -> bool:
    failed = False
    for number, line in inputs.read_lines(name):
        try:
            article = inputs.parse_line(line, number)
        except inputs.InputLineError as error:
            click.echo(f"vigie: {name}:{number}: {error}; the line is skipped", err=True)
            failed = True
            continue
        output.print_json(flagger.flag(article).record)
    return failed


_COLOURS = {"asserted": "bold red", "threatened": "yellow", "hypothetical": "yellow", "denied": "green"}


def _show(article: inputs.InputArticle, record: dict[str, Any]) -> None:
    """Print the text with each signal's trigger marked, then the list of signals."""
    text = Text(f"{article.title}\n{article.text}" if article.title else article.text)
    shift = 0 if article.title else 1
    for signal in record["signals"]:
        style = _COLOURS.get(signal["status"], "cyan")
        text.stylize(f"{style} underline", signal["start"] - shift, signal["end"] - shift)
    console = output.console()
    console.print(text)
    console.print()
    for signal in record["signals"]:
        style = _COLOURS.get(signal["status"], "cyan")
        who = f"{signal['actor'] or '?'} → {signal['target'] or '?'}"
        console.print(
            Text.assemble(
                (f"{signal['severity']} ", "bold"), (f"{signal['type']} ", style), f"{who} ", (signal["status"], style),
                (f"  {signal['rule']}", "dim"),
            )
        )  # fmt: skip
        console.print(Text(f"    {signal['sentence']}", style="italic"))
    for name, judged in record["watches"].items():
        verdict = "alerts" if judged["alert"] else "stays silent"
        console.print(f"{name}: {verdict} ({judged['reason']})")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…|URL")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an input.")
@click.option("--jsonl", is_flag=True, help="Read JSON lines: {id, url, file or html, entry}.")
@click.pass_obj
def extract(context: Context, files: tuple[str, ...], *, as_json: bool, jsonl: bool) -> int:
    """Extract the article of a page: what the crawler would store."""
    from vigie.extracting import extract_file, extract_lines
    from vigie.settings import load

    settings = load(context.path, with_secrets=False)
    failed = False
    for name in files:
        if jsonl:
            for number, record, problem in extract_lines(name):
                if problem is not None:
                    click.echo(f"vigie: {name}:{number}: {problem}; the line is skipped", err=True)
                    failed = True
                else:
                    output.print_json(record)
            continue
        record = extract_file(name, settings)
        failed |= not record["title"]
        if as_json:
            output.print_json(record)
        else:
            _show_extracted(record)
    return PARTLY if failed else 0


def _show_extracted(record: dict[str, Any]) -> None:
    console = output.console()
    if record["failure"]:
        word = "partial" if record["title"] else "failed"
        console.print(Text(f"{word}: {record['failure']}: {record['detail']}", style="bold red"))
    if not record["title"]:
        return
    console.print(Text(record["title"], style="bold"))
    facts = [record["date"], ", ".join(record["authors"]), record["agency"], record["lang"]]
    console.print(Text(" · ".join(fact for fact in facts if fact), style="dim"))
    for paragraph in ([record["lede"]] if record["lede"] else []) + record["paragraphs"]:
        console.print()
        console.print(Text(paragraph))


@click.command()
@click.argument("article", type=click.IntRange(1, 2**63 - 1))
@click.option("--watch", "watch_id", help="This watch only.")
@click.pass_obj
def explain(context: Context, article: int, *, watch_id: str | None) -> int:
    """Tell why ARTICLE (its number in the archive) did or did not alert: every clause, then the decision."""
    from detection.engine import Document, detect, load_folders
    from storage import alerts, articles
    from storage.database import open_reader
    from vigie.settings import load

    settings = load(context.path, with_secrets=False)
    database = open_reader(settings.data_dir)
    stored = articles.get(database, article)
    console = output.console()
    console.print(Text(stored.title, style="bold"))
    console.print(Text(f"{stored.source_name} · {stored.url} · story {stored.story_id}", style="dim"))
    if stored.partial:
        console.print(_partial(database, article), markup=False)
    found = detect(
        Document(
            title=stored.title,
            text=stored.text,
            published_at=stored.published_at or stored.first_seen_at,
            language=stored.language,
        ),
        load_folders(settings.rule_folders).rules,
    )
    for note in found.unread:
        console.print(f"  {note}", markup=False)
    for step in found.trace:
        verdict = "kept" if step.kept else f"dropped: {step.reason}"
        cues = f" because of {', '.join(step.cues)}" if step.cues else ""
        console.print(
            f"  {step.type} {step.actor or '?'} → {step.target or '?'}, {step.status}{cues}; {verdict} ({step.rule})",
            markup=False,
        )
        console.print(f"    {step.sentence}", markup=False, style="italic")
    for decision in alerts.decisions(database, article):
        if watch_id in {None, decision.watch_id}:
            told = f" → {decision.alert_id}" if decision.alert_id else ""
            console.print(
                f"{decision.watch_id}: {decision.kind} ({decision.reason}): {decision.detail}{told}", markup=False
            )
    for line in _history(database, article):
        console.print(line, markup=False)
    database.conn.close()
    return 0


def _partial(database: Any, article: int) -> str:
    """Return that a page was not read, and why."""
    from storage import entries

    failure = entries.unread(database, article)
    why = f": {failure.reason}: {failure.detail}" if failure is not None else ""
    return f"  partial: only title and summary are known, the page was not read{why}"


def _history(database: Any, article: int) -> list[str]:
    """Return what happened to an article after it was first read, and when its page is looked at again."""
    from storage import looks, revisions

    lines = []
    for event in revisions.events(database, article):
        acts = [f"+ {act.type} {act.actor or '?'} → {act.target or '?'}, {act.status}" for act in event.added]
        acts += [f"- {act.type} {act.actor or '?'} → {act.target or '?'}, {act.status}" for act in event.dropped]
        silently = " (the page does not date it)" if event.silent else ""
        about = "; ".join(part for part in (event.detail, *acts) if part)
        lines.append(f"{event.at:%Y-%m-%d %H:%M} {event.kind}{silently}{': ' if about else ''}{about}")
    look = looks.next_at(database, article)
    if look is not None and look[0] is not None:
        lines.append(f"next look at the page: {look[0]:%Y-%m-%d %H:%M} UTC ({look[1]})")
    elif look is not None:
        lines.append(f"the page is not looked at again ({look[1]})")
    return lines


@click.command()
@click.argument("file")
@click.option("--watch", "watch_id", help="The watch whose alerts are judged (default: the first).")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@click.option(
    "--rules", "rule_folders", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of rule files, in place of those of the configuration; may be given again.",
)  # fmt: skip
@click.pass_obj
def evaluate(
    context: Context, file: str, *, watch_id: str | None, as_json: bool, rule_folders: tuple[Path, ...]
) -> int:
    """Score detection on labelled articles (JSON lines with "should_alert" and "events")."""
    from vigie.evaluating import evaluate_lines
    from vigie.settings import load

    result = evaluate_lines(file, load(context.path, with_secrets=False), watch_id, rule_folders or None)
    for problem in result.problems:
        click.echo(f"vigie: {problem}", err=True)
    if as_json:
        output.print_json(result.record)
    else:
        for miss in result.misses:
            output.console().print(miss, markup=False)
        output.console().print(result.summary, markup=False)
    return PARTLY if result.problems else 0
