"""A wall that no rule knows: the same text at every address of an outlet."""

from __future__ import annotations

from pathlib import Path

from scheduler.crawl import TEMPLATE_ADDRESSES
from tests.world import World, exported, vigie

WALL = [
    "Cette rubrique change de formule. Nos équipes préparent une nouvelle manière de lire l’actualité du fleuve, plus "
    "claire et plus rapide, et vous remercient de votre patience.",
    "En attendant, retrouvez l’essentiel de nos informations dans votre boîte aux lettres, chaque matin à sept heures.",
]


def test_a_template_does_not_become_article_after_article(tmp_path: Path) -> None:
    with World() as world:
        for number in range(TEMPLATE_ADDRESSES + 3):
            world.outlets[0].publish(f"page-{number}", f"Le conseil de Mopti adopte la délibération {number}", WALL)
        config = world.configuration(tmp_path, port=0)
        assert vigie("-c", config, "run", "--once").returncode == 0
        stored = exported(config, "articles")
    kept = [article for article in stored if not article["partial"]]
    assert len(stored) == TEMPLATE_ADDRESSES + 3, "what the feed says of each is kept"
    assert len(kept) == TEMPLATE_ADDRESSES - 1, "a text printed a few times may be a text"
