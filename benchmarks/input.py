"""Images per second of anmok's input path and its peers': `python benchmarks/input.py --out results`.

Makes the peers' environments, then for each row starts a worker of every peer, picks each contender's fastest way in a
short trial, and lets all measure in turn, `--repeats` times, so that a disturbance hits all alike. Then the memory of
a pass over many files. Writes results.json and results.md after every row; `--resume` keeps the rows that are there.
About 8 minutes on 2 cores; `--quick` for a rough look in 3.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from environments import cache_folder
from environments import python_of as python_made_of
from input_rows import ROWS, photographs_file
from input_table import markdown
from training import Worker, WorkerFailed, before_others, environment_of, machine

HERE = Path(__file__).resolve().parent
# anmok and Keras have the same NumPy, Pillow and OpenCV.
ENVIRONMENTS = {"anmok": "torch", "keras": "torch", "albumentations": "albumentations", "kornia": "kornia"}
MEMORY = "memory"
SILENT = 180  # seconds without an answer, after which a worker is given up
PACKAGES = ("albumentations", "keras", "kornia", "numpy", "opencv-python-headless", "pillow", "scipy", "torch")


@functools.cache
def python_of(environment):
    """The interpreter of an environment, looked at once in a run: pins may change meanwhile."""
    return python_made_of(environment, say=_say)


def _say(line):
    print(line, file=sys.stderr, flush=True)


class InputWorker(Worker):
    """One worker process; its tasks are [contender, way]."""

    def __init__(self, name, peer, *, realtime):
        self.peer, self.variant = peer, ROWS[name].source
        command = [str(HERE / "input_worker.py"), peer, ROWS[name].source, str(ROWS[name].cores)]
        self.process = subprocess.Popen(
            [python_of(ENVIRONMENTS[peer]), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=_log(f"input-{name}-{peer}"),
            text=True,
            env=_variables(),
            preexec_fn=before_others if realtime else None,
        )
        self.ways = self._answer()["ready"]

    def _answer(self):
        alarm = threading.Timer(SILENT, self.process.kill)
        alarm.start()
        try:
            return super()._answer()
        finally:
            alarm.cancel()

    def stop(self):
        """Lets the process end, or ends it."""
        alarm = threading.Timer(20, self.process.kill)
        alarm.start()
        super().stop()
        alarm.cancel()


def _log(name):
    folder = cache_folder() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{name}.txt").open("w")


def _variables():
    return {**environment_of("keras-torch"), "PYTHONWARNINGS": "ignore", "NO_ALBUMENTATIONS_UPDATE": "1"}


def measure_row(name, chosen):
    """{"contenders": {contender: {"rate", "rates", "way", "trial"}}, "failures": [...]} of one row."""
    workers, failures = [], []
    for peer in ROWS[name].peers:
        try:
            workers.append(InputWorker(name, peer, realtime=chosen.realtime))
        except WorkerFailed as failure:
            failures.append(str(failure))
            _say(f"  {name}: left out: {failure}")
    seconds = chosen.seconds * ROWS[name].slice
    clock = "processor_rate" if chosen.processor_time and ROWS[name].cores == 1 else "rate"
    racing = {contender: (worker, ways) for worker in workers for contender, ways in worker.ways.items()}
    found = {}
    try:
        for contender, (worker, ways) in racing.items():
            trial = {way: worker.measure([contender, way], seconds / 2)[clock] for way in ways}
            found[contender] = {"way": max(trial, key=trial.get), "trial": trial, "rates": []}
        for _ in range(chosen.repeats):
            for contender, (worker, _) in racing.items():
                answer = worker.measure([contender, found[contender]["way"]], seconds)
                found[contender]["rates"].append(answer[clock])
    except WorkerFailed as failure:
        failures.append(str(failure))
        _say(f"  {name}: stopped: {failure}")
    finally:
        for worker in workers:
            worker.stop()
    found = {contender: each for contender, each in found.items() if each["rates"]}
    for contender, each in found.items():
        each["rate"] = statistics.median(each["rates"])
        _say(f"  {name:15} {contender:40} {each['way']:18} {each['rate']:12,.1f} images/s")
    return {"contenders": found, "failures": failures, "load before": chosen.load}


def measure_memory(peers):
    """What input_memory.py says of anmok and of Keras, in a process of its own each."""
    found, failures = {}, []
    for peer in ("anmok", "keras"):
        if peer not in peers:
            continue
        command = [python_of(ENVIRONMENTS[peer]), str(HERE / "input_memory.py"), peer]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=_log(f"input-memory-{peer}"), env=_variables())
        if done.returncode:
            failures.append(f"{peer}: see {cache_folder() / 'logs'}")
            continue
        found[peer] = json.loads(done.stdout.splitlines()[-1])
        _say(f"  memory {peer}: " + ", ".join(f"{name} {value:,.1f}" for name, value in found[peer].items()))
    return {"contenders": found, "failures": failures}


def versions():
    """The versions of the libraries that were compared, by environment."""
    code = (
        "from importlib.metadata import distributions as d\n"
        f"print(*sorted(f'{{p.name}}=={{p.version}}' for p in d() if p.name in {PACKAGES!r}))"
    )
    found = {}
    for environment in dict.fromkeys(ENVIRONMENTS.values()):
        done = subprocess.run([python_of(environment), "-c", code], capture_output=True, text=True, check=True)
        found[environment] = done.stdout.strip()
    return found


def prepare():
    """Makes every environment, and the photographs."""
    for environment in dict.fromkeys(ENVIRONMENTS.values()):
        python_of(environment)
    if not photographs_file().exists():
        subprocess.run([python_of("torch"), str(HERE / "input_photographs.py")], check=True, env=_variables())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = (*ROWS, MEMORY)
    parser.add_argument("--rows", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--repeats", type=int, default=5, help="slices of each contender; their median counts")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a slice; training takes three times that")
    parser.add_argument("--quick", action="store_true", help="3 slices of 0.5 s")
    parser.add_argument("--processor-time", action="store_true", help="on one core: for a machine that is not quiet")
    parser.add_argument("--realtime", action="store_true", help="workers run before other processes (Linux, root)")
    parser.add_argument("--resume", action="store_true", help="measure only what --out does not have, or in part")
    parser.add_argument("--out", type=Path, default=HERE / "input_results", help="where .json and .md are added")
    found = parser.parse_args()
    found.rows = found.rows.split(",")
    if unknown := [name for name in found.rows if name not in names]:
        parser.error(f"--rows: unknown {', '.join(unknown)}; there are {', '.join(names)}")
    if found.quick:
        found.repeats, found.seconds = 3, 0.5
    return found


def main():
    """Measures what the command line asks for; the files are written after every row."""
    chosen = arguments()
    prepare()
    json_file, table_file = (chosen.out.with_name(chosen.out.name + end) for end in (".json", ".md"))
    command = " ".join(["python", "benchmarks/input.py", *sys.argv[1:]])
    results = {"command": command, "machine": machine(), "versions": versions(), "rows": {}}
    if chosen.resume and json_file.exists():
        kept = json.loads(json_file.read_text())["rows"]
        results["rows"] = {name: row for name, row in kept.items() if not row["failures"]}
    began = time.perf_counter()
    for name in chosen.rows:
        if name in results["rows"]:
            continue
        chosen.load = round(os.getloadavg()[0], 1)
        row = measure_memory(ENVIRONMENTS) if name == MEMORY else measure_row(name, chosen)
        results["rows"][name] = row
        json_file.write_text(json.dumps(results, indent=1) + "\n")
        table_file.write_text(markdown(results))
    _say(f"{time.perf_counter() - began:.0f} s")
    print(markdown(results))
    if failures := [failure for row in results["rows"].values() for failure in row["failures"]]:
        sys.exit("Not everything was measured: " + "; ".join(failures))


if __name__ == "__main__":
    main()
