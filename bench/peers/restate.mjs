// Restate: a handler a chain, whose tasks are steps in it (ctx.run), or calls of another service.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import * as restate from '@restatedev/restate-sdk';
import { levelsOf, serve, versionOf, work } from './driver.mjs';

const mode = process.argv[2];
const task = restate.service({ name: 'task', handlers: { run: (_ctx, delayMs) => work(delayMs) } });
const starter = {
  steps: (ctx, { delayMs }, i) => ctx.run(`t${i}`, () => work(delayMs)),
  calls: (ctx, { delayMs }) => ctx.serviceClient(task).run(delayMs),
}[mode];

/** Its SDK allows one wait at a time. Level by level loses nothing on the graphs whose tasks take no time. */
async function byLevels(ctx, graph) {
  for (const level of levelsOf(graph)) {
    await restate.RestatePromise.all(level.map((i) => starter(ctx, graph[i], i)));
  }
}

/** Waits for whichever ends first, and starts what that makes ready. */
async function byRaces(ctx, graph) {
  const waitsFor = graph.map(({ parents }) => parents.length);
  const pending = new Map();
  const start = (i) =>
    pending.set(
      i,
      starter(ctx, graph[i], i).map(() => i),
    );
  waitsFor.forEach((n, i) => n === 0 && start(i));
  while (pending.size > 0) {
    const ended = await restate.RestatePromise.race([...pending.values()]);
    pending.delete(ended);
    graph.forEach(({ parents }, i) => parents.includes(ended) && --waitsFor[i] === 0 && start(i));
  }
}

const chain = restate.service({
  name: 'chain',
  handlers: {
    run: (ctx, graph) => (graph.some(({ delayMs }) => delayMs > 0) ? byRaces : byLevels)(ctx, graph),
  },
});

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
const [admin, ingress, node, handlers] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
const require = createRequire(import.meta.url);
const server = spawn(
  require.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`),
  ['--base-dir', process.env.PEER_DATA, '--listen-mode', 'tcp'],
  {
    stdio: ['ignore', 2, 2],
    env: {
      PATH: process.env.PATH,
      RUST_LOG: 'warn',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}/`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
  },
);
const endpoint = restate.endpoint().bind(task).bind(chain);
endpoint.setLogger(() => undefined);
await endpoint.listen(handlers);

const post = async (url, body) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
};

/** Until both of its doors are open: the admin's first, then the ingress. */
async function register() {
  for (let tries = 0; ; tries++) {
    try {
      await post(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${handlers}/` });
      return await post(`http://127.0.0.1:${ingress}/chain/run`, [{ parents: [], delayMs: 0 }]);
    } catch (error) {
      if (tries > 300 || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
await register();
const run = (chains) => Promise.all(chains.map((graph) => post(`http://127.0.0.1:${ingress}/chain/run`, graph)));
await serve({
  version: `Restate ${versionOf('@restatedev/restate-server')}`,
  run,
  close: () => server.kill('SIGKILL'),
});
