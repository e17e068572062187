"""ss_lr of one party on SPU: party.py starts it.

Reads what libs/compute/src/secretflow/spu-lr-party.ts left in the party's folder: training.json, and numbers of 8 bytes in train.bin, label.bin
and predict.bin, which it takes out of the folder. Leaves figures.json, this party's share of the weights in model.bin and, at the receiver, predictions.bin.

Opened are: whether the weights left their range, after each epoch; the losses as places in a list; the rounded predictions, to their receiver.
Shares of the weights are kept and never sent.
"""

import json
import math
import os
import time

import jax.numpy as jnp
import numpy as np
import spu
import spu.libspu as lib
import spu.utils.frontend as frontend

# Fraction bits of the weights in a party's file, and of its elements.
STATE_BITS = 48
RING_BITS = 128
# Beyond it the sigmoid is 0 or 1: its last knot is nearer.
FAR = 8.0
TELL_SECONDS = 0.3
SECRET = lib.Visibility.VIS_SECRET
# Numbers of the party, in clear.
TABLES = ("train.bin", "label.bin", "predict.bin")


def pack(share):
    """A share as bytes: each of its parts behind its length."""
    return b"".join(len(part).to_bytes(8, "little") + part for part in (share.meta, *share.share_chunks))


def unpack(data):
    parts = []
    while data:
        end = 8 + int.from_bytes(data[:8], "little")
        parts.append(data[8:end])
        data = data[end:]
    share = lib.Share()
    share.meta, share.share_chunks = parts[0], parts[1:]
    return share


def content_of(share):
    """Bytes of an arithmetic share. Its type names the protocol."""
    meta = lib.ValueMeta()
    meta.ParseFromString(share.meta)
    if ".AShr<" not in meta.storage_type:
        raise ValueError("weights that are no arithmetic share")
    content = b""
    for raw in share.share_chunks:
        chunk = lib.ValueChunk()
        chunk.ParseFromString(raw)
        content += chunk.content
    return content


class Training:
    def __init__(self, job, lctx, tell):
        self.home = job["home"]
        with open(self.path("training.json"), encoding="utf8") as file:
            self.plan = json.load(file)
        self.lctx, self.tell, self.rank = lctx, tell, job["rank"]
        self.count = len(job["parties"])
        config = lib.RuntimeConfig()
        # Ferret, its default, takes twice the CPU and 700 MiB more. Nothing else of Python reaches this setting.
        if not config.ParseFromJsonString('{"cheetah_2pc_config": {"ot_kind": "YACL_Softspoken"}}'):
            raise ValueError("a configuration that SPU does not take")
        config.protocol = getattr(lib.ProtocolKind, self.plan["protocol"])
        config.field = getattr(lib.FieldType, f"FM{self.plan['ring_bits']}")
        config.fxp_fraction_bits = self.plan["fraction_bits"]
        config.max_concurrency = 1
        self.io = spu.Io(self.count, config)
        self.runtime = spu.Runtime(lctx, config)
        self.columns = self.plan["columns"]
        self.owners = [rank for rank, count in enumerate(self.columns) if count > 0]
        self.codes = {}
        self.told_at = 0.0
        self.tables = {name: self.taken(name) for name in TABLES if os.path.exists(self.path(name))}

    def path(self, name):
        return os.path.join(self.home, name)

    def taken(self, name):
        """Opens a file and removes its name: nothing of it is left, however this process and the worker end."""
        file = open(self.path(name), "rb", buffering=0)
        os.remove(self.path(name))
        return file

    def numbers(self, name, *shape):
        with self.tables.pop(name) as file:
            return np.fromfile(file, "<f8").reshape(shape)

    def progress(self, fraction):
        if time.monotonic() - self.told_at > TELL_SECONDS:
            self.told_at = time.monotonic()
            self.tell("progress", fraction=fraction)

    def share(self, name, owner, values):
        """Cuts the owner's numbers into shares, one for each party. The others have none of them."""
        if self.rank != owner:
            self.runtime.set_var(name, unpack(self.lctx.recv(owner)))
            return
        shares = self.io.make_shares(np.asarray(values, np.float32), SECRET)
        for rank, share in enumerate(shares):
            if rank == owner:
                self.runtime.set_var(name, share)
            else:
                self.lctx.send(rank, pack(share))

    def open(self, name, receivers):
        """The value, at the receivers; None at all others."""
        share = self.runtime.get_var(name)
        for rank in receivers:
            if rank != self.rank:
                self.lctx.send(rank, pack(share))
        if self.rank not in receivers:
            return None
        others = [share if rank == self.rank else unpack(self.lctx.recv(rank)) for rank in range(self.count)]
        return self.io.reconstruct(others)

    def open_to_all(self, name):
        return self.open(name, range(self.count))

    def run(self, function, inputs, outputs):
        """Runs a function of JAX on shares; `inputs` are shapes by name. A function is compiled once for its shapes."""
        key = (function.__name__, *inputs.values())
        if key not in self.codes:
            zeros = [np.zeros(shape, np.float32) for shape in inputs.values()]
            kinds = [SECRET] * len(zeros)
            compiled, _ = frontend.compile(
                frontend.Kind.JAX, function, zeros, {}, list(inputs), kinds, lambda _: list(outputs)
            )
            self.codes[key] = compiled.code
        self.runtime.run(lib.Executable(function.__name__, list(inputs), list(outputs), self.codes[key]))

    def features(self, name, rows):
        return {f"{name}{owner}": (rows, self.columns[owner]) for owner in self.owners}

    def share_features(self, name, table, at, rows):
        for owner in self.owners:
            own = table[at : at + rows, : self.columns[owner]] if self.rank == owner else None
            self.share(f"{name}{owner}", owner, own)

    def forget(self, inputs):
        for name in inputs:
            self.runtime.del_var(name)

    # ---------------------------------------------------------------------------------------- what runs on shares

    def residuals(self, weights, label, *features):
        rows = jnp.concatenate([*features, jnp.ones((label.shape[0], 1), jnp.float32)], 1)
        scores = rows @ weights
        line = 0.5 + scores / 8 if self.plan["kind"] == "logistic" else scores
        return rows, line - label

    def sums_of(self, weights, label, *features):
        """The gradient of a batch, as a sum over its rows, and the sum of the squares."""
        rows, errors = self.residuals(weights, label, *features)
        sums = rows.T @ errors
        if self.plan["l2"] > 0:
            sums = sums + weights * (self.kept(weights) * np.float32(self.plan["l2"]))
        return sums, jnp.sum(errors * errors)

    def sums(self, weights, label, *features):
        return self.sums_of(weights, label, *features)[0]

    def sums_with_loss(self, weights, squares, label, *features):
        sums, more = self.sums_of(weights, label, *features)
        return sums, squares + more

    # A public factor is rounded as all numbers are: rate / rows would be two or three units of the last place. So a step is its mantissa first, then a power of
    # two, which is exact, and is summed up with finer bits than the weights have: what is too small for these stays in `rest`. Each in a function of its own: JAX
    # and SPU would make one factor of two that follow one another.

    def by_mantissa(self, rows):
        mantissa = np.float32(math.frexp(self.plan["rate"] / rows)[0])

        def scaled(sums):
            return sums * mantissa

        scaled.__name__ = f"scaled_{rows}"
        return scaled

    def move(self, rows):
        plan, finer = self.plan, self.plan["finer_bits"]
        power = np.float32(2.0 ** (math.frexp(plan["rate"] / rows)[1] + finer))
        least = np.float32(2.0**-finer)
        limit = np.float32(2.0 ** plan["weight_bits"])

        def moved(weights, rest, bad, sums):
            fine = rest - sums * power
            if plan["l1"] > 0:
                most = self.kept(weights) * np.float32(plan["rate"] / rows * plan["l1"] * 2**finer)
                fine = fine - jnp.clip(weights * np.float32(2.0**finer) + fine, -most, most)
            change = fine * least
            after = weights + change
            beyond = jnp.sum((jnp.abs(after) > limit).astype(jnp.float32))
            return after, fine, change, bad + beyond

        moved.__name__ = f"moved_{rows}"
        return moved

    def rest_of(self, fine, change):
        return fine - change * np.float32(2.0 ** self.plan["finer_bits"])

    def kept(self, weights):
        """What a penalty acts on: not the intercept."""
        kept = np.ones(weights.shape[0], np.float32)
        kept[-1] = 0
        return kept

    def add_squares(self, weights, squares, label, *features):
        _, errors = self.residuals(weights, label, *features)
        return squares + jnp.sum(errors * errors)

    def is_bad(self, bad):
        return bad > 0.5

    def is_wrong(self, squares, most):
        return squares > most

    def place_of_loss(self, squares):
        """How many of the losses that can be told apart it reaches."""
        return jnp.sum((squares >= np.asarray(self.plan["losses"], np.float32)).astype(jnp.int32))

    def predictions(self, weights, *features):
        """Whole numbers: steps of a prediction."""
        plan = self.plan
        rows = jnp.concatenate([*features, jnp.ones((features[0].shape[0], 1), jnp.float32)], 1)
        scores = rows @ weights
        if plan["kind"] == "logistic":
            knots = np.asarray([knot for knot, _ in plan["sigmoid"]], np.float32)
            slopes = np.asarray([slope for _, slope in plan["sigmoid"]], np.float32)
            near = jnp.clip(scores, -FAR, FAR)
            values = jnp.maximum(near[:, None] - knots[None, :], 0) @ slopes
        else:
            values = scores
        steps = jnp.floor(values * np.float32(plan["steps"]) + 0.5)
        return jnp.clip(steps, plan["least"], plan["most"])

    # ------------------------------------------------------------------------------------------------- the course

    def train(self):
        plan, weights = self.plan, sum(self.columns) + 1
        label_rank, batch = plan["label_rank"], plan["batch"]
        table = self.numbers("train.bin", -1, self.columns[self.rank]) if self.rank in self.owners else None
        label = self.numbers("label.bin", -1) if self.rank == label_rank else None
        starts = range(0, plan["rows"], batch)
        batches = []
        for at in starts:
            rows = min(batch, plan["rows"] - at)
            name = f"b{at}_"
            self.share_features(name, table, at, rows)
            self.share(f"{name}y", label_rank, None if label is None else label[at : at + rows])
            batches.append({f"{name}y": (rows,), **self.features(name, rows)})
            self.progress(0.1 * (at + rows) / plan["rows"])
        # The label's owner knows what a model without features comes to.
        self.share("most", label_rank, None if label is None else label[plan["rows"]])
        self.share("w", label_rank, np.zeros(weights))
        self.share("rest", label_rank, np.zeros(weights))
        self.share("bad", label_rank, np.zeros(()))

        steps_in_all = len(batches) * (plan["epochs"] + 1)
        done = 0
        losses = []
        for epoch in range(plan["epochs"]):
            is_shown = epoch in plan["with_loss"]
            if is_shown:
                self.share("squares", label_rank, np.zeros(()))
            for each in batches:
                self.step(weights, each, is_shown)
                done += 1
                self.progress(0.1 + 0.75 * done / steps_in_all)
            self.run(self.is_bad, {"bad": ()}, ["is_bad"])
            if bool(self.open_to_all("is_bad")):
                return {"ran_away": True}
            losses.append(self.loss() if is_shown else None)

        self.share("squares", label_rank, np.zeros(()))
        for each in batches:
            self.run(self.add_squares, {"w": (weights,), "squares": (), **each}, ["squares"])
            done += 1
            self.progress(0.1 + 0.75 * done / steps_in_all)
        self.run(self.is_wrong, {"squares": (), "most": ()}, ["is_wrong"])
        if bool(self.open_to_all("is_wrong")):
            return {"ran_away": True}
        final = self.loss() if plan["shows_final"] else None
        for each in batches:
            self.forget(each)
        return {"ran_away": False, "losses": losses, "final": final}

    def step(self, weights, batch, is_shown):
        wide = (weights,)
        (rows,) = next(iter(batch.values()))
        if is_shown:
            self.run(self.sums_with_loss, {"w": wide, "squares": (), **batch}, ["sums", "squares"])
        else:
            self.run(self.sums, {"w": wide, **batch}, ["sums"])
        self.run(self.by_mantissa(rows), {"sums": wide}, ["sums"])
        inputs = {"w": wide, "rest": wide, "bad": (), "sums": wide}
        self.run(self.move(rows), inputs, ["w", "fine", "change", "bad"])
        self.run(self.rest_of, {"fine": wide, "change": wide}, ["rest"])

    def loss(self):
        self.run(self.place_of_loss, {"squares": ()}, ["place"])
        return int(self.open_to_all("place"))

    def keep_model(self):
        """This party's share of the weights, as elements of the ring of native: all of them together are the weights there, too."""
        bits, content = self.plan["ring_bits"], content_of(self.runtime.get_var("w"))
        size = bits // 8
        elements = [content[at : at + size] for at in range(0, len(content), size)]
        # ABY3: each party has two of three shares, the first of which is no other's first.
        own = elements[::2] if self.plan["protocol"] == "ABY3" else elements
        # From 64 bits: the shares of a small number add up to it plus 2^64, but for one weight in 2^30 at most.
        carry = 2**64 if bits == 64 and self.rank == 1 else 0
        shift = STATE_BITS - self.plan["fraction_bits"]
        with open(self.path("model.bin"), "wb") as file:
            for element in own:
                value = (int.from_bytes(element, "little") - carry) << shift
                file.write((value % 2**RING_BITS).to_bytes(RING_BITS // 8, "little"))

    def predict(self):
        plan, weights = self.plan, sum(self.columns) + 1
        rows, receiver = plan["predict"], plan["receiver_rank"]
        if rows == 0:
            return
        table = self.numbers("predict.bin", rows, -1) if self.rank in self.owners else None
        opened = []
        for at in range(0, rows, plan["predict_at_once"]):
            count = min(plan["predict_at_once"], rows - at)
            self.share_features("p_", table, at, count)
            inputs = {"w": (weights,), **self.features("p_", count)}
            self.run(self.predictions, inputs, ["predicted"])
            opened.append(self.open("predicted", [receiver]))
            self.progress(0.85 + 0.15 * (at + count) / rows)
        if self.rank == receiver:
            np.rint(np.concatenate(opened)).astype("<f8").tofile(self.path("predictions.bin"))


def run(job, lctx, tell):
    training = Training(job, lctx, tell)
    figures = training.train()
    if not figures["ran_away"]:
        training.keep_model()
        training.predict()
    with open(training.path("figures.json"), "w", encoding="utf8") as file:
        json.dump(figures, file)
