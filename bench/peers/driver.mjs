// What every peer's driver in Node shares: see bench/peer-process.ts for what is said over the pipes.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** Slots of the worker, as in the other contenders. */
export const CONCURRENCY = 50;

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Says that the driver is up, runs what it is asked to, and closes with its input. */
export async function serve({ version, run, close }) {
  say({ ready: true, version });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const { id, chains } = JSON.parse(line);
      const started = performance.now();
      await run(chains, id);
      say({ ms: performance.now() - started });
    } catch (error) {
      say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  await close();
  process.exit(0);
}

/** The installed version of a package. */
export function versionOf(name) {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).version;
  }
  return 'unknown';
}

/** What a task does. */
export async function work(delayMs) {
  if (delayMs > 0) await delay(delayMs);
  return { ok: true };
}

/** Of each task, those that come after it. */
export function successorsOf(graph) {
  const successors = graph.map(() => []);
  graph.forEach(({ parents }, i) => parents.forEach((parent) => successors[parent].push(i)));
  return successors;
}

/** The tasks of each level: those whose parents all stand in levels before. */
export function levelsOf(graph) {
  const levelOf = [];
  const levels = [];
  graph.forEach(({ parents }, i) => {
    levelOf[i] = 1 + Math.max(-1, ...parents.map((parent) => levelOf[parent]));
    (levels[levelOf[i]] ??= []).push(i);
  });
  return levels;
}

/** Starts each task when its parents' promises have settled. */
export function followByPromises(graph, start) {
  const ended = [];
  graph.forEach(({ parents, delayMs }, i) => {
    ended.push(Promise.all(parents.map((parent) => ended[parent])).then(() => start(delayMs, i)));
  });
  return Promise.all(ended);
}

/** Runs graphs on a bare queue: `add` gets the tasks that are ready, `ended` each that has ended. */
export function followInMemory(add) {
  let graphs = [];
  let open = 0;
  let allEnded = () => {};
  const taskOf = (chain, task) => ({ chain, task, delayMs: graphs[chain].delays[task] });
  return {
    async run(chains) {
      graphs = chains.map((graph) => ({
        delays: graph.map(({ delayMs }) => delayMs),
        waitsFor: graph.map(({ parents }) => parents.length),
        successors: successorsOf(graph),
      }));
      open = chains.reduce((sum, { length }) => sum + length, 0);
      const end = new Promise((resolve) => (allEnded = resolve));
      await add(graphs.flatMap(({ waitsFor }, c) => waitsFor.flatMap((n, t) => (n === 0 ? [taskOf(c, t)] : []))));
      await end;
    },
    async ended({ chain, task }) {
      const { waitsFor, successors } = graphs[chain];
      const ready = successors[task].filter((next) => --waitsFor[next] === 0);
      if (ready.length > 0) await add(ready.map((next) => taskOf(chain, next)));
      if (--open === 0) allEnded();
    },
  };
}
