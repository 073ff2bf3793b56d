"""Fuzzing guided by what code a text reaches: ``python -m tests.fuzz.coverage_guided [options of libFuzzer]``.

Needs atheris (``pip install -e '.[fuzz]'``). Texts that reach something new are kept in the folder that is named first,
by default a temporary one; ``tests/fuzz/corpus`` holds those that were worth keeping, and is read, too. A text that
raises, takes more than 1 GiB or hangs stops it, and is written to a file ``crash-…``, ``oom-…`` or ``timeout-…``. Code
that is watched is several times as slow; a text that takes more than 2 seconds is written to ``slow-unit-…``, and how
long it takes without being watched, ``python -m tests.fuzz.enduring FILE...`` tells.

    python -m tests.fuzz.coverage_guided -max_total_time=60
    python -m tests.fuzz.coverage_guided found -runs=1000000
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
import sys
import tempfile
from pathlib import Path

import atheris

NOT_ASKED = ("archanalyzer.__main__", "archanalyzer.report.field.pictures", "archanalyzer.testing.pytest_plugin")

with atheris.instrument_imports(include=["archanalyzer", "yaml"]):
    import archanalyzer

    for module in pkgutil.walk_packages(archanalyzer.__path__, "archanalyzer."):
        if module.name not in NOT_ASKED:  # all now: what is imported later is not seen
            importlib.import_module(module.name)
    from tests.fuzz.enduring import endure
    from tests.fuzz.texts import TEXTS, Mutations

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4000
BOUNDS = ("-timeout=20", "-report_slow_units=2", "-rss_limit_mb=1024", f"-max_len={LONGEST}")
SYNTAX = re.compile(r"[:\[\]{}=\n]")


def one(data: bytes) -> None:
    """One execution."""
    endure(data.decode("utf-8", "replace"))


def changed(data: bytes, most: int, seed: int) -> bytes:
    """Another text: mostly a change that keeps it a text of YAML, else one of bytes."""
    randomness = random.Random(seed)  # noqa: S311 - it is to be the same each time
    text = data.decode("utf-8", "replace")
    if not SYNTAX.search(text):
        text = randomness.choice(TEXTS)
    elif randomness.random() < 0.2:
        mutated: bytes = atheris.Mutate(data, most)
        return mutated
    return Mutations(randomness).mutated(text).encode()[:most]


def main() -> None:
    """Runs until something is found, or as long as it is told to."""
    folders = [each for each in sys.argv[1:] if not each.startswith("-")]
    with tempfile.TemporaryDirectory() as temporary:
        seeds = Path(temporary, "seeds")
        seeds.mkdir()
        for number, text in enumerate(TEXTS):
            if len(text) <= LONGEST:
                (seeds / f"{number}.yaml").write_text(text)
        found = folders or [str(Path(temporary, "found"))]
        Path(found[0]).mkdir(exist_ok=True)
        options = [each for each in sys.argv[1:] if each.startswith("-")]
        atheris.Setup([sys.argv[0], *BOUNDS, *options, *found, str(CORPUS), str(seeds)], one, custom_mutator=changed)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
