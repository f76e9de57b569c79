"""KerasClassifier and its kin work in scikit-learn's tools and give what the model itself gives."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from anmok import compat, layers, models, utils
from anmok.errors import ArgumentError, UnknownNameError

IRIS = load_iris()
X = StandardScaler().fit_transform(IRIS.data).astype("float32")
NAMES = IRIS.target_names[IRIS.target]


@pytest.fixture
def wrappers():
    utils.set_random_seed(1)
    with compat.active():
        from keras.wrappers import scikit_learn

        yield scikit_learn


def make(units=8, loss="sparse_categorical_crossentropy", outputs=3):
    ends = "softmax" if outputs > 1 else "sigmoid"
    model = models.Sequential(
        [
            layers.Dense(units, "relu", input_shape=(4,)),
            layers.Dense(outputs, activation=ends if loss != "mse" else None),
        ]
    )
    model.compile("adam", loss, metrics=["accuracy"] if loss != "mse" else None)
    return model


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_labels_of_any_kind_are_learned(wrappers, loss):
    classifier = wrappers.KerasClassifier(make, loss=loss, epochs=60, batch_size=10, verbose=0)
    history = classifier.fit(X, NAMES)
    assert len(history.history["loss"]) == 60
    predicted = classifier.predict(X)
    assert set(predicted) <= set(NAMES)
    assert classifier.score(X, NAMES) == pytest.approx(accuracy_score(NAMES, predicted))
    assert classifier.score(X, NAMES) > 0.8
    np.testing.assert_array_equal(classifier.predict_proba(X), classifier.model.predict(X, verbose=0))


def test_two_classes_of_one_unit(wrappers):
    y = IRIS.target[:100]
    classifier = wrappers.KerasClassifier(make, loss="binary_crossentropy", outputs=1, epochs=40, verbose=0)
    classifier.fit(X[:100], y)
    chances = classifier.predict_proba(X[:100])
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(classifier.predict(X[:100]), (chances[:, 1] > 0.5).astype(int))


def test_scikit_learns_tools_search_over_it(wrappers):
    classifier = wrappers.KerasClassifier(build_fn=make, epochs=2, verbose=0)
    assert clone(classifier).get_params() == {"build_fn": make, "epochs": 2, "verbose": 0}
    scores = cross_val_score(make_pipeline(StandardScaler(), classifier), IRIS.data, NAMES, cv=3)
    assert scores.shape == (3,)
    search = GridSearchCV(classifier, {"units": [2, 4], "epochs": [1, 2]}, cv=2).fit(X, NAMES)
    assert set(search.best_params_) == {"units", "epochs"}
    assert search.best_estimator_.model.layers[0].units == search.best_params_["units"]


def test_a_regressor_scores_minus_its_loss(wrappers):
    regressor = wrappers.KerasRegressor(make, loss="mse", outputs=1, epochs=5, verbose=0)
    regressor.fit(X[:, :4], X[:, 0])
    predicted = regressor.predict(X)
    assert predicted.shape == (150,)
    assert regressor.score(X, X[:, 0]) == pytest.approx(-np.mean((predicted - X[:, 0]) ** 2), rel=1e-4)


def test_what_is_unknown_is_refused(wrappers):
    with pytest.raises(UnknownNameError, match="unit"):
        wrappers.KerasClassifier(make, unit=3)
    with pytest.raises(NotFittedError):
        wrappers.KerasClassifier(make).predict(X)
    with pytest.raises(ArgumentError, match="expected build_fn, a function that returns a compiled model"):
        wrappers.KerasRegressor(verbose=0)


def test_the_wrappers_of_keras_3():
    with compat.active():
        from keras.wrappers import SKLearnClassifier, SKLearnRegressor
    one_hot = make(loss="categorical_crossentropy")
    classifier = SKLearnClassifier(one_hot, fit_kwargs={"epochs": 60, "verbose": 0}).fit(X, NAMES)
    assert classifier.model_ is not one_hot
    assert classifier.score(X, NAMES) > 0.8

    def dynamic(inputs, targets, units):
        return make(units, "mse", targets.shape[1])

    regressor = SKLearnRegressor(dynamic, model_kwargs={"units": 3}, fit_kwargs={"verbose": 0}).fit(X, X[:, :2])
    assert regressor.predict(X).shape == (150, 2)
    assert clone(regressor).model_kwargs == {"units": 3}
