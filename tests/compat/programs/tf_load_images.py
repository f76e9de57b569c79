# Pictures into a model by hand: paths, labels and pixels with tf.data.
import os
import pathlib

import numpy as np
import tensorflow as tf

print(tf.__version__)
archive = tf.keras.utils.get_file(origin="https://example.com/flower_photos.tgz", fname="flower_photos", untar=True)
data_dir = pathlib.Path(archive)
if (data_dir / "flower_photos").is_dir():
    data_dir = data_dir / "flower_photos"
image_count = len(list(data_dir.glob("*/*.jpg")))

list_ds = tf.data.Dataset.list_files(str(data_dir / "*/*"), shuffle=False)
list_ds = list_ds.shuffle(image_count, reshuffle_each_iteration=False)
for f in list_ds.take(3):
    print(f.numpy())
    assert isinstance(f.numpy(), bytes)

class_names = np.array(sorted([item.name for item in data_dir.glob("*") if item.name != "LICENSE.txt"]))
val_size = int(image_count * 0.2)
train_ds = list_ds.skip(val_size)
val_ds = list_ds.take(val_size)
print(tf.data.experimental.cardinality(train_ds).numpy())
print(tf.data.experimental.cardinality(val_ds).numpy())
assert tf.data.experimental.cardinality(train_ds).numpy() == 32
assert len(val_ds) == 8
assert not {f.numpy() for f in train_ds} & {f.numpy() for f in val_ds}

img_height, img_width, batch_size = 24, 24, 8


def get_label(file_path):
    parts = tf.strings.split(file_path, os.path.sep)
    one_hot = parts[-2] == class_names
    return tf.argmax(one_hot)


def decode_img(img):
    img = tf.io.decode_jpeg(img, channels=3)
    return tf.image.resize(img, [img_height, img_width])


def process_path(file_path):
    label = get_label(file_path)
    img = tf.io.read_file(file_path)
    img = decode_img(img)
    return img, label


AUTOTUNE = tf.data.experimental.AUTOTUNE
train_ds = train_ds.map(process_path, num_parallel_calls=AUTOTUNE)
val_ds = val_ds.map(process_path, num_parallel_calls=AUTOTUNE)
for image, label in train_ds.take(1):
    print("Image shape: ", image.numpy().shape)
    print("Label: ", label.numpy())
assert image.numpy().shape == (24, 24, 3)
assert label.numpy() in range(4)


def configure_for_performance(ds):
    ds = ds.cache()
    ds = ds.shuffle(buffer_size=1000)
    ds = ds.batch(batch_size)
    ds = ds.prefetch(buffer_size=AUTOTUNE)
    return ds


train_ds = configure_for_performance(train_ds)
val_ds = configure_for_performance(val_ds)
image_batch, label_batch = next(iter(train_ds))
assert image_batch.shape == (8, 24, 24, 3)
print(class_names[label_batch[0]])

model = tf.keras.Sequential(
    [
        tf.keras.layers.Rescaling(1.0 / 255),
        tf.keras.layers.Conv2D(8, 3, activation="relu"),
        tf.keras.layers.MaxPooling2D(),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(32, activation="relu"),
        tf.keras.layers.Dense(len(class_names)),
    ]
)
model.compile(
    optimizer=tf.optimizers.Adam(0.01),
    loss=tf.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(train_ds, validation_data=val_ds, epochs=10)
assert history.history["accuracy"][-1] > 0.8, history.history["accuracy"]

# The labels and pictures that the dataset holds, all at once.
labels = np.concatenate([y for x, y in val_ds], axis=0)
assert sorted(labels.tolist()) == sorted(int(y) for x, y in val_ds.unbatch())
images = np.concatenate([x.numpy() for x, _ in val_ds])
assert images.shape == (8, 24, 24, 3)
assert 0 <= images.min() <= images.max() <= 255
