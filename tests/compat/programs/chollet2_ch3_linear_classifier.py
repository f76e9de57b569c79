# TensorFlow's tensors, and a linear classifier made of nothing else.
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

x = tf.ones(shape=(2, 1))
print(x)
x = tf.zeros(shape=(2, 1))
x = tf.random.normal(shape=(3, 1), mean=0.0, stddev=1.0)
x = tf.random.uniform(shape=(3, 1), minval=0.0, maxval=1.0)
assert 0 <= x.numpy().min() <= x.numpy().max() < 1
refused = False
try:
    x[0, 0] = 0.0
except TypeError:
    refused = True
assert refused
v = tf.Variable(initial_value=tf.random.normal(shape=(3, 1)))
v.assign(tf.ones((3, 1)))
v[0, 0].assign(3.0)
v.assign_add(tf.ones((3, 1)))
assert v.numpy().tolist() == [[4.0], [2.0], [2.0]]
a = tf.ones((2, 2))
b = tf.square(a)
c = tf.sqrt(a)
d = b + c
e = tf.matmul(a, b)
e *= d
assert e.numpy().tolist() == [[4.0, 4.0], [4.0, 4.0]]

input_var = tf.Variable(initial_value=3.0)
with tf.GradientTape() as tape:
    result = tf.square(input_var)
gradient = tape.gradient(result, input_var)
assert gradient.numpy() == 6
input_const = tf.constant(3.0)
with tf.GradientTape() as tape:
    tape.watch(input_const)
    result = tf.square(input_const)
assert tape.gradient(result, input_const).numpy() == 6
time = tf.Variable(0.0)
with tf.GradientTape() as outer_tape:
    with tf.GradientTape() as inner_tape:
        position = 4.9 * time**2
    speed = inner_tape.gradient(position, time)
acceleration = outer_tape.gradient(speed, time)
assert abs(acceleration.numpy() - 9.8) < 1e-5

num_samples_per_class = 200
rng = np.random.default_rng(0)
negative_samples = rng.multivariate_normal(mean=[0, 3], cov=[[1, 0.5], [0.5, 1]], size=num_samples_per_class)
positive_samples = rng.multivariate_normal(mean=[3, 0], cov=[[1, 0.5], [0.5, 1]], size=num_samples_per_class)
inputs = np.vstack((negative_samples, positive_samples)).astype(np.float32)
targets = np.vstack(
    (
        np.zeros((num_samples_per_class, 1), dtype="float32"),
        np.ones((num_samples_per_class, 1), dtype="float32"),
    )
)
plt.scatter(inputs[:, 0], inputs[:, 1], c=targets[:, 0])
plt.show()
input_dim = 2
output_dim = 1
W = tf.Variable(initial_value=tf.random.uniform(shape=(input_dim, output_dim)))
b = tf.Variable(initial_value=tf.zeros(shape=(output_dim,)))


def model(inputs):
    return tf.matmul(inputs, W) + b


def square_loss(targets, predictions):
    per_sample_losses = tf.square(targets - predictions)
    return tf.reduce_mean(per_sample_losses)


learning_rate = 0.1


def training_step(inputs, targets):
    with tf.GradientTape() as tape:
        predictions = model(inputs)
        loss = square_loss(targets, predictions)
    grad_loss_wrt_W, grad_loss_wrt_b = tape.gradient(loss, [W, b])
    W.assign_sub(grad_loss_wrt_W * learning_rate)
    b.assign_sub(grad_loss_wrt_b * learning_rate)
    return loss


for step in range(40):
    loss = training_step(inputs, targets)
    print(f"Loss at step {step}: {loss:.4f}")
# Least squares has one answer, to which gradient descent goes.
design = np.hstack([inputs, np.ones((len(inputs), 1), np.float32)])
best, residual, _, _ = np.linalg.lstsq(design, targets, rcond=None)
assert float(loss) < 1.2 * residual[0] / len(inputs)
predictions = model(inputs)
accuracy = np.mean((predictions.numpy() > 0.5) == targets)
assert accuracy > 0.95
x = np.linspace(-1, 4, 100)
y = -W[0] / W[1] * x + (0.5 - b) / W[1]
plt.plot(x, y, "-r")
assert y.shape == (100,)
plt.scatter(inputs[:, 0], inputs[:, 1], c=predictions[:, 0] > 0.5)
