"""A stand-in for a worker of the design's kind, for tests alone: it has the task, the queue and the events of one, and joins the
files in clear. It protects nothing. The folder FLEET_FOLDER holds "plan", a line for each start of a task (nothing: just run);
workers of several fleets wait for each other in FLEET_MEETING.

    celery -A stand_in worker --queues secretflow_queue
"""

import os
import signal
import time

from fleet import FOLDER, app, task_of_the_design  # noqa: F401 (the program of Celery looks for app)


class ClusterError(Exception):
    """What a worker of the design tries again."""


def step():
    path = os.path.join(FOLDER, "plan")
    lines = open(path).read().splitlines() if os.path.exists(path) else []
    with open(path, "w") as plan:
        plan.write("".join(f"{line}\n" for line in lines[1:]))
    return lines[0] if lines else ""


def meet(request):
    """Waits for the workers of the other parties. Returns the parties that this one plays."""
    cluster = request["sf_init_config"].get("cluster_config")
    if cluster is None:
        return request["sf_init_config"]["parties"]
    path = lambda party: os.path.join(os.environ["FLEET_MEETING"], f"{request['task_id']}-{request['subtask_id']}-{party}")
    open(path(cluster["self_party"]), "w").close()
    while not all(os.path.exists(path(party)) for party in cluster["parties"]):
        time.sleep(0.05)
    return [cluster["self_party"]]


def join(config, mine):
    tables = {}
    for party, path in config["input_paths"].items():
        with open(path) as file:
            tables[party] = file.read().splitlines()
    common = set.intersection(*(set(lines[1:]) for lines in tables.values()))
    for party, lines in tables.items():
        if party not in mine:
            continue
        if party != config["receiver"] and not config["broadcast_result"]:
            continue
        with open(config["output_paths"][party], "w") as file:
            file.write("".join(f'"{line}"\n' for line in [lines[0], *sorted(common)]))


@task_of_the_design
def execute_task(task, call):
    doing, _, value = step().partition(" ")
    call.tell("RUNNING", "task_started", 0)
    call.tell("RUNNING", "cluster_init", 0.1)
    if doing == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if doing == "retry":
        # As the design's workers: a failure is told, and then the task is tried again.
        call.tell("FAILURE", "task_failed")
        raise task.retry(exc=ClusterError("no cluster"), countdown=float(value))
    call.tell("RUNNING", "task_execution", 0.5)
    if doing == "sleep":
        time.sleep(float(value))
    if doing == "fail":
        call.tell("FAILURE", "task_failed")
        task.update_state(state="FAILURE", meta={"error": "row 7 of alice: secret", "error_type": "RuntimeError"})
        raise RuntimeError("row 7 of alice: secret")
    if doing == "forge":
        for party, path in call.request["task_config"]["output_paths"].items():
            with open(path, "w") as file:
                file.write("key\nkAAAAAAAAAAAAAAAAAAAAAA\n")
    elif doing == "link":
        for path in call.request["task_config"]["output_paths"].values():
            os.symlink("/etc/passwd", path)
    else:
        join(call.request["task_config"], meet(call.request))
    task.update_state(state="SUCCESS", meta={"result": {"status": "success", "result": None}})
