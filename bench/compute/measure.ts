/**
 * `npm run measure`: every task type on large tables, each in a process of its own: seconds, peak memory, and how far the result is
 * from plain arithmetic. It keeps them in bench/results/types.json and writes the tables of docs/tasks/measurements.md and its
 * Chinese page. `--type` takes some types alone; with `--rows` or `--shared-rows`, which change the size, nothing is written.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Json } from '#libs/compute';
import { describeMachine } from '../machine.js';
import { Outcome, type Paths, type TypeCase } from './case.js';
import { modelCases } from './model-cases.js';
import { keepMeasured, writePages, type Measured } from './measured.js';
import { runApart } from './run-apart.js';
import { tableCases } from './table-cases.js';
import { writeTable } from './tables.js';

const { values: args } = parseArgs({
  options: {
    type: { type: 'string', multiple: true },
    rows: { type: 'string' },
    'shared-rows': { type: 'string' },
  },
});
const rows = Number(args.rows ?? 1_000_000);
const cases = [...tableCases(rows), ...modelCases(rows, Number(args['shared-rows'] ?? 45_000))];
const wanted = args.type ?? cases.map(({ type }) => type);
const unknown = wanted.filter((name) => !cases.some(({ type }) => type === name));
if (unknown.length > 0) throw new Error(`There is no case of ${unknown.join(', ')}`);

for (const each of cases.filter(({ type }) => wanted.includes(type))) {
  const measured = await measure(each);
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  if (args.rows === undefined && args['shared-rows'] === undefined) keepMeasured(measured);
}
await writePages(cases);

async function measure({ type, tables, before, config, figure }: TypeCase): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  try {
    const parties = Object.keys(tables);
    const paths: Paths = Object.fromEntries(parties.map((party) => [party, 'table.csv']));
    for (const party of parties) await writeTable(`${folder}/data/${party}/table.csv`, tables[party]!);
    const first =
      before &&
      (await runApart({
        type: before.type,
        taskId: 'before',
        inputs: {},
        folder,
        parties,
        config: before.config(paths),
      }));
    const load = loadavg()[0]!;
    const inputs: Record<string, Json> = first?.result === undefined ? {} : { before: first.result };
    const report = await runApart({ type, taskId: 'task', inputs, folder, parties, config: config(paths) });
    if (report.failure && type !== 'validation') throw new Error(`${type}: ${report.failure.message}`);
    return {
      type,
      parties: parties.length,
      rows: tables[parties[0]!]!.rows,
      seconds: report.seconds,
      cpuSeconds: report.cpuSeconds,
      peakMiB: report.peakMiB,
      figure: await figure(new Outcome(report, first, folder)),
      at: new Date().toISOString(),
      machine: describeMachine(),
      load,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
