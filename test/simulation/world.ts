import { isDeepStrictEqual } from 'node:util';
import { decide, type ChainCommand, type Refusal } from '#libs/chain-domain';
import { commandChain } from '#libs/chain-engine';
import type { Logger } from '#libs/platform';
import { jobId, type Control, type JobState, type TaskJob } from '#libs/queues';
import { isTransient } from '#libs/repositories';
import { operatorCommand, type Action } from './actions.js';
import type { Bug } from './bugs.js';
import { Invariants } from './invariants.js';
import { startListener } from './listener.js';
import { Process, type Cut } from './process.js';
import { Random } from './random.js';
import { Rows, type Connections } from './rows.js';
import type { Scenario } from './scenario.js';
import { Violation, type Snapshot } from './standing.js';
import { ModelChannel, ModelQueue, type Carriers } from './transport.js';
import { LIKELY, weightOf } from './weights.js';
import { ModelWorker } from './worker.js';

interface Useful {
  readonly process: string;
  readonly what: string;
  readonly weight: number;
}

interface Member {
  readonly process: Process;
  readonly worker: ModelWorker | null;
}

/** The year 2100, ms: ahead of PostgreSQL's clock, so that the counted time stands where the schedule puts it. */
const START = 4_102_444_800_000;
/** The queue's marker of its time line, and that of another. */
const MARK = 'tc:timeline';
const FOREIGN = 'of another time';
/** What the listeners log as errors when a queue of another time is emptied. */
const QUARANTINE = /were quarantined/;

/** Everything there is: the clock, the database, what carries messages, and the processes. The same actions make the same world. */
export class World implements Carriers {
  readonly clock = { now: START };
  readonly queue = new ModelQueue();
  readonly channel = new ModelChannel();
  readonly invariants = new Invariants();
  readonly members = new Map<string, Member>();
  rows: Rows;
  quiet = false;
  private violation: Error | null = null;
  private wasRestored = false;
  private runs = 0;
  private births = 0;
  private signals = 0;
  private readonly genuine = { now: performance.now, random: Math.random };

  private constructor(
    readonly scenario: Scenario,
    readonly bugs: ReadonlySet<Bug>,
  ) {}

  /** Until `end`, this thread's monotonic clock and randomness are those of the schedule. */
  static async begin(connections: Connections, scenario: Scenario, bugs: ReadonlySet<Bug>): Promise<World> {
    const world = new World(scenario, bugs);
    const random = new Random(scenario.seed + 0xd1ce);
    performance.now = () => world.clock.now - START;
    Math.random = () => random.next();
    world.rows = await Rows.of(connections, scenario.chains, bugs, world.invariants, world.failed);
    await world.rows.setClock(START);
    for (let i = 0; i < scenario.listeners; i++) world.startListener(`listener${i}`);
    for (let i = 0; i < scenario.workers; i++) world.startWorker(`worker${i}`);
    for (const { id } of scenario.chains) await world.command(id, { kind: 'ExecuteChain' });
    return world;
  }

  /** Ends all processes. */
  async end(): Promise<void> {
    for (const { process } of this.members.values()) await process.die(0, 'before');
    performance.now = this.genuine.now;
    Math.random = this.genuine.random;
  }

  /** Throws the violation that the action brought to light. */
  async apply(action: Action): Promise<void> {
    await this.take(action);
    if (this.violation !== null) throw this.violation;
  }

  /** What could go on, each with its weight: what waits at gates, and loops that may find work. */
  useful(): Useful[] {
    const found: Useful[] = [];
    for (const [name, { process }] of this.members) {
      if (process.stopped) continue;
      for (const what of process.waiting) found.push({ process: name, what, weight: LIKELY });
      for (const what of process.idle) found.push({ process: name, what, weight: weightOf(this, what) });
    }
    return found.filter(({ weight }) => weight > 0);
  }

  /** Whether the queue is of another time, and nobody has noticed yet. */
  get isQueueForeign(): boolean {
    return this.queue.marks.get(MARK) === FOREIGN;
  }

  send(jobs: readonly TaskJob[]): void {
    for (const job of jobs) this.checked(() => this.invariants.sending(jobId(job), job.taskType));
    this.queue.add(jobs);
  }

  stateOf(id: string): JobState {
    const state = this.queue.state(id);
    return state === 'missing' && this.bugs.has('lost-lease-not-resent') ? 'waiting' : state;
  }

  read(text: string): string {
    if (!this.bugs.has('no-fencing')) return text;
    const message = JSON.parse(text) as { chainId?: string; taskId?: string; attempt?: number };
    const task = this.rows.chains.get(String(message.chainId))?.tasks.find(({ taskId }) => taskId === message.taskId);
    return JSON.stringify({ ...message, ...(task && { attempt: task.attempt }) });
  }

  broadcast(control: Control): void {
    for (const { worker, process } of this.members.values()) if (!process.stopped) worker?.hear(control);
  }

  nextSignal(): string {
    return `signal-${++this.signals}`;
  }

  nextRun(): number {
    return ++this.runs;
  }

  /** Whether the chain as it is would refuse a command. */
  wouldRefuse(chainId: string, command: ChainCommand): boolean {
    return this.refusal(this.rows.chains.get(chainId)!, command) !== null;
  }

  /** SIGSTOP and SIGCONT. */
  setStopped({ process, worker }: Member, stopped: boolean): void {
    process.stopped = stopped;
    if (worker === null) return;
    if (stopped) this.queue.workerStops(worker.id, this.clock.now);
    else this.queue.workerGoesOn(worker.id);
  }

  /** Ends a process for good. */
  async remove(name: string, n: number, cut: Cut): Promise<void> {
    const member = this.members.get(name);
    if (member === undefined) return;
    this.members.delete(name);
    if (member.worker !== null) this.queue.workerStops(member.worker.id, this.clock.now);
    await member.process.die(n, cut);
  }

  /** What must hold when all is at rest: each end of a chain has reached its own tenant's webhook, and nothing was repaired. */
  async atRest(): Promise<void> {
    this.invariants.signalsStand(await this.rows.usedSignals());
    for (const [id, chain] of this.rows.chains) this.invariants.resultsStand(id, chain);
    this.rows.atRest();
    const { outbox, deliveries, repairs } = await this.rows.outside();
    if (outbox > 0) throw new Violation('outbox', `${outbox} rows were not delivered`);
    const strange = deliveries.find(({ tenant, webhook, status }) => webhook !== tenant || status !== 'DELIVERED');
    if (strange !== undefined) throw new Violation('webhooks', JSON.stringify(strange));
    if (deliveries.length !== this.invariants.notices) {
      throw new Violation('webhooks', `${this.invariants.notices} notices became ${deliveries.length} deliveries`);
    }
    const broken = repairs.find((kind) => /^(invariant|held)/.test(kind));
    if (broken !== undefined) throw new Violation('repair', `the reconciler repaired ${broken}`);
  }

  private async take(action: Action): Promise<void> {
    switch (action.kind) {
      case 'step':
        return this.step(action.process, action.what, action.n);
      case 'tick':
        this.clock.now += action.ms;
        this.queue.expire(this.clock.now);
        return this.rows.setClock(this.clock.now);
      case 'kill':
        return this.kill(action.process, action.n, action.cut);
      case 'lose-connection': {
        // What a worker has to say it says again on another connection.
        const member = this.members.get(action.process);
        if (member?.worker === null) await member.process.lose(action.n, action.cut);
        return this.forgetDone(action.process);
      }
      case 'stop':
      case 'continue': {
        const member = this.members.get(action.process);
        if (member !== undefined) this.setStopped(member, action.kind === 'stop');
        return;
      }
      case 'flush':
        this.queue.flush();
        if (action.withChannel) this.channel.flush();
        return;
      case 'restore-queue':
        // Before the first marker there is no backup.
        if (!this.queue.marks.has(MARK)) return;
        this.queue.marks.set(MARK, FOREIGN);
        this.wasRestored = true;
        this.invariants.restored([...this.rows.chains.values()]);
        return;
      case 'lose-job':
        return this.queue.loseOne(action.n);
      case 'lose-message':
        return this.channel.loseOne(action.n);
      case 'double-message':
        return this.channel.doubleOne(action.n, this.clock.now);
      case 'delay-message':
        return this.channel.delayOne(action.n, action.ms, this.clock.now);
      case 'signal':
        return this.rows.sendSignal(action);
      case 'command':
        return this.command(action.chainId, action.command);
    }
  }

  private async step(name: string, what: string, n: number): Promise<void> {
    const process = this.members.get(name)?.process;
    if (process === undefined || process.stopped) return;
    await process.step(what, n);
    this.forgetDone(name);
    if (what === 'empty the queue') {
      this.checked(() => this.invariants.emptied([...this.rows.chains.values()]));
    }
  }

  /** A command that was carried out leaves no process. */
  private forgetDone(name: string): void {
    if (this.members.get(name)?.process.idle.includes('command') === true) this.members.delete(name);
  }

  private async kill(name: string, n: number, cut: Cut): Promise<void> {
    await this.remove(name, n, cut);
    if (name.startsWith('worker')) this.startWorker(name);
    else if (name.startsWith('listener')) this.startListener(name);
  }

  private startListener(name: string): void {
    const { failed } = this;
    const error = (data: object, message: string): void => {
      if (!(this.wasRestored && QUARANTINE.test(message)))
        failed(new Violation('logged', `${message} ${JSON.stringify(data)}`));
    };
    const nothing = (): void => undefined;
    const logger = { info: nothing, warn: nothing, error } as unknown as Logger;
    const process = startListener({ carriers: this, logger, databaseOf: (of) => this.rows.databaseOf(of), failed });
    this.members.set(name, { process, worker: null });
  }

  private startWorker(name: string): void {
    const worker = new ModelWorker(`${name}/${++this.births}`, this.scenario.slots, this, this.failed);
    this.members.set(name, { process: worker.process, worker });
  }

  /** A process of the API, for one command: refused is done, too. */
  private async command(chainId: string, command: ChainCommand): Promise<void> {
    const process = new Process(new Map(), this.failed);
    const db = this.rows.databaseOf(process, 'default');
    process.loops.set('command', async () => {
      const seen = this.rows.history.get(chainId)!.length - 1;
      const { tasks } = this.rows.chains.get(chainId)!;
      const outcome = await commandChain(db, chainId, operatorCommand(command, tasks));
      if (outcome.kind !== 'refused') return;
      const states = this.rows.history.get(chainId)!.slice(seen);
      if (states.some((state) => isDeepStrictEqual(this.refusal(state, command), outcome.refusal))) return;
      throw new Violation('refused', `${chainId}: ${JSON.stringify(command)} by ${JSON.stringify(outcome.refusal)}`);
    });
    this.members.set(`api${++this.births}`, { process, worker: null });
    await process.step('command', 0);
  }

  private refusal({ chain, tasks }: Snapshot, command: ChainCommand): Refusal | null {
    const state = { chain, tasks: new Map(tasks.map((task) => [task.position, task])) };
    const decision = decide(state, command, this.clock.now);
    return 'refused' in decision ? decision : null;
  }

  private checked(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.failed(error);
    }
  }

  /** What a round or a check has thrown: a lost connection is a fault that was planned. */
  private readonly failed = (error: unknown): void => {
    if (!isTransient(error)) this.violation ??= error as Error;
  };
}
