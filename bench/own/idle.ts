import { setTimeout as delay } from 'node:timers/promises';
import type { BackendKind } from '../../test/faults/services.js';
import { cpuOf, cpuSnapshot, memoryOf } from '../machine.js';
import { partsOf, runChains } from '../ours.js';
import { graphWorkload } from '../workloads.js';
import { withSystem, type Figure, type OwnMeasurement, type Place } from './own.js';

/** What a system takes that has nothing to do: all its processes, PostgreSQL and Redis included. */
export const idle: OwnMeasurement = {
  id: 'idle',
  title: 'idle system',
  measure: async (place) => [
    ...(await idleOn(place, 'redis', 'idle', 'Redis')),
    ...(await idleOn(place, 'postgres', 'idle.embedded', 'PostgreSQL alone')),
  ],
};

function idleOn(place: Place, kind: BackendKind, id: string, title: string): Promise<Figure[]> {
  return withSystem(place, kind, async (system, client) => {
    // V8 gives the memory of the start back once, 30 to 110 s after it.
    await delay(place.quick ? 2_000 : 120_000);
    const parts = partsOf(system);
    const before = cpuSnapshot();
    await delay(place.quick ? 8_000 : 30_000);
    const after = cpuSnapshot();
    if (before === undefined || after === undefined)
      throw new Error('CPU time is read from /proc, which this machine lacks');
    const memory = Object.fromEntries(Object.entries(parts).map(([name, pid]) => [name, memoryOf(after, pid)]));
    const share = (pid: number): number => (100 * cpuOf(before, after, pid)) / (after.at - before.at);
    const cpu = Object.fromEntries(Object.entries(parts).map(([name, pid]) => [name, share(pid)]));
    await runChains(system, client, graphWorkload('W4').chains);
    const later = cpuSnapshot()!;
    const worked = Object.values(parts).reduce((sum, pid) => sum + memoryOf(later, pid), 0);
    const figure = (name: string, words: string, unit: string, value: number): Figure => ({
      id: `${id}.${name}`,
      title: `${title}: ${words}`,
      unit,
      values: [value],
    });
    return [
      figure('cpu', 'CPU', '% of one core', sum(cpu)),
      figure('memory', 'memory', 'MB', sum(memory)),
      ...Object.keys(parts).flatMap((name) => [
        figure(`cpu.${name}`, `CPU of ${name}`, '% of one core', cpu[name]!),
        figure(`memory.${name}`, `memory of ${name}`, 'MB', memory[name]!),
      ]),
      figure('memory.after', 'memory after W4', 'MB', worked),
    ];
  });
}

const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);
