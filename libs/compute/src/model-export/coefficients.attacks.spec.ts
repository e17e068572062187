import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { openModel } from '../ss-lr/open-model-for-tests.js';
import { noise, rowsOf } from '../ss-pvalue/attacks-for-tests.js';
import { runModelExport } from './model-export-run.js';

type Terms = Parameters<OwnedRuns['policy']>[2];
interface Coefficients {
  readonly label: string;
  readonly coefficients: { feature: string; weight: number }[];
  readonly intercept: number;
  readonly step: number;
  readonly most: number;
}

const ROWS = 600;
const NAMED = { coefficients_to: ['bob'] };

describe('a party that reads coefficients of a joint model', () => {
  let runs: OwnedRuns;
  let train_data: Record<string, string>;
  let model: Record<string, string>;
  let count = 0;
  const label = rowsOf(ROWS, (row) => Number(noise(row) > 0.5));

  beforeAll(async () => {
    runs = await OwnedRuns.claim('alice', 'bob');
    const cells = (row: number, seed: number): number => Math.round(40 * noise(row + 700 * seed) - 20) / 10;
    train_data = {
      alice: await runs.table('alice', 'a', [['a', 'y'], ...label.map((y, row) => [cells(row, 1) + y, y])]),
      bob: await runs.table('bob', 'b', [['b0', 'b1'], ...label.map((y, row) => [cells(row, 2) - y, cells(row, 3)])]),
    };
    model = await trained('train', train_data);
  });
  afterAll(() => runs.folder.remove());

  async function trained(
    task: string,
    tables: Record<string, string>,
    bobs = ['b0', 'b1'],
    more: JsonObject = {},
  ): Promise<Record<string, string>> {
    const { result } = await runs.run('ss_lr', task, {
      ...{ train_data: tables, features: { alice: ['a'], bob: bobs }, label: 'y', label_party: 'alice' },
      ...{ params: { epochs: 2, learning_rate: 0.05 }, ...more },
    } as never);
    return result.model_paths as Record<string, string>;
  }

  /** What bob reads where alice and bob signed these policies. */
  async function read(alice: Terms, bob: Terms = {}, more: JsonObject = {}, approved = false): Promise<Coefficients> {
    runs.policy('alice', 'a', alice);
    runs.policy('bob', 'b', bob);
    const config = { model, coefficients_to: ['bob'], ...more };
    const { result } = await runs.run('model_export', `export-${(count += 1)}`, config as never, { approved });
    return contentOf(result);
  }
  const contentOf = async (result: TaskRunResult['result']): Promise<Coefficients> =>
    JSON.parse(await runs.folder.text('bob', (result.export_paths as { bob: string }).bob)) as Coefficients;
  let ofBob: Coefficients;
  const openings = async () => (await new PartyLedger(join(runs.folder.path, 'data', 'alice')).read()).openings;
  /** Bits about the label that are open. */
  const spent = async () => (await openings()).reduce((sum, { bits }) => sum + (bits.y ?? 0), 0);
  const refusal = (words: string) => ({ code: 'POLICY_REFUSED', message: expect.stringContaining(words) });

  test('gets none but where the signed policy of each dataset of the other party names it', async () => {
    const before = (await openings()).length;
    for (const terms of [{ effects_to: ['bob'] }, { coefficients_to: ['carol', 'alice'] }]) {
      await expect(read(terms)).rejects.toMatchObject(refusal('must name bob in coefficients_to'));
    }
    const isOver = { ...NAMED, expires_at: '2020-01-01T00:00:00Z' };
    await expect(read(isOver, {}, {}, true)).rejects.toMatchObject(refusal('must name bob in coefficients_to'));
    // What bob signs of his own columns is no word about alice's.
    await expect(read({}, NAMED)).rejects.toMatchObject(refusal('Party alice: the owner refuses'));
    const rules = [{ effect: 'refuse' as const, task_types: ['model_export'], words: 'Not without a contract.' }];
    await expect(read({ ...NAMED, rules })).rejects.toMatchObject(refusal('Not without a contract.'));
    // Both read, and bob's owner has not said that alice may.
    const both = { coefficients_to: ['alice', 'bob'] };
    await expect(read(NAMED, {}, both)).rejects.toMatchObject(refusal('must name alice'));
    // A refusal is no opening.
    expect(await openings()).toHaveLength(before);
  });

  test('gets none by a policy that the database says: only what the owner signed counts', async () => {
    runs.policy('alice', 'a', {});
    const config = { model, coefficients_to: ['bob'] };
    const run = await runs.prepare('model_export', 'forged', config as never);
    const forged = run.consent!.statements.alice!.map((statement) => {
      const [head, body, signature] = String(statement).split('.') as [string, string, string];
      const said = JSON.parse(Buffer.from(body, 'base64url').toString()) as JsonObject;
      if (said.kind !== 'policy') return statement;
      return [head, Buffer.from(JSON.stringify({ ...said, ...NAMED })).toString('base64url'), signature].join('.');
    });
    expect(forged).not.toEqual(run.consent!.statements.alice);
    const consent = { ...run.consent!, statements: { ...run.consent!.statements, alice: forged } };
    await expect(runModelExport({ ...run, consent })).rejects.toMatchObject({
      code: 'APPROVAL_REQUIRED',
    });
  });

  test('gets 12 bits of each, rounded on shares, and the ledger counts them', async () => {
    const { weights, intercept } = openModel(
      await runs.folder.text('alice', model.alice!),
      await runs.folder.text('bob', model.bob!),
    );
    const crossed: CrossedMessage[] = [];
    runs.policy('alice', 'a', NAMED);
    const run = await runs.prepare('model_export', 'watched', { model, coefficients_to: ['bob'] } as never);
    const { result, artifacts } = await runModelExport(run, (message) => crossed.push(message));
    const found = await contentOf(result);
    ofBob = found;
    const steps = { step: 1 / 256, most: 8 };
    expect(found).toMatchObject({ label: 'alice.y', ...steps });
    expect(found.coefficients.map(({ feature }) => feature)).toEqual(['alice.a', 'bob.b0', 'bob.b1']);
    const values = [...found.coefficients.map(({ weight }) => weight), found.intercept];
    // To the nearest step, exactly.
    expect(values).toEqual([...weights, intercept].map((each) => Math.round(each * 256) / 256));
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.1);
    // One file, and to alice no share of a coefficient and no name.
    expect([result.export_paths, artifacts.length]).toEqual([{ bob: expect.any(String) }, 1]);
    const ofShares = crossed.filter(
      ({ from, to, body }) => typeof body !== 'string' && from !== NEUTRAL && to !== NEUTRAL,
    );
    expect(ofShares.at(-1)).toMatchObject({ from: 'alice', to: 'bob', bytes: 4 * 16 });
    expect(ofShares.filter(({ from }) => from === 'bob')).toHaveLength((ofShares.length - 1) / 2);
    const texts = crossed.flatMap(({ from, body }) => (from === 'bob' && typeof body === 'string' ? [body] : []));
    expect(texts.join()).not.toContain('"b0"');
    // Four figures of 12 bits about alice's column and the label.
    expect((await openings()).at(-1)).toMatchObject({
      to: ['bob'],
      bits: { a: 48, y: 48 },
      over: ROWS,
      type: 'model_export',
    });
  });

  test('gets none beyond what the ledger lets through, and writes them as PMML or ONNX', async () => {
    const before = await spent();
    const budget = { bits: before + 47 };
    await expect(read({ ...NAMED, budget })).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    runs.policy('alice', 'a', { ...NAMED, budget: { bits: before + 48 } });
    const config = { model, coefficients_to: ['bob'], format: 'pmml' };
    const { result } = await runs.run('model_export', 'as-pmml', config as never);
    const text = await runs.folder.text('bob', (result.export_paths as { bob: string }).bob);
    expect(text).toContain('<DataField name="alice.y" optype="categorical"');
    expect(text).toContain('<NumericPredictor name="bob.b1" coefficient="');
  });

  test('with the label reads the same as the other party, each where the owner of the other says so', async () => {
    const ofAlice = { coefficients_to: ['alice'] };
    runs.policy('bob', 'b', ofAlice);
    const { result } = await runs.run('model_export', 'of-alice', { model, ...ofAlice } as never);
    const text = await runs.folder.text('alice', (result.export_paths as { alice: string }).alice);
    expect(JSON.parse(text)).toEqual({ ...ofBob, party: 'alice' });
  });

  test('gets none of a model of under 20 rows a coefficient', async () => {
    const few = (header: string[]) => [
      header,
      ...rowsOf(50, (row) => header.map((_, at) => Math.round(10 * noise(row + 50 * at)))),
    ];
    const tables = {
      alice: await runs.table(
        'alice',
        'few',
        few(['a', 'y']).map(([a, y], row) => (row === 0 ? [a, y] : [a, Number(y) % 2])),
      ),
      bob: await runs.table('bob', 'few', few(['b0', 'b1'])),
    };
    runs.policy('alice', 'few', NAMED);
    const config = { model: await trained('few-train', tables), coefficients_to: ['bob'] };
    await expect(runs.run('model_export', 'few', config as never)).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL' });
  });

  test('gets none of a model whose rows differ by fewer than the floor, which was raised since, from those of another', async () => {
    runs.policy('alice', 'a', NAMED);
    runs.policy('bob', 'b', {});
    const slices = await trained('but-30', train_data, ['b0', 'b1'], { test_fraction: 30 / ROWS });
    runs.policy('alice', 'a', { ...NAMED, min_group_rows: 31 });
    const config = { model: slices, coefficients_to: ['bob'] };
    await expect(runs.run('model_export', 'but-30-export', config as never)).rejects.toMatchObject({
      code: 'ROWS_TOO_CLOSE',
    });
  });

  test('reads the label of a row by a column that it makes for it: 12 bits are counted for each', async () => {
    // A column that is large in one row, and in the others nearly 0, and not the same.
    const targets = [7, 99, 250, 404];
    const columns = targets.map((target) => rowsOf(ROWS, (row) => (row === target ? 20 : noise(row + target) / 1e4)));
    const names = columns.map((_, at) => `m${at}`);
    const made = await runs.table('bob', 'made', [names, ...label.map((_, row) => columns.map((each) => each[row]!))]);
    runs.policy('alice', 'a', NAMED);
    const slices = await trained('marked', { ...train_data, bob: made }, names);
    const { result } = await runs.run('model_export', 'marked-export', {
      model: slices,
      coefficients_to: ['bob'],
    } as never);
    const { coefficients } = await contentOf(result);
    const guesses = names.map((name) =>
      Number(coefficients.find(({ feature }) => feature === `bob.${name}`)!.weight > 0),
    );
    expect(guesses).toEqual(targets.map((row) => label[row]));
    // Six coefficients: of half a bit a row there are no more than those of one row in 24, over all tasks.
    expect((await openings()).at(-1)).toMatchObject({ bits: { y: 6 * 12 }, codes: { y: 6 * 12 } });
  });
});
