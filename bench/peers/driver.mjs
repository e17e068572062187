// What every peer's driver in Node shares: see bench/peer-process.ts for what is said over the pipes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
  const require = createRequire(import.meta.url);
  for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (found.name === name) return found.version;
    } catch {
      // further up
    }
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
