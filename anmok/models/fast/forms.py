"""The rewritten forms of a model, kept for as long as they are true of it."""

import torch

from anmok import layers
from anmok.models.fast.inference import inference_forward
from anmok.models.fast.plan import has_hooks
from anmok.models.fast.training import training_forward


class FastForms:
    """Makes the forms of one model that train and predict fast, anew when its layers or weights have changed."""

    def __init__(self, model):
        self._model = model
        self._graph = None
        self._trained = self._inferred = None  # (what it depends on, the function)

    def __getstate__(self):
        # A copy of the model makes its own.
        return {"_model": self._model, "_graph": None, "_trained": None, "_inferred": None}

    def training(self, dtype):
        """A function (inputs, training) -> outputs for steps of training in that format, or None."""
        self._look()
        state = (dtype, *self._switches())
        if self._trained is None or self._trained[0] != state:
            self._trained = state, training_forward(self._model, dtype)
        return self._trained[1]

    def inference(self):
        """A function (inputs, training) -> outputs for evaluation and prediction, or None.

        It computes in float32, or as a mixed dtype policy that was asked for says.
        """
        self._look()
        state = (
            *self._switches(),
            *(norm.updates for norm in self._norms),
            *(weight._version for weight in self._weights),
        )
        if self._inferred is None or self._inferred[0] != state:
            policies = {layer.dtype_policy.name for layer in self._layers}
            dtype = torch.bfloat16 if "mixed_bfloat16" in policies else torch.float32
            self._inferred = state, inference_forward(self._model, dtype)
        return self._inferred[1]

    def forget_inference(self):
        """Fold anew before the next evaluation or prediction."""
        self._inferred = None

    def _look(self):
        """Find layers and weights again if the graph is another one."""
        graph = self._model.graph
        if graph is None or graph is not self._graph:
            self._graph = graph
            self._layers = self._model._flatten_layers()
            self._weights = self._model.weights
            self._norms = [layer for layer in self._layers if isinstance(layer, layers.BatchNormalization)]
            self._trained = self._inferred = None

    def _switches(self):
        return [(layer._trainable, has_hooks(layer), layer.__dict__.get("activation")) for layer in self._layers]
