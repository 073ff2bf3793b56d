"""Time and memory of VGG-16 at 224², forward and backward in float32, beside its bare matrix products, in one run.

The yardstick are the products alone that a convolution is, one for the outputs, one for the gradient by the input, one
for that by the weights, of the sizes that the network has: what any implementation by matrix products costs at least.
Each side runs in a process of its own. The exit code is 1 where the memory is more than it may be.

    python benchmarks/running.py [ROUNDS]
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SPEC = str(Path(__file__).parent.parent / "specs" / "vgg16.yaml")
MEMORY_GOAL = 3 * 2**30


def products() -> Callable[[], None]:
    """The matrix products of all layers of VGG-16, for one sample."""
    import numpy as np

    import archanalyzer

    facts = archanalyzer.analyze(SPEC).facts
    arrays = []
    for weights, shape in zip(facts.values("weights"), facts.values("output_shape"), strict=True):
        if weights:
            filters, *taps = weights["weight"]
            positions = int(np.prod(shape[1:]))
            weight, columns = (
                np.ones((filters, int(np.prod(taps))), np.float32),
                np.ones((int(np.prod(taps)), positions), np.float32),
            )
            arrays.append((weight, columns, np.ones((filters, positions), np.float32)))

    def run() -> None:
        for number, (weight, columns, errors) in enumerate(arrays):
            weight @ columns
            errors @ columns.T
            if number:
                weight.T @ errors

    return run


def network() -> Callable[[], None]:
    """A forward and a backward step of VGG-16, for one sample."""
    import numpy as np

    import archanalyzer

    made = archanalyzer.compile(SPEC)
    x, dy = np.ones((1, 3, 224, 224), np.float32), np.ones((1, 1000), np.float32)

    def run() -> None:
        made.forward(x)
        made.backward(dy)

    return run


def measured(what: str) -> tuple[float, int]:
    """Seconds of one round, the best of three, and peak bytes, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--side", what], capture_output=True, check=True, encoding="utf-8")
    seconds, size = json.loads(done.stdout)
    return seconds, size


def side(what: str) -> None:
    run = {"products": products, "network": network}[what]()
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    print(json.dumps([min(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    pairs = [(measured("products"), measured("network")) for _ in range(rounds)]
    ratio = statistics.median(ours[0] / bare[0] for bare, ours in pairs)
    bare_seconds, seconds = (statistics.median(pair[which][0] for pair in pairs) for which in (0, 1))
    memory = max(ours[1] for _, ours in pairs)
    print(f"matrix products of vgg16, forward and backward: {bare_seconds:.2f} s (medians of {rounds})")
    print(f"vgg16, forward and backward: {seconds:.2f} s, {ratio:.2f} times as long; ", end="")
    print(f"peak {memory / 2**30:.2f} GiB (goal {MEMORY_GOAL / 2**30:g} GiB)")
    if memory > MEMORY_GOAL:
        sys.exit("more memory than it may take")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        side(sys.argv[2])
    else:
        main()
