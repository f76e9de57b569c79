"""Seconds of each lesson on anmok and on Keras 3, from the same file: `python benchmarks/lessons.py [LESSON ...]`.

Each lesson runs in a process of its own, with anmok and then with Keras on each backend in anmok's place. Where a fit
has more epochs than fit in `--budget` seconds, those that were run (two at least) are timed, and the others counted at
the mean of all but the first, for anmok as for Keras. What was measured is written into lessons/results.json, from
which `python benchmarks/lessons.py --table` makes lessons/README.md.
"""

import argparse
import datetime
import json
import os
import subprocess
import tempfile
from pathlib import Path

from environments import ROOT, cache_folder, python_of

from anmok import files
from anmok.runs import lesson_table, lessons

HERE = Path(__file__).resolve().parent
PEERS = {
    "anmok": "torch",
    "keras-tensorflow": "keras-tensorflow",
    "keras-jax": "keras-jax",
    "keras-torch": "torch",
}
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def measure(name, peer, *, budget, seed, quick):
    """What the worker says of a lesson on a peer: {"seconds", "figures", "scaled"} or {"error"}."""
    extras = next(Path(python_of("lesson-libraries")).parent.parent.glob("[Ll]ib/**/site-packages"))
    with tempfile.TemporaryDirectory() as folder:
        command = [python_of(PEERS[peer]), str(HERE / "lessons_worker.py"), str(lessons.find(name).path), folder]
        command += [peer.partition("-")[0], str(budget), str(seed), str(int(quick)), str(extras)]
        done = subprocess.run(command, capture_output=True, text=True, env=_environment(peer))
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"error": (done.stderr.strip().splitlines() or ["the worker ended"])[-1][:300]}
    return json.loads(lines[-1])


def _environment(peer):
    variables = {name: value for name, value in os.environ.items() if name not in _THREADS}
    variables |= {"MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "3", "ANMOK_HOME": str(files.home())}
    if peer == "anmok":
        variables["PYTHONPATH"] = str(ROOT)
        variables["GOMP_SPINCOUNT"] = "1000"  # as anmok's command line has it
    else:
        variables["KERAS_HOME"] = str(_keras_home())
        variables["KERAS_BACKEND"] = peer.removeprefix("keras-")
    return variables


def _keras_home():
    """A home for Keras in which the weights are those of anmok's cache."""
    home = cache_folder() / "lesson-keras-home"
    (home / "models").mkdir(parents=True, exist_ok=True)
    for path in (files.home() / "models").glob("*"):
        if not (home / "models" / path.name).exists():
            (home / "models" / path.name).symlink_to(path)
    return home


def run(names, options, *, say=print):
    """Measure lessons in turn, best of `--repeats`, and record them."""
    for name in names:
        found = {}
        for _ in range(options.repeats):
            for peer in options.peers:
                answer = measure(name, peer, budget=options.budget, seed=options.seed, quick=options.quick)
                say(f"{name:28} {peer:18} {_said(answer)}")
                if "error" in answer and "error" not in found.get(peer, {"error": None}):
                    continue  # it ran before
                if peer not in found or "error" in found[peer] or answer["seconds"] < found[peer]["seconds"]:
                    found[peer] = answer
        if not options.quick:
            timing = {peer: _kept(answer) for peer, answer in found.items()}
            timing = lessons.results().get(name, {}).get("timing", {}) | timing
            lessons.record(name, timing=timing | {"date": datetime.date.today().isoformat(), "cores": os.cpu_count()})


def _kept(answer):
    return {key: value for key, value in answer.items() if key != "figures"}


def _said(answer):
    if "error" in answer:
        return f"left out: {answer['error']}"
    figures = "  ".join(f"{name} {value:.4g}" for name, value in list(answer["figures"].items())[:2])
    return f"{answer['seconds']:8.1f} s{' (scaled)' if answer['scaled'] else ''}  {figures}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="names; all that are recorded if none is said")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS), help=",".join(PEERS))
    parser.add_argument("--budget", type=float, default=20, help="seconds a fit may take before it is scaled")
    parser.add_argument("--repeats", type=int, default=1, help="the best of so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="see whether the lessons run; record nothing")
    parser.add_argument("--table", action="store_true", help="only write lessons/README.md")
    options = parser.parse_args()
    if not options.table:
        run(options.lessons or [name for name in lessons.names() if name in lessons.results()], options)
    if not options.quick:
        lesson_table.write()


if __name__ == "__main__":
    main()
