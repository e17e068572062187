import { bodyOf, clock, endOf } from '../ours.js';
import { mesh } from '../workloads.js';
import { withSystem, type OwnMeasurement } from './own.js';

const SIZES = [1_000, 2_000, 5_000, 10_000];
const WIDTH = 100;

/** W6: one chain of up to 10,000 tasks, in layers of 100, each task after two of the layer before. */
export const growth: OwnMeasurement = {
  id: 'W6',
  title: 'one chain of 1,000 to 10,000 tasks',
  measure: (place) =>
    withSystem(place, 'redis', async (system, client) => {
      const created = new Map(SIZES.map((size) => [size, [] as number[]]));
      const ran = new Map(SIZES.map((size) => [size, [] as number[]]));
      const run = async (size: number): Promise<[createMs: number, runMs: number]> => {
        const body = bodyOf(mesh(size, WIDTH), false);
        const started = clock();
        const { chain_id: id } = await client.send<{ chain_id: string }>('POST', '/chains', body);
        const executed = clock();
        await client.send('POST', `/chains/${id}/execute`);
        return [executed - started, (await endOf(system, [id])) - executed];
      };
      await run(SIZES[0]!);
      for (let round = 0; round < (place.quick ? 1 : 3); round++) {
        for (const size of SIZES) {
          const [createMs, runMs] = await run(size);
          created.get(size)!.push(createMs / 1_000);
          ran.get(size)!.push(runMs / size);
        }
      }
      const figures = SIZES.flatMap((size) => [
        {
          id: `W6.${size}.create`,
          title: `create ${size.toLocaleString('en')} tasks`,
          unit: 's',
          values: created.get(size)!,
        },
        { id: `W6.${size}.task`, title: `run them, a task`, unit: 'ms', values: ran.get(size)! },
      ]);
      const smallest = ran.get(SIZES[0]!)!;
      const growths = ran.get(SIZES.at(-1)!)!.map((each, round) => each / smallest[round]!);
      return [...figures, { id: 'W6.growth', title: 'time a task, 10,000 to 1,000', unit: 'times', values: growths }];
    }),
};
