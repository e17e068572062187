import { expect, test } from '@jest/globals';
import type { Databases } from '#libs/repositories';
import { NoteStore } from './note-store.js';

test('all that an entry of a ledger says is stored, once for each dataset', async () => {
  const stored: unknown[] = [];
  const query = async (_statement: unknown, values: readonly string[]) =>
    void stored.push(...(JSON.parse(values[0]!) as object[]));
  const databases = { engine: { query, write: query } } as unknown as Databases;
  const nothing = {} as never;
  const store = new NoteStore(databases, nothing, nothing, nothing, nothing, nothing, nothing);
  const said = {
    ...{ to: ['bob'], versions: ['x@1', 'y@1'], figures: { a: 1 }, bits: { a: 11 }, members: ['alice', 'bob'] },
    ...{ counts: { sums: 2 }, epsilon: 0.5, chosen: true as const },
  };
  const entry = { id: 'e', at: '2026-01-01T00:00:00.000Z', datasets: ['x', 'y'], ...said };
  await store.store([{ kind: 'opened', taskRequestId: 'r', attempt: 1, runId: 'r1', party: 'alice', entry } as never]);
  expect(stored).toEqual(
    ['x', 'y'].map((dataset) => expect.objectContaining({ dataset, party: 'alice', entry: said })),
  );
});
