"""Operators of ONNX that work number by number, and on matrices."""

import functools
import math

import torch
from torch.nn import functional as F


def _one(function):
    """An operator of one input without arguments."""
    return lambda call, x: function(x)


def _two(function):
    """An operator of two inputs, shapes broadcast; before set 7 the second one lay along `axis`."""

    def run(call, a, b):
        if call.opset < 7 and call.get("axis") is not None and call.get("broadcast"):
            b = b.reshape(b.shape + (1,) * (a.dim() - call.get("axis") % a.dim() - b.dim()))
        if a.device != b.device:
            b = b.to(a.device) if b.device.type == "cpu" else b
            a = a.to(b.device)
        return function(a, b)

    return run


def _many(function):
    return lambda call, *tensors: functools.reduce(function, tensors)


def _divide(a, b):
    return a / b if a.is_floating_point() or b.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _power(a, b):
    return torch.pow(a, b).to(a.dtype)


def _mean(call, *tensors):
    return functools.reduce(torch.add, tensors) / len(tensors)


def _clip(call, x, low=None, high=None):
    low = call.get("min") if low is None else low
    high = call.get("max") if high is None else high
    if low is not None:
        x = torch.clamp_min(x, _number(low))
    return x if high is None else torch.clamp_max(x, _number(high))


def _number(value):
    # Read on the CPU unless there is nothing to read.
    return value.item() if torch.is_tensor(value) and not value.is_meta else 0.0 if torch.is_tensor(value) else value


def _prelu(call, x, slope):
    return torch.where(x < 0, slope * x, x)


def _gelu(call, x):
    return F.gelu(x, approximate=call.get("approximate", "none"))


def _softmax(function):
    def run(call, x):
        if call.opset >= 13:
            return function(x, call.get("axis", -1))
        # Older sets take all axes from `axis` on for one.
        axis = call.get("axis", 1) % max(x.dim(), 1)
        return function(x.reshape(*x.shape[:axis], -1), -1).reshape(x.shape)

    return run


def _hard_sigmoid(call, x):
    return torch.clamp(call.get("alpha", 0.2) * x + call.get("beta", 0.5), 0, 1)


def _gemm(call, a, b, c=None):
    a = a.transpose(0, 1) if call.get("transA", 0) else a
    b = b.transpose(0, 1) if call.get("transB", 0) else b
    alpha, beta = call.get("alpha", 1.0), call.get("beta", 1.0)
    if alpha == 1 and beta == 1 and c is not None and c.dim() == 1:
        return F.linear(a, b.transpose(0, 1), c)
    y = torch.matmul(a, b)
    y = y if alpha == 1 else alpha * y
    return y if c is None else y + (c if beta == 1 else beta * c)


def _where(call, condition, a, b):
    device = next((t.device for t in (condition, a, b) if t.device.type != "cpu"), condition.device)
    return torch.where(condition.to(device), a.to(device), b.to(device))


def _thresholded(call, x):
    return torch.where(x > call.get("alpha", 1.0), x, torch.zeros_like(x))


OPERATORS = {
    "Abs": _one(torch.abs),
    "Add": _two(torch.add),
    "And": _two(torch.logical_and),
    "Ceil": _one(torch.ceil),
    "Celu": lambda call, x: F.celu(x, call.get("alpha", 1.0)),
    "Clip": _clip,
    "Cos": _one(torch.cos),
    "Div": _two(_divide),
    "Elu": lambda call, x: F.elu(x, call.get("alpha", 1.0)),
    "Equal": _two(torch.eq),
    "Erf": _one(torch.erf),
    "Exp": _one(torch.exp),
    "Floor": _one(torch.floor),
    "Gelu": _gelu,
    "Gemm": _gemm,
    "Greater": _two(torch.gt),
    "GreaterOrEqual": _two(torch.ge),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda call, x: x * torch.clamp(x / 6 + 0.5, 0, 1),
    "LeakyRelu": lambda call, x: F.leaky_relu(x, call.get("alpha", 0.01)),
    "Less": _two(torch.lt),
    "LessOrEqual": _two(torch.le),
    "Log": _one(torch.log),
    "LogSoftmax": _softmax(torch.log_softmax),
    "MatMul": _two(torch.matmul),
    "Max": _many(torch.maximum),
    "Mean": _mean,
    "Min": _many(torch.minimum),
    "Mish": _one(F.mish),
    "Mul": _two(torch.mul),
    "Neg": _one(torch.neg),
    "Not": _one(torch.logical_not),
    "Or": _two(torch.logical_or),
    "PRelu": _prelu,
    "Pow": _two(_power),
    "Reciprocal": _one(torch.reciprocal),
    "Relu": _one(F.relu),
    "Round": _one(torch.round),
    "Selu": lambda call, x: (
        call.get("gamma", 1.0507010221481323)
        * torch.where(x > 0, x, call.get("alpha", 1.6732631921768188) * torch.expm1(x))
    ),
    "Sigmoid": _one(torch.sigmoid),
    "Sign": _one(torch.sign),
    "Sin": _one(torch.sin),
    "Softmax": _softmax(torch.softmax),
    "Softplus": lambda call, x: F.softplus(x, threshold=math.inf),
    "Softsign": _one(F.softsign),
    "Sqrt": _one(torch.sqrt),
    "Sub": _two(torch.sub),
    "Sum": _many(torch.add),
    "Tanh": _one(torch.tanh),
    "ThresholdedRelu": _thresholded,
    "Where": _where,
}
