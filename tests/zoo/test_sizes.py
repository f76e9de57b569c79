"""Every network against published counts and against sums over its paper's table; multiplications module by module."""

import pytest

from anmok import layers, zoo
from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.models import Model, model_cost
from anmok.zoo.building import outline

# Of the papers, of the authors' Caffe networks, or of torchvision and Cadene's collection, which have these weights.
PUBLISHED = {
    "lenet5": 60_000,
    "lenet5-lecture": 61_706,
    "alexnet": 60_965_224,
    "vgg-a": 132_863_336,
    "vgg-b": 133_047_848,
    "vgg-d": 138_357_544,
    "vgg-e": 143_667_240,
    "googlenet": 6_998_552,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "se-resnet50": 28_088_024,
    "se-resnet101": 49_326_872,
    "se-resnet152": 66_821_848,
    "senet154": 115_088_984,
}
HEAVY = {"resnet101", "resnet152", "se-resnet101", "se-resnet152", "senet154", "cifar-resnet56", "cifar-resnet110"}
ALL = [pytest.param(name, marks=pytest.mark.slow if name in HEAVY else ()) for name in zoo.NETWORKS]


def trained(model):
    return sum(weight.numel() for weight in model.trainable_weights)


def rows(name, **options):
    return {row.name: row for row in zoo.module_table(name, **options)}


@pytest.mark.parametrize("name", ALL)
def test_the_facts_are_those_of_the_network(name):
    network, model = zoo.NETWORKS[name], outline(name)
    assert model.input_shape == (None, *network.input_shape) and model.output_shape == (None, network.classes)
    assert trained(model) == network.parameters == PUBLISHED.get(name, network.parameters)
    assert model_cost(model).macs == network.macs


@pytest.mark.parametrize(
    "name, giga", [("resnet18", 1.8), ("resnet34", 3.6), ("resnet50", 3.8), ("resnet101", 7.6), ("resnet152", 11.3)]
)
def test_resnets_cost_what_their_paper_says(name, giga):
    # The paper cuts digits off (3.66 is printed as 3.6) or rounds; its FLOPs are multiply-adds.
    assert zoo.NETWORKS[name].macs / 1e9 == pytest.approx(giga, abs=0.07)


@pytest.mark.parametrize("name, giga", [("se-resnet50", 3.87), ("se-resnet101", 7.60), ("se-resnet152", 11.32)])
def test_se_resnets_cost_what_their_paper_says(name, giga):
    assert zoo.NETWORKS[name].macs / 1e9 == pytest.approx(giga, abs=0.04)


@pytest.mark.parametrize("depth, millions", [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_cifar_resnets_have_what_their_paper_says(depth, millions):
    network = zoo.NETWORKS[f"cifar-resnet{depth}"]
    n = (depth - 2) // 6
    kernels = 9 * (3 * 16 + 2 * n * 16 * 16 + 16 * 32 + (2 * n - 1) * 32 * 32 + 32 * 64 + (2 * n - 1) * 64 * 64)
    norms = 2 * (16 + 2 * n * (16 + 32 + 64))
    assert network.parameters == kernels + norms + 64 * 10 + 10
    assert network.parameters / 1e6 == pytest.approx(millions, abs=0.03)


def test_lenet5_layer_by_layer():
    table = rows("lenet5")
    assert {name: row.output for name, row in table.items()} == {
        "C1": (28, 28, 6), "S2": (14, 14, 6), "C3": (10, 10, 16), "S4": (5, 5, 16), "C5": (1, 1, 120), "F6": (84,),
        "output": (10,),
    }  # fmt: skip
    for name, row in table.items():
        if name != "output":
            assert f"{row.parameters:,}" == row.paper[1]
    # A connection of the paper is a multiplication, or the bias of a unit.
    for name in ("C1", "C3", "C5", "F6"):
        height, width, maps = (*(1, 1), *table[name].output)[-3:]
        assert f"{table[name].macs + height * width * maps:,}" == table[name].paper[2]


def test_alexnet_layer_by_layer():
    table = rows("alexnet")
    maps = {"conv1": (55, 96), "conv2": (27, 256), "conv3": (13, 384), "conv4": (13, 384), "conv5": (13, 256)}
    seen = {"conv1": 3, "conv2": 48, "conv3": 256, "conv4": 192, "conv5": 192}  # maps that a unit sees, figure 2
    kernels = {"conv1": 11, "conv2": 5, "conv3": 3, "conv4": 3, "conv5": 3}
    for name, (side, filters) in maps.items():
        weights = kernels[name] ** 2 * seen[name] * filters
        assert table[name].output == (side, side, filters)
        assert table[name].parameters == weights + filters
        assert table[name].macs == weights * side * side
    assert [table[f"pool{n}"].output for n in (1, 2, 5)] == [(27, 27, 96), (13, 13, 256), (6, 6, 256)]
    assert [table[f"fc{n}"].macs for n in (6, 7, 8)] == [9216 * 4096, 4096 * 4096, 4096 * 1000]


@pytest.mark.parametrize(
    "name, sides", [("cnn-f", (27, 13, 13, 13, 6)), ("cnn-m", (54, 13, 13, 13, 6)), ("cnn-s", (37, 18, 18, 18, 6))]
)
def test_cnns_have_the_sizes_of_their_published_weights(name, sides):
    table = rows(name)
    assert tuple(table[f"conv{n}"].output[0] for n in range(1, 6)) == sides
    filters = 256 if name == "cnn-f" else 512
    assert table["full6"].parameters == 6 * 6 * filters * 4096 + 4096


@pytest.mark.parametrize("name", [name for name in zoo.NETWORKS if name.startswith("vgg")])
def test_vggs_block_by_block(name):
    columns = {  # table 1 by hand: convolutions of 3x3 and of 1x1 in each block
        "a": ((1, 1, 2, 2, 2), 0), "a-lrn": ((1, 1, 2, 2, 2), 0), "b": ((2, 2, 2, 2, 2), 0), "c": ((2, 2, 2, 2, 2), 1),
        "d": ((2, 2, 3, 3, 3), 0), "e": ((2, 2, 4, 4, 4), 0),
    }  # fmt: skip
    counts, pointwise = columns[name.removeprefix("vgg-")]
    table, before, side = rows(name), 3, 224
    for block, (filters, count) in enumerate(zip((64, 128, 256, 512, 512), counts, strict=True), 1):
        weights = 9 * before * filters + (count - 1) * 9 * filters**2 + (pointwise * filters**2 if block > 2 else 0)
        biases = filters * (count + (pointwise if block > 2 else 0))
        row = table[f"block{block}"]
        assert row.output == (side // 2, side // 2, filters)
        assert (row.parameters, row.macs) == (weights + biases, weights * side * side)
        before, side = filters, side // 2


def test_googlenet_module_by_module():
    table = rows("googlenet")
    for name, row in table.items():
        assert row.paper[0] in ("x".join(map(str, row.output)), f"1x1x{row.output[-1]}"), name
    # Table 1's operations, where they agree; conv1 and 5a are wrong in the paper (docs/architectures.md).
    for name, row in table.items():
        if row.paper[2] and name not in ("conv1", "inception_5a"):
            assert row.macs / 1e6 == pytest.approx(float(row.paper[2].rstrip("M")), abs=1), name
    # Its parameters are weights without biases, in units of 1024.
    for name in ("conv2", "inception_3a", "inception_3b"):
        outputs = sum(_biases(name))
        assert (table[name].parameters - outputs) / 1024 == pytest.approx(float(table[name].paper[1][:-1]), abs=1)


def _biases(name):
    return (64, 192) if name == "conv2" else zoo.googlenet.TABLE_1[name[-2:]]


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "se-resnet50"])
def test_resnets_stage_by_stage(name):
    table = rows(name)
    wider = 1 if name in ("resnet18", "resnet34") else 4
    stages = {"conv2_x": (56, 64), "conv3_x": (28, 128), "conv4_x": (14, 256), "conv5_x": (7, 512)}
    expected = {stage: (side, side, wider * maps) for stage, (side, maps) in stages.items()}
    assert {stage: table[stage].output for stage in expected} == expected
    assert table["conv1"].output == (112, 112, 64) and table["conv1"].macs == 112 * 112 * 49 * 3 * 64


def test_a_basic_and_a_bottleneck_stage_by_hand():
    # conv3_x of ResNet-18: 64 to 128 maps with a projection, then one block more, on 28 x 28.
    first = 9 * 64 * 128 + 9 * 128 * 128 + 64 * 128
    row = rows("resnet18")["conv3_x"]
    assert row.macs == 28 * 28 * (first + 2 * 9 * 128 * 128)
    assert row.parameters == first + 2 * 9 * 128 * 128 + 5 * 2 * 128
    # conv2_x of ResNet-50 on 56 x 56: 64 to 256 maps with a projection, then two blocks.
    one = 256 * 64 + 9 * 64 * 64 + 64 * 256
    weights = one - (256 - 64) * 64 + 64 * 256 + 2 * one
    row = rows("resnet50")["conv2_x"]
    assert (row.macs, row.parameters) == (56 * 56 * weights, weights + 3 * 2 * (64 + 64 + 256) + 2 * 256)


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_shortcuts_project_where_the_paper_has_them_do_it(shortcut):
    model = zoo.resnet.resnet(18, (32, 32, 3), 10, shortcut=shortcut)
    plain = 9 * (64 * 64 * 4 + 64 * 128 + 128 * 128 * 3 + 128 * 256 + 256 * 256 * 3 + 256 * 512 + 512 * 512 * 3)
    plain += 49 * 3 * 64 + 2 * (64 + 4 * (64 + 128 + 256 + 512)) + 512 * 10 + 10
    growing = 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)
    others = 2 * 64 * 64 + 128 * 128 + 256 * 256 + 512 * 512 + 2 * (2 * 64 + 128 + 256 + 512)
    assert trained(model) == plain + {"A": 0, "B": growing, "C": growing + others}[shortcut]


def test_the_inception_modules_of_figure_2():
    x = layers.Input((28, 28, 192))
    naive = model_cost(Model(x, zoo.googlenet.naive_inception(x, 64, 128, 32)))
    assert naive.params == 387_072 + 224 and naive.rows[-1].output_shape == (None, 28, 28, 64 + 128 + 32 + 192)
    assert {row.name.removeprefix("naive_inception_"): (row.params, row.macs) for row in naive if row.params} == {
        "1x1": (12_288 + 64, 9_633_792), "3x3": (221_184 + 128, 173_408_256), "5x5": (153_600 + 32, 120_422_400),
    }  # fmt: skip
    assert naive.macs / 1e6 == pytest.approx(303.4, abs=0.1)
    module = model_cost(Model(x, zoo.googlenet.inception(x, *zoo.googlenet.TABLE_1["3a"])))
    assert module.params == 163_328 + 368 and module.rows[-1].output_shape == (None, 28, 28, 256)
    costs = {row.name.removeprefix("inception_"): (row.params, row.macs) for row in module if row.params}
    assert {name: (params, round(macs / 1e6, 1)) for name, (params, macs) in costs.items()} == {
        "1x1": (12_288 + 64, 9.6), "3x3_reduce": (18_432 + 96, 14.5), "3x3": (110_592 + 128, 86.7),
        "5x5_reduce": (3_072 + 16, 2.4), "5x5": (12_800 + 32, 10.0), "pool_proj": (6_144 + 32, 4.8),
    }  # fmt: skip
    assert module.macs / 1e6 == pytest.approx(128.0, abs=0.1)


def test_other_inputs_and_classes_have_no_numbers_of_the_paper():
    table = rows("googlenet", input_shape=(96, 96, 3), classes=7)
    assert table["linear"].output == (7,) and table["conv1"].output == (48, 48, 64)
    assert all(row.paper == ("", "", "") for row in table.values())


WITH_WINDOWS = ["lenet5-lecture", "alexnet", "alexnet-lecture", "cnn-f", "cnn-m", "cnn-s", "vgg-a", "googlenet"]


@pytest.mark.parametrize("name", [name for name in zoo.NETWORKS if name not in HEAVY])
def test_the_smallest_image_is_the_smallest(name):
    smallest = zoo.NETWORKS[name].smallest
    outline(name, (smallest, smallest, 3), 2)
    with pytest.raises(ShapeError, match=f"takes images of {smallest} x {smallest} pixels or more"):
        zoo.build(name, (smallest, smallest - 1, 3), 2)
    if name in WITH_WINDOWS:
        build, network = zoo.builder(name), zoo.NETWORKS[name]
        with pytest.raises(ShapeError):
            build(input_shape=(smallest - 1, smallest - 1, 3), classes=2, **network.arguments)


def test_names_are_found_in_the_lecture_s_spelling():
    assert zoo.find("VGG-F") is zoo.find("cnn_f") is zoo.NETWORKS["cnn-f"]
    assert zoo.find("vgg16").arguments == {"configuration": "D"} and zoo.find("VGG19").arguments["configuration"] == "E"
    assert all(target in zoo.NETWORKS for target in zoo.ALIASES.values())
    with pytest.raises(UnknownNameError, match=r"Unknown network 'googelnet'\. Did you mean 'googlenet'"):
        zoo.build("googelnet")


def test_what_cannot_be_built_is_refused_in_words():
    with pytest.raises(ShapeError, match=r"\(height, width, channels\) in numbers"):
        zoo.build("lenet5", (None, None, 1))
    with pytest.raises(ArgumentError, match="classes to be a whole number"):
        zoo.build("lenet5", classes=0)
    with pytest.raises(ArgumentError, match="'A', 'B' or 'C'"):
        zoo.resnet.resnet(18, (32, 32, 3), shortcut="D")
