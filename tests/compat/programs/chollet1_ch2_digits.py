# A first network, with the names of 2017, and what its layers compute written out in NumPy.
import keras
import numpy as np
from keras import layers, models
from keras.datasets import mnist
from keras.utils import to_categorical

(train_images, train_labels), (test_images, test_labels) = mnist.load_data()
digit = train_images[4]
import matplotlib.pyplot as plt

plt.imshow(digit, cmap=plt.cm.binary)
plt.show()

network = models.Sequential()
network.add(layers.Dense(128, activation="relu", input_shape=(28 * 28,)))
network.add(layers.Dense(10, activation="softmax"))
network.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])

n_train, n_test = len(train_images), len(test_images)
train_images = train_images.reshape((n_train, 28 * 28))
train_images = train_images.astype("float32") / 255
test_images = test_images.reshape((n_test, 28 * 28))
test_images = test_images.astype("float32") / 255
train_labels = to_categorical(train_labels)
test_labels = to_categorical(test_labels)
network.fit(train_images, train_labels, epochs=8, batch_size=64)
test_loss, test_acc = network.evaluate(test_images, test_labels)
print("test_acc:", test_acc)
assert test_acc > 0.6, test_acc


def naive_relu(x):
    assert len(x.shape) == 2
    x = x.copy()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = max(x[i, j], 0)
    return x


def naive_vector_dot(x, y):
    z = 0.0
    for i in range(x.shape[0]):
        z += x[i] * y[i]
    return z


w1, b1 = network.layers[0].get_weights()
w2, b2 = network.layers[1].get_weights()
hidden = naive_relu(np.dot(test_images[:3], w1) + b1)
assert abs(naive_vector_dot(hidden[0], w2[:, 0]) - np.dot(hidden, w2)[0, 0]) < 1e-4
scores = np.dot(hidden, w2) + b2
probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
np.testing.assert_allclose(network.predict(test_images[:3]), probabilities, atol=1e-5)
print(keras.__version__)
