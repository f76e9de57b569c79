"""The networks in Keras' words, once for Keras and for anmok: `layers` and `models` are the modules of either."""


def dense(layers, models):
    """784-64-32-10 perceptron."""
    return models.Sequential(
        [
            layers.Input((784,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def mnist_cnn(layers, models):
    """Two convolutions, one hidden layer, three dropouts, on 28 x 28 x 1."""
    return models.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(0.1),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def convnet_150(layers, models):
    """The cats-and-dogs network: four convolutions, each pooled, on 150 x 150 x 3."""
    model = models.Sequential([layers.Input((150, 150, 3))])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def alexnet(layers, models):
    """AlexNet as lectures shrink it to 32 x 32 x 3: batch normalization instead of local response normalization."""
    return models.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(96, (11, 11), strides=(4, 4), padding="same", activation="relu"),
            layers.MaxPooling2D((3, 3), strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(256, (5, 5), padding="same", activation="relu"),
            layers.MaxPooling2D((3, 3), strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(384, (3, 3), padding="same", activation="relu"),
            layers.Conv2D(384, (3, 3), padding="same", activation="relu"),
            layers.Conv2D(256, (3, 3), padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(4096, activation="relu"),
            layers.Dense(4096, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def resnet18(layers, models):
    """ResNet-18 with the small first convolution that is usual at 32 x 32 x 3; projections are 1x1 convolutions."""

    def normalized(x, filters, size, strides=1):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    def block(x, filters, strides):
        y = layers.Activation("relu")(normalized(x, filters, 3, strides))
        y = normalized(y, filters, 3)
        if strides != 1:
            x = normalized(x, filters, 1, strides)
        return layers.Activation("relu")(layers.Add()([x, y]))

    inputs = layers.Input((32, 32, 3))
    x = layers.Activation("relu")(normalized(inputs, 64, 3))
    for filters in (64, 128, 256, 512):
        x = block(x, filters, 1 if filters == 64 else 2)
        x = block(x, filters, 1)
    x = layers.GlobalAveragePooling2D()(x)
    return models.Model(inputs, layers.Dense(10, activation="softmax")(x))


NETWORKS = {network.__name__: network for network in (dense, mnist_cnn, convnet_150, alexnet, resnet18)}
