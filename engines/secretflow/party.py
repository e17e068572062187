"""One party of one task on SPU: a process of its own, started by libs/compute/src/secretflow/spu-process.ts.

Reads its job, a line of JSON, from descriptor 3, and writes what becomes of it there, an event a line:
{"ev": "ready" | "linked"}, {"ev": "progress", "fraction": 0..1}, {"ev": "done"} or {"ev": "failed", "code": ...}.
The words of a library's errors may quote data, so only codes leave this process.
"""

import ctypes
import json
import os
import re
import select
import signal
import struct
import sys
import threading
import time

LINE = 3
PR_SET_PDEATHSIG = 1
# The other party starts as well: its Python may load for a while on a busy machine.
CONNECT_TRIES = 600
CONNECT_EVERY_MS = 200
# A peer that says nothing for so long is lost. Its own end ends this process much sooner.
SILENT_MS = 10 * 60 * 1000
# What the C library calls a full disk, in lower case.
NO_SPACE = "no space left"
# How often the time that this process has computed is told.
CPU_EVERY_S = 5
# Bytes of a message on the link.
PAYLOAD = 8 * 1024 * 1024
# Linux's Landlock: its system calls, and the bits of what changes files, by the version that knows them.
MAKE_RULES, ADD_RULE, RESTRICT = 444, 445, 446
WRITES = {1: 0x1FF2, 2: 0x2000, 3: 0x4000}
ON_A_FILE = 0x4002
PR_SET_NO_NEW_PRIVS = 38


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
        # The kernel ends the process above, not what that has started: SPU sorts by another program. This one waits for the line to close, and
        # tells how long the other has computed: that one may be stuck in a library.
        try:
            above = os.getppid()
            while not select.select([LINE], [], [], CPU_EVERY_S)[0] or os.read(LINE, 1):
                tell("cpu", seconds=cpu_of(above))
        finally:
            os.killpg(0, signal.SIGKILL)


def cpu_of(pid):
    """Seconds that a process, and what it has started and waited for, have computed."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def write_only_below(folders):
    """From here on the kernel lets this process, and all that it starts, change files below these folders alone: SPU makes files elsewhere as well, wherever
    TMPDIR leads. Where Linux has no Landlock (before 5.13, or switched off), nothing keeps it from that."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long

    def call(number, *args):
        found = libc.syscall(*(ctypes.c_long(each) if isinstance(each, int) else each for each in (number, *args)))
        if found < 0:
            raise OSError(ctypes.get_errno(), "Landlock")
        return found

    try:
        version = call(MAKE_RULES, None, 0, 1)
    except OSError:
        return
    writes = sum(bits for since, bits in WRITES.items() if version >= since)
    rules = call(MAKE_RULES, struct.pack("=Q", writes), 8, 0)
    for path in [*folders, os.devnull]:
        place = os.open(path, os.O_PATH)
        allowed = writes if os.path.isdir(path) else writes & ON_A_FILE
        call(ADD_RULE, rules, 1, struct.pack("=Qi", allowed, place), 0)
        os.close(place)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call(RESTRICT, rules, 0)
    os.close(rules)


def to_memory():
    """Lets libraries write to memory that nobody else reads: their words may quote data, and a full disk does not cut them."""
    log = os.memfd_create("log")
    os.dup2(log, 1)
    os.dup2(log, 2)
    return log


def text_of(log):
    return os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")


def watch_disk(log):
    """Ends the party where SPU could not write: a thread of SPU says so in the log, and the others wait for it."""
    while True:
        time.sleep(1)
        if NO_SPACE in text_of(log).lower():
            fail(log, "DISK_FULL")


def fail(log, code):
    remove_traces(log)
    tell("failed", code=code)
    os._exit(1)


def remove_traces(log):
    """Removes what SPU leaves in /tmp where nothing keeps it from that: the names and times of its steps. Its log names the file."""
    for path in re.findall(r"Trace has been written to (/tmp/psi_[\w-]+\.trace)", text_of(log)):
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
        raise OSError(NO_SPACE)


def ss_lr(job, lctx):
    # Beside this program, where nobody else writes: isolated, Python looks for nothing there by itself.
    sys.dont_write_bytecode = True
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    import ss_lr as program

    program.run(job, lctx, tell)


def component(job, tell, refuse):
    # As above. It makes its links itself.
    sys.dont_write_bytecode = True
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    import component as program

    program.run(job, tell, refuse)


TASKS = {"psi": psi, "ss_lr": ss_lr}


def rows_in(path):
    """Rows of a table of SPU's, below its header. There is no file where SPU finds nothing."""
    try:
        with open(path, "rb") as table:
            # A full disk may have cut the last line.
            return max(0, sum(line.endswith(b"\n") for line in table) - 1)
    except FileNotFoundError:
        return 0


def code_of(error, log, task):
    words = str(error).lower()
    if isinstance(error, MemoryError) or "bad_alloc" in words:
        return "OUT_OF_MEMORY"
    if NO_SPACE in words or NO_SPACE in text_of(log).lower():
        return "DISK_FULL"
    if "server failed start" in words or "address already in use" in words:
        return "PORT_TAKEN"
    # Of a component that is what it says of rows or parameters. A peer that is lost is seen before.
    return "COMPONENT_FAILED" if task == "component" else "PARTY_LOST"


def main():
    job = read_job()
    end_with(job["parent"])
    output = job.get("psi", {}).get("output")
    write_only_below([os.environ["HOME"], *([os.path.dirname(output)] if output else [])])
    try:
        import spu
    except Exception:
        tell("failed", code="ENGINE_NOT_READY")
        os._exit(1)
    if spu.__version__ != job["spu"]:
        tell("failed", code="ENGINE_NOT_READY")
        os._exit(1)
    tell("ready")
    log = to_memory()
    threading.Thread(target=watch_disk, args=(log,), daemon=True).start()
    try:
        if job["task"] == "component":
            component(job, tell, lambda code: fail(log, code))
        else:
            lctx = linked(job)
            tell("linked")
            TASKS[job["task"]](job, lctx)
    except BaseException as error:
        fail(log, code_of(error, log, job["task"]))
    remove_traces(log)
    tell("done")
    # The peer may still wait for what this one has sent: whoever started both ends both.
    while True:
        signal.pause()


main()
