"""Which blocks of a page are the article: the page's own shape where it is plain, a vote where it is not.

On most news pages one element holds practically all prose; its blocks are the text. Where prose lies in
several places, trafilatura is asked, and its answer is taken as a vote on the page's blocks, so that the
text is printed in the same way whoever chose it.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable

from lxml.html import HtmlElement

from crawler.agencies import closing_credit, credit_line
from crawler.authors import is_signature
from crawler.blocks import Block, Kind, read_blocks
from crawler.boilerplate import heads_links, is_boilerplate
from crawler.clean import clean_line, squeezed
from crawler.jsonld import JsonObject
from crawler.jsonld import text_of as json_text

#: shortest block that counts as prose
_MIN_PROSE = 40
#: a box with this share of the page's prose is the article
_SHARE_SURE = 0.8
#: share of a box's prose that must stand side by side in it
_SHARE_DIRECT = 0.6
#: a parent counts as the article's when this share of its blocks' text was voted for
_SHARE_KEPT = 0.5
#: share of trafilatura's text that must be found again among the blocks for its vote to count
_SHARE_FOUND = 0.7
#: longest label
_LABEL = 60
#: what points at other pages
_ARROWS = ">►▶→👉➡🔴📺🎧➤»"
#: characters of unlinked prose a headline of another article brings along
_TEASER = 400


def lines_in(boxes: list[HtmlElement], tree: HtmlElement) -> list[str]:
    """Return the lines of the text that the given boxes of a pruned page hold, in page order."""
    main = _main_boxes(tree)
    blocks = [block for box in boxes for block in read_blocks(box, main)]
    return [block.text for block in _tidied(blocks, _common_box(blocks))]


def article_lines(tree: HtmlElement, article: JsonObject, heading: HtmlElement | None) -> list[str]:
    """Return the lines of the article's text.

    Args:
        tree: the page, undressed and pruned.
        article: its JSON-LD, whose ``articleBody`` stands in where the page itself shows less.
        heading: the element that prints the headline; the text stands after it.
    """
    blocks = _after_headline(read_blocks(tree, _main_boxes(tree)), heading)
    prose = [block for block in blocks if _is_prose(block)]
    boxes = _containers(prose)
    if boxes:
        chosen = [block for block in blocks if block.element in boxes or _has_ancestor(block.element, boxes)]
        lines = [block.text for block in _tidied(chosen, _common_box(chosen))]
    else:
        lines = _voted(tree, blocks, sum(len(block.text) for block in prose))
    stated = json_text(article, "articleBody")
    if sum(map(len, lines)) < 200 < len(stated) and squeezed(" ".join(lines))[:100] in squeezed(stated):
        return [stated]
    return lines


def _main_boxes(tree: HtmlElement) -> frozenset[HtmlElement]:
    """Return the boxes that are named like margins but hold the headline or much of the text.

    Broken mark-up puts whole articles inside ``<nav>``, some servers put whole pages inside ``<form>``.
    """
    lengths = [(paragraph, len(paragraph.text_content())) for paragraph in tree.iter("p")]
    total = sum(length for _, length in lengths) or 1
    weights: Counter[HtmlElement] = Counter()
    for paragraph, length in lengths:
        for ancestor in paragraph.iterancestors("nav", "aside", "footer", "header", "form", "figure", "menu"):
            weights[ancestor] += length
    main = {box for box, weight in weights.items() if weight > 0.45 * total}
    for heading in tree.iter("h1"):
        main.update(heading.iterancestors("nav", "aside", "form"))
    return frozenset(main)


def _is_prose(block: Block) -> bool:
    return (
        len(block.text) >= _MIN_PROSE
        and block.kind is not Kind.HEADING
        and 2 * block.linked < len(block.text)
        and not is_boilerplate(block.text)
    )


# --- the page's own shape ------------------------------------------------------------------------------


def _containers(prose: list[Block]) -> set[HtmlElement]:
    """Return the element that is plainly the article's box, or several of one make, or none where that is not plain.

    Plain is a page whose prose lies, nearly all of it, in one element, and there mostly as paragraphs side by
    side, each perhaps in a box of its own. An advertisement may cut the element in two, or chapters in several.
    """
    inside: Counter[HtmlElement] = Counter()
    for block in prose:
        length = len(block.text)
        inside[block.element] += length
        for ancestor in block.element.iterancestors():
            inside[ancestor] += length
    runs: Counter[HtmlElement] = Counter()
    for block in prose:
        runs[_run(block, inside)] += len(block.text)
    if not runs:
        return set()
    best = runs.most_common(1)[0][0]
    boxes = {best} | {run for run in runs if _are_alike(run, best)}
    total = sum(runs.values())
    held = sum(inside[box] for box in boxes)
    is_plain = held >= _SHARE_SURE * total and sum(runs[box] for box in boxes) >= _SHARE_DIRECT * held
    return boxes if is_plain else set()


def _are_alike(run: HtmlElement, other: HtmlElement) -> bool:
    return (
        run.getparent() is other.getparent()
        and run.tag == other.tag
        and run.tag not in {"article", "li"}
        and bool(run.get("class"))
        and run.get("class") == other.get("class")
    )


def _run(block: Block, inside: Counter[HtmlElement]) -> HtmlElement:
    """Return the element under which a block stands beside others, boxes around it alone left out."""
    if inside[block.element] > len(block.text):
        return block.element
    box = block.element
    for ancestor in block.element.iterancestors():
        box = ancestor
        if inside[ancestor] > len(block.text):
            break
    return box


def _after_headline(blocks: list[Block], heading: HtmlElement | None) -> list[Block]:
    """Return the blocks from the headline on, unless most of the prose stands before it."""
    start = next((index + 1 for index, block in enumerate(blocks) if block.element is heading), 0)
    before = sum(len(block.text) for block in blocks[:start] if _is_prose(block))
    after = sum(len(block.text) for block in blocks[start:] if _is_prose(block))
    return blocks[start:] if after > before else blocks


def _has_ancestor(element: HtmlElement, boxes: set[HtmlElement]) -> bool:
    return any(ancestor in boxes for ancestor in element.iterancestors())


# --- a vote ---------------------------------------------------------------------------------------------


def _voted(tree: HtmlElement, blocks: list[Block], own_length: int) -> list[str]:
    """Return the blocks that trafilatura found, completed by those that stand among them."""
    lines = _extracted(tree, fast=True)
    length = sum(map(len, lines))
    if length < 0.6 * own_length or length > 3 * own_length + 600:
        # The quick mode misses the article on some layouts and swallows the page on others.
        thorough = _extracted(tree, fast=False)
        if (sum(map(len, thorough)) > length) == (length < 0.6 * own_length):
            lines = thorough
    everything = squeezed("".join(lines))
    votes = [squeezed(block.text) in everything for block in blocks]
    found = sum(len(squeezed(block.text)) for block, vote in zip(blocks, votes, strict=True) if vote)
    if found < _SHARE_FOUND * len(everything):
        return lines or [block.text for block in blocks if _is_prose(block)]
    chosen = _completed(blocks, votes)
    return [block.text for block in _tidied(chosen, _common_box(chosen))]


def _completed(blocks: list[Block], votes: list[bool]) -> list[Block]:
    """Return the blocks voted for, and those between them whose neighbours under the same element were."""
    totals: Counter[HtmlElement] = Counter()
    kept: Counter[HtmlElement] = Counter()
    for block, vote in zip(blocks, votes, strict=True):
        parent = _parent(block)
        totals[parent] += len(block.text)
        kept[parent] += len(block.text) if vote else 0
    chosen = [
        (vote and len(block.text) >= _MIN_PROSE) or kept[_parent(block)] >= _SHARE_KEPT * totals[_parent(block)]
        for block, vote in zip(blocks, votes, strict=True)
    ]
    boxes = {ancestor for block, yes in zip(blocks, chosen, strict=True) if yes for ancestor in _close(block)}
    first = next((index for index, yes in enumerate(chosen) if yes), len(blocks))
    last = len(blocks) - next((index for index, yes in enumerate(reversed(chosen)) if yes), 0)
    # A subhead or a short answer between two chosen paragraphs, in a box that holds such.
    between = [
        first < index < last
        and (block.kind is Kind.HEADING or len(block.text) < _MIN_PROSE)
        and _parent(block) in boxes
        for index, block in enumerate(blocks)
    ]
    return [block for block, yes, also in zip(blocks, chosen, between, strict=True) if yes or also]


def _close(block: Block) -> list[HtmlElement]:
    """Return the two boxes around a block."""
    return [_parent(block), *list(_parent(block).iterancestors())[:1]]


def _parent(block: Block) -> HtmlElement:
    parent = block.element.getparent()
    return block.element if parent is None or block.element.tag not in {"p", "li", "h2", "h3", "h4"} else parent


def _common_box(blocks: Iterable[Block]) -> HtmlElement | None:
    """Return the innermost element that holds all the blocks."""
    common: list[HtmlElement] | None = None
    for block in blocks:
        chain = [*block.element.iterancestors()][::-1]
        if common is None:
            common = chain
        else:
            same = 0
            while same < min(len(common), len(chain)) and common[same] is chain[same]:
                same += 1
            common = common[:same]
    return common[-1] if common else None


def _extracted(tree: HtmlElement, *, fast: bool) -> list[str]:
    from trafilatura import bare_extraction

    document = bare_extraction(
        copy.deepcopy(tree), fast=fast, with_metadata=False, include_comments=False, include_tables=True
    )
    text = getattr(document, "text", None) or ""
    return [line for raw in text.split("\n") if (line := clean_line(raw))]


# --- what stands among the paragraphs without being text -------------------------------------------------


def _tidied(blocks: list[Block], container: HtmlElement | None) -> list[Block]:
    """Drop teasers of other articles, link lists and subheads that head nothing."""
    teasers = _teaser_boxes(blocks, container)
    kept: list[Block] = []
    listing = False
    for block in blocks:
        if is_boilerplate(block.text) and (credit_line(block.text) or closing_credit(block.text)) is None:
            continue
        if heads_links(block.text):
            listing = True
            continue
        listing = listing and (_is_link(block) or block.kind is Kind.ITEM)
        if listing or _is_link(block) or (teasers and _has_ancestor(block.element, teasers)):
            continue
        kept.append(block)
    return _trimmed(kept)


def _trimmed(blocks: list[Block]) -> list[Block]:
    """Cut kickers, labels and subheads that head nothing off both ends; a last short line of the text stays."""
    run = Counter[HtmlElement]()
    for block in blocks:
        if _is_prose(block):
            run[_parent(block)] += len(block.text)
    home = run.most_common(1)[0][0] if run else None
    start, end = 0, len(blocks)
    while start < end and _is_label(blocks[start], home):
        start += 1
    while end > start and (blocks[end - 1].kind is Kind.HEADING or _is_label(blocks[end - 1], home)):
        end -= 1
    return blocks[start:end]


def _is_label(block: Block, home: HtmlElement | None) -> bool:
    text = block.text
    return (
        home is not None
        and _parent(block) is not home
        and block.kind is not Kind.HEADING
        and len(text) < _LABEL
        and text[-1] not in '.!?…»”")'
        and credit_line(text) is None
        and not is_signature(text)
    )


def _is_link(block: Block) -> bool:
    if block.text[0] in _ARROWS and block.linked > 0.5 * len(block.text):
        return True
    if block.kind is Kind.HEADING:
        return block.is_link
    return block.linked > 0.6 * len(block.text) and (block.is_link or not block.text.endswith((".", "»", "!", "?")))


def _teaser_boxes(blocks: list[Block], container: HtmlElement | None) -> set[HtmlElement]:
    """Return the boxes inside the article that announce other articles: linked headings with little prose."""
    if container is None:
        return set()
    links: Counter[HtmlElement] = Counter()
    prose: Counter[HtmlElement] = Counter()
    for block in blocks:
        box = _child_of(container, block.element)
        if box is not None and box is not block.element:
            links[box] += block.kind is Kind.HEADING and block.is_link
            prose[box] += len(block.text) - block.linked
    total = sum(len(block.text) for block in blocks) or 1
    boxes = {box for box, number in links.items() if number and prose[box] <= min(_TEASER * number, 0.5 * total)}
    return boxes | _teasers(blocks, total)


def _teasers(blocks: list[Block], total: int) -> set[HtmlElement]:
    """Return the boxes that hold one linked heading and a short text under it."""
    boxes = set()
    for block in blocks:
        if block.kind is Kind.HEADING and block.is_link:
            box = next((ancestor for ancestor in block.element.iterancestors() if ancestor.tag != "a"), None)
            length = 0 if box is None else len(clean_line(box.text_content()))
            if box is not None and length <= min(_TEASER + len(block.text), 0.5 * total):
                boxes.add(box)
    return boxes


def _child_of(container: HtmlElement, element: HtmlElement) -> HtmlElement | None:
    below = element
    for ancestor in element.iterancestors():
        if ancestor is container:
            return below
        below = ancestor
    return None
