/**
 * Native engine, local mode: each party of a task runs in its own process, with a line to each of the others. This coordinator
 * sees none of their messages, and believes nothing that a process says of itself.
 *
 * Processes are started per run and not taken from a pool: each gets the rights and the account of its party alone, which are
 * fixed at the start.
 */
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TaskFailure, type Artifact, type PartyResult, type TaskConsent, type TaskRun } from '../contract/task-type.js';
import { provenFile, readFromParty, removeTemporary, violation } from './from-party.js';
import type { FileRoots } from './input-files.js';
import { accountsOf, prepareFolder } from './accounts.js';
import { NEUTRAL, type CarriedFailure, type FromParty, type WrittenFile } from './party-link.js';
import { artifactFolder, rightsOf } from './process-rights.js';
import { failureOf, memberOf, post, type Member } from './party-member.js';
import { PartyLines, type CrossedMessage } from './party-lines.js';
import { startProcess } from './start-process.js';

/** What a process left when it ended. */
export interface PartyOutcome<Value = unknown> {
  readonly value: Value;
  readonly artifacts: readonly Artifact[];
  /** Bytes that this process sent to the others, as it says. */
  readonly sentBytes: number;
  /** What its party alone may read; null where there is nothing. */
  readonly own: PartyResult | null;
}

/** A process in a CPU loop cannot report progress, so its last progress is repeated. */
const PROGRESS_EVERY_MS = 600;

/** Files that one process may name in a run. */
const MAX_FILES = 100_000;

/** What one process of a run is started with. */
export interface MemberProgram {
  readonly name: string;
  readonly program: URL;
  readonly args: unknown;
  readonly keepsFiles: boolean;
}

/** A run, as far as its parties' processes need it: each gets its own arguments. */
export type RunOfParties = Omit<TaskRun, 'params'>;

interface Options {
  readonly run: RunOfParties;
  /** The parties, sorted. */
  readonly names: readonly string[];
  readonly token: string;
  readonly addons?: boolean;
  readonly toleratesLoss?: boolean;
  readonly recorder?: ((message: CrossedMessage) => void) | undefined;
}

/** The processes of one run. */
export class PartyProcesses {
  private readonly members = new Map<string, Member>();
  private readonly lines: PartyLines;
  private stage = 'starting';
  private reported = 0;
  private lastReport = 0;
  private readonly ticker: NodeJS.Timeout;
  private settle: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(private readonly options: Options) {
    this.lines = new PartyLines(options.recorder);
    this.ticker = setInterval(() => {
      if (performance.now() - this.lastReport >= PROGRESS_EVERY_MS) this.report();
    }, PROGRESS_EVERY_MS / 3);
  }

  /**
   * Runs all programs to their ends. Rejects with the first failure, or with the signal's reason when it aborts; processes may run
   * on until `stop`.
   */
  async run(programs: readonly MemberProgram[]): Promise<void> {
    const { run } = this.options;
    const ready = await this.prepare(programs);
    run.signal.throwIfAborted();
    let abort = (): void => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
      abort = () => reject(run.signal.reason as Error);
      run.signal.addEventListener('abort', abort, { once: true });
    });
    try {
      const all = ready.map(({ name }) => name);
      for (const each of ready)
        this.start(
          each,
          all.filter((name) => name !== each.name),
        );
      run.log('info', `started ${[...this.members.keys()].join(', ')}`);
      if (this.members.size === 0) this.settle?.resolve();
      await ended;
      // Before their files are proven and take their names.
      await this.halt();
    } finally {
      run.signal.removeEventListener('abort', abort);
    }
  }

  private async prepare(programs: readonly MemberProgram[]) {
    const { run, addons = false } = this.options;
    const artifactRoot = await realpath(run.artifactRoot).catch(() => resolve(run.artifactRoot));
    const rootsOf = (party: string): FileRoots => ({
      party,
      root: party === NEUTRAL ? null : resolve(join(run.dataRoot, party)),
      artifactRoot,
      chainId: run.chainId,
      taskId: run.taskId,
    });
    const all = programs.map((each) => ({ ...each, roots: rootsOf(each.name) }));
    const accounts = await accountsOf(all.map(({ roots }) => roots));
    return Promise.all(
      all.map(async (each) => {
        const account = accounts.get(each.name);
        if (account && each.keepsFiles) await prepareFolder(each.roots, account);
        const own = Object.fromEntries(Object.entries(run.own ?? {}).filter(([, { party }]) => party === each.name));
        const reads = Object.values(own).map(({ taskId }) => artifactFolder({ ...each.roots, taskId }));
        return { ...each, account, own, rights: await rightsOf({ ...each, addons, reads }) };
      }),
    );
  }

  private start(ready: Awaited<ReturnType<PartyProcesses['prepare']>>[number], others: readonly string[]): void {
    const { run, names, token } = this.options;
    const { name, roots } = ready;
    const started = startProcess(ready.rights, ready.account, this.lines.of(name, others));
    this.lines.keep(name, others, started.lines);
    const member = memberOf(name, roots, started);
    this.members.set(name, member);
    const { transport } = member.process;
    transport.onMessage((received) => {
      const message = readFromParty(received);
      if (message) this.handle(member, message);
      else this.fail(member, violation(name, 'sent what is no message'));
    });
    transport.onClose((fault) => {
      if (fault !== undefined) this.fail(member, violation(name, `sent what cannot be read: ${fault}`));
    });
    void member.process.ended.then((end) => this.fail(member, failureOf(name, end)));
    transport.post({
      kind: 'start',
      start: {
        ...roots,
        peers: names.filter((party) => party !== name),
        lines: others,
        program: ready.program.href,
        args: ready.args,
        own: ready.own,
        attempt: run.attempt,
        // A party needs no other party's statements.
        consent: run.consent === undefined || name === NEUTRAL ? null : consentOf(run.consent, name),
        token,
      },
    });
  }

  /** What the processes left that were not lost. Throws TaskFailure PROTOCOL_VIOLATION where a file is no output of the run. */
  async outcomes(): Promise<
    { readonly name: string; readonly outcome: PartyOutcome; readonly written: readonly WrittenFile[] }[]
  > {
    const present = [...this.members.values()].filter((member) => !member.lost);
    return Promise.all(
      present.map(async ({ name, roots, value, own, sentBytes, ...member }) => {
        const written = await Promise.all(member.written.map((file) => provenFile(roots, this.options.token, file)));
        const artifacts = written.flatMap((file) => (file.artifact ? [file.artifact] : []));
        return { name, outcome: { value, own, artifacts, sentBytes }, written };
      }),
    );
  }

  /** Ends the processes and removes their temporary files. Published files no longer have a temporary name. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await this.halt();
    // Only now, since a live process could make a file again.
    const { token } = this.options;
    for (const { roots, temporaries } of this.members.values()) {
      for (const path of temporaries) await removeTemporary(roots, token, path);
    }
  }

  private async halt(): Promise<void> {
    const all = [...this.members.values()];
    for (const { process } of all) process.stop();
    await Promise.all(all.map(({ process }) => process.ended));
  }

  private handle(member: Member, message: FromParty): void {
    if (member.done) return;
    const { run } = this.options;
    switch (message.kind) {
      case 'progress':
        member.fraction = Math.max(member.fraction, Math.min(1, message.fraction));
        this.stage = message.stage;
        return this.report();
      case 'log':
        return run.log(message.level, `${member.name}: ${message.message}`);
      case 'opened':
        return run.opened?.(member.name, message.entry);
      case 'temporary':
        member.temporaries.add(message.path);
        if (member.temporaries.size > MAX_FILES) this.fail(member, violation(member.name, 'names too many files'));
        return;
      case 'written':
        member.written.push(message.file);
        if (member.written.length > MAX_FILES) this.fail(member, violation(member.name, 'names too many files'));
        return;
      case 'failed':
        return this.failCarried(member, message.failure);
      case 'done': {
        member.value = message.value;
        member.own = message.own;
        member.sentBytes = message.sentBytes;
        member.fraction = 1;
        this.report();
        const counts = `bytes sent: ${member.sentBytes}, files written: ${member.written.length}`;
        run.log('info', `${member.name}: done; ${counts}`);
        return this.end(member);
      }
    }
  }

  private failCarried(member: Member, { code, message, retryable, details }: CarriedFailure): void {
    const places = (details.places ?? []) as string[];
    for (const place of places) this.options.run.log('error', `${member.name}: ${place}`);
    this.fail(member, new TaskFailure(code, message, retryable, details));
  }

  private fail(member: Member, failure: TaskFailure): void {
    if (member.done) return;
    const { run, toleratesLoss } = this.options;
    const isLoss = failure.code === 'PARTY_LOST' || failure.code === 'OUT_OF_MEMORY';
    if (!isLoss || !toleratesLoss || member.name === NEUTRAL) {
      this.settle?.reject(failure);
      return;
    }
    run.log('warn', failure.message);
    member.lost = true;
    member.process.stop();
    this.end(member);
  }

  /** A process that is done stays until all are: a peer that writes to one that is gone would lose what that has sent. */
  private end(member: Member): void {
    member.done = true;
    const all = [...this.members.values()];
    for (const other of all) {
      if (other !== member) post(other, { kind: 'ended', peer: member.name, lost: member.lost });
    }
    if (all.every((each) => each.done)) this.settle?.resolve();
  }

  /** Reports the mean over the processes, and never less than before. While none is there yet, that is 0. */
  private report(): void {
    const all = [...this.members.values()];
    const done = all.reduce((sum, member) => sum + member.fraction, 0);
    this.reported = Math.max(this.reported, done / Math.max(all.length, 1));
    this.lastReport = performance.now();
    this.options.run.progress(this.reported, this.stage);
  }
}

/** What one party sees of a run's consent. */
const consentOf = (consent: TaskConsent, party: string): TaskConsent => ({
  ...consent,
  statements: { [party]: consent.statements[party] ?? [] },
});
