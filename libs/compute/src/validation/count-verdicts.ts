import type { OpenedColumn } from '#libs/consent';
import { BITS, bitsOfEnds, reserveFirst } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import type { Kept } from './column-check.js';
import type { ColumnRule, Finding } from './validation-config.js';

/** A column that was looked at, by how many rules, and how many values it has, up to `FEW_VALUES + 1`. */
export interface Looked {
  readonly column: string;
  readonly rules: number;
  readonly distinct: number;
}

/** What others learn of a table that breaks rules: which and in how many rows, or which, or only that it does. */
export type Detail = 'extents' | 'rules' | 'verdict';

/** Ends of a rule: none broken, in a few rows, or in one of the tenths. */
const EXTENTS = 12;

export const rulesOf = (rule: ColumnRule): number =>
  Object.values(rule).filter((value) => value !== undefined && value !== false).length;

/** Whether a finding says nothing about values: an absent column, or the number of rows. */
export const isOfNoValue = ({ column, rows }: Kept): boolean => column === undefined || rows === undefined;

/**
 * Counts what others learn about the columns that were looked at: one bit whether all of them pass, and where they do not, as much more as
 * takes at most half of what is left. So a table that passes costs one bit. Throws TaskFailure BUDGET_EXHAUSTED.
 */
export async function countVerdicts(
  context: Pick<PartyContext, 'reserve'>,
  looked: readonly Looked[],
  kept: readonly Kept[],
  rows: number,
): Promise<Detail> {
  const ruled = looked.filter(({ rules }) => rules > 0);
  // Of no row there is nothing to learn.
  if (rows === 0 || ruled.length === 0) return 'extents';
  const columnsOf = (bits: number): OpenedColumn[] =>
    ruled.map(({ column, rules, distinct }) => ({ column, figures: rules, bits, rows, distinct }));
  const verdict = columnsOf(BITS.verdict).map((column) => ({ ...column, figures: 1 }));
  await context.reserve({ columns: verdict, joint: true });
  if (kept.every(isOfNoValue)) return 'extents';
  const details = [
    { detail: 'extents', opened: { columns: columnsOf(bitsOfEnds(EXTENTS)), share: 1 / 2 } },
    { detail: 'rules', opened: { columns: columnsOf(BITS.verdict), share: 1 / 2 } },
    { detail: 'verdict', opened: { columns: [] } },
  ] as const;
  return details[
    await reserveFirst(
      context,
      details.map(({ opened }) => opened),
    )
  ]!.detail;
}

/** One finding in place of those about columns, which says only that there are some. */
export function withoutColumns(party: string, kept: readonly Kept[], findings: readonly Finding[]): Finding[] {
  const extent = 'half a bit for each row, over all tasks, leaves no room to say which columns';
  return [{ party, rule: 'withheld', count: null, extent }, ...findings.filter((_, at) => isOfNoValue(kept[at]!))];
}
