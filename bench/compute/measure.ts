/**
 * `npm run measure`: every task type on large tables, each in a separate process: seconds, peak memory, and how far the result is
 * from plain arithmetic. It keeps them in bench/results/types.json and writes the tables of docs/tasks/measurements.md and its
 * Chinese page. `--type` takes some types alone; with `--rows` or `--shared-rows`, which change the size, nothing is written.
 */
import { parseArgs } from 'node:util';
import { modelCases } from './model-cases.js';
import { measureType } from './measure-type.js';
import { keepMeasured, writePages } from './measured.js';
import { tableCases } from './table-cases.js';

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
  const measured = await measureType(each);
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  if (args.rows === undefined && args['shared-rows'] === undefined) keepMeasured(measured);
}
await writePages(cases);
