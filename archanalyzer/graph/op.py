"""What every layer type declares: the contract between the ops, which state it, and the passes, which ask it."""

from abc import abstractmethod
from enum import Enum, Flag, auto
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from archanalyzer.diagnostics import Rule
from archanalyzer.graph.arithmetic import Arithmetic
from archanalyzer.graph.tensor import TensorType
from archanalyzer.graph.weight import Weight
from archanalyzer.graph.window import Readings

Types = tuple[TensorType, ...]


class Misfit(Exception):
    """A layer's fields and its inputs don't go together; raised by an op, completed by whoever knows the layer.

    Carries the short reason alone: the name, the place in the YAML and where the inputs came from are added once, by
    the pass that called.
    """

    def __init__(self, rule: Rule, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint


class WrongField(ValueError):
    """Fields do not go with each other; raised by a validator of an op, told at ``field``, or, without, at the layer.

    The message reads: expected ``expected``, found ``found``, or, where that is empty, the value as it is written.
    """

    def __init__(self, field: str, expected: str, found: str = "") -> None:
        super().__init__(f"{field}: expected {expected}" if field else f"expected {expected}, found {found}")
        self.field = field
        self.expected = expected
        self.found = found


class Trait(Flag):
    """What is true of a layer as a function of its inputs, its weights held fixed."""

    NONE = 0
    AFFINE = auto()
    """f(x) = A·x + c."""
    ELEMENTWISE = auto()
    """Every output element depends on the input elements of its own position alone."""
    HOMOGENEOUS = auto()
    """Positively homogeneous: f(a·x) = a·f(x) for every a > 0."""
    PIECEWISE_LINEAR = auto()
    """Continuous, and affine on each of finitely many pieces."""
    LINEAR = AFFINE | HOMOGENEOUS | PIECEWISE_LINEAR


class Arity(NamedTuple):
    """How many inputs a layer takes; ``most`` None means any number from ``least`` on."""

    least: int
    most: int | None

    def admits(self, number: int) -> bool:
        return self.least <= number and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"{self.least} or more inputs"
        return f"{self.least} input{'s' if self.least != 1 else ''}"


class View(Enum):
    """Whether a layer's output shares the memory of its first input."""

    NEVER = "never"
    INFERENCE = "inference"
    ALWAYS = "always"


class Kept(NamedTuple):
    """What the backward step needs again of the forward step: whole inputs, the output, further elements.

    ``inputs_for_weights_only``: a convolution reads its input again for the gradient by its weights alone; where they
    are frozen, nothing is kept. ``extra_elements`` are numbers of the network's dtype (a batch norm's mean and
    variance); ``extra_bytes`` are bytes whatever the dtype (a dropout's mask, one byte an element; a max-pool's
    positions, eight).
    """

    inputs: bool = False
    output: bool = False
    inputs_for_weights_only: bool = False
    extra_elements: int = 0
    extra_bytes: int = 0


class Example(NamedTuple):
    """A layer as one writes it, the inputs it is given, and what it shows.

    The documentation prints it, editors offer it, and every generic check of a layer type runs on it.
    """

    yaml: str
    inputs: Types
    shows: str = ""


class Op(BaseModel):
    """A layer type with its fields filled in: a typed, frozen value.

    A subclass declares its fields (as pydantic fields), ``output_type``, and, where they apply, ``weights``,
    ``arithmetic``, ``readings`` and ``kept``. All of them are pure functions of the fields and the input types.
    ``inputs`` is always the tuple of the types of the layer's inputs, in the order of ``from``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    name: ClassVar[str]
    """The name in YAML."""
    arity: ClassVar[Arity] = Arity(1, 1)
    scalar_field: ClassVar[str | None] = None
    """The field that a bare scalar stands for: ``dense: 4096``."""
    view: ClassVar[View] = View.NEVER
    reads_extras: ClassVar[bool] = False
    """Whether it reads what the layers it reads have kept beside their outputs: an unpooling, its pool's positions."""
    examples: ClassVar[tuple[Example, ...]] = ()
    plugin: ClassVar[str | None] = None
    """The name of the plugin that it is from; set where a plugin is admitted."""

    @abstractmethod
    def output_type(self, inputs: Types) -> TensorType:
        """The type of the output.

        Raises:
            Misfit: the inputs do not go with each other or with the fields.
        """
        raise NotImplementedError

    def weights(self, inputs: Types) -> tuple[Weight, ...]:  # noqa: ARG002
        """The arrays that the layer owns, in the order in which they are listed; none by default."""
        return ()

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic | None:  # noqa: ARG002
        """What one forward and one backward step compute; None where it isn't known, which totals then say."""
        return None

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...] | None:  # noqa: ARG002
        """For each input, for each of its axes, which positions an output position reads; None where not known."""
        return None

    def kept(self, inputs: Types, output: TensorType) -> Kept | None:  # noqa: ARG002
        """What must stay in memory from the forward to the backward step; None where it isn't known."""
        return None

    @property
    def traits(self) -> Trait:
        """What is true of the layer as a function; nothing is claimed by default."""
        return Trait.NONE
