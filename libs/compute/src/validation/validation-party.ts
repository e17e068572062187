import type { PartyProgram } from '../party/party-program.js';
import { isMissing } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { ColumnCheck, type ColumnFinding } from './column-check.js';
import { RepeatedValues } from './repeated-values.js';
import type { Finding, TableSchema } from './validation-config.js';

/** Arguments of a party's process. */
export interface ValidationArgs {
  readonly path: string;
  readonly schema: TableSchema;
  readonly minRows: number | null;
  readonly maxRows: number | null;
}

/** A party's answer. */
export interface ValidationValue {
  readonly rows: number;
  /** Columns that were looked at. */
  readonly columns: number;
  readonly findings: readonly Finding[];
  /** The party's own report, with the numbers of the rows. */
  readonly report: string;
}

type Kept = Omit<Finding, 'party'> & Partial<Pick<ColumnFinding, 'rows'>>;

/** Checks the party's table in one pass, in bounded memory, and keeps the numbers of the rows that break a rule with the party. */
export const run: PartyProgram<ValidationArgs, ValidationValue> = async (context, args) => {
  const { path, schema, minRows, maxRows } = args;
  const input = await context.openInput(path);
  const repeated = new RepeatedValues(() => context.createScratch());
  const kept: Kept[] = [];
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
    }
  } finally {
    await repeated.close();
    await input.close();
  }
  if (minRows !== null && rows < minRows) kept.push({ rule: 'rows.min', count: rows });
  if (maxRows !== null && rows > maxRows) kept.push({ rule: 'rows.max', count: rows });

  const output = await context.createOutput({ name: 'validation.json', mediaType: 'application/json' });
  const report = { format: 'taskchain/validation/v1', party: context.party, table: path, rows, findings: kept };
  await output.write(`${JSON.stringify(report, null, 2)}\n`);
  await output.finish();
  context.progress(1, 'done');
  const findings = kept.map(({ column, rule, count }): Finding => {
    return { party: context.party, ...(column !== undefined && { column }), rule, count };
  });
  return { rows, columns, findings, report: output.reference };
};
