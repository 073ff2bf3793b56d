"""A network that runs: forward, backward, training steps, at any batch size.

>>> import numpy as np
>>> import archanalyzer
>>> network = archanalyzer.compile("specs/toy.yaml")
>>> network.forward(np.array([[1.0, -1.0]]))
array([[4., 0.]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from os import PathLike
from typing import Any, overload
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from archanalyzer.diagnostics import SpecError
from archanalyzer.executor import losses, optimizers
from archanalyzer.executor.arrays import NamedArrays, Parameters, is_finite, require_finite
from archanalyzer.executor.binding import Binding, LayerArrays
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.given import batch_of, by_name, listed
from archanalyzer.executor.initializers import initialize
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.losses import Loss, LossError
from archanalyzer.executor.lowering import Lowering, make_kernels, require_dtype
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.plan import LossStep, Plan
from archanalyzer.executor.weight_files import assign, load, save
from archanalyzer.graph import Graph, Layer, Role
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters as ParameterFacts
from archanalyzer.passes.tensor_types import TensorTypes, propagate_types
from archanalyzer.passes.training import follow_gradients
from archanalyzer.recipe import DEFAULT_INITIALIZER, DEFAULT_LOSS, DEFAULT_OPTIMIZER


class Network:
    """A graph lowered to kernel calls, with its parameters.

    ``parameters`` are all arrays by name (``dense.weight``), buffers included; ``gradients`` those of the last backward
    step by what learns. ``loss`` and ``optimizer`` are what ``step`` trains with, and may be set to others. All that is
    drawn at random follows from ``seed``.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        dtype: str = "float32",
        seed: int = 0,
        initializer: str | float = DEFAULT_INITIALIZER,
        input_gradients: bool = False,
    ) -> None:
        """Lowers ``graph``, computing in ``dtype``, ``float32`` or ``float64``.

        With ``input_gradients``, ``backward`` also gives the gradients by the network's inputs.

        Raises:
            ExecutorError: it cannot compute in that dtype, or there is no such initializer.
            SpecError: the layers do not fit each other.
        """
        if seed < 0:
            raise ExecutorError(f"expected a seed from 0, found {seed}")
        numbers = require_dtype(dtype)
        typing = propagate_types(graph)
        if typing.diagnostics:
            raise SpecError(typing.diagnostics)
        facts = Facts(graph, standard_passes())
        self.graph = graph
        self.dtype = numbers
        self.seed = seed
        self.types = facts.result(TensorTypes)
        self._used = facts.result(ParameterFacts)
        self._needed = follow_gradients(graph, self._used, by_network_inputs=input_gradients)
        self._gives_input_gradients = input_gradients
        self._kernels = make_kernels(self.types)
        self._plans: dict[tuple[bool, bool, bool], Plan] = {}
        self._binding: Binding | None = None
        self._awaits_backward = False
        self._fills_gradients = False  # zeros that nobody has touched take no memory
        self._training = False
        self.beside: dict[str, int] = {}
        """Bytes that whoever runs the network holds for it, by what lies there: data, say."""
        self.output_gradients: dict[str, Array] = {}
        """By the network's outputs, what the loss was last differentiated to."""
        self.random = np.random.default_rng([seed, crc32(b"dropout")])
        self.loss = DEFAULT_LOSS
        self.optimizer = optimizers.get(DEFAULT_OPTIMIZER)()
        self.parameters, self.gradients = self._allocate()
        self.initialize(initializer)

    # --- Arrays

    def _allocate(self) -> tuple[Parameters, NamedArrays]:
        trainable: dict[str, tuple[int, ...]] = {}
        fixed: dict[str, tuple[int, ...]] = {}
        for layer, weights in zip(self.graph.layers, self._used.owned, strict=True):
            for weight in weights:
                learns = weight.role is not Role.BUFFER and not layer.frozen
                (trainable if learns else fixed)[f"{layer.name}.{weight.name}"] = weight.shape
        order = tuple(
            f"{layer.name}.{weight.name}"
            for layer, weights in zip(self.graph.layers, self._used.owned, strict=True)
            for weight in weights
        )
        learning, rest = (sum(map(prod, shapes.values())) * self.dtype.itemsize for shapes in (trainable, fixed))
        require_memory(learning + rest, "the parameters")
        parameters = Parameters(NamedArrays(trainable, self.dtype), NamedArrays(fixed, self.dtype), order)
        return parameters, NamedArrays(trainable, self.dtype)

    @property
    def held(self) -> dict[str, int]:
        """Bytes that are held between steps, by what lies there: the network's own, and what is in ``beside``."""
        optimizer, binding = self.optimizer, self._binding
        return {
            "the parameters": self.parameters.trainable.flat.nbytes + self.parameters.fixed.flat.nbytes,
            "their gradients": self.gradients.flat.nbytes * self._fills_gradients,
            "the optimizer": optimizer.delta.nbytes + sum(state.nbytes for state in optimizer.state.values()),
            "the arrays": 0 if binding is None else binding.plan.bytes * binding.batch,
            **self.beside,
        }

    def initialize(self, initializer: str | float = DEFAULT_INITIALIZER, *, only: str | None = None) -> None:
        """Sets all arrays, or only the one of that name, to where training begins.

        Raises:
            ExecutorError: there is no such initializer.
        """
        for layer, weights in zip(self.graph.layers, self._used.owned, strict=True):
            for weight in weights:
                name = f"{layer.name}.{weight.name}"
                if only in (None, name):
                    initialize(weight, self.parameters[name], name, self.seed, initializer)

    def parameter_name(self, layer: str, array: str) -> str:
        """The name under which ``parameters`` has an array of a layer; of one that shares weights, the owner's."""
        shares = self.graph.layers[self.graph.index[layer]].shares
        return f"{layer if shares is None else self.graph.layers[shares].name}.{array}"

    def has_weights(self, layer: Layer) -> bool:
        """Whether a layer computes with arrays of its own, or shares another's."""
        return bool(self._used.used[layer.index])

    def _layer_arrays(self) -> tuple[LayerArrays, ...]:
        owners = (layer if layer.shares is None else self.graph.layers[layer.shares] for layer in self.graph.layers)
        return tuple(
            LayerArrays(
                {weight.name: self.parameters[f"{owner.name}.{weight.name}"] for weight in weights},
                {
                    weight.name: self.gradients[name]
                    for weight in weights
                    if (name := f"{owner.name}.{weight.name}") in self.gradients
                },
                {
                    weight.name: self.parameters[f"{owner.name}.{weight.name}"]
                    for weight in weights
                    if weight.role is Role.BUFFER
                },
            )
            for owner, weights in zip(owners, self._used.used, strict=True)
        )

    @property
    def loss(self) -> Loss:
        """What ``step`` makes small; may be set by name."""
        return self._loss

    @loss.setter
    def loss(self, loss: Loss | str) -> None:
        self._loss = losses.get(loss) if isinstance(loss, str) else loss

    def save(self, path: str | PathLike[str]) -> None:
        """Writes all arrays to a file, whole or not at all: ``.npz`` or ``.safetensors``.

        Raises:
            WeightFileError: it cannot be written.
        """
        save(path, self.parameters)

    def load(self, path: str | PathLike[str]) -> None:
        """Reads all arrays from a file that ``save``, or anything with the same names and shapes, has written.

        Raises:
            WeightFileError: it cannot be read, or it does not fit; nothing is changed then.
        """
        assign(self.parameters, load(path), path)

    # --- Plans

    def plan(self, *, gradients: bool = True, keep: bool = False, training: bool = False) -> Plan:
        """The steps and buffers: of a forward and backward step, or without ``gradients``, of a forward step alone.

        With ``keep``, no memory is used twice. A forward step alone is that of inference, unless of ``training``.
        """
        key = gradients, keep, training and not gradients
        if key not in self._plans:
            needed = self._needed if gradients else None
            lowering = Lowering(self.types, self._kernels, self.dtype, needed, keep=keep, training=training)
            self._plans[key] = lowering.plan()
        return self._plans[key]

    def _bind(self, batch: int, *, gradients: bool, keep: bool, training: bool) -> Binding:
        """The plan with memory for a batch; what is there is used again, and let go before more is asked for."""
        self._awaits_backward = False
        plan = self.plan(gradients=gradients, keep=keep, training=training)
        self._fills_gradients |= gradients
        if self._binding is None or self._binding.plan is not plan or self._binding.batch != batch:
            self._binding = None
            arrays = f"the arrays of {batch:,} sample{'s' if batch > 1 else ''}"
            size = (plan.bytes + self._bytes_at_ends(gradients=gradients)) * batch
            require_memory(size, arrays, beside=self.held)
            self._binding = Binding(plan, self.types, self._layer_arrays(), batch, self.random)
        return self._binding

    def bytes_of_step(self, batch: int) -> int:
        """Bytes that a training step on a batch needs at once, those of an optimizer left out."""
        parameters = self.parameters.trainable.flat.nbytes + self.parameters.fixed.flat.nbytes
        arrays = (self.plan().bytes + self._bytes_at_ends(gradients=True)) * batch
        return parameters + self.gradients.flat.nbytes + arrays

    def _bytes_at_ends(self, *, gradients: bool) -> int:
        """Bytes of one sample beside the plan: inputs in the network's dtype, and outputs as they are handed out.

        Where there are gradients, those by the outputs too.
        """
        ends = (*self.graph.inputs, *self.graph.outputs * (1 + gradients))
        return sum(self.types.outputs[index].elements for index in ends) * self.dtype.itemsize

    @property
    def bound(self) -> Binding:
        """The plan of the last step, with its memory.

        Raises:
            ExecutorError: there was none yet.
        """
        if self._binding is None:
            raise ExecutorError("there is nothing to look at before a forward step")
        return self._binding

    # --- Forward

    @overload
    def forward(
        self, x: Mapping[str, ArrayLike], *, training: bool = ..., gradients: bool = ..., keep: bool = ...
    ) -> dict[str, Array]: ...
    @overload
    def forward(self, x: ArrayLike, *, training: bool = ..., gradients: bool = ..., keep: bool = ...) -> Array: ...
    def forward(self, x: Any, *, training: bool = False, gradients: bool = True, keep: bool = False) -> Any:
        """The outputs for ``x``: an array (batch, *shape) for an array, by name for a map of arrays by name.

        ``training`` tells batch norms and dropouts what to do. Without ``gradients`` memory is used again as soon as it
        can be, and no backward step can follow. With ``keep`` none is, and every array of the step can be looked at
        after it, through ``bound``.

        Raises:
            ExecutorError: ``x`` is not what the inputs need, or is an array and there are several inputs or outputs.
            NonFiniteError: NaN or infinity came up, in the inputs or on the way.
        """
        inputs = self._by_name(x, self.graph.inputs, "input")
        binding = self._bind(batch_of(inputs), gradients=gradients, keep=keep, training=training)
        self._training = training
        for index in self.graph.inputs:
            name = self.graph.layers[index].name
            np.copyto(binding.output(index), inputs[name], casting="same_kind")
            require_finite(binding.output(index), name, "the data")
        self._run_forward(binding)
        self._awaits_backward = gradients
        outputs = {self.graph.layers[index].name: binding.output(index).copy() for index in self.graph.outputs}
        return outputs if isinstance(x, Mapping) else self._only(outputs)

    def _run_forward(self, binding: Binding) -> None:
        with np.errstate(all="ignore"):  # whatever comes of it is looked for
            for index, kernel, call in binding.forward:
                call.training = self._training
                kernel.forward(call)
                call.scratch.reset()
                name = self.graph.layers[index].name
                require_finite(call.output, name, "the output")
                if self._training:
                    for buffer, array in binding.arrays[index].buffers.items():
                        require_finite(array, name, f"`{buffer}`")

    def _only(self, arrays: dict[str, Array]) -> Array:
        if len(arrays) > 1:
            raise ExecutorError(
                f"the network has {len(arrays)} outputs; give the inputs as a map to get one of outputs"
            )
        return next(iter(arrays.values()))

    def _by_name(self, given: Any, layers: tuple[int, ...], what: str) -> dict[str, Array]:
        """Arrays by the names of ``layers``, each (batch, *shape)."""
        shapes = {self.graph.layers[index].name: self.types.outputs[index].shape for index in layers}
        return by_name(given, shapes, what, self.dtype)

    # --- Backward

    def backward(self, dy: Any) -> dict[str, Array]:
        """Fills ``gradients``, given the gradients by the outputs: an array, or arrays by name.

        Returns the gradients by the network's inputs, by name, if it was compiled with ``input_gradients``, else none.

        Raises:
            ExecutorError: ``dy`` is not what the outputs need, or there was no forward step with gradients before: one
                for each backward step, since that uses its arrays up.
            NonFiniteError: NaN or infinity came up on the way.
        """
        binding = self._bound_for_backward()
        given = self._by_name(dy, self.graph.outputs, "output")
        if batch_of(given) != binding.batch:
            raise ExecutorError(f"expected gradients for {binding.batch} samples, found {batch_of(given)}")
        outputs = [self.graph.layers[index].name for index in self.graph.outputs]
        self._fill_output_gradients(binding, [given[name] for name in outputs])
        self._run_backward(binding)
        if not self._gives_input_gradients:
            return {}
        return {self.graph.layers[index].name: self._input_gradient(binding, index) for index in self.graph.inputs}

    def _input_gradient(self, binding: Binding, index: int) -> Array:
        """The gradient by an input; zeros where no output depends on its numbers."""
        gradient = binding.gradient(index)
        return np.zeros_like(binding.output(index)) if gradient is None else gradient.copy()

    def _bound_for_backward(self) -> Binding:
        if self._binding is None or not self._awaits_backward:
            raise ExecutorError("a backward step needs a forward step with gradients before it, which it uses up")
        return self._binding

    def _fill_output_gradients(self, binding: Binding, gradients: list[Array]) -> None:
        step = next(step for step in binding.plan.steps if isinstance(step, LossStep))
        for index, target, gradient in zip(self.graph.outputs, step.by_output, gradients, strict=True):
            require_finite(gradient, self.graph.layers[index].name, "the gradient by the output")
            into = binding.gradient(index)
            if target is None or into is None:
                continue
            if target.added:
                with np.errstate(all="ignore"):
                    into += gradient
                require_finite(into, self.graph.layers[index].name, "the gradient by the output")
            else:
                np.copyto(into, gradient)

    def _run_backward(self, binding: Binding) -> None:
        self._awaits_backward = False
        with np.errstate(all="ignore"):
            for index, kernel, call, sums in binding.backward:
                call.training = self._training
                kernel.backward(call)
                for target, aside in sums:
                    np.add(target, aside, out=target)
                call.scratch.reset()
                for gradient in (*call.dx, *call.dw.values(), *(target for target, _ in sums)):
                    if gradient is not None:
                        require_finite(gradient, self.graph.layers[index].name, "the gradients")

    # --- Training

    def step(self, x: Any, targets: Any, *, keep: bool = False) -> float:
        """One training step: forward, loss, backward, update. Returns the loss before the update.

        The loss of several outputs is the sum of theirs. ``keep`` is that of ``forward``.

        Raises:
            ExecutorError: ``x`` or ``targets`` are not what the network and the loss need.
            NonFiniteError: NaN or infinity came up on the way.
        """
        value = self.loss_gradients(x, targets, keep=keep)
        self.update()
        return value

    def update(self) -> None:
        """Changes what learns by the gradients of the last backward step, as the optimizer does.

        Raises:
            ExecutorError: there is no room for what the optimizer keeps.
            NonFiniteError: a parameter became NaN or infinite.
        """
        trainable = self.parameters.trainable
        if self.optimizer.steps == 0:
            vectors = (1 + len(self.optimizer.states)) * trainable.flat.nbytes
            require_memory(vectors, f"the vectors of `{self.optimizer.name}`", beside=self.held)
        self.optimizer.update(trainable.flat, self.gradients.flat)
        if not is_finite(trainable.flat):
            for name, array in trainable.items():
                layer, _, own = name.rpartition(".")
                require_finite(array, layer, f"`{own}`")

    def loss_gradients(self, x: Any, targets: Any, *, training: bool = True, keep: bool = False) -> float:
        """The loss, and in ``gradients``, its gradients: a training step without the update. Raises as ``step``."""
        by_name = x if isinstance(x, Mapping) else {self._only_input(): x}
        outputs = self.forward(by_name, training=training, keep=keep)
        binding = self._bound_for_backward()
        wanted = targets if isinstance(targets, Mapping) else {self._only_output(): targets}
        if set(wanted) != set(outputs):
            raise ExecutorError(f"expected targets for {listed(list(outputs))}, found {listed(list(wanted))}")
        value = 0.0
        for name, output in outputs.items():
            value += self.loss_of(name, output, wanted[name])
            self.output_gradients[name] = np.empty_like(output)
            self.loss.gradient(output, wanted[name], self.output_gradients[name])
        if not np.isfinite(value):
            raise NonFiniteError(next(iter(outputs)), "the loss", "NaN" if np.isnan(value) else "infinity")
        self._fill_output_gradients(binding, list(self.output_gradients.values()))
        self._run_backward(binding)
        return value

    def loss_of(self, name: str, output: Array, target: ArrayLike) -> float:
        """The loss of one output, by name.

        Raises:
            LossError: the target does not go with it.
        """
        try:
            return self.loss.value(output, target)
        except LossError as error:
            raise LossError(f"{self.loss.name} of `{name}`: {error}") from None

    def _only_input(self) -> str:
        return self.graph.layers[self.graph.inputs[0]].name

    def _only_output(self) -> str:
        if len(self.graph.outputs) > 1:
            raise ExecutorError(f"expected a map with targets for {len(self.graph.outputs)} outputs, found one array")
        return self.graph.layers[self.graph.outputs[0]].name
