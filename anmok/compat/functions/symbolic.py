"""A function of TensorFlow's called on symbolic tensors, as a layer of the graph that files can hold."""

from anmok.compat.functions.sizes import resolved
from anmok.errors import unknown_name
from anmok.layers import registered
from anmok.layers.layer import Layer
from anmok.layers.naming import automatic_name
from anmok.layers.symbolic import is_symbolic

_functions = {}


def add_function(name, function):
    """Enter a function into the table by which files find it."""
    _functions[name] = function


class FunctionLayer(Layer):
    """One function, by its name, called with whatever the graph says. It has no weights and no arguments of its own."""

    keras_module = "keras.src.layers"
    may_need_numbers = True

    def __init__(self, function, name=None, **kwargs):
        if function not in _functions:
            raise unknown_name("function on symbolic tensors", function, _functions)
        super().__init__(name=name or automatic_name(function), autocast=False, **kwargs)
        self.function = function
        self._implementation = _functions[function].implementation
        self._call_takes_training = False
        # What draws at random is computed anew in every epoch.
        self.computes_for_inference = not any(word in function for word in ("random", "dropout", "truncated_normal"))
        self.built = True

    def forward(self, *args, training=None, **kwargs):
        if is_symbolic((args, kwargs)):
            return super().forward(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args, **kwargs):
        return self._implementation(*resolved(args), **resolved(kwargs))

    def _call_by_policy(self, args, kwargs):
        return self.call(*args, **kwargs)

    def get_config(self):
        return {"name": self.name, "trainable": self._trainable, "dtype": self.dtype, "function": self.function}


registered.add(FunctionLayer, "TFOpLambda")
