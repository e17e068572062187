"""One party of one SecretFlow component, within party.py: no Ray, links on loopback alone.

Reads `<home>/component.json` and the files beside it that libs/compute/src/secretflow/component-files.ts has written, and leaves there what the
component came to: tables as CSV, all else as JSON. What a component writes to a log is thrown away: it quotes parameters and reports.
"""

import base64
import json
import math
import os

FORMATS = {"str": "string", "int": "int64", "float": "float64"}
# Fixed point on SPU: as wide as the ring lets it be. CHEETAH has a ring of 64 bits alone.
RUNTIMES = {
    "SEMI2K": {"protocol": "SEMI2K", "field": "FM128"},
    "CHEETAH": {"protocol": "CHEETAH", "field": "FM64"},
}
SILENT_MS = 10 * 60 * 1000
CONNECT_TRIES = 600
CONNECT_EVERY_MS = 200


def listen_on_loopback(addresses):
    """SecretFlow would listen on every address of the machine, wait a week for a peer, and take all cores."""
    import multiprocessing

    from secretflow.component.core import entry

    multiprocessing.cpu_count = lambda: 1
    init = entry.init

    def start(**options):
        for party, one in options["cluster_config"]["parties"].items():
            one["listen_addr"] = addresses[party]
        silent = {"recv_timeout_ms": SILENT_MS, "connect_retry_times": CONNECT_TRIES, "connect_retry_interval_ms": CONNECT_EVERY_MS}
        options["cross_silo_comm_options"].update(silent)
        return init(**options)

    # After an error it would end this process before it has said so.
    shutdown = entry.shutdown
    entry.init = start
    entry.shutdown = lambda on_error=None, **options: None if on_error else shutdown(on_error=on_error, **options)


def refuse_small_bins(least, refuse):
    """Ends the party before others see bins of few rows, or of few rows of a class: SecretFlow has no floor."""
    from secretflow.preprocessing.binning.vert_woe_binning_pyu import VertWoeBinningPyuWorker as Proxy

    worker = next(
        each.cell_contents
        for each in Proxy.__init__.__closure__
        if isinstance(each.cell_contents, type) and each.cell_contents.__name__ == "ActorVertWoeBinningPyuWorker"
    )
    build, sums = worker.participant_build_sum_select, worker.label_holder_sum_bin

    def build_of_enough(self, data):
        # By the party's own rows alone, before any share of them goes out.
        select = build(self, data)
        if any(0 < rows < least["rows"] for rows in [*self.total_counts, *self.else_counts]):
            refuse("GROUP_TOO_SMALL")
        return select

    def sums_of_enough(self, bins_positive, bin_sum_info):
        # By the party of the label, before the other one gets the weights of its bins.
        found = sums(self, bins_positive, bin_sum_info)
        if any(rows > 0 and min(positive, rows - positive) < least["of_class"] for rows, positive in found[0]):
            refuse("GROUP_TOO_SMALL")
        return found

    worker.participant_build_sum_select = build_of_enough
    worker.label_holder_sum_bin = sums_of_enough


def hide_gains():
    """SecretFlow opens the gain of each split to both parties, for a report that we refuse: figures about the label that nobody needs."""
    from secretflow.ml.boost.sgb_v.factory.components.split_finder.split_finder import SplitFinder

    find = SplitFinder.find_best_splits_level_wise

    def without_gains(self, *args):
        buckets, is_split, gains = find(self, *args)
        return buckets, is_split, self.label_holder(lambda each: [0.0] * len(each))(gains)

    SplitFinder.find_best_splits_level_wise = without_gains


def cluster(job, task):
    from google.protobuf import json_format
    from secretflow.spec.extend.cluster_pb2 import SFClusterConfig

    parties, half = job["parties"], len(job["parties"])
    fed, spu = job["addresses"][:half], job["addresses"][half:]
    listen_on_loopback(dict(zip(parties, fed)))
    link = {
        "connect_retry_times": CONNECT_TRIES,
        "connect_retry_interval_ms": CONNECT_EVERY_MS,
        "recv_timeout_ms": SILENT_MS,
        "http_timeout_ms": SILENT_MS,
        "brpc_channel_protocol": "http",
        "brpc_channel_connection_type": "pooled",
    }
    on_spu = {"runtime_config": RUNTIMES[task["protocol"]], "link_desc": link}
    on_heu = {"mode": "PHEU", "schema": "paillier", "key_size": 2048}
    devices = [
        {"name": "spu", "type": "spu", "parties": parties, "config": json.dumps(on_spu)},
        {"name": "heu", "type": "heu", "parties": [], "config": json.dumps(on_heu)},
    ]
    at = {"name": "spu", "parties": parties, "addresses": [f"http://{each}" for each in spu], "listen_addresses": spu}
    return json_format.ParseDict(
        {
            "desc": {"parties": parties, "devices": devices, "ray_fed_config": {"cross_silo_comm_backend": "brpc_link"}},
            # A party that ends first would be missed by one that still waits for a message.
            "public_config": {"ray_fed_config": {"parties": parties, "addresses": fed}, "spu_configs": [at], "barrier_on_shutdown": True},
            "private_config": {"self_party": parties[job["rank"]], "ray_head_addr": "local"},
        },
        SFClusterConfig(),
    )


def inside(home, path):
    """A place in the party's folder: names come from files that earlier tasks left."""
    whole = os.path.normpath(os.path.join(home, path))
    if not whole.startswith(home + os.sep):
        raise ValueError("outside")
    return whole


def table(home, own, port, parties):
    """The input of all its parties, of which this one has one part."""
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.orc as orc

    refs, schemas = [], []
    for party, columns in parties.items():
        refs.append({"uri": f"in/{port}.orc", "party": party, "format": "orc"})
        schema = {}
        for role in ("id", "feature", "label"):
            mine = [each for each in columns if each["role"] == role]
            schema[f"{role}s"] = [each["name"] for each in mine]
            schema[f"{role}_types"] = [each["kind"] for each in mine]
        schemas.append(schema)
        if party != own:
            continue
        types = {each["name"]: getattr(pa, FORMATS[each["kind"]])() for each in columns}
        rows = csv.read_csv(
            inside(home, f"in/{port}.csv"),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=[""], strings_can_be_null=True
            ),
        )
        orc.write_table(rows, inside(home, f"in/{port}.orc"))
    kind = "IndividualTable" if len(parties) == 1 else "VerticalTable"
    of = {"schema": schemas[0]} if len(parties) == 1 else {"schemas": schemas}
    meta = {"@type": f"type.googleapis.com/secretflow_spec.v1.{kind}", **of, "line_count": -1}
    name = "individual" if len(parties) == 1 else "vertical"
    return {"name": port, "type": f"sf.table.{name}", "data_refs": refs, "meta": meta}


def placed(home, port, kept):
    """An input that an earlier task left, in places of this run."""
    for path, content in kept["files"].items():
        whole = inside(home, f"in/{port}/{path}")
        os.makedirs(os.path.dirname(whole), mode=0o700, exist_ok=True)
        with open(whole, "wb") as file:
            file.write(base64.b64decode(content))
    data = kept["data"]
    for ref in data["data_refs"]:
        ref["uri"] = f"in/{port}/{ref['uri']}"
    return data


def as_float(value):
    return [float(each) for each in value] if isinstance(value, list) else float(value)


def text(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def keep_table(home, own, port, data):
    import csv

    import pyarrow.orc as orc

    ref = next((each for each in data.data_refs if each.party == own), None)
    if ref is None:
        return
    rows = orc.ORCFile(inside(home, ref.uri)).read()
    with open(inside(home, f"out/{port}.csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(rows.column_names)
        for batch in rows.to_batches():
            writer.writerows(zip(*([text(each) for each in column.to_pylist()] for column in batch.columns)))


def keep_report(home, port, data):
    from google.protobuf import json_format
    from secretflow_spec.v1.report_pb2 import Report

    report = Report()
    data.meta.Unpack(report)
    found = json_format.MessageToDict(report, preserving_proto_field_name=True)
    with open(inside(home, f"out/{port}.json"), "w") as file:
        json.dump(found.get("tabs", []), file)


def keep_object(home, own, port, data):
    from google.protobuf import json_format

    files = {}
    for ref in data.data_refs:
        if ref.party == own:
            with open(inside(home, ref.uri), "rb") as file:
                files[ref.uri] = base64.b64encode(file.read()).decode()
    found = json_format.MessageToDict(data, preserving_proto_field_name=True)
    with open(inside(home, f"out/{port}.json"), "w") as file:
        json.dump({"data": found, "files": files}, file)


def run(job, tell, refuse):
    home = os.path.realpath(job["home"])
    os.chdir(home)
    with open("component.json") as file:
        task = json.load(file)
    import secretflow_spec.v1.component_pb2  # noqa: F401
    import secretflow_spec.v1.report_pb2  # noqa: F401
    from google.protobuf import json_format
    from secretflow.component.core import build_node_eval_param, comp_eval
    from secretflow.component.core.context import Context
    from secretflow_spec.v1.data_pb2 import DistData, StorageConfig

    own = job["parties"][job["rank"]]
    if "bins" in task:
        refuse_small_bins(task["bins"], refuse)
    if "sgb_train" in task["component"]:
        hide_gains()
    config = cluster(job, task)
    Context.update_progress = lambda self, percent, infos=None: tell("progress", fraction=percent)
    inputs = []
    for port in task["inputs"]:
        if "parties" in port:
            data = table(home, own, port["port"], port["parties"])
        else:
            with open(inside(home, f"in/{port['port']}.json")) as file:
                data = placed(home, port["port"], json.load(file))
        inputs.append(json_format.ParseDict(data, DistData()))
    floats = set(task["floats"])
    domain, rest = task["component"].split("/")
    name, version = rest.split(":")
    os.makedirs("out", mode=0o700, exist_ok=True)
    param = build_node_eval_param(
        domain=domain,
        name=name,
        version=version,
        attrs={name: as_float(value) if name in floats else value for name, value in task["attrs"].items()},
        inputs=inputs,
        output_uris=[f"out/{port}" for port in task["outputs"]],
    )
    storage = json_format.ParseDict({"type": "local_fs", "local_fs": {"wd": home}}, StorageConfig())
    tell("linked")
    result = comp_eval(param, storage, config)
    for port, data in zip(task["outputs"], result.outputs):
        if data.type.startswith("sf.table."):
            keep_table(home, own, port, data)
        elif data.type == "sf.report":
            keep_report(home, port, data)
        elif data.type != "sf.null":
            keep_object(home, own, port, data)
