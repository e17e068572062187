/**
 * `npm run measure`: every task type on large tables, each in a separate process: seconds, peak memory, and how far the result is
 * from plain arithmetic. It keeps them in bench/results/types.json and writes the tables of docs/tasks/measurements.md and its
 * Chinese page. `--sites` runs those that run at sites over simulated networks instead, and keeps these figures in types-at-sites.json; `--goals` runs
 * the two that have a goal between sites, on one machine and at sites, and keeps these in site-goals.json; `--scores` asks sites for 400 scores in a row,
 * and keeps these in site-scores.json.
 * `--engines` runs psi and ss_lr on native, SPU and a fleet on SPU, in one run, and keeps that in engines.json.
 * `--type` takes some types alone; with `--rows` or `--shared-rows`, which change the size, nothing is written.
 */
import { parseArgs } from 'node:util';
import { SITE_TYPES } from '#libs/compute';
import { measureEngines, writeEnginePages } from './engines.js';
import { measureAtSites } from './measure-sites.js';
import { AT_SITES, writeSitePages } from './measured-at-sites.js';
import { modelCases } from './model-cases.js';
import { measureType } from './measure-type.js';
import { keepIn, ON_ONE_MACHINE, writePages } from './measured.js';
import { measureScores, SITE_SCORES, writeScorePages } from './site-scores.js';
import { measureSiteGoals, SITE_GOALS, writeGoalPages } from './site-goals.js';
import { tableCases } from './table-cases.js';

const { values: args } = parseArgs({
  options: {
    sites: { type: 'boolean', default: false },
    goals: { type: 'boolean', default: false },
    engines: { type: 'boolean', default: false },
    scores: { type: 'boolean', default: false },
    type: { type: 'string', multiple: true },
    rows: { type: 'string' },
    'shared-rows': { type: 'string' },
  },
});
const isWritten = args.rows === undefined && args['shared-rows'] === undefined;
if (args.engines) {
  await measureEngines((measured) => void process.stdout.write(`${JSON.stringify(measured)}\n`));
  await writeEnginePages();
  process.exit();
}
if (args.goals) await measureApart(measureSiteGoals, 1_000_000, SITE_GOALS, writeGoalPages);
if (args.scores) await measureApart(measureScores, 400, SITE_SCORES, writeScorePages);
const rows = Number(args.rows ?? (args.sites ? 100_000 : 1_000_000));
const all = [...tableCases(rows), ...modelCases(rows, Number(args['shared-rows'] ?? 45_000))];
const cases = args.sites
  ? all.filter(({ type, tables }) => SITE_TYPES.includes(type) && Object.keys(tables).length > 1)
  : all;
const wanted = args.type ?? cases.map(({ type }) => type);
const unknown = wanted.filter((name) => !cases.some(({ type }) => type === name));
if (unknown.length > 0) throw new Error(`There is no case of ${unknown.join(', ')}`);

for (const each of cases.filter(({ type }) => wanted.includes(type))) {
  const measured = await (args.sites ? measureAtSites(each) : measureType(each));
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  if (isWritten) keepIn(args.sites ? AT_SITES : ON_ONE_MACHINE, measured);
}
if (isWritten) await (args.sites ? writeSitePages(cases) : writePages(cases));

/** Measures what has a file of figures apart from those of the types, and ends. */
async function measureApart<T extends { readonly type: string }>(
  measure: (rows: number, keep: (measured: T) => void) => Promise<void>,
  usual: number,
  file: string,
  write: () => Promise<void>,
): Promise<never> {
  await measure(Number(args.rows ?? usual), (measured) => {
    process.stdout.write(`${JSON.stringify(measured)}\n`);
    if (isWritten) keepIn(file, measured);
  });
  if (isWritten) await write();
  process.exit();
}
