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
from archanalyzer.diagnostics.guarding import answered, guarded, is_text

if TYPE_CHECKING:
    from archanalyzer.executor.kernel import Backward, Extra, Forward, Kernel
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
    """The kernel with each of its methods guarded: what it prints goes elsewhere, what it raises names the plugin."""

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
        guarded(what, lambda: found.forward(self, call))

    def backward(self: Kernel[Any], call: Backward) -> None:
        guarded(what, lambda: found.backward(self, call))

    methods = {"__init__": made, "extras": extras, "forward": forward, "backward": backward}
    return type(found.__name__, (found,), {"__doc__": found.__doc__, "__module__": found.__module__, **methods})


def _are_extras(answer: Any) -> bool:
    from archanalyzer.executor.kernel import Extra

    if not isinstance(answer, tuple) or not all(isinstance(each, Extra) for each in answer):
        return False
    shapes = [each.shape for each in answer]
    whole = all(isinstance(shape, tuple) and all(type(each) is int and each >= 0 for each in shape) for shape in shapes)
    return whole and len({each.name for each in answer}) == len(answer)


@cache
def _built_in(name: str) -> type[Kernel[Any]]:
    if name in NOT_EXECUTABLE:
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{ops.family(name)}")
    kernels: Mapping[str, type[Kernel[Any]]] = module.KERNELS
    return kernels[name]
