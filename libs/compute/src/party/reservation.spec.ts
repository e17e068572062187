import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  Budget,
  ConsentJson,
  DatasetStatement,
  OpenedColumn,
  PolicyStatement,
  Statement,
  TaskStatement,
} from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskParams, TaskRunResult } from '../contract/task-type.js';
import { taskHash } from './hashes.js';
import { PartyLedger } from './party-ledger.js';
import { reserve, type OpeningRun } from './reservation.js';
import { reserveFirst, type Opened } from './opened.js';

const code = (figures: number, more: Partial<OpenedColumn> = {}): OpenedColumn => ({
  column: 'y',
  figures,
  bits: 10,
  rows: 100,
  distinct: 2,
  ...more,
});
const RUN: OpeningRun = {
  ...{ party: 'alice', peers: ['bob'], task: 'c/t', type: 'vif', use: 'u', versions: ['c@1'], digests: ['d'] },
};
const refusal = { code: 'BUDGET_EXHAUSTED', retryable: false };

describe('the ledger of what is opened', () => {
  let root: string;
  let ledger: PartyLedger;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ledger-'));
    await mkdir(join(root, '.party'));
    ledger = new PartyLedger(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  const dataset = (version: number): DatasetStatement => ({
    ...{ kind: 'dataset', party: 'alice', name: 'c', version, serial: 1, issued_at: '', file: 'c.csv', digest: '' },
    ...{ format: 'csv', columns: ['y', 'x'].map((name) => ({ name, type: 'number' })), rows: 100 },
  });
  const policy = (budget: Budget): PolicyStatement => ({
    ...{ kind: 'policy', party: 'alice', dataset: 'c', serial: 1, issued_at: '', expires_at: '', rules: [], budget },
  });
  const asked = (
    run: Partial<OpeningRun>,
    columns: readonly OpenedColumn[],
    {
      statements = [dataset(1)],
      members,
      own,
    }: { statements?: readonly Statement[]; members?: readonly string[]; own?: string } = {},
  ) =>
    reserve(
      ledger,
      new Map(statements.map((each, at) => [String(at), each])),
      { ...RUN, ...run },
      { columns, ...(members && { members }), ...(own && { own }) },
    );
  const spent = async (): Promise<number> =>
    (await ledger.read()).openings.reduce((sum, { bits }) => sum + (bits.y ?? 0), 0);

  it('refuses what passes half a bit a row of a code, over all tasks and versions, and counts nothing of that', async () => {
    await asked({ use: 'a' }, [code(3)]);
    await asked({ use: 'b', versions: ['c@2'] }, [code(1)], { statements: [dataset(1), dataset(2)] });
    await expect(asked({ use: 'c' }, [code(2)])).rejects.toMatchObject({
      ...refusal,
      details: { party: 'alice', dataset: 'c', column: 'y', opened: 40, asked: 20, limit: 50 },
    });
    expect(await spent()).toBe(40);
    await asked({ use: 'd' }, [code(1)]);
    await expect(asked({ use: 'e' }, [code(1, { bits: 1 })])).rejects.toMatchObject(refusal);
    // Another dataset, another column, and numbers of many values go on.
    await asked({ use: 'e', versions: ['other@1'] }, [code(5)]);
    await asked({ use: 'e' }, [code(5, { column: 'x' }), code(50, { column: 'x', distinct: 17 })].slice(0, 1));
    await asked({ use: 'e', versions: ['n@1'] }, [code(1000, { distinct: 17 })]);
  });

  it('gives a part of the rows its share, and takes it from the whole', async () => {
    await asked({ use: 'a' }, [code(3, { rows: 100 })]);
    await asked({ use: 'b' }, [code(1, { rows: 60 })]);
    // 30 bits of 60 rows: 10 are open, and those about more rows are not counted.
    await expect(asked({ use: 'c' }, [code(3, { rows: 60 })])).rejects.toMatchObject({
      details: { limit: 30, opened: 10 },
    });
    // 50 bits of the 100: 40 are open.
    await expect(asked({ use: 'd' }, [code(2, { rows: 60 })])).rejects.toMatchObject({
      details: { limit: 50, opened: 40 },
    });
    await asked({ use: 'e' }, [code(1, { rows: 60 })]);
    await expect(asked({ use: 'f' }, [code(1, { rows: 1000 })])).resolves.toMatchObject({
      warnings: expect.anything(),
    });
  });

  it('counts no figures of columns of many values against a code', async () => {
    await asked({ use: 'a' }, [code(30, { column: 'y_1', distinct: 17 })]);
    await asked({ use: 'b' }, [code(5, { distinct: 16 })]);
    await expect(asked({ use: 'c' }, [code(1)])).rejects.toMatchObject(refusal);
  });

  it('counts columns of names that were never registered together, and against the others', async () => {
    await asked({ use: 'a' }, [code(3, { column: 'y_1' })]);
    await expect(asked({ use: 'b' }, [code(3, { column: 'renamed' })])).rejects.toMatchObject(refusal);
    await expect(asked({ use: 'c' }, [code(3)])).rejects.toMatchObject(refusal);
    await asked({ use: 'd' }, [code(2)]);
  });

  it('counts each try of a task: whoever tries again may bring other data', async () => {
    await asked({}, [code(3)]);
    await expect(asked({}, [code(3)])).rejects.toMatchObject(refusal);
    await asked({}, [code(2)]);
    expect(await spent()).toBe(50);
  });

  it('counts all that one run opens', async () => {
    await asked({}, [code(3)]);
    await asked({}, [code(2)]);
    await expect(asked({}, [code(1)])).rejects.toMatchObject(refusal);
  });

  it('lets no tasks at once pass a limit together', async () => {
    const all = Array.from({ length: 20 }, (_, at) => asked({ use: `u${at}` }, [code(1)]));
    const passed = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled');
    expect(passed.length).toBeLessThanOrEqual(5);
    expect(await spent()).toBe(10 * passed.length);
  });

  it('allows what the owner allows, if that is less, also of numbers', async () => {
    const statements = [dataset(1), policy({ bits: 25 })];
    await asked({ use: 'a' }, [code(2)], { statements });
    await expect(asked({ use: 'b' }, [code(1, { bits: 6 })], { statements })).rejects.toMatchObject({
      details: { limit: 25 },
    });
    const number = code(3, { column: 'x', distinct: 17 });
    await expect(asked({ use: 'b' }, [number], { statements })).rejects.toMatchObject(refusal);
    const more = [dataset(1), policy({ bits: 1e6 })];
    await expect(asked({ use: 'b' }, [code(4)], { statements: more })).rejects.toMatchObject(refusal);
  });

  it('counts what follows from the own table alone once for each table, and towards what the owner allows alone', async () => {
    const own = 'statistics';
    const table = (use: string, digest: string, statements: readonly Statement[] = [dataset(1)]) =>
      asked({ use, digests: [digest] }, [code(9)], { own, statements });
    expect((await table('1', 'd1')).entry).toMatchObject({ bits: { y: 90 } });
    expect((await table('2', 'd1')).entry).toBeUndefined();
    expect(await spent()).toBe(90);
    expect((await table('3', 'd2')).entry).toMatchObject({ bits: { y: 90 } });
    await asked({ use: '4' }, [code(5)]);
    await expect(table('5', 'd3', [dataset(1), policy({ bits: 300 })])).rejects.toMatchObject({
      details: { opened: 230 },
    });
    await expect(asked({ use: '6' }, [code(1)])).rejects.toMatchObject({ details: { opened: 50 } });
  });

  it('warns of figures of the same columns by another task of the type, and names no column', async () => {
    expect((await asked({ use: 'a' }, [code(1)])).warnings).toEqual([]);
    const { warnings } = await asked({ use: 'b' }, [code(1)]);
    expect(warnings).toEqual([expect.stringMatching(/^PRIVACY_REPEATED: 1 earlier vif tasks .* of c;/)]);
    expect(warnings.join()).not.toContain('"y"');
    expect((await asked({ use: 'c', type: 'psi' }, [code(1)])).warnings).toEqual([]);
  });

  it('warns of keys or predictions of the table by another task of the type', async () => {
    const of = (use: string, counts: Record<string, number>) =>
      reserve(ledger, new Map(), { ...RUN, type: 'psi', use }, { columns: [], to: ['bob'], counts });
    expect((await of('a', { keys: 3 })).entry).toMatchObject({ to: ['bob'], counts: { keys: 3 }, bits: {} });
    expect((await of('b', { keys: 3 })).warnings).toEqual([
      expect.stringMatching(/^PRIVACY_REPEATED: 1 earlier psi tasks opened keys of c;/),
    ]);
    expect((await of('c', { predictions: 3 })).warnings).toEqual([]);
  });

  it('counts a figure about several columns once under a name that they share, and each column by itself else', async () => {
    const joint = (use: string, columns: readonly OpenedColumn[]) =>
      reserve(ledger, new Map([['0', dataset(1)]]), { ...RUN, use }, { columns, joint: true });
    const made = ['p', 'q'].map((column) => code(1, { column }));
    expect((await joint('a', made)).entry).toMatchObject({ bits: { '*': 10 } });
    const parts = [code(1), code(2, { bits: 3 }), code(1, { column: 'x' })];
    expect((await joint('b', parts)).entry).toMatchObject({ bits: { y: 16, x: 10 } });
  });

  it('opens of figures that a task can do without no more than a part of what is left, and then the next fewer', async () => {
    const context = {
      reserve: async (opened: Opened) => {
        await reserve(ledger, new Map([['0', dataset(1)]]), RUN, opened);
      },
    };
    const wishes: Opened[] = [
      { columns: [code(3)], share: 1 / 2 },
      { columns: [code(2)], share: 1 / 2 },
      { columns: [code(1)] },
    ];
    // Of 50 bits: 20 of 50, then 10 of 30, and 10 of 20, as often as they fit.
    expect(await reserveFirst(context, wishes)).toBe(1);
    expect(await reserveFirst(context, wishes)).toBe(2);
    expect(await reserveFirst(context, wishes)).toBe(2);
    expect(await reserveFirst(context, wishes)).toBe(2);
    await expect(reserveFirst(context, wishes)).rejects.toMatchObject(refusal);
    expect(await spent()).toBe(50);
  });

  it('warns of sums over parties that differ by one, and refuses them where the owner does', async () => {
    const all = ['alice', 'bob', 'carol', 'dave'];
    const without = (...names: string[]) => all.filter((name) => !names.includes(name));
    const of = (use: string, members: readonly string[], statements: readonly Statement[] = [dataset(1)]) =>
      asked({ use, type: 'federated_training' }, [], { statements, members });
    expect((await of('1', all)).warnings).toEqual([]);
    expect((await of('2', all)).warnings).toEqual([]);
    await expect(of('4', without('carol'), [dataset(1), policy({ sums_apart: 0 })])).rejects.toMatchObject({
      ...refusal,
      message: expect.stringMatching(/the part of carol/) as unknown,
    });
    expect((await of('5', without('carol'))).warnings).toEqual([
      expect.stringMatching(/^PRIVACY_SUMS_APART: .* the part of carol/),
    ]);
    // Two parties less: each of them knows its part, and so the other's. One such sum was before.
    const few = [...all, 'erin', 'frank'];
    const two = few.filter((name) => !['erin', 'frank'].includes(name));
    expect((await of('7', few)).warnings).toEqual([expect.stringMatching(/the part of erin, frank/)]);
    expect(two).toEqual(all);
    await expect(of('8', few.slice(0, 5), [dataset(1), policy({ sums_apart: 2 })])).rejects.toMatchObject({
      details: { opened: 2, asked: 1, limit: 2 },
    });
    expect((await of('9', all, [dataset(1), policy({ sums_apart: 0 })])).warnings).toEqual([]);
    const ofOther = { use: '6', type: 'federated_training', versions: ['other@1'] };
    expect((await asked(ofOther, [], { members: without('carol') })).warnings).toEqual([]);
  });
});

const TYPES = [
  'pearson_correlation',
  'standard_scaler',
  'table_statistics',
  'ss_lr',
  'ss_pvalue',
  'scorecard',
  'psi',
  'biclassification_eval',
  'validation',
  'secureboost',
  'ss_xgb',
];

describe('a claimed party', () => {
  let folder: TestFolder;
  let owner: TestOwner;
  const ROWS = 400;
  const COLUMNS = 20;
  const noise = (row: number, column: number): number => ((row + 1) * (7919 * column + 31)) % 1009;

  beforeEach(async () => {
    folder = await testFolder();
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    await folder.table(
      'alice',
      'c.csv',
      `id,y,p\n${rows.map((row) => `${row},${noise(row, 5) % 2},${noise(row, 6) / 1009}`).join('\n')}\n`,
    );
    const names = Array.from({ length: COLUMNS }, (_, column) => `b${column}`);
    const cells = rows.map((row) => names.map((_, column) => noise(row, column + 1)).join(','));
    await folder.table('bob', 'b.csv', `${names.join(',')}\n${cells.join('\n')}\n`);
    owner = await TestOwner.claim(join(folder.path, 'data'), 'alice');
  });
  afterEach(() => folder.remove());

  async function run(
    type: string,
    taskId: string,
    config: { readonly [key: string]: ConsentJson },
    more: {
      budget?: object;
      statement?: Partial<TaskStatement>;
      log?: string[];
      parties?: string[];
      /** Stops the run as soon as alice has counted what she opens. */
      stop?: AbortController;
    } = {},
  ): Promise<TaskRunResult> {
    const columns = ['id', 'y', 'p'].map((name) => ({ name, type: 'integer' }));
    const statements = [
      ...(await Promise.all(
        [1, 2].map(async (version) =>
          owner.sign({ ...(await owner.dataset('c', 'c.csv', version)), columns } as never),
        ),
      )),
      await owner.sign({
        kind: 'policy',
        dataset: 'c',
        expires_at: '2999-01-01T00:00:00Z',
        rules: [{ effect: 'allow', task_types: TYPES }],
        ...(more.budget && { budget: more.budget }),
      } as never),
    ];
    const params = {
      sf_init_config: { parties: more.parties ?? ['alice', 'bob'], address: 'local' },
      task_config: config,
    };
    const task = {
      ...{ chain_id: 'chain-1', task_id: taskId, task_type: type, proposer: null, from: {} },
      params,
      ...more.statement,
    };
    const consent = { task, byAdmin: true, statements: { alice: statements }, params: params as TaskParams };
    const base = folder.run(config, {
      ...{ taskId, params: params as never, log: (_, message) => more.log?.push(message) },
      ...(more.stop && { signal: more.stop.signal, opened: () => more.stop!.abort(new Error('stopped')) }),
    });
    return runTask(type, { ...base, consent });
  }
  const correlation = (input: string, from: number, to: number) => ({
    input_data: { alice: input, bob: 'b.csv' },
    columns: { alice: ['y'], bob: Array.from({ length: to - from }, (_, at) => `b${from + at}`) },
  });
  const openings = async (): Promise<JsonObject[]> =>
    (await readFile(join(owner.root, '.party', 'ledger.jsonl'), 'utf8'))
      .split('\n')
      .flatMap((line) => (line.includes('"open"') ? [JSON.parse(line) as JsonObject] : []));

  it('opens no 20 correlations of one label of 400 rows, whether at once, over versions or by derived files', async () => {
    const y = 'dataset:alice/c@1';
    await expect(run('pearson_correlation', 'all', correlation(y, 0, 20))).rejects.toMatchObject({
      ...refusal,
      details: { column: 'y', opened: 0, asked: 220, limit: 200 },
    });
    await run('pearson_correlation', 'nine', correlation(y, 0, 9));
    const log: string[] = [];
    await run('pearson_correlation', 'more', correlation('dataset:alice/c@2', 9, 18), { log });
    expect(log.filter((line) => line.includes('PRIVACY_REPEATED'))).toHaveLength(1);
    expect((await openings()).at(-1)).toMatchObject({
      task: 'chain-1/more',
      type: 'pearson_correlation',
      to: ['bob'],
      datasets: ['c'],
      versions: ['c@2'],
      bits: { y: 99 },
      figures: { y: 9 },
    });
    await expect(run('pearson_correlation', 'last', correlation(y, 18, 19))).rejects.toMatchObject({
      details: { opened: 198, asked: 11, limit: 200 },
    });
    const scale = { input_data: { alice: y }, columns: { alice: ['y'] } };
    const scaled = await run('standard_scaler', 'scale', scale, { parties: ['alice'] });
    const from = {
      scale: taskHash({
        ...{ chain_id: 'chain-1', task_id: 'scale', task_type: 'standard_scaler', proposer: null, from: {} },
        params: {
          sf_init_config: { parties: ['alice'], address: 'local' },
          task_config: scale,
        },
      }),
    };
    const derived = `artifact:chain-1/scale/${scaled.artifacts.find(({ name }) => name.endsWith('.csv'))!.name}`;
    await expect(
      run('pearson_correlation', 'derived', correlation(derived, 18, 19), { statement: { from } }),
    ).rejects.toMatchObject({ details: { dataset: 'c', opened: 198 } });
    expect(await folder.temporaries()).toEqual([]);
  });

  it('counts a task that is stopped while it opens something, so that stopping and trying again gains nothing', async () => {
    const nine = correlation('dataset:alice/c@1', 0, 9);
    for (let round = 0; round < 2; round += 1) {
      const stop = new AbortController();
      await expect(run('pearson_correlation', 'again', nine, { stop })).rejects.toThrow('stopped');
    }
    await expect(run('pearson_correlation', 'again', nine)).rejects.toMatchObject({ details: { opened: 198 } });
  });

  it('counts a task again that came to its end and runs again, with whatever the others bring then', async () => {
    const nine = correlation('dataset:alice/c@1', 0, 9);
    await run('pearson_correlation', 'again', nine);
    await run('pearson_correlation', 'again', nine);
    await expect(run('pearson_correlation', 'again', nine)).rejects.toMatchObject({ details: { opened: 198 } });
  });

  it('counts the statistics of its table, once', async () => {
    const config = { input_data: { alice: 'dataset:alice/c@1' }, columns: { alice: ['y'] } };
    const more = { parties: ['alice'] };
    const { result, partyResults } = await run('table_statistics', 'few', config, { ...more, budget: { bits: 49 } });
    expect(result).toMatchObject({
      statistics: {},
      withheld: { 'rows.alice': expect.stringContaining('no room') as unknown },
    });
    expect([await openings(), partyResults!.alice]).toEqual([[expect.anything()], expect.anything()]);
    for (const taskId of ['one', 'two'])
      await run('table_statistics', taskId, config, { ...more, budget: { bits: 50 } });
    expect((await openings()).at(-1)).toMatchObject({ bits: { y: 50 } });
    await expect(
      run('pearson_correlation', 'more', correlation('dataset:alice/c@1', 0, 1), { budget: { bits: 60 } }),
    ).rejects.toMatchObject({ ...refusal, details: { opened: 50 } });
  });

  it('opens as much as its owner allows', async () => {
    const two = correlation('dataset:alice/c@1', 0, 2);
    await expect(run('pearson_correlation', 'two', two, { budget: { bits: 21 } })).rejects.toMatchObject(refusal);
    await run('pearson_correlation', 'two', two, { budget: { bits: 22 } });
  });

  const training = (epochs: number, features = 2) => ({
    train_data: { alice: 'dataset:alice/c@1', bob: 'b.csv' },
    features: { bob: Array.from({ length: features }, (_, at) => `b${at}`) },
    ...{ label: 'y', label_party: 'alice', prediction_receiver: 'bob', prediction_output: 'artifact:p.csv' },
    params: { epochs, batch_size: 400, learning_rate: 1e-6 },
  });
  const lossesOf = ({ result }: TaskRunResult): (number | null)[] => {
    const { loss_by_epoch: losses, final_loss: last } = result.training_metrics as {
      loss_by_epoch: (number | null)[];
      final_loss: number | null;
    };
    return [...losses, last].filter((loss) => loss !== null);
  };

  it('counts the losses of trainings on its label, opens fewer as less is left, and notes predictions', async () => {
    // Of 200 bits: six losses of 13, and 4 that say where it ended; at most half of what is left.
    expect(lossesOf(await run('ss_lr', 'one', training(10)))).toHaveLength(6);
    const predictions = { counts: { predictions: ROWS }, to: ['bob'], bits: {} };
    expect((await openings()).slice(-2)).toMatchObject([{ type: 'ss_lr', bits: { y: 82 } }, predictions]);
    const second = await run('ss_lr', 'two', training(10));
    expect(lossesOf(second)).toHaveLength(1);
    expect(second.result.training_metrics).toMatchObject({
      withheld: { loss_by_epoch: expect.stringMatching(/half a bit/) as unknown },
    });
    expect((await openings()).at(-2)).toMatchObject({ bits: { y: 17 } });
    await run('pearson_correlation', 'nine', correlation('dataset:alice/c@1', 0, 8));
    // 13 bits are left.
    expect(lossesOf(await run('ss_lr', 'three', training(10)))).toEqual([]);
    await expect(run('ss_lr', 'four', training(600))).rejects.toMatchObject({ ...refusal, details: { asked: 10 } });
  });

  it.each([
    // Of two columns, and one bit whether there is a fit; the training took 28.
    ['z', 'ss_pvalue', 25],
    ['the points', 'scorecard', 37],
  ])('counts %s of each other column on its label and on its columns, over all tasks', async (_, type, asked) => {
    const cells = Array.from({ length: ROWS }, (_each, row) => `${noise(row, 1) % 40},${noise(row, 2) % 40}`);
    await folder.table('bob', 'b.csv', `b0,b1\n${cells.join('\n')}\n`);
    const trained = await run('ss_lr', 'one', training(1));
    const before = (await openings()).length;
    const config = {
      model: trained.result['model_paths'] as { [party: string]: string },
      train_data: { alice: 'dataset:alice/c@1', bob: 'b.csv' },
      ...{ label: 'y', label_party: 'alice' },
    };
    const from = {
      one: taskHash({
        ...{ chain_id: 'chain-1', task_id: 'one', task_type: 'ss_lr', proposer: null, from: {} },
        params: { sf_init_config: { parties: ['alice', 'bob'], address: 'local' }, task_config: training(1) },
      }),
    };
    const test = (taskId: string) => run(type, taskId, config, { budget: { bits: 70 }, statement: { from } });
    await test('two');
    expect((await openings()).slice(before)).toMatchObject([{ type, bits: { y: asked }, to: ['bob'] }]);
    const details = { column: 'y', opened: 28 + asked, asked };
    await expect(test('three')).rejects.toMatchObject({ ...refusal, details });
  });

  it('counts the figures of evaluations of its label, opens fewer as less is left, and keeps all for the party', async () => {
    const config = {
      ...{ prediction_data: { alice: 'dataset:alice/c@1' }, label_column: 'y', prediction_column: 'p' },
      assert: { auc: { min: 0.01 } },
    };
    const evaluate = (taskId: string) => run('biclassification_eval', taskId, config, { parties: ['alice'] });
    const first = await evaluate('1');
    // Curves would take over half of 200 bits.
    expect(first.result).toMatchObject({ curves: null, metrics: { ks: expect.any(Number) as unknown } });
    expect(Object.keys(first.result.withheld as JsonObject)).toEqual(['curves']);
    const { y, p } = (await openings()).at(-1)!.bits as Record<string, number>;
    expect([y, p]).toEqual([43, 43]);
    for (const taskId of ['2', '3', '4']) await evaluate(taskId);
    const last = await evaluate('5');
    expect(last.result).toMatchObject({ positives: null, metrics: { ks: null, auc: expect.any(Number) as unknown } });
    await evaluate('6');
    await expect(evaluate('7')).rejects.toMatchObject({ ...refusal, details: { column: 'y', limit: 200 } });
  });

  it('counts one bit for a table that passes validation, and what it says of one that does not', async () => {
    const validate = (taskId: string, max: number) => {
      const config = { input_data: { alice: 'dataset:alice/c@1' }, schema: { y: { type: 'integer', max }, id: {} } };
      return run('validation', taskId, config, { parties: ['alice'] });
    };
    await validate('passes', 1);
    expect((await openings()).at(-1)).toMatchObject({ type: 'validation', bits: { y: 1 }, figures: { y: 1 } });
    await expect(validate('fails', 0)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((await openings()).slice(-2)).toMatchObject([{ bits: { y: 1 } }, { bits: { y: 8 }, figures: { y: 2 } }]);
  });

  it('counts the losses of secureboost on its label, and opens fewer as less is left', async () => {
    const boosting = {
      train_data: { alice: 'dataset:alice/c@1', bob: 'b.csv' },
      features: { bob: ['b0', 'b1'] },
      ...{ label: 'y', label_party: 'alice', params: { num_boost_round: 6, max_depth: 1 } },
    };
    // Of 200 bits four losses of 21, then one, until none fits.
    for (const [task, shown] of [
      ['one', 4],
      ['two', 1],
      ['three', 1],
      ['four', 1],
      ['five', 1],
      ['six', 1],
      ['seven', 0],
    ] as const) {
      const { training_metrics: metrics } = (await run('secureboost', task, boosting)).result as {
        training_metrics: { loss_by_round: (number | null)[]; final_loss: number | null };
      };
      expect(metrics.loss_by_round.filter((loss) => loss !== null)).toHaveLength(shown);
      expect(metrics.final_loss).toBe(metrics.loss_by_round[5]);
      expect((await openings()).at(-1)).toMatchObject({ to: ['bob'], bits: { y: 21 * shown } });
    }
  });

  it('counts which party a node of ss_xgb belongs to, at both parties, and trains nothing where it is too much', async () => {
    const boosting = {
      train_data: { alice: 'dataset:alice/c@1', bob: 'b.csv' },
      features: { alice: ['p'], bob: ['b0', 'b1'] },
      ...{ label: 'y', label_party: 'alice', params: { num_boost_round: 2, max_depth: 2 } },
    };
    const more = { budget: { bits: 8 } };
    await run('ss_xgb', 'one', boosting, more);
    expect((await openings()).at(-1)).toMatchObject({ type: 'ss_xgb', to: ['bob'], bits: { y: 6, p: 6 } });
    const other = { ...boosting, label: 'c', label_party: 'bob', features: { alice: ['p', 'y'], bob: ['b0'] } };
    const codes = Array.from({ length: ROWS }, (_, row) => `${noise(row, 1)},${noise(row, 7) % 2}`);
    await folder.table('bob', 'b.csv', `b0,c\n${codes.join('\n')}\n`);
    const again = run('ss_xgb', 'two', other, more);
    await expect(again).rejects.toMatchObject({ ...refusal, details: { opened: 6, asked: 6, limit: 8 } });
    await expect(again).rejects.toThrow(/lower params.num_boost_round or params.max_depth/);
    await run('ss_xgb', 'three', { ...other, params: { num_boost_round: 2, max_depth: 1 } }, more);
  });

  it('notes the sums that trainings by secureboost may ask for, and refuses more than the owner allows one party', async () => {
    const labels = Array.from({ length: ROWS }, (_, row) => noise(row, 7) % 2);
    await folder.table('bob', 'l.csv', `t\n${labels.join('\n')}\n`);
    const boosting = (trees: number) => ({
      train_data: { alice: 'dataset:alice/c@1', bob: 'l.csv' },
      features: { alice: ['p', 'id'] },
      ...{ label: 't', label_party: 'bob', params: { num_boost_round: trees, max_depth: 2 } },
    });
    const more = { budget: { sums: 20 } };
    await run('secureboost', 'one', boosting(3), more);
    expect((await openings()).at(-1)).toMatchObject({ counts: { sums: 12 }, to: ['bob'], bits: {} });
    await expect(run('secureboost', 'two', boosting(3), more)).rejects.toMatchObject({
      ...refusal,
      details: { dataset: 'c', opened: 12, asked: 12, limit: 20 },
    });
    await run('secureboost', 'two', boosting(2), more);
  });

  it('notes how many keys of it psi opens at most, and to whom', async () => {
    await folder.table('bob', 'k.csv', `id\n${Array.from({ length: 30 }, (_, at) => at * 20).join('\n')}\n`);
    const config = {
      ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 'dataset:alice/c@1', bob: 'k.csv' } },
    };
    await run('psi', 'both', config);
    expect((await openings()).at(-1)).toMatchObject({ counts: { keys: 30 }, to: ['bob'], bits: {}, datasets: ['c'] });
    const before = (await openings()).length;
    await run('psi', 'own', { ...config, receiver: 'alice' });
    expect(await openings()).toHaveLength(before);
  });

  it('counts within a run where the folder has no owner', async () => {
    await rm(join(owner.root, '.party'), { recursive: true });
    await expect(run('pearson_correlation', 'all', correlation('c.csv', 0, 20))).rejects.toMatchObject({
      ...refusal,
      message: expect.stringMatching(/column "y" of its table/) as unknown,
    });
  });
});
