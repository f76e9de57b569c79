# Dreams and saliency: gradients with respect to the picture, over several layers and octaves.
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

img = tf.keras.utils.load_img("cats_and_dogs_small/test/dogs/dog.0.jpg", target_size=(75, 75))
original_img = np.array(img)


def deprocess(img):
    img = 255 * (img + 1.0) / 2.0
    return tf.cast(img, tf.uint8)


base_model = tf.keras.applications.MobileNet(include_top=False, weights=None, input_shape=(75, 75, 3), alpha=0.25)
names = ["conv_pw_3_relu", "conv_pw_5_relu"]
layers = [base_model.get_layer(name).output for name in names]
dream_model = tf.keras.Model(inputs=base_model.input, outputs=layers)


def calc_loss(img, model):
    img_batch = tf.expand_dims(img, axis=0)
    layer_activations = model(img_batch)
    if len(layer_activations) == 1:
        layer_activations = [layer_activations]
    losses = []
    for act in layer_activations:
        loss = tf.math.reduce_mean(act)
        losses.append(loss)
    return tf.reduce_sum(losses)


class DeepDream(tf.Module):
    def __init__(self, model):
        self.model = model

    @tf.function(
        input_signature=(
            tf.TensorSpec(shape=[None, None, 3], dtype=tf.float32),
            tf.TensorSpec(shape=[], dtype=tf.int32),
            tf.TensorSpec(shape=[], dtype=tf.float32),
        )
    )
    def __call__(self, img, steps, step_size):
        loss = tf.constant(0.0)
        for n in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(img)
                loss = calc_loss(img, self.model)
            gradients = tape.gradient(loss, img)
            gradients /= tf.math.reduce_std(gradients) + 1e-8
            img = img + gradients * step_size
            img = tf.clip_by_value(img, -1, 1)
        return loss, img


deepdream = DeepDream(dream_model)
start = tf.constant(original_img / 127.5 - 1.0, tf.float32)
first = calc_loss(start, dream_model)
loss, dreamt = deepdream(start, tf.constant(5), tf.constant(0.02))
assert loss > first, (loss, first)
assert deprocess(dreamt).dtype == tf.uint8


def random_roll(img, maxroll):
    shift = tf.random.uniform(shape=[2], minval=-maxroll, maxval=maxroll, dtype=tf.int32)
    img_rolled = tf.roll(img, shift=shift, axis=[0, 1])
    return shift, img_rolled


shift, img_rolled = random_roll(np.array(original_img), 20)
np.testing.assert_array_equal(tf.roll(img_rolled, shift=-shift, axis=[0, 1]).numpy(), original_img)

# Saliency and Grad-CAM of a classifier.
classifier = tf.keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3), alpha=0.25, classes=5)
image = tf.image.resize(original_img, (64, 64)) / 127.5 - 1
batch = image[tf.newaxis]
with tf.GradientTape() as tape:
    tape.watch(batch)
    predictions = classifier(batch)
    loss = predictions[:, tf.argmax(predictions[0])]
saliency = tf.reduce_max(tf.abs(tape.gradient(loss, batch)), axis=-1)[0]
assert saliency.shape == (64, 64)
assert saliency.numpy().max() > 0
step = 1e-2
nudged = tf.tensor_scatter_nd_update(batch, [[0, 32, 32, 0]], [batch[0, 32, 32, 0] + step])
change = (classifier(nudged) - predictions)[0, int(tf.argmax(predictions[0]))] / step
with tf.GradientTape() as tape:
    tape.watch(batch)
    chosen = classifier(batch)[0, int(tf.argmax(predictions[0]))]
exact = tape.gradient(chosen, batch)[0, 32, 32, 0]
assert abs(change - exact) < 2e-3 + 0.3 * abs(exact), (change, exact)


def make_gradcam_heatmap(img_array, model, last_conv_layer_name, pred_index=None):
    grad_model = tf.keras.models.Model([model.inputs], [model.get_layer(last_conv_layer_name).output, model.output])
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(img_array)
        if pred_index is None:
            pred_index = tf.argmax(preds[0])
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2))
    last_conv_layer_output = last_conv_layer_output[0]
    heatmap = last_conv_layer_output @ pooled_grads[..., tf.newaxis]
    heatmap = tf.squeeze(heatmap)
    heatmap = tf.maximum(heatmap, 0) / (tf.math.reduce_max(heatmap) + 1e-12)
    return heatmap.numpy()


classifier = tf.keras.applications.MobileNetV2(weights=None, input_shape=(64, 64, 3), alpha=0.35, classes=5)
probabilities = classifier(batch)
classifier.layers[-1].activation = None
np.testing.assert_allclose(tf.nn.softmax(classifier(batch)), probabilities, atol=1e-5)
heatmap = make_gradcam_heatmap(batch, classifier, "out_relu")
assert heatmap.shape == (2, 2)
plt.matshow(heatmap)
