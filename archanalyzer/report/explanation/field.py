"""How a receptive field comes about, as text, Markdown or data: the table of textbooks, or ways counted back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archanalyzer.diagnostics import enumerated
from archanalyzer.graph import Window
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.explaining.fields import AxisExplained, Back, FieldExplained
from archanalyzer.passes.explaining.textbook import Kernel, Step, Way
from archanalyzer.passes.explaining.walked import Read, reach
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.report.explanation.count import in_a_row
from archanalyzer.report.field.words import interval_text, least_most, number, positions_text
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title

_ALL = "all"


class Names(NamedTuple):
    """The names of the layers."""

    of: Sequence[str]

    def run(self, layers: Sequence[int]) -> str:
        """Those of layers in a row: ``block1/conv2d to conv2d_3``."""
        return in_a_row(self.of[layers[0]], self.of[layers[-1]], len(layers))

    def together(self, one: int, other: int) -> bool:
        """Whether two layers stand in the same block."""
        return self.of[one].rpartition("/")[0] == self.of[other].rpartition("/")[0]


def as_parts(analyzed: Analyzed, explained: FieldExplained) -> Iterator[Part]:
    """A page on the field of a layer."""
    graph = analyzed.graph
    layer, types = graph.layers[explained.layer], analyzed.facts.result(TensorTypes)
    names = Names([each.name for each in graph.layers])
    yield Title(graph.name, analyzed.spec.path)
    yield Title(f"receptive field of {layer.name} ({layer.op.name}), {types.outputs[layer.index]}", is_section=True)
    if explained.axes is None:
        yield Notes([f"it is not known what `{layer.name}` sees"])
    elif not explained.axes:
        yield Notes(["it sees no input that has an axis beside its channels"])
    for each in explained.axes or ():
        axis_names = types.outputs[each.input].axis_names
        yield Title(f"{names.of[each.input]}, {enumerated([axis_names[axis] for axis in each.axes])}", is_section=True)
        if each.steps is not None:
            yield from _by_rule(each, each.steps, names)
        else:
            yield from _counted_back(each, names)


# --- By the rule


def _by_rule(each: AxisExplained, steps: Sequence[Step], names: Names) -> Iterator[Part]:
    """The table of textbooks, from the input on; steps that change nothing are left out."""
    lengths = dict(each.lengths)
    rows = [Row([names.of[each.input], "", "", "", "1", "1"])]
    notes = {} if each.told.exact else {"at most: positions are not told apart": None}
    shown = {step.layer: step.ways[0].source for step in steps if _changes_nothing(step)}
    for run in _runs(steps, shown, names):
        first = run[0]
        source = enumerated(names.of[_through(shown, way.source)] for way in first.deciding)
        rows.append(Row([names.run([step.layer for step in run]), source, *_rule_cells(run, lengths)]))
        notes.update(dict.fromkeys(_step_notes(first, names)))
    grid = Grid(["layer", "reads", "k", "s", "r", "j"], rows, frozenset({1}))
    yield grid if any(len(step.ways) > 1 for step in steps) else _without(grid, 1)
    yield Notes(["r ← r + (k − 1)·j, j ← j·s", *notes])


def _without(grid: Grid, column: int) -> Grid:
    """The table without one of its columns, all others but the first on the right."""
    rows = [row._replace(cells=[*row.cells[:column], *row.cells[column + 1 :]]) for row in grid.rows]
    return Grid([*grid.titles[:column], *grid.titles[column + 1 :]], rows)


def _runs(steps: Sequence[Step], shown: Mapping[int, int], names: Names) -> Iterator[list[Step]]:
    """The steps that change something, those together that follow each other in a block and move one kernel by 1."""
    read = Counter(_through(shown, way.source) for step in steps if step.layer not in shown for way in step.deciding)
    run: list[Step] = []
    for step in steps:
        if step.layer in shown:
            continue
        if run and not (_same_kernel(run[-1], step) and _follows(run[-1].layer, step, shown, read, names)):
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _follows(last: int, step: Step, shown: Mapping[int, int], read: Mapping[int, int], names: Names) -> bool:
    """Whether a step reads that layer, in the same block, and no other does."""
    return _through(shown, step.ways[0].source) == last and read[last] == 1 and names.together(last, step.layer)


def _through(shown: Mapping[int, int], layer: int) -> int:
    """The layer, or in place of one that changes nothing, the one that it hands on."""
    while layer in shown:
        layer = shown[layer]
    return layer


def _same_kernel(one: Step, other: Step) -> bool:
    kernel = _only_kernel(one)
    return kernel is not None and kernel == _only_kernel(other) and kernel.stride == 1


def _only_kernel(step: Step) -> Kernel | None:
    return step.ways[0].kernel if len(step.ways) == 1 else None


def _changes_nothing(step: Step) -> bool:
    """Whether it only hands on what the one layer that it reads sees, or moves it, as a crop does."""
    way = step.ways[0]
    moves = way.kernel is not None and (way.kernel.reach, way.kernel.stride) != (1, 1)
    return len(step.ways) == 1 and not moves and not step.everything


def _rule_cells(run: Sequence[Step], lengths: dict[int, int]) -> list[str]:
    """k, s, r and j of some steps with the same kernel."""
    first, last = run[0], run[-1]
    if first.everything:
        return [_ALL, "", f"{_ALL} {lengths[first.layer]}", ""]
    if len(first.ways) > 1:
        return ["", "", _met(first), _plain(first.seen.jump)]
    way = first.ways[0]
    kernel, jump = way.kernel or Kernel(1, 1, 1), way.before.jump or 0
    times = f"{len(run)}·" if len(run) > 1 else ""
    grown = f"{way.before.size} + {times}({kernel.reach} − 1)·{jump} = {last.seen.size}"
    return [str(kernel.reach), str(kernel.stride), grown, f"{jump}·{kernel.stride} = {last.seen.jump}"]


def _plain(jump: int | None) -> str:
    return "" if jump is None else str(jump)


def _met(step: Step) -> str:
    """The field where ways meet: the largest, or the interval around two."""
    if len(step.deciding) == 1:
        sizes = ", ".join(str(way.seen.size) for way in step.ways)
        return f"max({sizes}) = {step.seen.size}"
    last = number(step.seen.stop - 1)
    first = f"({number(step.seen.start)})" if step.seen.start < 0 else number(step.seen.start)
    return f"{last} − {first} + 1 = {step.seen.size}"


def _step_notes(step: Step, names: Names) -> Iterator[str]:
    """What is to be said of a step beside its numbers."""
    if step.everything:
        yield f"{names.of[step.layer]} reads all of {names.of[step.deciding[0].source]}, and sees all that this does"
        return
    if len(step.deciding) > 1:
        ends = enumerated(_of_way(way, names) for way in step.deciding)
        yield f"{names.of[step.layer]}: the interval around two ways, for position 0: {ends}"
    elif len(step.ways) > 1:
        yield "max: of the ways that meet, the one that decides, under `reads`, covers what the others see"
    for way in step.deciding:
        if way.kernel is not None and way.kernel.dilation > 1:
            kernel = way.kernel
            yield (
                f"k of {names.of[step.layer]}: {kernel.taps} taps, {kernel.dilation} apart: "
                f"({kernel.taps} − 1)·{kernel.dilation} + 1 = {kernel.reach}"
            )


def _of_way(way: Way, names: Names) -> str:
    first, last = number(way.seen.start), number(way.seen.stop - 1)
    return f"{first} to {last} through {names.of[way.source]}"


# --- Counted back


def _counted_back(each: AxisExplained, names: Names) -> Iterator[Part]:
    told = each.told
    if told.whole:
        yield Notes([f"all {told.size}: on some way everything is read, whatever the {each.what}"])
        return
    pairs = [("field", f"{least_most(told.min_size, told.size)} positions{'' if told.exact else ' at most'}")]
    for some in each.classes:
        positions = ", ".join(positions_text(one) for one in some.positions)
        modulo = f" modulo {some.modulus}" if some.modulus not in {None, 1} else ""
        pairs.append((str(some.size), f"at {each.what}s {positions}{modulo}"))
    yield Pairs(pairs)
    for back in each.back:
        yield Title(_heading(each, back), is_section=True)
        rows = list(_back_rows(back, names))
        seen = back.walked.seen
        rows.append(Row([names.of[each.input], interval_text(seen), "", str(seen.size)]))
        yield Grid(["layer", "asked", "reads", "positions"], rows)
    numbered = ["places are numbered, the last axis running fastest"] if each.what == "place" else []
    yield Notes([*numbered, *_unlike(each.back), *_parting(each.back, names), *_back_notes(each.back)])


def _heading(each: AxisExplained, back: Back) -> str:
    start = "" if back.start is None else f", counted back from {each.what} {back.start}"
    size, told = back.walked.seen.size if back.told is None else back.told, each.told
    if told.min_size == told.size:
        return f"{size}{start}"
    return f"{'the least' if size == told.min_size else 'the most'}: {size}{start}"


def _back_rows(back: Back, names: Names) -> Iterator[Row]:
    for run in _back_runs(back.walked.reads, names):
        first, last = run[0], run[-1]
        cells = [
            names.run([read.layer for read in reversed(run)]),
            interval_text(first.asked),
            interval_text(last.read),
        ]
        yield Row([*cells, _read_text(run)])


def _back_runs(reads: Sequence[Read], names: Names) -> Iterator[list[Read]]:
    """What is read, that together which follows each other in a block through one window; what hands on left out."""
    handed = {read.layer: read.source for read in reads if _hands_on(read)}
    run: list[Read] = []
    for read in reads:
        if _hands_on(read):
            continue
        if run and not (_alike(run[-1], read) and _goes_on(run[-1], read, handed, names)):
            yield run
            run = []
        run.append(read)
    if run:
        yield run


def _goes_on(last: Read, read: Read, handed: Mapping[int, int], names: Names) -> bool:
    """Whether a layer is asked for just what another in the same block reads of it."""
    is_next = _through(handed, last.source) == read.layer and last.read == read.asked
    return is_next and names.together(last.layer, read.layer)


def _alike(one: Read, other: Read) -> bool:
    return one.window is not None and one.window == other.window and one.window.stride == one.window.upsampling == 1


def _hands_on(read: Read) -> bool:
    return read.window is not None and read.asked == read.read


def _read_text(run: Sequence[Read]) -> str:
    first, last = run[0], run[-1]
    window = first.window
    if window is None:
        return str(last.read.size)
    if window.upsampling > 1:
        return f"{_up(first, window)} = {last.read.size}"
    if window.stride > 1:
        return f"({first.asked.size} − 1)·{window.stride} + {reach(window)} = {last.read.size}"
    times = f"{len(run)}·" if len(run) > 1 else ""
    return f"{first.asked.size} + {times}({reach(window)} − 1) = {last.read.size}"


def _up(read: Read, window: Window) -> str:
    """The last position less the first, and one: with an up-sampling, quotients are rounded inwards."""
    last = _moved(read.asked.stop - 1, window, window.offset + reach(window) - 1)
    first = _moved(read.asked.start, window, window.offset)
    return f"⌊{last}/{window.upsampling}⌋ − ⌈{first}/{window.upsampling}⌉ + 1"


def _moved(position: int, window: Window, by: int) -> str:
    """``(254·2 − 1)``, as the numerator of a fraction."""
    text = number(position) if window.stride == 1 else f"{number(position)}·{window.stride}"
    return f"({text} {'−' if by < 0 else '+'} {abs(by)})" if by else text


def _parting(backs: Sequence[Back], names: Names) -> Iterator[str]:
    """Where two ways begin to differ: as many positions of a layer read more or fewer, as they lie."""
    if len(backs) < 2:
        return
    other = {(read.layer, read.source): read for read in backs[1].walked.reads}
    for read in backs[0].walked.reads:
        beside = other.get((read.layer, read.source))
        if beside is not None and beside.asked.size == read.asked.size and beside.read.size != read.read.size:
            yield (
                f"they part at {names.of[read.layer]}: {read.asked.size} positions from {number(read.asked.start)} on "
                f"read {read.read.size}, as many from {number(beside.asked.start)} on read {beside.read.size}"
            )
            return


def _unlike(backs: Sequence[Back]) -> Iterator[str]:
    """Where the walk comes to another number than the field has."""
    for back in backs:
        if back.told not in {None, back.walked.seen.size}:
            yield (
                f"the field is {back.told}, not {back.walked.seen.size}: where axes are taken apart, or nothing but "
                "padding is read along one, steps along a single axis do not tell it; `archanalyzer field` does"
            )


def _back_notes(backs: Sequence[Back]) -> Iterator[str]:
    reads = [read for back in backs for read in back.walked.reads]
    windows = [read.window for read in reads if read.window is not None]
    if any(window.stride > 1 for window in windows if window.upsampling == 1):
        yield "n positions read (n − 1)·s + k through a kernel k and a stride s"
    if any(window.upsampling > 1 for window in windows):
        yield "positions a to b read ⌊(b + o + k − 1)/u⌋ − ⌈(a + o)/u⌉ + 1 through an up-sampling u, with offset o"
    if any(not read.alone for read in reads):
        yield "where two layers read one, each may ask for one end of it: both are told"
    yield "as of an endless input; layers that read one position each are left out, so are ways that ask for no more"
