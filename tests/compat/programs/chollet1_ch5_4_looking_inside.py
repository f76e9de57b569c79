# What a convolutional network sees: activations, filters by gradient ascent, and a heat map.
import cv2
import matplotlib.pyplot as plt
import numpy as np
from keras import backend as K
from keras import layers, models
from keras.applications.vgg16 import VGG16
from keras.preprocessing import image

model = models.Sequential()
model.add(layers.Conv2D(6, (3, 3), activation="relu", input_shape=(40, 40, 3)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(8, (3, 3), activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(1, activation="sigmoid"))

img_path = "cats_and_dogs_small/test/cats/cat.0.jpg"
img = image.load_img(img_path, target_size=(40, 40))
img_tensor = image.img_to_array(img)
img_tensor = np.expand_dims(img_tensor, axis=0)
img_tensor /= 255.0
layer_outputs = [layer.output for layer in model.layers[:4]]
activation_model = models.Model(inputs=model.input, outputs=layer_outputs)
activations = activation_model.predict(img_tensor)
first_layer_activation = activations[0]
print(first_layer_activation.shape)
assert first_layer_activation.shape == (1, 38, 38, 6)
assert [a.shape[1] for a in activations] == [38, 19, 17, 8]
plt.matshow(first_layer_activation[0, :, :, 3], cmap="viridis")

images_per_row = 3
for layer_name, layer_activation in zip([layer.name for layer in model.layers[:4]], activations):
    n_features = layer_activation.shape[-1]
    size = layer_activation.shape[1]
    n_cols = n_features // images_per_row
    display_grid = np.zeros((size * n_cols, images_per_row * size))
    for col in range(n_cols):
        for row in range(images_per_row):
            channel_image = layer_activation[0, :, :, col * images_per_row + row]
            channel_image = (channel_image - channel_image.mean()) / (channel_image.std() + 1e-5) * 64 + 128
            channel_image = np.clip(channel_image, 0, 255).astype("uint8")
            display_grid[col * size : (col + 1) * size, row * size : (row + 1) * size] = channel_image
    plt.figure(figsize=(1.0 / size * display_grid.shape[1], 1.0 / size * display_grid.shape[0]))
    plt.title(layer_name)
    plt.imshow(display_grid, aspect="auto", cmap="viridis")
plt.show()
plt.close("all")

vgg = VGG16(weights=None, include_top=False, input_shape=(48, 48, 3))


def deprocess_image(x):
    x -= x.mean()
    x /= x.std() + 1e-5
    x *= 0.1
    x += 0.5
    x = np.clip(x, 0, 1)
    x *= 255
    return np.clip(x, 0, 255).astype("uint8")


layer_name = "block2_conv1"
filter_index = 0
layer_output = vgg.get_layer(layer_name).output
loss = K.mean(layer_output[:, :, :, filter_index])
grads = K.gradients(loss, vgg.input)[0]
grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
iterate = K.function([vgg.input], [loss, grads])
loss_value, grads_value = iterate([np.zeros((1, 48, 48, 3))])
assert grads_value.shape == (1, 48, 48, 3)
input_img_data = np.random.random((1, 48, 48, 3)) * 20 + 128.0
losses = []
step = 1.0
for i in range(8):
    loss_value, grads_value = iterate([input_img_data])
    losses.append(float(loss_value))
    input_img_data += grads_value * step
assert losses[-1] > losses[0], losses
assert 0 < np.sqrt(np.mean(np.square(grads_value))) < 1
assert deprocess_image(input_img_data[0]).dtype == np.uint8

# A heat map of the class.
convnet = models.Sequential()
convnet.add(layers.Conv2D(4, 3, activation="relu", input_shape=(40, 40, 3)))
convnet.add(layers.Conv2D(5, 3, activation="relu", name="last_conv"))
convnet.add(layers.Flatten())
convnet.add(layers.Dense(3, activation="softmax"))
x = img_tensor
preds = convnet.predict(x)
chosen = np.argmax(preds[0])
class_output = convnet.output[:, chosen]
last_conv_layer = convnet.get_layer("last_conv")
grads = K.gradients(class_output, last_conv_layer.output)[0]
pooled_grads = K.mean(grads, axis=(0, 1, 2))
iterate = K.function([convnet.input], [pooled_grads, last_conv_layer.output[0]])
pooled_grads_value, conv_layer_output_value = iterate([x])
assert pooled_grads_value.shape == (5,)
assert conv_layer_output_value.shape == (36, 36, 5)
for i in range(5):
    conv_layer_output_value[:, :, i] *= pooled_grads_value[i]
heatmap = np.mean(conv_layer_output_value, axis=-1)
heatmap = np.maximum(heatmap, 0)
heatmap /= np.max(heatmap) + 1e-9
plt.matshow(heatmap)
img = cv2.imread(img_path)
heatmap = cv2.resize(heatmap, (img.shape[1], img.shape[0]))
heatmap = np.uint8(255 * heatmap)
heatmap = cv2.applyColorMap(heatmap, cv2.COLORMAP_JET)
superimposed_img = heatmap * 0.4 + img
assert cv2.imwrite("cat_cam.jpg", superimposed_img)
