import type { JsonObject } from '../contract/task-type.js';
import type { PartyProgram } from '../party/party-program.js';
import { coarseRows } from '../contract/coarse.js';
import { applyStep, AS_LEARNT, type AppliedStep } from '../rules/apply-step.js';
import { rewriteTable } from '../rules/rewrite-table.js';
import type { Rewritten } from '../rules/rewritten-result.js';
import type { RuleStep } from '../rules/rule-types.js';
import { writeRules } from '../rules/write-rules.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { ColumnFinder, namedColumns } from '../table/named-columns.js';
import { stepKind } from './step-kinds.js';

export interface StepsPartyArgs {
  readonly taskType: string;
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** As in the parameters: `{op, columns?, ...options}`. */
  readonly steps: readonly JsonObject[];
}

export interface StepsPartyValue extends Rewritten {
  readonly rules: string;
}

/** Runs a list of steps over one party's table: a pass for each step that learns from the rows, and one that writes. */
export const run: PartyProgram<StepsPartyArgs, StepsPartyValue> = async (context, args) => {
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const where = { party: context.party, label: args.inputPath };
    const finder = new ColumnFinder();
    const done: AppliedStep[] = [];
    const learnt: RuleStep[] = [];
    const passes = args.steps.filter(({ op }) => stepKind(String(op)).reads !== false).length + 1;
    let pass = 0;
    let columns: readonly string[] = table.columns;

    for (const { op, columns: named, ...options } of args.steps) {
      const choice = namedColumns(named, context.party);
      const here: Pick<Table, 'party' | 'label' | 'columns'> = { ...where, columns };
      const chosen = choice ? finder.find(here, choice, context.peers.length === 0) : null;
      const learning = stepKind(String(op)).start({ where, columns, chosen, options });
      context.progress(pass / passes, String(op));
      if (learning.observe) {
        let rows = 0;
        for await (const batch of table.batches()) {
          for (let row of batch) {
            rows += 1;
            for (const earlier of done) row = earlier.apply(row, rows);
            learning.observe(row, rows);
          }
          context.progress((pass + table.read()) / passes, String(op));
        }
        pass += 1;
      }
      const rules = learning.learn();
      const step = applyStep(rules, { where, columns }, AS_LEARNT);
      columns = step.columns;
      learnt.push(rules);
      done.push(step);
    }
    await finder.agree(context);

    const progress = (read: number): void => context.progress((pass + read) / passes, 'writing the table');
    progress(0);
    const { reference, rows } = await rewriteTable(context, {
      ...{ table, steps: done, target: args.outputPath, rows: { of: args.inputPath } },
      progress,
    });
    const rules = await writeRules(context, { taskType: args.taskType, input: args.inputPath, steps: learnt });
    const touched = new Set(done.flatMap((step) => step.touched()));
    context.keepResult({ rows });
    return {
      output: reference,
      rules,
      rows: coarseRows(rows, context.minGroupRows),
      touched: table.columns.filter((name) => touched.has(name)),
    };
  } finally {
    await input.close();
  }
};
