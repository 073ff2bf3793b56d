"""Whether the comparison of two networks is that of the same two swapped, with every difference inverted."""

from __future__ import annotations

from typing import Any

from archanalyzer.passes.comparing.comparison import Comparison, FieldChange, LayerChange, Moved

MEMBERS_BY_SIDE = {"removed": "added", "ungrouped": "grouped", "gone": "come"}


def require_inverse(there: Comparison, back: Comparison) -> None:
    assert sorted(map(inverted_change, there.changed)) == sorted(map(change, back.changed))
    assert sorted(map(inverted_change, there.followed)) == sorted(map(change, back.followed))
    assert [inverted(each) for each in there.totals] == list(back.totals)
    for side, other in MEMBERS_BY_SIDE.items():
        assert getattr(there, side) == getattr(back, other)
        assert getattr(there, other) == getattr(back, side)
    assert {(each.new, each.old) for each in there.renamed} == {(each.old, each.new) for each in back.renamed}
    assert {(new, old) for old, new in there.reordered} == set(back.reordered)
    blocks = {(each.new.name, each.old.name, each.is_own): repr([*map(inverted, each.facts)]) for each in there.blocks}
    assert blocks == {(each.old.name, each.new.name, each.is_own): repr([*each.facts]) for each in back.blocks}
    for total, opposite in zip(there.totals, back.totals, strict=True):
        assert total.difference is None or total.difference == -opposite.difference


def inverted(moved: Moved) -> Moved:
    return moved._replace(old=moved.new, new=moved.old)


def change(each: LayerChange) -> tuple[Any, ...]:
    """A layer's change as plain values; its facts as text, since shapes and numbers do not compare."""
    return (
        each.old,
        each.new,
        repr(each.types),
        repr(sorted(map(repr, each.fields))),
        repr(each.reads),
        repr(each.facts),
    )


def inverted_change(each: LayerChange) -> tuple[Any, ...]:
    swapped = each._replace(
        old=each.new,
        new=each.old,
        types=each.types and each.types[::-1],
        fields=tuple(FieldChange(field.name, field.new, field.old) for field in each.fields),
        reads=each.reads and each.reads[::-1],
        facts=tuple(map(inverted, each.facts)),
    )
    return change(swapped)
