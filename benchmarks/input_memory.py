"""Memory of one pass over 11,385 files: `python input_memory.py anmok` (or keras) prints a line of JSON, in MB.

{"imported": resident after the imports, "peak": the whole process' at its highest, "growth": peak - imported}.
The pass is flow_from_dataframe(class_mode="raw", target_size=(112, 112)) with the course's generator, read as `fit`
reads it: with anmok's default workers and cache=False, with Keras' one.
"""

import json
import os
import sys
import time
from pathlib import Path

from input_flows import as_fit_reads, endless, generator_of
from input_rows import BATCH, dataset


def _status(name):
    """A line of /proc/self/status, in MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1]) / 1024


def _forget_peak():
    """What imports had at their highest does not count."""
    Path("/proc/self/clear_refs").write_text("5")


def main(library):
    """Reads one pass and prints what it took."""
    import pandas

    generator = generator_of(library)
    folder = dataset("apparel")
    small = pandas.DataFrame({"image": [str(next(folder.glob("black_dress/*.jpg")))] * BATCH, "label": 1.0})
    how = {"x_col": "image", "class_mode": "raw", "target_size": (112, 112), "batch_size": BATCH, "seed": 1}
    if library == "anmok":
        how["cache"] = False
    # Reading one file imports all that is imported late.
    next(generator.flow_from_dataframe(small, y_col="label", **how))
    _forget_peak()
    imported = _status("VmRSS")

    table = pandas.read_csv(folder / "apparel.csv")
    labels = list(table.columns[2:])
    start = time.perf_counter()
    flow = generator.flow_from_dataframe(table, directory=str(folder), y_col=labels, **how)
    opened = time.perf_counter()
    stream = as_fit_reads(flow) if library == "anmok" else endless(flow)
    count = 0
    for images, *_ in stream:
        count += len(images)
        if count >= len(table):
            break
    ended, peak = time.perf_counter(), _status("VmHWM")
    found = {"imported": imported, "peak": peak, "growth": peak - imported, "images": count}
    print(json.dumps({**found, "opening_seconds": opened - start, "rate": count / (ended - opened)}), flush=True)
    os._exit(0)  # nothing to wait for


if __name__ == "__main__":
    main(sys.argv[1])
