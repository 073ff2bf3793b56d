"""The same of networks with blocks in blocks, whose layers and blocks are named by their types and numbered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Graph
from tests import graphs
from tests.passes.comparing.inverting import require_inverse
from tests.passes.comparing.networks import names_of, of_graphs

MANY = settings(max_examples=60, deadline=None)
RANDOM = st.randoms(use_true_random=False)
LEAVES = ("relu", "tanh", "sigmoid", "batch_norm", "conv2d")

Tree = tuple[str, "Sequence[Tree] | int"]
"""A type and, of a block, what is in it, of a layer, a number that its fields follow from."""


def tree(random: Random, depth: int = 0) -> Tree:
    """Layers, and up to three levels of blocks."""
    if depth and (depth == 3 or random.random() < 0.6):
        return random.choice(LEAVES), random.randint(0, 2)
    inside = [tree(random, depth + 1) for _ in range(random.randint(1, 4))]
    if random.random() < 0.3:
        inside += inside  # copies, which nothing but their place tells apart
    return random.choice(("stage", "unit")), inside


def built(root: Tree, names: Sequence[str] = ()) -> Graph:
    """The network; blocks of a type that is in ``names`` are called so with ``x`` behind it."""
    build = graphs.Builder()
    build.input("image", 2, 5, 5)
    taken: Counter[str] = Counter()

    def add(item: Tree) -> None:
        kind, inside = item
        if isinstance(inside, int):
            odd = 2 * inside + 1
            if kind == "conv2d":
                build.add(kind, filters=2, kernel=(odd, odd), padding="same")
            else:
                build.add(kind)
            return
        name = f"{kind}x" if kind in names else kind
        path = "/".join((*build.path, name))
        taken[path] += 1
        with build.block(kind, name if taken[path] == 1 else f"{name}_{taken[path]}"):
            for each in inside:
                add(each)

    assert not isinstance(root[1], int)
    for each in root[1]:
        add(each)
    return build.graph()


def edited(root: Tree, random: Random) -> Tree:
    """With one item left out, doubled or replaced, somewhere."""
    kind, inside = root
    assert not isinstance(inside, int)
    items, at = list(inside), random.randrange(len(inside))
    choice = random.random()
    if choice < 0.5 and not isinstance(items[at][1], int):
        items[at] = edited(items[at], random)
    elif choice < 0.7 and len(items) > 1:
        del items[at]
    elif choice < 0.85:
        items.insert(at, items[random.randrange(len(items))])
    else:
        items[at] = random.choice(LEAVES), random.randint(0, 2)
    return kind, items


@MANY
@given(RANDOM)
def test_a_network_does_not_differ_from_itself(random: Random) -> None:
    root = tree(random)
    assert not of_graphs(built(root), built(root)).differs


@MANY
@given(RANDOM)
def test_swapped_sides_invert_every_difference(random: Random) -> None:
    root = tree(random)
    for other in (edited(root, random), tree(random)):
        old, new = built(root), built(other)
        require_inverse(of_graphs(old, new), of_graphs(new, old))


@MANY
@given(RANDOM)
def test_every_layer_is_told_of_once(random: Random) -> None:
    """Those of both sides: in a pair, or on one side only."""
    root = tree(random)
    old, new = built(root), built(edited(root, random))
    comparison = of_graphs(old, new)
    assert len(old.layers) - comparison.layers_removed == len(new.layers) - comparison.layers_added
    gone = [index for piece in comparison.removed for index in range(piece.start, piece.stop)]
    come = [index for piece in comparison.added for index in range(piece.start, piece.stop)]
    assert len({*gone}) == len(gone)
    assert len({*come}) == len(come)
    assert {each.old for each in comparison.changed}.isdisjoint(gone)
    assert {each.new for each in comparison.changed}.isdisjoint(come)
    assert comparison.differs == (shape(old) != shape(new))


def shape(graph: Graph) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(layer.name, repr(layer.op), layer.inputs) for layer in graph.layers]


@MANY
@given(RANDOM)
def test_renamed_blocks_are_the_only_difference(random: Random) -> None:
    """Each block of a type gets another name; none of the layers in it is told of."""
    root = tree(random)
    old, new = built(root), built(root, names=("unit",))
    comparison = of_graphs(old, new)
    pairs = zip(old.blocks, new.blocks, strict=True)
    renamed = {one.name: other.name for one, other in pairs if one.block == "unit"}
    assert names_of(comparison) == ({"renamed": renamed} if renamed else {})
    assert all(each.is_block for each in comparison.renamed)
    assert not comparison._replace(renamed=()).differs


@MANY
@given(RANDOM)
def test_copies_that_are_added_change_nothing_else(random: Random) -> None:
    """A row of alike blocks that grows by one."""
    unit = "unit", [tree(random, 3) for _ in range(random.randint(1, 3))]
    before, after = (tree(random, 3),), (("stage", [tree(random, 3)]),)
    number = random.randint(1, 4)
    old = built(("net", [*before, *[unit] * number, *after]))
    new = built(("net", [*before, *[unit] * (number + 1), *after]))
    comparison = of_graphs(old, new)
    assert comparison.layers_added == len(unit[1])
    assert len(comparison.added) == 1
    assert comparison.changed == ()
    assert comparison.removed == ()
