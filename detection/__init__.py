"""Text to signals: who did what to whom in an article, how real it is, and the sentence that proves it.

Pure functions: no clock, no network, no database. The ways in are :func:`detection.engine.detect`
and :func:`detection.assess.assess`.
"""
