"""Hand-written PyTorch, as a tutorial has it and tuned, behind the three things that are timed."""

import numpy as np
import torch
import torch.nn.functional as F
from networks_torch import NETWORKS
from rows import PREDICT_BATCH


class TorchPeer:
    """A network with its training loop; `tuned` means channels last, fused optimizer and, if asked, bfloat16."""

    def __init__(self, name, row, *, tuned, precision):
        self.model = NETWORKS[name]()
        self.binary = row.classes == 1
        self.batch = row.batch
        self.tuned = tuned
        self.autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16")
        if tuned:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.optimizer = _optimizer(row, self.model.parameters(), fused=tuned)

    def prepare(self, images):
        """The images (N, *shape) as this peer keeps them: plain in PyTorch's order, tuned in channels-last memory."""
        if images.ndim == 4 and not self.tuned:
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        return torch.from_numpy(images)

    def train(self, images, labels, epochs):
        self.model.train()
        labels = torch.from_numpy(labels)
        for _ in range(epochs):
            (self._tuned_epoch if self.tuned else self._tutorial_epoch)(images, labels)

    def _tutorial_epoch(self, x, y):
        total, correct = 0.0, 0
        for index in torch.randperm(len(x)).split(self.batch):
            inputs, labels = x[index], y[index]
            self.optimizer.zero_grad()
            outputs = self.model(inputs)
            loss = self.loss(outputs, labels)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
            correct += self.hits(outputs, labels).item()
        return total, correct

    def _tuned_epoch(self, x, y):
        total, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for index in torch.randperm(len(x)).split(self.batch):
            loss, hits = self.step(x[index], y[index])
            total += loss
            correct += hits
        return total.item(), correct.item()

    def step(self, inputs, labels):
        """One tuned training step on prepared images; the loss and the number of right answers, as tensors."""
        with self.autocast:
            outputs = self.model(self._viewed(inputs)).float()
        loss = self.loss(outputs, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach(), self.hits(outputs.detach(), labels)

    def loss(self, outputs, labels):
        if self.binary:
            return F.binary_cross_entropy_with_logits(outputs.squeeze(1), labels.float())
        return F.cross_entropy(outputs, labels)

    def hits(self, outputs, labels):
        found = outputs.squeeze(1) > 0 if self.binary else outputs.argmax(1)
        return (found == labels).sum()

    def predict(self, images):
        self.model.eval()
        with torch.inference_mode(), self.autocast:
            return torch.cat([self._answer(part) for part in images.split(PREDICT_BATCH)]).numpy()

    def _answer(self, images):
        outputs = self.model(self._viewed(images))
        return (torch.sigmoid(outputs) if self.binary else torch.softmax(outputs, 1)).float()

    def _viewed(self, images):
        return images.permute(0, 3, 1, 2) if self.tuned and images.ndim == 4 else images

    def _call(self, image):
        if self.model.training:
            self.model.eval()
        with torch.inference_mode(), self.autocast:
            return self._answer(image).numpy()

    @property
    def single_ways(self):
        """The documented ways to classify one image, by name; the faster one counts."""
        return {"model(x)": self._call}


def _optimizer(row, parameters, *, fused):
    options = {{"learning_rate": "lr"}.get(name, name): value for name, value in row.options}
    # PyTorch has no fused RMSprop; 0.9 and 1e-7 are Keras' defaults.
    if row.optimizer == "RMSprop":
        return torch.optim.RMSprop(parameters, alpha=0.9, eps=1e-7, **options)
    kind = {"Adam": torch.optim.Adam, "SGD": torch.optim.SGD}[row.optimizer]
    return kind(parameters, fused=True, **options) if fused else kind(parameters, **options)
