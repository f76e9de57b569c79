"""Results of several parts, named as TensorFlow names them."""

import typing


class TopKV2(typing.NamedTuple):
    values: typing.Any
    indices: typing.Any


class Unique(typing.NamedTuple):
    y: typing.Any
    idx: typing.Any


class UniqueWithCounts(typing.NamedTuple):
    y: typing.Any
    idx: typing.Any
    count: typing.Any
