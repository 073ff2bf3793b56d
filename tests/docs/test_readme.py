"""The README's table of counts: ours are those of the specs that it links, and of nothing else."""

from __future__ import annotations

import re

import pytest

import archanalyzer
from tests.docs.fences import ROOT
from tests.docs.test_pages import PAGES, rows

COUNTS = rows("README.md", "## Counts that other tools get wrong")


def test_the_table_is_found() -> None:
    assert len(COUNTS) > 4


@pytest.mark.parametrize("row", COUNTS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_our_count(row: list[str]) -> None:
    network, fact, ours, others = row
    path = re.search(r"\]\((.*?)\)", network)
    layer = re.search(r"`(.*?)`", network)
    assert path
    assert others
    facts = archanalyzer.analyze(ROOT / path[1]).facts
    if layer is None:
        found = facts.total(fact.strip("`")).amount.value
    else:
        blocks = {block.name: block.output for block in facts.graph.blocks}
        index = facts.graph.index.get(layer[1], blocks.get(layer[1]))
        assert index is not None
        (found,) = {entry["size"] for entry in facts.values(fact.strip("`"))[index]}
    assert f"{found:,}" == ours


def test_what_is_not_there_is_said() -> None:
    """The sentence goes when the layer types come."""
    types = PAGES["docs/layers.md"]
    assert "no recurrent layers and no\nattention" in PAGES["README.md"]
    assert "### lstm" not in types
    assert "attention" not in types
