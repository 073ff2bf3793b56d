"""Whole networks against PyTorch: parameters, and the multiply–accumulates that its own counter sees it do.

``torch.utils.flop_counter`` counts what is really dispatched, backward steps included, so it is an authority on which
gradients a training step needs: PyTorch does not compute one that leads back to nothing that learns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.spec import parse_spec, read_spec

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `make differential` installs it")

ROOT = Path(__file__).parents[2]


def padding(op: Any) -> Any:
    """Padding as PyTorch takes it: a name, or one number an axis."""
    return (
        {"same": "same", "valid": 0}.get(op.padding) if isinstance(op.padding, str) else tuple(p[0] for p in op.padding)
    )


def conv(axes: int, transposed: bool = False) -> Any:
    def build(op: Any, channels: int) -> Any:
        kind = getattr(torch.nn, f"Conv{'Transpose' * transposed}{axes}d")
        sizes = {"stride": op.stride, "padding": padding(op), "groups": op.groups, "bias": op.bias}
        return kind(channels, op.filters, op.kernel, **sizes)

    return build


MODULES: dict[str, Any] = {
    "conv1d": conv(1),
    "conv2d": conv(2),
    "conv_transpose2d": conv(2, transposed=True),
    "dense": lambda op, features: torch.nn.Linear(features, op.units, bias=op.bias),
    "relu": lambda op, _: torch.nn.ReLU(),
    "softmax": lambda op, _: torch.nn.Softmax(dim=1),
    "dropout": lambda op, _: torch.nn.Dropout(op.rate),
    "flatten": lambda op, _: torch.nn.Flatten(),
    "batch_norm": lambda op, channels: torch.nn.BatchNorm2d(channels),
    "max_pool2d": lambda op, _: torch.nn.MaxPool2d(op.kernel, op.stride, padding(op)),
    "global_avg_pool": lambda op, _: torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()),
}
FUNCTIONS: dict[str, Any] = {
    "add": lambda op, *inputs: sum(inputs[1:], start=inputs[0]),
    "concat": lambda op, *inputs: torch.cat(inputs, dim=1 + op.axis),
    "crop_like": lambda op, x, reference: crop(x, reference),
}


def crop(x: Any, reference: Any) -> Any:
    for axis in range(2, x.ndim):
        extra = x.shape[axis] - reference.shape[axis]
        x = x.narrow(axis, extra // 2, reference.shape[axis])
    return x


class Network(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A graph as a PyTorch module, layer by layer."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.graph: Graph = facts.graph
        shapes = facts.values("output_shape")
        modules: list[Any] = []
        for layer in self.graph.layers:
            channels = shapes[layer.inputs[0]][0] if layer.inputs else 0
            if layer.shares is not None:
                modules.append(modules[layer.shares])
            elif layer.op.name in MODULES:
                modules.append(MODULES[layer.op.name](layer.op, channels))
                modules[-1].requires_grad_(not layer.frozen)
            else:
                modules.append(torch.nn.Identity())
        self.steps = torch.nn.ModuleList(modules)

    def forward(self, x: Any) -> Any:
        values: list[Any] = []
        for layer, module in zip(self.graph.layers, self.steps, strict=True):
            inputs = [values[source] for source in layer.inputs]
            if not inputs:
                values.append(x)
            elif layer.op.name in FUNCTIONS:
                values.append(FUNCTIONS[layer.op.name](layer.op, *inputs))
            else:
                values.append(module(*inputs))
        return values[-1]


def counted(network: Network, shape: list[int], *, training: bool) -> int:
    """FLOPs that PyTorch counts while it runs one sample: two a multiply–accumulate, and nothing else."""
    from torch.utils.flop_counter import FlopCounterMode

    network.train(training)
    x = torch.randn(1, *shape)
    with FlopCounterMode(display=False) as counter:
        if training:
            network(x).sum().backward()
        else:
            with torch.no_grad():
                network(x)
    return int(counter.get_total_flops())


def compare(facts: Facts, *, training: bool = True) -> None:
    network = Network(facts)
    shape = facts.values("output_shape")[facts.graph.inputs[0]]
    assert sum(parameter.numel() for parameter in network.parameters()) == facts.total("parameters").amount.value
    learned = (parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    assert sum(learned) == facts.total("trainable_parameters").amount.value
    assert counted(network, shape, training=False) == 2 * facts.total("macs").amount.value
    if training:
        assert counted(network, shape, training=True) == 2 * facts.total("training_macs").amount.value


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("specs/vgg16.yaml", "3x32x32"),
        ("tests/passes/cases/resnet50.yaml", "3x64x64"),
    ],
)
def test_famous_networks_on_small_images(path: str, shape: str) -> None:
    compare(analyze(read_spec(str(ROOT / path), input_shapes={"image": shape})).facts)


def test_unet_forward() -> None:
    # PyTorch's counter takes a transposed convolution's backward step for that of a convolution, so only forward.
    spec = read_spec(str(ROOT / "specs" / "unet.yaml"), input_shapes={"image": "1x188x188"}, settings={"width": "8"})
    compare(analyze(spec).facts, training=False)


HEAD = "archspec: 1\ninputs: {image: [3, 12, 12]}\nlayers:\n"
CONV = "  - conv2d: {filters: 3, kernel: 3, padding: 1}\n"


@pytest.mark.parametrize(
    "layers",
    [
        f"{CONV}    frozen: true\n{CONV}{CONV}",
        f"{CONV}{CONV}    frozen: true\n{CONV}",
        f"{CONV}{CONV}{CONV}    frozen: true\n",
        f"{CONV}  - relu\n{CONV}    name: a\n{CONV}    share: a\n",
        f"{CONV}    name: a\n    frozen: true\n{CONV}    share: a\n{CONV}",
        f"{CONV}    name: left\n{CONV}    from: image\n    frozen: true\n  - add:\n    from: [left, previous]\n{CONV}",
        f"{CONV}    frozen: true\n  - flatten\n  - dense: 5\n  - relu\n  - dense: {{units: 4, bias: false}}\n",
    ],
    ids=["frozen below", "frozen between", "frozen on top", "shared", "shared and frozen", "branch", "head"],
)
def test_frozen_and_shared_layers(layers: str) -> None:
    analyzed = analyze(parse_spec(HEAD + layers))
    assert not analyzed.diagnostics
    compare(analyzed.facts)
