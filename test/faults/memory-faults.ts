import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, type Fault } from './fault.js';
import { underBlows, type Blow } from './blows.js';
import { createChain, chainOf, noAnswers } from './load.js';
import type { System } from './system.js';

/** The lease of the runs that died, and as much again for their next attempt. */
const MOVES_WITHIN_MS = 40_000;
const SMALL_MB = 64;
/** Of each parent's result. Held by the worker as often as children run at once. */
const RESULT_BYTES = 60_000;
const PARENTS = 30;
const CHILDREN = 60;

/** 19: the process of a worker needs more memory than it may have. */
export const outOfMemory: Fault = {
  number: 19,
  name: 'a worker out of memory',
  backends: BOTH,
  shortOn: ['redis'],
  run: (trial) =>
    onSystem(
      trial,
      { listeners: 1, workers: 1, slots: 64 },
      { emptyWithinMs: LOCKS_END_MS, crashesAllowed: true },
      async (system) => {
        const extra = noAnswers();
        const small: Blow = {
          name: 'a worker out of memory',
          lastsMs: 0,
          begin: () => exhaust(system, extra),
        };
        const blows = Array.from({ length: trial.long ? 10 : 1 }, () => small);
        const outcome = await underBlows(trial, system, blows, { withinMs: MOVES_WITHIN_MS });
        await system.allEnded(extra.acknowledged, 180_000);
        return { ...outcome, acknowledged: [...outcome.acknowledged, ...extra.acknowledged] };
      },
    ),
};

/** Starts the worker with little memory, and gives it as much to hold until it dies; it comes back with as much as it wants. */
async function exhaust(system: System, answers: ReturnType<typeof noAnswers>): Promise<void> {
  const worker = system.workers[0]!;
  const ids = Array.from({ length: PARENTS }, (_, i) => `p${i}`);
  const parents = ids.map((id) => ({ id, parents: [], config: { result_bytes: RESULT_BYTES } }));
  const children = Array.from({ length: CHILDREN }, (_, i) => ({
    id: `c${i}`,
    parents: ids,
    config: { delay_ms: 3_000 },
  }));
  await worker.stop();
  await worker.start({ NODE_OPTIONS: `--max-old-space-size=${SMALL_MB}` });
  await worker.ready();
  const id = await createChain(system, chainOf('large', [...parents, ...children]), answers);
  await Promise.race([worker.ended(), system.allEnded([id], 120_000)]);
  if (!/heap out of memory|heap limit/i.test(worker.tail(60))) throw new Error(`it ended otherwise:\n${worker.tail()}`);
}
