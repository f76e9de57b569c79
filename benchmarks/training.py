"""Images per second of anmok and its peers, in training and inference: `python benchmarks/training.py`.

Makes the peers' environments, then for each row starts every peer's worker, picks each peer's best precision in a
short trial, and lets the peers measure in turn, `--repeats` times, so that a disturbance hits all alike. Prints a
table and writes it as JSON and Markdown. About 25 minutes on 2 cores; `--quick` for a rough look in about 10.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from environments import ROOT, cache_folder, python_of
from rows import ROWS
from table import markdown, show

HERE = Path(__file__).resolve().parent

# environment, variants tried; "default" is what anmok does unasked
PEERS = {
    "anmok": ("torch", ("default", "bfloat16")),
    # jit_compile=True was tried once: 17 times slower on the MNIST CNN, so that it is not tried in every run.
    "keras-tensorflow": ("keras-tensorflow", ("float32", "bfloat16")),
    "keras-jax": ("keras-jax", ("float32", "bfloat16")),
    "keras-torch": ("torch", ("float32", "bfloat16")),
    "torch-plain": ("torch", ("float32",)),
    "torch-tuned": ("torch", ("float32", "bfloat16")),
}
TASKS = ("train", "predict", "single")
BLANK_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class WorkerFailed(Exception):
    """A worker that ended or reported an error."""


class Worker:
    """One worker process: its peer, its variant, and the orders it is given."""

    def __init__(self, peer, row, variant, *, realtime):
        environment, _ = PEERS[peer]
        self.peer, self.variant = peer, variant
        logs = cache_folder() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = (logs / f"{row}-{peer}-{variant}.txt").open("w")
        self.process = subprocess.Popen(
            [python_of(environment), str(HERE / "worker.py"), peer, row, variant],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment_of(peer),
            preexec_fn=before_others if realtime else None,
        )
        self.peak_mb = self._answer()["peak_mb"]

    def measure(self, task, seconds):
        """Images per second of one slice of about `seconds`."""
        order = {"task": task, "seconds": seconds}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        fields = json.loads(line) if line else {"error": "the worker ended"}
        if "error" in fields:
            raise WorkerFailed(f"{self.peer} {self.variant}: {fields['error']} (see {cache_folder() / 'logs'})")
        return fields

    def stop(self):
        """Lets the process end."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def before_others():
    """Lets a new process run before all others."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))


def environment_of(peer):
    """The environment variables of a worker: every library with its default number of threads."""
    variables = {name: value for name, value in os.environ.items() if name not in BLANK_THREADS}
    variables["PYTHONPATH"] = str(ROOT)
    variables["KERAS_HOME"] = str(cache_folder() / "keras-home")
    variables["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if peer.startswith("keras-"):
        variables["KERAS_BACKEND"] = peer.removeprefix("keras-")
    return variables


def measure_row(name, chosen, *, say):
    """One row of every peer: {peer: {"peak_mb": MB, task: {"rate", "rates", "variant", "way", "trial"}}}."""
    workers = start(name, chosen, say)
    seconds = chosen.seconds
    results = {worker.peer: {"peak_mb": {}} for worker in workers}
    for worker in workers:
        results[worker.peer]["peak_mb"][worker.variant] = worker.peak_mb
    try:
        for task in chosen.tasks:
            for peer, trial in best_variants(workers, task, seconds / 2, say).items():
                results[peer][task] = {**trial, "rates": []}
            racing = [(worker, results[worker.peer][task]) for worker in workers]
            racing = [(worker, found) for worker, found in racing if worker.variant == found["variant"]]
            for _ in range(chosen.repeats):
                for worker, found in racing:
                    answer = worker.measure(task, seconds)
                    found["rates"].append(answer["rate"])
                    found["way"] = answer["way"]
            for worker, found in racing:
                found["rate"] = statistics.median(found["rates"])
                say(f"  {name} {task:8} {worker.peer:18} {found['variant']:14} {found['rate']:12,.1f} images/s")
    finally:
        for worker in workers:
            worker.stop()
    return results


def start(name, chosen, say):
    """Workers of every variant of every peer on a row, warmed up; one that cannot run is reported and left out."""
    workers = []
    for peer in chosen.peers:
        for variant in PEERS[peer][1]:
            began = time.perf_counter()
            try:
                workers.append(Worker(peer, name, variant, realtime=chosen.realtime))
                say(f"  {name}: {peer} {variant} ready after {time.perf_counter() - began:.0f} s")
            except WorkerFailed as failure:
                say(f"  {name}: left out: {failure}")
    return workers


def best_variants(workers, task, seconds, say):
    """The fastest variant of each peer, tried twice in turn: {peer: {"variant": ..., "trial": {variant: rate}}}."""
    trials = {}
    for _ in range(2):
        for worker in list(workers):
            try:
                rate = worker.measure(task, seconds)["rate"]
            except WorkerFailed as failure:
                say(f"  left out: {failure}")
                worker.stop()
                workers.remove(worker)
                continue
            variants = trials.setdefault(worker.peer, {})
            variants[worker.variant] = max(rate, variants.get(worker.variant, 0))
    return {peer: {"variant": max(rates, key=rates.get), "trial": rates} for peer, rates in trials.items()}


def import_seconds(peers, repeats):
    """Median seconds of importing each peer's package in a fresh interpreter, in turn."""
    found = {}
    packages = {"anmok": "anmok", "torch-plain": "torch"} | {p: "keras" for p in peers if p.startswith("keras-")}
    for turn in range(repeats + 1):
        for peer in peers:
            if peer not in packages:
                continue
            code = f"import time; t = time.perf_counter(); import {packages[peer]}; print(time.perf_counter() - t)"
            done = subprocess.run(
                [python_of(PEERS[peer][0]), "-c", code], capture_output=True, text=True, env=environment_of(peer)
            )
            if turn and done.returncode == 0:  # the first turn writes .pyc files and fills the disk cache
                found.setdefault(peer, []).append(float(done.stdout.split()[-1]))
    return {peer: statistics.median(times) for peer, times in found.items()}


def machine():
    """What the numbers were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = {line.split(":")[0].strip(): line.split(":")[1].strip() for line in lines if ":" in line}
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in cpu.get("flags", "").split()]
    return {
        "processor": f"{cpu.get('model name', platform.processor())} family {cpu.get('cpu family', '?')}",
        "cores": os.cpu_count(),
        "vector units": " ".join(wide),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "date": date.today().isoformat(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def versions():
    """The versions of the libraries that were compared."""
    code = (
        "from importlib.metadata import distributions as d\n"
        'print(*{f"{p.name}=={p.version}" for p in d() if p.name in'
        " ('keras', 'torch', 'jax', 'tensorflow-cpu', 'tensorflow_cpu', 'numpy')})"
    )
    found = {}
    for environment in dict.fromkeys(environment for environment, _ in PEERS.values()):
        done = subprocess.run([python_of(environment), "-c", code], capture_output=True, text=True, check=True)
        found[environment] = " ".join(sorted(done.stdout.split()))
    return found


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--tasks", default=",".join(TASKS), help="of train, predict (batch 256), single (batch 1)")
    parser.add_argument("--repeats", type=int, default=5, help="slices of each peer; their median counts")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a slice")
    parser.add_argument("--quick", action="store_true", help="3 slices of 0.4 s")
    parser.add_argument("--realtime", action="store_true", help="workers run before other processes (Linux, root)")
    parser.add_argument("--out", type=Path, default=HERE / "results.json", help="and the same name with .md")
    found = parser.parse_args()
    for name, known in (("rows", ROWS), ("peers", PEERS), ("tasks", TASKS)):
        chosen = getattr(found, name).split(",")
        if unknown := [each for each in chosen if each not in known]:
            parser.error(f"--{name}: unknown {', '.join(unknown)}; there are {', '.join(known)}")
        setattr(found, name, chosen)
    if found.quick:
        found.repeats, found.seconds = 3, 0.4
    return found


def main():
    """Measures what the command line asks for; the files are written after every row."""
    chosen = arguments()

    def say(line):
        print(line, file=sys.stderr, flush=True)

    for peer in chosen.peers:
        python_of(PEERS[peer][0], say=say)
    results = {"command": " ".join(["python", *sys.argv]), "machine": machine(), "versions": versions(), "rows": {}}
    results["import_seconds"] = import_seconds(chosen.peers, chosen.repeats)
    for name in chosen.rows:
        results["rows"][name] = measure_row(name, chosen, say=say)
        chosen.out.write_text(json.dumps(results, indent=1) + "\n")
        chosen.out.with_suffix(".md").write_text(markdown(results))
    show(results)


if __name__ == "__main__":
    main()
