# 손글씨 인식: 모델 저장, 조기 종료, 그래프 (2018년의 코드 그대로)
import os
import sys

import matplotlib.pyplot as plt
import numpy
import tensorflow as tf
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import mnist
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import np_utils

seed = 0
numpy.random.seed(seed)
tf.set_random_seed(3)

(X_train, Y_class_train), (X_test, Y_class_test) = mnist.load_data()
print("학습셋 이미지 수 : %d 개" % (X_train.shape[0]))
for x in X_train[0][:3]:
    for i in x:
        sys.stdout.write("%d\t" % i)
    sys.stdout.write("\n")
X_train = X_train.reshape(X_train.shape[0], 28, 28, 1).astype("float32") / 255
X_test = X_test.reshape(X_test.shape[0], 28, 28, 1).astype("float32") / 255
Y_train = np_utils.to_categorical(Y_class_train, 10)
Y_test = np_utils.to_categorical(Y_class_test, 10)

model = Sequential()
model.add(Conv2D(16, kernel_size=(3, 3), input_shape=(28, 28, 1), activation="relu"))
model.add(Conv2D(16, (3, 3), activation="relu"))
model.add(MaxPooling2D(pool_size=2))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

MODEL_DIR = "./model/"
if not os.path.exists(MODEL_DIR):
    os.mkdir(MODEL_DIR)
modelpath = "./model/{epoch:02d}-{val_loss:.4f}.hdf5"
checkpointer = ModelCheckpoint(filepath=modelpath, monitor="val_loss", verbose=1, save_best_only=True)
early_stopping_callback = EarlyStopping(monitor="val_loss", patience=10)
history = model.fit(
    X_train,
    Y_train,
    validation_data=(X_test, Y_test),
    epochs=3,
    batch_size=50,
    verbose=0,
    callbacks=[early_stopping_callback, checkpointer],
)
accuracy = model.evaluate(X_test, Y_test)[1]
print("\n Test Accuracy: %.4f" % accuracy)
assert accuracy > 0.5, accuracy
y_vloss = history.history["val_loss"]
y_loss = history.history["loss"]
x_len = numpy.arange(len(y_loss))
plt.plot(x_len, y_vloss, marker=".", c="red", label="Testset_loss")
plt.plot(x_len, y_loss, marker=".", c="blue", label="Trainset_loss")
plt.show()
saved = sorted(os.listdir(MODEL_DIR))
assert saved[0] == "01-%.4f.hdf5" % y_vloss[0], (saved, y_vloss)
