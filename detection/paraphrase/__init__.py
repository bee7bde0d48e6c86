"""The second path: reports of an act that no rule has words for.

A small linear model over words and pieces of words, trained on the project's own labelled texts, reads the lead of
an article: its title and first sentences. Where it is sure that the lead tells an act between two states, and the
rules found none there, it gives one signal. ``docs/detection.md`` says what it reaches and what it costs.
"""

from detection.paraphrase.second import LANGUAGES, LEAD, second_opinion

__all__ = ["LANGUAGES", "LEAD", "second_opinion"]
