"""One party of one task on SPU: a process of its own, started by libs/compute/src/secretflow/spu-process.ts.

Reads its job, a line of JSON, from descriptor 3, and writes what becomes of it there, an event a line:
{"ev": "ready" | "linked"}, {"ev": "progress", "fraction": 0..1}, {"ev": "done"} or {"ev": "failed", "code": ...}.
The words of a library's errors may quote data, so only codes leave this process.
"""

import ctypes
import errno
import json
import os
import re
import signal

LINE = 3
PR_SET_PDEATHSIG = 1
# The other party starts as well: its Python may load for a while on a busy machine.
CONNECT_TRIES = 600
CONNECT_EVERY_MS = 200
# A peer that says nothing for so long is lost. Its own end ends this process much sooner.
SILENT_MS = 10 * 60 * 1000
# Bytes of a message on the link.
PAYLOAD = 8 * 1024 * 1024


def tell(event, **more):
    os.write(LINE, (json.dumps({"ev": event, **more}) + "\n").encode())


def read_job():
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(LINE, 65536)
        if not part:
            os._exit(1)
        line += part
    return json.loads(line)


def end_with(parent):
    """Ends this process, and all that it starts, when the one that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    if os.fork() == 0:
        # The kernel ends the process above, not what that has started: SPU sorts by another program. This one waits for the line to close.
        try:
            while os.read(LINE, 1):
                pass
        finally:
            os.killpg(0, signal.SIGKILL)


def to_file(name):
    """Lets libraries write to a file of this folder, which nobody reads but `remove_traces`: their words may quote data."""
    log = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    return log


def remove_traces(log):
    """Removes what SPU leaves in /tmp, wherever TMPDIR leads: the names and times of its steps. Its log tells the file."""
    os.lseek(log, 0, os.SEEK_SET)
    text = b"".join(iter(lambda: os.read(log, 1 << 20), b"")).decode(errors="replace")
    for path in re.findall(r"Trace has been written to (/tmp/psi_[\w-]+\.trace)", text):
        try:
            os.remove(path)
        except OSError:
            pass


def linked(job):
    import spu.libspu.link as link

    desc = link.Desc()
    # Names the messages: none of another run is taken for one of this.
    desc.id = job["run"]
    for party, address in zip(job["parties"], job["addresses"]):
        desc.add_party(party, address)
    desc.connect_retry_times = CONNECT_TRIES
    desc.connect_retry_interval_ms = CONNECT_EVERY_MS
    desc.recv_timeout_ms = SILENT_MS
    desc.http_max_payload_size = PAYLOAD
    desc.brpc_channel_protocol = "http"
    desc.brpc_channel_connection_type = "pooled"
    lctx = link.create_brpc(desc, job["rank"])
    # psi_execute connects once more, with messages of the same names. One that comes before the peer has read the first is dropped, and
    # both would wait for it (Channel::OnNormalMessage of yacl): nobody goes on before both have connected.
    lctx.barrier()
    return lctx


def psi(job, lctx):
    import spu.psi as psi

    task = job["psi"]
    config = psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=psi.parse_protocol(task["protocol"]),
            receiver_rank=task["receiver_rank"],
            broadcast_result=task["broadcast"],
            bucket_size=1 << 20,
            # Of SPU's Curve25519, with Elligator 2 as well, half of the keys come to lie on the twist, which shows through any mask.
            ecdh_params=psi.EcdhParams(curve=psi.parse_curve_type("CURVE_FOURQ"), batch_size=4096),
            rr22_params=psi.Rr22Rarams(low_comm_mode=False),
        ),
        input_params=psi.InputParams(path=task["input"], selected_keys=["key"], keys_unique=True),
        output_params=psi.OutputParams(path=task["output"], disable_alignment=True),
        join_conf=psi.ResultJoinConfig(type=psi.parse_join_type("JOIN_TYPE_INNER_JOIN"), left_side_rank=0),
        checkpoint_conf=psi.CheckpointConfig(enable=False, path=""),
    )
    progress = psi.ProgressParams(lambda data: tell("progress", fraction=data.percentage / 100), 500)
    report = psi.psi_execute(config, lctx, progress)
    # SPU does not say so when it can't write. It counts -1 where this party learns nothing.
    if report.intersection_count > rows_in(task["output"]):
        raise OSError(errno.ENOSPC, "")


def rows_in(path):
    """Rows of a table of SPU's, below its header. There is no file where SPU finds nothing."""
    try:
        with open(path, "rb") as table:
            # A line that was cut is none.
            return max(0, sum(line.endswith(b"\n") for line in table) - 1)
    except FileNotFoundError:
        return 0


def code_of(error):
    words = str(error).lower()
    if isinstance(error, MemoryError) or "bad_alloc" in words:
        return "OUT_OF_MEMORY"
    if "no space left" in words or getattr(error, "errno", None) == errno.ENOSPC:
        return "DISK_FULL"
    if "server failed start" in words or "address already in use" in words:
        return "PORT_TAKEN"
    return "PARTY_LOST"


def main():
    job = read_job()
    end_with(job["parent"])
    try:
        import spu
    except Exception:
        tell("failed", code="ENGINE_NOT_READY")
        os._exit(1)
    if spu.__version__ != job["spu"]:
        tell("failed", code="ENGINE_NOT_READY")
        os._exit(1)
    tell("ready")
    log = to_file("log")
    try:
        lctx = linked(job)
        tell("linked")
        psi(job, lctx)
    except BaseException as error:
        remove_traces(log)
        tell("failed", code=code_of(error))
        os._exit(1)
    remove_traces(log)
    tell("done")
    # The peer may still wait for what this one has sent: whoever started both ends both.
    while True:
        signal.pause()


main()
