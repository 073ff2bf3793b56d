"""Parts of networks: which layers they have, their inputs, and their weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archanalyzer import compile as compiled
from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.weight_files import WeightFileError, load
from archanalyzer.spec import parse_spec
from tests.executor.parts import part_of, types_of

NET = """
archspec: 1
inputs: {x: [2, 6], y: [2, 6]}
blocks:
  wide:
    layers:
      - conv1d: {filters: 3, kernel: 1}
        name: up
      - conv1d: {filters: 2, kernel: 1, bias: false}
        name: down
  bent:
    layers:
      - conv1d: {filters: 2, kernel: 1}
      - relu
layers:
  - wide:
    from: x
  - bent
  - conv1d: {filters: 2, kernel: 1, bias: false}
    name: again
    share: wide/down
    from: wide/up
  - crop_like:
    name: cut
    from: [again, y]
outputs: [bent, cut]
weights:
  wide/up: {bias: 0.25}
  wide/down: {weight: he_uniform}
training: {initializer: glorot_normal}
"""


@pytest.mark.parametrize(
    ("name", "kind", "inputs", "output"),
    [
        ("wide", "block", (("x", (2, 6)),), ("wide/down", (2, 6))),
        ("again", "conv1d", (("wide/up", (3, 6)),), ("again", (2, 6))),
        ("wide/down", "conv1d", (("wide/up", (3, 6)),), ("wide/down", (2, 6))),
        ("cut", "crop_like", (("again", (2, 6)),), ("cut", (2, 6))),  # of y, the type alone matters
    ],
)
def test_what_it_is_a_part_of(
    name: str, kind: str, inputs: tuple[tuple[str, tuple[int, ...]], ...], output: tuple[str, tuple[int, ...]]
) -> None:
    part = part_of(NET, name)
    assert (part.name, part.kind, part.inputs, part.output) == (name, kind, inputs, output)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x", "`x` computes nothing: what it puts out is an input"),
        ("bent", r"no matrix does what `bent` does: `bent/relu` \(relu\) in it is not affine"),
        ("bent/relu", r"`bent/relu` \(relu\) is not affine: no matrix does what it does"),
        ("wide/dawn", "there is no layer or block `wide/dawn`; did you mean `wide/down`"),
        (None, "expected one output, found `bent/relu`, `cut`: name a layer or a block"),
    ],
)
def test_what_is_no_affine_part(name: str | None, why: str) -> None:
    with pytest.raises(ExecutorError, match=why):
        part_of(NET, name)


def test_what_reads_positions_kept_outside_is_no_part() -> None:
    unpooling = """
archspec: 1
inputs: {x: [1, 4, 4]}
layers:
  - max_pool2d: 2
    name: pool
  - max_unpool2d:
    name: up
    from: [pool, pool]
"""
    with pytest.raises(ExecutorError, match="`up` reads positions that a layer outside of `up` has kept"):
        part_of(unpooling, "up")


def test_the_layer_that_is_not_affine_may_be_outside() -> None:
    after = "archspec: 1\ninputs: {x: [2]}\nlayers: [relu, {dense: 3}]\n"
    assert part_of(after, "dense").inputs == (("relu", (2,)),)


@pytest.mark.parametrize("name", ["wide", "again"])
def test_its_weights_are_those_of_the_whole_network(name: str) -> None:
    """Pinned, drawn by the initializer that is pinned, or by the spec's; a shared one is its owner's."""
    spec = parse_spec(NET)
    whole = compiled(spec, dtype="float64", seed=3)
    part = AffinePart(types_of(spec.graph), name)
    part.set_weights(spec.running, seed=3)
    assert {each.name for each in part.arrays} == (
        {"wide/up.weight", "wide/up.bias", "wide/down.weight"} if name == "wide" else {"wide/down.weight"}
    )
    for each in part.arrays:
        np.testing.assert_array_equal(each.array, whole.parameters[each.name])


def test_weights_rounded_to_float32_are_those_of_such_a_network() -> None:
    spec = parse_spec(NET)
    part = AffinePart(types_of(spec.graph), "wide/down")
    part.set_weights(spec.running, dtype="float32")
    np.testing.assert_array_equal(part.arrays[0].array, compiled(spec).parameters["wide/down.weight"])


def test_weights_from_a_file_of_the_whole_network(tmp_path: Path) -> None:
    spec, path = parse_spec(NET), tmp_path / "net.npz"
    whole = compiled(spec, dtype="float64", seed=8)
    whole.save(path)
    part = part_of(spec.graph, "again")
    part.load(load(path), str(path))
    np.testing.assert_array_equal(part.arrays[0].array, whole.parameters["wide/down.weight"])
    with pytest.raises(WeightFileError, match=r"missing: `wide/down.weight`"):
        part.load({}, str(path))
