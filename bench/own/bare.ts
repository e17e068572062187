import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { System } from '../../test/faults/system.js';
import { HttpClient } from '../http-client.js';
import { bodyOf, clientOf } from '../ours.js';
import { quantile } from '../statistics.js';
import { sequence } from '../workloads.js';
import { chainOf100, fillChains, LISTED, load, walk } from './api-load.js';
import type { BareStatements } from './bare-server.js';
import { withSystem, type Figure, type OwnMeasurement, type Place } from './own.js';
import { StatementTap, type Recorded } from './statement-tap.js';

/** W7 against routes of Nest and Fastify that only run the API's own statement, with its parameters, and send what it gives. */
export const bare: OwnMeasurement = {
  id: 'bare',
  title: 'API at 50 connections, against bare routes with the same statements',
  measure: (place) =>
    withSystem(place, 'redis', async (system, client) => {
      const read = await chainOf100(system, client);
      await fillChains(system, LISTED);
      const cursors = await walk(client);
      const list = `/chains?cursor=${cursors[Math.floor(cursors.length / 2)]}`;
      const create = bodyOf(sequence(10), false);
      const statements = await record(system, { create, read, list });
      const [server, close] = await place.opened.open(
        () => startBare(system, statements),
        (each) => each.close(),
      );
      try {
        const asks = (to: HttpClient, path: string, body?: string) => async (): Promise<void> => {
          const { status, text } = await to.attempt(body === undefined ? 'GET' : 'POST', path, body);
          if (status >= 300) throw new Error(`${path} answered ${status}: ${text.slice(0, 1_000)}`);
        };
        return await compared(place, [
          ['create', asks(client, '/chains', create), asks(server, '/chains', create)],
          ['read', asks(client, read), asks(server, '/chains/one')],
          ['list', asks(client, list), asks(server, '/chains')],
        ]);
      } finally {
        await close();
      }
    }),
};

/** What each request has the API run. The API is started twice for it: the way to PostgreSQL costs nothing when it is measured. */
async function record(
  system: System,
  { create, read, list }: Readonly<Record<'create' | 'read' | 'list', string>>,
): Promise<BareStatements> {
  const [api] = system.apis;
  const tap = await StatementTap.start(system.services.postgresPort);
  const url = new URL(system.databaseUrl);
  url.port = String(tap.port);
  await api!.stop();
  await api!.start({ DATABASE_URL: url.href });
  await api!.ready();
  const client = clientOf(system, 1);
  const executed = async (name: string, request: () => Promise<unknown>): Promise<Recorded> => {
    await request();
    const found = [...tap.recorded.values()].findLast((each) => each.name.startsWith(name));
    if (found === undefined) throw new Error(`no ${name} among the statements: ${[...tap.recorded.keys()].join(', ')}`);
    return found;
  };
  try {
    return {
      create: await executed('create-chain', () => client.send('POST', '/chains', create)),
      read: await executed('chain-with-tasks', () => client.send('GET', read)),
      list: await executed('list-chains', () => client.send('GET', list)),
      databaseUrl: system.databaseUrl,
      options: tap.options,
    };
  } finally {
    await client.close();
    await api!.stop();
    await tap.close();
    await api!.start();
    await api!.ready();
  }
}

async function startBare(system: System, statements: BareStatements): Promise<HttpClient> {
  const file = join(system.services.folder, 'bare.json');
  writeFileSync(file, JSON.stringify(statements));
  // It ends with the channel to this process.
  const child = fork(fileURLToPath(new URL('./bare-server.js', import.meta.url)), [file], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  const port = await Promise.race([
    once(child, 'message').then(([said]) => String(said)),
    once(child, 'exit').then(() => Promise.reject(new Error('the bare server ended'))),
  ]);
  const client = new HttpClient(`http://127.0.0.1:${port}/bare`, 50);
  const { close } = client;
  return Object.assign(client, {
    close: async () => {
      await close.call(client);
      if (child.connected) child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  });
}

type Compared = readonly [name: string, ours: () => Promise<unknown>, theirs: () => Promise<unknown>];

/** Rates and p99 of each request, ours to theirs in the same round; who is first changes. */
async function compared({ quick }: Place, requests: readonly Compared[]): Promise<Figure[]> {
  const seconds = quick ? 1 : 3;
  const figures: Figure[] = [];
  for (const [name, ours, theirs] of requests) {
    const rates: number[] = [];
    const p99s: number[] = [];
    for (let round = quick ? 1 : 0; round < (quick ? 2 : 5); round++) {
      const measure = async (request: () => Promise<unknown>) => {
        const { latencies, perSecond } = await load(50, seconds, request);
        return { p99: quantile(latencies, 0.99), perSecond };
      };
      const first = await measure(round % 2 === 0 ? ours : theirs);
      const second = await measure(round % 2 === 0 ? theirs : ours);
      // The first round warms both.
      if (round === 0) continue;
      const [own, other] = round % 2 === 0 ? [first, second] : [second, first];
      rates.push(own.perSecond / other.perSecond);
      p99s.push(own.p99 / other.p99);
    }
    figures.push({
      id: `bare.${name}.rate`,
      title: `${name}: rate, of the bare route's`,
      unit: 'times',
      values: rates,
    });
    figures.push({ id: `bare.${name}.p99`, title: `${name}: p99, of the bare route's`, unit: 'times', values: p99s });
  }
  return figures;
}
