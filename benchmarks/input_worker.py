"""One peer on one row of input.py in its own process: answers JSON lines, sleeps in between.

`python input_worker.py PEER SOURCE CORES` prints {"ready": {contender: [ways]}}; each line
{"task": [contender, way], "seconds": ...} on stdin is answered by {"rate": images/s, "processor_rate": ...}.
"""

import json
import os
import sys


def stay_on(cores):
    """Keeps this process on the first `cores` cores, and libraries to as many threads; before they are imported."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(cores)


def contenders_of(peer, source, cores):
    """{contender: {way: function(seconds) -> Stopwatch.rates}} of a peer."""
    if source == "training":
        import input_training

        return input_training.contenders()
    if source == "chain":
        import input_chains

        return input_chains.contenders(peer, cores)
    import input_flows

    return input_flows.contenders(peer, source, cores)


def main(peer, source, cores):
    """Serves the orders of input.py until stdin closes."""
    stay_on(int(cores))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the answers

    def answer(**fields):
        print(json.dumps(fields), file=answers, flush=True)

    try:
        contenders = contenders_of(peer, source, int(cores))
        answer(ready={name: list(ways) for name, ways in contenders.items()})
        for line in sys.stdin:
            order = json.loads(line)
            contender, way = order["task"]
            answer(**contenders[contender][way](order["seconds"]))
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
