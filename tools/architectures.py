"""Write docs/architectures.md: every network of the zoo row by row, its paper's table beside what it comes to.

    python tools/architectures.py

tests/zoo/test_architectures.py makes the sections again and compares, so the page cannot fall behind the code.
"""

import pathlib

from anmok import layers, zoo
from anmok.models import Model, model_cost

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "architectures.md"

OPENING = """\
# The classic networks beside their papers

Made by `python tools/architectures.py` from `anmok/zoo/`; do not edit it by hand.

*Parameters* are trained numbers (running means of batch normalization are not). *MACs* are multiply-accumulates of
convolutions and dense layers for one image, counted as they run; biases, pooling, normalization and activations are
none. What papers call operations, connections or FLOPs is said with each. `anmok zoo` lists the networks,
`anmok zoo NAME` prints one, `anmok.zoo.build(NAME, input_shape, classes)` makes one.
"""

# Where a paper and the arithmetic of its own network disagree, or where a number needs explaining; by section.
REMARKS = {
    "LeNet-5 (1998)": [
        "The layers' trainable parameters sum to the paper's 60,000. The fixed pictures of the output layer, 10 x "
        "84 numbers, are not among them.",
        "The paper's *connections* are multiplications plus one for the bias of every unit: C1 has 122,304 - 4,704 "
        "= 117,600 multiplications. Those of the table sum to 340,068; the paper's total of 340,908 has the 840 of "
        "the output layer, too.",
        "S2 has five connections for each of its 14 x 14 x 6 units, four pixels and a bias, and S4 likewise; there "
        "is one multiplication for each unit. Ours counts no MACs there, as for any pooling.",
        "The lecture's variant connects C3 to all maps of S2 (2,416 parameters instead of 1,516), pools by the "
        "plain mean (44 parameters fewer) and ends in a softmax layer (850 more): 60,000 + 900 - 44 + 850 = 61,706.",
    ],
    "AlexNet (2012)": [
        "The paper says 224 x 224 pixels. An 11 x 11 kernel that moves by 4 without padding finds (224 - 11) / 4 + "
        "1 = 54.25 positions there; the 55 of figure 2 take 227 x 227.",
        "Figure 2 gives the units of the layers as 253,440 - 186,624 - 64,896 - 64,896 - 43,264 - 4096 - 4096 - "
        "1000. The first is 55 x 48 x 96, where the maps of conv1 are 55 x 55 x 96 = 290,400; the others are right.",
        "Without the two groups, conv2, conv4 and conv5 would have 1,413,120 kernel weights more: 62,378,344 "
        "parameters, and 1,135 M MACs.",
        "The lecture's variant has one tower, `same` padding in conv1 (56 x 56 maps) and no pooling after conv5, so "
        "that fc6 sees 13 x 13 x 256 numbers: more than three times the parameters, 177 million of them in fc6.",
    ],
    "CNN-F, CNN-M, CNN-S (2014)": [
        "The paper counts neither parameters nor operations. Its table 1 has no window sizes of pooling; with 3 x 3 "
        "(2 x 2 after conv2 of CNN-S) and rounding up, as in the published weights, the first dense layer sees 6 x "
        "6 maps in all three.",
        "CNN-M and CNN-S have the same kernels; strides, pooling and one normalization differ, so that CNN-S "
        "multiplies 1.7 times as often with as many parameters.",
    ],
    "VGG (2014)": [
        "The millions of table 2 are right: 132.9 is printed as 133, 138.4 as 138, and so on.",
        "A and A-LRN differ in a layer without parameters. A, B, D and E come to the counts of the published weights.",
    ],
    "GoogLeNet (2014)": [
        "The table's parameters are weights without biases, in units of 1024: conv2 has 4,096 + 110,592 = 112 x 1024.",
        "conv1 has 7 x 7 x 3 x 64 = 9,408 weights and 118.0 M MACs. The table's 2.7K and 34M belong to one another "
        "(2,688 weights at 112 x 112 positions are 33.7 M) but to no 7 x 7 kernel: 2,688 is 2 x 7 x 3 x 64, what a "
        "7 x 1 and a 1 x 7 kernel would have.",
        "The weights of 4a to 5b are not those of the table's own rows: in units of 1024 they come to 366.8, 438.0, "
        "497.5, 590.5, 847.0, 1018.0 and 1409.0 for 364, 437, 463, 580, 840, 1072 and 1388. The operations of these "
        "rows are right but for 5a: 51.1 M where the table has 54M.",
        "The parameters of the linear layer are 1,024,000 = 1000 x 1024, the paper's 1000K, and 1000 biases.",
        "The two auxiliary classifiers add 6,379,728 parameters and 8.4 M MACs while training; section 5 describes "
        "them, table 1 does not count them.",
        "The table's operations sum to 1,502 M, the 1.5 billion of the introduction. With what conv1 and 5a take in "
        "truth it is 1,583 M.",
    ],
    "Inception modules (2014)": [
        "The lecture counts for the 28 x 28 x 192 input of 3a. Its totals of operations are the sums of its rounded "
        "rows; exactly they are 303.46 M and 128.05 M.",
        "In the lecture's listing, a Dense layer before the module makes the 192 channels out of 3, which adds 768 "
        "parameters; without it the sums are those of its table.",
        "The naive module passes all 192 pooled channels on, so its output has 416 of them; the lecture's table "
        "sums the convolutions alone to 224 (it prints 256, the number of the module with bottlenecks).",
    ],
    "ResNet (2015)": [
        "FLOPs of the paper are multiply-adds, that is MACs. 3.66 and 3.86 are printed as 3.6 and 3.8, cut off "
        "rather than rounded; 7.57 and 11.28 are rounded.",
        "The numbers hold with the stride of a stage in the first 1 x 1 of its first bottleneck. With the stride in "
        "the 3 x 3, as torchvision has it, ResNet-50 takes 4.09 G.",
        "The paper prints no parameters for these networks. Those here are the well-known ones, with shortcut B.",
        "ResNet-18's error of 27.88 % was measured with shortcut A, which has no parameters.",
    ],
    "CIFAR ResNets (2015)": [
        "The paper's millions are right to the digits printed, with identity shortcuts (A), batch normalization and "
        "the dense layer counted.",
    ],
    "SE-ResNet and SENet (2017)": [
        "GFLOPs of table 2 are multiply-adds in units of 10^9. The paper has 0.01 to 0.03 more than convolutions "
        "and dense layers come to, and does not say what else it counts.",
        "The paper says that SE-ResNet-50 has 2.5 million parameters more than ResNet-50's 25 million; its blocks' "
        "dense layers come to 2,530,992 with their biases.",
        "115,088,984 parameters are those of the SENet-154 that the authors published.",
    ],
}


def text():
    """The whole page."""
    return "\n".join([OPENING, _overview(), *(section(title) for title in SECTIONS)])


def section(title):
    """A paper's part of the page."""
    remarks = "\n".join(f"* {remark}" for remark in REMARKS[title])
    return f"## {title}\n\n{SECTIONS[title]()}\n{remarks}\n"


def _overview():
    header = ["network", "year", "input", "parameters", "in the paper", "MACs", "in the paper", "error, %", "measured"]
    rows = [
        [
            f"`{name}`",
            network.year,
            _size(network.input_shape),
            f"{network.parameters:,}",
            network.paper_parameters.removesuffix(" parameters"),
            f"{network.macs:,}",
            network.paper_operations,
            network.error,
            network.source,
        ]
        for name, network in zoo.NETWORKS.items()
    ]
    return f"## All of them\n\n{_table(header, rows)}"


def _one(*names):
    """For each of the names a table with a column of the paper beside each of ours."""
    tables = []
    for name in names:
        rows = zoo.module_table(name)
        printed = [i for i in range(3) if any(row.paper[i] for row in rows)]
        ours = ("output", "parameters", "MACs")
        paper = ("paper: output", "paper: parameters", "paper: operations")
        header, body = ["module"], [[row.name] for row in rows]
        total = ["total"]
        for i in range(3):
            columns = [[_size(row.output), f"{row.parameters:,}", f"{row.macs:,}"][i] for row in rows]
            total.append(("", f"{sum(row.parameters for row in rows):,}", f"{sum(row.macs for row in rows):,}")[i])
            header.append(ours[i])
            for line, cell in zip(body, columns, strict=True):
                line.append(cell)
            if i in printed:
                network = zoo.find(name)
                total.append(("", network.paper_parameters, network.paper_operations)[i])
                header.append(paper[i])
                for line, row in zip(body, rows, strict=True):
                    line.append(row.paper[i])
        tables.append(f"`{name}`\n\n{_table(header, [*body, total])}")
    return "\n".join(tables)


def _several(*names):
    """One table of several networks that have the same modules: output, then parameters / MACs of each."""
    tables = {name: zoo.module_table(name) for name in names}
    first = tables[names[0]]
    sizes = {row.name: {_size(tables[name][i].output) for name in names} for i, row in enumerate(first)}
    body = []
    for i, row in enumerate(first):
        cells = [f"{tables[name][i].parameters:,} / {_millions(tables[name][i].macs)}" for name in names]
        body.append([row.name, " or ".join(sorted(sizes[row.name], key=_length)), row.paper[0], *cells])
    networks = [zoo.find(name) for name in names]
    body.append(["total", "", "", *(f"{network.parameters:,} / {_millions(network.macs)}" for network in networks)])
    printed = [" / ".join(filter(None, (n.paper_parameters, n.paper_operations))) for n in networks]
    if any(printed):
        body.append(["in the paper", "", "", *printed])
    header = ["module", "output", "paper: output", *(f"`{name}`" for name in names)]
    if not any(row[2] for row in body):
        header, body = _without(header, 2), [_without(row, 2) for row in body]
    return _table(header, body)


def _modules():
    """The lecture's table of the two inception modules, on 28 x 28 x 192."""
    x = layers.Input((28, 28, 192))
    naive = model_cost(Model(x, zoo.googlenet.naive_inception(x, 64, 128, 32, name="m")))
    module = model_cost(Model(x, zoo.googlenet.inception(x, *zoo.googlenet.TABLE_1["3a"], name="m")))
    lecture = {
        "1x1": ("12,288 (+64)", "9.6M", "12,288 (+64)", "9.6M"),
        "3x3_reduce": ("", "", "18,432 (+96)", "14.5M"),
        "3x3": ("221,184 (+128)", "173.4M", "110,592 (+128)", "86.7M"),
        "5x5_reduce": ("", "", "3,072 (+16)", "2.4M"),
        "5x5": ("153,600 (+32)", "120.4M", "12,800 (+32)", "10.0M"),
        "pool": ("", "", "", ""),
        "pool_proj": ("", "", "6,144 (+32)", "4.8M"),
        "total": ("387,072 (+224)", "303.4M", "163,328 (+368)", "128.0M"),
    }
    header = ["", "naive", "lecture", "MACs", "lecture", "with bottlenecks", "lecture", "MACs", "lecture"]
    body = []
    for branch, printed in lecture.items():
        line = [branch]
        for cost, said in ((naive, printed[:2]), (module, printed[2:])):
            rows = [row for row in cost if row.params] if branch == "total" else []
            rows = rows or [row for row in cost if row.name == f"m_{branch}"]
            if rows:
                biases = sum(row.output_shape[-1] for row in rows if row.params)
                weights = sum(row.params for row in rows) - biases
                counted = f"{weights:,} (+{biases})" if weights else "0"
                line += [counted, said[0], f"{sum(row.macs for row in rows):,}", said[1]]
            else:
                line += [""] * 4
        body.append(line)
    return _table(header, body)


SECTIONS = {
    "LeNet-5 (1998)": lambda: _one("lenet5", "lenet5-lecture"),
    "AlexNet (2012)": lambda: _one("alexnet", "alexnet-lecture"),
    "CNN-F, CNN-M, CNN-S (2014)": lambda: "\n".join(map(_one, ("cnn-f", "cnn-m", "cnn-s"))),
    "VGG (2014)": lambda: _several("vgg-a", "vgg-a-lrn", "vgg-b", "vgg-c", "vgg-d", "vgg-e"),
    "GoogLeNet (2014)": lambda: _one("googlenet"),
    "Inception modules (2014)": _modules,
    "ResNet (2015)": lambda: _several("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    "CIFAR ResNets (2015)": lambda: _several(*(f"cifar-resnet{depth}" for depth in (20, 32, 44, 56, 110))),
    "SE-ResNet and SENet (2017)": lambda: _several("se-resnet50", "se-resnet101", "se-resnet152", "senet154"),
}


def _table(header, rows):
    """A Markdown table; all but the first column to the right."""
    lines = [header, [":---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def _size(shape):
    return "x".join(map(str, shape))


def _length(size):
    return [int(part) for part in size.split("x")]


def _millions(count):
    return f"{count / 1e6:,.1f} M"


def _without(row, i):
    return [*row[:i], *row[i + 1 :]]


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE}")
