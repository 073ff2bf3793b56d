"""Losses and optimizers against their counterparts in PyTorch, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archanalyzer.executor import losses, optimizers
from archanalyzer.executor.initializers import get as get_initializer
from archanalyzer.graph import Weight
from archanalyzer.recipe import LOSSES, OPTIMIZERS

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

SHAPES = ((1, 3), (4, 3), (2, 5, 6), (3, 4, 2, 5), (2, 3, 2, 3, 2))


pytestmark = pytest.mark.usefixtures("double_precision")


def half_squared_error(output: Any, target: Any) -> Any:
    return 0.5 * F.mse_loss(output, target, reduction="sum") / len(output)


COUNTERPARTS: dict[str, Callable[[Any, Any], Any]] = {
    "half_squared_error": half_squared_error,
    "mean_squared_error": F.mse_loss,
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
}


def assert_same(ours: Any, theirs: Any, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=tolerance, atol=1e-10)


def assert_same_loss(name: str, output: Any, target: Any, tolerance: float = 1e-10) -> None:
    loss, out = losses.get(name), np.empty_like(output)
    loss.gradient(output, target, out)
    theirs = torch.from_numpy(output.copy()).requires_grad_()
    value = COUNTERPARTS[name](theirs, torch.from_numpy(target))
    value.backward()
    assert loss.value(output, target) == pytest.approx(value.item(), rel=1e-10, abs=1e-10)
    assert_same(out, theirs.grad, tolerance)


def test_every_loss_has_a_counterpart() -> None:
    assert list(COUNTERPARTS) == list(LOSSES)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    output = random.random(shape) if name == "binary_cross_entropy" else 3 * random.normal(size=shape)
    assert_same_loss(name, output, random.random(shape))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cross_entropy_of_distributions_and_classes(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    output, fractions = 3 * random.normal(size=shape), random.random(shape)
    assert_same_loss("cross_entropy", output, fractions / fractions.sum(axis=1, keepdims=True))
    assert_same_loss("cross_entropy", output, random.integers(shape[1], size=(shape[0], *shape[2:])))


@pytest.mark.parametrize("scale", [1e-3, 50, 1e4])
def test_logits_of_any_magnitude(scale: float) -> None:
    random = np.random.default_rng(0)
    output = scale * random.normal(size=(6, 4))
    assert_same_loss("cross_entropy", output, random.integers(4, size=6))
    assert_same_loss("binary_cross_entropy_with_logits", output, random.integers(2, size=(6, 4)).astype(float))


def test_probabilities_at_the_ends() -> None:
    ends = np.array([[0, 0, 1, 1, 0, 1, 1e-50, 1 - 1e-16, 1e-13]])
    targets = np.array([[0, 1, 0, 1, 0.5, 0.5, 1, 0, 0.25]])
    # PyTorch's bound in the gradient is 1e-12 in float32, off by 4e-9 of itself, in float64, too.
    assert_same_loss("binary_cross_entropy", ends, targets, tolerance=1e-8)


OPTIMIZER_CASES: list[tuple[str, dict[str, float], str, dict[str, Any]]] = [
    ("sgd", {"rate": 0.1}, "SGD", {"lr": 0.1}),
    ("sgd", {"rate": 0.1, "weight_decay": 0.3}, "SGD", {"lr": 0.1, "weight_decay": 0.3}),
    *(
        (name, {"rate": 0.1, "momentum": beta, **decay}, "SGD", {"lr": 0.1, "momentum": beta, **decay})
        for name in ("momentum", "momentum_unrolled")
        for beta in (0.0, 0.5, 0.9)
        for decay in ({}, {"weight_decay": 0.3})
    ),
    ("momentum", {}, "SGD", {"momentum": 0.9}),
    *(
        (
            "nesterov",
            {"rate": 0.1, "momentum": beta, **decay},
            "SGD",
            {"lr": 0.1, "momentum": beta, "nesterov": True, **decay},
        )
        for beta in (0.5, 0.9)
        for decay in ({}, {"weight_decay": 0.3})
    ),
    ("adam", {}, "Adam", {}),
    ("adam", {"rate": 0.1}, "Adam", {"lr": 0.1}),
    ("adam", {"rate": 0.1, "weight_decay": 0.3}, "Adam", {"lr": 0.1, "weight_decay": 0.3}),
    ("adam", {"rate": 0.1, "beta1": 0.5, "beta2": 0.75}, "Adam", {"lr": 0.1, "betas": (0.5, 0.75)}),
    ("adam", {"rate": 0.1, "beta1": 0, "epsilon": 0.1}, "Adam", {"lr": 0.1, "betas": (0.0, 0.999), "eps": 0.1}),
]


def gradient_of(theta: Any, noise: Any) -> Any:
    """The gradient at Θ of a curved surface that changes from step to step."""
    return np.sin(3 * theta) + 0.5 * theta + noise


def test_every_setting_of_every_optimizer_is_compared() -> None:
    compared = {(name, setting) for name, options, _, _ in OPTIMIZER_CASES for setting in options}
    assert compared == {(name, each.name) for name, optimizer in OPTIMIZERS.items() for each in optimizer.settings}


@pytest.mark.parametrize(("name", "options", "counterpart", "theirs"), OPTIMIZER_CASES, ids=str)
def test_optimizers(name: str, options: dict[str, float], counterpart: str, theirs: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    theta = random.normal(size=50)
    parameter = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    ours, peer = optimizers.get(name)(**options), getattr(torch.optim, counterpart)([parameter], **theirs)
    for _ in range(30):
        noise = random.normal(size=50)
        ours.update(theta, gradient_of(theta, noise))
        parameter.grad = torch.from_numpy(gradient_of(parameter.detach().numpy(), noise))
        peer.step()
        assert_same(theta, parameter)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("he_normal", "kaiming_normal_"),
        ("he_uniform", "kaiming_uniform_"),
        ("glorot_normal", "xavier_normal_"),
        ("glorot_uniform", "xavier_uniform_"),
    ],
)
def test_initializers_have_the_same_variance(name: str, theirs: str) -> None:
    weight = Weight("weight", (200, 100, 5, 5))
    array = torch.empty(weight.shape)
    torch.manual_seed(0)
    getattr(torch.nn.init, theirs)(array)
    variance = get_initializer(name).variance(*weight.fans)
    assert array.var().item() == pytest.approx(variance, rel=4 * np.sqrt(2 / weight.elements))
