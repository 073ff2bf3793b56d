"""Version 1 of the interface: what a plugin may import, and with what. Whatever breaks a test here breaks plugins.

A member, a method or an argument with a default may be added; where anything else must change, ``API`` must, too.
"""

from __future__ import annotations

import subprocess
import sys
from enum import Enum
from inspect import Parameter, isfunction, signature
from typing import Any

import pytest

from archanalyzer import plugins
from tests.docs.fences import ROOT

CALLED = """
admitted(*plugins)
aligned_axes(rank)
analysis(name, *, columns, totals, diagnostics)
count(what, /, **factors)
use_plugins(*plugins)
whole_axes(rank)
Amount(value, at_least)
Arithmetic(macs, operations, input_gradient_operations, weight_gradient_operations)
Arity(least, most)
Column(name, title, help, values, kind, rollup, shown)
Count(what, factors)
Diagnostic(rule, message, source, hint, trail, notes)
Digit(axis, divisor, modulus)
Example(yaml, inputs, shows)
Extra(name, shape, dtype, per_sample)
Factor(name, value)
IrregularWindow(axis, reads, regular, only)
Kept(inputs, output, inputs_for_weights_only, extra_elements, extra_bytes)
Kernel(op, inputs, output)
Misfit(rule, message, hint)
NoPosition()
Note(text, source)
Plugin(name, api, *, passes, ops, kernels, rules, formats)
Rearranged(reads, axes)
Regular(window, outputs)
Rule(code, summary, why, bad, good, unshown, severity)
TensorType(shape, unpooled)
Total(name, title, help, value, kind)
Weight(name, shape, role, filters, initial, fan_shape)
WholeAxis()
Window(axis, stride, upsampling, offset, count, step)
WrongField(field, expected, found)
Op.output_type(self, inputs)
Op.weights(self, inputs)
Op.arithmetic(self, inputs, output)
Op.readings(self, inputs, output)
Op.kept(self, inputs, output)
Kernel.extras(self)
Kernel.forward(self, call)
Kernel.backward(self, call)
Scratch.__call__(self, shape, dtype)
Scratch.give_back(self, array)
Facts.result(self, produced)
Facts.values(self, column)
Facts.block_value(self, block, column)
Facts.total(self, name)
Facts.totals(self)
LayerArithmetic.macs(self)
LayerArithmetic.flops(self)
Parameters.elements(self, *roles)
ReceptiveFields.data(self)
ReceptiveFields.strides(self)
ReceptiveFields.offsets(self)
TensorTypes.inputs(self, layer)
TensorTypes.map(self, declared)
TensorTypes.sources(self)
"""
"""What is called, with the names of its arguments: plugins give them by place or by name."""

READ = """
Analysis: name columns totals
Analyzed: spec facts graph diagnostics
Backward: inputs output dy dx dw weights extras read_extras training scratch x
Block: name block start stop output
Count: total
Facts: graph columns
Forward: inputs output weights extras read_extras training random scratch x
Graph: name layers outputs blocks description dtype inputs
Kernel: op input_types output_type algorithm algorithms
Kind: COUNT BYTES SHAPE FIELD FRACTION REAL DATA
Layer: index name op inputs source trail shares frozen
LayerArithmetic: by_layer
Memory: output_bytes parameter_bytes buffer_bytes peak_inference_bytes peak_training_bytes
Op: name arity scalar_field view reads_extras examples plugin traits
Page: width color
Parameters: graph owned used
PluginsRefused: diagnostics
ReportView: columns depth sort top
Role: WEIGHT BIAS BUFFER
Rollup: SUM OUTPUT NONE
Severity: ERROR FAILURE WARNING ADVICE
Source: file line column end_column
TensorType: elements channels spatial
TensorTypes: graph outputs
TotalFact: name title kind amount
Trait: NONE AFFINE ELEMENTWISE HOMOGENEOUS PIECEWISE_LINEAR LINEAR
View: NEVER INFERENCE ALWAYS
Weight: elements
"""
"""What is read of a value, a class or an enumeration."""

PLAIN = """
ABSENT API CHANNELS_NOT_DIVISIBLE KERNEL_LARGER_THAN_INPUT SHAPES_DIFFER WRONG_RANK Array Reading Readings Render Types
"""
"""Constants and types."""


NUMPY = {"ABSENT", "Array", "Backward", "Extra", "Forward", "Kernel", "Scratch"}


def found(path: str) -> Any:
    value: Any = plugins
    for name in path.split("."):
        value = getattr(value, name)
    return value


def test_the_names_are_these() -> None:
    called = {line.partition("(")[0].partition(".")[0] for line in CALLED.split("\n") if line}
    read = {line.partition(":")[0] for line in READ.split("\n") if line}
    assert set(plugins.__all__) == called | read | {*PLAIN.split()}
    assert set(dir(plugins)) == set(plugins.__all__)
    assert plugins.API == 1
    for name in PLAIN.split():
        assert getattr(plugins, name) is not None


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match=r"module 'archanalyzer\.plugins' has no attribute 'nothing'"):
        plugins.nothing  # noqa: B018


@pytest.mark.parametrize("line", CALLED.split("\n")[1:-1])
def test_what_is_called(line: str) -> None:
    path, _, pinned = line.removesuffix(")").partition("(")
    parameters = [each.replace(annotation=Parameter.empty) for each in signature(found(path)).parameters.values()]
    names = [name for name in pinned.split(", ") if name]
    wanted = [name for name in names if name not in {"*", "/"}]
    assert [str(each.replace(default=Parameter.empty)) for each in parameters[: len(wanted)]] == wanted
    assert all(each.default is not Parameter.empty for each in parameters[len(wanted) :])
    by_name = [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
    assert by_name[: len(names)] == (names[names.index("*") + 1 :] if "*" in names else [])


@pytest.mark.parametrize("line", READ.split("\n")[1:-1])
def test_what_is_read(line: str) -> None:
    name, _, pinned = line.partition(": ")
    value = found(name)
    if issubclass(value, Enum):
        there = set(value.__members__)
    else:
        annotated = {each for base in value.__mro__ for each in getattr(base, "__annotations__", {})}
        there = (
            annotated | set(dir(value)) | set(value.__init__.__code__.co_names if isfunction(value.__init__) else ())
        )
    assert set(pinned.split()) - there == set()


def test_only_what_computes_needs_numpy() -> None:
    program = f"""
import sys
from archanalyzer import plugins
for name in plugins.__all__:
    if name not in {NUMPY!r}:
        getattr(plugins, name)
print(sorted({{"numpy", "networkx"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").glob("*.py")), ids=lambda path: path.stem)
def test_the_examples_import_nothing_else_of_ours(path: Any) -> None:
    lines = [line for line in path.read_text().splitlines() if "import" in line and "archanalyzer" in line]
    assert lines
    assert {line.split()[1] for line in lines} == {"archanalyzer.plugins"}
