"""Vigie's front door: command line, settings, logging and the demo newsroom."""

__version__ = "0.1.0"
