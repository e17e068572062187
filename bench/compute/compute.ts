import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../statistics.js';
import type { Figure, OwnMeasurement, Place } from '../own/own.js';
import { curveSeconds } from './curve-work.js';
import { kkrtFigures } from './kkrt.js';
import { fitSeconds, joinSeconds, passSeconds } from './plain.js';
import { runApart } from './run-apart.js';
import { names, writeTable, type TableShape } from './tables.js';
import type { TaskReport } from './task-process.js';

/** A task on tables of one size, and the same in clear beside it. */
interface Size {
  readonly id: string;
  readonly title: string;
  readonly rows: number;
  readonly tables: Readonly<Record<string, TableShape>>;
  /** Its task, as `task_params` name it. */
  readonly type: string;
  config(paths: Readonly<Record<string, string>>): object;
  /** What it is measured against in the same run: words, and the seconds of it. */
  against(files: Readonly<Record<string, string>>): Promise<Readonly<Record<string, number>>>;
}

const EPOCHS = 5;
const BATCH = 64;

function psi(rows: number): Size {
  return {
    id: `psi.${rows}`,
    title: `PSI of ${words(rows)} x ${words(rows)} rows of 10 columns`,
    rows: rows * 2,
    tables: { alice: { rows, columns: [0, 9] }, bob: { rows, columns: [9, 18], firstKey: rows / 2 } },
    type: 'psi',
    config: (paths) => ({ keys: { alice: ['id'], bob: ['id'] }, input_paths: paths }),
    against: async ({ alice, bob }) => ({
      'its curve work alone': await curveSeconds(rows),
      'a hash join in clear': await joinSeconds(alice!, bob!),
    }),
  };
}

function regression(rows: number): Size {
  return {
    id: `ss_lr.${rows}`,
    title: `SS-LR of ${words(rows)} rows, 8 + 8 columns, ${EPOCHS} epochs`,
    rows,
    tables: {
      alice: { rows, columns: [0, 8], scaled: true, labelOf: 16 },
      bob: { rows, columns: [8, 16], scaled: true },
    },
    type: 'ss_lr',
    config: (paths) => ({
      train_data: paths,
      features: { alice: names(0, 8), bob: names(8, 16) },
      label: 'y',
      label_party: 'alice',
      params: { epochs: EPOCHS, batch_size: BATCH },
    }),
    against: async ({ alice, bob }) => ({ 'a fit in clear': await fitSeconds(alice!, bob!, EPOCHS, BATCH) }),
  };
}

function statistics(rows: number): Size {
  return {
    id: `statistics.${rows}`,
    title: `table_statistics of ${words(rows)} rows of 10 columns`,
    rows,
    tables: { alice: { rows, columns: [0, 9] } },
    type: 'table_statistics',
    config: (paths) => ({ input_data: paths }),
    against: async ({ alice }) => ({ 'a plain pass over the file': await passSeconds(alice!) }),
  };
}

const SIZES = [
  ...[10_000, 100_000, 1_000_000].map(statistics),
  ...[5_000, 45_000].map(regression),
  ...[10_000, 100_000, 1_000_000].map(psi),
];

/** W9: tasks of the native engine by size, each in a separate process. */
export const compute: OwnMeasurement = {
  id: 'W9',
  title: 'PSI, SS-LR and statistics by size',
  async measure(place) {
    const [folder, remove] = await place.opened.open(
      () => mkdtemp(join(tmpdir(), 'bench-compute-')),
      (path) => rm(path, { recursive: true, force: true }),
    );
    try {
      const figures: Figure[] = [];
      for (const size of SIZES) {
        // The largest intersection, and its curve work beside it, take minutes.
        if (!place.long && size.id === 'psi.1000000') continue;
        figures.push(...(await measureSize(place, folder, size)));
      }
      for (const rows of place.long ? [100_000, 1_000_000] : [100_000])
        figures.push(...(await kkrtFigures(place, folder, rows)));
      return figures;
    } finally {
      await remove();
    }
  },
};

async function measureSize({ quick, say }: Place, root: string, size: Size): Promise<Figure[]> {
  const folder = join(root, size.id);
  const paths = Object.fromEntries(Object.keys(size.tables).map((party) => [party, 'table.csv']));
  const files = Object.fromEntries(Object.keys(paths).map((party) => [party, `${folder}/data/${party}/table.csv`]));
  for (const [party, shape] of Object.entries(size.tables)) await writeTable(files[party]!, shape);
  const reports: TaskReport[] = [];
  const ratios: Record<string, number[]> = {};
  const rounds = size.rows > 150_000 || quick ? 1 : 3;
  for (let round = 0; round < rounds; round += 1) {
    const { type, config } = size;
    const parties = Object.keys(paths);
    const report = await runApart({ type, taskId: 'task', inputs: {}, folder, parties, config: config(paths) });
    if (report.failure) throw new Error(`${size.title}: ${report.failure.message}`);
    reports.push(report);
    for (const [what, seconds] of Object.entries(await size.against(files)))
      (ratios[what] ??= []).push(report.seconds / seconds);
  }
  await rm(folder, { recursive: true });
  const seconds = reports.map((report) => report.seconds);
  say(`${size.title}: ${median(seconds).toFixed(2)} s`);
  const figure = (name: string, title: string, unit: string, values: readonly number[]): Figure => ({
    id: `W9.${size.id}.${name}`,
    title: `${size.title}${title}`,
    unit,
    values,
  });
  return [
    figure('seconds', '', 's', seconds),
    figure(
      'rate',
      ': rate',
      'rows/s',
      seconds.map((each) => size.rows / each),
    ),
    figure(
      'cpu',
      ': CPU of all threads',
      's',
      reports.map(({ cpuSeconds }) => cpuSeconds),
    ),
    figure(
      'memory',
      ': peak memory of the process',
      'MiB',
      reports.map(({ peakMiB }) => peakMiB),
    ),
    ...Object.entries(ratios).map(([what, values]) => figure(what, `: time, of ${what}`, 'times', values)),
  ];
}

function words(count: number): string {
  return count.toLocaleString('en');
}
