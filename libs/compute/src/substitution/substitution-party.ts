import { coarseRows } from '../contract/coarse.js';
import type { PartyProgram } from '../party/party-program.js';
import { applyStep, type AppliedStep, type Policy } from '../rules/apply-step.js';
import { readRules } from '../rules/read-rules.js';
import { rewriteTable } from '../rules/rewrite-table.js';
import type { Rewritten } from '../rules/rewritten-result.js';
import type { RuleStep } from '../rules/rule-types.js';
import { readTable } from '../table/read-table.js';

export interface SubstitutionPartyArgs {
  readonly inputPath: string;
  readonly rulesPath: string;
  readonly outputPath: string | null;
  readonly unseen: Policy['unseen'];
  readonly missing: Policy['missing'];
}

/** Applies a party's rules to one of its tables, in one pass over the rows. */
export const run: PartyProgram<SubstitutionPartyArgs, Rewritten> = async (context, args) => {
  const { inputPath, rulesPath, unseen, missing } = args;
  const policy: Policy = { unseen, missing };
  context.progress(0, 'reading the rules');
  const rules = await readRules(context, rulesPath);
  const input = await context.openInput(inputPath);
  try {
    const table = await readTable(context.party, input);
    const where = { party: context.party, label: inputPath };
    const steps: AppliedStep[] = [];
    let columns = table.columns;
    for (const rule of rules.steps) {
      const step = applyStep(rule, { where, columns }, policy);
      columns = step.columns;
      steps.push(step);
    }
    // Whether it fails compares the two tables: of single rows that others chose, it would be a value.
    if (missing === 'fail' || (unseen === 'fail' && rules.steps.some(hasCategories))) {
      await context.reserve({ columns: [], ofRows: true });
    }
    const { reference, rows } = await rewriteTable(context, {
      ...{ table, steps, target: args.outputPath, rows: { of: inputPath, learnt: [rulesPath] } },
      progress: (read) => context.progress(read, 'writing the table'),
    });
    const named = new Set(rules.steps.flatMap((step) => step.columns.map(({ column }) => column)));
    context.keepResult({ rows });
    return {
      output: reference,
      rows: coarseRows(rows, context.minGroupRows),
      touched: table.columns.filter((name) => named.has(name)),
    };
  } finally {
    await input.close();
  }
};

const hasCategories = ({ columns }: RuleStep): boolean => columns.some(({ kind }) => kind === 'category');
