# Cats and dogs with datasets from folders: from scratch, on frozen features, augmented.
import os
import pathlib
import shutil

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.utils import image_dataset_from_directory

original_dir = pathlib.Path("cats_and_dogs_small/train")
new_base_dir = pathlib.Path("subset")


def make_subset(subset_name, start_index, end_index):
    for category in ("cat", "dog"):
        dir = new_base_dir / subset_name / category
        os.makedirs(dir)
        fnames = [f"{category}.{i}.jpg" for i in range(start_index, end_index)]
        for fname in fnames:
            shutil.copyfile(src=original_dir / f"{category}s" / fname, dst=dir / fname)


make_subset("train", start_index=0, end_index=10)
make_subset("validation", start_index=10, end_index=13)
make_subset("test", start_index=13, end_index=16)
train_dataset = image_dataset_from_directory(new_base_dir / "train", image_size=(36, 36), batch_size=4)
validation_dataset = image_dataset_from_directory(new_base_dir / "validation", image_size=(36, 36), batch_size=4)
test_dataset = image_dataset_from_directory(new_base_dir / "test", image_size=(36, 36), batch_size=4)

random_numbers = np.random.normal(size=(100, 16))
dataset = tf.data.Dataset.from_tensor_slices(random_numbers)
for i, element in enumerate(dataset):
    print(element.shape)
    if i >= 2:
        break
assert element.shape == (16,)
batched_dataset = dataset.batch(32)
for i, element in enumerate(batched_dataset):
    if i >= 2:
        break
assert element.shape == (32, 16)
reshaped_dataset = dataset.map(lambda x: tf.reshape(x, (4, 4)))
for i, element in enumerate(reshaped_dataset):
    if i >= 2:
        break
assert element.shape == (4, 4)
np.testing.assert_array_equal(element.numpy(), random_numbers[2].reshape(4, 4))
for data_batch, labels_batch in train_dataset:
    print("data batch shape:", data_batch.shape)
    print("labels batch shape:", labels_batch.shape)
    break

inputs = keras.Input(shape=(36, 36, 3))
x = layers.Rescaling(1.0 / 255)(inputs)
x = layers.Conv2D(filters=8, kernel_size=3, activation="relu")(x)
x = layers.MaxPooling2D(pool_size=2)(x)
x = layers.Conv2D(filters=16, kernel_size=3, activation="relu")(x)
x = layers.Flatten()(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
callbacks = [
    keras.callbacks.ModelCheckpoint(filepath="convnet_from_scratch.keras", save_best_only=True, monitor="val_loss")
]
history = model.fit(train_dataset, epochs=6, validation_data=validation_dataset, callbacks=callbacks)
accuracy = history.history["accuracy"]
epochs = range(1, len(accuracy) + 1)
plt.plot(epochs, accuracy, "bo", label="Training accuracy")
plt.legend()
plt.figure()
plt.show()
test_model = keras.models.load_model("convnet_from_scratch.keras")
test_loss, test_acc = test_model.evaluate(test_dataset)
print(f"Test accuracy: {test_acc:.3f}")
assert test_acc > 0.6, test_acc

data_augmentation = keras.Sequential(
    [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.2)]
)
plt.figure(figsize=(10, 10))
for images, _ in train_dataset.take(1):
    for i in range(9):
        augmented_images = data_augmentation(images)
        ax = plt.subplot(3, 3, i + 1)
        plt.imshow(augmented_images[0].numpy().astype("uint8"))
        plt.axis("off")

conv_base = keras.applications.vgg16.VGG16(weights=None, include_top=False, input_shape=(36, 36, 3))


def get_features_and_labels(dataset):
    all_features = []
    all_labels = []
    for images, labels in dataset:
        preprocessed_images = keras.applications.vgg16.preprocess_input(images)
        features = conv_base.predict(preprocessed_images)
        all_features.append(features)
        all_labels.append(labels)
    return np.concatenate(all_features), np.concatenate(all_labels)


train_features, train_labels = get_features_and_labels(train_dataset)
val_features, val_labels = get_features_and_labels(validation_dataset)
assert train_features.shape == (20, 1, 1, 512)
assert sorted(train_labels.tolist()) == [0] * 10 + [1] * 10
inputs = keras.Input(shape=(1, 1, 512))
x = layers.Flatten()(inputs)
x = layers.Dense(16)(x)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
history = model.fit(train_features, train_labels, epochs=2, validation_data=(val_features, val_labels))

conv_base.trainable = True
print("before:", len(conv_base.trainable_weights))
assert len(conv_base.trainable_weights) == 26
conv_base.trainable = False
assert len(conv_base.trainable_weights) == 0
inputs = keras.Input(shape=(36, 36, 3))
x = data_augmentation(inputs)
x = keras.applications.vgg16.preprocess_input(x)
x = conv_base(x)
x = layers.Flatten()(x)
x = layers.Dense(16)(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
conv_base.trainable = True
for layer in conv_base.layers[:-4]:
    layer.trainable = False
assert len(model.trainable_weights) == 6 + 4
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(learning_rate=1e-5), metrics=["accuracy"])
history = model.fit(train_dataset, epochs=1, validation_data=validation_dataset)
probability = model.predict(test_dataset)
assert probability.shape == (6, 1)
assert 0 <= probability.min() <= probability.max() <= 1
