"""The layer types. The registry knows names and modules; a family's file is imported when a spec names it."""

import importlib
from functools import cache

from archanalyzer.graph import Op

_FAMILIES: dict[str, str] = {
    "input": "input",
    "convolution": "conv1d conv2d conv3d",
    "transposed_convolution": "conv_transpose1d conv_transpose2d conv_transpose3d",
    "dense": "dense",
    "pooling": "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d",
    "adaptive_pooling": "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d "
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d global_max_pool global_avg_pool",
    "unpooling": "max_unpool1d max_unpool2d max_unpool3d",
    "resizing": "upsample",
    "rearranging": "flatten reshape permute",
    "borders": "pad crop crop_like",
    "merging": "concat add multiply",
    "normalization": "batch_norm layer_norm group_norm instance_norm local_response_norm",
    "dropout": "dropout",
    "activation": "identity relu relu6 leaky_relu prelu elu selu gelu silu hardswish hardsigmoid sigmoid tanh softplus "
    "softmax",
}
_MODULES = {name: module for module, names in _FAMILIES.items() for name in names.split()}


_added: dict[str, type[Op]] = {}


def names() -> tuple[str, ...]:
    """Every layer type; all but ``input``, which stands for an entry of ``inputs:``, can be named in ``layers:``."""
    return (*_MODULES, *_added)


def add(op: type[Op]) -> None:
    """Makes a layer type known that does not come with the package.

    Raises:
        ValueError: there is one of that name.
    """
    if op.name in names():
        raise ValueError(f"there is a layer type `{op.name}` already")
    _added[op.name] = op


def take_away(name: str) -> None:
    """Forgets a layer type that was added."""
    del _added[name]


def added() -> tuple[str, ...]:
    """The layer types that were added."""
    return tuple(_added)


def family(name: str) -> str:
    """The file, without its ending, that declares a built-in layer type.

    Raises:
        KeyError: there is none of that name.
    """
    return _MODULES[name]


def get(name: str) -> type[Op]:
    """The declaration of a layer type.

    Raises:
        KeyError: there is none of that name.
    """
    return _added[name] if name in _added else _built_in(name)


@cache
def _built_in(name: str) -> type[Op]:
    module = importlib.import_module(f"{__name__}.{family(name)}")
    declared: tuple[type[Op], ...] = module.OPS
    return next(op for op in declared if op.name == name)
