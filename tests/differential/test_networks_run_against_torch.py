"""Whole networks, run forward, backward and one training step, against the same networks written by hand in PyTorch.

Both have the same arrays, given in the order in which layers stand, and compute in double precision. Outputs, the
gradients by all parameters and inputs, running statistics, the loss and the parameters after a step of gradient descent
are compared, each to within 1e-9 of the largest number in its array. In training, PyTorch drops what ours has dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor import losses
from archanalyzer.executor.network import Network
from archanalyzer.executor.optimizers import Sgd

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional
nn = torch.nn
Module: Any = torch.nn.Module

ROOT = Path(__file__).parents[2]


# --- How a network is compared

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "half_squared_error": lambda output, target: ((output - target) ** 2).sum() / (2 * len(output)),
    "mean_squared_error": F.mse_loss,
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy_with_logits": lambda o, target: F.binary_cross_entropy_with_logits(o, target.to(o.dtype)),
}


class Dropped(Module):  # type: ignore[misc]
    """A dropout of which the mask is given; without one it does nothing."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.mask: Any = None

    def forward(self, x: Any) -> Any:
        return x if self.mask is None else x * self.mask / (1 - self.rate)


class Pair(NamedTuple):
    """A network of ours, and the same as a module, which takes the inputs and gives the outputs in our order."""

    ours: Network
    theirs: Any

    def initialize(self) -> None:
        """Gives both the same arrays: those that ours begins with, but biases are not zero, and scales are not one."""
        random = np.random.default_rng(0)
        for array in self.ours.parameters.values():
            if array.ndim == 1:
                np.add(array, 0.1 * random.random(array.shape), out=array)
        ours = iter(self.ours.parameters.values())
        with torch.no_grad():
            for theirs in self.arrays():
                theirs.copy_(torch.from_numpy(next(ours)))
        assert next(ours, None) is None

    def arrays(self) -> Iterator[Any]:
        """The module's parameters and buffers, layer by layer; its counters of batches are none of a layer's arrays."""
        for module in self.theirs.modules():
            yield from module.parameters(recurse=False)
            yield from (array for name, array in module.named_buffers(recurse=False) if name != "num_batches_tracked")

    def assert_gradients(self) -> None:
        theirs = [array for array in self.arrays() if array.requires_grad]
        for (name, ours), array in zip(self.ours.gradients.items(), theirs, strict=True):
            assert_close(ours, array.grad, f"the gradient by {name}")

    def assert_arrays(self) -> None:
        for (name, ours), array in zip(self.ours.parameters.items(), self.arrays(), strict=True):
            assert_close(ours, array, name)


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    expected = theirs.detach().numpy()
    assert np.shape(ours) == expected.shape, what
    largest, difference = np.abs(expected).max(), np.abs(ours - expected).max()
    assert largest > 0, f"{what} is zero, which shows nothing"
    assert difference <= 1e-9 * largest, f"{what}, at most {largest}, differs by {difference}"


def run_both(pair: Pair, *, loss: str, batch: int = 2, training: bool = True) -> None:
    """Compares a forward and a backward step from random gradients, and after them a training step."""
    network, module = pair.ours, pair.theirs.double().train(training)
    pair.initialize()
    random = np.random.default_rng(1)
    x = {layer.name: random.standard_normal((batch, *shape)) for layer, shape in _shapes(network, network.graph.inputs)}
    drawn_so_far = network.random.bit_generator.state

    outputs = network.forward(x, training=training)
    masks = [call.extras["mask"].copy() for _, _, call in network.bound.forward if "mask" in call.extras]
    dy = {name: random.standard_normal(output.shape) for name, output in outputs.items()}
    by_inputs = network.backward(dy)

    for dropped, mask in zip(_dropouts(module), masks, strict=True):
        dropped.mask = torch.from_numpy(mask) if training else None
    tensors = [torch.tensor(array, requires_grad=True) for array in x.values()]
    expected = _as_tuple(module(*tensors))
    torch.autograd.backward(expected, [torch.from_numpy(gradient) for gradient in dy.values()])
    for (name, output), theirs in zip(outputs.items(), expected, strict=True):
        assert_close(output, theirs, f"the output {name}")
    assert by_inputs.keys() == x.keys()
    for name, tensor in zip(x, tensors, strict=True):
        assert_close(by_inputs[name], tensor.grad, f"the gradient by {name}")
    pair.assert_gradients()
    pair.assert_arrays()

    network.random.bit_generator.state = drawn_so_far
    network.loss, network.optimizer = losses.get(loss), Sgd(rate=0.1)
    targets = {name: network.loss.drawn(random, output.shape) for name, output in outputs.items()}
    value = network.loss_gradients(x, targets, training=training)
    network.update()

    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    optimizer.zero_grad()
    outputs_and_targets = zip(_as_tuple(module(*tensors)), targets.values(), strict=True)
    theirs = sum(LOSSES[loss](output, torch.from_numpy(target)) for output, target in outputs_and_targets)
    theirs.backward()
    optimizer.step()
    assert_close(value, theirs, "the loss")
    pair.assert_gradients()
    pair.assert_arrays()


def _shapes(network: Network, layers: tuple[int, ...]) -> Iterator[tuple[Any, tuple[int, ...]]]:
    for index in layers:
        yield network.graph.layers[index], network.types.outputs[index].shape


def _dropouts(module: Any) -> list[Any]:
    return [each for each in module.modules() if isinstance(each, Dropped)]


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def from_file(path: str, shape: str, **settings: str) -> Network:
    spec = archanalyzer.load(ROOT / path, input_shapes={"image": shape}, settings=settings)
    return archanalyzer.compile(spec, dtype="float64", input_gradients=True)


def from_text(text: str) -> Network:
    return archanalyzer.compile(archanalyzer.loads(text), dtype="float64", input_gradients=True)


# --- VGG-16


def vgg16(classes: int, extent: int) -> Any:
    layers: list[Any] = []
    channels = 3
    for filters, convolutions in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(convolutions):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(512 * (extent // 32) ** 2, 4096), nn.ReLU(), Dropped(0.5)]
    layers += [nn.Linear(4096, 4096), nn.ReLU(), Dropped(0.5), nn.Linear(4096, classes), nn.Softmax(dim=1)]
    return nn.Sequential(*layers)


def test_vgg16() -> None:
    network = from_file("specs/vgg16.yaml", "3x64x64", classes="10")
    run_both(Pair(network, vgg16(10, 64)), loss="half_squared_error")


# --- U-Net


class DoubleConv(nn.Sequential):  # type: ignore[misc, name-defined]
    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU())


class Up(Module):  # type: ignore[misc]
    """Crops the skip to the middle and lays it before what comes up."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * filters, filters, 2, stride=2)
        self.convs = DoubleConv(2 * filters, filters)

    def forward(self, below: Any, skip: Any) -> Any:
        up = self.up(below)
        top, left = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
        cropped = skip[:, :, top : top + up.shape[2], left : left + up.shape[3]]
        return self.convs(torch.cat([cropped, up], dim=1))


class UNet(Module):  # type: ignore[misc]
    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = nn.ModuleList([DoubleConv(1, width), *(DoubleConv(width << n, width << n + 1) for n in range(3))])
        self.drop_features = Dropped(0.5)
        self.bottom = DoubleConv(8 * width, 16 * width)
        self.drop_bottom = Dropped(0.5)
        self.up = nn.ModuleList([Up(8 * width >> n) for n in range(4)])
        self.classifier = nn.Conv2d(width, 2, 1)

    def forward(self, x: Any) -> Any:
        skips: list[Any] = []
        for down in self.down:
            x = down(x)
            skips.append(x if len(skips) < 3 else self.drop_features(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.drop_bottom(self.bottom(x))
        for up in self.up:
            x = up(x, skips.pop())
        return self.classifier(x)


@pytest.mark.parametrize(
    ("width", "training"), [(8, True), (8, False), (64, True)], ids=["narrow", "narrow, at inference", "full width"]
)
def test_unet(width: int, training: bool) -> None:
    """On the smallest image that it takes."""
    network = from_file("specs/unet.yaml", "1x188x188", width=str(width))
    batch = 2 if width < 64 else 1
    run_both(Pair(network, UNet(width)), loss="cross_entropy", batch=batch, training=training)


# --- ResNet-50


class Bottleneck(Module):  # type: ignore[misc]
    def __init__(self, channels: int, width: int, stride: int, *, project: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 4 * width, 1, bias=False),
            nn.BatchNorm2d(4 * width),
        )
        projection = (nn.Conv2d(channels, 4 * width, 1, stride=stride, bias=False), nn.BatchNorm2d(4 * width))
        self.shortcut = nn.Sequential(*projection) if project else nn.Identity()

    def forward(self, x: Any) -> Any:
        return F.relu(self.body(x) + self.shortcut(x))


def resnet50() -> Any:
    layers: list[Any] = [nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    layers.append(nn.MaxPool2d(3, stride=2, padding=1))
    channels = 64
    for width, units, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for unit in range(units):
            layers.append(Bottleneck(channels, width, stride if unit == 0 else 1, project=unit == 0))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


@pytest.mark.parametrize("training", [True, False])
def test_resnet50(training: bool) -> None:
    """Its running statistics after one batch and after two are compared, too."""
    network = from_file("tests/passes/cases/resnet50.yaml", "3x64x64")
    run_both(Pair(network, resnet50()), loss="cross_entropy", batch=3, training=training)


# --- Depthwise separable, as MobileNet v2 but for a hardswish behind each block (a bias before a norm has no gradient)

MOBILE = """\
archspec: 1
inputs: {image: [3, 24, 20]}
blocks:
  conv:
    arguments: {filters: null, kernel: 1, stride: 1, groups: 1}
    layers:
      - conv2d:
          {filters: =filters, kernel: =kernel, stride: =stride, padding: =kernel // 2, groups: =groups, bias: false}
      - batch_norm
  inverted:
    arguments: {channels: null, filters: null, stride: 1}
    layers:
      - conv: {filters: =6*channels}
      - relu6
      - conv: {filters: =6*channels, kernel: 3, stride: =stride, groups: =6*channels}
      - relu6
      - conv: {filters: =filters}
      - hardswish
  residual:
    arguments: {channels: null}
    layers:
      - inverted: {channels: =channels, filters: =channels}
      - add:
        from: [input, previous]
layers:
  - conv: {filters: 8, kernel: 3, stride: 2}
  - relu6
  - residual: 8
  - inverted: {channels: 8, filters: 12, stride: 2}
  - residual: 12
  - global_avg_pool
  - dense: 5
"""


def mobile_conv(channels: int, filters: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> tuple[Any, Any]:
    conv = nn.Conv2d(channels, filters, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)
    return conv, nn.BatchNorm2d(filters)


class Inverted(Module):  # type: ignore[misc]
    def __init__(self, channels: int, filters: int, stride: int = 1) -> None:
        super().__init__()
        wide = 6 * channels
        self.layers = nn.Sequential(
            *mobile_conv(channels, wide),
            nn.ReLU6(),
            *mobile_conv(wide, wide, 3, stride, wide),
            nn.ReLU6(),
            *mobile_conv(wide, filters),
            nn.Hardswish(),
        )
        self.is_residual = channels == filters

    def forward(self, x: Any) -> Any:
        return x + self.layers(x) if self.is_residual else self.layers(x)


@pytest.mark.parametrize("training", [True, False])
def test_depthwise_separable(training: bool) -> None:
    layers = [*mobile_conv(3, 8, 3, 2), nn.ReLU6(), Inverted(8, 8), Inverted(8, 12, 2), Inverted(12, 12)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5)]
    pair = Pair(from_text(MOBILE), nn.Sequential(*layers))
    run_both(pair, loss="binary_cross_entropy_with_logits", batch=4, training=training)


# --- Shared layers

SHARED = """\
archspec: 1
inputs: {image: [2, 6, 7]}
layers:
  - conv2d: {filters: 2, kernel: 3, padding: 1}
    name: first
  - tanh
  - conv2d:
    share: first
  - batch_norm:
    name: norm
  - conv2d:
    share: first
  - batch_norm:
    share: norm
  - prelu:
    name: slopes
  - flatten
  - dense: 84
    name: mixed
  - dense:
    share: mixed
  - reshape: {shape: [2, 6, 7]}
  - add:
    from: [previous, slopes]
  - prelu:
    share: slopes
  - conv2d:
    share: first
"""


class Shared(Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.slopes = nn.PReLU(2)
        self.mixed = nn.Linear(84, 84)

    def forward(self, x: Any) -> Any:
        x = self.norm(self.first(torch.tanh(self.first(x))))
        x = sloped = self.slopes(self.norm(self.first(x)))
        x = self.mixed(self.mixed(x.flatten(1))).reshape(sloped.shape)
        return self.first(self.slopes(x + sloped))


@pytest.mark.parametrize("training", [True, False])
def test_shared_layers(training: bool) -> None:
    """Their gradients are sums; the running statistics of a shared batch norm move at each use."""
    run_both(Pair(from_text(SHARED), Shared()), loss="mean_squared_error", batch=3, training=training)


# --- Several inputs and outputs

BRANCHED = """\
archspec: 1
inputs: {image: [3, 9, 8], other: [3, 5, 4], code: [4]}
outputs: [scores, middle, joined]
layers:
  - conv2d: {filters: 6, kernel: 3, padding: same}
    from: image
    name: left
  - layer_norm: {over: channels}
  - gelu:
    name: middle # an output that other layers read, too
  - upsample: {size: [9, 8], mode: bilinear}
    from: other
  - conv2d: {filters: 6, kernel: 1}
    name: right
  - dense: 6
    from: code
  - sigmoid
  - reshape: {shape: [6, 1, 1]}
    name: gate
  - multiply:
    from: [middle, right, gate]
    name: gated
  - add:
    from: [gated, left, gate]
  - group_norm: 2
    name: summed
  - concat:
    from: [summed, image, gated]
    name: joined
  - max_pool2d: [3, 2]
    from: joined
    name: pooled
  - elu
  - max_unpool2d:
    from: [elu, pooled]
  - dropout: 0.3
  - local_response_norm: {size: 5, alpha: 0.1}
  - avg_pool2d: {kernel: 3, stride: 2, padding: 1, count_padding: false}
  - conv_transpose2d: {filters: 5, kernel: 3, stride: 2, padding: 1}
  - silu
  - instance_norm: {affine: true}
  - pad: {amount: [[1, 0], [0, 2]], mode: reflect}
  - permute: {axes: [0, 2, 1]}
  - softplus
  - global_max_pool
  - concat:
    from: [previous, code]
  - dense: {units: 3, bias: false}
    name: scores
"""


class Branched(Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Conv2d(3, 6, 3, padding="same")
        self.over_channels = nn.LayerNorm(6)
        self.right = nn.Conv2d(3, 6, 1)
        self.coded = nn.Linear(4, 6)
        self.grouped = nn.GroupNorm(2, 6)
        self.drop = Dropped(0.3)
        self.local = nn.LocalResponseNorm(5, 0.1)
        self.transposed = nn.ConvTranspose2d(15, 5, 3, stride=2, padding=1)
        self.instances = nn.InstanceNorm2d(5, affine=True)
        self.scores = nn.Linear(9, 3, bias=False)

    def forward(self, image: Any, other: Any, code: Any) -> Any:
        left = self.left(image)
        middle = F.gelu(self.over_channels(left.movedim(1, -1)).movedim(-1, 1))
        right = self.right(F.interpolate(other, size=(9, 8), mode="bilinear"))
        gate = torch.sigmoid(self.coded(code))[:, :, None, None]
        gated = middle * right * gate
        joined = torch.cat([self.grouped(gated + left + gate), image, gated], dim=1)
        pooled, positions = F.max_pool2d(joined, (3, 2), return_indices=True)
        x = torch.zeros_like(joined).flatten(2).scatter(2, positions.flatten(2), F.elu(pooled).flatten(2))
        x = self.local(self.drop(x.reshape(joined.shape)))
        x = self.transposed(F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False))
        x = F.softplus(F.pad(self.instances(F.silu(x)), (0, 2, 1, 0), mode="reflect").transpose(2, 3))
        return self.scores(torch.cat([x.amax((2, 3)), code], dim=1)), middle, joined


@pytest.mark.parametrize("training", [True, False])
def test_several_inputs_and_outputs(training: bool) -> None:
    run_both(Pair(from_text(BRANCHED), Branched()), loss="mean_squared_error", batch=3, training=training)
