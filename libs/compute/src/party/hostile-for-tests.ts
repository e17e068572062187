import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TaskFailure, type Json, type JsonObject } from '../contract/task-type.js';
import { COORDINATOR_LINE, FIRST_LINE } from './party-link.js';
import type { PartyContext, PartyProgram } from './party-program.js';

/** What a party's program could try that a package slipped into it. Each act returns what it got hold of. */
const acts: Record<string, (context: PartyContext, args: JsonObject) => Promise<Json>> = {
  /** Reads files by whatever path it is given. */
  async read(_context, { paths }) {
    return gathered(paths as string[]);
  },
  /** Makes links to files, beside its own, and reads them. */
  async link(_context, { paths, folders }) {
    const links = (folders as string[]).flatMap((folder) =>
      (paths as string[]).map((path, at) => {
        const link = join(folder, `link-${at}`);
        attempt(() => symlinkSync(path, link));
        return link;
      }),
    );
    return gathered(links);
  },
  /** Goes by /proc: the coordinator's environment, and the peer's root folder and open files. */
  async proc(context, { path }) {
    const input = await context.openInput('own.txt');
    await context.send(context.peers[0]!, { pid: process.pid });
    const { pid } = await context.receiveJson<{ pid: number }>(context.peers[0]!);
    const descriptors = Array.from({ length: 60 }, (_, fd) => `/proc/${pid}/fd/${fd + 3}`);
    const found = await gathered([
      `/proc/${process.ppid}/environ`,
      `/proc/${process.ppid}/cwd/package.json`,
      `/proc/${pid}/root${String(path)}`,
      ...descriptors,
    ]);
    const listed = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    // Until both are through, since the files of one that has ended are gone.
    await context.send(context.peers[0]!, null);
    await context.receiveJson(context.peers[0]!);
    await input.close();
    return [...found, ...listed];
  },
  /** Takes memory that V8's heap limit does not count. */
  async memory(context, { mebibytes }) {
    const held: Uint8Array[] = [];
    for (let at = 0; at < Number(mebibytes); at += 64) {
      held.push(new Uint8Array(64 * 1024 * 1024).fill(1));
      context.progress(at / Number(mebibytes), 'taking memory');
      await new Promise((resolve) => setImmediate(resolve));
    }
    return held.length;
  },
  async fork(_context, { count }) {
    let started = 0;
    for (let at = 0; at < Number(count); at += 1) {
      if (attempt(() => spawnSync('/bin/true', { stdio: 'ignore' }).status) === 0) started += 1;
      if (at < 3 && attempt(() => new Worker('', { eval: true }))) started += 1;
    }
    return started;
  },
  /** Speaks past its context, to its coordinator itself or over the line to its peer. */
  async say(_context, { heads, bytes, toPeer }) {
    const line = toPeer === true ? FIRST_LINE : COORDINATOR_LINE;
    for (const head of (heads ?? []) as JsonObject[]) write(head, line);
    if (typeof bytes === 'string') writeSync(line, bytes);
    return stay();
  },
  /** Sends without end, until its peer has read nothing for a while, and says how much that was. */
  async flood() {
    const frame = frameOf({ body: 'bytes' }, Buffer.alloc(64 * 1024));
    let bytes = 0;
    for (let last = performance.now(); performance.now() - last < 500;) {
      const written = attempt(() => writeSync(FIRST_LINE, frame, bytes % frame.byteLength)) ?? 0;
      bytes += written;
      if (written > 0) last = performance.now();
    }
    throw new TaskFailure('FLOODED', 'sent until it was held back', false, { bytes });
  },
  /** Names files to its coordinator and says that it is done. */
  async name(context, { heads }) {
    const output = await context.createOutput({ name: 'own.txt', mediaType: 'text/plain' });
    await output.write('own');
    for (const head of heads as JsonObject[]) write(head, COORDINATOR_LINE);
    return null;
  },
  async hear(context) {
    return context.receiveJson(context.peers[0]!);
  },
  async spin(context) {
    context.progress(0.5, 'spinning');
    for (;;);
  },
  stay,
};

function stay(): Promise<null> {
  return new Promise(() => undefined);
}

/** Writes a frame. The descriptor does not block: it is tried until there is room. */
function write(head: JsonObject, line: number): void {
  let rest = frameOf(head);
  while (rest.byteLength > 0) rest = rest.subarray(attempt(() => writeSync(line, rest)) ?? 0);
}

/** A frame as the transport writes it. */
function frameOf(head: JsonObject, body: Buffer = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32BE(4 + json.byteLength + body.byteLength);
  prefix.writeUInt32BE(json.byteLength, 4);
  return Buffer.concat([prefix, json, body]);
}

async function gathered(paths: readonly string[]): Promise<string[]> {
  const found = [];
  for (const path of paths) {
    found.push(attempt(() => readFileSync(path, 'utf8')));
    found.push(await readFile(path, 'utf8').catch(() => undefined));
  }
  return found.filter((text) => text !== undefined);
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

export const run: PartyProgram = (context, args) => {
  const call = args as JsonObject;
  return acts[String(call.act)]!(context, call);
};
