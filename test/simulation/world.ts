import { decide, type ChainCommand } from '#libs/chain-domain';
import type { CapacityRow } from '#libs/repositories';
import type { Bug } from './bugs.js';
import { ModelDatabase } from './database.js';
import { Invariants } from './invariants.js';
import { listenerMachines, operator } from './listener.js';
import type { Machine } from './machine.js';
import type { Scenario } from './scenario.js';
import type { Surroundings } from './surroundings.js';
import { ModelChannel, ModelQueue, type Job } from './transport.js';
import { ModelWorker } from './worker.js';

/** One thing that happens: what a schedule is made of. It does nothing where its object is gone, so any may be left out. */
export type Action =
  | { readonly kind: 'step'; readonly machine: string; readonly n: number }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'kill' | 'stop' | 'continue'; readonly process: string }
  | { readonly kind: 'flush'; readonly withChannel: boolean }
  | { readonly kind: 'lose-job' | 'lose-message' | 'double-message'; readonly n: number }
  | { readonly kind: 'delay-message'; readonly n: number; readonly ms: number }
  | { readonly kind: 'command'; readonly chainId: string; readonly command: ChainCommand };

interface Process {
  readonly machines: Map<string, { machine: Machine; next: string }>;
  readonly worker: ModelWorker | null;
  stopped: boolean;
}

const TYPES = ['fast', 'slow'];

/** Everything there is: the clock, the models and the processes. The same actions make the same world. */
export class World implements Surroundings {
  readonly clock = { now: 1_000_000 };
  readonly queue = new ModelQueue();
  readonly channel = new ModelChannel();
  readonly database: ModelDatabase;
  readonly invariants: Invariants;
  readonly processes = new Map<string, Process>();
  quiet = false;
  private runs = 0;
  private births = 0;

  constructor(
    readonly scenario: Scenario,
    readonly bugs: ReadonlySet<Bug>,
  ) {
    this.invariants = new Invariants();
    this.database = new ModelDatabase(scenario.chains, this.clock, this.invariants, bugs);
    for (let i = 0; i < scenario.listeners; i++) this.startListener(`listener${i}`);
    for (let i = 0; i < scenario.workers; i++) this.startWorker(`worker${i}`);
    for (const { id } of scenario.chains) this.command(id, { kind: 'ExecuteChain' });
  }

  apply(action: Action): void {
    switch (action.kind) {
      case 'step':
        return this.step(action.machine, action.n);
      case 'tick':
        this.clock.now += action.ms;
        return this.queue.expire(this.clock.now);
      case 'kill':
        return this.kill(action.process);
      case 'stop':
      case 'continue': {
        const process = this.processes.get(action.process);
        if (process !== undefined) this.setStopped(process, action.kind === 'stop');
        return;
      }
      case 'flush':
        this.queue.flush();
        if (action.withChannel) this.channel.flush();
        return;
      case 'lose-job':
        return this.queue.loseOne(action.n);
      case 'lose-message':
        return this.channel.loseOne(action.n);
      case 'double-message':
        return this.channel.doubleOne(action.n, this.clock.now);
      case 'delay-message':
        return this.channel.delayOne(action.n, action.ms, this.clock.now);
      case 'command':
        return this.command(action.chainId, action.command);
    }
  }

  /** The steps that would do something now, `<process>.<machine>`. */
  useful(): string[] {
    const waiting = this.queue.waiting;
    const lanes = new Map(
      (['done', 'notes', 'beats'] as const).map((l) => [`receive ${l}`, this.channel.backlog(l, this.clock.now)]),
    );
    const names: string[] = [];
    for (const [name, process] of this.processes) {
      if (process.stopped) continue;
      for (const [loop, { next }] of process.machines) {
        if (next === 'take a job' ? waiting > 0 : (lanes.get(next) ?? 1) > 0) names.push(`${name}.${loop}`);
      }
    }
    return names;
  }

  /** What a machine does next. */
  nextOf(machine: string): string | undefined {
    const [process, loop] = machine.split('.') as [string, string];
    return this.processes.get(process)?.machines.get(loop)?.next;
  }

  send(jobs: readonly Job[]): void {
    for (const job of jobs) this.invariants.sending(job);
    this.queue.add(jobs);
  }

  capacity(): CapacityRow[] {
    const slots = this.scenario.workers * this.scenario.slots;
    return TYPES.map((type) => ({
      task_type: type,
      slots: `${slots}`,
      in_flight: this.database.inFlight(type),
      tenants: [],
      shared: false,
    }));
  }

  answer(workerId: string, stop: readonly string[]): void {
    for (const { worker, stopped } of this.processes.values()) {
      if (worker?.id !== workerId || stopped) continue;
      worker.answeredAt = this.clock.now;
      worker.stopRuns(stop);
    }
  }

  stopRuns(ids: readonly string[]): void {
    for (const { worker, stopped } of this.processes.values()) if (!stopped) worker?.stopRuns(ids);
  }

  nextRun(): number {
    return ++this.runs;
  }

  /** Whether the chain as it is would refuse a command. */
  wouldRefuse(chainId: string, command: ChainCommand): boolean {
    const [read] = this.database.loadChains([chainId]);
    return 'refused' in decide(this.database.loadTasks(read!, undefined).state, command, this.clock.now);
  }

  private step(name: string, n: number): void {
    const [processName, loop] = name.split('.') as [string, string];
    const process = this.processes.get(processName);
    const stepped = process?.machines.get(loop);
    if (process === undefined || stepped === undefined || process.stopped) return;
    const { done, value } = stepped.machine.next(n);
    if (done !== true) stepped.next = value as string;
    else {
      process.machines.delete(loop);
      if (process.machines.size === 0) this.processes.delete(processName);
    }
  }

  /** SIGSTOP and SIGCONT. */
  setStopped(process: Process, stopped: boolean): void {
    process.stopped = stopped;
    if (process.worker === null) return;
    if (stopped) this.queue.workerStops(process.worker.id, this.clock.now);
    else this.queue.workerGoesOn(process.worker.id);
  }

  private kill(name: string): void {
    const process = this.processes.get(name);
    if (process === undefined) return;
    this.processes.delete(name);
    if (process.worker !== null) {
      this.queue.workerStops(process.worker.id, this.clock.now);
      this.startWorker(name);
    } else if (name.startsWith('listener')) {
      this.startListener(name);
    }
  }

  private startListener(name: string): void {
    this.start(name, listenerMachines(this), null);
  }

  private startWorker(name: string): void {
    const worker = new ModelWorker(`${name}/${++this.births}`, this);
    this.start(name, worker.machines(this.scenario.slots), worker);
  }

  private command(chainId: string, command: ChainCommand): void {
    this.start(`api${++this.births}`, new Map([['command', operator(this, chainId, command)]]), null);
  }

  private start(name: string, machines: ReadonlyMap<string, Machine>, worker: ModelWorker | null): void {
    const begun = [...machines].map(
      ([loop, machine]) => [loop, { machine, next: machine.next(0).value as string }] as const,
    );
    this.processes.set(name, { machines: new Map(begun), worker, stopped: false });
  }
}
