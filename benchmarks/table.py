"""The results of training.py as tables: on the terminal and in Markdown."""

import json
import sys
from pathlib import Path

from rows import ROWS

TASK_TITLES = {"train": "training", "predict": "inference, batch 256", "single": "inference, batch 1"}


def lines_of(results, task):
    """(header, lines) of one task: images/s of each peer, and in brackets anmok's rate over the peer's."""
    rows = {name: found for name, found in results["rows"].items() if any(task in each for each in found.values())}
    peers = list(dict.fromkeys(peer for found in rows.values() for peer in found))
    lines = []
    for name, found in rows.items():
        ours = found.get("anmok", {}).get(task, {}).get("rate")
        lines.append([ROWS[name].title, *(_cell(found.get(peer, {}).get(task), peer, ours) for peer in peers)])
    return [TASK_TITLES[task], *peers], lines


def memory_lines(results):
    """(header, lines) of the peak memory in MB after 8 training steps, of the variant that trained best."""
    peers = list(dict.fromkeys(peer for found in results["rows"].values() for peer in found))
    lines = []
    for name, found in results["rows"].items():
        cells = []
        for peer in peers:
            peaks = found.get(peer, {}).get("peak_mb", {})
            best = found.get(peer, {}).get("train", {}).get("variant", next(iter(peaks), None))
            cells.append(f"{peaks[best]:,.0f}" if best in peaks else "")
        lines.append([ROWS[name].title, *cells])
    return ["peak memory, MB", *peers], lines


def import_lines(results):
    """(header, lines) of the seconds that importing each package takes."""
    times = results["import_seconds"]
    return ["import, s", *times], [["median", *(f"{seconds:.2f}" for seconds in times.values())]]


def tables(results):
    """Every table that the results fill."""
    tasks = [task for task in TASK_TITLES if any(task in p for row in results["rows"].values() for p in row.values())]
    return [lines_of(results, task) for task in tasks] + [memory_lines(results), import_lines(results)]


def markdown(results):
    """The tables as Markdown, after the machine, the versions and the command."""
    parts = [f"`{results['command']}`", ""]
    parts += [f"* {name}: {value}" for name, value in {**results["machine"], **results["versions"]}.items()]
    for header, lines in tables(results):
        parts += ["", "| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
        parts += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(parts) + "\n"


def show(results):
    """Prints the tables."""
    from rich.console import Console
    from rich.table import Table

    for header, lines in tables(results):
        table = Table(*header)
        for line in lines:
            table.add_row(*line)
        Console().print(table)


def _cell(found, peer, ours):
    if not found or "rate" not in found:
        return ""
    rate = found["rate"]
    text = f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"
    if found["variant"] != "default":
        text += f" {found['variant']}"
    return text if peer == "anmok" or not ours else f"{text} ({ours / rate:.2f}x)"


if __name__ == "__main__":
    show(json.loads(Path(sys.argv[1] if sys.argv[1:] else Path(__file__).parent / "results.json").read_text()))
