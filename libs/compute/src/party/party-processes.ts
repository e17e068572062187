/**
 * Native engine, local mode: each party of a task runs in its own process, with a line to each of the others. This coordinator
 * sees none of their messages, and believes nothing that a process says of itself.
 *
 * Processes are started per run and not taken from a pool: each gets the rights and the account of its party alone, which are
 * fixed at the start.
 */
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TaskFailure, type TaskRun } from '../contract/task-type.js';
import { provenFile, readFromParty, removeTemporary, violation } from './from-party.js';
import type { FileRoots } from './input-files.js';
import { accountsOf, prepareFolder } from './accounts.js';
import { placesOfProgram } from './bundles.js';
import { NEUTRAL, type CarriedFailure, type FromParty, type WrittenFile } from './party-link.js';
import { artifactFolder, rightsOf } from './process-rights.js';
import { consentOf, failureOf, memberOf, post, postStatements, type Member } from './party-member.js';
import { PartyLines, type CrossedMessage } from './party-lines.js';
import { carriedToSites, failureOfSite, RemoteParty, valueFault } from './remote-party.js';
import type { Outside, PartyOutcome } from './party-outcome.js';
import { startProcess } from './start-process.js';

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
  readonly outside?: Outside | undefined;
  readonly recorder?: ((message: CrossedMessage) => void) | undefined;
}

/** The processes of one run. */
export class PartyProcesses {
  private readonly members = new Map<string, Member>();
  private readonly remotes = new Map<string, RemoteParty>();
  /** All members, in the order of their programs. */
  private order: readonly string[] = [];
  private readonly lines: PartyLines;
  private stage = 'starting';
  private reported = 0;
  private lastReport = 0;
  private readonly ticker: NodeJS.Timeout;
  private isHalted = false;
  private outside: { readonly over: Promise<void>; readonly stop: AbortController } | undefined;
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
    const all = (this.order = programs.map(({ name }) => name));
    let abort = (): void => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
      abort = () => reject(run.signal.reason as Error);
      run.signal.addEventListener('abort', abort, { once: true });
    });
    ended.catch(() => undefined); // A member can be lost before anybody waits.
    try {
      const ready = await this.prepare(this.ownOf(programs));
      await this.meet(all);
      run.signal.throwIfAborted();
      for (const each of ready)
        this.start(
          each,
          all.filter((name) => name !== each.name),
        );
      run.log('info', `started ${[...this.members.keys()].join(', ')}`);
      if (this.members.size === 0) this.settle?.resolve();
      await ended.catch((error: unknown) => {
        const failure = carriedToSites(run.site?.party ?? '', error);
        for (const remote of this.remotes.values()) remote.tell({ kind: 'failed', failure });
        throw error;
      });
      // Before their files are proven and take their names.
      await this.halt();
    } finally {
      run.signal.removeEventListener('abort', abort);
    }
  }

  /** The programs that run here. */
  private ownOf(programs: readonly MemberProgram[]): readonly MemberProgram[] {
    const { site } = this.options.run;
    if (!site) return programs;
    const own = programs.filter(({ name }) => name === site.party);
    if (own.length > 0) return own;
    const message =
      site.party === NEUTRAL ? 'The task needs no dealer.' : `Party ${site.party} has no part in the task.`;
    throw new TaskFailure('INVALID_PARAMS', message);
  }

  /** Takes in the members at other sites. */
  private async meet(all: readonly string[]): Promise<void> {
    const { site } = this.options.run;
    if (!site) return;
    for (const [name, stream] of await site.meet(all.filter((each) => each !== site.party))) {
      const remote = new RemoteParty(name, stream, (transcript) => site.crossed(name, transcript), site.marks);
      if (this.options.outside) remote.tunnel.expect();
      this.remotes.set(name, remote);
      // It has no files here.
      const roots: FileRoots = { party: name, root: null, artifactRoot: '', chainId: '', taskId: '' };
      const member = memberOf(name, roots, remote.process);
      this.members.set(name, member);
      this.watch(member);
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
      handed: run.handed,
    });
    const all = programs.map((each) => ({ ...each, ...placesOfProgram(each.program), roots: rootsOf(each.name) }));
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
    const started = startProcess(ready.entry, ready.rights, ready.account, this.lines.of(name, others));
    this.lines.keep(name, others, started.lines);
    const member = memberOf(name, roots, started);
    this.members.set(name, member);
    this.watch(member);
    // A process that could not be started has no line.
    others.forEach((peer, at) => started.lines[at] && this.remotes.get(peer)?.join(started.lines[at]));
    member.process.transport.post({
      kind: 'start',
      start: {
        ...roots,
        peers: names.filter((party) => party !== name),
        lines: others,
        program: ready.program.href,
        args: ready.args,
        own: ready.own,
        ...{ attempt: run.attempt, atSites: run.site !== undefined },
        // A party needs no other party's statements.
        consent: run.consent === undefined || name === NEUTRAL ? null : consentOf(run.consent, name),
        token,
      },
    });
  }

  /** Follows a process to its end. */
  private watch(member: Member): void {
    const { name, process } = member;
    process.transport.onMessage((received) => {
      const message = readFromParty(received);
      if (message) this.handle(member, message);
      else this.fail(member, violation(name, 'sent what is no message'));
    });
    process.transport.onClose((fault) => {
      if (fault !== undefined) this.fail(member, violation(name, `sent what cannot be read: ${fault}`));
    });
    void process.ended.then((end) => this.fail(member, failureOf(name, end)));
  }

  /** What the processes left that were not lost. Throws TaskFailure PROTOCOL_VIOLATION where a file is no output of the run. */
  async outcomes(): Promise<
    { readonly name: string; readonly outcome: PartyOutcome; readonly written: readonly WrittenFile[] }[]
  > {
    const all = [...this.members.values()].sort((a, b) => this.order.indexOf(a.name) - this.order.indexOf(b.name));
    const present = all.filter((member) => !member.lost);
    return Promise.all(
      present.map(async ({ name, roots, value, own, sentBytes, ...member }) => {
        const written = await Promise.all(member.written.map((file) => provenFile(roots, this.options.token, file)));
        const artifacts = written.flatMap((file) => (file.artifact ? [file.artifact] : []));
        return { name, outcome: { value, own, artifacts, sentBytes }, written };
      }),
    );
  }

  /** Ends the processes and removes their temporary files, but for those that are held. Published files no longer have a temporary name. */
  async stop(held: ReadonlySet<string> = new Set()): Promise<void> {
    clearInterval(this.ticker);
    await this.halt();
    // Only now, since a live process could make a file again.
    const { token } = this.options;
    for (const { roots, temporaries } of this.members.values())
      for (const path of temporaries) if (!held.has(path)) await removeTemporary(roots, token, path);
  }

  private async halt(): Promise<void> {
    const all = [...this.members.values()];
    this.isHalted = true;
    for (const { process } of all) process.stop();
    this.outside?.stop.abort();
    await Promise.all([...all.map(({ process }) => process.ended), this.outside?.over]);
  }

  private handle(member: Member, message: FromParty): void {
    if (member.done) return;
    const { run } = this.options;
    const isOwn = !this.remotes.has(member.name);
    switch (message.kind) {
      case 'progress':
        if (isOwn) this.tell(message);
        member.fraction = Math.max(member.fraction, Math.min(1, message.fraction));
        if (isOwn) this.stage = message.stage; // The words of others are shown as failures alone.
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
      case 'outside':
        if (!this.options.outside) return this.fail(member, violation(member.name, 'waits for nothing'));
        if (isOwn) this.tell(message);
        member.waits = true;
        return this.beginOutside();
      case 'statements':
        return void postStatements(member, run).catch((error: Error) => this.settle?.reject(error));
      case 'failed':
        if (!isOwn) return this.fail(member, failureOfSite(member.name, message.failure));
        return this.failCarried(member, message.failure);
      case 'done':
        if (isOwn && this.remotes.size > 0) return void this.tellDone(member, message);
        return this.done(member, message);
    }
  }

  /** Begins what runs outside when all processes wait for it, and lets them go on when it is over. */
  private beginOutside(): void {
    const { outside, names } = this.options;
    const all = [...this.members.values()];
    // What was sent before the end is still heard after it.
    if (this.isHalted || this.outside || all.length < names.length || !all.every(({ waits }) => waits)) return;
    const stop = new AbortController();
    const progress = (fraction: number, stage: string): void => {
      for (const each of all) each.fraction = Math.max(each.fraction, Math.min(1, fraction));
      this.stage = stage;
      this.report();
    };
    const sites = new Map([...this.remotes].map(([name, { tunnel }]) => [name, tunnel] as const));
    const begun = outside?.(stop.signal, progress, this.options.run.site && sites) ?? Promise.resolve();
    const over = begun.then(
      () => all.forEach((each) => post(each, { kind: 'outside-done' })),
      (error: unknown) => this.settle?.reject(error as Error),
    );
    this.outside = { over, stop };
  }

  /** The value comes after all messages, which go over another line. */
  private async tellDone(member: Member, message: Extract<FromParty, { kind: 'done' }>): Promise<void> {
    await Promise.all([...this.remotes.values()].map(({ passedOn }) => passedOn));
    const tooLarge = valueFault(member.name, message.value);
    if (tooLarge) return this.fail(member, tooLarge);
    // What is this party's own stays here, and a dealer gets no value at all.
    this.tell({ ...message, own: null });
    this.done(member, message);
  }

  private done(member: Member, { value, own, sentBytes }: Extract<FromParty, { kind: 'done' }>): void {
    if (member.done) return;
    Object.assign(member, { value, own, sentBytes, fraction: 1 });
    this.report();
    const counts = `; bytes sent: ${sentBytes}, files written: ${member.written.length}`;
    this.options.run.log('info', `${member.name}: done${this.remotes.has(member.name) ? '' : counts}`);
    this.end(member);
  }

  private tell(message: Parameters<RemoteParty['tell']>[0]): void {
    for (const remote of this.remotes.values()) {
      remote.tell(message.kind === 'done' && remote.name === NEUTRAL ? { ...message, value: null } : message);
    }
  }

  private failCarried(member: Member, { code, message, retryable, details }: CarriedFailure): void {
    const places = (details.places ?? []) as string[];
    for (const place of places) this.options.run.log('error', `${member.name}: ${place}`);
    // It asks its own owner: another's name would ask that one in words of this one.
    const asked = code === 'APPROVAL_REQUIRED' ? { ...details, party: member.name } : details;
    this.fail(member, new TaskFailure(code, message, retryable, asked));
  }

  private fail(member: Member, failure: TaskFailure): void {
    // A site that has said what it came to, and then says another thing, has lied about one of them.
    const isLie = failure.code === 'PROTOCOL_VIOLATION' && this.remotes.has(member.name);
    if (member.done && !isLie) return;
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
    for (const other of all) if (other !== member) post(other, { kind: 'ended', peer: member.name, lost: member.lost });
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
