"""Outputs of our kernels against a second authority: the cases of operators that the ``onnx`` package generates.

Each case of an operator that corresponds to a layer type of ours is run, or left out for a reason that is told in
``onnx_operators.py``; how many of which is printed at the end of the run.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest

from archanalyzer import ops
from tests.differential.onnx_operators import LEFT_OUT, TRANSLATIONS, Node, compute, given_for, why_left_out

onnx = pytest.importorskip("onnx", reason="runs the onnx package's cases of operators, which is not installed")


# --- The cases


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
    """The cases of our operators: one alone, one spelled out in others, or a chain of nothing but ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that overflow in the cases of other operators
        found = import_module("onnx.backend.test.case.node").collect_testcases(None)
    operators = {each.name: each.model.graph.node[0].op_type for each in found}
    cases = []
    for each in found:
        chain = [node.op_type for node in each.model.graph.node]
        if not TRANSLATIONS.keys() >= set(chain):
            chain = [operators[each.name.partition("_expanded")[0]]]
        if TRANSLATIONS.keys() >= set(chain):
            ((inputs, outputs),) = each.data_sets
            arrays = (tuple(inputs), tuple(outputs))
            cases.append(OnnxCase(each.name, " + ".join(chain), each.model.graph, *arrays, each.rtol, each.atol))
    return cases


def walk(case: OnnxCase, visit: Callable[[Node], tuple[Any, ...]] = compute) -> tuple[Any, ...]:
    """The outputs of a graph, where ``visit`` says what comes out of each node; those that are known."""
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


# --- Which are run

SPELLED_OUT = "again, spelled out in operators that are no layers"


class _LeftOutError(Exception):
    """Says why."""


def reason_for(case: OnnxCase) -> str | None:
    """Why a case is left out."""
    if any(node.op_type not in TRANSLATIONS for node in case.graph.node):
        return SPELLED_OUT

    def visit(node: Node) -> tuple[Any, ...]:
        reason = why_left_out(node)
        if reason is not None:
            raise _LeftOutError(reason)
        return compute(node) if len(case.graph.node) > 1 else ()

    try:
        walk(case, visit)
    except _LeftOutError as left_out:
        return str(left_out)
    return None


CASES = collect()
REASONS = {case.name: reason_for(case) for case in CASES}
RUN = [case for case in CASES if REASONS[case.name] is None]

ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}
"""Cases whose outputs are written down with four decimals."""


@pytest.mark.parametrize("case", RUN, ids=[case.name for case in RUN])
def test_case(case: OnnxCase, record_property: Callable[[str, object], None]) -> None:
    """By ONNX's own tolerance, and by one that sees the small terms too: a millionth of the largest number."""
    record_property("onnx case", case.operator)
    found = walk(case)
    masks = case.operator == "Dropout" and len(case.expected) == 2  # at inference ours has none
    assert len(found) == len(case.expected) or (masks and len(found) == 1)
    for ours, theirs in zip(found, case.expected, strict=False):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype or theirs.dtype.kind in "iu"
        np.testing.assert_allclose(ours, theirs, rtol=case.rtol, atol=case.atol)
        if case.name not in ROUNDED:
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * max(np.abs(theirs).max(), 1e-6))


# --- Nothing left out in silence

AT_LEAST = {
    "Add": 2,
    "AveragePool": 14,
    "BatchNormalization": 4,
    "CenterCropPad": 2,
    "Clip": 2,
    "Concat": 12,
    "Conv": 6,
    "ConvTranspose": 11,
    "Dropout": 8,
    "Elu": 3,
    "Flatten": 9,
    "Gelu": 4,
    "Gemm": 10,
    "GlobalAveragePool": 2,
    "GlobalMaxPool": 2,
    "GroupNormalization": 2,
    "HardSigmoid": 0,  # the one with our slope and shift is in the chain that spells a HardSwish out
    "HardSigmoid + Mul": 1,
    "HardSwish": 1,
    "Identity": 2,
    "InstanceNormalization": 2,
    "LRN": 2,
    "LayerNormalization": 19,
    "LeakyRelu": 3,
    "MatMul": 3,
    "MaxPool": 19,
    "MaxUnpool": 1,
    "Mul": 3,
    "PRelu": 2,
    "Pad": 6,
    "Relu": 1,
    "Reshape": 9,
    "Resize": 12,
    "Selu": 1,
    "Sigmoid": 2,
    "Slice": 6,
    "Softmax": 7,
    "Softplus": 2,
    "Softplus + Tanh + Mul": 1,  # a Mish
    "Squeeze": 2,
    "Sum": 2,
    "Swish": 1,
    "Swish + Mul": 1,  # a SwiGLU
    "Tanh": 2,
    "Transpose": 7,
    "Unsqueeze": 7,
    "Upsample": 1,
}


def test_every_operator_has_its_cases_run(record_property: Callable[[str, object], None]) -> None:
    for case in CASES:
        record_property("onnx case found", (case.operator, REASONS[case.name]))
    counted = Counter(case.operator for case in RUN)
    assert {case.operator for case in CASES} == AT_LEAST.keys() >= TRANSLATIONS.keys()
    assert {name: (counted[name], least) for name, least in AT_LEAST.items() if counted[name] < least} == {}


def test_every_reason_is_needed() -> None:
    assert set(REASONS.values()) == {None, SPELLED_OUT, *(rule.reason for rule in LEFT_OUT)}


NEVER_RUN = {
    "input": "is no operator",
    "crop_like": "a crop to another tensor's extent is no operator",
    **{f"adaptive_{kind}_pool{axes}d": "is no operator" for kind in ("avg", "max") for axes in (1, 2, 3)},
    **dict.fromkeys(("conv1d", "conv3d", "max_unpool1d", "max_unpool3d"), "its operator has cases of two axes alone"),
    "relu6": "no case clips at 0 and 6",
}


def test_every_layer_type_is_run() -> None:
    """A layer type is in some case, or it is said why not."""
    run: set[str] = set()

    def visit(node: Node) -> tuple[Any, ...]:
        run.add(given_for(node).case.op.name)
        return compute(node)

    for case in RUN:
        walk(case, visit)
    assert set(ops.names()) - run == NEVER_RUN.keys()
