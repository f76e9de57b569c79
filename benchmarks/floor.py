"""How near a training step comes to its floor: the time inside convolution and matrix-product kernels alone.

`python benchmarks/floor.py` prints, for anmok and for tuned bfloat16 PyTorch, the step time, the kernel time, their
ratio, and where the rest goes; `--out` writes it as Markdown.
"""

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from environments import ROOT, python_of
from rows import ROWS, data_of

# fmt: off
KERNELS = {
    "aten::mkldnn_convolution", "aten::convolution_backward", "aten::_slow_conv2d_forward",
    "aten::_slow_conv2d_backward",
    "aten::mm", "aten::addmm", "aten::_addmm_activation", "aten::bmm", "aten::baddbmm", "aten::addmv", "aten::mv",
    "aten::mkldnn_linear", "aten::mkldnn_linear_backward_input", "aten::mkldnn_linear_backward_weights",
    "mkldnn::_convolution_pointwise", "mkldnn::_linear_pointwise",
}
# fmt: on
PEERS = ("anmok", "torch-tuned")


@dataclass(frozen=True)
class Floor:
    """Milliseconds of one step, of its kernels, and of the other operations, the costliest first."""

    step: float
    kernels: float
    rest: tuple  # ((operation, ms, calls), ...)

    @property
    def ratio(self):
        """Step time over kernel time: 1 is a step of nothing but convolutions and matrix products."""
        return self.step / self.kernels


def floor(steps, count, *, repeats=5, top=12):
    """The Floor of `steps()`, which runs `count` training steps; timed without the profiler, then split with it."""
    import torch

    steps()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        steps()
        times.append(time.perf_counter() - start)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        steps()
    costs = [
        (event.key, event.self_cpu_time_total / 1e3 / count, event.count / count) for event in profile.key_averages()
    ]
    return Floor(
        step=1e3 * statistics.median(times) / count,
        kernels=sum(ms for name, ms, _ in costs if name in KERNELS),
        rest=tuple(sorted((cost for cost in costs if cost[0] not in KERNELS), key=lambda cost: -cost[1])[:top]),
    )


def measure(peer, name, count):
    """The Floor of one peer on one row over `count` steps through its own training loop."""
    from worker import peer_of

    row = ROWS[name]
    images, labels = data_of(row)
    length = min(count * row.batch, row.images - row.images % row.batch)
    made = peer_of(peer, name, row, "default" if peer == "anmok" else "bfloat16")
    images = made.prepare(images[:length])
    return floor(lambda: made.train(images, labels[:length], 1), length // row.batch)


def lines_of(peer, name, found):
    """A line of the table, what the rest is at its end."""
    rest = ", ".join(f"{operation} {ms:.2f} ({calls:.0f})" for operation, ms, calls in found.rest)
    return f"| {ROWS[name].title} | {peer} | {found.step:.2f} | {found.kernels:.2f} | {found.ratio:.2f} | {rest} |"


def main():
    """Prints the table; runs in the environment of the PyTorch peers, which is made if it is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    python = python_of("torch")
    if Path(sys.prefix) != Path(python).parent.parent:
        os.execve(python, [python, *sys.argv], {**os.environ, "PYTHONPATH": str(ROOT)})
    lines = ["| row | peer | step, ms | kernels, ms | ratio | the rest: self ms (calls) a step |"]
    lines.append("| --- | --- | ---: | ---: | ---: | --- |")
    for name in chosen.rows.split(","):
        for peer in chosen.peers.split(","):
            lines.append(lines_of(peer, name, measure(peer, name, chosen.steps)))
            print(lines[-1], flush=True)
    if chosen.out:
        chosen.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
