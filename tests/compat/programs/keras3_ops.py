# Keras 3 without a word of the backend: keras.ops, keras.random, keras.config.
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
from keras import layers, ops

print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format(), keras.__version__)
assert keras.config.floatx() == "float32"
assert keras.config.image_data_format() == "channels_last"
assert keras.config.epsilon() == 1e-7
keras.utils.set_random_seed(812)

x = ops.array([[1.0, 2.0], [3.0, 4.0]])
assert ops.shape(x) == (2, 2)
np.testing.assert_allclose(ops.convert_to_numpy(ops.matmul(x, x)), [[7, 10], [15, 22]])
np.testing.assert_allclose(
    ops.convert_to_numpy(ops.softmax(x)), np.exp(x) / np.exp(x).sum(-1, keepdims=True), rtol=1e-5
)
assert ops.argmax(x, axis=-1).tolist() == [1, 1]
np.testing.assert_allclose(ops.convert_to_numpy(ops.mean(x, axis=0)), [2, 3])
y = ops.concatenate([x, ops.ones((2, 1))], axis=-1)
assert ops.shape(ops.expand_dims(y, 0)) == (1, 2, 3)
noise = keras.random.normal((1000,), seed=keras.random.SeedGenerator(3))
assert abs(float(ops.std(noise)) - 1) < 0.1
v = keras.Variable(ops.zeros((2,)), trainable=True)
v.assign(ops.ones((2,)))
v.assign_add([1.0, 2.0])
assert ops.convert_to_numpy(v).tolist() == [2.0, 3.0]


class SimpleDense(keras.layers.Layer):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        batch_dim, input_dim = input_shape
        self.W = self.add_weight(shape=(input_dim, self.units), initializer="random_normal")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, inputs):
        y = ops.matmul(inputs, self.W) + self.b
        if self.activation is not None:
            y = self.activation(y)
        return y


my_dense = SimpleDense(units=32, activation="relu")
output_tensor = my_dense(ops.ones(shape=(2, 784)))
assert output_tensor.shape == (2, 32)
assert float(ops.min(output_tensor)) >= 0

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = np.expand_dims(x_train.astype("float32") / 255, -1)
x_test = np.expand_dims(x_test.astype("float32") / 255, -1)
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Flatten(),
        SimpleDense(32, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    loss=keras.losses.SparseCategoricalCrossentropy(),
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
callbacks = [
    keras.callbacks.ModelCheckpoint(filepath="model_at_epoch_{epoch}.keras"),
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=2),
]
model.fit(x_train, y_train, batch_size=64, epochs=4, validation_split=0.15, callbacks=callbacks)
score = model.evaluate(x_test, y_test, verbose=0)
assert score[1] > 0.5, score
model.save("final_model.keras")
again = keras.saving.load_model("final_model.keras", custom_objects={"SimpleDense": SimpleDense})
np.testing.assert_allclose(again.predict(x_test[:5]), model.predict(x_test[:5]), atol=1e-6)


class PatchExtract(layers.Layer):
    def call(self, images):
        batch = ops.shape(images)[0]
        patches = ops.image.extract_patches(images, size=7)
        return ops.reshape(patches, (batch, -1, 7 * 7))


inputs = keras.Input((28, 28, 1))
patches = PatchExtract()(inputs)
outputs = ops.mean(layers.Dense(4)(patches), axis=1)
patched = keras.Model(inputs, outputs)
assert patched.predict(x_test[:3]).shape == (3, 4)
cosine = keras.losses.CosineSimilarity(axis=-1)
assert abs(float(cosine(ops.array([[1.0, 0.0]]), ops.array([[1.0, 1.0]]))) + 2**-0.5) < 1e-5
