# Cats and dogs from files, with generators.
import os
import shutil

import matplotlib.pyplot as plt
from keras import layers, models, optimizers
from keras.preprocessing import image
from keras.preprocessing.image import ImageDataGenerator

original_dataset_dir = "cats_and_dogs_small/train/cats"
base_dir = "copied"
os.mkdir(base_dir)
for part, folder in (("train", "train"), ("validation", "validation")):
    os.mkdir(os.path.join(base_dir, part))
    for name in ("cats", "dogs"):
        target = os.path.join(base_dir, part, name)
        os.mkdir(target)
        fnames = ["{}.{}.jpg".format(name[:-1], i) for i in range(12)]
        for fname in fnames:
            src = os.path.join("cats_and_dogs_small", folder, name, fname)
            dst = os.path.join(target, fname)
            shutil.copyfile(src, dst)
train_dir = os.path.join(base_dir, "train")
validation_dir = os.path.join(base_dir, "validation")
train_cats_dir = os.path.join(train_dir, "cats")
print("total training cat images:", len(os.listdir(train_cats_dir)))

model = models.Sequential()
model.add(layers.Conv2D(8, (3, 3), activation="relu", input_shape=(40, 40, 3)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=optimizers.RMSprop(lr=1e-3), metrics=["acc"])

train_datagen = ImageDataGenerator(rescale=1.0 / 255)
test_datagen = ImageDataGenerator(rescale=1.0 / 255)
train_generator = train_datagen.flow_from_directory(train_dir, target_size=(40, 40), batch_size=6, class_mode="binary")
validation_generator = test_datagen.flow_from_directory(
    validation_dir, target_size=(40, 40), batch_size=6, class_mode="binary"
)
for data_batch, labels_batch in train_generator:
    print("data batch shape:", data_batch.shape)
    print("labels batch shape:", labels_batch.shape)
    break
assert data_batch.shape == (6, 40, 40, 3)
assert labels_batch.shape == (6,)
history = model.fit_generator(
    train_generator, steps_per_epoch=8, epochs=5, validation_data=validation_generator, validation_steps=4
)
model.save("cats_and_dogs_small_1.h5")
acc = history.history["acc"]
val_acc = history.history["val_acc"]
epochs = range(1, len(acc) + 1)
plt.plot(epochs, acc, "bo", label="Training acc")
plt.plot(epochs, val_acc, "b", label="Validation acc")
plt.legend()
plt.show()
assert acc[-1] > 0.8, acc

datagen = ImageDataGenerator(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    fill_mode="nearest",
)
fnames = [os.path.join(train_cats_dir, fname) for fname in os.listdir(train_cats_dir)]
img_path = fnames[3]
img = image.load_img(img_path, target_size=(40, 40))
x = image.img_to_array(img)
x = x.reshape((1,) + x.shape)
i = 0
for batch in datagen.flow(x, batch_size=1):
    plt.figure(i)
    imgplot = plt.imshow(image.array_to_img(batch[0]))
    i += 1
    if i % 4 == 0:
        break
plt.show()
reloaded = models.load_model("cats_and_dogs_small_1.h5")
assert abs(reloaded.predict(x / 255) - model.predict(x / 255)).max() < 1e-6
