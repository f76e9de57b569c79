"""Images per second of ResNet-50, VGG16 and MobileNetV2 at 224 px: `python benchmarks/inference.py --out results`.

Float32, in batches of 32 and one by one: anmok.applications, keras.applications on TensorFlow, JAX and torch, and the
same networks in plain PyTorch, eager, channels last. Makes the peers' environments; then for each network starts a
worker of every peer, which all get the same weights, checks that their scores agree, and lets them measure in turn,
`--repeats` times, so that a disturbance hits all alike. Writes results.json and results.md after every network.
About 8 minutes on 2 cores and 12 GB; `--quick` for a rough look in 4.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from environments import cache_folder, python_of
from training import Worker, WorkerFailed, before_others, environment_of, machine, versions

HERE = Path(__file__).resolve().parent
NETWORKS = {"resnet50": "ResNet-50", "vgg16": "VGG16", "mobilenet_v2": "MobileNetV2"}
TASKS = {"predict": "batches of 32", "single": "one by one"}
PEERS = {
    "anmok": "torch",
    "torch": "torch",
    "keras-tensorflow": "keras-tensorflow",
    "keras-jax": "keras-jax",
    "keras-torch": "torch",
}
CLOSE = 1e-4  # how far scores may be from anmok's, relative to the largest
SLOW = 0.5  # of the fastest peer's rate in the first round: slower ones are measured no further than a second time
SILENT = 180  # seconds without an answer, after which a worker is given up


class InferenceWorker(Worker):
    """One worker process, and the scores that its network gave."""

    def __init__(self, peer, network, *, images, realtime):
        self.peer, self.variant = peer, network
        logs = cache_folder() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"inference-{network}-{peer}.txt").open("w") as log:
            self.process = subprocess.Popen(
                [python_of(PEERS[peer], say=_say), str(HERE / "inference_worker.py"), peer, network, str(images)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment_of(peer),
                preexec_fn=before_others if realtime else None,
            )
        self.scores = self._answer()["scores"]

    def _answer(self):
        alarm = threading.Timer(SILENT, self.process.kill)
        alarm.start()
        try:
            return super()._answer()
        finally:
            alarm.cancel()


def _say(line):
    print(line, file=sys.stderr, flush=True)


def measure_network(network, chosen):
    """{"peers": {peer: {task: {"rate", "rates", "way"}, "difference": ...}}, "failures": [...]}."""
    workers, failures = start(network, chosen)
    found = {worker.peer: {task: {"rates": []} for task in chosen.tasks} for worker in workers}
    try:
        for worker in workers:
            found[worker.peer]["difference"] = difference = _difference(worker.scores, workers[0].scores)
            if not difference < CLOSE:
                failures.append(f"{network}: the scores of {worker.peer} differ by {difference:.1e}")
        for task in chosen.tasks:
            race(task, workers, found, chosen)
            for worker in workers:
                rates = found[worker.peer][task]
                rates["rate"] = statistics.median(rates["rates"])
                _say(f"  {network} {task:8} {worker.peer:18} {rates['rate']:9.2f} images/s  {rates['way']}")
    finally:
        for worker in workers:
            worker.stop()
    return {"peers": found, "failures": failures}


def start(network, chosen):
    """(workers, failures): a worker of every peer, warmed up; one that cannot run is reported and left out."""
    workers, failures = [], []
    for peer in chosen.peers:
        began = time.perf_counter()
        try:
            workers.append(InferenceWorker(peer, network, images=chosen.batches * 32, realtime=chosen.realtime))
            _say(f"  {network}: {peer} ready after {time.perf_counter() - began:.0f} s")
        except WorkerFailed as failure:
            failures.append(f"{network}: {failure}")
            _say(f"  left out: {failure}")
    return workers, failures


def race(task, workers, found, chosen):
    """Measure in turn; slow peers drop out after the second round."""
    racing = list(workers)
    for turn in range(chosen.repeats):
        for worker in racing:
            answer = worker.measure(task, chosen.seconds)
            found[worker.peer][task]["rates"].append(answer["rate"])
            found[worker.peer][task]["way"] = answer["way"]
        if turn == 1:
            best = max(max(found[worker.peer][task]["rates"]) for worker in racing)
            racing = [worker for worker in racing if max(found[worker.peer][task]["rates"]) >= SLOW * best]


def _difference(scores, others):
    """The largest difference of two lists of scores, relative to the largest score."""
    pairs = [(a, b) for row, other in zip(scores, others, strict=True) for a, b in zip(row, other, strict=True)]
    return max(abs(a - b) for a, b in pairs) / max(abs(b) for _, b in pairs)


def table(results):
    """(header, lines): images/s, and in brackets anmok's rate over the peer's."""
    peers = list(dict.fromkeys(peer for row in results["networks"].values() for peer in row["peers"]))
    lines = []
    for network, row in results["networks"].items():
        for task, title in TASKS.items():
            rates = {peer: each[task]["rate"] for peer, each in row["peers"].items() if task in each}
            cells = [_cell(rates.get(peer), rates.get("anmok"), peer) for peer in peers]
            best = max((rate for peer, rate in rates.items() if peer.startswith("keras-")), default=None)
            over = f"{rates['anmok'] / best:.2f}" if best and "anmok" in rates else ""
            lines.append([f"{NETWORKS[network]}, {title}", *cells, over])
    return ["images/s", *peers, "over the fastest Keras"], lines


def _cell(rate, ours, peer):
    if rate is None:
        return ""
    text = f"{rate:,.1f}"
    return text if peer == "anmok" or not ours else f"{text} ({ours / rate:.2f}x)"


def markdown(results):
    """The table as Markdown, after the command, the machine and the versions."""
    parts = [f"`{results['command']}`", ""]
    parts += [f"* {name}: {value}" for name, value in {**results["machine"], **results["versions"]}.items()]
    header, lines = table(results)
    parts += ["", "| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    parts += ["| " + " | ".join(line) + " |" for line in lines]
    worst = [each["difference"] for row in results["networks"].values() for each in row["peers"].values()]
    parts += ["", f"Scores differ by at most {max(worst, default=0):.0e} of the largest."]
    return "\n".join(parts) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=",".join(NETWORKS), help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--tasks", default=",".join(TASKS), help="of predict (batches of 32), single")
    parser.add_argument("--repeats", type=int, default=5, help="slices of each peer; their median counts")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a slice; a batch of 32 is the shortest")
    parser.add_argument("--batches", type=int, default=1, help="of 32 images, in one call of predict")
    parser.add_argument("--quick", action="store_true", help="3 slices of 0.5 s")
    parser.add_argument("--realtime", action="store_true", help="workers run before other processes (Linux, root)")
    parser.add_argument("--out", type=Path, default=HERE / "inference_results", help="where .json and .md are added")
    found = parser.parse_args()
    for name, known in (("networks", NETWORKS), ("peers", PEERS), ("tasks", TASKS)):
        chosen = getattr(found, name).split(",")
        if unknown := [each for each in chosen if each not in known]:
            parser.error(f"--{name}: unknown {', '.join(unknown)}; there are {', '.join(known)}")
        setattr(found, name, chosen)
    if found.quick:
        found.repeats, found.seconds = 3, 0.5
    return found


def main():
    """Measures what the command line asks for; the files are written after every network."""
    chosen = arguments()
    for peer in chosen.peers:
        python_of(PEERS[peer], say=_say)
    json_file, table_file = (chosen.out.with_name(chosen.out.name + end) for end in (".json", ".md"))
    command = " ".join(["python", "benchmarks/inference.py", *sys.argv[1:]])
    results = {"command": command, "machine": machine(), "versions": versions(), "networks": {}}
    began = time.perf_counter()
    for network in chosen.networks:
        load = round(os.getloadavg()[0], 1)
        results["networks"][network] = {**measure_network(network, chosen), "load before": load}
        json_file.write_text(json.dumps(results, indent=1) + "\n")
        table_file.write_text(markdown(results))
    _say(f"{time.perf_counter() - began:.0f} s")
    print(markdown(results))
    if failures := [failure for row in results["networks"].values() for failure in row["failures"]]:
        sys.exit("Not everything was measured: " + "; ".join(failures))


if __name__ == "__main__":
    main()
