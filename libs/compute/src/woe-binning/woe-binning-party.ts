import { coarseRows } from '../contract/coarse.js';
import { fitting } from '../contract/inline-result.js';
import type { JsonObject } from '../contract/task-type.js';
import { JointParty } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { joinSession } from '../mpc/session.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import { AS_LEARNT, applyStep } from '../rules/apply-step.js';
import type { RuleStep } from '../rules/rule-types.js';
import { writeRules } from '../rules/write-rules.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';
import { agreeOnRows } from '../vertical/agree-on-rows.js';
import { openedCounts } from './bin-bits.js';
import { giveCounts } from './bin-counts.js';
import { reportOf, ruleOf, type OutputValues } from './binned-column.js';
import { inputChanged, type Cuts } from './fine-columns.js';
import { countedByLabel, countedOnShares, type Counted } from './counted-columns.js';
import { binHolders, binsFrom } from './messages.js';
import { readColumns, type ReadColumns } from './read-columns.js';

/** The task as all parties know it. */
export interface WoePlan {
  readonly labelParty: string;
  /** How many columns of each party are binned. */
  readonly columns: Readonly<Record<string, number>>;
  readonly cuts: Cuts;
  readonly output: OutputValues;
}

export interface WoeArgs {
  readonly plan: WoePlan;
  readonly inputPath: string;
  readonly columns: readonly string[];
  /** At the party that has it. */
  readonly label: { readonly column: string; readonly positive: string } | null;
  readonly outputPath: string | null;
}

export interface WoeValue {
  readonly output: string;
  readonly rules: string;
  readonly report: string;
  /** In steps of the smallest group of rows that a figure may cover. */
  readonly rows: number;
}

/** Ends on the progress bar: of reading the rows twice, of counting. Then comes writing. */
const READ = 0.4;
const COUNTED = 0.8;

/**
 * One party of `woe_binning`. Throws TaskFailure NOT_ALIGNED, GROUP_TOO_SMALL, LABEL_NOT_BINARY, COLUMN_NOT_FOUND, TOO_MANY_CLASSES, TOO_MANY_COLUMNS,
 * BUDGET_EXHAUSTED, INPUT_CHANGED, and what opening a table throws.
 */
export const run: PartyProgram<WoeArgs, WoeValue> = async (context, args) => {
  const { plan, inputPath: path } = args;
  const input = await context.openInput(path);
  try {
    const table = await readTable(context.party, input);
    const read = await readColumns(table, args, (fraction) => context.progress(READ * fraction, 'reading rows'));
    const peers = args.label === null ? [plan.labelParty] : context.peers;
    const least = await agreeOnRows(context, peers, { path, rows: read.rows, figures: 'counts' });
    const counted = await (args.label === null ? asColumnHolder : asLabelHolder)(context, args, read, least);
    const rules: RuleStep<'woe_binning'> = {
      op: 'woe_binning',
      columns: counted.columns.map((column) => ruleOf(column, counted.total, plan.output)),
    };
    const value = {
      output: await writeBinned(context, args, table, read.rows, rules),
      rules: await writeRules(context, { taskType: 'woe_binning', input: path, steps: [rules] }),
      report: await keepReport(context, read.rows, counted),
      rows: coarseRows(read.rows, least),
    };
    context.progress(1, 'done');
    return value;
  } finally {
    await input.close();
  }
};

/** Serves the other parties one after the other. Its own columns it counts by itself. */
async function asLabelHolder(context: PartyContext, args: WoeArgs, read: ReadColumns, least: number): Promise<Counted> {
  const { plan } = args;
  const { positives, total } = read.label!.finish(least);
  const holders = binHolders(plan);
  for (const [done, peer] of holders.entries()) {
    const bins = binsFrom(peer, await context.receiveJson<unknown>(peer));
    const opened = openedCounts(args.label!.column, read.rows, plan.columns[peer]!, bins);
    await context.reserve({ columns: [opened], to: [peer] });
    const session = await joinSession(0, lineTo(context, peer), lineTo(context, NEUTRAL));
    const joint = new JointParty(session, (message) => context.send(NEUTRAL, message));
    await giveCounts(joint, positives, bins, (fraction) =>
      context.progress(READ + ((COUNTED - READ) * (done + fraction)) / holders.length, `counting with ${peer}`),
    );
  }
  return countedByLabel(read.columns, positives, total);
}

async function asColumnHolder(
  context: PartyContext,
  args: WoeArgs,
  read: ReadColumns,
  least: number,
): Promise<Counted> {
  const { labelParty } = args.plan;
  if (read.columns.length === 0) return { columns: [], total: { positives: 0, negatives: 0 } };
  return countedOnShares(context, labelParty, read, least, (fraction) =>
    context.progress(READ + (COUNTED - READ) * fraction, `counting with ${labelParty}`),
  );
}

/** Writes the table with the numbers of bins in place of the columns. */
async function writeBinned(
  context: PartyContext,
  { inputPath, outputPath }: WoeArgs,
  table: Table,
  rows: number,
  rules: RuleStep,
): Promise<string> {
  const where = { party: context.party, label: table.label };
  const step = applyStep(rules, { where, columns: table.columns }, AS_LEARNT);
  const request = { target: outputPath ?? undefined, name: 'woe.csv', rows: { of: inputPath } };
  const output = await writeTable(context, request, step.columns);
  let at = 0;
  for await (const batch of table.batches()) {
    await output.rows(batch.map((row) => step.apply(row, (at += 1))));
    context.progress(COUNTED + 0.99 * (1 - COUNTED) * table.read(), 'writing the table');
  }
  if (at !== rows) throw inputChanged(where);
  await output.finish();
  return output.reference;
}

/** Keeps what its owner's readers get of each column: all of it in a file, and in the party's result as much as it holds. */
async function keepReport(context: PartyContext, rows: number, { columns, total }: Counted): Promise<string> {
  const report: JsonObject = Object.fromEntries(columns.map((each) => [each.column, reportOf(each, total)]));
  const { inline, truncated } = fitting(report);
  context.keepResult({ rows, columns: inline, ...(truncated && { columns_truncated: true }) });
  return writeJson(context, null, 'bins.json', { rows, columns: report });
}
