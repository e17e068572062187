import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../../test/faults/system.js';
import type { HttpClient } from '../http-client.js';
import { bodyOf, clock, endOf, runChains } from '../ours.js';
import { graphWorkload, sequence } from '../workloads.js';
import { warmUp, withSystem, type Figure, type OwnMeasurement } from './own.js';
import { ReportTap } from './report-tap.js';

const LOADS = [
  { workload: 'W1', title: 'a chain alone', runs: 10, quickRuns: 2 },
  { workload: 'W4', title: '200 chains', runs: 5, quickRuns: 1 },
  { workload: 'W4x5', title: '1,000 chains', runs: 2, quickRuns: 1 },
];

/** From a worker's report to the commit of what it says, under loads that come at once. */
export const commitLag: OwnMeasurement = {
  id: 'lag',
  title: 'report to committed row',
  measure: (place) =>
    withTap(place, async (system, client, tap) => {
      const figures: Figure[] = [];
      for (const { workload, title, runs, quickRuns } of LOADS) {
        const { chains } = graphWorkload(workload);
        await warmUp(place, () => runChains(system, client, chains));
        const p50: number[] = [];
        const p99: number[] = [];
        for (let round = 0; round < (place.quick ? 1 : 3); round++) {
          tap.clear();
          for (let n = 0; n < (place.quick ? quickRuns : runs); n++) await runChains(system, client, chains);
          const lags = await tap.lags(system);
          p50.push(lags.p50);
          p99.push(lags.p99);
        }
        figures.push({ id: `lag.${workload}.p50`, title: `${title}, p50`, unit: 'ms', values: p50 });
        figures.push({ id: `lag.${workload}.p99`, title: `${title}, p99`, unit: 'ms', values: p99 });
      }
      return figures;
    }),
};

const RATE = 500;
const LENGTH = 10;

/** W8: the same at a steady 500 tasks/s, chains of 10 that come one by one, for a minute. */
export const steadyRate: OwnMeasurement = {
  id: 'W8',
  title: 'report to committed row at 500 tasks/s',
  measure: (place) =>
    withTap(place, async (system, client, tap) => {
      await paced(system, client, 2);
      tap.clear();
      const seconds = place.quick ? 10 : 60;
      const perSecond = await paced(system, client, seconds);
      const { seen, p50, p99 } = await tap.lags(system);
      return [
        { id: 'W8.p50', title: 'p50', unit: 'ms', values: [p50] },
        { id: 'W8.p99', title: 'p99', unit: 'ms', values: [p99] },
        { id: 'W8.rate', title: 'rate that was kept', unit: 'tasks/s', values: [perSecond] },
        { id: 'W8.seen', title: 'reports that were seen', unit: '%', values: [(100 * seen) / (seconds * RATE)] },
      ];
    }),
};

/** Starts a chain every 20 ms, and returns the rate at which all their tasks ended. */
async function paced(system: System, client: HttpClient, seconds: number): Promise<number> {
  const body = bodyOf(sequence(LENGTH), true);
  const chains = (seconds * RATE) / LENGTH;
  const began = clock();
  const sent: Promise<{ chain_id: string }>[] = [];
  for (let n = 0; n < chains; n++) {
    const early = began + (n * 1_000 * LENGTH) / RATE - clock();
    if (early > 0) await delay(early);
    sent.push(client.send('POST', '/chains', body));
  }
  const ids = (await Promise.all(sent)).map(({ chain_id: id }) => id);
  return (chains * LENGTH) / (((await endOf(system, ids)) - began) / 1_000);
}

function withTap(
  place: Parameters<OwnMeasurement['measure']>[0],
  use: (system: System, client: HttpClient, tap: ReportTap) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  return withSystem(place, 'redis', async (system, client) => {
    const tap = ReportTap.start(system);
    try {
      return await use(system, client, tap);
    } finally {
      await tap.close();
    }
  });
}
