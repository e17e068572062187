import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import type { Lane, TaskJob } from '#libs/queues';
import { openTestQueues, takeJobs, type TestQueues } from '#libs/testing';
import {
  chain,
  describeOnBackends,
  eventually,
  seedExample,
  task,
  taskOf,
  type ApiClient,
  type SystemUnderTest,
} from './system/index.js';

/** A worker as the listener sees one, whose every word a test chooses. */
class StandIn {
  readonly id = `stand-in-${randomUUID()}`;
  private controls: string[] = [];
  private readonly waiting: TaskJob[] = [];
  private readonly ends = new Map<TaskJob, () => void>();
  private seq = 0;

  private constructor(
    private readonly opened: TestQueues,
    private consumer: Awaited<ReturnType<typeof takeJobs>> | undefined,
  ) {}

  static async enter(system: SystemUnderTest): Promise<StandIn> {
    const opened = await openTestQueues({ databaseUrl: system.databaseUrl, redisUrl: system.redisUrl });
    const worker = new StandIn(opened, undefined);
    await opened.channel.subscribe((text) => worker.controls.push(text));
    worker.consumer = await takeJobs(opened.backend, 'diagnostic', 4, (job) => {
      worker.waiting.push(job);
      return new Promise((resolve) => worker.ends.set(job, resolve));
    });
    await worker.beat([]);
    return worker;
  }

  beat(tasks: readonly TaskJob[], runId = 'run-1'): Promise<void> {
    return this.say('beats', {
      kind: 'heartbeat',
      workerId: this.id,
      seq: ++this.seq,
      slots: { diagnostic: 4 },
      tasks: tasks.map(({ taskRequestId, attempt }) => ({ taskRequestId, attempt, runId })),
    });
  }

  /** Whether it received something of this kind about this worker or task. */
  heard(kind: string, about: string): true | undefined {
    return this.controls.some((text) => text.includes(`"${kind}"`) && text.includes(`"${about}"`)) || undefined;
  }

  forget(): void {
    this.controls = [];
  }

  /** The next job of this task. */
  job(taskId: string): Promise<TaskJob> {
    return eventually(`${taskId} is sent`, () => {
      const at = this.waiting.findIndex((job) => job.taskId === taskId);
      return at < 0 ? undefined : this.waiting.splice(at, 1)[0];
    });
  }

  /** Reports, and lets the queue have the job back. */
  async done(job: TaskJob, report: object = {}): Promise<void> {
    await this.say('done', {
      ...runOf(job, this.id),
      kind: 'succeeded',
      result: { result: job.taskId },
      artifacts: [],
      ...report,
    });
    this.ends.get(job)?.();
  }

  say(lane: Lane, message: object): Promise<void> {
    return this.opened.channel.publish(lane, message);
  }

  async leave(): Promise<void> {
    for (const end of this.ends.values()) end();
    await this.consumer?.close();
    await this.opened.close();
  }
}

function runOf(job: TaskJob, workerId: string, runId = 'run-1'): object {
  const { chainId, taskId, taskRequestId, attempt } = job;
  return { chainId, taskId, taskRequestId, attempt, runId, workerId, elapsedMs: 1 };
}

describeOnBackends('what a worker is sent and may say', { apps: ['api', 'status-listener'] }, (check) => {
  const withWorker = (
    name: string,
    test: (worker: StandIn, api: ApiClient, system: SystemUnderTest) => Promise<void>,
  ) =>
    check(name, async (system) => {
      const worker = await StandIn.enter(system);
      try {
        await test(worker, system.api, system);
      } finally {
        await worker.leave();
      }
    });

  withWorker('a callback gets the results in the order in which it names its parents', async (worker, api) => {
    const body = seedExample('chord') as { tasks: { depends_on: readonly string[] }[] };
    const order = ['task-002', 'task-001'];
    body.tasks[2]!.depends_on = order;
    const id = await api.start(body);
    for (const parent of ['task-001', 'task-002'])
      await worker.done(await worker.job(parent), { result: { from: parent } });
    const callback = await worker.job('task-003');
    expect(Object.entries(callback.inputs)).toEqual(order.map((parent) => [parent, { from: parent }]));
    await worker.done(callback);
    expect(taskOf(await api.ended(id), 'task-003').depends_on).toEqual(order);
  });

  withWorker('reports that are late, doubled, of others or from the future change nothing', async (worker, api) => {
    const id = await api.start(chain([task('a'), task('b', {}, { depends_on: ['a'] })]));
    const a = await worker.job('a');
    const fail = { kind: 'failed', error: { code: 'X', message: 'x' }, retryable: false };
    await worker.say('done', { ...runOf(a, worker.id), ...fail, attempt: 2 });
    await worker.say('done', { ...runOf(a, worker.id), ...fail, attempt: 0 });
    await worker.say('done', { ...runOf(a, worker.id), ...fail, taskRequestId: 'task-of-nobody' });
    await worker.say('done', { ...runOf(a, worker.id), ...fail, chainId: 'chain-of-nobody' });
    await worker.say('notes', { ...runOf(a, worker.id), kind: 'started' });
    await api.untilTask(id, 'a', 'RUNNING');
    await worker.say('done', { ...runOf(a, worker.id, 'run-2'), ...fail });
    await worker.done(a, { result: { n: 1 } });
    await worker.done(a, { result: { n: 2 } });
    await worker.say('done', { ...runOf(a, worker.id), ...fail });
    const b = await worker.job('b');
    expect(b.inputs).toEqual({ a: { n: 1 } });
    await worker.done(b);
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 2 });
    const { items } = await api.expect<{ items: { task_id: string; kind: string; disposition: string }[] }>(
      200,
      `/chains/${id}/events`,
    );
    const ofA = items.filter((event) => event.task_id === 'a').map((event) => `${event.kind} ${event.disposition}`);
    expect(ofA).toEqual(
      expect.arrayContaining([
        'TaskFailed QUARANTINED',
        'TaskFailed STALE',
        'TaskStarted ACCEPTED',
        'TaskSucceeded ACCEPTED',
        'TaskSucceeded DUPLICATE',
        'TaskFailed DUPLICATE',
      ]),
    );
    expect(ofA.filter((each) => each.endsWith('ACCEPTED'))).toHaveLength(2);
  });

  withWorker('what cannot be read or stored harms its own task at most', async (worker, api) => {
    const names = ['fine', 'nul', 'half', 'deep', 'none', 'unsaid'];
    const id = await api.start(
      chain(
        names.map((name) => task(name, {}, { execution_mode: 'parallel' })),
        { stop_on_error: false },
      ),
    );
    let deep: unknown = 1;
    for (let level = 0; level < 40; level++) deep = [deep];
    const results: Record<string, object> = {
      fine: { result: { ok: true } },
      nul: { result: { text: 'a\0b' } },
      half: { result: { text: 'a\ud800' } },
      deep: { result: { deep } },
      none: { result: undefined },
      unsaid: { kind: 'failed', error: { no: 'code' }, retryable: true },
    };
    for (const junk of [{}, { kind: 'succeeded' }, { kind: 'done', text: '\u0000' }]) {
      await worker.say('done', junk);
      await worker.say('notes', junk);
    }
    const unreadable = { kind: 'heartbeat', workerId: 'x', seq: 1, slots: { diagnostic: 'many' }, tasks: [] };
    for (const lane of ['notes', 'beats'] as const) await worker.say(lane, unreadable);
    for (const name of names) await worker.done(await worker.job(name), results[name]);
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'FAILURE', completed_tasks: 1, failed_tasks: 5 });
    for (const name of names.slice(1))
      expect(taskOf(done, name)).toMatchObject({ status: 'FAILURE', error: { code: 'INVALID_RESULT' } });
    expect(taskOf(done, 'fine').result).toEqual({ ok: true });
  });

  withWorker('a heartbeat is answered with what to stop, and a cancel is sent at once', async (worker, api) => {
    const id = await api.start(chain([task('a')]));
    const a = await worker.job('a');
    await worker.say('notes', { ...runOf(a, worker.id), kind: 'started' });
    await api.untilTask(id, 'a', 'RUNNING');
    await worker.beat([a]);
    await eventually('the heartbeat is answered', () => worker.heard('heartbeat_answer', worker.id));
    expect(worker.heard('stop', a.taskRequestId)).toBe(undefined);
    await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
    await eventually('the worker gets a stop signal', () => worker.heard('stop', a.taskRequestId));
    // Had it not heard, the next heartbeat says it again.
    worker.forget();
    await worker.beat([a]);
    await eventually('the worker gets it again', () => worker.heard('stop', a.taskRequestId));
    await worker.done(a);
    expect((await api.chain(id)).status).toBe('CANCELLED');
  });

  withWorker('a second run of an attempt is stopped, and does not keep the lease of the first', async (worker, api) => {
    const id = await api.start(chain([task('a')]));
    const a = await worker.job('a');
    // Until a run is known, either may be the one.
    await worker.beat([a], 'run-2');
    await eventually('the heartbeat is answered', () => worker.heard('heartbeat_answer', worker.id));
    expect(worker.heard('stop', a.taskRequestId)).toBe(undefined);
    await worker.say('notes', { ...runOf(a, worker.id, 'run-1'), kind: 'started' });
    await api.untilTask(id, 'a', 'RUNNING');
    worker.forget();
    await worker.beat([a], 'run-1');
    await worker.beat([a], 'run-2');
    await eventually('the second run gets a stop signal', () => worker.heard('stop', 'run-2'));
    expect(worker.heard('stop', 'run-1')).toBe(undefined);
    await worker.done(a);
    expect((await api.ended(id)).status).toBe('SUCCESS');
  });

  withWorker('a heartbeat is answered although notes cannot be stored', async (worker, _api, { databaseUrl }) => {
    await withConnection(databaseUrl, async (client) => {
      await client.query('BEGIN; LOCK TABLE task_logs');
      const lines = [{ atMs: 0, level: 'info', message: 'x' }];
      await worker.say('notes', { kind: 'log', taskRequestId: 'task-of-nobody', attempt: 1, lines });
      await eventually('the note waits for the lock', async () => {
        const { rowCount } = await client.query(
          `SELECT FROM pg_locks WHERE relation = 'task_logs'::regclass AND NOT granted`,
        );
        return rowCount === 0 ? undefined : true;
      });
      worker.forget();
      await worker.beat([]);
      await eventually('the heartbeat is answered', () => worker.heard('heartbeat_answer', worker.id));
      await client.query('ROLLBACK');
    });
  });
});
