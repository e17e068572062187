import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';

/** z and p, or points, of each column. */
interface Effects<Column> {
  readonly columns: Record<string, Column>;
  readonly intercept?: Column;
  readonly base_points?: number;
}
type Own<Column, Shown = Column> = Effects<Column> & { readonly shown?: Record<string, Effects<Shown>> };
interface Test {
  readonly z: number;
  readonly p: number;
}
type Terms = Parameters<OwnedRuns['policy']>[2];

describe('a party that reads effects of columns of another', () => {
  const ROWS = 600;
  const noise = (row: number, seed: number): number => ((row + 1) * (7919 * seed + 31)) % 1009;
  /** Of 12 bits each: bob's column, alice's, the label; and one bit that says whether there is a fit. */
  const withOwn = 3 * 12 + 1;
  let runs: OwnedRuns;
  let config: { model: Record<string, string>; train_data: Record<string, string>; label: string; label_party: string };
  let count = 0;

  beforeAll(async () => {
    runs = await OwnedRuns.claim('alice', 'bob');
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    // The last value of `a` is that of five rows.
    const a = (row: number): number => (row < 5 ? 99 : noise(row, 1) % 20);
    const train_data = {
      alice: await runs.table('alice', 'a', [['a', 'y'], ...rows.map((row) => [a(row), noise(row, 2) % 2])]),
      bob: await runs.table('bob', 'b', [['b'], ...rows.map((row) => [noise(row, 3) % 20])]),
    };
    const training = {
      ...{ train_data, features: { alice: ['a'], bob: ['b'] }, label: 'y', label_party: 'alice' },
      params: { epochs: 1, batch_size: ROWS, learning_rate: 0.01 },
    };
    const { result } = await runs.run('ss_lr', 'train', training);
    config = { model: result.model_paths as Record<string, string>, train_data, label: 'y', label_party: 'alice' };
  });
  afterAll(() => runs.folder.remove());

  /** What the readers of both parties get, where their owners signed these policies. */
  async function both<Of>(type: string, alice: Terms, bob: Terms, approved = false): Promise<{ alice: Of; bob: Of }> {
    runs.policy('alice', 'a', alice);
    runs.policy('bob', 'b', bob);
    const taskId = `${type}-${(count += 1)}`;
    const outcome = await runs.run(type, taskId, config, { approved });
    const of = async (party: string) => (await runs.own(taskId, outcome, party)) as Of;
    return { alice: await of('alice'), bob: await of('bob') };
  }
  const tested = (alice: Terms, bob: Terms, approved?: boolean) => both<Own<Test>>('ss_pvalue', alice, bob, approved);
  const openings = async () => (await new PartyLedger(join(runs.folder.path, 'data', 'alice')).read()).openings;

  test('gets none whose owner did not name it, and by one policy those of one owner alone', async () => {
    // Bob names himself, and alice others.
    const none = await tested({ effects_to: ['carol', 'alice'] }, { effects_to: ['bob', 'carol'] });
    expect(Object.keys(none.alice)).toEqual(['columns', 'intercept', 'rows']);
    expect(Object.keys(none.bob)).toEqual(['columns', 'rows']);
    const isOver = { effects_to: ['bob'], expires_at: '2020-01-01T00:00:00Z' };
    expect(await tested(isOver, {}, true)).toEqual(none);
    const { columns, intercept } = none.alice;
    const shown = { alice: { columns, intercept } };
    expect(await tested({ effects_to: ['bob'] }, {})).toEqual({ ...none, bob: { ...none.bob, shown } });
    expect((await openings()).slice(-2)).toMatchObject([
      { bits: { a: 13, y: 13 } },
      { bits: { a: withOwn, y: withOwn } },
    ]);
  });

  test('gets none where they would take over half of what is left', async () => {
    const spent = (await openings()).reduce((sum, { bits }) => sum + (bits.y ?? 0), 0);
    const { bob } = await tested({ effects_to: ['bob'], budget: { bits: spent + 2 * withOwn - 1 } }, {});
    expect(Object.keys(bob)).toEqual(['columns', 'rows']);
  });

  test('gets points of values that twenty rows have, without the values, and the ledger counts them', async () => {
    type Card = Own<{ value: number; points: number }[], number[]>;
    const named = await both<Card>('scorecard', { effects_to: ['bob'] }, { effects_to: ['alice'] });
    const ofA = named.alice.columns.a!;
    expect([ofA.length, ofA.at(-1)!.value]).toEqual([21, 99]);
    const pointsOf = (values: readonly { points: number }[]) => values.map(({ points }) => points);
    expect(named.bob.shown).toEqual({
      alice: { columns: { a: pointsOf(ofA.slice(0, -1)) }, base_points: named.alice.base_points },
    });
    expect(named.alice.shown).toEqual({ bob: { columns: { b: pointsOf(named.bob.columns.b!) } } });
    // And 12 bits for each value of a.
    const bits = 3 * 18 + 1;
    expect((await openings()).at(-1)).toMatchObject({ bits: { a: bits + 21 * 12, y: bits } });
  });
});
