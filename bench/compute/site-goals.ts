import { loadavg } from 'node:os';
import { describeMachine } from '../machine.js';
import type { TypeCase } from './case.js';
import { BYTES_PER_SECOND, runAtSites, runHere } from './measure-sites.js';
import { kept, tableOf, writeMade } from './measured.js';
import { names } from './tables.js';

/** How near a type comes to its goal between sites. */
interface SiteGoal {
  readonly type: string;
  readonly rows: number;
  /** On one machine. */
  readonly local: number;
  /** Over 20 ms and 100 Mbit/s. */
  readonly seconds: number;
  /** The most that the goal allows. */
  readonly most: number;
  readonly megabytes: number;
  /** How many steps a training took; 0 for psi. */
  readonly steps: number;
  readonly at: string;
  readonly machine: string;
  readonly load: number;
}

export const SITE_GOALS = 'site-goals.json';
const DELAY_MS = 20;
/** One after the other, for each step of a training. */
const DELAYS_A_STEP = 3;
const EPOCHS = 10;

const none = { of: ['', ''] as const, figure: () => '' };

/** psi of two tables of `rows`, and ss_lr of a tenth of that, 20 columns and 10 epochs. */
const goalCases = (rows: number): readonly TypeCase[] => [
  {
    ...{ ...none, type: 'psi' },
    tables: { alice: { rows, columns: [0, 1] }, bob: { rows, columns: [1, 2], firstKey: rows / 2 } },
    config: (paths) => ({ keys: { alice: ['id'], bob: ['id'] }, input_paths: paths }),
  },
  {
    ...{ ...none, type: 'ss_lr' },
    tables: {
      alice: { rows: rows / 10, columns: [0, 10], scaled: true, labelOf: 20 },
      bob: { rows: rows / 10, columns: [10, 20], scaled: true },
    },
    config: (paths) => ({
      ...{ train_data: paths, features: { alice: names(0, 10), bob: names(10, 20) } },
      ...{ label: 'y', label_party: 'alice', params: { epochs: EPOCHS } },
    }),
  },
];

/** Measures the types that have a goal for the time between sites, on one machine and then at sites. */
export async function measureSiteGoals(rows: number, keep: (goal: SiteGoal) => void): Promise<void> {
  for (const each of goalCases(rows)) {
    const load = loadavg()[0]!;
    const here = await runHere(each);
    const there = await runAtSites(each, DELAY_MS);
    const { training_metrics: metrics } = there.result as {
      training_metrics?: { rows: number; batch_size: number };
    };
    const steps = metrics ? EPOCHS * Math.ceil(metrics.rows / metrics.batch_size) : 0;
    const most = metrics
      ? 1.2 * (here.seconds + (steps * DELAYS_A_STEP * DELAY_MS) / 1_000)
      : 1.2 * here.seconds + there.bytes / BYTES_PER_SECOND;
    keep({
      ...{ type: each.type, rows: Object.values(each.tables)[0]!.rows, local: here.seconds },
      ...{ seconds: there.seconds, most, megabytes: there.bytes / 1e6, steps },
      ...{ at: new Date().toISOString(), machine: describeMachine(), load },
    });
  }
}

const HEADS = [
  ['type', 'rows of each', 's on one machine', 's at sites', 's at most', 'MB', 'steps', 'load', 'on'],
  ['类型', '每方行数', '一台机器秒', '站点秒', '至多秒', 'MB', '步数', '负载', '日期'],
] as const;

/** Writes the table of both pages from what is kept. */
export async function writeGoalPages(): Promise<void> {
  const all = Object.values(kept<SiteGoal>(SITE_GOALS));
  const machines = [...new Set(all.map(({ machine }) => machine))].join('; ');
  const rows = all.map(({ type, rows: count, local, seconds, most, megabytes, steps, load, at }) => [
    `[\`${type}\`](${type}.md)`,
    count.toLocaleString('en'),
    ...[local, seconds, most, megabytes].map((each) => each.toFixed(1)),
    ...[steps.toLocaleString('en'), load.toFixed(1), at.slice(0, 10)],
  ]);
  await writeMade(HEADS.map((head) => [['site-goals', `${machines}\n\n${tableOf(head, rows)}`]]));
}
