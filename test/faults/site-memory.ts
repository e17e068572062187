import { setTimeout as delay } from 'node:timers/promises';
import { residentOf } from './resident.js';
import { allBegun, membersOf, SiteRun } from './site-run.js';

/** Memory of each process at one minute, MiB, by its name: a site's, and its program's. */
type Sample = ReadonlyMap<string, number>;

/** Before bob is slow: Node frees buffers once some 64 MiB of them are garbage, which a slow run comes to after an hour only. */
const FAST_MS = 60_000;
/** How long bob reads, and how long he does not, ms. Silence of 15 s would cut a connection. */
const [READS_MS, RESTS_MS] = [1_000, 2_000];

/**
 * Looks each minute at the memory of all processes of a training with a dealer, beside a peer that reads one second of three from the second minute on. `say` gets a line of a
 * table for each. Returns for each process what it had after a sixth of the minutes, at their end, and at most.
 */
export async function memoryBesideSlowPeer(
  minutes: number,
  say: (line: string) => void,
): Promise<readonly { readonly name: string; readonly early: number; readonly late: number; readonly most: number }[]> {
  const run = await SiteRun.make('ss_lr');
  try {
    // 200,000 steps: a minute at full speed, and then some a second.
    run.start(await run.prepare({ epochs: 1_000, batchSize: 25 }));
    await allBegun(run);
    await delay(FAST_MS);
    for (const way of run.used) way.latencyMs = 20;
    void readSlowly(run);
    const samples: Sample[] = [];
    const ended = Promise.race([...run.all.values()].map((site) => site.ended));
    for (let minute = 1; minute <= minutes; minute += 1) {
      const over = await Promise.race([delay(60_000), ended]);
      if (over !== undefined) throw new Error(`a site ended: ${over.err}`);
      const sample = sampleOf(run);
      if (minute === 1) say(`| minute | ${[...sample.keys()].join(' | ')} |`);
      say(`| ${[minute, ...[...sample.values()].map((mib) => mib.toFixed(1))].join(' | ')} |`);
      samples.push(sample);
    }
    const early = samples[Math.ceil(minutes / 6) - 1]!;
    const late = samples.at(-1)!;
    return [...early.keys()].map((name) => ({
      name,
      early: early.get(name)!,
      late: late.get(name) ?? 0,
      most: Math.max(...samples.map((sample) => sample.get(name) ?? 0)),
    }));
  } finally {
    await run.remove();
  }
}

/** Until the run is over, nothing goes to bob or comes from him for two seconds of three. */
async function readSlowly(run: SiteRun): Promise<void> {
  const ways = [run.ways.aliceToBob, run.ways.bobToThird];
  while (!run.isOver) {
    for (const way of ways) way.hold();
    await delay(RESTS_MS);
    for (const way of ways) way.letGo();
    await delay(READS_MS);
  }
}

function sampleOf(run: SiteRun): Sample {
  const sample = new Map<string, number>();
  for (const site of membersOf('ss_lr')) {
    const [own, ...programs] = residentOf(run.all.get(site)!.process.pid!);
    sample.set(site, own!.mib);
    programs.forEach(({ mib }, at) => sample.set(`${site}, program${at === 0 ? '' : ` ${at + 1}`}`, mib));
  }
  return sample;
}
