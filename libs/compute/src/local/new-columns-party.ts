import { coarseRows } from '../contract/coarse.js';
import { fitting } from '../contract/inline-result.js';
import { bindExpression, checkedExpression } from '../expression/bind-expression.js';
import type { Evaluate } from '../expression/parts.js';
import { fieldOf } from '../expression/value.js';
import type { PartyProgram } from '../party/party-program.js';
import type { AppliedStep } from '../rules/apply-step.js';
import { rewriteTable } from '../rules/rewrite-table.js';
import type { Rewritten } from '../rules/rewritten-result.js';
import type { Where } from '../table/column-faults.js';
import { readTable } from '../table/read-table.js';

/** A column to make: the value of the first case whose condition holds, missing where none does. */
export interface NewColumn {
  readonly name: string;
  /** Texts of expressions; null in place of a condition that always holds. */
  readonly cases: readonly { readonly when: string | null; readonly then: string }[];
}

export interface NewColumnsArgs {
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** In order, each on the columns of the table and those before it. */
  readonly made: readonly NewColumn[];
}

/** Adds columns to a party's table, in one pass over the rows. Throws TaskFailure COLUMN_NOT_FOUND, and what opening a table throws. */
export const run: PartyProgram<NewColumnsArgs, Rewritten> = async (context, args) => {
  context.progress(0, 'reading the table');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const steps: ColumnStep[] = [];
    for (const made of args.made) {
      const columns = steps.at(-1)?.columns ?? table.columns;
      steps.push(new ColumnStep(made, { party: context.party, label: args.inputPath }, columns));
    }
    const { reference, rows } = await rewriteTable(context, {
      ...{ table, steps, target: args.outputPath, rows: { of: args.inputPath } },
      progress: (read) => context.progress(read, 'writing the table'),
    });
    const missing = fitting(Object.fromEntries(steps.map((step) => [step.name, step.missing]))).inline;
    context.keepResult({ rows, missing });
    const names = [...new Set(steps.map(({ name }) => name))];
    return { output: reference, rows: coarseRows(rows, context.minGroupRows), touched: names };
  } finally {
    await input.close();
  }
};

/** Writes a column in the place of the one that has its name, or as the last one. */
class ColumnStep implements AppliedStep {
  readonly name: string;
  readonly columns: readonly string[];
  /** Rows in which the column is missing. */
  missing = 0;
  private readonly place: number;
  private readonly evaluate: Evaluate;

  constructor({ name, cases }: NewColumn, where: Where, columns: readonly string[]) {
    const found = columns.indexOf(name);
    this.name = name;
    this.columns = found < 0 ? [...columns, name] : columns;
    this.place = found < 0 ? columns.length : found;
    const bound = cases.map(({ when, then }) => ({
      holds: when === null ? () => true : bindExpression(checkedExpression(when, 'bool'), where, columns),
      then: bindExpression(checkedExpression(then), where, columns),
    }));
    this.evaluate = (row, at) => bound.find(({ holds }) => holds(row, at) === true)?.then(row, at) ?? null;
  }

  apply(row: string[], rowNumber: number): string[] {
    const value = this.evaluate(row, rowNumber);
    if (value === null) this.missing += 1;
    row[this.place] = fieldOf(value);
    return row;
  }

  touched(): readonly string[] {
    return [this.name];
  }
}
