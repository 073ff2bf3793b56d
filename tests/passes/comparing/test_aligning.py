"""Which layer is which, in pairs written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archanalyzer.graph import Block
from archanalyzer.passes.comparing.comparison import Rename
from tests import graphs
from tests.passes.comparing.inverting import require_inverse
from tests.passes.comparing.networks import CONV4, CONV8, chain, compared, names_of, of_graphs

STAGE = """\
blocks:
  stage:
    arguments: {filters: 4}
    layers:
      - conv2d: {filters: =filters, kernel: 3, padding: same}
      - relu
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param((CONV4, "relu"), (CONV4, "relu"), {}, id="nothing"),
        pytest.param((CONV4, "relu"), (CONV8, "relu"), {"changed": {"conv2d": {"filters": (4, 8)}}}, id="a field"),
        pytest.param(
            (CONV4, "relu", "flatten"),
            (CONV4, "tanh", "flatten"),
            {"changed": {"tanh": {"type": ("relu", "tanh")}}},
            id="a type",
        ),
        pytest.param(
            (CONV4, "relu\nname: act"),
            (CONV4, "tanh\nname: act"),
            {"changed": {"act": {"type": ("relu", "tanh")}}},
            id="a named one's type",
        ),
        pytest.param((CONV4, "flatten"), (CONV4, "relu", "flatten"), {"added": ["relu"]}, id="added"),
        pytest.param((CONV4, "relu", "flatten"), (CONV4, "flatten"), {"removed": ["relu"]}, id="removed"),
        pytest.param(
            (f"{CONV4}\nname: a", "relu"), (f"{CONV4}\nname: b", "relu"), {"renamed": {"a": "b"}}, id="renamed"
        ),
        pytest.param(
            (f"{CONV4}\nname: a", "relu", CONV4),
            (f"{CONV4}\nname: b", "relu", CONV8),
            {"changed": {"conv2d": {"filters": (4, 8)}}, "renamed": {"a": "b"}},
            id="renamed beside a change",
        ),
        pytest.param(
            (CONV4, CONV8, "relu"),
            (CONV4, CONV4, CONV8, "relu"),
            {"added": ["conv2d_2"], "renamed": {"conv2d_2": "conv2d_3"}},
            id="renumbered",
        ),
        pytest.param(
            (f"{CONV4}\nname: c1", f"{CONV4}\nname: c2", f"{CONV4}\nname: c3"),
            (f"{CONV4}\nname: c1", f"{CONV4}\nname: c3"),
            {"removed": ["c2"]},
            id="numbers that were kept",
        ),
        pytest.param(
            (f"{CONV4}\nname: c1", f"{CONV4}\nname: c2", f"{CONV8}\nname: c3"),
            (f"{CONV4}\nname: c1", f"{CONV4}\nname: c2", f"{CONV4}\nname: c3", f"{CONV8}\nname: c4"),
            {"added": ["c3"], "renamed": {"c3": "c4"}},
            id="renumbered by hand",
        ),
        pytest.param(
            (f"{CONV4}\nname: a", "relu"),
            (f"{CONV8}\nname: b", "relu"),
            {"removed": ["a"], "added": ["b"]},
            id="another name and other fields",
        ),
        pytest.param(
            (CONV4, "relu", CONV4, "relu"),
            (CONV8, "tanh", CONV8, "tanh"),
            {
                "changed": {
                    "conv2d": {"filters": (4, 8)},
                    "tanh": {"type": ("relu", "tanh")},
                    "conv2d_2": {"filters": (4, 8)},
                    "tanh_2": {"type": ("relu", "tanh")},
                }
            },
            id="everything",
        ),
        pytest.param(
            (f"{CONV4}\nname: a\nfrozen: true",),
            (f"{CONV4}\nname: a",),
            {"changed": {"a": {"frozen": (True, False)}}},
            id="frozen",
        ),
    ],
)
def test_chains(old: tuple[str, ...], new: tuple[str, ...], told: dict[str, object]) -> None:
    assert names_of(compared(chain(*old), chain(*new))) == told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("relu", "tanh"), ("tanh", "relu")),
        (("relu", "tanh", "relu", "sigmoid"), ("tanh", "relu", "sigmoid", "tanh")),
        ((f"{CONV4}\nname: a", f"{CONV8}\nname: b"), (f"{CONV8}\nname: c", f"{CONV4}\nname: d")),
    ],
)
def test_where_there_are_several_answers_both_directions_give_one(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    there, back = compared(chain(*old), chain(*new)), compared(chain(*new), chain(*old))
    assert there.differs
    require_inverse(there, back)


def test_a_layer_that_reads_another_one_says_so() -> None:
    layers = (f"{CONV4}\nname: a", "relu\nname: b", "tanh\nname: c\nfrom: a", "add:\nname: sum\nfrom: [b, c]")
    old, new = chain(*layers), chain(*layers).replace("from: a", "from: b").replace("[b, c]", "[a, c]")
    assert names_of(compared(old, new)) == {
        "changed": {"c": {"reads": (("a",), ("b",))}, "sum": {"reads": (("b", "c"), ("a", "c"))}}
    }


def test_one_input_more_is_another_reading() -> None:
    old = chain(f"{CONV4}\nname: a", f"{CONV4}\nname: b", f"{CONV4}\nname: c", "add:\nname: sum\nfrom: [b, c]")
    assert names_of(compared(old, old.replace("[b, c]", "[a, b, c]"))) == {
        "changed": {"sum": {"reads": (("b", "c"), ("a", "b", "c"))}}
    }


def test_what_comes_in_between_is_no_other_reading() -> None:
    """Both arms read what is put behind the layer that they read before, the skip too."""
    arms = ("tanh\nname: left\nfrom: {0}", "relu\nname: right\nfrom: {0}", "add:\nfrom: [left, right]")
    old = chain(f"{CONV4}\nname: a", *(arm.replace("{0}", "a") for arm in arms))
    new = chain(f"{CONV4}\nname: a", "sigmoid\nname: between", *(arm.replace("{0}", "between") for arm in arms))
    assert names_of(compared(old, new)) == {"added": ["between"]}
    assert names_of(compared(new, old)) == {"removed": ["between"]}


def test_sharing_with_another_layer() -> None:
    layers = (
        f"{CONV4}\nname: a\nfrom: image",
        f"{CONV4}\nname: b\nfrom: image",
        f"{CONV4}\nname: c\nfrom: image\nshare: a",
    )
    old = chain(*layers, "add:\nfrom: [a, b, c]")
    told = names_of(compared(old, old.replace("share: a", "share: b")))
    assert told == {"changed": {"c": {"share": ("a", "b")}}}


def test_a_block_that_is_renamed_is_told_once() -> None:
    old = chain("stage: 4\nname: first", "stage: 8\nname: second", above=STAGE)
    comparison = compared(old, old.replace("name: first", "name: stem"))
    assert comparison.renamed == (Rename("first", "stem", 2, is_block=True, renumbered=False),)
    assert names_of(comparison) == {"renamed": {"first": "stem"}}


def test_a_renamed_block_with_a_changed_layer() -> None:
    old = chain("stage: 4\nname: first", "flatten", above=STAGE)
    assert names_of(compared(old, old.replace("stage: 4\n    name: first", "stage: 8\n    name: stem"))) == {
        "changed": {"stem/conv2d": {"filters": (4, 8)}},
        "renamed": {"first": "stem"},
    }


def test_a_block_that_is_added_is_one_piece() -> None:
    old = chain("stage: 4", "stage: 8", above=STAGE)
    comparison = compared(old, chain("stage: 4", "stage: 6", "stage: 8", above=STAGE))
    (piece,) = comparison.added
    assert (piece.name(comparison.new.graph), piece.start, piece.stop) == ("stage_2", 3, 5)
    assert comparison.renamed == (Rename("stage_2", "stage_3", 2, is_block=True, renumbered=True),)


def test_layers_that_are_put_into_a_block_stay_what_they_are() -> None:
    old = chain(CONV4, "relu", "flatten", above=STAGE.replace("stage", "unused"))
    new = chain("stage", "flatten", above=STAGE)
    comparison = compared(old, new)
    assert names_of(comparison) == {"renamed": {"conv2d": "stage/conv2d", "relu": "stage/relu"}}
    assert [piece.name(comparison.new.graph) for piece in comparison.grouped] == ["stage"]
    assert [piece.name(comparison.old.graph) for piece in compared(new, old).ungrouped] == ["stage"]


def test_a_field_of_a_block_that_is_used_often() -> None:
    old = chain(*["stage"] * 3, above=STAGE)
    told = names_of(compared(old, old.replace("kernel: 3", "kernel: 5")))
    assert told == {"changed": {f"stage{number}/conv2d": {"kernel": ((3, 3), (5, 5))} for number in ("", "_2", "_3")}}


def test_two_branches_in_another_order() -> None:
    """Nothing but the order differs: whoever reads `left` first still does."""
    left, right = "tanh\nname: left\nfrom: a", "relu\nname: right\nfrom: a"
    old = chain(f"{CONV4}\nname: a", left, right, "add:\nfrom: [left, right]")
    new = chain(f"{CONV4}\nname: a", right, left, "add:\nfrom: [left, right]")
    comparison = compared(old, new)
    assert comparison.reordered in {(("left", "left"),), (("right", "right"),)}
    assert not comparison.changed
    assert not comparison.added
    assert not comparison.removed


def test_a_relu_that_is_moved_in_front_of_a_normalization() -> None:
    """Either of the two has moved past the other, and all three behind the convolution read another layer."""
    old, new = chain(CONV4, "relu", "batch_norm", "flatten"), chain(CONV4, "batch_norm", "relu", "flatten")
    told = names_of(compared(old, new))
    assert told.keys() == {"changed", "reordered"}
    changed = told["changed"]
    assert isinstance(changed, dict)
    assert changed.keys() == {"relu", "batch_norm", "flatten"}


def test_a_numbered_name_that_is_on_both_sides_goes_first() -> None:
    old = chain(f"{CONV4}\nname: c2", "flatten")
    new = chain(f"{CONV8}\nname: c1", f"{CONV8.replace('8', '16')}\nname: c2", "flatten")
    assert names_of(compared(old, new)) == {"changed": {"c2": {"filters": (4, 16)}}, "added": ["c1"]}


def test_a_given_name_is_followed_to_another_place() -> None:
    """`a` becomes another type and moves past `b`."""
    old = chain(f"{CONV4}\nname: a", "relu\nname: b", "flatten")
    new = chain("relu\nname: b", "tanh\nname: a", "flatten")
    told = names_of(compared(old, new))
    assert told["changed"] == {
        "a": {"type": ("conv2d", "tanh"), "reads": (("image",), ("b",))},
        "b": {"reads": (("a",), ("image",))},
        "flatten": {"reads": (("b",), ("a",))},
    }
    assert told.keys() == {"changed", "reordered"}


def test_another_type_that_reads_something_else_is_another_layer() -> None:
    old = chain(f"{CONV4}\nname: a", f"{CONV4}\nname: b\nfrom: image", "relu\nfrom: a", "add:\nfrom: [b, relu]")
    new = old.replace("relu:", "tanh:").replace("from: a", "from: b").replace("relu]", "tanh]")
    told = names_of(compared(old, new.replace("[b, tanh]", "[a, tanh]")))
    assert told == {
        "changed": {"add": {"reads": (("b", "relu"), ("a", "tanh"))}},
        "removed": ["relu"],
        "added": ["tanh"],
    }


def test_a_block_with_another_name_and_a_layer_more() -> None:
    old = chain("stage", "flatten", above=STAGE)
    new = chain("stage\nname: front", "flatten", above=STAGE.replace("- relu", "- relu\n      - tanh"))
    comparison = compared(old, new)
    assert names_of(comparison) == {"added": ["front/tanh"], "renamed": {"stage": "front"}}


def test_a_block_of_one_name_at_another_place_is_that_block() -> None:
    more = STAGE.replace("- relu", "- relu\n      - dropout")
    comparison = compared(chain("tanh", "stage", "flatten", above=STAGE), chain("stage", "tanh", "flatten", above=more))
    assert (comparison.grouped, comparison.ungrouped) == ((), ())
    told = names_of(comparison)
    assert told["added"] == ["stage/dropout"]
    assert "removed" not in told
    assert "renamed" not in told


def test_layers_that_are_put_into_a_block_which_is_used_once_more() -> None:
    """Each convolution goes where it reads the same; the third use of the block is what is new, as a whole."""
    old = chain(f"{CONV4}\nname: stem", "relu", "max_pool2d: 2", CONV4, "relu", "flatten")
    new = chain("stage", "max_pool2d: 2", "stage", "stage", "flatten", above=STAGE)
    comparison = compared(old, new)
    assert names_of(comparison) == {
        "added": ["stage_3"],
        "renamed": {
            "stem": "stage/conv2d",
            "relu": "stage/relu",
            "conv2d": "stage_2/conv2d",
            "relu_2": "stage_2/relu",
        },
    }
    assert [piece.name(comparison.new.graph) for piece in comparison.grouped] == ["stage", "stage_2"]


def test_blocks_in_blocks_without_end() -> None:
    """Far deeper than functions may call each other."""
    build = graphs.Builder()
    build.input("image", 3, 8, 8)
    layer = build.add("relu")
    names = ["b"]
    for _ in range(3_000):
        names.append(f"{names[-1]}/b" if len(names) < 3 else f"{names[-1]}b")
    blocks = tuple(Block(name, "b", layer, layer + 1, layer, graphs.at(1)) for name in names)
    old = replace(build.graph(), blocks=blocks)
    new = replace(old, layers=(old.layers[0], replace(old.layers[1], op=graphs.op("tanh"))))
    assert names_of(of_graphs(old, new)) == {"changed": {"relu": {"type": ("relu", "tanh")}}}


def test_a_layer_that_is_put_into_a_block_and_reads_another_one() -> None:
    """It is still read by the same one."""
    above = "blocks:\n  stage: {layers: [sigmoid, relu]}\n"
    told = names_of(compared(chain("tanh", "relu", "flatten"), chain("stage", "flatten", above=above)))
    assert told["removed"] == ["tanh"]
    assert told["added"] == ["stage/sigmoid"]
    assert told["renamed"] == {"relu": "stage/relu"}


def test_alike_layers_in_other_surroundings_are_not_one() -> None:
    """The relu between the convolutions went; another one came at the end."""
    old = chain(f"{CONV4}\nname: a", "relu", f"{CONV8}\nname: b", "flatten")
    new = chain(f"{CONV4}\nname: a", f"{CONV8}\nname: b", "flatten", "relu\nname: late")
    assert names_of(compared(old, new)) == {"removed": ["relu"], "added": ["late"]}


def test_blocks_without_layers_are_none() -> None:
    old = graphs.small()
    new = replace(old, blocks=(Block("empty", "empty", 4, 4, None, graphs.at(1)), *old.blocks))
    assert not of_graphs(old, new).differs
    assert not of_graphs(new, new).differs
    wide = replace(new, layers=(*new.layers[:5], replace(new.layers[5], op=graphs.op("dense", units=3))))
    assert names_of(of_graphs(new, wide)) == {"changed": {"dense": {"units": (2, 3)}}}
