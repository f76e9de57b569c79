# Weights and whole models to files and back.
import os

import numpy as np
import tensorflow as tf
from tensorflow import keras

(train_images, train_labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
train_labels = train_labels[:500]
test_labels = test_labels[:100]
train_images = train_images[:500].reshape(-1, 28 * 28) / 255.0
test_images = test_images[:100].reshape(-1, 28 * 28) / 255.0


def create_model():
    model = tf.keras.models.Sequential(
        [
            keras.layers.Dense(64, activation="relu", input_shape=(784,)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer="adam",
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[tf.keras.metrics.SparseCategoricalAccuracy()],
    )
    return model


model = create_model()
model.summary()
checkpoint_path = "training_1/cp.ckpt"
checkpoint_dir = os.path.dirname(checkpoint_path)
cp_callback = tf.keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, save_weights_only=True, verbose=1)
model.fit(train_images, train_labels, epochs=3, validation_data=(test_images, test_labels), callbacks=[cp_callback])
assert os.listdir(checkpoint_dir)
loss, acc = model.evaluate(test_images, test_labels, verbose=2)
model = create_model()
loss, untrained = model.evaluate(test_images, test_labels, verbose=2)
print("Untrained model, accuracy: {:5.2f}%".format(100 * untrained))
model.load_weights(checkpoint_path)
loss, restored = model.evaluate(test_images, test_labels, verbose=2)
assert restored == acc > untrained

checkpoint_path = "training_2/cp-{epoch:04d}.ckpt"
checkpoint_dir = os.path.dirname(checkpoint_path)
batch_size = 32
n_batches = int(np.ceil(len(train_images) / batch_size))
cp_callback = tf.keras.callbacks.ModelCheckpoint(
    filepath=checkpoint_path, verbose=1, save_weights_only=True, save_freq=2 * n_batches
)
model = create_model()
model.save_weights(checkpoint_path.format(epoch=0))
model.fit(
    train_images,
    train_labels,
    epochs=4,
    batch_size=batch_size,
    callbacks=[cp_callback],
    validation_data=(test_images, test_labels),
    verbose=0,
)
latest = tf.train.latest_checkpoint(checkpoint_dir)
print(latest)
assert "cp-0004" in latest
expected = model.evaluate(test_images, test_labels, verbose=0)
model = create_model()
model.load_weights(latest)
np.testing.assert_allclose(model.evaluate(test_images, test_labels, verbose=0), expected, rtol=1e-5)
model.save_weights("./checkpoints/my_checkpoint")
model = create_model()
model.load_weights("./checkpoints/my_checkpoint")
np.testing.assert_allclose(model.evaluate(test_images, test_labels, verbose=0), expected, rtol=1e-5)

for path in ("my_model.keras", "my_model.h5"):
    model.save(path)
    new_model = tf.keras.models.load_model(path)
    new_model.summary()
    np.testing.assert_allclose(new_model.evaluate(test_images, test_labels, verbose=2), expected, rtol=1e-5)
    np.testing.assert_allclose(new_model.predict(test_images), model.predict(test_images), atol=1e-6)
config = model.to_json()
same_shape = tf.keras.models.model_from_json(config)
same_shape.set_weights(model.get_weights())
np.testing.assert_allclose(same_shape.predict(test_images), model.predict(test_images), atol=1e-6)
