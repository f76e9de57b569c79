# Two ways to augment: Keras' layers, and tf.image in a Dataset's map.
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

(train_images, train_labels), _ = tf.keras.datasets.cifar10.load_data()
train_ds = tf.data.Dataset.from_tensor_slices((train_images, train_labels[:, 0]))
image, label = next(iter(train_ds))
assert image.dtype == tf.uint8
_ = plt.imshow(image)

IMG_SIZE = 40
resize_and_rescale = tf.keras.Sequential([layers.Resizing(IMG_SIZE, IMG_SIZE), layers.Rescaling(1.0 / 255)])
result = resize_and_rescale(image)
print("Min and max pixel values:", result.numpy().min(), result.numpy().max())
assert result.shape == (40, 40, 3)
assert result.numpy().max() <= 1

data_augmentation = tf.keras.Sequential([layers.RandomFlip("horizontal_and_vertical"), layers.RandomRotation(0.2)])
image = tf.cast(tf.expand_dims(image, 0), tf.float32)
plt.figure(figsize=(10, 10))
for i in range(9):
    augmented_image = data_augmentation(image, training=True)
    ax = plt.subplot(3, 3, i + 1)
    plt.imshow(augmented_image[0] / 255)
    plt.axis("off")

batch_size = 16
AUTOTUNE = tf.data.AUTOTUNE


def prepare(ds, shuffle=False, augment=False):
    ds = ds.map(lambda x, y: (resize_and_rescale(x), y), num_parallel_calls=AUTOTUNE)
    if shuffle:
        ds = ds.shuffle(1000)
    ds = ds.batch(batch_size)
    if augment:
        ds = ds.map(lambda x, y: (data_augmentation(x, training=True), y), num_parallel_calls=AUTOTUNE)
    return ds.prefetch(buffer_size=AUTOTUNE)


prepared = prepare(train_ds.take(64), shuffle=True, augment=True)
x, y = next(iter(prepared))
assert x.shape == (16, 40, 40, 3)
assert y.shape == (16,)


def random_invert_img(x, p=0.5):
    if tf.random.uniform([]) < p:
        x = 255 - x
    return x


def random_invert(factor=0.5):
    return layers.Lambda(lambda x: random_invert_img(x, factor))


class RandomInvert(layers.Layer):
    def __init__(self, factor=0.5, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return random_invert_img(x, self.factor)


inverted = [RandomInvert(1.0)(image).numpy(), random_invert(1.0)(image).numpy()]
for one in inverted:
    np.testing.assert_allclose(one, 255 - image.numpy())
np.testing.assert_array_equal(RandomInvert(0.0)(image).numpy(), image.numpy())

# tf.image
image, label = next(iter(train_ds))


def visualize(original, augmented):
    plt.figure()
    plt.subplot(1, 2, 1)
    plt.imshow(original)
    plt.subplot(1, 2, 2)
    plt.imshow(augmented)


flipped = tf.image.flip_left_right(image)
visualize(image, flipped)
np.testing.assert_array_equal(flipped.numpy(), image.numpy()[:, ::-1])
grayscaled = tf.image.rgb_to_grayscale(image)
visualize(image, tf.squeeze(grayscaled))
assert grayscaled.shape == (32, 32, 1)
saturated = tf.image.adjust_saturation(image, 3)
bright = tf.image.adjust_brightness(image, 0.4)
assert bright.numpy().mean() > image.numpy().mean()
cropped = tf.image.central_crop(image, central_fraction=0.5)
assert cropped.shape == (16, 16, 3)
rotated = tf.image.rot90(image)
for i in range(3):
    seed = (i, 0)
    stateless_random_brightness = tf.image.stateless_random_brightness(image, max_delta=0.95, seed=seed)
    stateless_random_contrast = tf.image.stateless_random_contrast(image, lower=0.1, upper=0.9, seed=seed)
    stateless_random_crop = tf.image.stateless_random_crop(image, size=[21, 30, 3], seed=seed)
    assert stateless_random_crop.shape == (21, 30, 3)
again = tf.image.stateless_random_contrast(image, lower=0.1, upper=0.9, seed=seed)
assert tf.reduce_all(again == stateless_random_contrast)


def resize_and_rescale_image(image, label):
    image = tf.cast(image, tf.float32)
    image = tf.image.resize(image, [IMG_SIZE, IMG_SIZE])
    image = image / 255.0
    return image, label


def augment(image_label, seed):
    image, label = image_label
    image, label = resize_and_rescale_image(image, label)
    image = tf.image.resize_with_crop_or_pad(image, IMG_SIZE + 6, IMG_SIZE + 6)
    new_seed = tf.random.split(seed, num=1)[0, :]
    image = tf.image.stateless_random_crop(image, size=[IMG_SIZE, IMG_SIZE, 3], seed=seed)
    image = tf.image.stateless_random_brightness(image, max_delta=0.5, seed=new_seed)
    image = tf.clip_by_value(image, 0, 1)
    return image, label


counter = tf.data.experimental.Counter()
zipped = tf.data.Dataset.zip((train_ds, (counter, counter)))
augmented = zipped.take(48).shuffle(1000).map(augment, num_parallel_calls=AUTOTUNE).batch(batch_size).prefetch(AUTOTUNE)
x, y = next(iter(augmented))
assert x.shape == (16, 40, 40, 3)
assert 0 <= x.numpy().min() <= x.numpy().max() <= 1

rng = tf.random.Generator.from_seed(123, alg="philox")


def f(x, y):
    seed = rng.make_seeds(2)[0]
    return augment((x, y), seed)


x, y = next(iter(train_ds.take(32).map(f, num_parallel_calls=AUTOTUNE).batch(batch_size)))
assert x.shape == (16, 40, 40, 3)

model = tf.keras.Sequential(
    [
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(4),
        layers.Flatten(),
        layers.Dense(10),
    ]
)
model.compile(
    optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
history = model.fit(augmented, epochs=2)
loss, acc = model.evaluate(prepare(train_ds.take(32)))
assert np.isfinite(loss)
