"""The tables of the language reference name exactly what there is."""

from __future__ import annotations

import re

from archanalyzer.graph import MOST_AXES
from archanalyzer.recipe import INITIALIZERS, LOSSES, OPTIMIZERS, SETTINGS
from archanalyzer.spec.arithmetic import EQUALITIES, FUNCTIONS, OPERATORS, ORDERS
from archanalyzer.spec.document import DTYPES, SECTIONS
from archanalyzer.spec.entries import BESIDE, LONGEST_NAME
from archanalyzer.spec.expansion import _CHARACTERS_A_LAYER as CHARACTERS_A_LAYER
from archanalyzer.spec.limits import DEFAULT_LIMITS
from tests.docs.test_pages import PAGES, rows

PAGE = "docs/spec-language.md"


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_sections() -> None:
    assert sorted(name for row in rows(PAGE, "## Sections") for name in named(row[0])) == sorted(SECTIONS)


def test_keys_beside_a_type() -> None:
    assert [named(row[0]) for row in rows(PAGE, "## Layers")] == [[key] for key in BESIDE]


def test_operators_and_functions() -> None:
    table = {row[0]: named(row[1]) for row in rows(PAGE, "## Expressions")}
    symbols = {OPERATORS[kind].symbol for kind in OPERATORS}
    assert set(table["arithmetic"]) == symbols
    assert len(table["comparison"][:-1]) == len(ORDERS) + len(EQUALITIES)
    assert table["functions"] == list(FUNCTIONS)


def test_limits() -> None:
    table = {named(row[0])[0]: int(row[1].split()[0].replace(",", "")) for row in rows(PAGE, "## Limits")}
    assert table == DEFAULT_LIMITS._asdict()
    assert f"at most {CHARACTERS_A_LAYER * DEFAULT_LIMITS.layers:,} characters" in PAGES[PAGE]
    assert f"at most {MOST_AXES} axes" in PAGES[PAGE]
    assert f"at most {LONGEST_NAME} characters" in PAGES[PAGE]


def test_dtypes() -> None:
    for dtype in DTYPES:
        assert f"`{dtype}`" in PAGES[PAGE]


def test_losses() -> None:
    assert [named(row[0]) for row in rows(PAGE, "### Losses")] == [[name] for name in LOSSES]
    takers = [name for name, loss in LOSSES.items() if loss.takes_classes]
    assert takers == ["cross_entropy"]


def test_optimizers_and_their_settings() -> None:
    tables = rows(PAGE, "### Optimizers")
    fields = {name: [setting.name for setting in optimizer.settings] for name, optimizer in OPTIMIZERS.items()}
    assert {named(row[0])[0]: named(row[1]) for row in tables[: len(OPTIMIZERS)]} == fields
    described = [(named(row[0])[0], row[1].partition(":")[0], float(row[2])) for row in tables[len(OPTIMIZERS) :]]
    assert described == [(name, setting.expected, setting.default) for name, setting in SETTINGS.items()]


def test_initializers() -> None:
    table = {name: names[0] for row in rows(PAGE, "### Initializers") for names in [named(row[0])] for name in names}
    assert table == INITIALIZERS
