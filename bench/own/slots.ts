import { bodyOf, runBody } from '../ours.js';
import { mesh } from '../workloads.js';
import { withSystem, type OwnMeasurement, type Place } from './own.js';

const TASKS = 10_000;
const WIDTH = 100;

/** One chain of 10,000 tasks that do nothing, with the slots that a worker has by default, against 50. */
export const slots: OwnMeasurement = {
  id: 'slots',
  title: 'W6 of 10,000 tasks with the default slots, against 50',
  async measure(place) {
    const few: number[] = [];
    const many: number[] = [];
    for (let round = 0; round < (place.quick ? 1 : 3); round++) {
      many.push(await run(place, {}));
      few.push(await run(place, { WORKER_CONCURRENCY: '', WORKER_CONCURRENCY_DIAGNOSTIC: '' }));
    }
    const ratios = few.map((ms, round) => many[round]! / ms);
    return [
      { id: 'slots.default', title: 'a task, default slots', unit: 'ms', values: few },
      { id: 'slots.50', title: 'a task, 50 slots', unit: 'ms', values: many },
      { id: 'slots.ratio', title: 'speed, of that with 50 slots', unit: 'times', values: ratios },
    ];
  },
};

/** Time a task of the second chain, ms: the first one warms. */
function run(place: Place, env: NodeJS.ProcessEnv): Promise<number> {
  const size = place.quick ? TASKS / 10 : TASKS;
  return withSystem(
    place,
    'redis',
    async (system, client) => {
      const body = bodyOf(mesh(size, WIDTH), true);
      await runBody(system, client, body);
      return (await runBody(system, client, body)) / size;
    },
    { env },
  );
}
