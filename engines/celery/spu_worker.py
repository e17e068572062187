"""A worker of the design's kind that computes: it has the task, the queue and the events of one, and runs `psi` on SPU. `npm run engine:celery-fleet`
starts it, to try the engine `celery` against a fleet that protects something. It is no fleet for production: it knows `psi` of two parties alone.

SPU_PYTHON is the Python of an environment with SPU, SPU_VERSION its version, and SPU_PARTY the program of a party (engines/secretflow/party.py).

    celery -A spu_worker worker --queues secretflow_queue
"""

import json
import os
import select
import signal
import socket
import subprocess
import tempfile

from fleet import app, task_of_the_design  # noqa: F401 (the program of Celery looks for app)

PROTOCOLS = {"KKRT_PSI_2PC": "PROTOCOL_KKRT", "ECDH_PSI_2PC": "PROTOCOL_ECDH"}
LINE = 3


class TaskFailed(Exception):
    """Says a code alone."""


class Party:
    """A process of a party on SPU."""

    def __init__(self, job, scratch):
        ours, theirs = socket.socketpair()
        env = {"PATH": "/usr/bin:/bin", "HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
        self.name = job["parties"][job["rank"]]
        self.process = subprocess.Popen(
            [os.environ["SPU_PYTHON"], "-I", os.environ["SPU_PARTY"]],
            cwd=scratch,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: os.dup2(theirs.fileno(), LINE),
            pass_fds=(LINE,),
        )
        theirs.close()
        self.line = ours
        self.text = b""
        ours.sendall((json.dumps(job) + "\n").encode())

    def fileno(self):
        return self.line.fileno()

    def events(self):
        part = self.line.recv(65_536)
        if not part:
            raise TaskFailed("PARTY_LOST")
        *lines, self.text = (self.text + part).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.line.close()


def psi(request, done):
    task = request["task_config"]
    nodes = request["spu_config"]["cluster_def"]["nodes"]
    names = [node["party"] for node in nodes]
    cluster = request["sf_init_config"].get("cluster_config")
    mine = names if cluster is None else [cluster["self_party"]]
    protocol = PROTOCOLS.get(task.get("protocol", "KKRT_PSI_2PC"))
    if protocol is None or len(names) != 2 or any(task["keys"][name] != ["key"] for name in names):
        raise TaskFailed("UNSUPPORTED")
    parties = []
    with tempfile.TemporaryDirectory(prefix="spu-") as scratch:
        try:
            for name in mine:
                folder = os.path.join(scratch, name)
                os.mkdir(folder, 0o700)
                # SPU leaves a file beside what it reads.
                os.symlink(task["input_paths"][name], os.path.join(folder, "keys.csv"))
                job = {
                    "parent": os.getpid(),
                    "spu": os.environ["SPU_VERSION"],
                    "task": "psi",
                    "run": request["execution_id"] if cluster is None else f"{request['task_id']}-{request['subtask_id']}",
                    "parties": names,
                    "addresses": [node["address"] for node in nodes],
                    "rank": names.index(name),
                    "psi": {
                        "protocol": protocol,
                        "receiver_rank": names.index(task["receiver"]),
                        "broadcast": task["broadcast_result"],
                        "input": os.path.join(folder, "keys.csv"),
                        "output": task["output_paths"][name],
                    },
                }
                parties.append(Party(job, folder))
            waiting = set(parties)
            while waiting:
                for party in select.select(list(waiting), [], [])[0]:
                    for event in party.events():
                        if event["ev"] == "failed":
                            raise TaskFailed(event["code"])
                        if event["ev"] == "progress":
                            done(event["fraction"])
                        if event["ev"] == "done":
                            waiting.discard(party)
        finally:
            for party in parties:
                party.end()


@task_of_the_design
def execute_task(_, call):
    call.tell("RUNNING", "cluster_init", 0.1)
    try:
        if call.request["task_config"]["task_type"] != "psi":
            raise TaskFailed("UNSUPPORTED")
        psi(call.request, lambda fraction: call.tell("RUNNING", "task_execution", 0.5 + fraction / 2))
    except TaskFailed:
        call.tell("FAILURE", "task_failed")
        raise
