import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OwnedRuns } from './owned-runs-for-tests.js';
import { statedSize } from './stated-size.js';

test('a stated size is the next power of two, of at least 64 KiB', () => {
  expect([0, 1, 65_536, 65_537, 3e6].map(statedSize)).toEqual([65_536, 65_536, 65_536, 131_072, 4_194_304]);
});

describe('whoever chooses rows of a claimed party by psi', () => {
  let runs: OwnedRuns;
  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
  });
  afterEach(() => runs.folder.remove());

  /** Alice's part of the intersection of her table with these customers: how a task names it, and its listed size. */
  const choose = async (taskId: string, from: string, ids: readonly number[]) => {
    const list = await runs.table('bob', taskId, [['id'], ...ids.map((id) => [id])]);
    const { result, artifacts } = await runs.run('psi', taskId, {
      keys: { alice: ['id'], bob: ['id'] },
      input_paths: { alice: from, bob: list },
    });
    const sizeOf = (party: string) => artifacts.find(({ name }) => name === `${party}/intersection.csv`)!.sizeBytes;
    return { path: (result.output_paths as { alice: string }).alice, size: sizeOf('alice'), bobs: sizeOf('bob') };
  };
  const scale = async (taskId: string, path: string) => {
    const config = { input_data: { alice: path }, columns: { alice: ['y'] } };
    const { result, artifacts } = await runs.run('standard_scaler', taskId, config, { parties: ['alice'] });
    return { path: (result.output_paths as { alice: string }).alice, sizes: artifacts.map((each) => each.sizeBytes) };
  };

  test("reads no customer's label off the sizes of what psi took from the table and from the scaled table", async () => {
    const labels = Array.from({ length: 60 }, (_, id) => Number(id % 3 === 0));
    const table = await runs.table('alice', 'c', [['id', 'y'], ...labels.map((label, id) => [id, label])]);
    const scaled = await scale('scaled', table);
    const sizes: number[] = [];
    for (const id of [0, 1]) {
      const raw = await choose(`raw-${id}`, table, [id]);
      const other = await choose(`other-${id}`, scaled.path, [id]);
      sizes.push(raw.size, other.size);
      // The texts differ in length, and the party that nobody has claimed has its true size.
      const { length } = await readFile(join(runs.folder.path, 'artifacts', other.path.slice('artifact:'.length)));
      expect(length).not.toBe(other.size);
      expect(raw.bobs).toBe('id\n0\n'.length);
    }
    expect(new Set([...sizes, ...scaled.sizes])).toEqual(new Set([65_536]));
  }, 60_000);

  test('sees one size, whichever rows of a table they choose, and of what is made of them', async () => {
    const rows = Array.from({ length: 3_000 }, (_, id) => [id, id % 2, 'x'.repeat(30)]);
    const table = await runs.table('alice', 'c', [['id', 'y', 'words'], ...rows]);
    const ids = [...rows.keys()];
    const few = await choose('few', table, ids.slice(0, 100));
    const many = await choose('many', table, ids.slice(0, 2_500));
    const fewer = await choose('fewer', many.path, ids.slice(0, 90));
    expect([few.size, many.size, fewer.size]).toEqual(Array(3).fill(131_072));
    expect((await scale('scaled', few.path)).sizes).toEqual([131_072, 131_072]);
  }, 60_000);

  test('gets no ciphertext of a few of them, or of nearly the same: its length would show the rows', async () => {
    const recipient = await identityToRecipient(await generateX25519Identity());
    runs.allowRecipients('alice', [recipient]);
    const rows = Array.from({ length: 60 }, (_, id) => [id, id % 2]);
    const table = await runs.table('alice', 'c', [['id', 'y'], ...rows]);
    const seal = (taskId: string, alice: string) =>
      runs.run('encrypt', taskId, { input_data: { alice }, recipients: [recipient] }, { parties: ['alice'] });
    const ids = [...rows.keys()];
    const one = await choose('one', table, [7]);
    await expect(seal('seal-one', one.path)).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL' });
    await seal('seal-30', (await choose('list', table, ids.slice(0, 30))).path);
    const close = await choose('close', table, ids.slice(0, 31));
    await expect(seal('seal-31', close.path)).rejects.toMatchObject({ code: 'ROWS_TOO_CLOSE' });
    await seal('seal-all', table);
  }, 60_000);
});
