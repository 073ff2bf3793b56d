"""Products and what they share: how factors are told apart, ordered and taken out of sums."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import Count, Factor, Role, TensorType, Weight
from archanalyzer.passes.explaining.derivation import Product, Term, gathered, of_count, of_output, of_weight

IMAGE = TensorType((4, 6, 5))


def values(factors: tuple[Factor, ...]) -> list[int]:
    return [factor.value for factor in factors]


def names(factors: tuple[Factor, ...]) -> list[str]:
    return [factor.name for factor in factors]


def test_factors_of_a_count_are_told_apart_by_their_names() -> None:
    named = {"filters": 8, "input channels": 3, "kernel height": 5, "kernel width": 2, "output height": 6, "axis4": 7}
    product = of_count(Count("products", tuple(Factor(*each) for each in named.items())), Factor("twice", 2))
    assert names(product.units) == ["input channels", "filters"]
    assert values(product.kernel) == [5, 2]
    assert names(product.positions) == ["output height", "axis4"]
    assert names(product.often) == ["twice"]
    assert product.value == 2 * 8 * 3 * 5 * 2 * 6 * 7


def test_a_weight_is_inputs_times_outputs_and_its_kernel() -> None:
    product = of_weight(Weight("weight", (8, 3, 5, 2), filters=8), "weights", IMAGE)
    assert names(product.units) == ["channels of each filter", "filters"]
    assert (values(product.units), names(product.kernel)) == ([3, 8], ["kernel height", "kernel width"])
    assert product.value == 240


def test_a_weight_that_is_laid_out_otherwise_says_so() -> None:
    """A transposed convolution's is (channels, filters, *kernel), and its fan shape the other way round."""
    weight = Weight("weight", (3, 8, 5), filters=8, fan_shape=(8, 3, 5))
    assert values(of_weight(weight, "weights", IMAGE).units) == [3, 8]


def test_a_fan_shape_of_another_size_is_not_believed() -> None:
    product = of_weight(Weight("weight", (3, 8), fan_shape=(2, 2)), "weights", IMAGE)
    assert values(product.units) == [3, 8]


def test_arrays_along_the_output_have_the_names_of_its_axes() -> None:
    scale = Weight("weight", (4, 6, 5), initial=1)
    assert names(of_weight(scale, "weights", IMAGE).units) == ["channels", "height", "width"]
    bias = Weight("bias", (4,), Role.BIAS, initial=0)
    assert names(of_weight(bias, "biases", IMAGE).units) == ["channels"]
    assert names(of_weight(Weight("one", (9,), initial=0), "weights", IMAGE).units) == ["numbers"]
    assert names(of_weight(Weight("odd", (9, 2), initial=0), "weights", IMAGE).units) == ["axis 0", "axis 1"]
    assert of_weight(Weight("scalar", (), initial=0), "weights", IMAGE).value == 1


def test_the_numbers_of_an_output() -> None:
    assert (values(of_output(IMAGE).units), values(of_output(IMAGE).positions)) == ([4], [6, 5])
    assert of_output(TensorType((7,))).value == 7


def product(kernel: int, *units: int, what: str = "weights") -> Product:
    return Product(what, tuple(Factor("unit", each) for each in units), (Factor("kernel length", kernel),))


def terms(*listed: tuple[Product, int], in_order: bool = True) -> list[tuple[int, list[tuple[list[int], int]]]]:
    """For each group, its kernel and its terms."""
    groups = gathered(listed, in_order=in_order)
    return [(group.kernel[0].value, [(values(term.units), term.times) for term in group.terms]) for group in groups]


def test_what_is_shared_is_taken_out_and_what_is_alike_put_together() -> None:
    found = terms((product(3, 1, 2), 1), (product(3, 1, 2), 2), (product(5, 1, 2), 1), (product(3, 2, 2), 1))
    assert found == [(3, [([1, 2], 3), ([2, 2], 1)]), (5, [([1, 2], 1)])]


def test_what_is_alike_is_put_together_in_a_row_or_everywhere() -> None:
    listed = [(product(3, 1, 2), 1), (product(3, 2, 1), 1), (product(3, 1, 2), 1)]
    assert terms(*listed) == [(3, [([1, 2], 1), ([2, 1], 1), ([1, 2], 1)])]
    assert terms(*listed, in_order=False) == [(3, [([1, 2], 2), ([2, 1], 1)])]


def test_unlike_kinds_stay_apart() -> None:
    found = gathered([(product(3, 4), 1), (product(3, 4, what="biases"), 1), (product(3, 2, 2), 1)])
    assert [(group.what, [term.value for term in group.terms]) for group in found] == [
        ("weights", [4]),
        ("biases", [4]),
        ("weights", [4]),
    ]


PRODUCTS = st.builds(product, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), what=st.sampled_from("ab"))


@given(st.lists(st.tuples(PRODUCTS, st.integers(1, 3))), st.booleans())
def test_nothing_is_lost(listed: list[tuple[Product, int]], in_order: bool) -> None:
    groups = gathered(listed, in_order=in_order)
    assert sum(group.value for group in groups) == sum(each.value * times for each, times in listed)
    for group in groups:
        neighbours = list(zip(group.terms, group.terms[1:], strict=False))
        assert all(one.units != other.units for one, other in neighbours)
        assert in_order or len({term.units for term in group.terms}) == len(group.terms)


def test_a_term_counts_its_copies() -> None:
    assert Term((Factor("a", 3), Factor("b", 4)), 5).value == 60
