import { expect } from '@jest/globals';
import {
  chain,
  describeOnBackends,
  seedExample,
  task,
  taskOf,
  type ApiClient,
  type ChainAnswer,
} from './system/index.js';

/** Long enough that tasks which may run at once are seen to. */
const OVERLAP = { delay_ms: 400 };

describeOnBackends("the design's examples and results", {}, (check) => {
  check('7.1 runs its tasks one after another', async ({ api }) => {
    const done = await run(api, seedExample('sequential', { 'task-001': { result: { rows: 569 } } }));
    expect(done).toMatchObject({
      chain_name: 'PSI数据处理流程',
      description: '数据预处理 -> PSI求交 -> 结果分析',
      chain_type: 'sequential',
      total_tasks: 3,
      completed_tasks: 3,
      progress: 100,
    });
    expect(done.tasks.map((each) => each.task_name)).toEqual(['数据预处理', 'PSI求交', '结果分析']);
    for (const [before, after] of [
      ['task-001', 'task-002'],
      ['task-002', 'task-003'],
    ] as const)
      await expectAfter(api, done, before, after);
    expect(taskOf(done, 'task-002').result!.inputs).toEqual({
      'task-001': { task_id: 'task-001', attempt: 1, result: { rows: 569 } },
    });
    expect(Object.keys(taskOf(done, 'task-003').result!.inputs)).toEqual(['task-002']);
  });

  check('7.2 runs its tasks at once', async ({ api }) => {
    const config = { 'task-001': OVERLAP, 'task-002': OVERLAP, 'task-003': OVERLAP };
    const done = await run(api, seedExample('parallel', config));
    expect(done).toMatchObject({ chain_name: '多方数据验证', chain_type: 'parallel', completed_tasks: 3 });
    expectAtOnce(done, ['task-001', 'task-002', 'task-003']);
    expect(done.tasks.map((each) => each.result!.inputs)).toEqual([{}, {}, {}]);
  });

  check('7.3 gives the callback the results of all it waits for', async ({ api }) => {
    const alice = { ...OVERLAP, result: { weights: [0.5, -1], rows: 300 } };
    const bob = { ...OVERLAP, result: { weights: [1.5, 2], rows: 269 } };
    const done = await run(api, seedExample('chord', { 'task-001': alice, 'task-002': bob }));
    expect(done).toMatchObject({ chain_name: '联邦模型训练', chain_type: 'chord', completed_tasks: 3 });
    expectAtOnce(done, ['task-001', 'task-002']);
    const callback = taskOf(done, 'task-003');
    expect(callback).toMatchObject({ is_callback: true, task_name: '模型聚合', level: 1 });
    expect(callback.result!.inputs).toEqual({
      'task-001': { task_id: 'task-001', attempt: 1, result: alice.result },
      'task-002': { task_id: 'task-002', attempt: 1, result: bob.result },
    });
    await expectAfter(api, done, 'task-001', 'task-003');
    await expectAfter(api, done, 'task-002', 'task-003');
  });

  check('7.4 runs each task as soon as what it waits for is done', async ({ api }) => {
    const config = { 'task-002': OVERLAP, 'task-003': { ...OVERLAP, result: 'bob' } };
    const done = await run(api, seedExample('complex', config));
    expect(done).toMatchObject({ chain_name: '端到端隐私计算流程', chain_type: 'complex', completed_tasks: 5 });
    expect(done.tasks.map((each) => each.level)).toEqual([0, 1, 1, 2, 3]);
    expectAtOnce(done, ['task-002', 'task-003']);
    for (const each of done.tasks)
      for (const parent of each.depends_on) await expectAfter(api, done, parent, each.task_id);
    expect(Object.keys(taskOf(done, 'task-004').result!.inputs)).toEqual(['task-002', 'task-003']);
    expect(taskOf(done, 'task-004').result!.inputs['task-003']).toMatchObject({ result: 'bob' });
  });

  check('results take the place of references, with their type or as text', async ({ api }) => {
    const result = { rows: 42, share: 0.25, ok: true, none: null, list: [1, { name: '爱丽丝' }], text: 'a "b"' };
    const done = await api.run(
      chain([
        task('source', { result }),
        task(
          'typed',
          {
            delay_ms: '${tasks.source.result.result.rows}',
            result: {
              whole: '${tasks.source.result.result}',
              share: '${tasks.source.result.result.share}',
              ok: '${tasks.source.result.result.ok}',
              none: '${tasks.source.result.result.none}',
              name: '${tasks.source.result.result.list[1].name}',
              text: 'rows: ${tasks.source.result.result.rows}, of ${tasks.source.result.result.list[1].name}: ${tasks.source.result.result.list}',
              kept: '$${tasks.source.result}',
            },
          },
          { depends_on: [{ task_id: 'source', dependency_type: 'data' }] },
        ),
        // An ancestor that is no parent.
        task('far', { result: '${tasks.source.result.result.rows}' }, { depends_on: ['typed'] }),
      ]),
    );
    expect(done.status).toBe('SUCCESS');
    expect(taskOf(done, 'typed').result!.result).toEqual({
      whole: result,
      share: 0.25,
      ok: true,
      none: null,
      name: '爱丽丝',
      text: 'rows: 42, of 爱丽丝: [1,{"name":"爱丽丝"}]',
      kept: '${tasks.source.result}',
    });
    expect(taskOf(done, 'far').result).toMatchObject({ result: 42, inputs: { typed: {} } });
  });

  check('references to what is not there fail their task by name', async ({ api }) => {
    const raw = '${tasks.source.result.result.missing[3]}';
    const done = await api.run(
      chain([task('source'), task('reader', { result: { a: raw } }, { depends_on: ['source'] })]),
    );
    expect(done).toMatchObject({
      status: 'FAILURE',
      error: { code: 'INVALID_PARAMS', details: { task_id: 'reader' } },
    });
    const reader = taskOf(done, 'reader');
    expect(reader).toMatchObject({ status: 'FAILURE', attempt: 1, failures: 1 });
    expect(reader.error!.code).toBe('INVALID_PARAMS');
    expect(reader.error!.message).toContain(raw);
    expect(reader.error!.message).toContain('/task_params/task_config/result/a');
  });

  check('a result over 64 KiB fails its task, and one that just fits passes', async ({ api }) => {
    const tasks = [task('fits', { result_bytes: 65_000 }), task('large', { result_bytes: 65_536 })];
    const done = await api.run(chain(tasks, { stop_on_error: false, retry_policy: { max_retries: 3, delay_ms: 0 } }));
    expect(taskOf(done, 'fits').result!.result).toHaveLength(65_000);
    expect(taskOf(done, 'large')).toMatchObject({
      status: 'FAILURE',
      attempt: 1,
      result: null,
      error: { code: 'RESULT_TOO_LARGE', message: expect.stringContaining('65536') },
    });
  });
});

async function run(api: ApiClient, body: object): Promise<ChainAnswer> {
  const done = await api.run(body);
  expect({ status: done.status, error: done.error }).toEqual({ status: 'SUCCESS', error: null });
  expect(done.tasks.map((each) => each.status)).toEqual(done.tasks.map(() => 'SUCCESS'));
  return done;
}

/** By the times of their attempts and by the order of their events. */
async function expectAfter(api: ApiClient, done: ChainAnswer, first: string, second: string): Promise<void> {
  const [before] = await api.attempts(done.chain_id, first);
  const [after] = await api.attempts(done.chain_id, second);
  expect(Date.parse(after!.started_at)).toBeGreaterThanOrEqual(Date.parse(before!.finished_at));
  const { items } = await api.expect<{ items: { kind: string; task_id: string | null }[] }>(
    200,
    `/chains/${done.chain_id}/events`,
  );
  const ends = items.filter((event) => event.kind === 'TaskSucceeded').map((event) => event.task_id);
  expect(ends.indexOf(first)).toBeLessThan(ends.indexOf(second));
}

/** Each had begun before any had ended. */
function expectAtOnce(done: ChainAnswer, taskIds: readonly string[]): void {
  const tasks = taskIds.map((taskId) => taskOf(done, taskId));
  const lastStart = Math.max(...tasks.map((each) => Date.parse(each.started_at!)));
  const firstEnd = Math.min(...tasks.map((each) => Date.parse(each.completed_at!)));
  expect(lastStart).toBeLessThan(firstEnd);
}
