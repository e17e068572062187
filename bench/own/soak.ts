import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../../test/faults/system.js';
import { runChains } from '../ours.js';
import { median } from '../statistics.js';
import { graphWorkload, taskCount } from '../workloads.js';
import { withSystem, type Figure, type OwnMeasurement } from './own.js';

const PROBES = 20;
/** Finished chains are removed after this many bursts: an hour of them would fill the disk. */
const BURSTS_KEPT = 50;

/**
 * W4, one burst after the other, for this many minutes. The listener's heap is looked at after a garbage collection, 20 times in
 * all; the first quarter of that warms it up, and the second is compared with the last.
 */
export function soak(minutes: number): OwnMeasurement {
  return {
    id: 'soak',
    title: `the listener over ${minutes} min of W4`,
    measure: (place) => {
      const file = join(place.services.folder, 'heap.jsonl');
      const preload = ['--expose-gc', '--import', new URL('./heap-probe.js', import.meta.url).href];
      const nodeOptionsOf = (name: string): string[] => (name.startsWith('status-listener') ? preload : []);
      return withSystem(
        place,
        'redis',
        async (system, client) => {
          const load = graphWorkload('W4');
          const heaps: number[] = [];
          const began = performance.now();
          let tasks = 0;
          for (let burst = 1; heaps.length < PROBES; burst++) {
            await runChains(system, client, load.chains);
            tasks += taskCount(load);
            if (burst % BURSTS_KEPT === 0) await removeChains(system);
            const seconds = (performance.now() - began) / 1_000;
            if (seconds < ((heaps.length + 1) * minutes * 60) / PROBES) continue;
            heaps.push((await heapOf(system, file)) / 1e6);
            place.say(`${Math.round(seconds)} s: ${tasks} tasks, heap ${heaps.at(-1)!.toFixed(1)} MB`);
          }
          const quarter = PROBES / 4;
          const start = heaps.slice(quarter, 2 * quarter);
          const end = heaps.slice(-quarter);
          const figure = (id: string, title: string, unit: string, values: number[]): Figure => ({
            id,
            title,
            unit,
            values,
          });
          return [
            figure('soak.minutes', 'time under load', 'min', [(performance.now() - began) / 60_000]),
            figure('soak.tasks', 'tasks', '', [tasks]),
            figure('soak.start', 'heap in the second quarter', 'MB', start),
            figure('soak.end', 'heap in the last quarter', 'MB', end),
            figure('soak.growth', 'growth between them', '%', [100 * (median(end) / median(start) - 1)]),
          ];
        },
        { nodeOptionsOf, env: { HEAP_FILE: file } },
      );
    },
  };
}

/** Bytes of the listener's heap that are in use after a garbage collection. */
async function heapOf(system: System, file: string): Promise<number> {
  writeFileSync(file, '');
  system.listeners[0]!.signal('SIGUSR2');
  for (;;) {
    const line = readFileSync(file, 'utf8');
    if (line.endsWith('\n')) {
      rmSync(file);
      return (JSON.parse(line) as NodeJS.MemoryUsage).heapUsed;
    }
    await delay(20);
  }
}

async function removeChains(system: System): Promise<void> {
  await system.rows('TRUNCATE task_chains, task_requests CASCADE');
}
