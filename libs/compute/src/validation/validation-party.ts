import type { PartyProgram } from '../party/party-program.js';
import { countVerdicts, isOfNoValue, rulesOf, withoutColumns, type Looked } from './count-verdicts.js';
import { isMissing } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { ColumnCheck, type Kept } from './column-check.js';
import { RepeatedValues } from './repeated-values.js';
import { coarseRows } from '../contract/coarse.js';
import type { Finding, TableSchema } from './validation-config.js';

/** Arguments of a party's process. */
export interface ValidationArgs {
  readonly path: string;
  readonly schema: TableSchema;
  readonly minRows: number | null;
  readonly maxRows: number | null;
  /** Whether all parties must have the same number of rows. */
  readonly equalRows: boolean;
}

/** A party's answer: what others see. */
export interface ValidationValue {
  readonly rows: number;
  /** Columns that were looked at. */
  readonly columns: number;
  readonly findings: readonly Finding[];
  /** The party's own report, with the numbers of the rows. */
  readonly report: string;
}

/** Checks the party's table in one pass, in bounded memory, and keeps the numbers of the rows that break a rule with the party. */
export const run: PartyProgram<ValidationArgs, ValidationValue> = async (context, args) => {
  const { path, schema, minRows, maxRows, equalRows } = args;
  const input = await context.openInput(path);
  const repeated = new RepeatedValues(() => context.createScratch());
  const kept: Kept[] = [];
  const looked: Looked[] = [];
  let rows = 0;
  let columns = 0;
  try {
    const table = await readTable(context.party, input);
    const checks: { column: string; index: number; check: ColumnCheck }[] = [];
    for (const [column, rule] of Object.entries(schema)) {
      const index = table.columns.indexOf(column);
      if (index >= 0) checks.push({ column, index, check: new ColumnCheck(rule) });
      else if (rule.required) kept.push({ column, rule: 'required', count: 0 });
    }
    columns = checks.length;
    const unique = checks.filter(({ column }) => schema[column]!.unique);
    for await (const batch of table.batches()) {
      for (const row of batch) {
        rows += 1;
        for (const { index, check } of checks) check.observe(row[index]!, rows);
        for (const [at, { index }] of unique.entries())
          if (!isMissing(row[index]!)) repeated.add(at, row[index]!, rows);
      }
      await repeated.spill();
      context.progress(0.8 * table.read(), 'checking');
    }
    await repeated.find(
      (at, row) => unique[at]!.check.fault('unique', row),
      (fraction) => context.progress(0.8 + 0.15 * fraction, 'looking for repeated values'),
    );
    for (const { column, check } of checks) {
      kept.push(...check.findings().map((finding) => ({ column, ...finding })));
      looked.push({ column, rules: rulesOf(schema[column]!), distinct: check.distinct });
    }
  } finally {
    await repeated.close();
    await input.close();
  }
  if (minRows !== null && rows < minRows) kept.push({ rule: 'rows.min', count: rows });
  if (maxRows !== null && rows > maxRows) kept.push({ rule: 'rows.max', count: rows });

  // Imported when it is needed: it loads native code, which other runs have no right to.
  if (equalRows && !(await (await import('./equal-rows.js')).hasRowsOfAll(context, rows)))
    kept.push({ rule: 'rows.equal', count: rows });

  const output = await context.createOutput({ name: 'validation.json', mediaType: 'application/json' });
  // Its hash is shown: a number of rows could be found by trying.
  const report = { format: 'taskchain/validation/v1', party: context.party, table: path, findings: kept };
  await output.write(`${JSON.stringify(report, null, 2)}\n`);
  await output.finish();
  context.progress(1, 'done');
  context.keepResult({ rows });
  const detail = await countVerdicts(context, looked, kept, rows);
  const findings = kept.map((each): Finding => {
    const { column, rule } = each;
    const isShown = detail === 'extents' || isOfNoValue(each);
    return {
      party: context.party,
      ...(column !== undefined && { column }),
      rule,
      count: null,
      extent: isShown ? extentOf(each, rows, context.minGroupRows) : 'in how many rows is withheld',
    };
  });
  const shown = detail === 'verdict' ? withoutColumns(context.party, kept, findings) : findings;
  return { rows: coarseRows(rows, context.minGroupRows), columns, findings: shown, report: output.reference };
};

/** Steps of the rows that break a rule, in percent of all rows. */
const STEP = 10;

function extentOf({ column, count }: Kept, rows: number, least: number): string {
  if (column === undefined) return extentOfRows(rows, least);
  if (count === 0) return 'the column is not there';
  if (count < least) return `under ${least} rows`;
  const from = Math.min(Math.floor((100 * count) / rows / STEP) * STEP, 100 - STEP);
  return `${from} to ${from + STEP} % of the rows`;
}

/** A number of rows in steps. */
function extentOfRows(rows: number, least: number): string {
  const from = coarseRows(rows, least);
  return `${from} to ${from + least - 1} rows`;
}
