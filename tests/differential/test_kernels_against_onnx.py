"""Outputs of our kernels against a second authority: the cases of operators that the ``onnx`` package generates.

Each case of an operator that corresponds to a layer type of ours is run, or left out for a reason that is told in
``onnx_operators.py``; how many of which is printed at the end of the run.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.differential.onnx_operators import LEFT_OUT, TRANSLATIONS, Node, compute, why_left_out

onnx = pytest.importorskip("onnx", reason="compares with the onnx package's cases, which is not installed")


class OnnxCase(NamedTuple):
    """A graph with the arrays that go in and come out. ``operator`` is what it is a case of."""

    name: str
    operator: str
    graph: Any
    inputs: tuple[Any, ...]
    expected: tuple[Any, ...]
    rtol: float
    atol: float


def collect() -> list[OnnxCase]:
    """The cases of our operators, alone, spelled out in others, or in a chain of nothing but ours."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on the way, some overflow in other operators' types of numbers
        found = collect_testcases(None)
    operators = {each.name: each.model.graph.node[0].op_type for each in found}
    cases = []
    for each in found:
        types = [node.op_type for node in each.model.graph.node]
        operator = " + ".join(types)
        if not TRANSLATIONS.keys() >= set(types):
            operator = operators[each.name.partition("_expanded")[0]]
        if TRANSLATIONS.keys() >= set(operator.split(" + ")):
            ((inputs, outputs),) = each.data_sets
            arrays = (tuple(inputs), tuple(outputs))
            cases.append(OnnxCase(each.name, operator, each.model.graph, *arrays, each.rtol, each.atol))
    return cases


Visit = Callable[[Node], tuple[Any, ...]]


def walk(case: OnnxCase, visit: Visit) -> tuple[Any, ...]:
    """Visits the nodes of a graph in order; ``visit`` says what comes out of one. Returns what comes out of all."""
    names = [value.name for value in case.graph.input]
    arrays: dict[str, Any] = dict(zip(names, case.inputs, strict=True))
    for node in case.graph.node:
        attributes = {each.name: _plain(onnx.helper.get_attribute_value(each)) for each in node.attribute}
        inputs = tuple(arrays[name] if name else None for name in node.input)
        outputs = visit(Node(node.op_type, attributes, inputs, len(node.output)))
        arrays |= dict(zip(node.output, outputs, strict=False))
    return tuple(arrays[value.name] for value in case.graph.output if value.name in arrays)


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


class _LeftOutError(Exception):
    pass


def _compute_or_leave_out(node: Node) -> tuple[Any, ...]:
    reason = why_left_out(node)
    if reason is not None:
        raise _LeftOutError(reason)
    return compute(node)


SPELLED_OUT = "the case of that name again, spelled out in other operators"


def reason_for(case: OnnxCase) -> str | None:
    """Why a case is left out."""
    if any(node.op_type not in TRANSLATIONS for node in case.graph.node):
        return SPELLED_OUT
    if len(case.graph.node) == 1:
        reasons: list[str | None] = []
        walk(case, lambda node: (reasons.append(why_left_out(node)),))
        return reasons[0]
    try:
        walk(case, _compute_or_leave_out)
    except _LeftOutError as error:
        return str(error)
    return None


CASES = collect()
REASONS = {case.name: reason_for(case) for case in CASES}
APPLYING = [case for case in CASES if REASONS[case.name] is None]


@pytest.mark.parametrize("case", APPLYING, ids=[case.name for case in APPLYING])
def test_case(case: OnnxCase, record_property: Callable[[str, object], None]) -> None:
    record_property("onnx", case.operator)
    found = walk(case, compute)
    assert found
    for ours, theirs in zip(found, case.expected, strict=False):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=case.rtol, atol=case.atol)
