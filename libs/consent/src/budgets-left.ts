import { DERIVED } from './budget.js';
import type { Budget } from './statements.js';

/** What was opened of a dataset so far, all versions together. */
export interface OpenedOf {
  /** By column: bits of all figures. */
  readonly bits: Readonly<Record<string, number>>;
  /** By party: the sums of buckets that it might ask for. */
  readonly sums: Readonly<Record<string, number>>;
  readonly epsilon: number;
}

/** What a policy leaves of one budget. */
export interface BudgetLeft {
  readonly kind: 'bits' | 'sums' | 'epsilon';
  /** Null where the policy sets none. */
  readonly limit: number | null;
  readonly opened: number;
  /** The column of which most was opened, or the party that got most. */
  readonly of: string | null;
  readonly left: number | null;
}

/** What a policy leaves, as the party's process counts it: bits of any one column, sums that any one party may ask for, epsilon of all figures together. */
export function budgetsLeft(opened: OpenedOf, budget: Budget | undefined): readonly BudgetLeft[] {
  // What no registered column holds counts against each of them.
  const { [DERIVED]: derived = 0, ...columns } = opened.bits;
  const byColumn = Object.entries(columns).map(([name, bits]) => [name, bits + derived] as const);
  const [column, bits] = most(byColumn.length > 0 ? byColumn : [[DERIVED, derived]]);
  const [party, sums] = most(Object.entries(opened.sums));
  return [
    leftOf('bits', budget?.bits, bits, bits > 0 ? column : null),
    leftOf('sums', budget?.sums, sums, party),
    leftOf('epsilon', budget?.epsilon, opened.epsilon, null),
  ];
}

const most = (of: readonly (readonly [string, number])[]): readonly [string | null, number] =>
  of.reduce<readonly [string | null, number]>((best, each) => (each[1] > best[1] ? each : best), [null, 0]);

const leftOf = (kind: BudgetLeft['kind'], limit = null as number | null, opened: number, of: string | null) => ({
  ...{ kind, limit, opened, of },
  left: limit === null ? null : Math.max(0, Number((limit - opened).toFixed(3))),
});
