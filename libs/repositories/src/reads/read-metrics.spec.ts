import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database, type Queryable } from '../database.js';
import { readGauges } from './read-metrics.js';

const database = useTestDatabase();

describe('the counts of what is open', () => {
  let db: Database;
  beforeAll(async () => {
    db = await openDatabase(database.url);
  });
  afterAll(() => db.close());

  test('read indexes, never the table of all tasks', async () => {
    const plan = await db.transaction(async (tx) => {
      // Where an index fits it is taken now, however few the rows.
      await tx.query({ name: '', text: 'SET LOCAL enable_seqscan = off' });
      const explained: Queryable = {
        entities: tx.entities,
        query: ({ text }, values) => tx.query({ name: '', text: `EXPLAIN ${text}` }, values),
      };
      return (await readGauges(explained)) as unknown as { 'QUERY PLAN': string }[];
    });
    const lines = plan.map((row) => row['QUERY PLAN'].trim());
    expect(lines.filter((line) => /Index.* on (chain_tasks|task_chains)/.test(line)).length).toBeGreaterThan(5);
    expect(lines.filter((line) => /Seq Scan on (chain_tasks|task_chains)/.test(line))).toEqual([]);
  });
});
