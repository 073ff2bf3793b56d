"""Do the numbers that a spec pins fit its layers?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic, did_you_mean
from archanalyzer.diagnostics.rules.language import INVALID_FIELD, PINNED_SHAPE
from archanalyzer.graph import Pinned, Running, Weight, shown_shape
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.recipe import LOSSES

Shape = tuple[int, ...]


def misfits(facts: Facts, running: Running) -> tuple[Diagnostic, ...]:
    """Pinned weights, inputs and targets that are not as their layer, the loss and each other need them."""
    outputs, used = facts.result(TensorTypes).outputs, facts.result(Parameters).used
    index = facts.graph.index
    found: list[Diagnostic] = []
    for layer, arrays in running.weights.items():
        if layer in index:
            found.extend(_weights(arrays, {weight.name: weight for weight in used[index[layer]]}, layer))
    takes_classes = running.loss is not None and LOSSES[running.loss].takes_classes
    samples = [
        Samples(
            name,
            pinned,
            Layouts(outputs[index[name]].shape, takes_classes and section is running.targets),
            running.loss if section is running.targets else None,
            is_target=section is running.targets,
        )
        for section in (running.inputs, running.targets)
        for name, pinned in section.items()
        if name in index
    ]
    found.extend(_batches(samples))
    return tuple(found)


def _weights(arrays: Mapping[str, Pinned], weights: Mapping[str, Weight], layer: str) -> Iterator[Diagnostic]:
    for name, pinned in arrays.items():
        if name not in weights:
            hint = did_you_mean(name, tuple(weights), "arrays")
            message = f"`{name}` is not an array of `{layer}`"
            yield Diagnostic(PINNED_SHAPE, message, pinned.name_source or pinned.source, hint)
        elif isinstance(pinned.value, str):
            if weights[name].initial is not None:
                message = f"expected `{name}` as numbers, found the initializer `{pinned.value}`"
                hint = f"left out, it starts as {weights[name].initial:g}"
                yield Diagnostic(INVALID_FIELD, message, pinned.source, hint)
        elif isinstance(pinned.value, list) and shape_of(pinned.value) != weights[name].shape:
            message = f"expected `{name}` with shape {shown_shape(weights[name].shape)}"
            yield Diagnostic(PINNED_SHAPE, f"{message}, found {shown_shape(shape_of(pinned.value))}", pinned.source)


class Fit(NamedTuple):
    """How pinned samples are laid out: ``batch`` of them, or None for one without a batch axis; as class numbers?"""

    batch: int | None
    classes: bool = False

    @property
    def number(self) -> int:
        """How many samples they are."""
        return 1 if self.batch is None else self.batch


class Layouts(NamedTuple):
    """The shapes that an input or target may be given in; ``sample`` is that of its tensor.

    With ``takes_classes``, the number of the right channel may stand for a distribution over the channels.
    """

    sample: Shape
    takes_classes: bool = False

    def fits(self, shape: Shape) -> tuple[Fit, ...]:
        """All ways to read a value of a shape. As many classes as there are samples may look like a distribution."""
        layouts = ((self.sample, False), (self.sample[1:], True))[: 1 + self.takes_classes]
        single = tuple(Fit(None, classes) for layout, classes in layouts if shape == layout)
        return single + tuple(Fit(shape[0], classes) for layout, classes in layouts if shape and shape[1:] == layout)

    def fit(self, shape: Shape, batch: int | None = None) -> Fit | None:
        """How to read a value, in a batch where that is known; None where it does not fit."""
        fits = self.fits(shape)
        agreeing = (fit for fit in fits if fit.number == batch)
        return next(agreeing, next(iter(fits), None))

    def __str__(self) -> str:
        """What is expected, in a message."""
        distribution = f"shape {shown_shape(self.sample)}"
        if not self.takes_classes:
            return distribution
        spatial = self.sample[1:]
        return f"{distribution}, or {'classes with shape' if spatial else 'a class as'} {shown_shape(spatial)}"

    @property
    def batch_hint(self) -> str:
        """What a batch looks like."""
        hint = f"a batch of N is {shown_shape(('N', *self.sample))}"
        return f"{hint}, or of classes {shown_shape(('N', *self.sample[1:]))}" if self.takes_classes else hint


class Samples(NamedTuple):
    """One input or target as pinned; of a target, ``loss`` is the one that the spec names, if it does."""

    name: str
    pinned: Pinned
    layouts: Layouts
    loss: str | None = None
    is_target: bool = False

    @property
    def shape(self) -> Shape:
        return shape_of(self.pinned.value)

    @property
    def hint(self) -> str | None:
        """Of samples that do not fit: what a batch looks like, or that another loss would take them as classes."""
        if len(self.shape) > len(self.layouts.sample):
            return self.layouts.batch_hint
        as_classes = self.layouts._replace(takes_classes=True).fits(self.shape)
        if self.layouts.takes_classes or not self.is_target or not as_classes or self.wrong_class() is not None:
            return None
        taking = " or ".join(f"`{name}`" for name, loss in LOSSES.items() if loss.takes_classes)
        return f"for classes as targets, let the loss be {taking}"

    def wrong_class(self) -> float | None:
        """The first number that is not that of a class; None where all are."""
        classes = self.layouts.sample[0]
        return next((each for each in _numbers(self.pinned.value) if each % 1 or not 0 <= each < classes), None)


def _batches(samples: list[Samples]) -> Iterator[Diagnostic]:
    first: Samples | None = None
    batch: int | None = None
    for each in samples:
        fit = each.layouts.fit(each.shape, batch)
        if fit is None:
            message = f"expected `{each.name}` with {each.layouts}, found {shown_shape(each.shape)}"
            yield Diagnostic(PINNED_SHAPE, message, each.pinned.source, each.hint)
            continue
        if first is None or batch is None:
            first, batch = each, fit.number
        elif fit.number != batch:
            message = f"expected `{each.name}` in a batch of {batch:,}, as `{first.name}` is, found {fit.number:,}"
            yield Diagnostic(PINNED_SHAPE, message, each.pinned.source)
        if fit.classes:
            yield from _classes(each)


def _classes(samples: Samples) -> Iterator[Diagnostic]:
    """That a number is not that of a class, and how classes, or else distributions over them, are written."""
    classes, wrong = samples.layouts.sample[0], samples.wrong_class()
    if wrong is None:
        return
    message = f"expected a class of `{samples.name}` as a whole number from 0 to {classes - 1:,}, found {wrong}"
    hint = f"`{samples.loss}` counts classes from 0"
    if wrong % 1:
        hint = f"`{samples.loss}` takes classes, or distributions over them with shape "
        hint += shown_shape(samples.layouts.sample)
    yield Diagnostic(INVALID_FIELD, message, samples.pinned.source, hint)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    else:
        yield value


def shape_of(value: Any) -> Shape:
    """The shape of a nested list whose lists are of equal lengths."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)
