"""A stand-in for a worker of the design's kind, for tests alone: it has the task, the queue and the events of one, and joins the
files in clear. It protects nothing. The folder STAND_IN holds "plan", a line for each start of a task (nothing: just run), and gets
"starts", a line for each, and "ready".

    celery -A stand_in worker --queues secretflow_queue
"""

import json
import os
import signal
import time
from datetime import datetime

import redis
from celery import Celery
from celery.signals import worker_ready
from kombu import Exchange, Queue

URL = os.environ["STAND_IN_BROKER"]
FOLDER = os.environ["STAND_IN"]

app = Celery("stand_in", broker=URL, backend=URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_track_started=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1,
    result_expires=86_400,
    broker_connection_retry_on_startup=True,
    # Bound as the design has it: by these names a worker puts a message back.
    task_queues=[Queue("secretflow_queue", Exchange("secretflow", type="direct"), routing_key="secretflow")],
    broker_transport_options=json.loads(os.environ.get("STAND_IN_TRANSPORT", "{}")),
)


class ClusterError(Exception):
    """What a worker of the design tries again."""


@worker_ready.connect
def ready(**_):
    open(os.path.join(FOLDER, "ready"), "w").close()


def tell(request, status, stage, progress=None):
    data = {"stage": stage}
    if progress is not None:
        data["progress"] = progress
    event = {
        "execution_id": request["execution_id"],
        "task_id": request["task_id"],
        "subtask_id": request["subtask_id"],
        "status": status,
        "timestamp": datetime.now().isoformat(),
        "data": data,
        "worker_container": "stand-in",
        "task_name": "tasks.secretflow.execute_task",
    }
    client = redis.Redis.from_url(URL)
    client.publish("task_status_events", json.dumps(event))
    client.lpush("task_status_queue", json.dumps(event))
    client.close()


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
    path = lambda party: os.path.join(os.environ["STAND_IN_MEETING"], f"{request['task_id']}-{request['subtask_id']}-{party}")
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


@app.task(bind=True, name="tasks.secretflow.execute_task", queue="secretflow_queue", soft_time_limit=3600, time_limit=3900)
def execute_task(self, request):
    with open(os.path.join(FOLDER, "starts"), "a") as starts:
        starts.write(f"{request['execution_id']} {self.request.timelimit}\n")
    tell(request, "RUNNING", "celery_task_started")
    doing, _, value = step().partition(" ")
    tell(request, "RUNNING", "task_started", 0)
    tell(request, "RUNNING", "cluster_init", 0.1)
    if doing == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if doing == "retry":
        # As the design's workers: a failure is told, and then the task is tried again.
        tell(request, "FAILURE", "task_failed")
        raise self.retry(exc=ClusterError("no cluster"), countdown=float(value))
    tell(request, "RUNNING", "task_execution", 0.5)
    if doing == "sleep":
        time.sleep(float(value))
    if doing == "fail":
        tell(request, "FAILURE", "task_failed")
        self.update_state(state="FAILURE", meta={"error": "row 7 of alice: secret", "error_type": "RuntimeError"})
        raise RuntimeError("row 7 of alice: secret")
    if doing == "forge":
        for party, path in request["task_config"]["output_paths"].items():
            with open(path, "w") as file:
                file.write("key\nkAAAAAAAAAAAAAAAAAAAAAA\n")
    elif doing == "link":
        for path in request["task_config"]["output_paths"].values():
            os.symlink("/etc/passwd", path)
    else:
        join(request["task_config"], meet(request))
    tell(request, "SUCCESS", "task_completed", 1)
    self.update_state(state="SUCCESS", meta={"result": {"status": "success", "result": None}})
    return {"status": "success", "result": None}
