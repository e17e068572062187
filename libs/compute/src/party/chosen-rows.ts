import type { FailureCode } from '#libs/chain-domain';
import { TaskFailure } from '../contract/task-type.js';
import { NO_NUMBER, type RowSet, type RowSets } from './row-sets.js';

/** What is wrong with figures about a set of rows, beside those about other sets that are open already. */
type Fault = 'few' | 'close';

/**
 * Refuses figures about rows that somebody else chose, or from which rules were learnt, where they or the difference to the rows of figures that are open already are fewer than
 * `least`: that difference would be figures of a few rows. The same rows again are none, unless a row is in a table twice. Throws TaskFailure GROUP_TOO_SMALL, ROWS_TOO_CLOSE,
 * and what {@link RowSets.read} throws.
 */
export async function requireRowsApart(
  party: string,
  mine: readonly RowSet[],
  earlier: readonly RowSet[],
  { least, known }: { readonly least: number; readonly known: Pick<RowSets, 'read'> },
): Promise<void> {
  const others = new Map([...earlier, ...mine].map((set) => [set.ids, set]));
  // Rows of nulls are no rows of the dataset: as many as somebody likes would make up for few.
  const sorted = async (ids: string): Promise<BigUint64Array> =>
    (await known.read(ids)).filter((number) => number !== NO_NUMBER).sort();
  for (const set of mine) {
    const compared = [...others.values()].filter(({ ids, chosen }) => ids !== set.ids && (chosen || set.chosen));
    const hasFloor = set.chosen || set.isLearntFrom === true;
    if (!hasFloor && compared.length === 0) continue;
    const rows = await sorted(set.ids);
    // A row that counts twice would stand out of those that count once.
    if (set.chosen && rows.some((row, at) => row === rows[at - 1])) throw failureOf(party, 'close', least);
    if (hasFloor && rows.length < least) throw failureOf(party, 'few', least);
    for (const { ids } of compared) {
      const apart = rowsApart(rows, await sorted(ids), least);
      if (apart > 0 && apart < least) throw failureOf(party, 'close', least);
    }
  }
}

/** The rows that are in one of two sorted sets alone, counted up to `least`. */
export function rowsApart(one: BigUint64Array, other: BigUint64Array, least: number): number {
  let [at, place, apart] = [0, 0, 0];
  while (apart < least && (at < one.length || place < other.length)) {
    const [left, right] = [one[at], other[place]];
    if (left === right) {
      at += 1;
      place += 1;
      continue;
    }
    apart += 1;
    if (right === undefined || (left !== undefined && left < right)) at += 1;
    else place += 1;
  }
  return apart;
}

function failureOf(party: string, fault: Fault, least: number): TaskFailure {
  const details = { party, min_rows: least };
  if (fault === 'few') {
    const message =
      `Party ${party}: under ${least} rows of its table were chosen, or rules were learnt from so few; figures of them would show single rows. ` +
      'Choose more.';
    return new TaskFailure('GROUP_TOO_SMALL', message, false, details);
  }
  const message =
    `Party ${party}: rows of its table were chosen, and differ by under ${least} from rows whose figures are open ` +
    `already, or have a row twice: the difference would show single rows. Take the same rows as before, or such that ${least} differ.`;
  return new TaskFailure('ROWS_TOO_CLOSE' satisfies FailureCode, message, false, details);
}
