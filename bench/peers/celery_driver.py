"""Celery canvas by the client; the worker is a process of its own. See bench/peer-process.ts for what is said."""

import gc
import json
import subprocess
import sys
import time
import traceback

import celery
from celery import chain, chord, group
from celery.canvas import _chain

from celery_app import app, work

# The client deadlocks when AsyncResult.__del__ runs under redis-py's lock (celery #10477).
gc.disable()
pool, concurrency = sys.argv[1:3]


def say(**message):
    print(json.dumps(message), flush=True)


def task(graph, i=0):
    return work.si(graph[i]["delayMs"])


def sequence(graph):
    return chain(*(task(graph, i) for i in range(len(graph))))


def layers(graph):
    """Layers of 20, each a group that a join ends: canvas has no other way from all to all. Its own `chain()` nests the
    chords that it makes of this, and what it sends grows exponentially with the layers (celery #3571)."""
    tasks = [task(graph, i) for i in range(len(graph))]
    steps = []
    for at in range(0, len(tasks), 20):
        steps.append(chord(group(tasks[at : at + 20]), work.si(0)))
    return _chain(*steps)


def diamond(g):
    return chain(task(g, 0), group(task(g, 1), chain(task(g, 2), task(g, 3), task(g, 4))), task(g, 5))


def n_graph(g):
    """C waits for B as well: canvas knows no edges, only groups."""
    return chain(group(task(g, 0), task(g, 1)), group(task(g, 2), task(g, 3)), task(g, 4))


CANVAS = {
    "W1": sequence,
    "W2": lambda g: chord(group(task(g, i) for i in range(len(g) - 1)), task(g, len(g) - 1)),
    "W3": layers,
    "W4": sequence,
    "W5": diamond,
    "W5n": n_graph,
}


def run(workload, chains):
    results = [CANVAS[workload](graph).apply_async() for graph in chains]
    for result in results:
        result.get(timeout=120)


options = ["-P", pool, "-c", concurrency, "-l", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]
worker = subprocess.Popen(
    [sys.executable, "-m", "celery", "-A", "celery_app", "worker", *options],
    stdin=subprocess.DEVNULL,
    stdout=sys.stderr,
)
try:
    work.si(0).apply_async().get(timeout=50)
    say(ready=True, version=f"Celery {celery.__version__}")
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            started = time.perf_counter()
            run(asked["id"], asked["chains"])
            say(ms=(time.perf_counter() - started) * 1000)
        except Exception:
            say(error=traceback.format_exc())
finally:
    worker.kill()
