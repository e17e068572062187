/**
 * Native engine, local mode: each party of a task runs in a worker thread of its own, and this coordinator relays
 * what they say to each other. It never looks into a message.
 *
 * Threads are started per run and not taken from a pool: parties wait for each other, so a pool with fewer free
 * threads than parties would start some and wait for ever for the rest.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TaskFailure, type Artifact, type Json, type TaskRun } from '../contract/task-type.js';
import { SAFE_PART } from './input-files.js';
import { publish } from './output-files.js';
import {
  bodyBytes,
  type Body,
  type FromParty,
  type PartyThreadData,
  type ToParty,
  type WrittenFile,
} from './party-link.js';
import { NEUTRAL } from './party-program.js';
import type { PartyProgramName } from './party-programs.js';

/** A message that crossed from one thread to another, as a recorder sees it. */
export interface CrossedMessage {
  readonly from: string;
  readonly to: string;
  /** JSON text, or a copy of the bytes. */
  readonly body: Body;
  readonly bytes: number;
}

/** A name of `partyPrograms`, or the URL of a module that exports `run`. */
type Program = PartyProgramName | URL;

export interface PartyRun {
  readonly program: Program;
  /** Arguments of each party: a party sees its own alone. */
  readonly parties: Readonly<Record<string, Json>>;
  /** A thread of no party (`NEUTRAL`), e.g. the dealer of an MPC protocol. It has no tables. */
  readonly neutral?: { readonly program: Program; readonly args: Json };
  readonly run: TaskRun;
  /**
   * Goes on without a party whose thread dies or stops on an unforeseen error: its peers' receives throw PARTY_LOST, and it
   * has no outcome and no files. Otherwise the loss of a party ends the run.
   */
  readonly toleratesLoss?: boolean;
  /** For tests: is given every message that crosses. */
  readonly recorder?: (message: CrossedMessage) => void;
}

export interface PartyOutcome {
  readonly value: Json;
  readonly artifacts: readonly Artifact[];
  /** Bytes that this thread sent to the others. */
  readonly sentBytes: number;
}

const PARTY = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** A thread in a CPU loop cannot speak, so the last progress is said again for it. */
const PROGRESS_EVERY_MS = 600;
/** JavaScript heap of one party. Tables stream, so only keys and models are held. */
const HEAP_MB = 1024;

interface Member {
  readonly name: string;
  readonly worker: Worker;
  done: boolean;
  lost: boolean;
  value: Json;
  fraction: number;
  sentBytes: number;
  readonly written: WrittenFile[];
}

/**
 * Runs one program per party to its end, and gives each party's value and artifacts. All output files appear together,
 * after the last party has succeeded. The first failure ends every thread: a TaskFailure comes through as it is, a
 * thread that dies gives PARTY_LOST (retryable). When `run.signal` aborts, threads and temporary files are gone before
 * the promise rejects with the signal's reason. Log lines tell of the start and of each party's end in counts.
 */
export async function runParties(call: PartyRun): Promise<Record<string, PartyOutcome>> {
  const { run } = call;
  run.signal.throwIfAborted();
  const parties = Object.keys(call.parties).sort();
  for (const party of parties) {
    if (!PARTY.test(party)) throw new TaskFailure('INVALID_PARAMS', `${JSON.stringify(party)} is no name for a party.`);
  }
  for (const id of [run.chainId, run.taskId]) {
    if (!SAFE_PART.test(id)) throw new TaskFailure('INVALID_PARAMS', `${JSON.stringify(id)} cannot name a folder.`);
  }
  const token = `${run.attempt}-${randomBytes(6).toString('hex')}`;
  const members = new Map<string, Member>();
  const temporaries = new Set<string>();
  let stage = 'starting';
  let reported = 0;
  let lastReport = 0;
  const report = (): void => {
    const all = [...members.values()];
    // A mean over threads that each only grow; never shown lower than before.
    reported = Math.max(reported, all.reduce((sum, member) => sum + member.fraction, 0) / all.length);
    lastReport = performance.now();
    run.progress(reported, stage);
  };
  const ticker = setInterval(() => {
    if (performance.now() - lastReport >= PROGRESS_EVERY_MS) report();
  }, PROGRESS_EVERY_MS / 3);
  let abort = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      abort = () => reject(run.signal.reason as Error);
      run.signal.addEventListener('abort', abort, { once: true });
      const hear = (member: Member, message: FromParty): void => {
        switch (message.kind) {
          case 'send': {
            const bytes = bodyBytes(message.body);
            member.sentBytes += bytes;
            call.recorder?.({ from: member.name, to: message.to, bytes, body: copyOf(message.body) });
            const transfer = typeof message.body === 'string' ? [] : [message.body.buffer as ArrayBuffer];
            post(members.get(message.to), { kind: 'deliver', from: member.name, body: message.body }, transfer);
            return;
          }
          case 'taken':
            return post(members.get(message.from), { kind: 'room', to: member.name, bytes: message.bytes });
          case 'progress':
            member.fraction = Math.max(member.fraction, Math.min(1, message.fraction));
            stage = message.stage;
            return report();
          case 'log':
            return run.log(message.level, `${member.name}: ${message.message}`);
          case 'temporary':
            temporaries.add(message.path);
            return;
          case 'written':
            member.written.push(message.file);
            return;
          case 'failed': {
            const { code, message: text, retryable, details } = message.failure;
            for (const place of (details.places ?? []) as string[]) run.log('error', `${member.name}: ${place}`);
            return fail(member, new TaskFailure(code, text, retryable, details));
          }
          case 'done':
            member.value = message.value;
            member.fraction = 1;
            report();
            run.log(
              'info',
              `${member.name}: done; bytes sent: ${member.sentBytes}, files written: ${member.written.length}`,
            );
            return end(member);
        }
      };
      const end = (member: Member): void => {
        member.done = true;
        for (const other of members.values())
          if (other !== member) post(other, { kind: 'ended', peer: member.name, lost: member.lost });
        if ([...members.values()].every((each) => each.done)) resolve();
      };
      const fail = (member: Member, failure: TaskFailure): void => {
        if (failure.code !== 'PARTY_LOST' || !call.toleratesLoss || member.name === NEUTRAL) return reject(failure);
        run.log('warn', failure.message);
        member.lost = true;
        end(member);
      };
      const start = (name: string, program: Program, args: Json): void => {
        const data: PartyThreadData = {
          party: name,
          peers: parties.filter((party) => party !== name),
          program: String(program),
          args,
          chainId: run.chainId,
          taskId: run.taskId,
          attempt: run.attempt,
          root: name === NEUTRAL ? null : join(run.dataRoot, name),
          artifactRoot: run.artifactRoot,
          token,
        };
        // env: {} keeps the process's secrets (database, queue) out of the parties.
        const worker = new Worker(new URL('./party-thread.js', import.meta.url), {
          workerData: data,
          env: {},
          name: `${run.taskId}/${name}`,
          resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
        });
        const member: Member = {
          name,
          worker,
          done: false,
          lost: false,
          value: null,
          fraction: 0,
          sentBytes: 0,
          written: [],
        };
        members.set(name, member);
        const lost = (why: string): void => {
          if (!member.done)
            fail(member, new TaskFailure('PARTY_LOST', `Party ${name} was lost: ${why}.`, true, { party: name }));
        };
        worker.on('message', (message: FromParty) => hear(member, message));
        worker.on('error', (error: NodeJS.ErrnoException) => lost(`its thread died of ${error.code ?? error.name}`));
        worker.on('messageerror', () => lost('it sent what cannot be read'));
        worker.on('exit', (code) => lost(`its thread ended with code ${code}`));
      };
      for (const party of parties) start(party, call.program, call.parties[party]!);
      if (call.neutral) start(NEUTRAL, call.neutral.program, call.neutral.args);
      run.log('info', `started ${[...members.keys()].join(', ')}`);
      if (members.size === 0) resolve();
    });
    const present = [...members.values()].filter((member) => !member.lost);
    await publish(present.flatMap((member) => member.written));
    return Object.fromEntries(present.map((member) => [member.name, outcomeOf(member)]));
  } finally {
    clearInterval(ticker);
    run.signal.removeEventListener('abort', abort);
    await Promise.all([...members.values()].map((member) => member.worker.terminate()));
    // After the threads are gone, so that none makes a file again. What was published no longer has this name.
    await Promise.all([...temporaries].map((path) => rm(path, { force: true })));
  }
}

function post(member: Member | undefined, message: ToParty, transfer: ArrayBuffer[] = []): void {
  if (member && !member.done) member.worker.postMessage(message, transfer);
}

function copyOf(body: Body): Body {
  return typeof body === 'string' ? body : new Uint8Array(body);
}

function outcomeOf(member: Member): PartyOutcome {
  const artifacts = member.written.flatMap((file) => (file.artifact ? [file.artifact] : []));
  return { value: member.value, artifacts, sentBytes: member.sentBytes };
}
