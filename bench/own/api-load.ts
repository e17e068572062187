import type { System } from '../../test/faults/system.js';
import type { HttpClient } from '../http-client.js';
import { bodyOf, endOf } from '../ours.js';
import { quantile } from '../statistics.js';
import { sequence } from '../workloads.js';
import { withSystem, type Figure, type OwnMeasurement } from './own.js';

export const LISTED = 100_000;

interface Page {
  readonly next_cursor: string | null;
}

const TITLES = {
  create: 'create a chain of 10',
  read: 'read a chain of 100',
  first: 'list, first page with the total',
  list: 'list, by cursor at any depth',
};

/** Requests of W7: `path` is that of a chain of 100, `cursors` those of all pages. Without a cursor a list's answer counts all chains as well. */
export function requestsOf(
  client: HttpClient,
  path: string,
  cursors: readonly string[],
): Record<keyof typeof TITLES, () => Promise<unknown>> {
  const body = bodyOf(sequence(10), false);
  let at = 0;
  // A prime step: the pages come from all depths in turn.
  const next = (): string => cursors[(at += 7919) % cursors.length] ?? '';
  return {
    create: () => client.send('POST', '/chains', body),
    read: () => client.send('GET', path),
    first: () => client.send('GET', '/chains'),
    list: () => client.send('GET', `/chains?cursor=${next()}`),
  };
}

/** W7: each kind of request from all connections at once, a new one as soon as one is answered. */
export const apiLoad: OwnMeasurement = {
  id: 'W7',
  title: 'API at 50 connections',
  measure: (place) =>
    withSystem(place, 'redis', async (system, client) => {
      const path = await chainOf100(system, client);
      await fillChains(system, LISTED);
      const cursors = await walk(client);
      const requests = requestsOf(client, path, cursors);
      const seconds = place.quick ? 1 : 3;
      const figures = new Map<string, Figure & { values: number[] }>();
      const note = (id: string, title: string, unit: string, value: number): void => {
        if (!figures.has(id)) figures.set(id, { id, title, unit, values: [] });
        figures.get(id)!.values.push(value);
      };
      for (const request of Object.values(requests)) await load(client.connections, seconds, request);
      for (let round = 0; round < (place.quick ? 1 : 3); round++) {
        for (const [name, title] of Object.entries(TITLES)) {
          const { latencies, perSecond } = await load(
            client.connections,
            seconds,
            requests[name as keyof typeof TITLES],
          );
          note(`W7.${name}.p50`, `${title}, p50`, 'ms', quantile(latencies, 0.5));
          note(`W7.${name}.p99`, `${title}, p99`, 'ms', quantile(latencies, 0.99));
          note(`W7.${name}.rate`, title, 'requests/s', perSecond);
        }
      }
      return [...figures.values()];
    }),
};

/** Sends requests for some seconds over this many connections. */
export async function load(
  connections: number,
  seconds: number,
  request: () => Promise<unknown>,
): Promise<{ latencies: number[]; perSecond: number }> {
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1_000;
  const connection = async (): Promise<void> => {
    for (let sent = performance.now(); sent < until; sent = performance.now()) {
      await request();
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return { latencies, perSecond: latencies.length / ((performance.now() - began) / 1_000) };
}

/** The path of a chain of 100 tasks that has run. */
export async function chainOf100(system: System, client: HttpClient): Promise<string> {
  const { chain_id: id } = await client.send<{ chain_id: string }>('POST', '/chains', bodyOf(sequence(100), true));
  await endOf(system, [id]);
  return `/chains/${id}`;
}

/** Filling, not measuring: rows of finished chains by one statement, past the API and without tasks, which no list reads. */
export async function fillChains(system: System, count: number): Promise<void> {
  await system.rows(
    `INSERT INTO task_chains (chain_id, tenant_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds,
                              created_at, started_at, completed_at)
     SELECT 'chain-filled-' || n, 'default', 'filled ' || n, 'sequential', '{}', 'SUCCESS', 0, 3600, at, at, at
       FROM generate_series(1, $1::int) AS n, LATERAL (SELECT now() - n * interval '1 s' AS at) AS t`,
    [count],
  );
  await system.rows('ANALYZE task_chains');
}

/** The cursor of every page of 200, from the newest to the oldest. */
export async function walk(client: HttpClient): Promise<string[]> {
  const cursors: string[] = [];
  for (let cursor = ''; ; cursor = `&cursor=${cursors.at(-1)}`) {
    const { next_cursor: next } = await client.send<Page>('GET', `/chains?page_size=200${cursor}`);
    if (next === null) return cursors;
    cursors.push(encodeURIComponent(next));
  }
}
