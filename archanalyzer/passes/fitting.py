"""At which sizes of its inputs does a network fit?

Where a layer does not fit what it reads and other input sizes would mend that, the layer's diagnostic names them. Why
what is said holds for all sizes, not only for those tried, is explained in ``archanalyzer.passes.trying``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, enumerated
from archanalyzer.diagnostics.rules.layers import TOO_MANY_AXES, WRONG_NUMBER_OF_INPUTS, WRONG_RANK
from archanalyzer.graph import Graph, shown_shape
from archanalyzer.passes.size_sets import Sizes, is_intersection
from archanalyzer.passes.tensor_types import TensorTypes, Typing
from archanalyzer.passes.trying import Axis, Line, OutOfWork, Trials

_NO_MATTER_OF_SIZE = (WRONG_NUMBER_OF_INPUTS, WRONG_RANK, TOO_MANY_AXES)
"""No size changes how many inputs a layer has, or how many axes they have."""
_PAIRED = 12
"""Sizes of an axis that are tried together with those of others."""

Group = tuple[Axis, ...]


class Fit(NamedTuple):
    """The sizes at which a network fits, of some axes of its inputs, while all others are as they are.

    ``groups`` are the axes: those of one group must be of one size, the groups may differ, and ``sizes`` holds for
    each. ``name`` says which they are, and ``tie`` which of them must be alike, where some must.
    """

    name: str
    groups: tuple[Group, ...]
    sizes: Sizes
    tie: str = ""

    @property
    def text(self) -> str:
        """``height and width: multiples of 16``."""
        return f"{self.name}: {self.sizes.text}{', ' if self.tie else ''}{self.tie}"


def input_sizes(graph: Graph, types: TensorTypes) -> tuple[Fit, ...]:
    """The sizes at which a network that fits would fit as well, for all spatial axes of its inputs.

    Of each axis, or axes that must be alike, with the sizes of all others as they are; where the same is true of
    several, they are told together if they do not depend on each other. Empty where there is too much to try.
    """
    trials = Trials(graph, {index: types.outputs[index] for index in graph.inputs})
    axes = _spatial_axes(trials)
    try:
        base = {axis: trials.size(axis) for axis in axes}
        known = _around(trials, axes, base)
        return _told(trials, known, together=_go_together(trials, known, base))
    except OutOfWork:
        return ()


def with_fitting_sizes(graph: Graph, typing: Typing) -> tuple[Diagnostic, ...]:
    """The diagnostics of a network that does not fit, with the sizes at which it would, where there are any."""
    given = {index: output for index in graph.inputs if (output := typing.outputs[index]) is not None}
    hopeless = any(diagnostic.rule in _NO_MATTER_OF_SIZE for diagnostic in typing.diagnostics)
    if hopeless or len(given) < len(graph.inputs):
        return typing.diagnostics
    trials = Trials(graph, given)
    try:
        fits = _mending(trials)
        hint = _hint(trials, fits) if fits else None
    except OutOfWork:
        hint = None
    if hint is None:
        return typing.diagnostics
    return tuple(each._replace(hint=f"{each.hint}; {hint}" if each.hint else hint) for each in typing.diagnostics)


def _spatial_axes(trials: Trials) -> Group:
    return tuple((index, axis) for index, tensor in trials.given.items() for axis in range(1, len(tensor.shape)))


# --- Which sizes


def _mending(trials: Trials) -> tuple[Fit, ...]:
    """The sizes that would mend a network which does not fit; empty where there are none, or none that one would use.

    First looked for with all axes of all inputs of one size, then with those of one input, at last with a single one.
    """
    axes = _spatial_axes(trials)
    by_input = [tuple(axis for axis in axes if axis[0] == index) for index in trials.given]
    parts = [(axis,) for group in by_input if len(group) > 1 for axis in group]
    some_fit = False
    for group in dict.fromkeys((axes, *by_input, *parts)):
        if not group or (group in parts and some_fit):
            continue
        line = trials.line(group, {})
        size = _useful(line, max(trials.size(axis) for axis in group))
        if size is None:
            continue
        some_fit = True
        base = dict.fromkeys(group, size)
        known = _around(trials, group, base) if len(group) > 1 else {group: line.sizes}
        if is_intersection(line.sizes, known.values()) and _go_together(trials, known, base):
            return _told(trials, known, together=True)
    return ()


def _useful(line: Line, given: int) -> int | None:
    """A size that fits, near to the given one; None where there is none, or only some that nobody would use.

    Where only some sizes fit, as before a reshape, they must be about the given one, and not be by accident.
    """
    if line.sizes.is_endless:
        return line.sizes.above(max(given, line.sizes.start))
    near = _around_given(line.sizes, given, given)
    return None if line.by_accident else min(near, key=lambda size: abs(size - given), default=None)


def _around_given(sizes: Sizes, least: int, most: int) -> list[int]:
    """The nearest sizes that fit, one up to ``least`` and one from ``most`` on, as far as there are such.

    Of sizes of which there are only some, those more than twice as large or small have nothing to do with what is
    given: a single position, say, that goes with everything.
    """
    found = [(sizes.below(least), least), (sizes.above(most), most)]
    near = [(size, given) for size, given in found if size is not None]
    return [size for size, given in near if sizes.is_endless or max(size, given) <= 2 * min(size, given)]


def _around(trials: Trials, axes: Group, base: Mapping[Axis, int]) -> Mapping[Group, Sizes]:
    """The sizes that fit along each axis, around some that do, which all others keep.

    Axes that hold each other to one size, or to a few, are put into one group if more fit for them together.
    """
    known: dict[Group, Sizes] = {(axis,): trials.line((axis,), base).sizes for axis in axes}
    bound = [axis for axis in axes if not known[axis,].is_endless]
    for group in (*_namesakes(trials, bound), tuple(bound)):
        if len(group) > 1 and all((axis,) in known for axis in group) and len({base[axis] for axis in group}) == 1:
            sizes = trials.line(group, base).sizes
            if sizes.is_endless or len(sizes.few) > max(len(known[axis,].few) for axis in group):
                known = {other: of_other for other, of_other in known.items() if other[0] not in group}
                known[group] = sizes
    return known


def _namesakes(trials: Trials, axes: Sequence[Axis]) -> Iterator[Group]:
    """The heights of all inputs, the widths of all inputs, and so on."""
    for name in dict.fromkeys(_axis_name(trials, axis) for axis in axes):
        yield tuple(axis for axis in axes if _axis_name(trials, axis) == name)


def _go_together(trials: Trials, known: Mapping[Group, Sizes], base: Mapping[Axis, int]) -> bool:
    """Whether sizes of some groups, each of which fits with all others as in ``base``, fit with each other.

    Tried on some of each, in several combinations; all axes beside them are as in ``base``.
    """
    if len(known) < 2:
        return True
    samples = [_sample(sizes) for sizes in known.values()]
    if not all(samples):  # along an axis no size fits at all
        return False
    most = max(map(len, samples))
    for shift in (0, 1, 2, 5):
        turned = (islice(cycle(each), shift * place, shift * place + most) for place, each in enumerate(samples))
        for chosen in zip(*turned, strict=True):
            sizes = {axis: size for group, size in zip(known, chosen, strict=True) for axis in group}
            if not trials.run({**base, **sizes}).fits:
                return False
    return True


def _sample(sizes: Sizes) -> list[int]:
    """Some of a set: of those that repeat themselves the first of each remainder, and larger ones."""
    first = sorted(sizes.start + (residue - sizes.start) % sizes.period for residue in sizes.residues)
    every = [*sizes.few, *(n + later * sizes.period for later in (0, 1, 3, 7) for n in first)]
    return every[:: max(1, -(-len(every) // _PAIRED))]


# --- How they are told


def _told(trials: Trials, known: Mapping[Group, Sizes], *, together: bool) -> tuple[Fit, ...]:
    """The sizes of each group; where groups go ``together``, those of which the same is true in one."""
    alike: dict[tuple[object, ...], list[Group]] = {}
    for group, sizes in sorted(known.items()):
        true_of_it = (sizes.few, sizes.start, sizes.period, sizes.residues, len(group) > 1)
        alike.setdefault(true_of_it if together else group, []).append(group)
    return tuple(_fit(trials, tuple(groups), known[groups[0]]) for groups in alike.values())


def _fit(trials: Trials, groups: tuple[Group, ...], sizes: Sizes) -> Fit:
    """A fit with its axes named, and with those of its inputs where there are several."""
    inputs = list(dict.fromkeys(axis[0] for group in groups for axis in group))
    of_inputs = enumerated([f"`{trials.graph.layers[index].name}`" for index in inputs])
    names = [
        list(dict.fromkeys(_axis_name(trials, axis) for group in groups for axis in group if axis[0] == index))
        for index in inputs
    ]
    tie = "equal" if any(len(group) > 1 for group in groups) else ""
    if tie and all(len({_axis_name(trials, axis) for axis in group}) == 1 for group in groups):
        return Fit(enumerated(names[0]), groups, sizes, f"the same for {of_inputs}")
    if len(trials.given) == 1:
        return Fit(enumerated(names[0]), groups, sizes, tie)
    if all(each == names[0] for each in names):
        return Fit(f"{enumerated(names[0])} of {of_inputs}", groups, sizes, tie)
    each_of = zip(names, inputs, strict=True)
    name = enumerated([f"{enumerated(axes)} of `{trials.graph.layers[index].name}`" for axes, index in each_of])
    return Fit(name, groups, sizes, tie)


def _axis_name(trials: Trials, axis: Axis) -> str:
    return trials.given[axis[0]].axis_names[axis[1]]


def _hint(trials: Trials, fits: Sequence[Fit]) -> str | None:
    """What to say of a network that does not fit: where it would, and the nearest such sizes.

    None where these, tried once more, turn out not to fit.
    """
    shapes = _nearest(trials, fits)
    telling = [fit for fit in fits if fit.tie or not fit.sizes.is_everything]
    if not telling or not all(trials.run(sizes).fits for sizes in shapes):
        return None
    hint = f"the network fits where {' and '.join(map(_clause, telling))}"
    if all(fit.sizes.is_from_some_on or len(fit.sizes.few) == 1 for fit in telling):
        return hint
    inputs = list(dict.fromkeys(axis[0] for fit in fits for group in fit.groups for axis in group))
    shown = list(dict.fromkeys(_shown(trials, inputs, sizes) for sizes in shapes))
    return f"{hint}; the nearest {'are' if len(shown) > 1 else 'is'} {enumerated(shown)}"


def _clause(fit: Fit) -> str:
    several = " and " in fit.name
    which = "" if fit.sizes.is_everything else fit.sizes.phrase(several=several)
    told = " and ".join(filter(None, (which, fit.tie)))
    return f"{fit.name} are {told}" if several else f"the {fit.name} is {told}"


def _nearest(trials: Trials, fits: Sequence[Fit]) -> tuple[Mapping[Axis, int], ...]:
    """The sizes that fit next to the given ones: first the smaller ones, then the larger ones, where there are any."""
    smaller: dict[Axis, int] = {}
    larger: dict[Axis, int] = {}
    for group, sizes in ((group, fit.sizes) for fit in fits for group in fit.groups):
        given = [trials.size(axis) for axis in group]
        near = _around_given(sizes, min(given), max(given)) or [max(given)]
        smaller.update(dict.fromkeys(group, near[0]))
        larger.update(dict.fromkeys(group, near[-1]))
    return (smaller, larger)


def _shown(trials: Trials, inputs: Sequence[int], sizes: Mapping[Axis, int]) -> str:
    """``96×96``, and of which inputs, where there are several: "96×96 for `image` and 48×48 for `depth`"."""
    extents = {
        index: shown_shape(
            sizes.get((index, axis), extent) for axis, extent in enumerate(trials.given[index].shape) if axis > 0
        )
        for index in inputs
    }
    if len(trials.given) == 1 or len(set(extents.values())) == 1:
        return extents[inputs[0]]
    return ", ".join(f"{shown} for `{trials.graph.layers[index].name}`" for index, shown in extents.items())
