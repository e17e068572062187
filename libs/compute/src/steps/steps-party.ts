import type { JsonObject } from '../contract/task-type.js';
import type { PartyProgram } from '../party/party-program.js';
import { coarseRows } from '../contract/coarse.js';
import { readTable } from '../table/read-table.js';
import { rowsAtOnce, type Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';
import { ColumnFinder, namedColumns } from '../table/named-columns.js';
import { stepKind } from './step-kinds.js';
import type { RunningStep } from './step.js';

export interface StepsPartyArgs {
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** As in the parameters: `{op, columns?, ...options}`. */
  readonly steps: readonly JsonObject[];
}

export interface StepsPartyValue {
  readonly output: string;
  /** In steps of the smallest group of rows that a figure may cover. */
  readonly rows: number;
  /** Columns of the input that were changed. The names of made ones hold values (a class), and stay with the party. */
  readonly touched: string[];
}

/** Runs a list of steps over one party's table: a pass for each step that learns from the rows, and one that writes. */
export const run: PartyProgram<StepsPartyArgs, StepsPartyValue> = async (context, args) => {
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const where = { party: context.party, label: args.inputPath };
    const finder = new ColumnFinder();
    const done: RunningStep[] = [];
    const passes = args.steps.length + 1;
    let columns: readonly string[] = table.columns;
    let rows = 0;
    const pass = async (
      stage: string,
      step: number,
      each: (row: string[], rowNumber: number) => void | Promise<void>,
    ): Promise<void> => {
      rows = 0;
      context.progress(step / passes, stage);
      for await (const batch of table.batches()) {
        for (let row of batch) {
          rows += 1;
          for (const earlier of done) row = earlier.apply(row, rows);
          const wait = each(row, rows);
          if (wait) await wait;
        }
        context.progress((step + table.read()) / passes, stage);
      }
    };

    for (const [at, { op, columns: named, ...options }] of args.steps.entries()) {
      const choice = namedColumns(named, context.party);
      const here: Pick<Table, 'party' | 'label' | 'columns'> = { ...where, columns };
      const chosen = choice ? finder.find(here, choice, context.peers.length === 0) : null;
      const running = stepKind(String(op)).start({ where, columns, chosen, options });
      if (running.observe) await pass(String(op), at, (row, rowNumber) => running.observe!(row, rowNumber));
      running.finish?.();
      columns = running.columns();
      done.push(running);
    }
    await finder.agree(context);

    const output = await writeTable(
      context,
      { target: args.outputPath ?? undefined, name: 'table.csv', rows: { of: args.inputPath } },
      columns,
    );
    const most = rowsAtOnce(columns.length);
    let held: string[][] = [];
    await pass('writing the table', args.steps.length, (row) => {
      if (held.push(row) < most) return;
      const batch = held;
      held = [];
      return output.rows(batch);
    });
    await output.rows(held);
    await output.finish();
    const rules = await context.createOutput({ name: 'rules.json', mediaType: 'application/json' });
    const learnt = done.map((step, at) => ({ op: args.steps[at]!.op!, rules: step.rules() }));
    await rules.write(`${JSON.stringify(learnt, null, 2)}\n`);
    await rules.finish();
    const touched = new Set(done.flatMap((step) => step.touched()));
    context.keepResult({ rows });
    return {
      output: output.reference,
      rows: coarseRows(rows, context.minGroupRows),
      touched: table.columns.filter((name) => touched.has(name)),
    };
  } finally {
    await input.close();
  }
};
