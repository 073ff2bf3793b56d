"""Whatever the text, it is read, or told what is wrong with it and where; all that is found can be shown."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.enduring import endure
from tests.fuzz.texts import SPECS, TEXTS, Mutations

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
"""Texts that coverage-guided fuzzing found worth keeping: each reaches something that no other does, or once broke."""


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_text_of_the_corpus_is_read_or_told(path: Path) -> None:
    endure(path.read_bytes().decode("utf-8", "replace"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
def test_a_changed_spec_is_read_or_told(text: str, seed: int) -> None:
    endure(Mutations(random.Random(seed)).mutated(text))  # noqa: S311 - hypothesis shrinks the seed


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_a_spec_put_together_at_random_is_read_or_told(text: str) -> None:
    endure(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_told(text: str) -> None:
    endure(text)
