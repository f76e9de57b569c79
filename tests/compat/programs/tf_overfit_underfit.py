# Curves of networks that learn too little and too much by heart.
import pathlib
import shutil
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, regularizers

logdir = pathlib.Path(tempfile.mkdtemp()) / "tensorboard_logs"
shutil.rmtree(logdir, ignore_errors=True)

FEATURES = 12
rng = np.random.default_rng(0)
table = rng.normal(size=(700, FEATURES)).astype(np.float32)
target = (table[:, 0] + 0.5 * table[:, 1] * table[:, 2] + rng.normal(0, 0.5, 700) > 0).astype(np.float32)


def pack_row(*row):
    label = row[0]
    features = tf.stack(row[1:], 1)
    return features, label


ds = tf.data.Dataset.from_tensor_slices(tuple([target] + [table[:, i] for i in range(FEATURES)]))
packed_ds = ds.batch(100).map(pack_row).unbatch()
for features, label in packed_ds.batch(500).take(1):
    print(features[0])
    plt.hist(features.numpy().flatten(), bins=101)

N_VALIDATION, N_TRAIN, BUFFER_SIZE, BATCH_SIZE = 200, 500, 500, 50
STEPS_PER_EPOCH = N_TRAIN // BATCH_SIZE
validate_ds = packed_ds.take(N_VALIDATION).cache()
train_ds = packed_ds.skip(N_VALIDATION).take(N_TRAIN).cache()
validate_ds = validate_ds.batch(BATCH_SIZE)
train_ds = train_ds.shuffle(BUFFER_SIZE).repeat().batch(BATCH_SIZE)

lr_schedule = tf.keras.optimizers.schedules.InverseTimeDecay(
    0.001, decay_steps=STEPS_PER_EPOCH * 1000, decay_rate=1, staircase=False
)
step = np.linspace(0, 100000)
lr = lr_schedule(step)
plt.plot(step / STEPS_PER_EPOCH, lr)
np.testing.assert_allclose(lr, 0.001 / (1 + step / 10000), rtol=1e-5)


def get_optimizer():
    return tf.keras.optimizers.Adam(lr_schedule)


def get_callbacks(name):
    return [
        tf.keras.callbacks.EarlyStopping(monitor="val_binary_crossentropy", patience=200),
        tf.keras.callbacks.CSVLogger(str(logdir.parent / (name.replace("/", "_") + ".csv"))),
    ]


def compile_and_fit(model, name, optimizer=None, max_epochs=6):
    if optimizer is None:
        optimizer = get_optimizer()
    model.compile(
        optimizer=optimizer,
        loss=tf.keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[tf.keras.losses.BinaryCrossentropy(from_logits=True, name="binary_crossentropy"), "accuracy"],
    )
    model.summary()
    return model.fit(
        train_ds,
        steps_per_epoch=STEPS_PER_EPOCH,
        epochs=max_epochs,
        validation_data=validate_ds,
        callbacks=get_callbacks(name),
        verbose=0,
    )


size_histories = {}
tiny_model = tf.keras.Sequential([layers.Dense(16, activation="elu", input_shape=(FEATURES,)), layers.Dense(1)])
size_histories["Tiny"] = compile_and_fit(tiny_model, "sizes/Tiny")
large_model = tf.keras.Sequential(
    [
        layers.Dense(64, activation="elu", input_shape=(FEATURES,)),
        layers.Dense(64, activation="elu"),
        layers.Dense(1),
    ]
)
size_histories["Large"] = compile_and_fit(large_model, "sizes/large")

l2_model = tf.keras.Sequential(
    [
        layers.Dense(64, activation="elu", kernel_regularizer=regularizers.l2(0.001), input_shape=(FEATURES,)),
        layers.Dropout(0.5),
        layers.Dense(64, activation="elu", kernel_regularizer=regularizers.l2(0.001)),
        layers.Dense(1),
    ]
)
size_histories["L2 and dropout"] = compile_and_fit(l2_model, "regularizers/l2")

result = l2_model(features)
regularization_loss = tf.add_n(l2_model.losses)
by_hand = sum(0.001 * np.sum(np.square(layer.kernel.numpy())) for layer in (l2_model.layers[0], l2_model.layers[2]))
assert abs(regularization_loss.numpy() - by_hand) < 1e-5

for name, history in size_histories.items():
    plt.plot(history.epoch, history.history["val_binary_crossentropy"], label=name)
    assert set(history.history) >= {"loss", "accuracy", "binary_crossentropy", "val_loss", "val_binary_crossentropy"}
large = size_histories["Large"].history
assert large["accuracy"][-1] > 0.75, large["accuracy"]
np.testing.assert_allclose(large["loss"], large["binary_crossentropy"], rtol=1e-4)
penalised = size_histories["L2 and dropout"].history
assert penalised["loss"][-1] > penalised["binary_crossentropy"][-1] + 0.01
