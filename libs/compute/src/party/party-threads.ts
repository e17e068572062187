/**
 * Native engine, local mode: each party of a task runs in its own worker thread, and this coordinator relays the messages
 * between them. It never reads a message.
 *
 * Threads are started per run and not taken from a pool: parties wait for each other, so a pool with fewer free
 * threads than parties would start some and wait for ever for the rest.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TaskFailure, type Artifact, type TaskConsent, type TaskRun } from '../contract/task-type.js';
import {
  bodyBytes,
  NEUTRAL,
  type Body,
  type CarriedFailure,
  type FromParty,
  type PartyThreadData,
  type ToParty,
  type WrittenFile,
} from './party-link.js';

/** A message that crossed from one thread to another, as a recorder sees it. */
export interface CrossedMessage {
  readonly from: string;
  readonly to: string;
  /** JSON text, or a copy of the bytes. */
  readonly body: Body;
  readonly bytes: number;
}

/** What a thread left when it ended. */
export interface PartyOutcome<Value = unknown> {
  readonly value: Value;
  readonly artifacts: readonly Artifact[];
  /** Bytes that this thread sent to the others. */
  readonly sentBytes: number;
}

/** A thread in a CPU loop cannot report progress, so its last progress is repeated. */
const PROGRESS_EVERY_MS = 600;
/** JavaScript heap of one party. Tables stream, so only keys and models are held. */
const HEAP_MB = 1024;

interface Member {
  readonly name: string;
  readonly worker: Worker;
  done: boolean;
  lost: boolean;
  value: unknown;
  fraction: number;
  sentBytes: number;
  readonly written: WrittenFile[];
}

interface Options {
  readonly run: Omit<TaskRun, 'params'>;
  /** The parties, sorted. */
  readonly names: readonly string[];
  readonly token: string;
  readonly toleratesLoss?: boolean;
  readonly recorder?: ((message: CrossedMessage) => void) | undefined;
}

/** The threads of one run. */
export class PartyThreads {
  private readonly members = new Map<string, Member>();
  private readonly temporaries = new Set<string>();
  private stage = 'starting';
  private reported = 0;
  private lastReport = 0;
  private readonly ticker: NodeJS.Timeout;
  private settle: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(private readonly options: Options) {
    this.ticker = setInterval(() => {
      if (performance.now() - this.lastReport >= PROGRESS_EVERY_MS) this.report();
    }, PROGRESS_EVERY_MS / 3);
  }

  start(name: string, program: URL, args: unknown): void {
    const { run, names, token } = this.options;
    const data: PartyThreadData = {
      party: name,
      peers: names.filter((party) => party !== name),
      program: program.href,
      args,
      chainId: run.chainId,
      taskId: run.taskId,
      attempt: run.attempt,
      root: name === NEUTRAL ? null : join(run.dataRoot, name),
      artifactRoot: run.artifactRoot,
      // A party needs no other party's statements.
      consent: run.consent === undefined || name === NEUTRAL ? null : consentOf(run.consent, name),
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
    this.members.set(name, member);
    const lost = (why: string): void => {
      if (!member.done)
        this.fail(member, new TaskFailure('PARTY_LOST', `Party ${name} was lost: ${why}.`, true, { party: name }));
    };
    worker.on('message', (message: FromParty) => this.handle(member, message));
    worker.on('error', (error: NodeJS.ErrnoException) => lost(`its thread died of ${error.code ?? error.name}`));
    worker.on('messageerror', () => lost('it sent what cannot be read'));
    worker.on('exit', (code) => lost(`its thread ended with code ${code}`));
  }

  /** Waits until every thread has ended. Rejects with the first failure, or with the signal's reason when it aborts. */
  async allEnded(): Promise<void> {
    const { run } = this.options;
    let abort = (): void => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
      abort = () => reject(run.signal.reason as Error);
      run.signal.addEventListener('abort', abort, { once: true });
    });
    run.log('info', `started ${[...this.members.keys()].join(', ')}`);
    if (this.members.size === 0) this.settle?.resolve();
    try {
      await ended;
    } finally {
      run.signal.removeEventListener('abort', abort);
    }
  }

  /** What the threads left that were not lost. */
  outcomes(): { readonly name: string; readonly outcome: PartyOutcome; readonly written: readonly WrittenFile[] }[] {
    const present = [...this.members.values()].filter((member) => !member.lost);
    return present.map(({ name, value, sentBytes, written }) => {
      const artifacts = written.flatMap((file) => (file.artifact ? [file.artifact] : []));
      return { name, outcome: { value, artifacts, sentBytes }, written };
    });
  }

  /** Ends the threads and removes their temporary files. Published files no longer have a temporary name. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await Promise.all([...this.members.values()].map((member) => member.worker.terminate()));
    // Only now, since a live thread could make a file again.
    await Promise.all([...this.temporaries].map((path) => rm(path, { force: true })));
  }

  private handle(member: Member, message: FromParty): void {
    const { run } = this.options;
    switch (message.kind) {
      case 'send':
        return this.relay(member, message.to, message.body);
      case 'taken':
        return post(this.members.get(message.from), { kind: 'room', to: member.name, bytes: message.bytes });
      case 'progress':
        member.fraction = Math.max(member.fraction, Math.min(1, message.fraction));
        this.stage = message.stage;
        return this.report();
      case 'log':
        return run.log(message.level, `${member.name}: ${message.message}`);
      case 'temporary':
        this.temporaries.add(message.path);
        return;
      case 'written':
        member.written.push(message.file);
        return;
      case 'failed':
        return this.failCarried(member, message.failure);
      case 'done': {
        member.value = message.value;
        member.fraction = 1;
        this.report();
        const counts = `bytes sent: ${member.sentBytes}, files written: ${member.written.length}`;
        run.log('info', `${member.name}: done; ${counts}`);
        return this.end(member);
      }
    }
  }

  private relay(member: Member, to: string, body: Body): void {
    const bytes = bodyBytes(body);
    member.sentBytes += bytes;
    const copy = (): Body => (typeof body === 'string' ? body : new Uint8Array(body));
    this.options.recorder?.({ from: member.name, to, bytes, body: copy() });
    const transfer = typeof body === 'string' ? [] : [body.buffer as ArrayBuffer];
    post(this.members.get(to), { kind: 'deliver', from: member.name, body }, transfer);
  }

  private failCarried(member: Member, { code, message, retryable, details }: CarriedFailure): void {
    const places = (details.places ?? []) as string[];
    for (const place of places) this.options.run.log('error', `${member.name}: ${place}`);
    this.fail(member, new TaskFailure(code, message, retryable, details));
  }

  private fail(member: Member, failure: TaskFailure): void {
    const { run, toleratesLoss } = this.options;
    if (failure.code !== 'PARTY_LOST' || !toleratesLoss || member.name === NEUTRAL) {
      this.settle?.reject(failure);
      return;
    }
    run.log('warn', failure.message);
    member.lost = true;
    this.end(member);
  }

  private end(member: Member): void {
    member.done = true;
    const all = [...this.members.values()];
    for (const other of all) {
      if (other !== member) post(other, { kind: 'ended', peer: member.name, lost: member.lost });
    }
    if (all.every((each) => each.done)) this.settle?.resolve();
  }

  /** Reports the mean over the threads, and never less than before. */
  private report(): void {
    const all = [...this.members.values()];
    this.reported = Math.max(this.reported, all.reduce((sum, member) => sum + member.fraction, 0) / all.length);
    this.lastReport = performance.now();
    this.options.run.progress(this.reported, this.stage);
  }
}

/** What one party sees of a run's consent. */
const consentOf = (consent: TaskConsent, party: string): TaskConsent => ({
  ...consent,
  statements: { [party]: consent.statements[party] ?? [] },
});

function post(member: Member | undefined, message: ToParty, transfer: ArrayBuffer[] = []): void {
  if (member && !member.done) member.worker.postMessage(message, transfer);
}
