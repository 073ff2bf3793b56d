"""The registry equals the folder, and every layer type is documented and shown."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from types import ModuleType

import pytest

from archanalyzer import ops
from archanalyzer.testing import cases_for

FAMILIES: list[ModuleType] = [
    module
    for found in pkgutil.iter_modules(ops.__path__, f"{ops.__name__}.")
    if hasattr(module := importlib.import_module(found.name), "OPS")
]
NAMES = [op.name for module in FAMILIES for op in module.OPS]
family = pytest.mark.parametrize("family", FAMILIES, ids=lambda module: module.__name__.rpartition(".")[2])


def test_the_registry_is_the_folder() -> None:
    assert Counter(NAMES) == Counter(ops.names())


def test_every_name_is_given_once() -> None:
    assert [name for name, number in Counter(NAMES).items() if number > 1] == []
    assert len(set(ops.names())) == len(ops.names())


@pytest.mark.parametrize("name", ops.names())
def test_a_name_gives_its_declaration(name: str) -> None:
    assert ops.get(name).name == name


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="conv4d"):
        ops.get("conv4d")


@family
def test_a_family_says_what_it_is(family: ModuleType) -> None:
    assert family.__doc__


@family
def test_a_family_shows_all_its_fields(family: ModuleType) -> None:
    """Each field is set in an example of one of the family's layer types at least."""
    declared = {field for op in family.OPS for field in op.model_fields if op.name != "input"}
    shown = {
        field for op in family.OPS if op.name != "input" for case in cases_for(op) for field in case.op.model_fields_set
    }
    assert shown == declared


@pytest.mark.parametrize("name", ops.names())
def test_a_field_is_described_by_what_it_accepts(name: str) -> None:
    """Messages print the description behind "expected:"."""
    for field, declared in ops.get(name).model_fields.items():
        accepts = ("A whole number", "A number", "A list", "true or false", "`")
        assert (declared.description or "").startswith(accepts), field
