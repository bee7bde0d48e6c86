"""The configuration that ``vigie init`` writes and that holds when there is none."""

from __future__ import annotations

from importlib.resources import files


def default_text() -> str:
    """Return the commented default configuration."""
    return files("vigie").joinpath("example.toml").read_text(encoding="utf-8")
