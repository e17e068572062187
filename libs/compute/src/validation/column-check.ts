import { FEW_VALUES } from '#libs/consent';
import { isMissing, toNumber } from '../table/csv-reader.js';
import type { ColumnRule, Finding } from './validation-config.js';

/** A broken rule of a column, with the first rows that break it. */
export interface ColumnFinding {
  readonly rule: Finding['rule'];
  /** Rows that break it. */
  readonly count: number;
  readonly rows: readonly number[];
}

/** With the rows that break the rule; of `rows`, the rows that there are; 0 where the whole column is absent. */
export type Kept = Pick<Finding, 'column' | 'rule'> & { readonly count: number } & Partial<Pick<ColumnFinding, 'rows'>>;

/** Row numbers that are kept of a broken rule. */
const MAX_ROWS = 1000;
const INTEGER = /^\s*[+-]?\d+\s*$/;
const BOOLEAN = /^(true|false|0|1)$/i;

/** Holds the fields of one column against its rule, but for `unique`, which takes all of them together. */
export class ColumnCheck {
  private readonly broken = new Map<Finding['rule'], { count: number; rows: number[] }>();
  private readonly seen = new Set<string>();
  private readonly permitted: ReadonlySet<string | number> | undefined;

  constructor(private readonly rule: ColumnRule) {
    if (rule.enum) this.permitted = new Set(rule.enum.map((value) => this.comparable(String(value))));
  }

  /** How many different fields there are, up to `FEW_VALUES + 1`. */
  get distinct(): number {
    return this.seen.size;
  }

  observe(field: string, row: number): void {
    const { rule } = this;
    if (this.seen.size <= FEW_VALUES) this.seen.add(field);
    if (isMissing(field)) {
      if (rule.required) this.fault('required', row);
      return;
    }
    const number = toNumber(field);
    if (rule.type !== undefined && !isOfType(rule.type, field, number)) this.fault('type', row);
    else if (number !== undefined) {
      if (rule.min !== undefined && number < rule.min) this.fault('min', row);
      if (rule.max !== undefined && number > rule.max) this.fault('max', row);
    }
    if (this.permitted && !this.permitted.has(this.comparable(field))) this.fault('enum', row);
  }

  /** The first rows of each broken rule, in order, whatever the order in which they were found. */
  findings(): ColumnFinding[] {
    return [...this.broken].map(([rule, { count, rows }]) => ({ rule, count, rows: firstOf(rows) }));
  }

  /** 1, 1.0 and 1e0 are one number; as text they are three. */
  private comparable(field: string): string | number {
    const isNumeric = this.rule.type === 'integer' || this.rule.type === 'number';
    return (isNumeric ? toNumber(field) : undefined) ?? (this.rule.type === 'boolean' ? field.toLowerCase() : field);
  }

  /** Tells of a row that breaks a rule. */
  fault(rule: Finding['rule'], row: number): void {
    const known = this.broken.get(rule) ?? { count: 0, rows: [] };
    known.count += 1;
    known.rows.push(row);
    if (known.rows.length === 2 * MAX_ROWS) known.rows = firstOf(known.rows);
    this.broken.set(rule, known);
  }
}

function firstOf(rows: readonly number[]): number[] {
  return [...rows].sort((a, b) => a - b).slice(0, MAX_ROWS);
}

function isOfType(type: NonNullable<ColumnRule['type']>, field: string, number: number | undefined): boolean {
  switch (type) {
    case 'string':
      return true;
    case 'boolean':
      return BOOLEAN.test(field);
    case 'integer':
      return INTEGER.test(field);
    case 'number':
      return number !== undefined;
  }
}
