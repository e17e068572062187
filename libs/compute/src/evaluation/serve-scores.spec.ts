import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { FEATURES, rowsFrom, TEST } from './models-for-tests.js';
import { Serving } from './serving-for-tests.js';

const ROWS = TEST.length;
const keyOf = (row: number): string => `C-${row}`;

describe('predictions that are opened one by one', () => {
  let runs: OwnedRuns;
  let model: Record<string, string>;
  let input: Record<string, string>;
  let predictions: number[];
  const config = (serve: JsonObject): Record<string, unknown> => ({
    model,
    input_data: input,
    prediction_receiver: 'alice',
    serve: { key: 'id', scores: ROWS, ...serve },
  });
  const start = async (taskId: string, serve: JsonObject = {}): Promise<Serving> => {
    const task_config = config(serve) as never;
    return Serving.start(await runs.prepare('predict', taskId, task_config));
  };
  const ledger = (): string => join(runs.owners['bob']!.root, '.party', 'ledger.jsonl');
  /** What bob's ledger has of a task, in its order. */
  const counted = async (taskId: string): Promise<unknown[]> =>
    (await readFile(ledger(), 'utf8'))
      .split('\n')
      .filter((line) => line.includes('"open"') && line.includes(`/${taskId}"`))
      .map((line) => (JSON.parse(line) as { counts: unknown }).counts);
  const both = async (name: string, rows: readonly number[][]): Promise<Record<string, string>> => ({
    alice: await runs.table('alice', name, [
      ['id', ...FEATURES.alice, 'y'],
      ...rows.map((row, at) => [keyOf(at), row[0]!, row[1]!, row[5]!]),
    ]),
    bob: await runs.table('bob', name, [FEATURES.bob, ...rows.map((row) => row.slice(2, 5))]),
  });

  beforeAll(async () => {
    runs = await OwnedRuns.claim('bob');
    const train = await both('train', rowsFrom(0, 300));
    input = await both('test', TEST);
    const training = { train_data: train, features: FEATURES, label: 'y', label_party: 'alice', params: { epochs: 3 } };
    const { result } = await runs.run('ss_lr', 'train', training as never);
    model = result.model_paths as Record<string, string>;
    const asked = { model, input_data: input, prediction_receiver: 'alice' };
    const predicted = await runs.run('predict', 'predict', asked as never);
    predictions = (await runs.folder.rows('alice', predicted.result.prediction_output as string))
      .slice(1)
      .map(([each]) => Number(each));
  });
  afterAll(() => runs.folder.remove());

  test('are those of predict, of the row that is asked for, and each is counted before it is open', async () => {
    const serving = await start('one-by-one');
    expect(await counted('one-by-one')).toEqual([]);
    for (const [asked, row] of [41, 7, ROWS - 1].entries()) {
      const answer = await serving.score(keyOf(row));
      expect(answer).toEqual({ status: 200, body: { key: keyOf(row), prediction: predictions[row] } });
      expect(await counted('one-by-one')).toEqual(Array(asked + 1).fill({ predictions: 1 }));
    }
    // The same again, also from many at once, is nothing new.
    const again = await Promise.all([7, 7, 50, 50, 41].map((row) => serving.score(keyOf(row))));
    expect(again.map(({ body }) => body['prediction'])).toEqual([7, 7, 50, 50, 41].map((row) => predictions[row]));
    expect(await counted('one-by-one')).toHaveLength(4);
    expect(await serving.end()).toMatchObject({ status: 202 });
    const [alice, bob, dealer] = await serving.outcomes();
    const result = { party: 'alice', objective: 'logistic', rows: 80, scores: 4 };
    expect(alice).toMatchObject({ status: 'fulfilled', value: { result, artifacts: [] } });
    expect(bob).toMatchObject({ status: 'fulfilled', value: { result } });
    expect(dealer).toEqual({ status: 'fulfilled', value: null });
  });

  test('end at the number that the task says, which is counted in blocks where it is large', async () => {
    const serving = await start('few', { scores: 2 });
    const answers = [];
    for (const row of [0, 1, 2, 0]) answers.push(await serving.score(keyOf(row)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
    expect(answers[2]!.body).toMatchObject({ code: 'SCORES_SPENT' });
    await serving.outcomes();
    const many = await start('many', { scores: 1_500 });
    for (const row of [0, 1, 2, 3]) await many.score(keyOf(row));
    expect(await counted('many')).toEqual([{ predictions: 3 }, { predictions: 3 }]);
    await many.outcomes();
  });

  test('go to whoever has the token, of rows that there are, and to no other request', async () => {
    const serving = await start('askers');
    const body = JSON.stringify({ key: keyOf(3) });
    const cases: [string, Parameters<Serving['ask']>[1], number, string][] = [
      ['/score', { token: 'another', body }, 401, 'TOKEN_WRONG'],
      ['/score', { body: JSON.stringify({ key: 'nobody' }) }, 404, 'ROW_UNKNOWN'],
      ['/score', { body: JSON.stringify({ key: 3 }) }, 400, 'BODY_WRONG'],
      ['/score', { body: `${body.slice(0, -1)},"x":1}` }, 400, 'BODY_WRONG'],
      ['/score', { body: '{' }, 400, 'BODY_WRONG'],
      ['/score', { body: `"${'x'.repeat(5_000)}"` }, 413, 'BODY_TOO_LARGE'],
      ['/scores', { body }, 404, 'NOT_FOUND'],
      ['/score', { method: 'PUT', body }, 405, 'METHOD_UNKNOWN'],
      ['/end', { token: '', body }, 401, 'TOKEN_WRONG'],
    ];
    for (const [path, asked, status, code] of cases)
      expect(await serving.ask(path, asked)).toMatchObject({ status, body: { status, code } });
    expect(await counted('askers')).toEqual([]);
    expect(await serving.score(keyOf(3))).toMatchObject({ status: 200 });
    await serving.outcomes();
  });

  test('are not opened where they cannot be counted', async () => {
    const serving = await start('unnoted');
    await rename(ledger(), `${ledger()}.kept`);
    await mkdir(ledger());
    const answer = await serving.score(keyOf(5)).catch((error: unknown) => error);
    expect(answer).not.toMatchObject({ status: 200 });
    const [alice, bob] = await serving.outcomes();
    expect([alice, bob]).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await rename(ledger(), `${ledger()}.none`);
    await rename(`${ledger()}.kept`, ledger());
  });

  test('are not opened once the owner no longer allows it, and end then', async () => {
    const policy = (serial: number, effect: 'allow' | 'refuse'): Promise<string> =>
      runs.owners['bob']!.sign({
        ...{ kind: 'policy', dataset: 'test', expires_at: '2999-01-01T00:00:00Z', serial },
        rules: [{ effect, task_types: ['predict'] }],
      });
    const run = await runs.prepare('predict', 'withdrawn', config({ scores: 1_500 }) as never);
    let signed = run.consent!.statements['bob'] as readonly string[];
    const serving = await Serving.start(run, {}, () => Promise.resolve(signed));
    expect(await serving.score(keyOf(5))).toMatchObject({ status: 200 });
    signed = [...signed, await policy(2, 'allow')];
    expect(await serving.score(keyOf(6))).toMatchObject({ status: 200 });
    // The third of three that were counted together.
    signed = [...signed, await policy(3, 'refuse')];
    expect(await serving.score(keyOf(7)).catch((error: unknown) => error)).not.toMatchObject({ status: 200 });
    expect((await serving.outcomes())[1]).toMatchObject({ reason: { code: 'POLICY_REFUSED' } });
    expect(await counted('withdrawn')).toEqual([{ predictions: 3 }]);
    // The policy that was seen last is the one that counts.
    runs.policy('bob', 'test', { rules: [{ effect: 'allow', task_types: ['predict'] }], serial: 4 } as never);
  });

  test('are no more than a party has agreed to, whatever the receiver asks for', async () => {
    const agreed = await runs.prepare('predict', 'agreed', config({ scores: 2 }) as never);
    const asking = await runs.prepare('predict', 'agreed', config({ scores: ROWS }) as never);
    const serving = await Serving.start(asking, { bob: agreed });
    for (const row of [10, 11, 10]) expect(await serving.score(keyOf(row))).toMatchObject({ status: 200 });
    await serving.score(keyOf(12)).catch(() => undefined);
    const reason = { code: 'PROTOCOL_VIOLATION', message: expect.stringContaining('beyond') as unknown };
    expect((await serving.outcomes())[1]).toMatchObject({ reason });
    expect(await counted('agreed')).toHaveLength(2);
  });

  test('cross in two messages, and say nothing before they are asked for', async () => {
    const serving = await start('messages');
    // What bob sent before he answers rows has come by then.
    await serving.score(keyOf(19));
    const crossed: string[] = [];
    for (const [here, there] of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ] as const) {
      const end = await serving.sites.end(here, there);
      const write = end.write.bind(end) as (...args: unknown[]) => boolean;
      end.write = ((chunk: Buffer | string, ...more: unknown[]) => {
        if (chunk.length > 0 && !chunk.toString('latin1').includes('"beat"')) crossed.push(here);
        return write(chunk, ...more);
      }) as typeof end.write;
    }
    await serving.score(keyOf(20));
    await serving.score(keyOf(21));
    expect(crossed).toEqual(['alice', 'bob', 'alice', 'bob']);
    await serving.outcomes();
  });

  test('are refused in a chain, of one party, of a table whose rows have no name of their own', async () => {
    const params = (more: JsonObject): never =>
      ({
        sf_init_config: { parties: ['alice', 'bob'] },
        task_config: { ...config({}), ...more },
      }) as never;
    expect(checkTaskParams('predict', params({}))).toMatchObject([{ pointer: '/task_config/serve' }]);
    expect(checkTaskParams('predict', params({}), true)).toEqual([]);
    const alone = { model: { alice: model['alice']! }, input_data: { alice: input['alice']! } };
    const faults = checkTaskParams('predict', params({ ...alone, prediction_output: 'x.csv' }), true);
    expect(faults.map(({ pointer }) => pointer)).toContain('/task_config/serve');
    expect(faults.map(({ pointer }) => pointer)).toContain('/task_config/prediction_output');
    const prepared = await runs.prepare('predict', 'local', config({}) as never);
    await expect(runsHere(prepared)).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
    const doubled = await start('doubled', { key: 'y' });
    expect((await doubled.outcomes())[0]).toMatchObject({ reason: { code: 'DUPLICATE_KEYS' } });
  });
});

/** A task of a chain at a worker. */
async function runsHere(run: Parameters<typeof Serving.start>[0]): Promise<TaskRunResult> {
  const { runTask } = await import('../catalogue/run-task.js');
  return runTask('predict', run);
}
