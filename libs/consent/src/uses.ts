/** What a task's configuration uses of one party. */
export interface PartyUse {
  /** Files as the task names them: datasets, paths, artifacts. */
  readonly inputs: readonly string[];
  /** Columns that the task names, by role: `keys`, `columns`, `features`, `label`. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Whether it also works on columns that it does not name: those of its model or rules, or all, in a step that names none. */
  readonly usesOthers: boolean;
}

/** Fields of `task_config` that hold files by party. */
export const INPUT_FIELDS = [
  'input_data',
  'base_data',
  'input_paths',
  'train_data',
  'test_data',
  'prediction_data',
  'model',
  'models',
  'initial_model',
  'rules',
] as const;
/** Fields of `task_config` that name columns, and the role in which they do. */
export const COLUMN_FIELDS: Readonly<Record<string, string>> = {
  keys: 'keys',
  columns: 'columns',
  features: 'features',
  label: 'label',
  offset: 'features',
  weight: 'features',
  label_column: 'label',
  prediction_column: 'columns',
  keep_columns: 'columns',
  by: 'columns',
  schema: 'columns',
  party_schemas: 'columns',
};

const PREDICTIONS = { label_column: 'label', prediction_column: 'prediction' };
/** By task type: the columns that it reads where a task leaves these fields out. */
export const DEFAULT_COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  biclassification_eval: PREDICTIONS,
  regression_eval: PREDICTIONS,
  prediction_bias_eval: PREDICTIONS,
};
/** Types that read the columns that a file of the party names: a model, or rules. */
const READ_BY_FILE = ['evaluation', 'model_export', 'predict', 'scorecard', 'ss_pvalue', 'substitution'];

/** Types that do to a party's table what a text of their author says: an expression, a query, a command. */
const OBEY_A_TEXT = ['case_when', 'condition_filter', 'expr', 'script', 'sql'];

/** Whether a policy cannot foresee what a task of the type does: a person of the party reads the text, unless the party itself wrote it. */
export const obeysText = (taskType: string): boolean => OBEY_A_TEXT.includes(taskType);

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a task with `config`, its resolved `task_config`, uses of `party`. Takes any value and never throws. */
export function usesOf(config: unknown, party: string, taskType: string): PartyUse {
  const fields = isFields(config) ? config : {};
  const inputs = INPUT_FIELDS.flatMap((name) => filesOf(ownOf(fields[name], party)));
  const columns = new Map<string, Set<string>>();
  const add = (from: Fields): void => {
    for (const [name, role] of Object.entries(COLUMN_FIELDS)) {
      const named = columnsIn(name, from, party);
      if (named.length > 0) columns.set(role, new Set([...(columns.get(role) ?? []), ...named]));
    }
  };
  add({ ...(Object.hasOwn(DEFAULT_COLUMNS, taskType) && DEFAULT_COLUMNS[taskType]), ...fields });
  // The column that names the rows to serve is the receiver's.
  if (isFields(fields['serve']) && fields['prediction_receiver'] === party)
    add({ keep_columns: fields['serve']['key'] });
  const steps = (Array.isArray(fields['steps']) ? (fields['steps'] as unknown[]) : []).filter(isFields);
  steps.forEach(add);
  return {
    inputs: [...new Set(inputs)],
    columns: Object.fromEntries([...columns].map(([role, names]) => [role, [...names]])),
    usesOthers: READ_BY_FILE.includes(taskType) || steps.some((step) => step['columns'] === undefined),
  };
}

function columnsIn(name: string, fields: Fields, party: string): readonly string[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  // The label belongs to its party, and so does what stands beside it; without one, each party has a column of that name.
  if (OF_LABEL_PARTY.includes(name))
    return [party, undefined].includes(fields['label_party'] as string) ? textsOf(value) : [];
  if (name === 'schema') return isFields(value) ? Object.keys(value) : [];
  if (name === 'party_schemas') {
    const own = ownOf(value, party);
    return isFields(own) ? Object.keys(own) : [];
  }
  return isFields(value) ? textsOf(ownOf(value, party)) : textsOf(value);
}

/** Fields that name a column of `label_party`. */
const OF_LABEL_PARTY = ['label', 'offset', 'weight'];

const ownOf = (value: unknown, party: string): unknown =>
  isFields(value) && Object.hasOwn(value, party) ? value[party] : undefined;

/** Files of a party: one, a list, or each under a name. */
const filesOf = (value: unknown): readonly string[] => textsOf(isFields(value) ? Object.values(value) : value);

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item): item is string => typeof item === 'string');
}
