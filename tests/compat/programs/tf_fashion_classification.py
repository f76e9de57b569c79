# Clothes, by the first tutorial that most people read.
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

fashion_mnist = tf.keras.datasets.fashion_mnist
(train_images, train_labels), (test_images, test_labels) = fashion_mnist.load_data()
class_names = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
assert train_images.shape[1:] == (28, 28)
train_images = train_images / 255.0
test_images = test_images / 255.0
plt.figure()
plt.imshow(train_images[0])
plt.colorbar()
plt.grid(False)
plt.show()

model = tf.keras.Sequential(
    [
        tf.keras.layers.Flatten(input_shape=(28, 28)),
        tf.keras.layers.Dense(128, activation="relu"),
        tf.keras.layers.Dense(10),
    ]
)
model.compile(
    optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
model.fit(train_images, train_labels, epochs=10)
test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=2)
print("\nTest accuracy:", test_acc)
assert test_acc > 0.6, test_acc

probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
predictions = probability_model.predict(test_images)
np.testing.assert_allclose(predictions.sum(1), 1, atol=1e-5)
np.testing.assert_allclose(predictions, tf.nn.softmax(model.predict(test_images)).numpy(), atol=1e-5)


def plot_image(i, predictions_array, true_label, img):
    true_label, img = true_label[i], img[i]
    plt.grid(False)
    plt.xticks([])
    plt.yticks([])
    plt.imshow(img, cmap=plt.cm.binary)
    predicted_label = np.argmax(predictions_array)
    color = "blue" if predicted_label == true_label else "red"
    plt.xlabel(
        "{} {:2.0f}% ({})".format(
            class_names[predicted_label], 100 * np.max(predictions_array), class_names[true_label]
        ),
        color=color,
    )


def plot_value_array(i, predictions_array, true_label):
    true_label = true_label[i]
    plt.xticks(range(10))
    thisplot = plt.bar(range(10), predictions_array, color="#777777")
    plt.ylim([0, 1])
    thisplot[np.argmax(predictions_array)].set_color("red")
    thisplot[true_label].set_color("blue")


plt.figure(figsize=(6, 3))
plt.subplot(1, 2, 1)
plot_image(0, predictions[0], test_labels, test_images)
plt.subplot(1, 2, 2)
plot_value_array(0, predictions[0], test_labels)
img = np.expand_dims(test_images[1], 0)
predictions_single = probability_model.predict(img)
plot_value_array(1, predictions_single[0], test_labels)
np.testing.assert_allclose(predictions_single[0], predictions[1], atol=1e-5)
