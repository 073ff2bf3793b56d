"""The matrix of a layer: against its definition written out in loops, and against what the layer computes."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.executor import layer_matrix
from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.layer_matrix import matrix_of, offset_of, require_equal
from archanalyzer.executor.matrix_work import Budget
from archanalyzer.executor.network import Network
from archanalyzer.executor.sparse import Sparse
from archanalyzer.executor.weight_terms import NotInTermsError, offset_terms_of, terms_of
from archanalyzer.graph import Trait
from archanalyzer.testing import Case, case_named, cases_for
from tests.executor.parts import array, graph_of, part_of
from tests.strategies import cases

AFFINE = [
    name
    for name in ops.names()
    if name != "input" and any(Trait.AFFINE in case.op.traits for case in cases_for(ops.get(name)))
]


class Sliding(NamedTuple):
    """A convolution: all that its definition needs."""

    filters: int
    channels: int
    groups: int
    lengths: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"conv{len(self.lengths)}d"

    @property
    def case(self) -> Case:
        fields = {name: getattr(self, name) for name in ("filters", "groups", "kernel", "stride", "dilation")}
        return case_named(self.name, (self.channels, *self.lengths), padding=self.padding, **fields)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Output lengths: as many steps as the kernel fits, Dumoulin & Visin 2016, relationship 6 with dilation."""
        axes = zip(self.lengths, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple((n + sum(pad) - d * (k - 1) - 1) // s + 1 for n, k, s, pad, d in axes)

    def places(self) -> dict[tuple[int, int], int]:
        """By row and column, the number of the weight that stands there: y[f, o] = Σ w[f, c, k] x[c, o·s − p + k·d]."""
        found = {}
        of_group, filters = self.channels // self.groups, self.filters // self.groups
        shape = (self.filters, of_group, *self.kernel)
        for f, c in product(range(self.filters), range(of_group)):
            for o in product(*map(range, self.outputs)):
                for k in product(*map(range, self.kernel)):
                    axes = zip(o, k, self.stride, self.padding, self.dilation, strict=True)
                    x = tuple(at * s - pad[0] + tap * d for at, tap, s, pad, d in axes)
                    if all(0 <= at < length for at, length in zip(x, self.lengths, strict=True)):
                        channel = f // filters * of_group + c
                        row = number((f, *o), (self.filters, *self.outputs))
                        found[row, number((channel, *x), (self.channels, *self.lengths))] = number((f, c, *k), shape)
        return found


def number(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """The number of an element, counted with the last axis the fastest."""
    result = 0
    for at, extent in zip(index, shape, strict=True):
        result = result * extent + at
    return result


@st.composite
def slidings(draw: st.DrawFn) -> Sliding:
    axes = draw(st.integers(1, 2))

    def each(least: int, most: int) -> tuple[int, ...]:
        return draw(st.tuples(*[st.integers(least, most)] * axes))

    groups, kernel, dilation = draw(st.integers(1, 2)), each(1, 3), each(1, 2)
    lengths = tuple(d * (k - 1) + 1 + extra for k, d, extra in zip(kernel, dilation, each(0, 3), strict=True))
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * axes))
    filters, channels = (groups * draw(st.integers(1, 2)) for _ in range(2))
    return Sliding(filters, channels, groups, lengths, kernel, each(1, 3), padding, dilation)


@settings(max_examples=40, deadline=None)
@given(slidings())
def test_a_convolution_is_the_banded_matrix_of_its_definition(sliding: Sliding) -> None:
    part, places = part_of(sliding.case, "layer"), sliding.places()
    expected, weights = np.zeros(part.shape), array(part, "weight").reshape(-1)
    for place, weight in places.items():
        expected[place] = weights[weight]
    np.testing.assert_array_equal(matrix_of(part).dense(), expected)
    # c has the bias of a filter at each of its positions.
    np.testing.assert_array_equal(offset_of(part), np.repeat(array(part, "bias"), np.prod(sliding.outputs)))


@settings(max_examples=40, deadline=None)
@given(slidings())
def test_every_weight_of_a_convolution_is_found_where_its_definition_has_it(sliding: Sliding) -> None:
    part = part_of(sliding.case, "layer")
    before = [each.array.copy() for each in part.arrays]
    terms, offset = terms_of(part), offset_terms_of(part)
    columns = part.shape[1]
    parts = zip(terms.parts.rows, terms.parts.columns, terms.parts.values, strict=True)
    found = {divmod(int(key), columns): (int(weight), float(factor)) for weight, key, factor in parts}
    assert found == {place: (weight, 1.0) for place, weight in sliding.places().items()}
    assert not len(terms.constant.values)
    positions, first = part.shape[0] // sliding.filters, array(part, "weight").size  # biases come behind the weights
    assert offset.parts.rows.tolist() == [first + number for number in range(sliding.filters) for _ in range(positions)]
    assert offset.parts.columns.tolist() == list(range(part.shape[0]))
    for each, numbers in zip(part.arrays, before, strict=True):
        np.testing.assert_array_equal(each.array, numbers)


@settings(max_examples=40, deadline=None)
@given(slidings())
def test_a_transposed_convolution_is_the_transpose(sliding: Sliding) -> None:
    """Of the convolution with the same weights, back to an input of the same length."""
    forward = part_of(sliding.case, "layer")
    axes = zip(sliding.outputs, sliding.kernel, sliding.stride, sliding.padding, sliding.dilation, strict=True)
    plain = [(m - 1) * s + d * (k - 1) + 1 - sum(pad) for m, k, s, pad, d in axes]
    missing = tuple(n - reached for n, reached in zip(sliding.lengths, plain, strict=True))
    fields = {name: getattr(sliding, name) for name in ("groups", "kernel", "stride", "dilation", "padding")}
    name = f"conv_transpose{len(sliding.lengths)}d"
    shape = (sliding.filters, *sliding.outputs)
    case = case_named(name, shape, filters=sliding.channels, output_padding=missing, bias=False, **fields)
    back = part_of(case, "layer")
    array(back, "weight")[...] = array(forward, "weight")
    np.testing.assert_array_equal(matrix_of(back).dense(), matrix_of(forward).dense().T)


def inputs_of(part: AffinePart, x: Array) -> dict[str, Array]:
    arrays, start = {}, 0
    for name, shape in part.inputs:
        arrays[name] = x[start : start + int(np.prod(shape))].reshape(1, *shape)
        start += int(np.prod(shape))
    return arrays


@pytest.mark.parametrize("name", AFFINE)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_affine_layer_multiplies_by_its_matrix(name: str, data: st.DataObject) -> None:
    """In the network as it is made for training, which is not the one that the matrix comes from."""
    case = data.draw(cases(name).filter(lambda case: Trait.AFFINE in case.op.traits))
    part = part_of(case, "layer")
    network = Network(graph_of(case), dtype="float64")
    for each in part.arrays:
        network.parameters[each.name] = each.array
    x = np.random.default_rng(1).standard_normal(part.shape[1])
    inputs = {layer.name: np.zeros((1, *layer.op.shape)) for layer in network.graph.layers[:-1]}  # type: ignore[attr-defined]
    output = network.forward(inputs | inputs_of(part, x))["layer"].reshape(-1)
    matrix, offset = matrix_of(part), offset_of(part)
    np.testing.assert_allclose(matrix.dense() @ x + offset, output, rtol=1e-10, atol=1e-10)
    require_equal(part, matrix, offset)


LEARNING = ("batch_norm", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "dense")


@pytest.mark.parametrize("name", LEARNING)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_gradient_by_the_weights_is_e_times_the_products(name: str, data: st.DataObject) -> None:
    """∂l/∂w = E·vec(δ·oᵀ) for one sample, where c has weights in it + C·δ: that of the executor's backward step."""
    case = data.draw(cases(name))
    part = part_of(case, "layer")
    network = Network(graph_of(case), dtype="float64")
    for each in part.arrays:
        network.parameters[each.name] = each.array
    random = np.random.default_rng(2)
    o, delta = random.standard_normal(part.shape[1]), random.standard_normal(part.shape[0])
    network.forward(inputs_of(part, o))
    network.backward(delta.reshape(1, *part.output[1]))
    terms, offset = terms_of(part), offset_terms_of(part)
    found = offset.parts.times(delta)
    found[: terms.parts.shape[0]] += terms.parts.times(np.outer(delta, o).reshape(-1))
    expected = [gradient.reshape(-1) for gradient in network.gradients.values()]  # of the weight, then of the bias
    np.testing.assert_allclose(found, np.concatenate([np.zeros(0), *expected]), rtol=1e-9, atol=1e-9)


# --- Matrices written down


@pytest.mark.parametrize(
    ("case", "rows"),
    [
        # Means of two, the second of one that is there and one of padding, which is not counted.
        (
            case_named("avg_pool1d", (1, 3), kernel=2, stride=2, padding=((0, 1),), count_padding=False),
            [[0.5, 0.5, 0], [0, 0, 1]],
        ),
        (case_named("upsample", (1, 2), factor=2), [[1, 0], [1, 0], [0, 1], [0, 1]]),
        # Rows of the output are columns of the input: x₁₁ x₂₁ x₁₂ x₂₂ x₁₃ x₂₃.
        (
            case_named("permute", (2, 3), axes=(1, 0)),
            [
                [1, 0, 0, 0, 0, 0],
                [0, 0, 0, 1, 0, 0],
                [0, 1, 0, 0, 0, 0],
                [0, 0, 0, 0, 1, 0],
                [0, 0, 1, 0, 0, 0],
                [0, 0, 0, 0, 0, 1],
            ],
        ),
        (case_named("add", (2,), (2,)), [[1, 0, 1, 0], [0, 1, 0, 1]]),
        (case_named("pad", (1, 2), amount=((1, 2),), mode="circular"), [[0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]),
        # The second input's numbers are not read: it has no columns.
        (case_named("crop_like", (1, 4), (1, 2)), [[0, 1, 0, 0], [0, 0, 1, 0]]),
    ],
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_matrices_without_weights(case: Case, rows: list[list[float]]) -> None:
    assert matrix_of(part_of(case, "layer")).dense().tolist() == rows


def test_a_padding_of_another_number_is_the_offset() -> None:
    part = part_of(case_named("pad", (1, 1), amount=1, value=-1.5), "layer")
    assert matrix_of(part).dense().tolist() == [[0], [1], [0]]
    assert offset_of(part).tolist() == [-1.5, 0, -1.5]


def test_a_batch_norm_at_inference() -> None:
    """γ·(x − mean)/√(var + ε) + β, Ioffe & Szegedy 2015, algorithm 2; here 3·(x − 2)/√(0.25 − ε + ε) + 1."""
    part = part_of(case_named("batch_norm", (1, 2), epsilon=0.0001), "layer")
    for name, value in {"weight": 3, "bias": 1, "running_mean": 2, "running_var": 0.2499}.items():
        array(part, name)[...] = value
    np.testing.assert_allclose(matrix_of(part).dense(), [[6, 0], [0, 6]], rtol=1e-14)
    np.testing.assert_allclose(offset_of(part), [-11, -11], rtol=1e-14)
    terms = offset_terms_of(part)  # by weight and bias: c = -2/0.5·γ + β
    np.testing.assert_allclose(terms.parts.dense(), [[-4, -4], [1, 1]], rtol=1e-14)


CHAIN = """
archspec: 1
inputs: {x: [1, 4]}
layers:
  - conv1d: {filters: 1, kernel: 2, bias: false}
    name: conv
  - avg_pool1d: {kernel: 2, stride: 1}
    name: pool
"""


def test_a_chain_is_the_product_of_its_matrices() -> None:
    conv, pool, both = (matrix_of(part_of(CHAIN, name)).dense() for name in ("conv", "pool", None))
    np.testing.assert_allclose(both, pool @ conv, rtol=1e-15)


def test_entries_that_are_sums_of_weights_are_found_one_by_one() -> None:
    """The mean of h₁x₁ + h₂x₂ and h₁x₂ + h₂x₃ is (h₁x₁ + (h₁ + h₂)x₂ + h₂x₃)/2."""
    terms = terms_of(part_of(CHAIN))
    parts = terms.parts
    assert parts.rows.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert parts.columns.tolist() == [0, 1, 5, 6, 1, 2, 6, 7]
    assert parts.values.tolist() == [0.5] * 8


class Counted:
    """Counts the matrices that are computed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        monkeypatch.setattr("archanalyzer.executor.weight_terms.matrix_of", self)

    def __call__(self, part: AffinePart, budget: Budget) -> Sparse:
        self.number += 1
        return matrix_of(part, budget)


def test_finding_weights_one_by_one_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four matrices, 500 steps for each of 6 entries, and a matrix for each of 2 weights."""
    part, counted = part_of(CHAIN), Counted(monkeypatch)
    steps = (4 + 2) * part.work.by_rows + 500 * 6
    terms_of(part, Budget(steps))
    assert counted.number == 6
    with pytest.raises(NotInTermsError, match="finding each of 2 weights among 8 entries would take too long"):
        terms_of(part, Budget(steps - 1))
    assert counted.number == 6 + 4, "the last two are not begun"


def test_finding_weights_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each entry is one weight, four matrices; here of 6 entries."""
    part, counted = part_of(CHAIN, "conv"), Counted(monkeypatch)
    steps = 4 * part.work.by_rows + 500 * 6
    terms_of(part, Budget(steps))
    assert counted.number == 4
    for less, begun in ((steps - 1, 2), (4 * part.work.by_rows - 1, 0)):
        counted.number = 0
        with pytest.raises(NotInTermsError, match="finding each of 2 weights among 12 entries would take too long"):
            terms_of(part, Budget(less))
        assert counted.number == begun


def test_finding_the_weights_of_the_offset_has_its_limit() -> None:
    """One bias: two offsets tell that no weights are in it, four more tell where it stands; it is in 3 entries."""
    part = part_of(CHAIN.replace(", bias: false", ""), "conv")
    steps = 6 * part.work.a_column + 500 * 3
    offset_terms_of(part, Budget(steps))
    what = "finding each of 3 weights and biases among 3 numbers of c would take too long"
    for less in (steps - 1, 2 * part.work.a_column - 1):
        with pytest.raises(NotInTermsError, match=what):
            offset_terms_of(part, Budget(less))


def test_a_way_that_turns_out_to_be_long_is_told() -> None:
    """A tall matrix beside an offset that is not of biases is computed by rows, which takes longer than by columns."""
    spec = CHAIN.replace("avg_pool1d: {kernel: 2, stride: 1}", "pad: {amount: 300, value: 1}")
    part = part_of(spec)
    assert 4 * part.work.by_columns < part.work.by_rows
    with pytest.raises(NotInTermsError, match="finding each of 2 weights among 2,412 entries would take too long"):
        terms_of(part, Budget(4 * part.work.by_columns))


def test_what_stands_beside_the_weights() -> None:
    """X + h·x: the matrix is 1 + h, of which 1 is constant."""
    spec = CHAIN.replace("avg_pool1d: {kernel: 2, stride: 1}", "add:\n    from: [conv, x]").replace(
        "kernel: 2", "kernel: 1"
    )
    terms = terms_of(part_of(spec))
    assert terms.constant.dense().tolist() == np.eye(4).tolist()
    assert terms.parts.dense().reshape(4, 4).tolist() == np.eye(4).tolist()


def test_several_layers_with_weights_have_no_terms() -> None:
    part = part_of(CHAIN + "  - conv1d: {filters: 1, kernel: 1, bias: false}\n    name: last\n")
    with pytest.raises(NotInTermsError, match="several layers have weights: `conv`, `last`"):
        terms_of(part)
    matrix_of(part)


def test_a_shared_weight_times_itself_is_no_sum() -> None:
    again = "  - conv1d: {filters: 1, kernel: 2, bias: false}\n    share: conv\n"
    part = part_of(CHAIN.partition("  - avg")[0] + again)
    with pytest.raises(NotInTermsError, match="no sums of its weights"):
        terms_of(part)
    # (h₁ h₂ · ·)-bands multiplied by hand: h₁², 2·h₁·h₂, h₂².
    first, second = array(part, "weight").reshape(-1)
    expected = np.zeros((2, 4))
    for row in range(2):
        expected[row, row : row + 3] = [first**2, 2 * first * second, second**2]
    np.testing.assert_allclose(matrix_of(part).dense(), expected, rtol=1e-15)


# --- Limits, and what is wrong


def test_a_matrix_that_takes_too_long_is_refused() -> None:
    part = part_of(CHAIN, "conv")
    before = array(part, "weight").copy()
    matrix_of(part, Budget(part.work.by_rows))
    with pytest.raises(ExecutorError, match="`conv`, 3 rows and 4 columns, would take too long: try a smaller input"):
        matrix_of(part, Budget(part.work.by_rows - 1))
    np.testing.assert_array_equal(array(part, "weight"), before)


def test_rows_and_columns_in_several_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways, a row or a column at a time gives what all at once gives."""
    wide = case_named("conv1d", (2, 9), filters=1, kernel=3, stride=2)
    tall = case_named("conv1d", (1, 5), filters=4, kernel=2)
    whole = [matrix_of(part_of(case, "layer")).dense() for case in (wide, tall)]
    monkeypatch.setattr(layer_matrix, "_AT_ONCE", 1)
    for case, expected in zip((wide, tall), whole, strict=True):
        np.testing.assert_array_equal(matrix_of(part_of(case, "layer")).dense(), expected)


def test_a_tall_matrix_takes_forward_steps_alone_whatever_the_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    part = part_of(case_named("conv1d", (1, 3), filters=4, kernel=2), "layer")
    biases, whole = array(part, "bias").copy(), matrix_of(part).dense()
    assert biases.all()
    monkeypatch.delattr(Network, "backward")
    np.testing.assert_array_equal(matrix_of(part).dense(), whole)
    np.testing.assert_array_equal(array(part, "bias"), biases)


def test_a_layer_that_is_not_what_it_says_is_told() -> None:
    part = part_of(CHAIN, "conv")
    matrix = matrix_of(part)
    wrong = matrix._replace(values=matrix.values + 1e-6)
    with pytest.raises(ExecutorError, match="`conv` is not what its layers say"):
        require_equal(part, wrong, offset_of(part))


def test_numbers_that_overflow_are_told() -> None:
    part = part_of(CHAIN, None)
    array(part, "weight")[...] = 1.7e308
    with pytest.raises(NonFiniteError):
        require_equal(part, matrix_of(part), offset_of(part))
