import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OwnedRuns } from './owned-runs-for-tests.js';

/** A list of one customer, whose receiver is alice alone: whether the customer is hers is in no result. */
describe('what follows psi with a receiver', () => {
  let runs: OwnedRuns;
  let table: string;
  const noise = (row: number, seed: number): number => ((row + 1) * (7919 * seed + 31)) % 1009;
  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    const rows = Array.from({ length: 60 }, (_, id) => [id, id % 2, noise(id, 1)]);
    table = await runs.table('alice', 'c', [['id', 'y', 'a'], ...rows]);
  });
  afterEach(() => runs.folder.remove());

  const choose = async (id: number): Promise<string> => {
    const list = await runs.table('bob', `list-${id}`, [['id'], [id]]);
    const config = {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: table, bob: list },
      receiver: 'alice',
    };
    return ((await runs.run('psi', `psi-${id}`, config)).result.output_paths as { alice: string }).alice;
  };

  test('says of no customer whether it is there: trainings and correlations fail alike', async () => {
    const bob = await runs.table('bob', 'b', [['x'], ...Array.from({ length: 40 }, (_, id) => [noise(id, 2)])]);
    const ends: Record<string, unknown>[] = [];
    for (const id of [7, 9999]) {
      const alice = await choose(id);
      const end = async (type: string, config: Parameters<OwnedRuns['run']>[2]): Promise<unknown> => {
        const error = await runs.run(type, `${type}-${id}`, config).catch((each: Error) => each);
        const { code, message, details } = error as unknown as Record<string, unknown>;
        return { code, message, details };
      };
      const label = { label: 'y', label_party: 'alice' };
      const training = { features: { alice: ['a'], bob: ['x'] }, ...label, train_data: { alice, bob } };
      ends.push({
        ss_lr: await end('ss_lr', training),
        ss_xgb: await end('ss_xgb', training),
        pearson_correlation: await end('pearson_correlation', { input_data: { alice, bob } }),
        scaled: (
          await runs.run(
            'standard_scaler',
            `scaled-${id}`,
            { input_data: { alice }, columns: { alice: ['a'] } },
            { parties: ['alice'] },
          )
        ).result.rows,
      });
    }
    const few = expect.objectContaining({ code: 'GROUP_TOO_SMALL', details: { party: 'alice', min_rows: 20 } });
    expect(ends[0]).toEqual({ ss_lr: few, ss_xgb: few, pearson_correlation: few, scaled: { alice: 0 } });
    const named = (end: unknown): string => JSON.stringify(end).replaceAll('9999', '7');
    expect(named(ends[1])).toBe(named(ends[0]));
  }, 60_000);
});
