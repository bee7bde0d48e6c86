"""The documents say what the code does: every command, key, dependency, example and link is checked."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

from alerts.settings import DeliverySettings
from detection.engine import Document, detect, load_rules
from detection.taxonomy import event_types
from storage.types import Status
from vigie import commands, models
from vigie.commands import archive, backtest, ladder, people, reading, records, service, sources, stories
from vigie.durations import parse_duration
from vigie.example import default_text
from vigie.settings import load, parse_settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
EXAMPLE = ROOT / "vigie.example.toml"


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _text(path), re.DOTALL | re.MULTILINE)


def _section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    match = re.search(rf"^{re.escape(heading)}[^\n]*\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert match, f"there is no heading {heading!r}"
    return match[1]


def _rows(text: str) -> dict[str, list[str]]:
    """Return the cells of each table row whose first cell is code, by that code."""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        code = re.match(r"`([^`]+)`", cells[0])
        if line.startswith("|") and code:
            rows[code[1]] = cells
    return rows


# --- commands ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cli() -> click.Group:
    for module in (service, reading, archive, sources, records, stories, ladder, backtest, people):
        module.register(commands.cli)
    return commands.cli


def _leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name), command


def _options(command: click.Command) -> set[str]:
    return {
        name for parameter in command.params if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }  # fmt: skip


def _described_options(section: str) -> set[str]:
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `-")]
    return {name for cell in first_cells for name in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", cell)}


def test_every_command_is_described_with_exactly_its_options(cli: click.Group) -> None:
    text = _text(DOCS / "commands.md")
    leaves = dict(_leaves(cli))
    described = set()
    for heading in re.findall(r"^### `vigie ([^`]+)`$", text, re.MULTILINE):
        words = heading.split()
        path = next(tuple(words[:count]) for count in (2, 1) if tuple(words[:count]) in leaves)
        described.add(path)
        section = _section(text, f"### `vigie {heading}`")
        assert _described_options(section) == _options(leaves[path]), heading
    assert described == set(leaves)


def test_global_options_are_described(cli: click.Group) -> None:
    described = _described_options(_text(DOCS / "commands.md").split("## Exit codes")[0])
    assert described == _options(cli) | {"--version", "-h", "--help"}


@pytest.mark.parametrize("code", [commands.PARTLY, commands.USAGE, commands.REFUSED, commands.OWNED])
def test_exit_codes_are_described(code: int) -> None:
    table = _section(_text(DOCS / "commands.md"), "## Exit codes")
    assert re.search(rf"^\| {code} \| \w", table, re.MULTILINE)


def _example_commands() -> list[tuple[str, list[str]]]:
    """Return every call of vigie in a shell example: (page, arguments)."""
    found = []
    for page in PAGES:
        for block in _blocks(page, "sh"):
            commands_only = re.sub(r"<<'(\w+)'\n.*?^\1$", "\n", block, flags=re.DOTALL | re.MULTILINE)
            for line in commands_only.splitlines():
                words = list(shlex.shlex(line, posix=True, punctuation_chars=True))
                words = words[len(words) - words[::-1].index("|") :] if "|" in words else words
                if words and words[0] in {"vigie", ".venv/bin/vigie"}:
                    found.append((page.name, words[1:]))
    return found


@pytest.mark.parametrize(("page", "arguments"), _example_commands(), ids=str)
def test_examples_are_calls_that_the_command_line_takes(
    cli: click.Group, page: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []
    for command in (cli, *(leaf for _, leaf in _leaves(cli))):
        monkeypatch.setattr(command, "callback", lambda **given: called.append(given))
    assert cli.main(arguments, prog_name="vigie", standalone_mode=False) in {None, 0}, page
    asks_only = {"--help", "--version"} & set(arguments)
    assert len(called) == 2 or asks_only, page


# --- configuration ------------------------------------------------------------------------------

TABLES: dict[str, type[BaseModel]] = {
    "## `[service]`": models.Service,
    "## `[network]`": models.Network,
    "## `[detection]`": models.Detection,
    "## `[[source]]`": models.SourceTable,
    "## `[[watch]]`": models.WatchTable,
    "## `[[channel]]`": models.ChannelTable,
    '### `type = "email"`': models.EmailTable,
    '### `type = "webhook"`': models.WebhookTable,
    '### `type = "apprise"`': models.AppriseTable,
    "## `[delivery]`": models.Delivery,
    "## `[retention]`": models.Retention,
}


def _documented_keys(heading: str) -> dict[str, list[str]]:
    text = _section(_text(DOCS / "configuration.md"), heading)
    return _rows(text.split("\n### ")[0])


def test_every_table_of_the_file_is_listed_here() -> None:
    headings = {heading.strip("#` []") for heading in TABLES if heading.startswith("## ")}
    assert headings == set(models.ConfigurationFile.model_fields)


@pytest.mark.parametrize("heading", TABLES)
def test_exactly_the_keys_of_a_table_are_described(heading: str) -> None:
    fields = set(TABLES[heading].model_fields)
    if heading == "## `[[channel]]`":
        fields |= {"type"}
    if heading.startswith("###"):
        fields -= set(models.ChannelTable.model_fields) | {"type"}
    assert set(_documented_keys(heading)) == fields


@pytest.mark.parametrize("heading", TABLES)
def test_defaults_are_those_of_the_code(heading: str) -> None:
    table = TABLES[heading]
    for key, cells in _documented_keys(heading).items():
        field = table.model_fields.get(key)
        if field is None or key == "type":
            continue
        if field.is_required():
            assert cells[2].startswith("required"), key
        elif field.default is not None:
            assert _default(cells[2], like=field.default) == field.default, key


def test_defaults_of_delivery_are_those_of_the_senders() -> None:
    names = {
        "webhook_deadline": "webhook_total", "email_deadline": "smtp_total", "apprise_deadline": "apprise_total",
    }  # fmt: skip
    for key, cells in _documented_keys("## `[delivery]`").items():
        if key != "group_interval":
            default = getattr(DeliverySettings(), names.get(key, key))
            assert _default(cells[2], like=default) == default, key


def _default(cell: str, *, like: object) -> object:
    """Return the default a cell shows, in the type of the one it is compared with."""
    code = re.fullmatch(r"`(.+)`", cell)
    assert code, f"the default {cell!r} is not written as TOML"
    return _typed(tomllib.loads(f"value = {code[1]}")["value"], like)


def _typed(value: Any, like: object) -> object:
    if isinstance(like, tuple):
        return tuple(_typed(item, like[0] if like else None) for item in value)
    return parse_duration(value) if isinstance(like, timedelta) else value


def _configurations() -> list[tuple[str, str]]:
    blocks = [(page.name, block) for page in PAGES for block in _blocks(page, "toml")]
    return [(name, block) for name, block in blocks if "[[rule]]" not in block]


@pytest.mark.parametrize(("page", "text"), _configurations(), ids=lambda value: str(value)[:30])
def test_configuration_examples_can_be_used(page: str, text: str, tmp_path: Path) -> None:
    for name in re.findall(r'^\w+_file = "([^"]+)"', text, re.MULTILINE):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("whsec_c2VjcmV0", "utf-8")
    assert parse_settings(text, Path(page), tmp_path).path == Path(page)


def test_there_are_configuration_examples() -> None:
    assert len(_configurations()) >= 2


def test_the_example_file_is_the_built_in_one_and_loads() -> None:
    assert _text(EXAMPLE) == default_text()
    settings = load(EXAMPLE)
    assert settings.watches
    assert settings.sources


# --- detection ----------------------------------------------------------------------------------


def test_the_article_of_the_readme_gives_the_acts_beside_it() -> None:
    section = _section(_text(ROOT / "README.md"), "## What it sees in one article")
    article = re.search(r"<<'END'\n(.*?)\nEND\n", section, re.DOTALL)
    assert article
    title, _, text = article[1].partition("\n")
    found = detect(Document(title=title, text=text, published_at=None, language=None), load_rules()).signals
    shown = re.findall(r"^\| (\d) \| `(\w+)` \| (\w+) → (\w+) \| (\w+) \|$", section, re.MULTILINE)
    assert len(shown) == 4
    assert {(str(one.severity), one.type, one.actor, one.target, one.status.value) for one in found} == set(shown)


def test_rule_examples_pass_their_tests(tmp_path: Path) -> None:
    blocks = [block for block in _blocks(DOCS / "detection.md", "toml") if "[[rule]]" in block]
    assert blocks
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.toml"
        file.write_text(block, "utf-8")
        assert load_rules((file,)).version != load_rules().version


def test_the_ladder_is_described_with_every_type_at_its_severity() -> None:
    ladder = _section(_text(DOCS / "detection.md"), "## The ladder")
    shown = {
        name: int(line[2])
        for line in ladder.splitlines() if re.match(r"\| \d ", line)
        for name in re.findall(r"`(\w+)`", line)
    }  # fmt: skip
    assert shown == {name: kind.severity for name, kind in event_types().items()}


def test_every_status_is_described() -> None:
    assert set(_rows(_section(_text(DOCS / "detection.md"), "## Statuses"))) == {status.value for status in Status}


# --- project ------------------------------------------------------------------------------------


def _project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    return project


def test_every_dependency_has_its_reason() -> None:
    project = _project()
    optional = project["optional-dependencies"]
    direct = project["dependencies"]
    assert isinstance(optional, dict)
    assert isinstance(direct, list)
    requirements = [*direct, *(entry for group in optional.values() for entry in group)]
    names = {match[0] for entry in requirements if (match := re.match(r"[\w.-]+", entry))}
    assert len(names) >= 30
    rows = _rows(_section(_text(DOCS / "decisions.md"), "## Dependencies"))
    assert set(rows) == names
    assert all(cells[1] for cells in rows.values())


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", _text(ROOT / "Makefile"), re.MULTILINE))


def test_every_make_target_that_is_named_exists() -> None:
    targets = _targets()
    for page in PAGES:
        prose = "\n".join([*re.findall(r"`([^`\n]+)`", _text(page)), *_blocks(page, "sh")])
        named = set(re.findall(r"^make ([a-z][a-z-]*)$", prose, re.MULTILINE))
        assert named <= targets, page.name


def test_contributing_describes_every_make_target() -> None:
    rows = _rows(_text(ROOT / "CONTRIBUTING.md"))
    assert {name.removeprefix("make ") for name in rows if name.startswith("make ")} == _targets() - {"help"}


def test_the_readme_names_the_demo_and_the_tests() -> None:
    alone = [block.strip() for block in _blocks(ROOT / "README.md", "sh")]
    assert alone[:2] == ["make demo", "make test"]


def test_continuous_integration_runs_the_lint_and_the_tests_of_the_readme() -> None:
    lines = [line for line in _text(ROOT / ".ci" / "run").splitlines() if re.match(r"\w", line)]
    assert [line for line in lines if not line.startswith(("set ", "cd "))] == ["make lint", "make test"]


# --- links --------------------------------------------------------------------------------------


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", _text(page), flags=re.DOTALL | re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    """Return the fragments GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_local_links_lead_somewhere(page: Path) -> None:
    text = _prose(page)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if fragment:
            assert fragment in _anchors(target), link


def test_every_page_of_the_documents_is_linked_from_the_readme() -> None:
    readme = _text(ROOT / "README.md")
    assert [page.name for page in DOCS.glob("*.md") if f"(docs/{page.name})" not in readme] == []
