"""What the workers of this folder have in common with those of the design: the task's name and limits, the queue, and the events.

FLEET_BROKER is the Redis. FLEET_FOLDER gets "ready", and "starts", a line for each start of a task.
"""

import json
import os
from datetime import datetime

import redis
from celery import Celery
from celery.signals import worker_ready
from kombu import Exchange, Queue

URL = os.environ["FLEET_BROKER"]
FOLDER = os.environ["FLEET_FOLDER"]
TASK = "tasks.secretflow.execute_task"

app = Celery("fleet", broker=URL, backend=URL)
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
)


@worker_ready.connect
def ready(**_):
    open(os.path.join(FOLDER, "ready"), "w").close()


class Call:
    """A start of a task, and what it says of itself."""

    def __init__(self, task, request):
        self.request = request
        with open(os.path.join(FOLDER, "starts"), "a") as starts:
            starts.write(f"{request['execution_id']} {task.request.timelimit}\n")
        self.tell("RUNNING", "celery_task_started")

    def tell(self, status, stage, progress=None):
        event = {
            "execution_id": self.request["execution_id"],
            "task_id": self.request["task_id"],
            "subtask_id": self.request["subtask_id"],
            "status": status,
            "timestamp": datetime.now().isoformat(),
            "data": {"stage": stage} if progress is None else {"stage": stage, "progress": progress},
            "worker_container": "fleet",
            "task_name": TASK,
        }
        client = redis.Redis.from_url(URL)
        client.publish("task_status_events", json.dumps(event))
        client.lpush("task_status_queue", json.dumps(event))
        client.close()


def task_of_the_design(work):
    """Makes `work(task, call)` the task that a fleet takes."""

    @app.task(bind=True, name=TASK, queue="secretflow_queue", soft_time_limit=3600, time_limit=3900)
    def execute_task(self, request):
        call = Call(self, request)
        work(self, call)
        call.tell("SUCCESS", "task_completed", 1)
        return {"status": "success", "result": None}

    return execute_task
