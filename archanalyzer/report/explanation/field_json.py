"""How a receptive field comes about, as plain data."""

from __future__ import annotations

from typing import Any

from archanalyzer.graph import Window
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.explaining.fields import AxisExplained, Back, FieldExplained
from archanalyzer.passes.explaining.textbook import Step, Way
from archanalyzer.passes.explaining.walked import Read
from archanalyzer.passes.fields.positions import Positions
from archanalyzer.passes.tensor_types import TensorTypes


def field_as_data(analyzed: Analyzed, explained: FieldExplained) -> dict[str, Any]:
    """The explanation as plain data, in the form of the JSON contract; ``axes`` is null where nothing is known."""
    writer = _Writer(analyzed)
    return {
        "explains": "receptive_field",
        "name": analyzed.graph.name,
        "spec": analyzed.spec.path,
        "layer": writer.name(explained.layer),
        "axes": None if explained.axes is None else [writer.axis(each) for each in explained.axes],
    }


class _Writer:
    """Writes what names layers and axes."""

    def __init__(self, analyzed: Analyzed) -> None:
        self._layers = analyzed.graph.layers
        self._types = analyzed.facts.result(TensorTypes)

    def name(self, layer: int) -> str:
        return self._layers[layer].name

    def axis(self, each: AxisExplained) -> dict[str, Any]:
        names = self._types.outputs[each.input].axis_names
        return {
            "input": self.name(each.input),
            "axes": [names[axis] for axis in each.axes],
            "size": each.told.size,
            "min_size": each.told.min_size,
            "whole": each.told.whole,
            "exact": each.told.exact,
            "what": each.what,
            "by_rule": each.steps is not None,
            "steps": [self._step(step, dict(each.lengths)) for step in each.steps or ()],
            "classes": [
                {"size": one.size, "modulus": one.modulus, "positions": [_runs(some) for some in one.positions]}
                for one in each.classes
            ],
            "back": [self._back(back) for back in each.back],
        }

    def _step(self, step: Step, lengths: dict[int, int]) -> dict[str, Any]:
        """A step; ``size`` is that of the input that there is where everything is read, else of an endless one."""
        return {
            "layer": self.name(step.layer),
            "size": lengths.get(step.layer, step.seen.size),
            "start": None if step.everything else step.seen.start,
            "jump": step.seen.jump,
            "ways": [self._way(way) for way in step.ways],
        }

    def _way(self, way: Way) -> dict[str, Any]:
        kernel = way.kernel
        return {
            "from": self.name(way.source),
            "decides": way.decides,
            "everything": way.everything is not None,
            "taps": kernel and kernel.taps,
            "dilation": kernel and kernel.dilation,
            "reach": kernel and kernel.reach,
            "stride": kernel and kernel.stride,
            "size_before": way.before.size,
            "jump_before": way.before.jump,
            "size": way.seen.size,
        }

    def _back(self, back: Back) -> dict[str, Any]:
        walked = back.walked
        return {
            "start": back.start,
            "seen": _ends(walked.seen),
            "size": walked.seen.size,
            "told": back.told,
            "reads": [self._read(read) for read in walked.reads],
        }

    def _read(self, read: Read) -> dict[str, Any]:
        return {
            "layer": self.name(read.layer),
            "from": self.name(read.source),
            "asked": _ends(read.asked),
            "reads": _ends(read.read),
            "size": read.read.size,
            "window": read.window and _window(read.window),
            "decides_alone": read.alone,
        }


def _window(window: Window) -> dict[str, int]:
    return {
        "stride": window.stride,
        "upsampling": window.upsampling,
        "offset": window.offset,
        "taps": window.count,
        "dilation": window.step,
    }


def _ends(positions: Positions) -> list[int] | None:
    """The first and the last position; null for none."""
    return [positions.start, positions.stop - 1] if positions.size else None


def _runs(positions: Positions) -> list[list[int]]:
    return [[run.start, run.stop - 1] for run in positions.runs()]
