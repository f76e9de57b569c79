# Autoencoders as classes: clothes through a narrow place, and noise taken away.
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.metrics import accuracy_score, precision_score, recall_score
from tensorflow.keras import layers, losses
from tensorflow.keras.datasets import fashion_mnist
from tensorflow.keras.models import Model

(x_train, _), (x_test, _) = fashion_mnist.load_data()
x_train = x_train.astype("float32") / 255.0
x_test = x_test.astype("float32") / 255.0
print(x_train.shape)


class Autoencoder(Model):
    def __init__(self, latent_dim, shape):
        super(Autoencoder, self).__init__()
        self.latent_dim = latent_dim
        self.shape = shape
        self.encoder = tf.keras.Sequential([layers.Flatten(), layers.Dense(latent_dim, activation="relu")])
        self.decoder = tf.keras.Sequential(
            [
                layers.Dense(tf.math.reduce_prod(shape).numpy(), activation="sigmoid"),
                layers.Reshape(shape),
            ]
        )

    def call(self, x):
        encoded = self.encoder(x)
        decoded = self.decoder(encoded)
        return decoded


shape = x_test.shape[1:]
autoencoder = Autoencoder(64, shape)
autoencoder.compile(optimizer="adam", loss=losses.MeanSquaredError())
history = autoencoder.fit(x_train, x_train, epochs=4, shuffle=True, validation_data=(x_test, x_test))
assert history.history["val_loss"][-1] < 0.06, history.history
encoded_imgs = autoencoder.encoder(x_test).numpy()
decoded_imgs = autoencoder.decoder(encoded_imgs).numpy()
assert encoded_imgs.shape == (200, 64)
np.testing.assert_allclose(np.mean((decoded_imgs - x_test) ** 2), history.history["val_loss"][-1], rtol=1e-3)

x_train = x_train[..., tf.newaxis]
x_test = x_test[..., tf.newaxis]
noise_factor = 0.2
x_train_noisy = x_train + noise_factor * tf.random.normal(shape=x_train.shape)
x_test_noisy = x_test + noise_factor * tf.random.normal(shape=x_test.shape)
x_train_noisy = tf.clip_by_value(x_train_noisy, clip_value_min=0.0, clip_value_max=1.0)
x_test_noisy = tf.clip_by_value(x_test_noisy, clip_value_min=0.0, clip_value_max=1.0)
plt.figure(figsize=(20, 2))
for i in range(4):
    ax = plt.subplot(1, 4, i + 1)
    plt.imshow(tf.squeeze(x_test_noisy[i]))
    plt.gray()


class Denoise(Model):
    def __init__(self):
        super(Denoise, self).__init__()
        self.encoder = tf.keras.Sequential(
            [
                layers.Input(shape=(28, 28, 1)),
                layers.Conv2D(8, (3, 3), activation="relu", padding="same", strides=2),
                layers.Conv2D(4, (3, 3), activation="relu", padding="same", strides=2),
            ]
        )
        self.decoder = tf.keras.Sequential(
            [
                layers.Conv2DTranspose(4, kernel_size=3, strides=2, activation="relu", padding="same"),
                layers.Conv2DTranspose(8, kernel_size=3, strides=2, activation="relu", padding="same"),
                layers.Conv2D(1, kernel_size=(3, 3), activation="sigmoid", padding="same"),
            ]
        )

    def call(self, x):
        encoded = self.encoder(x)
        decoded = self.decoder(encoded)
        return decoded


autoencoder = Denoise()
autoencoder.compile(optimizer="adam", loss=losses.MeanSquaredError())
history = autoencoder.fit(x_train_noisy, x_train, epochs=2, validation_data=(x_test_noisy, x_test))
autoencoder.encoder.summary()
autoencoder.decoder.summary()
encoded_imgs = autoencoder.encoder(x_test_noisy).numpy()
decoded_imgs = autoencoder.decoder(encoded_imgs).numpy()
assert decoded_imgs.shape == (200, 28, 28, 1)
assert history.history["loss"][-1] < history.history["loss"][0]

# What is unusual has a large loss.
rng = np.random.default_rng(0)
time = np.linspace(0, 6, 40)
normal_train_data = (np.sin(time + rng.normal(0, 0.1, (200, 1))) + 1).astype("float32") / 2
anomalous = rng.uniform(0, 1, (50, 40)).astype("float32")
min_val = tf.reduce_min(normal_train_data)
max_val = tf.reduce_max(normal_train_data)
normal_train_data = (normal_train_data - min_val) / (max_val - min_val)


class AnomalyDetector(Model):
    def __init__(self):
        super().__init__()
        self.encoder = tf.keras.Sequential([layers.Dense(8, activation="relu")])
        self.decoder = tf.keras.Sequential([layers.Dense(40, activation="sigmoid")])

    def call(self, x):
        return self.decoder(self.encoder(x))


autoencoder = AnomalyDetector()
autoencoder.compile(optimizer="adam", loss="mae")
autoencoder.fit(normal_train_data, normal_train_data, epochs=60, batch_size=16, verbose=0)
reconstructions = autoencoder.predict(normal_train_data)
train_loss = tf.keras.losses.mae(reconstructions, normal_train_data)
plt.hist(train_loss, bins=50)
threshold = np.mean(train_loss) + np.std(train_loss)
print("Threshold: ", threshold)


def predict(model, data, threshold):
    reconstructions = model(data)
    loss = tf.keras.losses.mae(reconstructions, data)
    return tf.math.less(loss, threshold)


test_data = tf.concat([normal_train_data[:50], anomalous], 0)
test_labels = np.array([True] * 50 + [False] * 50)
preds = predict(autoencoder, test_data, threshold)
print("Accuracy = {}".format(accuracy_score(test_labels, preds)))
print("Precision = {}".format(precision_score(test_labels, preds)))
print("Recall = {}".format(recall_score(test_labels, preds)))
assert precision_score(test_labels, preds) > 0.9, (threshold, preds)
