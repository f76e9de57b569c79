# 패션 MNIST를 합성곱 신경망으로 분류하기: 한국 교재의 차례대로
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split
from tensorflow import keras

tf.keras.utils.set_random_seed(42)
tf.config.experimental.enable_op_determinism()

(train_input, train_target), (test_input, test_target) = keras.datasets.fashion_mnist.load_data()
print(train_input.shape, train_target.shape)
print(np.unique(train_target, return_counts=True))
fig, axs = plt.subplots(1, 10, figsize=(10, 10))
for i in range(10):
    axs[i].imshow(train_input[i], cmap="gray_r")
    axs[i].axis("off")
plt.show()

# 인공 신경망
train_scaled = train_input.reshape(-1, 28, 28, 1) / 255.0
train_scaled, val_scaled, train_target, val_target = train_test_split(
    train_scaled, train_target, test_size=0.2, random_state=42
)
dense = keras.layers.Dense(10, activation="softmax", input_shape=(784,))
model = keras.Sequential(dense)
model.compile(loss="sparse_categorical_crossentropy", metrics="accuracy")
model.fit(train_scaled.reshape(-1, 784), train_target, epochs=2)

model = keras.Sequential()
model.add(keras.layers.Conv2D(16, kernel_size=3, activation="relu", padding="same", input_shape=(28, 28, 1)))
model.add(keras.layers.MaxPooling2D(2))
model.add(keras.layers.Conv2D(32, kernel_size=(3, 3), activation="relu", padding="same"))
model.add(keras.layers.MaxPooling2D(2))
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(50, activation="relu"))
model.add(keras.layers.Dropout(0.4))
model.add(keras.layers.Dense(10, activation="softmax"))
model.summary()
assert model.count_params() == 160 + 4640 + 7 * 7 * 32 * 50 + 50 + 510
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics="accuracy")
checkpoint_cb = keras.callbacks.ModelCheckpoint("best-cnn-model.h5", save_best_only=True)
early_stopping_cb = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
history = model.fit(
    train_scaled,
    train_target,
    epochs=5,
    validation_data=(val_scaled, val_target),
    callbacks=[checkpoint_cb, early_stopping_cb],
)
plt.plot(history.history["loss"])
plt.plot(history.history["val_loss"])
plt.xlabel("epoch")
plt.legend(["train", "val"])
plt.show()
val_loss, val_accuracy = model.evaluate(val_scaled, val_target)
assert val_accuracy > 0.6, val_accuracy
plt.imshow(val_scaled[0].reshape(28, 28), cmap="gray_r")
preds = model.predict(val_scaled[0:1])
plt.bar(range(1, 11), preds[0])
classes = ["티셔츠", "바지", "스웨터", "드레스", "코트", "샌달", "셔츠", "스니커즈", "가방", "앵클 부츠"]
print(classes[np.argmax(preds)])
val_labels = np.argmax(model.predict(val_scaled), axis=-1)
assert abs(np.mean(val_labels == val_target) - val_accuracy) < 1e-6

# 저장한 모델의 가중치와 특성 맵
model = keras.models.load_model("best-cnn-model.h5")
conv = model.layers[0]
print(conv.weights[0].shape, conv.weights[1].shape)
assert conv.weights[0].shape == (3, 3, 1, 16)
conv_weights = conv.weights[0].numpy()
print(conv_weights.mean(), conv_weights.std())
plt.hist(conv_weights.reshape(-1, 1))
no_training_model = keras.Sequential()
no_training_model.add(
    keras.layers.Conv2D(16, kernel_size=3, activation="relu", padding="same", input_shape=(28, 28, 1))
)
no_training_weights = no_training_model.layers[0].weights[0]
assert abs(np.std(no_training_weights) - (2 / (9 * 17)) ** 0.5) < 0.03
conv_acti = keras.Model(model.inputs, model.layers[0].output)
inputs = train_scaled[0:1]
feature_maps = conv_acti.predict(inputs)
print(feature_maps.shape)
assert feature_maps.shape == (1, 28, 28, 16)
fig, axs = plt.subplots(4, 4, figsize=(15, 8))
for i in range(4):
    for j in range(4):
        axs[i, j].imshow(feature_maps[0, :, :, i * 4 + j])
        axs[i, j].axis("off")
plt.show()
