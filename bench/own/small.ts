import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { System } from '../../test/faults/system.js';
import type { HttpClient } from '../http-client.js';
import { clock, runBody } from '../ours.js';
import { withSystem, type OwnMeasurement } from './own.js';

const TASKS = 500;
const ROWS = 10;
/** As a worker on two cores has by default: each task is a process. */
const SLOTS = 2;

/** Tasks that are smaller than what it takes to start one: one chain of fillna tasks, each of a table of 10 rows. */
export const small: OwnMeasurement = {
  id: 'small',
  title: `${TASKS} fillna tasks of ${ROWS} rows`,
  measure: (place) =>
    withSystem(
      place,
      'redis',
      async (system, client) => {
        const seconds: number[] = [];
        const overStarts: number[] = [];
        const count = place.quick ? TASKS / 5 : TASKS;
        for (let round = 0; round < (place.quick ? 1 : 3); round++) {
          const took = await runTasks(system, client, count);
          seconds.push(took / 1_000);
          overStarts.push(took / (await startProcesses(count)));
        }
        return [
          { id: 'small.seconds', title: 'from the request to the last commit', unit: 's', values: seconds },
          {
            id: 'small.overStarts',
            title: 'against the start of as many Node processes that do nothing',
            unit: 'times',
            values: overStarts,
          },
        ];
      },
      { env: { WORKER_CONCURRENCY: String(SLOTS) } },
    ),
};

async function runTasks(system: System, client: HttpClient, count: number): Promise<number> {
  const folder = join(system.services.folder, 'tables', 'alice');
  mkdirSync(folder, { recursive: true });
  const rows = Array.from({ length: ROWS }, (_, row) => `${row},${row % 3 === 0 ? '' : row}\n`);
  writeFileSync(join(folder, 'small.csv'), `id,n\n${rows.join('')}`);
  const tasks = Array.from({ length: count }, (_, at) => ({
    task_id: `t${at}`,
    task_type: 'fillna',
    depends_on: [],
    task_params: {
      sf_init_config: { parties: ['alice'] },
      task_config: { input_data: { alice: 'small.csv' }, method: 'constant', value: 0 },
    },
  }));
  return runBody(system, client, JSON.stringify({ chain_name: 'small', execute: true, tasks }));
}

/** Milliseconds that as many processes take which end at once, as many at a time as tasks. */
async function startProcesses(count: number): Promise<number> {
  let left = count;
  const startOneByOne = async (): Promise<void> => {
    while (left-- > 0) await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  };
  const began = clock();
  await Promise.all(Array.from({ length: SLOTS }, startOneByOne));
  return clock() - began;
}
