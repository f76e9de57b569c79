"""What every metric is: a name, state that batches add to, a result (as in Keras); and the table of their names."""

import collections

import torch

from anmok import initializers, notices, outside
from anmok.errors import ArgumentError, unknown_name
from anmok.mixed_precision import DTypePolicy, format_name
from anmok.registry import Registry, snake_case

_registry = Registry("metric", "keras.metrics")
_functions = Registry("metric function", "keras.metrics")
_given = collections.Counter()
_DTYPES = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")
_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")


def automatic_name(class_name):
    """auc, auc_1, auc_2, ... for metrics of one class that nobody named, as in Keras."""
    stem = snake_case(class_name)
    number = _given[stem]
    _given[stem] += 1
    return f"{stem}_{number}" if number else stem


def forget_names():
    """Count from the beginning again (part of Keras' `clear_session`)."""
    _given.clear()


def dtype_name(dtype):
    """The name of a number format given as name, torch dtype, policy or None (float32)."""
    if isinstance(dtype, DTypePolicy):
        return dtype.compute_dtype
    name = "float32" if dtype is None else format_name(dtype)
    name = {"int": "int32", "float": "float32"}.get(name, name)
    if name not in _DTYPES:
        raise unknown_name("dtype", name, _DTYPES)
    return name


class State(torch.Tensor):
    """A tensor of a metric's state, with the methods of a Keras variable; arithmetic on it gives plain tensors.

    It moves to the device of what is assigned to it, and never keeps a gradient.
    """

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def of(tensor, name=None, aggregation="sum"):
        # A tensor born in inference mode could not be added to outside it.
        with torch.inference_mode(False):
            state = torch.Tensor._make_subclass(State, tensor.detach().clone(), False)
        state.label, state.aggregation = name, aggregation
        return state

    def follow(self, device):
        """Move to `device` unless there."""
        if self.device != device:
            with torch.inference_mode(False):
                self.data = self.data.to(device)

    def assign(self, value):
        if isinstance(value, torch.Tensor):
            self.follow(value.device)
            with torch.no_grad():
                return self.copy_(value)
        return self.copy_(torch.as_tensor(value, dtype=self.dtype))

    def assign_add(self, value):
        if isinstance(value, torch.Tensor):
            self.follow(value.device)
            value = value.detach()
        return self.add_(value)

    def assign_sub(self, value):
        return self.assign_add(-value)

    @property
    def value(self):
        return self.detach()

    def __deepcopy__(self, memo):
        return memo.setdefault(id(self), State.of(self, self.label, self.aggregation))

    def __reduce_ex__(self, protocol):
        return State.of, (torch.Tensor.detach(self).as_subclass(torch.Tensor), self.label, self.aggregation)

    def __repr__(self):
        return f"<State {self.label!r} {self.tolist()}>"


class Metric:
    """A quantity collected over batches, as in Keras.

    Subclasses make their state with `add_weight`, add a batch to it in `update_state(y_true, y_pred, sample_weight)`
    and read it in `result()`, a tensor (or a dict of tensors).
    """

    # "up" or "down" where it is known which is better; callbacks with mode="auto" ask.
    _direction = None

    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        for name in ("update_state", "result"):
            if name in cls.__dict__:
                setattr(cls, name, outside.method(cls.__dict__[name]))

    def __init__(self, dtype=None, name=None):
        if isinstance(dtype, str) and name is None and dtype not in (*_DTYPES, "int", "float"):
            # Keras 2 had the name first.
            dtype, name = None, dtype
        self.name = name or automatic_name(type(self).__name__)
        self._dtype = dtype_name(dtype)
        self._torch_dtype = getattr(torch, self._dtype)
        self._variables = []

    @property
    def dtype(self):
        return self._dtype

    def add_variable(self, shape=(), initializer="zeros", dtype=None, aggregation="sum", name=None):
        """A State of that shape; `aggregation` is kept on it for whoever joins the states of several processes."""
        if not hasattr(self, "_variables"):
            raise ArgumentError(f"{type(self).__name__}.__init__ must call super().__init__() before it adds state.")
        if isinstance(shape, str):
            notices.old_spelling(f"add_weight({shape!r})", f"add_weight(name={shape!r})")
            shape, name = (), shape
        if aggregation not in _AGGREGATIONS:
            raise unknown_name("aggregation", aggregation, [str(known) for known in _AGGREGATIONS])
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        value = outside.plain(initializers.get(initializer or "zeros")(shape, dtype="float32"))
        value = torch.as_tensor(value).to(getattr(torch, dtype_name(dtype)))
        self._variables.append(State.of(value, name, aggregation))
        return self._variables[-1]

    def add_weight(self, shape=(), initializer="zeros", dtype=None, name=None, aggregation="sum"):
        return self.add_variable(shape, initializer, dtype, aggregation, name)

    @property
    def variables(self):
        """All State tensors, those of metrics that are attributes included."""
        inner = [metric for metric in vars(self).values() if isinstance(metric, Metric)]
        return self._variables + [state for metric in inner for state in metric.variables]

    def update_state(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} needs a method update_state(self, y_true, y_pred, ...).")

    def result(self):
        raise NotImplementedError(f"{type(self).__name__} needs a method result(self).")

    def reset_state(self):
        """All state to zero."""
        for state in self.variables:
            state.zero_()

    def reset_states(self):
        notices.old_spelling("reset_states()", "reset_state()")
        self.reset_state()

    def __call__(self, *args, **kwargs):
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """The variables after adding a batch to `metric_variables`; the metric's own are left as they were."""
        return self._with_variables(metric_variables, lambda: self.update_state(*args, **kwargs))[0]

    def stateless_result(self, metric_variables):
        """The result out of `metric_variables`."""
        return self._with_variables(metric_variables, self.result)[1]

    def stateless_reset_state(self):
        """The variables of a fresh metric."""
        return [torch.zeros_like(state.value) for state in self.variables]

    def _with_variables(self, values, action):
        states = self.variables
        if len(values) != len(states):
            raise ArgumentError(f"{self.name} has {len(states)} variables, got {len(values)} values for them.")
        kept = [state.value.clone() for state in states]
        for state, value in zip(states, values, strict=True):
            state.assign(value)
        try:
            answer = action()
            return [state.value.clone() for state in self.variables], answer
        finally:
            for state, value in zip(self.variables, kept, strict=True):
                state.assign(value)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name!r}>"
