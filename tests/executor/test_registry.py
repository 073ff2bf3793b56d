"""Every layer type computes, and the kernels' folder is the ops' folder, file for file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import pytest

from archanalyzer import ops
from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import Kernel
from archanalyzer.executor.kernels import NOT_EXECUTABLE
from archanalyzer.testing import cases_for

HELPERS = {
    "windows": "the columns and products that convolutions and transposed convolutions share",
}
"""Files of the kernels' folder without a family of the ops' folder, and what they are."""


def modules(package: ModuleType, declares: str) -> dict[str, ModuleType]:
    """The files of a package that declare something, by name."""
    found = {each.name: importlib.import_module(f"{package.__name__}.{each.name}") for each in _files(package)}
    return {name: module for name, module in found.items() if hasattr(module, declares)}


def _files(package: ModuleType) -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(package.__path__))


OPS = modules(ops, "OPS")
KERNELS = modules(kernels, "KERNELS")


def test_every_layer_type_has_a_kernel_or_a_reason() -> None:
    computed = {name for module in KERNELS.values() for name in module.KERNELS}
    assert set(ops.names()) - computed == set(NOT_EXECUTABLE)
    assert computed <= set(ops.names())


def test_every_reason_is_told() -> None:
    assert all(NOT_EXECUTABLE.values())


def test_the_folders_mirror_each_other() -> None:
    """But for families that compute nothing, and helpers; what the ops' folder has beside families is its own."""
    silent = {name for name, module in OPS.items() if {op.name for op in module.OPS} <= set(NOT_EXECUTABLE)}
    assert set(KERNELS) == set(OPS) - silent
    assert {each.name for each in _files(kernels)} == set(KERNELS) | set(HELPERS)


@pytest.mark.parametrize("family", KERNELS)
def test_a_file_has_the_kernels_of_its_family(family: str) -> None:
    assert set(KERNELS[family].KERNELS) == {op.name for op in OPS[family].OPS}
    assert KERNELS[family].__doc__


@pytest.mark.parametrize("name", [name for name in ops.names() if name not in NOT_EXECUTABLE])
def test_a_name_gives_its_kernel(name: str) -> None:
    kernel = kernels.get(name)
    assert issubclass(kernel, Kernel)
    assert kernel.__doc__
    for case in cases_for(ops.get(name)):
        assert case.kernel.algorithm in kernel.algorithms
        names = [extra.name for extra in case.kernel.extras()]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", [*NOT_EXECUTABLE, "conv4d"])
def test_a_name_without_a_kernel_is_refused(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        kernels.get(name)


def test_a_kernel_computes_nothing_by_itself() -> None:
    case = cases_for(ops.get("relu"))[0]
    plain: Kernel[Any] = Kernel(case.op, case.inputs, case.output)
    call: Any = None
    assert plain.extras() == ()
    for step in (plain.forward, plain.backward):
        with pytest.raises(NotImplementedError):
            step(call)
