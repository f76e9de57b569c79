"""CallbackList: calls those who listen, and nobody else."""

import numpy as np
import torch

from anmok.callbacks.callback import BATCH_HOOKS, HOOKS, Callback, History, ProgbarLogger
from anmok.errors import ArgumentError

_OLD_NAMES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _flatten(callbacks):
    if callbacks is None:
        return []
    if isinstance(callbacks, (list, tuple)):
        return [each for part in callbacks for each in _flatten(part)]
    if isinstance(callbacks, type) or not hasattr(callbacks, "set_model"):
        hint = " Write it with its parentheses." if isinstance(callbacks, type) else ""
        raise ArgumentError(f"callbacks: expected objects of subclasses of Callback, got {callbacks!r}.{hint}")
    return [callbacks]


def _overrides(callback, hook):
    if hook in getattr(callback, "__dict__", {}):
        return True
    own = getattr(type(callback), hook, None)
    return own is not None and own is not getattr(Callback, hook) and own not in getattr(callback, "unheard", ())


def _listens(callback, hook):
    return _overrides(callback, hook) or (hook in _OLD_NAMES and _overrides(callback, _OLD_NAMES[hook]))


def _in_numbers(logs):
    """`logs` itself, its tensors turned into floats (or arrays)."""
    logs = {} if logs is None else logs
    for name, value in logs.items():
        if isinstance(value, torch.Tensor):
            logs[name] = value.item() if value.numel() == 1 else value.detach().cpu().numpy()
    return logs


def _event(hook):
    def call(self, logs=None):
        self._find_listeners()
        logs = _in_numbers(logs)
        for listener in self._listeners[hook]:
            listener(logs)
        # A callback may have put functions in the place of its hooks.
        self._find_listeners()

    return call


def _numbered_event(hook):
    def call(self, number, logs=None):
        if listeners := self._listeners[hook]:
            logs = _in_numbers(logs)
            for listener in listeners:
                listener(number, logs)

    return call


class CallbackList:
    """The callbacks of one run, as one that has every hook; only overridden hooks are called (as in Keras).

    callbacks: one, a list, nested lists, or None. add_history: add a History if there is none. params: what callbacks
    see as `params`. Values in logs that are tensors become floats in place, and only if somebody listens.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, params=None, **more_params):
        self.callbacks = _flatten(callbacks)
        if add_history and not any(isinstance(callback, History) for callback in self.callbacks):
            self.callbacks.append(History())
        if add_progbar and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        # Who saves the state of the others has to come after them.
        self.callbacks.sort(key=lambda callback: getattr(callback, "runs_last", False))
        for callback in self.callbacks:
            if hasattr(callback, "peers"):
                callback.peers = self.callbacks
        self._find_listeners()
        self.set_model(model)
        self.set_params({**(params or {}), **more_params})

    def append(self, callback):
        self.callbacks.append(callback)
        self._find_listeners()

    def __iter__(self):
        return iter(self.callbacks)

    def set_model(self, model):
        self.model = model
        if model is not None:
            for callback in self.callbacks:
                callback.set_model(model)
                if isinstance(callback, History):
                    model.history = callback
            self._find_listeners()

    def set_params(self, params):
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def show_validation(self, data):
        """Give callbacks what `fit` validates on, if these are arrays (x, y) or (x, y, weights)."""
        if isinstance(data, tuple) and len(data) in (2, 3) and all(hasattr(part, "shape") for part in data):
            weights = data[2] if len(data) == 3 else np.ones(len(data[0]), "float32")
            for callback in self.callbacks:
                callback.validation_data = [data[0], data[1], weights]

    def _find_listeners(self):
        self._listeners = {
            hook: [getattr(each, hook) for each in self.callbacks if _listens(each, hook)] for hook in HOOKS
        }

    def hears(self, hook):
        """Whether anybody overrides that hook ("on_train_batch_end", ...)."""
        return bool(self._listeners[hook])

    @property
    def wants_batch_hooks(self):
        """Whether anybody listens to steps of training, testing or predicting."""
        return any(self._listeners[hook] for hook in BATCH_HOOKS)

    @property
    def resume_from(self):
        """(epoch, step) at which a callback that restored the training wants it to go on; None for the beginning."""
        return next((c.resume_from for c in self.callbacks if getattr(c, "resume_from", None)), None)

    on_train_begin = _event("on_train_begin")
    on_train_end = _event("on_train_end")
    on_test_begin = _event("on_test_begin")
    on_test_end = _event("on_test_end")
    on_predict_begin = _event("on_predict_begin")
    on_predict_end = _event("on_predict_end")
    on_epoch_begin = _numbered_event("on_epoch_begin")
    on_epoch_end = _numbered_event("on_epoch_end")
    on_train_batch_begin = _numbered_event("on_train_batch_begin")
    on_train_batch_end = _numbered_event("on_train_batch_end")
    on_test_batch_begin = _numbered_event("on_test_batch_begin")
    on_test_batch_end = _numbered_event("on_test_batch_end")
    on_predict_batch_begin = _numbered_event("on_predict_batch_begin")
    on_predict_batch_end = _numbered_event("on_predict_batch_end")
    on_batch_begin = on_train_batch_begin
    on_batch_end = on_train_batch_end
