"""What was asked of receptive fields, as a page or as data: all layers, one in full, or a walk; and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.fields.by_hand import ByHand
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report.cells import shape_text
from archanalyzer.report.diagnostics import as_data, as_text
from archanalyzer.report.field import as_json as field_json
from archanalyzer.report.field.layer import layer_in_full
from archanalyzer.report.field.overview import overview
from archanalyzer.report.field.walk import walk
from archanalyzer.report.parts import Notes, Pairs, Part, Title, Verbatim
from archanalyzer.report.summary import PARTIAL
from archanalyzer.report.text import escape
from archanalyzer.report.view import Page

if TYPE_CHECKING:
    from archanalyzer.passes.fields.reading_back import Places
    from archanalyzer.report.field.weights import Effective  # which import NumPy


SIZES = ("fitting_input_sizes", "feasible_input_sizes")
"""Totals of the passes that give advice."""
FEASIBLE = (
    "feasible: of the sizes that fit, if any do, from that at which every layer with weights and a window of more than "
    "one position (no pool, no up-sampling) takes in something new to that at which a position of such a layer sees "
    "all of the input (Richter et al. 2021)"
)


class Answer(NamedTuple):
    """What was asked for, as far as it was.

    ``layer`` None: all layers, and ``advice`` about them. ``place``: a place of the layer. ``walk``: the way back
    from it, to be shown in place of the layer in full. ``paths``: by input, how many there are to each position.
    """

    analyzed: Analyzed
    layer: int | None = None
    place: tuple[int, ...] | None = None
    walk: ByHand | None = None
    paths: Mapping[int, Places] | None = None
    effective: Effective | None = None
    advice: Sequence[Diagnostic] = ()

    @property
    def fields(self) -> ReceptiveFields:
        return self.analyzed.facts.result(ReceptiveFields)

    def parts(self, page: Page, depth: int | None = None) -> Iterator[Part]:
        """The answer as parts of a page, ``depth`` levels of blocks unfolded, None for all."""
        graph = self.analyzed.graph
        yield Title(graph.name, self.analyzed.spec.path)
        if self.layer is None:
            yield from overview(self.fields, depth)
            yield Notes([PARTIAL] if self.analyzed.partial else [])
            yield from self._sizes()
            yield Verbatim(as_text(self.advice, page))
        elif self.walk is not None:
            yield from walk(self.walk, depth)
        else:
            yield from layer_in_full(self.fields, self.layer, self.place)
        if self.paths is not None:
            from archanalyzer.report.field.weights import paths

            yield from paths(self.paths, graph, self.fields.types)
        if self.effective is not None:
            from archanalyzer.report.field.weights import effective

            yield from effective(self.effective, graph)

    def _sizes(self) -> Iterator[Part]:
        """Which sizes of the inputs fit, and which are of use, as far as that is known."""
        fitting, feasible = map(self._total, SIZES)
        pairs = [("fitting inputs", escape("; ".join(fitting)))] if fitting else []
        for name, sizes in (feasible or {}).items():
            ends = " to ".join(shape_text(sizes[end]) for end in ("smallest", "largest"))
            pairs.append(("feasible inputs", f"{escape(name)} {ends}"))
        yield Pairs(pairs)
        yield Notes([FEASIBLE] if feasible else [])

    def _total(self, name: str) -> Any:
        """A total of the passes that give advice; None where these were not asked, or of a part of a network."""
        try:
            return None if self.analyzed.partial else self.analyzed.facts.total(name).amount.value
        except KeyError:
            return None

    def data(self) -> dict[str, Any]:
        """The answer as the members of a JSON document."""
        graph, fields = self.analyzed.graph, self.fields
        members: dict[str, Any] = {"name": graph.name, "spec": self.analyzed.spec.path}
        if self.layer is None:
            return members | {
                "partial": self.analyzed.partial,
                "layers": field_json.layers(fields),
                **{name: self._total(name) for name in SIZES},
                "advice": [as_data(each) for each in self.advice],
                "diagnostics": [as_data(each) for each in self.analyzed.diagnostics],
            }
        members |= {"layer": graph.layers[self.layer].name, "at": self.place and list(self.place)}
        if self.walk is not None:
            members |= field_json.walk(self.walk)
        else:
            members["fields"] = field_json.layer(fields, self.layer, self.place)
        if self.paths is not None:
            from archanalyzer.report.field.weights import counted

            members["paths"] = field_json.paths(counted(self.paths), graph)
        if self.effective is not None:
            members["effective"] = field_json.effective(self.effective, graph)
        return members
