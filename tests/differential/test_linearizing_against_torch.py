"""The affine map of a network against PyTorch's Jacobian of the same network, by automatic differentiation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.linearizing import linearize
from tests.executor.networks import drawn_for, net

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

VGG = """\
  - conv2d: {filters: 4, kernel: 3, padding: same}
  - batch_norm: {epsilon: 0.01}
  - relu
  - max_pool2d: 2
  - conv2d: {filters: 4, kernel: 3, padding: same}
  - relu6
  - adaptive_avg_pool2d: 2
  - flatten
  - dense: 6
  - leaky_relu: 0.2
  - dense: 3
"""
UNET = """\
  - conv2d: {filters: 3, kernel: 3, padding: same}
  - prelu:
    name: skip
  - max_pool2d: 2
  - conv2d: {filters: 4, kernel: 3, padding: same}
  - hardsigmoid
  - conv_transpose2d: {filters: 3, kernel: 2, stride: 2}
    name: up
  - add:
    from: [up, skip]
    name: sum
  - concat:
    from: [sum, image]
  - conv2d: {filters: 2, kernel: 1}
"""


def vgg(x: Any, w: dict[str, Any]) -> Any:
    x = F.conv2d(x, w["conv2d.weight"], w["conv2d.bias"], padding=1)
    mean, variance = w["batch_norm.running_mean"], w["batch_norm.running_var"]
    x = F.relu(F.batch_norm(x, mean, variance, w["batch_norm.weight"], w["batch_norm.bias"], eps=0.01))
    x = F.conv2d(F.max_pool2d(x, 2), w["conv2d_2.weight"], w["conv2d_2.bias"], padding=1)
    x = F.adaptive_avg_pool2d(F.relu6(x), 2).flatten(1)
    x = F.leaky_relu(F.linear(x, w["dense.weight"], w["dense.bias"]), 0.2)
    return F.linear(x, w["dense_2.weight"], w["dense_2.bias"])


def unet(image: Any, w: dict[str, Any]) -> Any:
    skip = F.prelu(F.conv2d(image, w["conv2d.weight"], w["conv2d.bias"], padding=1), w["skip.weight"])
    down = F.conv2d(F.max_pool2d(skip, 2), w["conv2d_2.weight"], w["conv2d_2.bias"], padding=1)
    gate = F.relu6(down + 3) / 6  # of PyTorch's own hardsigmoid the slope is 1/6 in single precision
    up = F.conv_transpose2d(gate, w["up.weight"], w["up.bias"], stride=2)
    return F.conv2d(torch.cat([up + skip, image], 1), w["conv2d_3.weight"], w["conv2d_3.bias"])


@pytest.mark.parametrize(("layers", "theirs"), [(VGG, vgg), (UNET, unet)], ids=["VGG-like", "U-Net-like"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_map_is_the_jacobian_and_what_is_left(layers: str, theirs: Any, seed: int) -> None:
    network = net(layers, "image: [2, 8, 8]", seed=seed)
    random = np.random.default_rng(seed)
    for array in network.parameters.values():
        if array.ndim == 1:
            np.add(array, 0.3 * random.random(array.shape), out=array)
    x = drawn_for(network, network.graph.inputs, 1, seed)
    found = linearize(network, x)

    weights = {name: torch.from_numpy(array) for name, array in network.parameters.items()}
    point = torch.from_numpy(x["image"])
    value = theirs(point, weights).reshape(-1)
    jacobian = torch.autograd.functional.jacobian(lambda at: theirs(at, weights), point)
    expected: Array = jacobian.reshape(len(value), -1).numpy()
    (matrix,), (constant,) = found.matrices.values(), found.constants.values()
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(matrix, expected, atol=1e-12)
    left = value.numpy() - expected @ x["image"].reshape(-1)
    np.testing.assert_allclose(constant.reshape(-1), left, atol=1e-11)
    assert np.abs(left).max() > 0.01
