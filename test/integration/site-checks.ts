import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { command } from '../../apps/party-node/src/sites-for-tests.js';
import type { ApiClient } from './system/index.js';

/** Whether the worker lets a site meet another one for the last run of a chain, after a change that is taken back. */
export const mayMeetIn =
  (databaseUrl: () => string) =>
  (chain: string, site: string, other: string, change = 'SELECT'): Promise<boolean> =>
    withConnection(databaseUrl(), async (client) => {
      await client.query(`BEGIN; ${change}`);
      const { rows } = await client.query<{ may: boolean }>(
        `SELECT may FROM (SELECT run FROM node_offers WHERE chain_id = $1 ORDER BY offered_at DESC LIMIT 1) r,
                (SELECT array_agg(fingerprint ORDER BY party = $2 DESC, joined_at DESC) AS keys FROM nodes WHERE party IN ($2, $3)) k,
                may_meet('{default}', k.keys[1:1], ARRAY[r.run], k.keys[2:2])`,
        [chain, site, other],
      );
      await client.query('ROLLBACK');
      return rows[0]!.may;
    });

/** Of bank-x, which has a site, and of bank-z, which has none, the server says where that lies which counts: of datasets, openings and a task at sites. */
export async function expectCopiesMarked(
  api: ApiClient,
  sql: (text: string, ...values: unknown[]) => Promise<{ row: string }[]>,
): Promise<void> {
  const [{ row: chain }] = (await sql(`SELECT chain_id AS row FROM node_offers ORDER BY offered_at LIMIT 1`)) as [
    { row: string },
  ];
  for (const party of ['bank-x', 'bank-z']) {
    const body = { kind: 'dataset', party, name: 'keys', version: 1, format: 'csv', columns: [], rows: 40 };
    await sql(`INSERT INTO parties (tenant_id, party, name) VALUES ('default', $1, $1) ON CONFLICT DO NOTHING`, party);
    await sql(
      `INSERT INTO statements (tenant_id, subject, kind, party, serial, body) VALUES ('default', $1, 'dataset', $2, 1, $3)`,
      ...[`dataset:${party}/keys@1`, party, body],
    );
  }
  const keptAt = async (path: string) => (await api.expect<{ kept_at: string }>(200, path)).kept_at;
  const { items } = await api.expect<{ items: { party: string; kept_at: string }[] }>(200, '/datasets');
  expect(items.map(({ party, kept_at: kept }) => [party, kept])).toEqual([
    ['bank-x', 'site'],
    ['bank-z', 'worker'],
  ]);
  for (const of of ['ledger', 'account'])
    expect([await keptAt(`/datasets/bank-x/keys/${of}`), await keptAt(`/datasets/bank-z/keys/${of}`)]).toEqual([
      ...['site', 'worker'],
    ]);
  const openings = `/chains/${chain}/tasks/match/openings`;
  expect(await keptAt(openings)).toBe('site');
  const runAt = (address: string) =>
    sql(
      `UPDATE task_requests SET params = jsonb_set(params, '{sf_init_config,address}', to_jsonb($2::text))
       WHERE task_request_id = (SELECT task_request_id FROM chain_tasks WHERE chain_id = $1 AND task_id = 'match')
       RETURNING task_request_id AS row`,
      ...[chain, address],
    );
  expect(await runAt('local')).toHaveLength(1);
  expect(await keptAt(openings)).toBe('worker');
  await runAt('node');
  // A dealer has no records of a party's data.
  await sql(`UPDATE nodes SET dealer = true WHERE party = 'bank-x'`);
  expect(await keptAt('/datasets/bank-x/keys/ledger')).toBe('worker');
  await sql(`UPDATE nodes SET dealer = false WHERE party = 'bank-x'`);
}

/** What the log of a site has. */
export async function loggedAt(folder: string): Promise<string[]> {
  const { out } = await command(['log', 'ls', '--folder', folder]);
  return out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { action: string }).action);
}
