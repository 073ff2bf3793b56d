"""How the layer types compute; the files mirror those of ``archanalyzer/ops``, name by name.

Importing this imports no NumPy: kernels are made known where plugins are admitted, whether or not something is run.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from archanalyzer import ops
from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.guarding import PluginError, answered, guarded, is_text, place_of_function, shown
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED

if TYPE_CHECKING:
    from archanalyzer.executor.kernel import Array, Backward, Extra, Forward, Kernel
    from archanalyzer.graph import Op, TensorType, Types

NOT_EXECUTABLE: Mapping[str, str] = {"input": "it computes nothing: its output is what comes from outside"}
"""Layer types without a kernel, and why."""

Given: TypeAlias = "type[Kernel[Any]] | Callable[[], type[Kernel[Any]]]"
"""A kernel as a plugin gives it: the class, or a function that imports what the class needs, and returns it."""
_added: dict[str, Given] = {}
_KERNEL = "archanalyzer.executor.kernel"
EXPECTED = "a subclass of `Kernel` with the methods `forward` and `backward`"
"""What a kernel is, in a message."""


def add(name: str, given: Given) -> None:
    """Makes the kernel known of a layer type that does not come with the package."""
    _added[name] = given


def take_away(name: str) -> None:
    """Forgets a kernel that was added."""
    del _added[name]


def is_kernel(found: Any) -> bool:
    """Whether something is a kernel that can compute a forward step."""
    module: Any = sys.modules.get(_KERNEL)
    if module is None or not isinstance(found, type) or not issubclass(found, module.Kernel):
        return False  # where the module has not been imported, nothing is a subclass of what it declares
    methods = [getattr(found, name, None) for name in ("__init__", "extras", "forward", "backward")]
    return all(map(callable, methods)) and methods[2] is not module.Kernel.forward


def get(name: str) -> type[Kernel[Any]]:
    """The kernel of a layer type.

    Raises:
        KeyError: there is none.
        PluginError: it comes from a plugin, and is none.
    """
    return _of_plugin(name, _added[name]) if name in ops.added() else _built_in(name)


def _of_plugin(name: str, given: Given) -> type[Kernel[Any]]:
    what = f"kernel of `{name}` of plugin `{ops.get(name).plugin}`"
    found: Any = given if isinstance(given, type) else guarded(what, given)
    if not is_kernel(found):
        raise answered(what, EXPECTED, found)
    return _guarded_kernel(what, found)


def _guarded_kernel(what: str, found: type[Kernel[Any]]) -> type[Kernel[Any]]:
    """The kernel with each of its methods guarded: what it prints goes elsewhere, what it raises names the plugin.

    What a step is to fill is marked before it, so that what it leaves as it was is no number of an answer.
    """

    def made(self: Kernel[Any], op: Op, inputs: Types, output: TensorType) -> None:
        guarded(what, lambda: found.__init__(self, op, inputs, output))
        if not is_text(getattr(self, "algorithm", None)):
            raise answered(what, "an `__init__` that calls the one of `Kernel`", found)

    def extras(self: Kernel[Any]) -> tuple[Extra, ...]:
        answer = guarded(what, lambda: found.extras(self))
        if not _are_extras(answer):
            raise answered(f"{what}, extras", "a tuple of `Extra`, each with a name of its own", answer)
        return answer

    def forward(self: Kernel[Any], call: Forward) -> None:
        _run(what, found, "forward", self, call)

    def backward(self: Kernel[Any], call: Backward) -> None:
        _run(what, found, "backward", self, call)

    methods = {"__init__": made, "extras": extras, "forward": forward, "backward": backward}
    return type(found.__name__, (found,), {"__doc__": found.__doc__, "__module__": found.__module__, **methods})


def _are_extras(answer: Any) -> bool:
    from archanalyzer.executor.kernel import Extra

    if not isinstance(answer, tuple) or not all(isinstance(each, Extra) for each in answer):
        return False
    shapes = [each.shape for each in answer]
    whole = all(isinstance(shape, tuple) and all(type(each) is int and each >= 0 for each in shape) for shape in shapes)
    return whole and len({each.name for each in answer}) == len(answer)


# --- Whether a plugin's kernel fills what it is given to fill


_FILLED = {"forward": ("output",), "backward": ("dx", "dw")}
"""By the name of a step, the fields of its call with the arrays that it is to fill."""


def _run(what: str, found: type[Kernel[Any]], name: str, kernel: Kernel[Any], call: Forward | Backward) -> None:
    """Runs a step of a plugin's kernel, as ``found`` has it by name, which is to fill the arrays of its call in place.

    Raises:
        PluginError: it raised, returned something, put other arrays there, or left numbers as they were.
    """
    step: Callable[..., Any] = getattr(found, name)
    given = {field: getattr(call, field) for field in _FILLED[name]}
    arrays = _named(given)
    for array in arrays.values():
        _mark(array)
    returned = guarded(what, lambda: step(kernel, call))
    after = {field: getattr(call, field) for field in given}
    for field, value in given.items():
        setattr(call, field, value)  # a call is used again
    wrong = _wrong(returned, given, after, arrays)
    if wrong:
        first = next(iter(arrays), "call.dx[0]")
        hint = f"a kernel writes into the arrays that it is given: `{first}[...] = …`, or with NumPy's `out={first}`"
        raise PluginError(Diagnostic(PLUGIN_FAILED, f"{what}, {name}: {wrong}", place_of_function(step), hint))


def _wrong(returned: Any, given: Mapping[str, Any], after: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """What a step did with the arrays that it was to fill, where it did something else; else empty."""
    if returned is not None:
        return f"expected nothing to be returned, found {shown(returned)}"
    rebound = {f"call.{field}": value for field, value in after.items() if value is not given[field]}
    for name, value in {**_named(given), **rebound}.items():
        if value is not arrays.get(name):
            return f"expected `{name}` to be filled in place, found another in its place: {shown(value)}"
    for name, array in arrays.items():
        if left := _left(array):
            return f"expected all of `{name}` to be filled, found {left:,} of {array.size:,} numbers left as they were"
    return ""


def _named(given: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays in some fields of a call, each by the words by which a kernel has it."""
    named: dict[str, Array] = {}
    for field, value in given.items():
        if isinstance(value, Mapping):
            named.update({f"call.{field}[{name!r}]": array for name, array in value.items()})
        elif isinstance(value, tuple):
            named.update({f"call.{field}[{at}]": array for at, array in enumerate(value) if array is not None})
        else:
            named[f"call.{field}"] = value
    return named


_UNFILLED = object()
"""The mark in an array of objects."""


def _mark(array: Array) -> None:
    """Fills an array with what no kernel computes."""
    if array.dtype.hasobject:
        array.fill(_UNFILLED)
    elif (marked := _bits(array)) is not None:
        marked[0].fill(marked[1])


def _left(array: Array) -> int:
    """How many marks are left."""
    if array.dtype.hasobject:
        return sum(each is _UNFILLED for each in array.flat)
    marked = _bits(array)
    return 0 if marked is None else int((marked[0] == marked[1]).sum())


def _bits(array: Array) -> tuple[Array, int] | None:
    """The numbers of an array as whole numbers, and the mark: of floats, a NaN with other bits than operations give.

    So NaN that was computed is none, and is told as what it is. Of whole numbers, the mark is one near the largest;
    None where that is too small to be rare.
    """
    size = array.dtype.itemsize
    if size > 8 or not (array.dtype.kind == "f" or (array.dtype.kind in "iu" and size >= 4)):
        return None
    return array.view(f"u{size}"), (1 << (8 * size - 1)) - 77


@cache
def _built_in(name: str) -> type[Kernel[Any]]:
    if name in NOT_EXECUTABLE:
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{ops.family(name)}")
    kernels: Mapping[str, type[Kernel[Any]]] = module.KERNELS
    return kernels[name]
