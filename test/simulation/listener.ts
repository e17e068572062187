/**
 * A listener process: the loops of apps/status-listener and the engine, as step machines that share one
 * `Capacity` and one `ChainCache` and die together.
 */
import type { ChainCommand } from '#libs/chain-domain';
import { ChainCache, LEASES, Refused, Capacity } from '#libs/chain-engine';
import type { AttemptRef, TaskRecord } from './database.js';
import { applyAndSend, attemptOf, reportWork, sendJobs, taskWork, type Local, type Work } from './engine-steps.js';
import type { Machine } from './machine.js';
import type { Heartbeat, Lane, RunReport } from './transport.js';
import type { Surroundings } from './surroundings.js';

/** With this many unread reports, a missing job may be finished rather than lost. */
const REPORTS_WAITING = 6;
const MOST_CLAIMED = 3;
/** A worker that took a job names it in a heartbeat within this time, ms. */
const NAMED_WITHIN_MS = 3_000;

/** The loops of one listener, by name. */
export function listenerMachines(world: Surroundings): Map<string, Machine> {
  const capacity = new Capacity();
  capacity.refresh(world.capacity());
  const local = { capacity, cache: new ChainCache(() => world.clock.now) };
  return new Map([
    ['reports', receive(world, 'done', local)],
    ['notes', receive(world, 'notes', local)],
    ['beats', receive(world, 'beats', local)],
    ['dispatch', dispatch(world, local)],
    ['reconcile', reconcile(world, local)],
  ]);
}

function* receive(world: Surroundings, lane: Lane, local: Local): Machine {
  for (;;) {
    const n = yield `receive ${lane}`;
    const { ids, bodies } = world.channel.receive(lane, 1 + (n % 4), n >> 2, world.clock.now);
    if (ids.length === 0) continue;
    for (const body of bodies) if (body.kind === 'heartbeat') answer(world, body);
    const reports = bodies.filter((body): body is RunReport => body.kind !== 'heartbeat');
    if (reports.length > 0) yield* applyAndSend(world, reportWork(world, reports), local);
    yield 'acknowledge';
    world.channel.acknowledge(ids);
  }
}

function answer(world: Surroundings, beat: Heartbeat): void {
  const counts = new Set(world.database.renewLeases(beat.tasks, LEASES.runningMs));
  world.answer(
    beat.workerId,
    beat.tasks.filter((job) => !counts.has(job)).map(({ id }) => id),
  );
}

function* dispatch(world: Surroundings, local: Local & { readonly cache: ChainCache }): Machine {
  const { capacity, cache } = local;
  for (;;) {
    yield 'take stop signals';
    const signals = world.database.takeOutbox();
    if (signals.length > 0) {
      yield 'broadcast stop';
      for (const { tasks } of signals) world.stopRuns(tasks.map((task) => `${task.taskRequestId}.${task.attempt}`));
      yield 'delete stop signals';
      world.database.deleteOutbox(signals.map(({ id }) => id));
    }
    const m = yield 'promote';
    world.database.promoteDue(m % 8 === 0 ? 'c0' : null);
    yield 'count capacity';
    capacity.refresh(world.capacity());
    const { types, places } = capacity.openings(MOST_CLAIMED);
    if (types.length === 0) continue;
    const n = yield 'claim';
    const skip = n % 8 === 0 ? 'c0' : null;
    const claimed = world.database.claimReady(types, places, skip);
    types.forEach((type, i) =>
      capacity.claimed(type, claimed.filter(({ task }) => task.taskType === type).length, places[i]!, []),
    );
    for (const { chainId } of claimed) cache.forget(chainId);
    yield* sendJobs(world, claimed.map(attemptOf), local);
  }
}

function* reconcile(world: Surroundings, local: Local): Machine {
  let generation: number | undefined;
  const takenSince = new Map<string, number>();
  for (;;) {
    yield 'look at the queue';
    const current = world.queue.generation;
    if (generation !== undefined && generation !== current) {
      const queued = world.database.queuedTasks().map(attemptOf);
      yield* sendJobs(world, queued, local);
    }
    generation = current;
    const reportsWaiting = world.channel.backlog('done', world.clock.now) > REPORTS_WAITING;
    yield 'look for expired leases';
    const expired = world.database.expiredLeases();
    if (expired.length > 0) yield* reconcileLeases(world, expired, reportsWaiting, takenSince, local);
    yield 'look for what is overdue';
    yield* reconcileTimeouts(world, local);
  }
}

function* reconcileLeases(
  world: Surroundings,
  expired: readonly TaskRecord[],
  reportsWaiting: boolean,
  takenSince: Map<string, number>,
  local: Local,
): Machine {
  const lost: AttemptRef[] = [];
  const again: AttemptRef[] = [];
  const taken: AttemptRef[] = [];
  const waiting: AttemptRef[] = [];
  const seen = expired.map((row) => ({ ...attemptOf(row), status: row.task.status, id: row.requestId }));
  for (const { status, id, ...ref } of seen) {
    if (reportsWaiting) waiting.push(ref);
    else if (status === 'RUNNING') lost.push(ref);
    else {
      yield 'ask for a job';
      const job = `${id}.${ref.attempt}`;
      const state = world.queue.state(job);
      if (state === 'waiting') waiting.push(ref);
      else if (state === 'missing') again.push(ref);
      else (takenBefore(takenSince, job, world.clock.now) ? lost : taken).push(ref);
    }
  }
  if (waiting.length > 0) {
    yield 'renew the leases of what waits';
    world.database.renewLeases(waiting, LEASES.waitingMs);
  }
  if (again.length + taken.length > 0) {
    yield 'renew leases';
    world.database.renewLeases([...again, ...taken], LEASES.queuedMs);
  }
  if (!world.bugs.has('lost-lease-not-resent')) yield* sendJobs(world, again, local);
  if (lost.length === 0) return;
  const items = lost.map(({ chainId, position, attempt }) => ({
    chainId,
    position,
    incoming: { event: { kind: 'TaskLost' as const, position, attempt, runId: null }, report: { lost: true } },
  }));
  yield* applyAndSend(
    world,
    taskWork(items).map((item): Work => ({ ...item, once: true })),
    local,
  );
}

/** Whether the job was seen in a worker's hands long enough ago for a heartbeat to have named it. */
function takenBefore(takenSince: Map<string, number>, job: string, now: number): boolean {
  const since = takenSince.get(job);
  if (since === undefined) takenSince.set(job, now);
  return since !== undefined && now - since > NAMED_WITHIN_MS;
}

function* reconcileTimeouts(world: Surroundings, local: Local): Machine {
  const runs = world.database.overdueTasks().map(attemptOf);
  if (runs.length > 0) {
    const error = { code: 'TIMEOUT_RUN', message: 'it ran too long' };
    const items = runs.map(({ chainId, position, attempt }) => ({
      chainId,
      position,
      incoming: {
        event: { kind: 'TaskFailed' as const, position, attempt, runId: null, error, retryable: true, random: 0.5 },
      },
    }));
    yield* applyAndSend(world, taskWork(items), local);
  }
  const queued = world.database.overdueInQueue().map(attemptOf);
  if (queued.length > 0) {
    const error = { code: 'TIMEOUT_QUEUE', message: 'nobody took it' };
    const items = queued.map(({ chainId, position, attempt }) => ({
      chainId,
      position,
      incoming: { event: { kind: 'TaskQueueTimedOut' as const, position, attempt, error, random: 0.5 } },
    }));
    yield* applyAndSend(world, taskWork(items), local);
  }
  const unapproved = world.bugs.has('approvals-never-expire') ? [] : world.database.overdueApprovals().map(attemptOf);
  if (unapproved.length > 0) {
    const items = unapproved.map(({ chainId, position }) => ({
      chainId,
      position,
      incoming: { event: { kind: 'ApprovalTimedOut' as const, position } },
    }));
    yield* applyAndSend(world, taskWork(items), local);
  }
  const chains = world.database.overdueChains();
  if (chains.length > 0) {
    const work = chains.map((chainId): Work => ({
      chainId,
      positions: undefined,
      incoming: ({ state }) => (state.chain.deadlineAt === null ? [] : [{ event: { kind: 'ChainTimedOut' } }]),
    }));
    yield* applyAndSend(world, work, local);
  }
}

/** An operator's command, as the API carries it out (libs/chain-engine/src/commands/commands.ts): refused is done, too. */
export function* operator(world: Surroundings, chainId: string, command: ChainCommand): Machine {
  const report = command.kind === 'ResolveTask' ? { result: 'operator' } : undefined;
  const work: Work = { chainId, positions: undefined, incoming: () => [{ event: command, report }] };
  try {
    yield* applyAndSend(world, [work], { capacity: new Capacity() });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}
