"""Normalization and activations against their counterparts in PyTorch, and the traits of all layers.

What an output position reads is what its row of the Jacobian has entries for, at a random point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from archanalyzer import ops
from archanalyzer.graph import Role, Trait
from archanalyzer.testing import Case, case_named, cases_for, positions, readings_by_position

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

Function = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("double_precision")


def assert_reads_by_jacobian(case: Case, function: Function) -> None:
    torch.manual_seed(0)
    x = torch.randn(case.inputs[0].shape) + 0.1
    jacobian = torch.autograd.functional.jacobian(lambda one: function(one[None])[0], x)
    assert tuple(jacobian.shape) == (*case.output.shape, *x.shape)
    for output in positions(case.output):
        seen = {tuple(index) for index in (jacobian[output].abs() > 1e-12).nonzero().tolist()}
        assert readings_by_position(case.op, case.inputs, output)[0] == seen, output


def assert_same_arrays(case: Case, module: Any) -> None:
    """The names, shapes and roles of the arrays; PyTorch's counter of batches is not an array of the layer."""
    ours = {array.name: (array.shape, array.role is Role.BUFFER) for array in case.op.weights(case.inputs)}
    theirs = {name: (tuple(array.shape), False) for name, array in module.named_parameters()}
    buffers = ((name, array) for name, array in module.named_buffers() if name != "num_batches_tracked")
    assert ours == {**theirs, **{name: (tuple(array.shape), True) for name, array in buffers}}


def normalizations() -> dict[str, tuple[Case, Any]]:
    """A case of each form of normalization, with PyTorch's module."""
    nn = torch.nn
    channels_last = type("ChannelsLast", (nn.LayerNorm,), {"forward": _over_channels})
    return {
        "batch_norm": (case_named("batch_norm", (3, 2, 2)), nn.BatchNorm2d(3).eval()),
        "batch_norm-flat": (case_named("batch_norm", (3,), affine=False), nn.BatchNorm1d(3, affine=False).eval()),
        "layer_norm": (case_named("layer_norm", (3, 2, 2)), nn.LayerNorm((3, 2, 2))),
        "layer_norm-plain": (case_named("layer_norm", (4,), affine=False), nn.LayerNorm(4, elementwise_affine=False)),
        "layer_norm-channels": (case_named("layer_norm", (3, 2, 2), over="channels"), channels_last(3)),
        "group_norm": (case_named("group_norm", (4, 2, 2), groups=2), nn.GroupNorm(2, 4)),
        "group_norm-one": (case_named("group_norm", (4, 3), groups=1, affine=False), nn.GroupNorm(1, 4, affine=False)),
        "instance_norm": (case_named("instance_norm", (2, 2, 3)), nn.InstanceNorm2d(2)),
        "instance_norm-affine": (case_named("instance_norm", (2, 4), affine=True), nn.InstanceNorm1d(2, affine=True)),
        "local_response_norm": (
            case_named("local_response_norm", (5, 2), size=3, alpha=0.5),
            nn.LocalResponseNorm(3, 0.5),
        ),
        "local_response_norm-even": (
            case_named("local_response_norm", (5, 2), size=4, alpha=0.5),
            nn.LocalResponseNorm(4, 0.5),
        ),
    }


def _over_channels(self: Any, x: Any) -> Any:
    return F.layer_norm(x.movedim(1, -1), self.normalized_shape, self.weight, self.bias).movedim(-1, 1)


@pytest.mark.parametrize("form", normalizations())
def test_normalization(form: str) -> None:
    case, module = normalizations()[form]
    assert_same_arrays(case, module)
    assert_reads_by_jacobian(case, module)


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda op: torch.nn.Identity(),
    "relu": lambda op: torch.nn.ReLU(),
    "relu6": lambda op: torch.nn.ReLU6(),
    "leaky_relu": lambda op: torch.nn.LeakyReLU(op.slope),
    "prelu": lambda op: torch.nn.PReLU(3 if op.per_channel else 1),
    "elu": lambda op: torch.nn.ELU(op.alpha),
    "selu": lambda op: torch.nn.SELU(),
    "gelu": lambda op: torch.nn.GELU(op.approximate),
    "silu": lambda op: torch.nn.SiLU(),
    "hardswish": lambda op: torch.nn.Hardswish(),
    "hardsigmoid": lambda op: torch.nn.Hardsigmoid(),
    "sigmoid": lambda op: torch.nn.Sigmoid(),
    "tanh": lambda op: torch.nn.Tanh(),
    "softplus": lambda op: torch.nn.Softplus(),
    "softmax": lambda op: torch.nn.Softmax(op.axis + 1),
    "dropout": lambda op: torch.nn.Dropout(op.rate).eval(),
}
ACTIVATION_CASES = [
    case
    for name in ACTIVATIONS
    for case in cases_for(ops.get(name))
    if case.inputs[0].channels == 3 or name == "softmax"
]


@pytest.mark.parametrize("case", ACTIVATION_CASES, ids=str)
def test_activation(case: Case) -> None:
    module = ACTIVATIONS[case.op.name](case.op)
    assert_same_arrays(case, module)
    if Trait.ELEMENTWISE not in case.op.traits:
        assert_reads_by_jacobian(case, module)
        return
    x = torch.randn(4, *case.inputs[0].shape)
    for output in positions(case.output):
        assert readings_by_position(case.op, case.inputs, output) == (frozenset({output}),)
    flipped = module(x.flip(0, 2, 3)).flip(0, 2, 3)
    assert torch.equal(flipped, module(x)), "elementwise: moved elements take their outputs along"


@pytest.mark.parametrize("case", ACTIVATION_CASES, ids=str)
def test_traits_of_activations(case: Case) -> None:
    """Each trait is claimed where it holds and nowhere else."""
    module = ACTIVATIONS[case.op.name](case.op)
    assert holding(module, case.inputs[0].shape) == case.op.traits & ~Trait.ELEMENTWISE


def linear_cases() -> list[tuple[Case, Function]]:
    """Layers that are not activations, with PyTorch's function of the first input."""
    conv = torch.nn.Conv2d(2, 3, 3)
    bare = torch.nn.Conv2d(2, 3, 3, bias=False)
    up = torch.nn.ConvTranspose2d(2, 3, 3)
    norm = torch.nn.BatchNorm2d(2).eval()
    norm.running_mean.fill_(0.3)
    image = (2, 4, 5)
    return [
        (case_named("conv2d", image, filters=3, kernel=3), conv),
        (case_named("conv2d", image, filters=3, kernel=3, bias=False), bare),
        (case_named("conv_transpose2d", image, filters=3, kernel=3), up),
        (case_named("dense", (6,), units=2), torch.nn.Linear(6, 2)),
        (case_named("max_pool2d", image, kernel=2), torch.nn.MaxPool2d(2)),
        (case_named("avg_pool2d", image, kernel=2), torch.nn.AvgPool2d(2)),
        (case_named("adaptive_avg_pool2d", image, size=3), torch.nn.AdaptiveAvgPool2d(3)),
        (case_named("adaptive_max_pool2d", image, size=3), torch.nn.AdaptiveMaxPool2d(3)),
        (case_named("global_max_pool", image), lambda x: x.amax((2, 3))),
        (case_named("global_avg_pool", image), lambda x: x.mean((2, 3))),
        (case_named("upsample", image, factor=2, mode="bilinear"), torch.nn.Upsample(scale_factor=2, mode="bilinear")),
        (case_named("flatten", image), torch.nn.Flatten()),
        (case_named("pad", image, amount=1), lambda x: F.pad(x, (1, 1, 1, 1))),
        (case_named("pad", image, amount=1, value=2.0), lambda x: F.pad(x, (1, 1, 1, 1), value=2.0)),
        (case_named("pad", image, amount=1, mode="reflect"), lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect")),
        (case_named("crop", image, amount=1), lambda x: x[:, :, 1:-1, 1:-1]),
        (case_named("batch_norm", image), norm),
        (case_named("layer_norm", image), torch.nn.LayerNorm(image)),
        (case_named("instance_norm", image), torch.nn.InstanceNorm2d(2)),
        (case_named("local_response_norm", image, size=2, alpha=1.0), torch.nn.LocalResponseNorm(2, 1.0)),
    ]


@pytest.mark.parametrize("index", range(len(linear_cases())), ids=[str(case) for case, _ in linear_cases()])
def test_traits(index: int) -> None:
    case, function = linear_cases()[index]
    assert holding(function, case.inputs[0].shape) == case.op.traits & ~Trait.ELEMENTWISE


def holding(function: Function, shape: tuple[int, ...]) -> Trait:
    """The traits that a function of a batch turns out to have at random points."""
    torch.manual_seed(0)
    x, y = 4 * torch.randn(50, *shape), 4 * torch.randn(50, *shape)
    with torch.no_grad():
        zero, fx, fy = function(torch.zeros(1, *shape)), function(x), function(y)
        affine = torch.allclose(function(x + y) - fx - fy + zero, torch.zeros(()), atol=1e-9)
        homogeneous = all(torch.allclose(function(a * x), a * fx) for a in (0.3, 2.0, 50.0))
        # The second difference of a piecewise linear function vanishes but near its kinks, which are few.
        step = 1e-3 * y
        bend = (function(x + step) - 2 * fx + function(x - step)).abs() > 1e-12
        piecewise = bend.double().mean() < 0.02
    found = {Trait.AFFINE: affine, Trait.HOMOGENEOUS: homogeneous, Trait.PIECEWISE_LINEAR: piecewise}
    traits = Trait.NONE
    for trait, holds in found.items():
        traits |= trait if holds else Trait.NONE
    return traits


# --- Nothing forgotten

WITHOUT_COUNTERPART = {
    "input": "brings data in",
}


def test_every_layer_type_is_compared() -> None:
    """A layer type is named in this file, or it is said why not."""
    families = (
        "conv{}d conv_transpose{}d max_pool{}d avg_pool{}d adaptive_max_pool{}d adaptive_avg_pool{}d max_unpool{}d"
    )
    compared_here = {family.format(axes) for family in families.split() for axes in (1, 2, 3)} | set(ACTIVATIONS)
    compared_here |= {case.op.name for case, _ in normalizations().values()}
    compared_here |= {case.op.name for case, _ in linear_cases()}
    compared_here |= {"crop_like", "reshape", "permute", "concat", "add", "multiply"}
    assert set(ops.names()) - compared_here == set(WITHOUT_COUNTERPART)
