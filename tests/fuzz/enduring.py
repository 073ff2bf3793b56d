"""What every text must survive, on small limits: being read, analyzed, checked, shown, compared, updated and run.

Whatever the text, it is answered or told what is wrong with it, and nothing else is raised. Limits are small, so that
what is hostile is refused early; networks that would compute for long are not run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from unittest.mock import patch

from archanalyzer.checking.snapshots import Compared
from archanalyzer.cli.updating import update_of
from archanalyzer.diagnostics import Diagnostic, SpecError
from archanalyzer.executor.data import gather
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.lowering import dtype_for
from archanalyzer.executor.network import Network
from archanalyzer.executor.training import Training, set_up
from archanalyzer.passes import trying
from archanalyzer.passes.advice import advising_passes
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.comparing.comparing import compare
from archanalyzer.passes.expectations import Held, hold
from archanalyzer.report import Page, render
from archanalyzer.report.diagnostics import as_data, as_text
from archanalyzer.report.diff import as_json as diff_json
from archanalyzer.report.diff import as_markdown as diff_markdown
from archanalyzer.report.diff import as_text as diff_text
from archanalyzer.report.github import as_commands
from archanalyzer.report.sarif import as_sarif
from archanalyzer.report.view import View
from archanalyzer.spec import Limits, parse_spec

LIMITS = Limits(file_bytes=100_000, nodes=5_000, layers=300, arithmetic=100_000, list_items=500)
MOST_WORK = 300_000
"""MACs, other operations, and numbers of a training step that is run."""
MOST_TRIED = 30_000
"""Of trying which sizes of the inputs fit: a thirtieth of what is usually allowed."""
FORMS = ("table", "json", "markdown", "csv", "latex")
PAGE = Page(80, color=False)
OTHER = analyze(parse_spec((Path(__file__).parents[2] / "specs" / "toy.yaml").read_text(encoding="utf-8")))
"""What every network is compared with."""


def endure(text: str) -> None:
    """Asks everything of a text."""
    with patch.object(trying, "MOST_WORK", MOST_TRIED):
        diagnostics = tuple(everything_said_of(text))
    for each in diagnostics:
        assert each.source is not None
        assert 1 <= each.source.line <= len(each.source.file.lines)
        assert each.source.column >= 1
        assert each.message
        assert len(each.message) < 1000
    as_text(diagnostics)
    json.dumps([as_data(each) for each in diagnostics])
    json.loads(as_sarif(diagnostics))
    commands = as_commands(diagnostics).splitlines()
    assert all(each.startswith("::") for each in commands)


def everything_said_of(text: str) -> Iterator[Diagnostic]:
    """What is found in reading, analyzing and checking a text, after it has been rendered, and run, if it is small."""
    try:
        spec = parse_spec(text, limits=LIMITS)
    except SpecError as error:
        yield from error.diagnostics
        return
    analyzed = analyze(spec, advising_passes() if spec.network_is_sound else None)
    yield from analyzed.diagnostics
    held = hold(analyzed)
    yield from held.diagnostics
    yield from update(text, held)
    if not analyzed.partial:
        assert len(analyzed.graph.layers) == len(spec.graph.layers)
        assert analyzed.graph.outputs
    form = FORMS[len(text) % len(FORMS)]  # one a text: the same text is always treated alike
    if analyzed.graph.layers or form == "json":
        assert render(form, [analyzed], View(), PAGE)
    if not analyzed.partial:
        compared(analyzed, len(text) % 3)
        if is_small(analyzed):
            run(analyzed)


def update(text: str, held: Held) -> tuple[Diagnostic, ...]:
    """What cannot be updated in a text; what can is, and is read again."""
    changes = update_of("spec.yaml", held, Compared())
    if changes.new != changes.old:
        assert changes.old == text
        parse_spec(changes.new, limits=LIMITS)
    return changes.refused


def compared(analyzed: Analyzed, form: int) -> None:
    """Compares a network with itself, from which it does not differ, and with another, and shows how it differs."""
    assert not compare(analyzed, analyzed).differs
    comparison = compare(OTHER, analyzed)
    if form == 0:
        assert diff_text.render(comparison, PAGE, every=True)
    elif form == 1:
        assert diff_markdown.render(comparison, every=False)
    else:
        assert json.loads(diff_json.render(comparison))


def is_small(analyzed: Analyzed) -> bool:
    """Whether a training step is known to take little."""
    names = ("training_macs", "training_flops", "activations", "parameters", "buffers")
    amounts = [analyzed.facts.total(name).amount for name in names]
    return not any(each.at_least or each.value is None or each.value > MOST_WORK for each in amounts)


def run(analyzed: Analyzed) -> None:
    """A training step of a network, on what the spec pins, and else on what is drawn."""
    graph, running = analyzed.graph, analyzed.spec.running
    try:
        network = Network(graph, dtype=dtype_for(graph), input_gradients=True)
        set_up(network, running)
        training = Training(network, gather(network, running, draw_targets=True))
        training.run(training.steps(1))
    except (ExecutorError, NonFiniteError):
        return


def main() -> None:
    """How long the texts in some files keep a processor busy, the longest last."""
    times = []
    for name in sys.argv[1:]:
        started = process_time()
        endure(Path(name).read_bytes().decode("utf-8", "replace"))
        times.append((process_time() - started, name))
    for seconds, name in sorted(times):
        sys.stdout.write(f"{seconds:.3f} s  {name}\n")


if __name__ == "__main__":
    main()
