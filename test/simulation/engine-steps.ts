/**
 * What libs/chain-engine does, cut into the steps between which a process may die. Deciding is the engine's own
 * `decideChain`; loading, saving and sending are the models'. Cited: store.ts (`applyWork`), engine.ts
 * (`applyAndSend`), dispatcher.ts, reconciler.ts, apply-reports.ts, heartbeats.ts.
 */
import { IncompleteState } from '#libs/chain-domain';
import { decideChain, type ChainCache, type Incoming, type Capacity } from '#libs/chain-engine';
import type { ChainSave, LoadedChain } from '#libs/repositories';
import type { AttemptRef, TaskRecord } from './database.js';
import type { Machine } from './machine.js';
import type { Job, RunReport } from './transport.js';
import type { Surroundings } from './surroundings.js';

export interface Work {
  readonly chainId: string;
  /** Positions that are needed; undefined: the whole chain. */
  readonly positions: readonly number[] | undefined;
  readonly incoming: (loaded: LoadedChain) => readonly Incoming[];
  /** Given up where the chain has changed since it was loaded. */
  readonly once?: true;
}

/** What the loops of one process share. */
export interface Local {
  readonly capacity: Capacity;
  readonly cache?: ChainCache;
}

/** Load, decide, save until all is stored, then send what was dispatched. */
export function* applyAndSend(world: Surroundings, work: readonly Work[], local: Local): Machine {
  const { capacity, cache } = local;
  const rounds: ChainSave[][] = [];
  for (let open = work; open.length > 0;) {
    const saves = yield* decideWork(world, open, local);
    if (world.bugs.has('sent-before-commit')) yield* sendDispatched(world, saves, local);
    yield 'save';
    const ids = world.database.save(saves);
    const stored = saves.filter(({ loaded }) => ids.has(loaded.chainId));
    rounds.push(stored);
    for (const save of stored) cache?.stored(save);
    const lost = saves.filter(({ loaded }) => !ids.has(loaded.chainId));
    for (const { loaded, dispatched } of lost) {
      cache?.conflicted(loaded.chainId);
      for (const position of dispatched) capacity.give(loaded.state.tasks.get(position)!.taskType);
    }
    open = open.filter(
      ({ chainId, once }) => once === undefined && lost.some(({ loaded }) => loaded.chainId === chainId),
    );
  }
  for (const stored of rounds) yield* sendDispatched(world, stored, local);
}

function* decideWork(world: Surroundings, work: readonly Work[], { capacity, cache }: Local): Machine<ChainSave[]> {
  const saves: ChainSave[] = [];
  const whole = work.filter(({ positions }) => positions === undefined);
  const partly = work.filter(({ positions }) => positions !== undefined);
  const kept = new Map(partly.map(({ chainId }) => [chainId, cache?.take(chainId)]));
  const n = [...kept.values()].includes(undefined) ? yield 'load a hop' : 0;
  const isWhole = ({ chainId }: Work): boolean => n % 2 === 0 && (cache?.wholeUpTo(chainId) ?? 0) > 0;
  const reads = partly.map((item) => kept.get(item.chainId) ?? readHop(world, item, isWhole(item)));
  for (const [i, loaded] of reads.entries()) {
    const item = partly[i]!;
    try {
      saves.push(decideChain(loaded, item.incoming(loaded), capacity));
    } catch (error) {
      if (!(error instanceof IncompleteState)) throw error;
      whole.push(item);
    }
  }
  for (const [i, loaded] of (yield* loadWhole(world, whole)).entries()) {
    saves.push(decideChain(loaded, whole[i]!.incoming(loaded), capacity));
  }
  return saves;
}

function readHop(world: Surroundings, { chainId, positions }: Work, whole: boolean): LoadedChain {
  return world.database.loadHop(chainId, whole ? undefined : positions);
}

function* loadWhole(world: Surroundings, work: readonly Work[]): Machine<LoadedChain[]> {
  for (; work.length > 0;) {
    yield 'load chains';
    const read = world.database.loadChains(work.map(({ chainId }) => chainId));
    yield 'load all tasks';
    const torn = read.some((chain) => world.database.isTorn(chain));
    if (torn && !world.bugs.has('torn-read-not-repeated')) continue;
    return read.map((chain) => world.database.loadTasks(chain, undefined));
  }
  return [];
}

function* sendDispatched(world: Surroundings, saves: readonly ChainSave[], local: Local): Machine {
  const refs = saves.flatMap(({ loaded, dispatched }) =>
    [...dispatched].map((position): AttemptRef => {
      const { attempt } = loaded.state.tasks.get(position)!;
      return { chainId: loaded.chainId, position, attempt };
    }),
  );
  yield* sendJobs(world, refs, local);
}

/** Makes and sends jobs; a task whose job cannot be made, or whose `when` is false, becomes an event. */
export function* sendJobs(world: Surroundings, refs: readonly AttemptRef[], local: Local): Machine {
  const specOf = ({ chainId, position }: AttemptRef) => world.database.row(chainId, position).spec;
  const sendable = refs.filter((ref) => specOf(ref).gate === 'open');
  if (sendable.length > 0) {
    yield 'send jobs';
    world.send(sendable.map((ref) => jobOf(world, ref)));
  }
  const others = refs.filter((ref) => specOf(ref).gate !== 'open');
  if (others.length === 0) return;
  const events = others.map((ref) => {
    const { position, attempt } = ref;
    const event: Incoming['event'] =
      specOf(ref).gate === 'closed'
        ? { kind: 'TaskConditionFalse', position, attempt }
        : {
            kind: 'TaskFailed',
            position,
            attempt,
            runId: null,
            error: { code: 'INVALID_PARAMS', message: 'no value' },
            retryable: false,
            random: 0,
          };
    return { chainId: ref.chainId, position, incoming: { event } };
  });
  yield* applyAndSend(world, taskWork(events), local);
}

function jobOf(world: Surroundings, { chainId, position, attempt }: AttemptRef): Job {
  const { requestId, task, spec } = world.database.row(chainId, position);
  const { timeoutMs } = spec;
  const { taskType, priority } = task;
  return { id: `${requestId}.${attempt}`, chainId, position, attempt, taskType, priority, timeoutMs };
}

interface TaskItem {
  readonly chainId: string;
  readonly position: number;
  readonly incoming: Incoming;
}

/** Events of single tasks as work, gathered by chain. */
export function taskWork(items: readonly TaskItem[]): Work[] {
  const byChain = new Map<string, TaskItem[]>();
  for (const item of items) byChain.set(item.chainId, [...(byChain.get(item.chainId) ?? []), item]);
  return [...byChain].map(([chainId, list]) => ({
    chainId,
    positions: list.map(({ position }) => position),
    incoming: () => list.map(({ incoming }) => incoming),
  }));
}

/** What runs reported, as work. */
export function reportWork(world: Surroundings, reports: readonly RunReport[]): Work[] {
  const work = taskWork(
    reports.map((report) => ({ chainId: report.chainId, position: report.position, incoming: incomingOf(report) })),
  );
  if (!world.bugs.has('no-fencing')) return work;
  return work.map((item) => ({ ...item, incoming: (loaded) => item.incoming(loaded).map((i) => unfenced(i, loaded)) }));
}

function incomingOf(report: RunReport): Incoming {
  const { kind, position, attempt, runId, workerId, elapsedMs } = report;
  const beside = { workerId, elapsedMs };
  switch (kind) {
    case 'started':
      return { event: { kind: 'TaskStarted', position, attempt, runId }, report: beside };
    case 'succeeded':
      return { event: { kind: 'TaskSucceeded', position, attempt, runId }, report: { ...beside, result: runId } };
    case 'released':
      return { event: { kind: 'TaskLost', position, attempt, runId }, report: beside };
    case 'failed':
      return {
        event: {
          kind: 'TaskFailed',
          position,
          attempt,
          runId,
          error: { code: report.code!, message: 'it failed' },
          retryable: report.retryable!,
          random: report.random!,
        },
        report: beside,
      };
  }
}

function unfenced(item: Incoming, { state }: LoadedChain): Incoming {
  if (!('attempt' in item.event)) return item;
  return { ...item, event: { ...item.event, attempt: state.tasks.get(item.event.position)!.attempt } };
}

/** A row as the attempt it is in. */
export function attemptOf({ chainId, task }: TaskRecord): AttemptRef {
  return { chainId, position: task.position, attempt: task.attempt };
}
