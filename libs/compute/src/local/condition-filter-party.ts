import { coarseRows } from '../contract/coarse.js';
import { bindExpression, checkedExpression } from '../expression/bind-expression.js';
import type { PartyProgram } from '../party/party-program.js';
import { writeParts } from '../rules/write-parts.js';
import { readTable } from '../table/read-table.js';
import { GrownBytes } from '../table/grown-bytes.js';

export interface ConditionFilterArgs {
  readonly inputPath: string;
  readonly condition: string;
  readonly keptPath: string | null;
  readonly restPath: string | null;
}

export interface ConditionFilterValue {
  readonly kept: string;
  readonly rest: string;
  /** Of both, in steps of the smallest group of rows that a figure may cover. */
  readonly rows: number;
}

/** Places of the outputs. */
const KEPT = 0;
const REST = 1;

/** Parts a party's table by a condition, in two passes over the rows. Throws TaskFailure COLUMN_NOT_FOUND, and what opening a table throws. */
export const run: PartyProgram<ConditionFilterArgs, ConditionFilterValue> = async (context, args) => {
  context.progress(0, 'judging rows');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const condition = checkedExpression(args.condition, 'bool');
    const holds = bindExpression(condition, { party: context.party, label: args.inputPath }, table.columns);
    const parts = new GrownBytes();
    const counts = { rows: 0, kept: 0, missing: 0 };
    for await (const batch of table.batches()) {
      for (const row of batch) {
        counts.rows += 1;
        const value = holds(row, counts.rows);
        parts.add(value === true ? KEPT : REST);
        if (value === true) counts.kept += 1;
        if (value === null) counts.missing += 1;
      }
      context.progress(table.read() / 2, 'judging rows');
    }
    const [kept, rest] = (await writeParts(context, {
      ...{ table, parts: parts.all, values: condition.columns },
      outputs: [
        { name: 'table.csv', target: args.keptPath },
        { name: 'rest.csv', target: args.restPath },
      ],
      progress: (read) => context.progress((1 + read) / 2, 'writing the rows'),
    })) as [string, string];
    context.keepResult(counts);
    return { kept, rest, rows: coarseRows(counts.rows, context.minGroupRows) };
  } finally {
    await input.close();
  }
};
