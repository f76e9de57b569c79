"""The same networks as a PyTorch tutorial writes them: (B, C, H, W) in, logits out."""

import torch.nn.functional as F
from torch import nn


def dense():
    """784-64-32-10 perceptron."""
    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def mnist_cnn():
    """Two convolutions, one hidden layer, three dropouts, on 1 x 28 x 28."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.1),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(1600, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def convnet_150():
    """The cats-and-dogs network: four convolutions, each pooled, on 3 x 150 x 150."""
    parts = []
    for before, after in ((3, 32), (32, 64), (64, 128), (128, 128)):
        parts += [nn.Conv2d(before, after, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(6272, 512), nn.ReLU(), nn.Linear(512, 1))


def alexnet():
    """AlexNet as lectures shrink it to 3 x 32 x 32: batch normalization instead of local response normalization."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4, padding=4),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        _norm(96),
        nn.Conv2d(96, 256, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        _norm(256),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 4096),
        nn.ReLU(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Linear(4096, 10),
    )


class _Block(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.norm1 = _norm(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = _norm(after)
        self.shortcut = nn.Identity()
        if stride != 1:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), _norm(after))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def resnet18():
    """ResNet-18 with the small first convolution that is usual at 3 x 32 x 32; projections are 1x1 convolutions."""
    parts = [nn.Conv2d(3, 64, 3, padding=1, bias=False), _norm(64), nn.ReLU()]
    for before, after in ((64, 64), (64, 128), (128, 256), (256, 512)):
        parts += [_Block(before, after, 1 if before == after else 2), _Block(after, after, 1)]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def _norm(channels):
    # Keras' momentum 0.99 is PyTorch's 0.01.
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


NETWORKS = {network.__name__: network for network in (dense, mnist_cnn, convnet_150, alexnet, resnet18)}
