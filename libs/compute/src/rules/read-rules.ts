import { isMap } from '../contract/json-values.js';
import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import { isMissing } from '../table/csv-reader.js';
import {
  CAST_TYPES,
  MAX_ONEHOT_CLASSES,
  RULES_FORMAT,
  type BinRule,
  type ColumnRule,
  type RuleOp,
  type RuleStep,
  type RulesFile,
} from './rule-types.js';

/** The largest file of rules that is read: it is held in memory. */
const MAX_RULES_BYTES = 64 * 1024 * 1024;
const MAX_STEPS = 100;

/**
 * Reads a party's `rules.json`. Throws TaskFailure RULES_INCOMPATIBLE for what is no such file of this party: its message names a place in
 * the file, and no value; besides what opening the file throws.
 */
export async function readRules(context: PartyContext, path: string): Promise<RulesFile> {
  const refuse = (why: string): TaskFailure =>
    new TaskFailure('RULES_INCOMPATIBLE', `Party ${context.party}: ${path} ${why}.`, false, { party: context.party });
  const input = await context.openInput(path);
  let text: string;
  try {
    if (input.sizeBytes > MAX_RULES_BYTES) throw refuse(`is larger than ${MAX_RULES_BYTES / 1024 / 1024} MiB`);
    text = await input.handle.readFile('utf8');
  } finally {
    await input.close();
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse('is no JSON, and so no rules.json');
  }
  if (isOfEarlierRelease(content)) {
    throw refuse('was written by an earlier release, without a version: run the step that makes it anew');
  }
  const format = isMap(content) ? content.format : undefined;
  if (typeof format !== 'string' || !format.startsWith(RULES_FORMAT.slice(0, -1)))
    throw refuse('is no rules.json of a step');
  if (format !== RULES_FORMAT) {
    throw refuse(`is not of the format ${RULES_FORMAT}, which this release reads: run the step that makes it anew`);
  }
  const fault = faultOf(content);
  if (fault !== undefined) throw refuse(`is no valid rules.json: ${fault}`);
  const rules = content as RulesFile;
  if (rules.party !== context.party) throw refuse("holds another party's rules");
  return rules;
}

/** A list of `{op, rules}`, until the file had a format. */
const isOfEarlierRelease = (content: unknown): boolean =>
  Array.isArray(content) && content.every((each) => isMap(each) && 'op' in each && 'rules' in each);

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string';
const isName: Check = (value) => typeof value === 'string' && value !== '';
const isNumber: Check = (value) => Number.isFinite(value);
const isNumberOrNull: Check = (value) => value === null || isNumber(value);
const listOf =
  (is: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(is);
const isAscending: Check = (value) =>
  listOf(isNumber)(value) && (value as number[]).every((edge, at, edges) => at === 0 || edge > edges[at - 1]!);
/** Texts of a table, each once, none of them a missing value. */
const areClasses: Check = (value) =>
  listOf(isText)(value) &&
  new Set(value as string[]).size === (value as string[]).length &&
  !(value as string[]).some(isMissing);
const areCategories: Check = (value) =>
  listOf((bin) => Array.isArray(bin) && bin.length > 0)(value) && areClasses((value as unknown[][]).flat());

type Fields = Readonly<Record<string, Check>>;
const COLUMN = { column: isName };
const NUMBER = { ...COLUMN, kind: (kind: unknown) => kind === 'number' };
const CATEGORY = { ...COLUMN, kind: (kind: unknown) => kind === 'category' };
const ANY = { ...COLUMN, kind: (kind: unknown) => kind === 'any' };
const SCALE = { ...NUMBER, shift: isNumber, factor: isNumber, offset: isNumber };
const BINS = { ...NUMBER, edges: isAscending };
const WOE = { woe: listOf(isNumber), missing: isNumberOrNull };

/** The forms that a column's rule of each step may have. */
const FORMS: Readonly<Record<RuleOp, readonly Fields[]>> = {
  fillna: [{ ...ANY, fill: (fill) => fill === null || isText(fill) }],
  standard_scaler: [SCALE],
  minmax_scaler: [SCALE],
  label_encoder: [{ ...CATEGORY, classes: areClasses }],
  onehot_encoder: [
    {
      ...CATEGORY,
      classes: (classes) => areClasses(classes) && (classes as string[]).length <= MAX_ONEHOT_CLASSES,
      drop: (drop) => drop === 'first' || drop === 'none',
    },
  ],
  quantile_binning: [BINS],
  equal_width_binning: [BINS],
  woe_binning: [
    { ...BINS, ...WOE },
    { ...CATEGORY, categories: areCategories, ...WOE },
  ],
  cast: [
    {
      ...ANY,
      to: (to) => (CAST_TYPES as readonly unknown[]).includes(to),
      misfits: (misfits) => misfits === 'fail' || misfits === 'missing',
    },
  ],
  select_columns: [ANY],
  drop_columns: [ANY],
};

const FILE: Fields = {
  format: isText,
  party: isName,
  made_by: (value) => hasForm(value, { task_type: isName, chain_id: isName, task_id: isName }),
  learnt_from: (value) => hasForm(value, { table: isName, datasets: listOf(isName) }),
  steps: (steps) => Array.isArray(steps) && steps.length > 0 && steps.length <= MAX_STEPS,
};

/** Whether the value has exactly these fields, and each fits. */
const hasForm = (value: unknown, fields: Fields): boolean =>
  isMap(value) &&
  Object.keys(value).length === Object.keys(fields).length &&
  Object.entries(fields).every(([name, fits]) => Object.hasOwn(value, name) && fits(value[name]));

/** Where a file of the right format is wrong, by place alone. */
function faultOf(content: unknown): string | undefined {
  if (!hasForm(content, FILE)) return 'its members are not those of the format';
  for (const [at, step] of (content as { steps: unknown[] }).steps.entries()) {
    const fault = stepFault(step);
    if (fault !== undefined) return `steps[${at}] ${fault}`;
  }
  return undefined;
}

function stepFault(step: unknown): string | undefined {
  const op = isMap(step) ? step.op : undefined;
  if (typeof op !== 'string' || !Object.hasOwn(FORMS, op)) return 'is no step that this release knows';
  const forms = FORMS[op as RuleOp];
  if (!hasForm(step, { op: isText, columns: Array.isArray })) return 'has other members than op and columns';
  const { columns } = step as RuleStep;
  const seen = new Set<string>();
  for (const [at, rule] of columns.entries()) {
    if (!forms.some((form) => hasForm(rule, form)) || !hasWoeOfEachBin(rule))
      return `has no valid rule in columns[${at}]`;
    if (seen.has(rule.column)) return `names a column twice, in columns[${at}]`;
    seen.add(rule.column);
  }
  return undefined;
}

function hasWoeOfEachBin(rule: ColumnRule): boolean {
  if (!('woe' in rule)) return true;
  return rule.woe.length === ('categories' in rule ? rule.categories.length : (rule as BinRule).edges.length + 1);
}
