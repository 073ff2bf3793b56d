"""Windows of a kernel that slides over the spatial axes, as one matrix: the heart of every convolution.

A *plane* is what the kernel slides over, an array (channels, *extent); each of its *positions* o takes, per channel,
the taps o·stride − before + k·dilation. Written as columns, one a position, the taps of all positions make a matrix
(channels · taps, positions), and a convolution is a matrix product with it ("im2col": Chellapilla, Puri & Simard 2006,
"High Performance Convolutional Neural Networks for Document Processing"). Its adjoint adds columns back to the plane.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from types import EllipsisType
from typing import TypeAlias

import numpy as np

from archanalyzer.executor.kernel import Array, Scratch
from archanalyzer.ops.geometry import Sliding, reach

Place: TypeAlias = tuple[EllipsisType | slice, ...]
"""An index into the last axes of an array."""

_BLOCK_BYTES = 8 * 2**20
"""Columns are made for so many positions at once as fit into this: it bounds memory, and the caches like it."""


class Windows:
    """The windows along all spatial axes of a plane of ``extent``, padded at both ends of each axis.

    ``slidings`` are a convolution's, from the plane to the positions. For a transposed convolution, which runs the
    other way, the positions are its input and the plane is its output: ``of_transposed``.
    """

    def __init__(self, slidings: Sequence[Sliding], extent: tuple[int, ...], positions: tuple[int, ...]) -> None:
        self.slidings = tuple(slidings)
        self.extent = extent
        self.positions = positions
        self.kernel = tuple(each.kernel for each in slidings)
        self.taps = prod(self.kernel)
        self.padded = tuple(
            (count - 1) * each.stride + reach(each.kernel, each.dilation)
            for count, each in zip(positions, slidings, strict=True)
        )
        """The positions of the padded plane from the first tap to the last."""
        spans = [self._overlap(axis) for axis in range(len(extent))]
        self._inside: Place = (..., *(slice(start, stop) for start, stop in spans))
        befores = [each.before for each in slidings]
        self._shown: Place = (
            ...,
            *(slice(start - b, stop - b) for (start, stop), b in zip(spans, befores, strict=True)),
        )
        self._is_padded = self.padded != extent or any(befores)
        self.is_matrix = self.taps == 1 and not self._is_padded and extent == positions
        """Whether columns are the plane itself: a kernel of one tap, a stride of one, no padding."""

    @classmethod
    def of_convolution(cls, slidings: Sequence[Sliding]) -> Windows:
        return cls(slidings, tuple(each.length for each in slidings), tuple(each.outputs for each in slidings))

    @classmethod
    def of_transposed(cls, slidings: Sequence[Sliding]) -> Windows:
        return cls(slidings, tuple(each.outputs for each in slidings), tuple(each.length for each in slidings))

    def _overlap(self, axis: int) -> tuple[int, int]:
        """Where the plane lies in the padded plane, as far as the taps reach."""
        before = self.slidings[axis].before
        start = min(max(before, 0), self.padded[axis])
        return start, max(min(before + self.extent[axis], self.padded[axis]), start)

    def pad(self, plane: Array, scratch: Scratch) -> Array:
        """The plane (…, *extent) between zeros, as far as the taps reach: (…, *padded)."""
        if not self._is_padded:
            return plane
        padded = scratch((*plane.shape[: -len(self.extent)], *self.padded), plane.dtype)
        padded[...] = 0
        padded[self._inside] = plane[self._shown]
        return padded

    def unpad(self, padded: Array, plane: Array) -> None:
        """Cuts the zeros off again, into ``plane``; what no tap reaches is zero there."""
        if self._is_padded:
            plane[...] = 0
        plane[self._shown] = padded[self._inside]

    def blocks(self, channels: int, itemsize: int) -> Iterator[tuple[slice, ...]]:
        """The positions, in blocks of whole rows (of the first axis) whose columns fit into the caches."""
        row = channels * self.taps * prod(self.positions[1:]) * itemsize
        rows = max(1, _BLOCK_BYTES // row)
        for start in range(0, self.positions[0], rows):
            yield (slice(start, min(start + rows, self.positions[0])), *map(slice, self.positions[1:]))

    def columns(self, padded: Array, block: tuple[slice, ...], scratch: Scratch) -> Array:
        """The taps of a block of positions, as a copy: (…, channels, *kernel, *block) of (…, channels, *padded)."""
        view = self._taps_of(padded, block)
        columns = scratch(view.shape, padded.dtype)
        np.copyto(columns, view)
        return columns

    def add_columns(self, columns: Array, padded: Array, block: tuple[slice, ...]) -> None:
        """The adjoint: adds each tap's number to the place in the padded plane that it was taken from."""
        by_tap = columns.reshape(len(columns), self.taps, *columns.shape[1 + len(self.kernel) :])
        for number, tap in enumerate(product(*map(range, self.kernel))):
            padded[self.place(tap, block)] += by_tap[:, number]

    def place(self, tap: Sequence[int], block: Sequence[slice] | None = None) -> Place:
        """Where in the padded plane one tap of all positions, or of a block of them, lies."""
        starts = (k * each.dilation for k, each in zip(tap, self.slidings, strict=True))
        rows = block or tuple(map(slice, self.positions))
        return (
            ...,
            *(
                slice(start + (of.start or 0) * each.stride, start + (of.stop - 1) * each.stride + 1, each.stride)
                for start, of, each in zip(starts, rows, self.slidings, strict=True)
            ),
        )

    def _taps_of(self, padded: Array, block: tuple[slice, ...]) -> Array:
        axes = len(self.kernel)
        first = padded[self.place((0,) * axes, block)]
        by_tap = tuple(
            stride * each.dilation for stride, each in zip(padded.strides[-axes:], self.slidings, strict=True)
        )
        lead = padded.ndim - axes
        return np.lib.stride_tricks.as_strided(
            first,
            (*first.shape[:lead], *self.kernel, *first.shape[lead:]),
            (*first.strides[:lead], *by_tap, *first.strides[lead:]),
            writeable=False,
        )


class WindowProducts:
    """Products of weights with the windows of a plane, by groups of channels, over a batch.

    ``weight`` (position channels, plane channels / groups, *kernel) is a convolution's, or, planes and positions having
    changed their roles, a transposed convolution's. Planes are (batch, plane channels, *extent), positions are (batch,
    position channels, *positions).
    """

    def __init__(self, windows: Windows, groups: int) -> None:
        self.windows = windows
        self.groups = groups

    def gather(self, planes: Array, weight: Array, positions: Array, scratch: Scratch) -> None:
        """Fills ``positions``: at each, the sum over its taps of weight times plane."""
        matrix = self._grouped(weight, len(weight))
        for plane, out in zip(planes, positions, strict=True):
            into = self._grouped(out, len(out))
            for columns, place in self._columns(plane, scratch):
                np.matmul(matrix, columns, out=into[..., place])

    def scatter(self, positions: Array, weight: Array, planes: Array, scratch: Scratch) -> None:
        """Fills ``planes``, the adjoint of ``gather``: each position adds its multiple of the weights to its taps."""
        windows = self.windows
        matrix = self._grouped(weight, len(weight)).swapaxes(1, 2)
        channels = planes.shape[1]
        for position, plane in zip(positions, planes, strict=True):
            values = self._grouped(position, len(position))
            if windows.is_matrix:
                np.matmul(matrix, values, out=self._grouped(plane, channels))
                continue
            padded = scratch((channels, *windows.padded), plane.dtype)
            padded[...] = 0
            for block, place in self._blocks(channels, plane.itemsize):
                shape = (channels, *windows.kernel, *(rows.stop - (rows.start or 0) for rows in block))
                columns = scratch(shape, plane.dtype)
                columns_of_groups = columns.reshape(self.groups, matrix.shape[1], -1)
                np.matmul(matrix, values[..., place], out=columns_of_groups)
                windows.add_columns(columns, padded, block)
                scratch.give_back(columns)
            windows.unpad(padded, plane)
            scratch.give_back(padded)

    def correlate(self, planes: Array, positions: Array, weight: Array, scratch: Scratch) -> None:
        """Fills ``weight``: for each, the sum over batch and positions of plane times position."""
        matrix = self._grouped(weight, len(weight))
        matrix[...] = 0
        product_of_block = scratch(matrix.shape, matrix.dtype)
        for plane, position in zip(planes, positions, strict=True):
            values = self._grouped(position, len(position))
            for columns, place in self._columns(plane, scratch):
                np.matmul(values[..., place], columns.swapaxes(1, 2), out=product_of_block)
                matrix += product_of_block
        scratch.give_back(product_of_block)

    def _columns(self, plane: Array, scratch: Scratch) -> Iterator[tuple[Array, slice]]:
        """The columns (groups, channels / groups · taps, positions) of a plane, in blocks, and which positions'."""
        windows = self.windows
        if windows.is_matrix:
            yield self._grouped(plane, len(plane)), slice(None)
            return
        padded = windows.pad(plane, scratch)
        for block, place in self._blocks(len(plane), plane.itemsize):
            columns = windows.columns(padded, block, scratch)
            yield columns.reshape(self.groups, len(plane) // self.groups * windows.taps, -1), place
            scratch.give_back(columns)
        if padded is not plane:
            scratch.give_back(padded)

    def _blocks(self, channels: int, itemsize: int) -> Iterator[tuple[tuple[slice, ...], slice]]:
        """Blocks of positions, by axis and as numbers of positions."""
        row = prod(self.windows.positions[1:])
        for block in self.windows.blocks(channels, itemsize):
            yield block, slice(block[0].start * row, block[0].stop * row)

    def _grouped(self, array: Array, channels: int) -> Array:
        """An array (channels, …) as (groups, channels / groups, all others), in the same memory."""
        return array.reshape(self.groups, channels // self.groups, -1)


class DepthwiseProducts:
    """The same, where every group has one channel on both sides: products element by element, tap by tap."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    def _taps(self, weight: Array) -> Iterator[tuple[Place, Array]]:
        """Where each tap lies in the padded plane, and its weights (channels, 1, …), in the same memory."""
        kernel = self.windows.kernel
        by_tap = weight.reshape(len(weight), self.windows.taps, *(1,) * len(kernel))
        for number, tap in enumerate(product(*map(range, kernel))):
            yield self.windows.place(tap), by_tap[:, number]

    def gather(self, planes: Array, weight: Array, positions: Array, scratch: Scratch) -> None:
        """Fills ``positions``: at each, the sum over its taps of weight times plane."""
        for plane, out in zip(planes, positions, strict=True):
            padded = self.windows.pad(plane, scratch)
            one_tap = scratch(out.shape, out.dtype)
            out[...] = 0
            for place, weights in self._taps(weight):
                np.multiply(padded[place], weights, out=one_tap)
                np.add(out, one_tap, out=out)
            scratch.give_back(one_tap)
            if padded is not plane:
                scratch.give_back(padded)

    def scatter(self, positions: Array, weight: Array, planes: Array, scratch: Scratch) -> None:
        """Fills ``planes``: each position adds its multiple of the weights to its taps."""
        for position, plane in zip(positions, planes, strict=True):
            padded = scratch((len(plane), *self.windows.padded), plane.dtype)
            one_tap = scratch(position.shape, position.dtype)
            padded[...] = 0
            for place, weights in self._taps(weight):
                np.multiply(position, weights, out=one_tap)
                padded[place] += one_tap
            self.windows.unpad(padded, plane)
            scratch.give_back(one_tap)
            scratch.give_back(padded)

    def correlate(self, planes: Array, positions: Array, weight: Array, scratch: Scratch) -> None:
        """Fills ``weight``: for each, the sum over batch and positions of plane times position."""
        weight[...] = 0
        along = tuple(range(1, positions.ndim - 1))
        for plane, position in zip(planes, positions, strict=True):
            padded = self.windows.pad(plane, scratch)
            one_tap = scratch(position.shape, position.dtype)
            for place, weights in self._taps(weight):
                np.multiply(padded[place], position, out=one_tap)
                np.add(weights, one_tap.sum(axis=along, keepdims=True), out=weights)
            scratch.give_back(one_tap)
            if padded is not plane:
                scratch.give_back(padded)


Products = WindowProducts | DepthwiseProducts
