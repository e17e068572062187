import { setTimeout as delay } from 'node:timers/promises';
import type { BackendKind } from '../../test/faults/services.js';
import { graphWorkload } from '../workloads.js';
import { runChains } from '../ours.js';
import { warmUp, withSystem, type Figure, type OwnMeasurement, type Place } from './own.js';

const FIRST = 5;

/** From the start of the apps to ready, and the first chains after it against chains of a system that has worked. */
export const start: OwnMeasurement = {
  id: 'start',
  title: 'start, and the first chains after it',
  measure: async (place) => [
    ...(await startOn(place, 'redis', 'start', 'Redis')),
    ...(await startOn(place, 'postgres', 'start.embedded', 'PostgreSQL alone')),
  ],
};

async function startOn(place: Place, kind: BackendKind, id: string, title: string): Promise<Figure[]> {
  const ready: number[] = [];
  const cold: number[] = [];
  const over: number[] = [];
  const { chains } = graphWorkload('W1');
  for (let round = 0; round < (place.quick ? 1 : 4); round++) {
    await withSystem(place, kind, async (system, client) => {
      const restart = async (): Promise<void> => {
        await Promise.all(system.all.map((app) => app.stop()));
        const began = performance.now();
        await Promise.all(system.all.map((app) => app.start().then(() => app.ready())));
        ready.push((performance.now() - began) / 1_000);
      };
      const five = async (): Promise<number> => {
        let ms = 0;
        for (let n = 0; n < FIRST; n++) ms += (await runChains(system, client, chains)).ms;
        return ms / FIRST;
      };
      await restart();
      await delay(5_000);
      const first = await five();
      await warmUp(place, () => runChains(system, client, chains));
      cold.push(first / chains[0]!.length);
      over.push(first / (await five()));
    });
  }
  return [
    { id: `${id}.ready`, title: `${title}: from the start to ready`, unit: 's', values: ready },
    { id: `${id}.first`, title: `${title}: the first ${FIRST} chains of W1, 5 s later`, unit: 'ms/hop', values: cold },
    { id: `${id}.cold`, title: `${title}: against as many once it is warm`, unit: 'times', values: over },
  ];
}
