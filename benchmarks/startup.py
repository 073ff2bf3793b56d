"""Whole-process time and peak memory of `analyze specs/vgg16.yaml`, as ratios to bare imports, in one run.

The yardstick is an interpreter that imports networkx, pydantic and yaml and does nothing: what any tool made of these
libraries costs at least. Runs are interleaved, so that a machine whose speed drifts slows both sides alike. Where a
goal is clearly missed, machines being noisy, the exit code is 1.

    python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

SPEC = str(Path(__file__).parent.parent / "specs" / "vgg16.yaml")
PROGRAM = [sys.executable, "-m", "archanalyzer"]
BARE = [sys.executable, "-c", "import networkx, pydantic, yaml"]
COMMANDS = {
    "json": [*PROGRAM, "analyze", SPEC, "--format", "json"],
    "table": [*PROGRAM, "analyze", SPEC],
}
# Both sides with compiled bytecode, as after a usual install, whatever this shell says.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
GOALS = {"json": 1.3, "table": 1.5}
MEMORY_GOAL = 1.5
CLEARLY = 1.5
"""Times the goal: beyond that, it is no noise."""


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds and peak mebibytes of one run of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for command in (BARE, *COMMANDS.values()):
        measure(command)  # fills the caches of bytecode and files
    runs: dict[str, list[tuple[float, float]]] = {"bare": [], **{name: [] for name in COMMANDS}}
    for _ in range(rounds):
        runs["bare"].append(measure(BARE))
        for name, command in COMMANDS.items():
            runs[name].append(measure(command))
    bare = runs["bare"]
    print(f"bare imports: {_seconds(bare):.3f} s, {_memory(bare):.0f} MiB (medians of {rounds})")
    missed = []
    for name in COMMANDS:
        ratio = statistics.median(ours[0] / base[0] for ours, base in zip(runs[name], bare, strict=True))
        memory = _memory(runs[name]) / _memory(bare)
        print(
            f"analyze vgg16, {name}: {_seconds(runs[name]):.3f} s, {_memory(runs[name]):.0f} MiB; "
            f"{ratio:.2f} times as long (goal {GOALS[name]}), {memory:.2f} times the memory (goal {MEMORY_GOAL})"
        )
        missed += [f"time, {name}"] if ratio > CLEARLY * GOALS[name] else []
        missed += [f"memory, {name}"] if memory > CLEARLY * MEMORY_GOAL else []
    if missed:
        sys.exit(f"clearly missed: {'; '.join(missed)}")


def _seconds(runs: list[tuple[float, float]]) -> float:
    return statistics.median(run[0] for run in runs)


def _memory(runs: list[tuple[float, float]]) -> float:
    return statistics.median(run[1] for run in runs)


if __name__ == "__main__":
    main()
