"""``flag``, ``extract``, ``explain`` and ``evaluate``: what Vigie makes of a text, and why."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from vigie import inputs, output
from vigie.commands import PARTLY, Context
from vigie.commands.archive import Moment


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
    from vigie.watch_definitions import with_edits

    flagger = Flagger(with_edits(load(context.path, with_secrets=False)), watch_id, rule_folders or None)
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


#: doubt has its own colours; what is asserted goes by severity
_COLOURS = {"threatened": "yellow", "hypothetical": "yellow", "denied": "green"}
_SEVERITIES = {1: "white", 2: "cyan", 3: "magenta", 4: "red", 5: "bold red"}


def _style(signal: dict[str, Any]) -> str:
    if signal["status"] == "asserted":
        return _SEVERITIES[signal["severity"]]
    return _COLOURS.get(signal["status"], "blue")


def _marked(article: inputs.InputArticle, signals: list[dict[str, Any]], *, coloured: bool) -> Text:
    """Return a text whose evidence is marked: by colour, or where there is none by ⟦numbers: and brackets⟧."""
    whole = f"{article.title}\n{article.text}" if article.title else article.text
    shift = 0 if article.title else 1
    if coloured:
        text = Text(whole)
        for signal in signals:
            text.stylize(f"{_style(signal)} underline", signal["start"] - shift, signal["end"] - shift)
        return text
    marks = [(signal["end"] - shift, "⟧") for signal in signals]
    marks += [(signal["start"] - shift, f"⟦{number}: ") for number, signal in enumerate(signals, start=1)]
    for at, mark in sorted(marks, key=lambda one: (-one[0], one[1] == "⟧")):
        whole = whole[:at] + mark + whole[at:]
    return Text(whole)


def _show(article: inputs.InputArticle, record: dict[str, Any]) -> None:
    """Print the text with each signal's trigger marked, then the list of signals."""
    console = output.console()
    console.print(_marked(article, record["signals"], coloured=console.is_terminal and not console.no_color))
    console.print()
    for number, signal in enumerate(record["signals"], start=1):
        style = _style(signal)
        who = f"{signal['actor'] or '?'} → {signal['target'] or '?'}"
        raised = f" raised by {', '.join(signal['modifiers'])}" if signal["modifiers"] else ""
        cues = f" because of {', '.join(signal['cues'])}" if signal["cues"] else ""
        console.print(
            Text.assemble(
                f"{number}  ", (f"severity {signal['severity']}{raised}  ", "bold"), (f"{signal['type']} ", style),
                f"{who} ", (signal["status"], style), f"{cues}  confidence {signal['confidence']:.2f}",
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
@click.option("--all", "every", is_flag=True, help="Every sentence, those without a match as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def explain(context: Context, article: int, *, watch_id: str | None, every: bool, as_json: bool) -> int:
    """Tell why ARTICLE (its number in the archive) did or did not alert: every clause, then the decision."""
    from vigie.explaining import explain_article, print_explanation
    from vigie.settings import load

    explanation = explain_article(load(context.path, with_secrets=False), article, watch_id, every=every)
    if as_json:
        output.print_json(explanation)
    else:
        print_explanation(explanation)
    return 0


@click.command()
@click.argument("file", required=False)
@click.option("--verdicts", is_flag=True, help="Score the archive's verdicts instead of a FILE.")
@click.option("--since", type=Moment(), help="Verdicts given at or after (with --verdicts).")
@click.option("--watch", "watch_id", help="The watch whose alerts are judged (default: the first).")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@click.option(
    "--rules", "rule_folders", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of rule files, in place of those of the configuration; may be given again.",
)  # fmt: skip
@click.pass_obj
def evaluate(
    context: Context,
    file: str | None,
    *,
    verdicts: bool,
    since: datetime | None,
    watch_id: str | None,
    as_json: bool,
    rule_folders: tuple[Path, ...],
) -> int:
    """Score detection on labelled articles (JSON lines with "should_alert" and "events"), or on people's verdicts."""
    from vigie.evaluating import evaluate_lines, evaluate_verdicts
    from vigie.settings import load
    from vigie.watch_definitions import with_edits

    if (file is None) != verdicts or (since is not None and not verdicts):
        raise click.UsageError("name a FILE of labelled articles, or give --verdicts (with --since), not both")
    settings = with_edits(load(context.path, with_secrets=False))
    if file is None:
        result = evaluate_verdicts(settings, watch_id, rule_folders or None, since)
    else:
        result = evaluate_lines(file, settings, watch_id, rule_folders or None)
    for problem in result.problems:
        click.echo(f"vigie: {problem}", err=True)
    if as_json:
        output.print_json(result.record)
    else:
        for miss in result.misses:
            output.console().print(miss, markup=False)
        for line in (*result.breakdown, result.summary):
            output.console().print(line, markup=False)
    return PARTLY if result.problems else 0
