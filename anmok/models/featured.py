"""Training behind frozen layers: what they give is computed once, and `fit` trains the rest of the model on it."""

import torch

from anmok.errors import TrainingError
from anmok.models.fast.forms import FastForms
from anmok.models.settled import settled
from anmok.training import features
from anmok.training.precision import computing, training_format
from anmok.training.tensors import leaves, map_leaves


class Rest:
    """The part of a model behind its frozen beginning."""

    def __init__(self, parts):
        self.model = parts.rest
        self.fast = FastForms(parts.rest)
        self._frozen = parts.prefix

    def require_frozen(self):
        """Raise where somebody unfroze the beginning in the middle of training."""
        if self._frozen.trainable_weights:
            raise TrainingError(
                f"Layers of '{self.model.name}' that were frozen when fit began are trained now, but what they give "
                "was computed once, beforehand. Pass feature_cache=False to fit to unfreeze layers while it runs."
            )


def split(model, source, validation, *, verbose=0):
    """(Rest, source, validation) with features in the place of inputs; (None, source, validation) where not.

    source, validation: what adapters.adapt made; validation may be None.
    """
    sources = [source] if validation is None else [source, validation]
    if not model.runs_its_graph or not all(features.can_be_featured(each) for each in sources):
        return None, source, validation
    parts = settled(model)
    if parts is None or not features.fit_in_memory(sources, parts.numbers_a_sample):
        return None, source, validation
    if verbose not in (0, "0"):
        print(f"The first layers of '{model.name}' are frozen: what they give is computed once.")
    dtype = training_format(model, model.device)
    fingerprint = parts.fingerprint()
    trained = features.featured(source, _computing(parts.prefix, dtype, model.device), (fingerprint, str(dtype)))
    tested = None
    if validation is not None:
        tested = features.featured(validation, _inferring(parts.prefix, model.device), (fingerprint, "inference"))
    return Rest(parts), trained, tested


def _computing(prefix, dtype, device):
    """The features of a batch, as a step of training in that format computes them."""
    faster = FastForms(prefix).training(dtype or torch.float32)

    @torch.no_grad()
    def compute(x):
        with computing(device, None if faster else dtype):
            return _listed((faster or prefix)(_on(x, device), training=True))

    return compute


def _inferring(prefix, device):
    """The features of a batch, as an evaluation computes them."""
    faster = FastForms(prefix).inference()

    @torch.no_grad()
    def compute(x):
        return _listed((faster or prefix)(_on(x, device), training=False))

    return compute


def _on(x, device):
    return map_leaves(lambda tensor: tensor.to(device), x)


def _listed(outputs):
    return [tensor for _, tensor in leaves(outputs)]
