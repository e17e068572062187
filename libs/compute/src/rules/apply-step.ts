import { TaskFailure } from '../contract/task-type.js';
import { fieldOf, valueOf } from '../expression/value.js';
import { castFailed, unusable, type Where } from '../table/column-faults.js';
import { columnIndexes, isMissing, toNumber } from '../table/csv-reader.js';
import type {
  BinRule,
  CastRule,
  CastType,
  ClassRule,
  FillRule,
  OnehotRule,
  RuleStep,
  ScaleRule,
  WoeRule,
} from './rule-types.js';

/** What rules do where the table that they were learnt from says nothing. */
export interface Policy {
  /** A category that no rule has: fail, or take it for a missing value. */
  readonly unseen: 'fail' | 'missing';
  /** A missing value for which the rule has nothing: keep it (0 in all one-hot columns), or fail. */
  readonly missing: 'keep' | 'fail';
}

/** Of a task that applies what it has just learnt from the same rows. */
export const AS_LEARNT: Policy = { unseen: 'fail', missing: 'keep' };

/** The table before a step. */
interface Place {
  readonly where: Where;
  readonly columns: readonly string[];
}

/** A step that rewrites each row, in the order of the table. */
export interface AppliedStep {
  /** Columns after the step. */
  readonly columns: readonly string[];
  /** The row after the step; it may be the same array. `rowNumber` counts data rows from 1. Throws CAST_FAILED, UNSEEN_CATEGORY, MISSING_VALUE. */
  apply(row: string[], rowNumber: number): string[];
  /** Names of the changed columns; valid after the last `apply`. */
  touched(): readonly string[];
}

/** The step on a table with these columns. Throws TaskFailure COLUMN_NOT_FOUND, DUPLICATE_COLUMNS. */
export function applyStep(step: RuleStep, place: Place, policy: Policy): AppliedStep {
  const names = step.columns.map(({ column }) => column);
  const indexes = columnIndexes({ ...place.where, columns: place.columns }, names);
  switch (step.op) {
    case 'select_columns':
      return keeping(place, new Set(indexes), true, names);
    case 'drop_columns':
      return keeping(place, new Set(indexes), false, names);
    case 'fillna':
      return filling(place, indexes, step.columns);
    case 'onehot_encoder':
      return spreading(place, indexes, step.columns, policy);
    default:
      return {
        columns: place.columns,
        ...mapping(
          indexes,
          step.columns.map((rule) => {
            const faults = new FieldFaults(place.where, rule.column, policy);
            if ('to' in rule) return casting(rule, faults);
            if ('woe' in rule) return weighing(rule, faults);
            if ('edges' in rule) return binning(rule, faults);
            return 'classes' in rule ? encoding(rule, faults) : scaling(rule, faults);
          }),
        ),
        touched: () => names,
      };
  }
}

type FieldMap = (field: string, rowNumber: number) => string;

const mapping = (indexes: readonly number[], maps: readonly FieldMap[]): Pick<AppliedStep, 'apply'> => ({
  apply(row, rowNumber) {
    for (const [at, index] of indexes.entries()) row[index] = maps[at]!(row[index]!, rowNumber);
    return row;
  },
});

/** What a rule says of fields that it has nothing for. */
class FieldFaults {
  constructor(
    private readonly where: Where,
    private readonly column: string,
    private readonly policy: Policy,
  ) {}

  number(field: string, rowNumber: number): number {
    const value = toNumber(field);
    if (value === undefined) throw castFailed(this.where, this.column, rowNumber);
    return value;
  }

  missing(field: string, rowNumber: number): string {
    if (this.policy.missing === 'keep') return field;
    throw this.failure('MISSING_VALUE', rowNumber, 'has a missing value, for which the rules have nothing,');
  }

  /** The field that stands for a category that the rules lack. */
  unseen(rowNumber: number): '' {
    if (this.policy.unseen === 'missing') return '';
    throw this.failure('UNSEEN_CATEGORY', rowNumber, 'has a category that the rules lack');
  }

  tooLarge(rowNumber: number): TaskFailure {
    return this.failure('CAST_FAILED', rowNumber, 'becomes a number beyond all that a table can hold');
  }

  noneOf(type: CastType, rowNumber: number): TaskFailure {
    return this.failure('CAST_FAILED', rowNumber, `cannot become ${type} (misfits: missing leaves such a field empty)`);
  }

  private failure(code: string, row: number, what: string): TaskFailure {
    const { party, label } = this.where;
    const message = `Party ${party}: column ${JSON.stringify(this.column)} of ${label} ${what} in data row ${row}.`;
    return new TaskFailure(code, message, false, { party, column: this.column, row });
  }
}

const scaling =
  ({ shift, factor, offset }: ScaleRule, faults: FieldFaults): FieldMap =>
  (field, rowNumber) => {
    if (isMissing(field)) return faults.missing(field, rowNumber);
    const scaled = (faults.number(field, rowNumber) - shift) * factor + offset;
    if (!Number.isFinite(scaled)) throw faults.tooLarge(rowNumber);
    return String(scaled);
  };

const casting =
  ({ to, misfits }: CastRule, faults: FieldFaults): FieldMap =>
  (field, rowNumber) => {
    if (isMissing(field)) return faults.missing(field, rowNumber);
    const value = to === 'integer' ? wholeNumber(field) : valueOf(field, to === 'boolean' ? 'bool' : to);
    if (value === null && misfits === 'fail') throw faults.noneOf(to, rowNumber);
    return fieldOf(value);
  };

function wholeNumber(field: string): number | null {
  const value = toNumber(field);
  return value !== undefined && Number.isSafeInteger(value) ? value : null;
}

const binning =
  ({ edges }: BinRule, faults: FieldFaults): FieldMap =>
  (field, rowNumber) =>
    isMissing(field) ? faults.missing(field, rowNumber) : String(countBelow(edges, faults.number(field, rowNumber)));

function encoding({ classes }: ClassRule, faults: FieldFaults): FieldMap {
  const codes = new Map(classes.map((value, at) => [value, String(at)]));
  return (field, rowNumber) => {
    const code = codes.get(field);
    if (code !== undefined) return code;
    return faults.missing(isMissing(field) ? field : faults.unseen(rowNumber), rowNumber);
  };
}

function weighing(rule: WoeRule, faults: FieldFaults): FieldMap {
  const written = rule.woe.map(String);
  const ofMissing = rule.missing === null ? undefined : String(rule.missing);
  const missing: FieldMap = (field, rowNumber) => ofMissing ?? faults.missing(field, rowNumber);
  if (rule.kind === 'number') {
    return (field, rowNumber) =>
      isMissing(field) ? missing(field, rowNumber) : written[countBelow(rule.edges, faults.number(field, rowNumber))]!;
  }
  const bins = new Map(rule.categories.flatMap((bin, at) => bin.map((category) => [category, written[at]!])));
  return (field, rowNumber) =>
    bins.get(field) ?? missing(isMissing(field) ? field : faults.unseen(rowNumber), rowNumber);
}

/** The number of ascending edges strictly below `value`. */
export function countBelow(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keeping({ columns }: Place, chosen: ReadonlySet<number>, keepChosen: boolean, names: string[]): AppliedStep {
  const keeps = <T>(values: readonly T[]): T[] => values.filter((_, index) => chosen.has(index) === keepChosen);
  return { columns: keeps(columns), apply: keeps, touched: () => names };
}

function filling({ where, columns }: Place, indexes: readonly number[], rules: readonly FillRule[]): AppliedStep {
  const filled = new Set<string>();
  const maps = rules.map(({ column, fill }): FieldMap => {
    return (field) => {
      if (!isMissing(field)) return field;
      if (fill === null) throw unusable(where, column, 'has no value to learn from; fill it by a constant');
      filled.add(column);
      return fill;
    };
  });
  return { columns, ...mapping(indexes, maps), touched: () => columns.filter((name) => filled.has(name)) };
}

/** Replaces a column by one 0/1 column a class, named `<column>_<class>`. */
function spreading(
  { where, columns }: Place,
  indexes: readonly number[],
  rules: readonly OnehotRule[],
  policy: Policy,
): AppliedStep {
  const byIndex = new Map(
    rules.map((rule, at) => {
      const shown = rule.classes.slice(rule.drop === 'first' ? 1 : 0);
      const known = new Set(rule.classes);
      const faults = new FieldFaults(where, rule.column, policy);
      const spread = (field: string, rowNumber: number): string[] => {
        if (!known.has(field)) faults.missing(isMissing(field) ? field : faults.unseen(rowNumber), rowNumber);
        return shown.map((value) => (value === field ? '1' : '0'));
      };
      return [indexes[at]!, { names: shown.map((value) => `${rule.column}_${value}`), spread }];
    }),
  );
  const after = columns.flatMap((name, index) => byIndex.get(index)?.names ?? [name]);
  if (new Set(after).size < after.length) {
    const why = 'or another encoded column makes a column that exists already';
    throw unusable(where, rules[0]!.column, why, 'DUPLICATE_COLUMNS');
  }
  return {
    columns: after,
    apply: (row, rowNumber) => row.flatMap((field, index) => byIndex.get(index)?.spread(field, rowNumber) ?? [field]),
    touched: () => rules.map(({ column }) => column),
  };
}
