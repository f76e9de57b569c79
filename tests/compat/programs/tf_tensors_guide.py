# Tensors, variables and datasets, as the guides walk through them.
import itertools

import numpy as np
import tensorflow as tf

rank_0_tensor = tf.constant(4)
print(rank_0_tensor)
rank_2_tensor = tf.constant([[1, 2], [3, 4], [5, 6]], dtype=tf.float16)
assert rank_2_tensor.dtype == tf.float16
assert repr(rank_0_tensor) == "<tf.Tensor: shape=(), dtype=int32, numpy=4>"
a = tf.constant([[1, 2], [3, 4]])
b = tf.ones([2, 2], dtype=tf.int32)
assert tf.add(a, b).numpy().tolist() == (a + b).numpy().tolist() == [[2, 3], [4, 5]]
assert tf.matmul(a, b).numpy().tolist() == (a @ b).numpy().tolist() == [[3, 3], [7, 7]]
c = tf.constant([[4.0, 5.0], [10.0, 1.0]])
assert tf.reduce_max(c).numpy() == 10
assert tf.math.argmax(c).numpy().tolist() == [1, 0]
np.testing.assert_allclose(tf.nn.softmax(c).numpy().sum(-1), 1)
rank_4_tensor = tf.zeros([3, 2, 4, 5])
assert rank_4_tensor.ndim == 4
assert rank_4_tensor.shape[-1] == 5
assert tf.size(rank_4_tensor).numpy() == 120
assert tf.rank(rank_4_tensor).numpy() == 4
assert tf.shape(rank_4_tensor).numpy().tolist() == [3, 2, 4, 5]
assert rank_4_tensor.shape.as_list() == [3, 2, 4, 5]
rank_1_tensor = tf.constant([0, 1, 1, 2, 3, 5, 8, 13, 21, 34])
assert rank_1_tensor[::-1].numpy().tolist()[0] == 34
assert rank_1_tensor[2:7].numpy().tolist() == [1, 2, 3, 5, 8]
x = tf.constant([[1], [2], [3]])
reshaped = tf.reshape(x, [1, 3])
assert tf.reshape(rank_4_tensor, [-1]).shape == (120,)
assert tf.transpose(reshaped).shape == (3, 1)
the_f64_tensor = tf.constant([2.2, 3.3, 4.4], dtype=tf.float64)
the_u8_tensor = tf.cast(tf.cast(the_f64_tensor, dtype=tf.float16), dtype=tf.uint8)
assert the_u8_tensor.numpy().tolist() == [2, 3, 4]
y = tf.range(1, 5)
assert tf.multiply(tf.reshape(x, [3, 1]), y).shape == (3, 4)
assert tf.broadcast_to(tf.constant([1, 2, 3]), [3, 3]).numpy().tolist() == [[1, 2, 3]] * 3
scalar_string_tensor = tf.constant("Gray wolf")
print(scalar_string_tensor)
tensor_of_strings = tf.constant(["Gray wolf", "Quick brown fox", "Lazy dog"])
print(tensor_of_strings)
assert tensor_of_strings.shape == (3,)
assert tf.strings.split(scalar_string_tensor, sep=" ").numpy().tolist() == [b"Gray", b"wolf"]
text = tf.constant("1 10 100")
assert tf.strings.to_number(tf.strings.split(text, " ")).numpy().tolist() == [1, 10, 100]
byte_ints = tf.io.decode_raw(tf.constant("Duck"), tf.uint8)
assert byte_ints.numpy().tolist() == [68, 117, 99, 107]

my_variable = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="Mark")
print("Shape: ", my_variable.shape, "DType: ", my_variable.dtype, "As NumPy: ", my_variable.numpy())
print("Index of highest value:", tf.math.argmax(my_variable))
a = tf.Variable([2.0, 3.0])
b = tf.Variable(a)
a.assign([5, 6])
assert b.numpy().tolist() == [2.0, 3.0]
assert a.assign_add([2, 3]).numpy().tolist() == [7.0, 9.0]
assert a.assign_sub([7, 9]).numpy().tolist() == [0.0, 0.0]
with tf.device("CPU:0"):
    c = tf.matmul(tf.constant([[1.0, 2.0]]), tf.constant([[3.0], [4.0]]))
assert c.numpy() == 11
assert tf.executing_eagerly()
print(tf.config.list_physical_devices("GPU"))

w = tf.Variable(tf.random.normal((3, 2)), name="w")
b = tf.Variable(tf.zeros(2, dtype=tf.float32), name="b")
x = [[1.0, 2.0, 3.0]]
with tf.GradientTape(persistent=True) as tape:
    y = x @ w + b
    loss = tf.reduce_mean(y**2)
[dl_dw, dl_db] = tape.gradient(loss, [w, b])
np.testing.assert_allclose(dl_db.numpy(), y.numpy()[0], rtol=1e-6)
grad = tape.gradient(loss, {"w": w, "b": b})
np.testing.assert_allclose(grad["w"].numpy(), np.outer(x[0], y.numpy()[0]), rtol=1e-5)
x0 = tf.Variable(3.0)
x1 = tf.Variable(3.0, trainable=False)
x2 = tf.Variable(2.0) + 1.0
with tf.GradientTape() as tape:
    y = (x0**2) + (x1**2) + (x2**2)
assert [None if g is None else g.numpy() for g in tape.gradient(y, [x0, x1, x2])] == [6.0, None, None]
x = tf.linspace(-10.0, 10.0, 201)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.nn.sigmoid(x)
dy_dx = tape.gradient(y, x)
np.testing.assert_allclose(dy_dx, y * (1 - y), atol=1e-6)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.where(x > 0, x, -x)
np.testing.assert_allclose(tape.gradient(y, x).numpy()[:100], -1)

# Datasets
dataset = tf.data.Dataset.from_tensor_slices([8, 3, 0, 8, 2, 1])
assert [elem.numpy() for elem in dataset] == [8, 3, 0, 8, 2, 1]
it = iter(dataset)
assert next(it).numpy() == 8
assert dataset.reduce(0, lambda state, value: state + value).numpy() == 22
dataset1 = tf.data.Dataset.from_tensor_slices(tf.random.uniform([4, 10], minval=1, maxval=10, dtype=tf.int32))
dataset2 = tf.data.Dataset.from_tensor_slices((tf.random.uniform([4]), tf.random.uniform([4, 100], maxval=100)))
dataset3 = tf.data.Dataset.zip((dataset1, dataset2))
print(dataset3.element_spec)
for z, (x, y) in dataset3:
    print("shapes: {0.shape}, {1.shape}, {2.shape}".format(z, x, y))
assert (z.shape, x.shape, y.shape) == ((10,), (), (100,))


def count(stop):
    i = 0
    while i < stop:
        yield i
        i += 1


ds_counter = tf.data.Dataset.from_generator(count, args=[25], output_types=tf.int32, output_shapes=())
batches = [b.numpy().tolist() for b in ds_counter.repeat().batch(10).take(3)]
assert batches[2] == [20, 21, 22, 23, 24, 0, 1, 2, 3, 4]


def gen_series():
    i = 0
    while True:
        size = np.random.randint(0, 10)
        yield i, np.random.normal(size=(size,))
        i += 1


ds_series = tf.data.Dataset.from_generator(gen_series, output_types=(tf.int32, tf.float32), output_shapes=((), (None,)))
ids, sequence_batch = next(iter(ds_series.shuffle(20).padded_batch(10)))
assert sequence_batch.shape[0] == 10
range_ds = tf.data.Dataset.range(100)
batches = range_ds.batch(10, drop_remainder=True)


def dense_1_step(batch):
    return batch[:-1], batch[1:]


for features, label in batches.map(dense_1_step).take(1):
    assert features.numpy().tolist() == list(range(9))
windows = range_ds.window(5, shift=1)
for sub_ds in windows.take(2):
    print([n.numpy() for n in sub_ds])


def sub_to_batch(sub):
    return sub.batch(5, drop_remainder=True)


example = [e.numpy().tolist() for e in windows.flat_map(sub_to_batch).take(3)]
assert example == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]
short = tf.data.Dataset.zip((tf.data.Dataset.range(3), tf.data.Dataset.range(10, 13))).shuffle(3, seed=1)
assert sorted((int(a), int(b)) for a, b in short) == [(0, 10), (1, 11), (2, 12)]
lines = tf.data.Dataset.from_tensor_slices(["1,a", "2,b"]).map(lambda line: tf.io.decode_csv(line, [[0], [""]]))
assert [(n.numpy(), t.numpy()) for n, t in lines] == [(1, b"a"), (2, b"b")]
files = tf.data.Dataset.list_files("cats_and_dogs_small/train/*/*.jpg")
labeled = files.map(lambda p: (tf.io.read_file(p), tf.strings.split(p, "/")[-2]))
for image_raw, label_text in labeled.take(1):
    assert image_raw.numpy()[:3] == b"\xff\xd8\xff"
    assert label_text.numpy() in (b"cats", b"dogs")


def random_rotate_image(image):
    return np.rot90(image).copy()


def tf_random_rotate_image(image, label):
    im_shape = image.shape
    [image] = tf.py_function(random_rotate_image, [image], [tf.float32])
    image.set_shape([im_shape[1], im_shape[0], im_shape[2]])
    return image, label


images_ds = tf.data.Dataset.from_tensors((tf.random.uniform((4, 6, 3)), tf.constant(1)))
rotated, _ = next(iter(images_ds.map(tf_random_rotate_image)))
assert rotated.shape == (6, 4, 3)
steps = list(itertools.islice(tf.data.Dataset.range(2).repeat().as_numpy_iterator(), 5))
assert steps == [0, 1, 0, 1, 0]
fashion, _ = tf.keras.datasets.fashion_mnist.load_data()
images, labels = fashion
fmnist = tf.data.Dataset.from_tensor_slices((images / 255.0, labels.astype(np.int32))).shuffle(500).batch(32)
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.compile(
    optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
model.fit(fmnist.repeat(), epochs=2, steps_per_epoch=20)
loss, accuracy = model.evaluate(fmnist)
assert accuracy > 0.3
result = model.predict(fmnist, steps=3)
assert result.shape == (96, 10)
predict_ds = tf.data.Dataset.from_tensor_slices(images / 255.0).batch(32)
assert model.predict(predict_ds, steps=2).shape == (64, 10)
