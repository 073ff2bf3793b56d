"""A thousand spec files checked by one command, as a ratio to the time that the passes alone take for them.

The yardstick is one process that has read the specs and only asks every pass for all of its columns, totals and
diagnostics. The command starts an interpreter, reads the files, asks the passes, compares and reports. Among the files
is one that cannot be used, which must be told, and the rest checked. Where the goal is clearly missed, machines being
noisy, the exit code is 1.

    python benchmarks/checking.py [FILES]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.spec import read_spec

ROOT = Path(__file__).parent.parent
GOAL = 4.0
CLEARLY = 1.5
"""Times the goal: beyond that, it is no noise."""
BROKEN = "archspec: 1\ninputs: {x: [3]}\nlayers: [rleu]\n"


def write(folder: Path, number: int) -> list[Path]:
    """So many spec files, copies of those of the repository in turn."""
    texts = [
        path.read_text() for where in ("specs", "tests/passes/cases") for path in sorted((ROOT / where).rglob("*.yaml"))
    ]
    paths = [folder / f"{index:04}.yaml" for index in range(number)]
    for index, path in enumerate(paths):
        path.write_text(texts[index % len(texts)])
    return paths


def ask(graph: Graph) -> None:
    """Everything that the passes tell of a network."""
    facts = Facts(graph, standard_passes())
    for column in facts.columns:
        facts.values(column)
    facts.totals()
    facts.diagnostics()


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), number)
        graphs = [read_spec(str(path)).graph for path in paths]
        ask(graphs[0])  # imports what is needed
        started = time.perf_counter()
        for graph in graphs:
            ask(graph)
        passes = time.perf_counter() - started
        Path(folder, "broken.yaml").write_text(BROKEN)
        command = [sys.executable, "-m", "archanalyzer", "check", folder]
        started = time.perf_counter()
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        whole = time.perf_counter() - started
    expected = f"{number + 1:,} specs: {number:,} ok, 1 not usable"
    if run.returncode != 2 or run.stdout.splitlines()[-1] != expected:
        sys.exit(f"expected `{expected}`, found exit code {run.returncode} and\n{run.stdout[-500:]}{run.stderr[-500:]}")
    ratio = whole / passes
    print(f"{number:,} files: passes alone {passes:.2f} s, check {whole:.2f} s: {ratio:.2f} times (goal {GOAL:g})")
    sys.exit(f"missed the goal of {GOAL:g}" if ratio > GOAL * CLEARLY else 0)


if __name__ == "__main__":
    main()
