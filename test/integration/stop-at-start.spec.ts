import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { guarded } from '#libs/local-postgres';
import { TcpProxy } from '#libs/testing';
import { describeOnBackends } from './system/index.js';
import type { AppProcess } from './system/index.js';

/** When a worker is asked to stop: after which line of its log, and how long after it. */
const MOMENTS: readonly (readonly [name: string, said: RegExp, thenMs: number])[] = [
  ['as it looks at its engines', /"engine":/, 0],
  ['as it is ready', /is ready"/, 0],
  ['a moment later', /is ready"/, 200],
];

/** What goes to the queue takes this long each way, so that a start has more moments. */
const LATENCY_MS = 40;

describeOnBackends('a worker that is asked to stop while it starts', { apps: [] }, (check) => {
  check('ends', async (system) => {
    const url = new URL(system.redisUrl ?? system.databaseUrl);
    const proxy = await TcpProxy.start(Number(url.port));
    proxy.latencyMs = LATENCY_MS;
    url.port = String(proxy.port);
    const through = { [system.redisUrl === undefined ? 'DATABASE_URL' : 'REDIS_URL']: url.href };
    try {
      const ends: unknown[] = [];
      for (const [name, said, thenMs] of MOMENTS) {
        ends.push([name, await stoppedAt(system.launch('compute-worker', through), said, thenMs)]);
      }
      // Before it takes jobs the signal itself ends it.
      expect(ends).toEqual(MOMENTS.map(([name], i) => [name, i === 0 ? 'SIGTERM' : 0]));
    } finally {
      await proxy.stop();
    }
  });
});

async function stoppedAt(worker: AppProcess, said: RegExp, thenMs: number): Promise<number | NodeJS.Signals> {
  await worker.said(said);
  await delay(thenMs);
  process.kill(worker.pid, 'SIGTERM');
  return worker.ended;
}

it('a program of the image heeds a stop while it starts, also as process 1, which no signal ends by itself', async () => {
  const silent = createServer();
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const entrypoint = fileURLToPath(new URL('../../../docker/entrypoint.mjs', import.meta.url));
  const { port } = silent.address() as AddressInfo;
  const env = { PATH: process.env.PATH, DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none`, WORKER_PORT: '0' };
  const program = guarded(
    () => spawn(process.execPath, [entrypoint, 'compute-worker'], { env, stdio: 'ignore' }),
    'KILL',
  );
  try {
    const ended = once(program, 'exit');
    const [asks] = await once(silent, 'connection');
    program.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    asks.destroy();
  } finally {
    program.kill('SIGKILL');
    silent.close();
  }
});
