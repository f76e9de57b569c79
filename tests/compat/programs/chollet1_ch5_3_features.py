# Features of VGG16 (random weights here), a small network on them, then fine tuning.
import os

import numpy as np
from keras import layers, models, optimizers
from keras.applications import VGG16
from keras.preprocessing.image import ImageDataGenerator

conv_base = VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
conv_base.summary()
assert conv_base.count_params() == 14714688
base_dir = "cats_and_dogs_small"
train_dir = os.path.join(base_dir, "train")
validation_dir = os.path.join(base_dir, "validation")
datagen = ImageDataGenerator(rescale=1.0 / 255)
batch_size = 4


def extract_features(directory, sample_count):
    features = np.zeros(shape=(sample_count, 1, 1, 512))
    labels = np.zeros(shape=(sample_count))
    generator = datagen.flow_from_directory(directory, target_size=(32, 32), batch_size=batch_size, class_mode="binary")
    i = 0
    for inputs_batch, labels_batch in generator:
        features_batch = conv_base.predict(inputs_batch)
        features[i * batch_size : (i + 1) * batch_size] = features_batch
        labels[i * batch_size : (i + 1) * batch_size] = labels_batch
        i += 1
        if i * batch_size >= sample_count:
            break
    return features, labels


train_features, train_labels = extract_features(train_dir, 32)
validation_features, validation_labels = extract_features(validation_dir, 24)
assert train_labels.sum() == 16
train_features = np.reshape(train_features, (32, 512))
validation_features = np.reshape(validation_features, (24, 512))
model = models.Sequential()
model.add(layers.Dense(32, activation="relu", input_dim=512))
model.add(layers.Dropout(0.5))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer=optimizers.RMSprop(lr=2e-5), loss="binary_crossentropy", metrics=["acc"])
history = model.fit(
    train_features, train_labels, epochs=3, batch_size=20, validation_data=(validation_features, validation_labels)
)
assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}

model = models.Sequential()
model.add(conv_base)
model.add(layers.Flatten())
model.add(layers.Dense(16, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.summary()
print("This is the number of trainable weights before freezing the conv base:", len(model.trainable_weights))
assert len(model.trainable_weights) == 30
conv_base.trainable = False
assert len(model.trainable_weights) == 4

conv_base.trainable = True
set_trainable = False
for layer in conv_base.layers:
    if layer.name == "block5_conv1":
        set_trainable = True
    if set_trainable:
        layer.trainable = True
    else:
        layer.trainable = False
assert len(model.trainable_weights) == 10
train_datagen = ImageDataGenerator(rescale=1.0 / 255, rotation_range=40, horizontal_flip=True)
train_generator = train_datagen.flow_from_directory(train_dir, target_size=(32, 32), batch_size=8, class_mode="binary")
model.compile(loss="binary_crossentropy", optimizer=optimizers.RMSprop(lr=1e-5), metrics=["acc"])
before = [layer.get_weights()[0].copy() for layer in conv_base.layers if layer.weights]
history = model.fit_generator(train_generator, steps_per_epoch=2, epochs=1)
after = [layer.get_weights()[0] for layer in conv_base.layers if layer.weights]
changed = [not np.array_equal(a, b) for a, b in zip(before, after)]
assert changed == [False] * 10 + [True] * 3, changed
