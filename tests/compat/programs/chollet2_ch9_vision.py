# Segmentation, a small Xception, and three ways to look into a network.
import os

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.utils import array_to_img, img_to_array, load_img

# Masks: 1 the thing, 2 what is around it, 3 its rim, as the pets' annotations have them.
os.makedirs("images")
os.makedirs("annotations/trimaps")
rng = np.random.default_rng(0)
img_size = (32, 32)
for number in range(12):
    rows, columns = np.mgrid[:40, :44]
    distance = np.hypot(rows - rng.integers(12, 28), columns - rng.integers(12, 32))
    mask = np.where(distance < 9, 1, np.where(distance < 11, 3, 2)).astype("uint8")
    picture = np.where(mask[..., None] == 2, (60, 60, 160), (220, 180, 60)) + rng.normal(0, 10, (40, 44, 3))
    keras.utils.save_img(f"images/{number:02d}.jpg", picture.clip(0, 255), scale=False)
    keras.utils.save_img(f"annotations/trimaps/{number:02d}.png", mask[..., None], scale=False)
input_dir = "images/"
target_dir = "annotations/trimaps/"
input_img_paths = sorted([os.path.join(input_dir, fname) for fname in os.listdir(input_dir) if fname.endswith(".jpg")])
target_paths = sorted(
    [
        os.path.join(target_dir, fname)
        for fname in os.listdir(target_dir)
        if fname.endswith(".png") and not fname.startswith(".")
    ]
)
plt.axis("off")
plt.imshow(load_img(input_img_paths[9]))


def display_target(target_array):
    normalized_array = (target_array.astype("uint8") - 1) * 127
    plt.axis("off")
    plt.imshow(normalized_array[:, :, 0])


display_target(img_to_array(load_img(target_paths[9], color_mode="grayscale")))
num_imgs = len(input_img_paths)


def path_to_input_image(path):
    return img_to_array(load_img(path, target_size=img_size))


def path_to_target(path):
    img = img_to_array(load_img(path, target_size=img_size, color_mode="grayscale"))
    img = img.astype("uint8") - 1
    return img


input_imgs = np.zeros((num_imgs,) + img_size + (3,), dtype="float32")
targets = np.zeros((num_imgs,) + img_size + (1,), dtype="uint8")
for i in range(num_imgs):
    input_imgs[i] = path_to_input_image(input_img_paths[i])
    targets[i] = path_to_target(target_paths[i])
assert set(np.unique(targets)) == {0, 1, 2}


def get_model(img_size, num_classes):
    inputs = keras.Input(shape=img_size + (3,))
    x = layers.Rescaling(1.0 / 255)(inputs)
    x = layers.Conv2D(8, 3, strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2D(16, 3, activation="relu", padding="same")(x)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(16, 3, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(16, 3, activation="relu", padding="same", strides=2)(x)
    x = layers.Conv2DTranspose(8, 3, activation="relu", padding="same", strides=2)(x)
    outputs = layers.Conv2D(num_classes, 3, activation="softmax", padding="same")(x)
    return keras.Model(inputs, outputs)


model = get_model(img_size=img_size, num_classes=3)
model.summary()
assert model.output_shape == (None, 32, 32, 3)
model.compile(optimizer=keras.optimizers.RMSprop(0.003), loss="sparse_categorical_crossentropy")
callbacks = [keras.callbacks.ModelCheckpoint("segmentation.keras", save_best_only=True)]
history = model.fit(
    input_imgs[:9],
    targets[:9],
    epochs=25,
    callbacks=callbacks,
    batch_size=3,
    validation_data=(input_imgs[9:], targets[9:]),
    verbose=0,
)
assert history.history["loss"][-1] < 0.6 * history.history["loss"][0], history.history["loss"]
model = keras.models.load_model("segmentation.keras")
mask = model.predict(np.expand_dims(input_imgs[11], 0))[0]
hit = np.mean(np.argmax(mask, axis=-1) == targets[11, ..., 0])
assert hit > 0.7, hit
plt.imshow(array_to_img(input_imgs[11]))

# A small Xception.
inputs = keras.Input(shape=(36, 36, 3))
x = layers.RandomFlip("horizontal")(inputs)
x = layers.Rescaling(1.0 / 255)(x)
x = layers.Conv2D(filters=8, kernel_size=5, use_bias=False)(x)
for size in [8, 16]:
    residual = x
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(size, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(size, 3, padding="same", use_bias=False)(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    residual = layers.Conv2D(size, 1, strides=2, padding="same", use_bias=False)(residual)
    x = layers.add([x, residual])
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
train_dataset = keras.utils.image_dataset_from_directory("cats_and_dogs_small/train", image_size=(36, 36), batch_size=8)
history = model.fit(train_dataset, epochs=2)
assert np.isfinite(history.history["loss"]).all()

# Activations.
img_tensor = np.expand_dims(img_to_array(load_img("cats_and_dogs_small/test/cats/cat.1.jpg", target_size=(36, 36))), 0)
layer_outputs = []
layer_names = []
for layer in model.layers:
    if isinstance(layer, (layers.Conv2D, layers.MaxPooling2D)):
        layer_outputs.append(layer.output)
        layer_names.append(layer.name)
activation_model = keras.Model(inputs=model.input, outputs=layer_outputs)
activations = activation_model.predict(img_tensor)
assert activations[0].shape == (1, 32, 32, 8)
plt.matshow(activations[0][0, :, :, 5], cmap="viridis")

# Filters, by gradient ascent in the picture.
layer = model.get_layer(name=layer_names[1])
feature_extractor = keras.Model(inputs=model.input, outputs=layer.output)


def compute_loss(image, filter_index):
    activation = feature_extractor(image)
    filter_activation = activation[:, 2:-2, 2:-2, filter_index]
    return tf.reduce_mean(filter_activation)


@tf.function
def gradient_ascent_step(image, filter_index, learning_rate):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = compute_loss(image, filter_index)
    grads = tape.gradient(loss, image)
    grads = tf.math.l2_normalize(grads)
    image += learning_rate * grads
    return image


def generate_filter_pattern(filter_index):
    iterations = 10
    learning_rate = 10.0
    image = tf.random.uniform(minval=0.4, maxval=0.6, shape=(1, 36, 36, 3))
    first = compute_loss(image, filter_index)
    for i in range(iterations):
        image = gradient_ascent_step(image, filter_index, learning_rate)
    assert compute_loss(image, filter_index) > first
    return image[0].numpy()


def deprocess_image(image):
    image -= image.mean()
    image /= image.std()
    image *= 64
    image += 128
    image = np.clip(image, 0, 255).astype("uint8")
    image = image[5:-5, 5:-5, :]
    return image


assert deprocess_image(generate_filter_pattern(filter_index=2)).shape == (26, 26, 3)

# Where the class is.
last_conv_layer_name = layer_names[-2]
classifier_layer_names = ["global_average_pooling2d", "dense"]
last_conv_layer = model.get_layer(layer_names[0])
last_conv_layer_model = keras.Model(model.inputs, last_conv_layer.output)
classifier_input = keras.Input(shape=last_conv_layer.output.shape[1:])
x = layers.GlobalAveragePooling2D()(classifier_input)
x = layers.Dense(2, activation="softmax")(x)
classifier_model = keras.Model(classifier_input, x)
with tf.GradientTape() as tape:
    last_conv_layer_output = last_conv_layer_model(img_tensor)
    tape.watch(last_conv_layer_output)
    preds = classifier_model(last_conv_layer_output)
    top_pred_index = tf.argmax(preds[0])
    top_class_channel = preds[:, top_pred_index]
grads = tape.gradient(top_class_channel, last_conv_layer_output)
pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2)).numpy()
last_conv_layer_output = last_conv_layer_output.numpy()[0]
for i in range(pooled_grads.shape[-1]):
    last_conv_layer_output[:, :, i] *= pooled_grads[i]
heatmap = np.mean(last_conv_layer_output, axis=-1)
heatmap = np.maximum(heatmap, 0)
heatmap /= np.max(heatmap) + 1e-9
assert heatmap.shape == (32, 32)
kernel = classifier_model.layers[-1].get_weights()[0]
p = preds.numpy()[0]
chosen = int(top_pred_index)
by_hand = p[chosen] * (kernel[:, chosen] - kernel @ p) / 32**2
np.testing.assert_allclose(pooled_grads, by_hand, rtol=1e-3, atol=1e-9)
import matplotlib.cm as cm

heatmap = np.uint8(255 * heatmap)
jet = cm.get_cmap("jet") if hasattr(cm, "get_cmap") else plt.get_cmap("jet")
jet_colors = jet(np.arange(256))[:, :3]
jet_heatmap = jet_colors[heatmap]
jet_heatmap = keras.utils.array_to_img(jet_heatmap)
jet_heatmap = jet_heatmap.resize((36, 36))
jet_heatmap = keras.utils.img_to_array(jet_heatmap)
superimposed_img = keras.utils.array_to_img(jet_heatmap * 0.4 + img_tensor[0])
superimposed_img.save("cam.jpg")
assert os.path.exists("cam.jpg")
