"""Models as scikit-learn's estimators: Keras 2's KerasClassifier and KerasRegressor, Keras 3's SKLearn*."""

import copy
import inspect

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import NotFittedError

from anmok.errors import ArgumentError, unknown_name
from anmok.models import Model, clone_model
from anmok.training.logs import Logs
from anmok.utils import to_categorical

__all__ = ["KerasClassifier", "KerasRegressor"]

_OLD = {"nb_epoch"}


def _names(function):
    """The names of a function's arguments that are written out."""
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind not in kinds}


class _Wrapper(BaseEstimator):
    """build_fn: a function that returns a compiled model, or an object that is called as one.

    Its arguments, and those of fit, predict and evaluate, may be given here, and searched over.
    """

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn = build_fn
        self.sk_params = sk_params
        known = {*_names(self._builder), *_names(Model.fit), *_names(Model.predict), *_names(Model.evaluate), *_OLD}
        for name in sk_params:
            if name not in known:
                raise unknown_name(f"argument of {type(self).__name__}", name, known - {"self"})

    @property
    def _builder(self):
        if self.build_fn is None and not callable(self):
            raise ArgumentError(f"{type(self).__name__}: expected build_fn, a function that returns a compiled model.")
        return self if self.build_fn is None else self.build_fn

    def get_params(self, deep=True):
        return {**(copy.copy(self.sk_params) if deep else self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params):
        params = dict(params)
        build_fn = params.pop("build_fn", self.build_fn)
        self.__init__(build_fn, **{**self.sk_params, **params})
        return self

    def _chosen(self, *functions, **given):
        names = set().union(*map(_names, functions)) | (_OLD if Model.fit in functions else set())
        return {name: value for name, value in self.sk_params.items() if name in names} | given

    def fit(self, x, y, **kwargs):
        """Build the model and train it; returns the History, as Keras did."""
        self.model = self._builder(**self._chosen(self._builder))
        if _wants_one_hot(self.model) and np.ndim(y) != 2:
            y = to_categorical(y)
        return self.model.fit(x, y, **self._chosen(Model.fit, **kwargs))

    def _fitted(self):
        if not hasattr(self, "model"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted yet: call fit(x, y) first.")
        return self.model

    def _scores(self, x, kwargs):
        return self._fitted().predict(x, **{"verbose": 0, **self._chosen(Model.predict, **kwargs)})

    def _evaluated(self, x, y, kwargs):
        if _wants_one_hot(self._fitted()) and np.ndim(y) != 2:
            y = to_categorical(y, self.model.output_shape[-1])
        chosen = {"verbose": 0, **self._chosen(Model.evaluate, **kwargs)}
        return Logs(self.model.evaluate(x, y, **{**chosen, "return_dict": True}))


def _wants_one_hot(model):
    loss = getattr(model.loss, "__name__", None) or getattr(model.loss, "name", None) or model.loss
    return loss == "categorical_crossentropy"


class KerasClassifier(ClassifierMixin, _Wrapper):
    """A classifier for scikit-learn out of a function that makes a compiled model (as in Keras 2)."""

    def fit(self, x, y, **kwargs):
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_, y = np.unique(y, return_inverse=True)
            y = y.reshape(-1)
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """The label of each sample."""
        scores = self._scores(x, kwargs)
        numbers = scores.argmax(-1) if scores.shape[-1] > 1 else (scores[:, 0] > 0.5).astype(int)
        return self.classes_[numbers]

    def predict_proba(self, x, **kwargs):
        """Probabilities (N, classes), two of them for one sigmoid unit."""
        scores = self._scores(x, kwargs)
        return np.hstack([1 - scores, scores]) if scores.shape[-1] == 1 else scores

    def score(self, x, y, **kwargs):
        """The accuracy; the model must be compiled with metrics=['accuracy']."""
        y = np.asarray(y)
        if y.ndim < 2 or y.shape[1] == 1:
            y = np.searchsorted(self.classes_, y.reshape(-1))
        accuracy = self._evaluated(x, y, kwargs).get("accuracy")
        if accuracy is None:
            raise ArgumentError(
                "KerasClassifier.score needs the accuracy: compile the model with metrics=['accuracy']."
            )
        return accuracy


class KerasRegressor(RegressorMixin, _Wrapper):
    """A regressor for scikit-learn out of a function that makes a compiled model (as in Keras 2)."""

    def predict(self, x, **kwargs):
        return np.squeeze(self._scores(x, kwargs), axis=-1)

    def score(self, x, y, **kwargs):
        """Minus the loss, so that more is better."""
        return -self._evaluated(x, y, kwargs)["loss"]


class _SKLearn(BaseEstimator):
    """model: a compiled Model, or a function (X, y, **model_kwargs) that returns one (as in Keras 3)."""

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def _train(self, X, y, kwargs):
        if not (self.warm_start and hasattr(self, "model_")):
            if isinstance(self.model, Model):
                self.model_ = clone_model(self.model)
                self.model_.compile_from_config(self.model.get_compile_config())
            else:
                self.model_ = self.model(X, y, **(self.model_kwargs or {}))
        self.history_ = self.model_.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        return self

    def _scores(self, X):
        if not hasattr(self, "model_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted yet: call fit(X, y) first.")
        return self.model_.predict(X, verbose=0)


class SKLearnClassifier(ClassifierMixin, _SKLearn):
    """A classifier for scikit-learn; the model gets one-hot labels."""

    def fit(self, X, y, **kwargs):
        self.classes_, numbers = np.unique(y, return_inverse=True)
        return self._train(X, to_categorical(numbers.reshape(-1), len(self.classes_)), kwargs)

    def predict(self, X):
        return self.classes_[self._scores(X).argmax(-1)]


class SKLearnRegressor(RegressorMixin, _SKLearn):
    """A regressor for scikit-learn."""

    def fit(self, X, y, **kwargs):
        y = np.asarray(y)
        self._is_flat = y.ndim == 1
        return self._train(X, y.reshape(len(y), -1), kwargs)

    def predict(self, X):
        scores = self._scores(X)
        return scores[:, 0] if self._is_flat else scores
