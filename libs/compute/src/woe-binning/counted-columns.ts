import { TaskFailure } from '../contract/task-type.js';
import { violation } from '../contract/peer-message.js';
import { JointParty } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { joinSession } from '../mpc/session.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { takeCounts } from './bin-counts.js';
import type { BinnedColumn } from './binned-column.js';
import { fineGroups, groupOf, joinClose, joinFailing, joinSmall, type Group } from './groups.js';
import { MAX_BINS } from './messages.js';
import type { ReadColumn, ReadColumns } from './read-columns.js';
import type { Counts } from './woe.js';

/** Columns with the rows of their bins, and the rows of all bins. */
export interface Counted {
  readonly columns: readonly BinnedColumn[];
  readonly total: Counts;
}

/** Counts the rows of the label party's own columns: nobody else sees them, so that only empty bins are joined. */
export function countedByLabel(columns: readonly ReadColumn[], positives: Uint32Array, total: Counts): Counted {
  const counted = columns.map(({ read, of }): BinnedColumn => {
    const { shape } = read;
    const groups = joinSmall(shape, fineGroups(shape), 1);
    const group = groupOf(shape, groups);
    const counts = groups.map(() => ({ positives: 0, negatives: 0 }));
    of.forEach((fine, row) => (counts[group[fine]!]![positives[row] === 1 ? 'positives' : 'negatives'] += 1));
    return { column: read.column, fine: read.fine, groups, counts };
  });
  return { columns: counted, total };
}

/** The fewest rows of each class in a bin that is opened: a quarter of the rows that it must have, 5 of 20. */
const fewestOfClass = (least: number): number => Math.ceil(least / 4);

/**
 * Counts the rows of this party's columns with the party of the label. Bins of under `least` rows are joined before, those that differ by under `least` rows from one of
 * another column as well, and those with too few rows of a class when that is known. Throws TaskFailure TOO_MANY_COLUMNS.
 */
export async function countedOnShares(
  context: PartyContext,
  labelParty: string,
  { rows, columns }: ReadColumns,
  least: number,
  onRows: (fraction: number) => void,
): Promise<Counted> {
  const apart = (groups: readonly (readonly Group[])[]): readonly (readonly Group[])[] =>
    joinClose(
      columns.map(({ read, of }, at) => ({ shape: read.shape, of, groups: groups[at]! })),
      least,
    );
  const large = columns.map(({ read: { shape } }) => joinSmall(shape, fineGroups(shape), least));
  if (large.flat().length > MAX_BINS) throw tooMany(context);
  const groups = apart(large);
  const bins = groups.flat().length;
  // Their number depends on the rows.
  await context.reserve({ columns: [], to: [labelParty], ofRows: true });
  await context.send(labelParty, { bins });
  await context.send(NEUTRAL, { rows, bins });
  const session = await joinSession(1, lineTo(context, labelParty), lineTo(context, NEUTRAL));
  const joint = new JointParty(session, (message) => context.send(NEUTRAL, message));
  const sizes = sizesOf(columns, groups);
  const own = {
    of: columns.map(({ read, of }, at) => binsOf(of, groupOf(read.shape, groups[at]!))),
    counts: groups.map(({ length }) => length),
    sizes: sizes.flat(),
    fewest: fewestOfClass(least),
  };
  let joined = groups;
  const counts = await takeCounts(
    joint,
    rows,
    own,
    (fails) => {
      let from = 0;
      const without = groups.map((each, at) =>
        joinFailing(columns[at]!.read.shape, each, fails.slice(from, (from += each.length))),
      );
      joined = apart(without);
      return targetsOf(columns, groups, joined);
    },
    onRows,
  );
  return counted(labelParty, columns, joined, counts, own.fewest);
}

/** Rows of each group of each column. */
const sizesOf = (columns: readonly ReadColumn[], groups: readonly (readonly Group[])[]): number[][] =>
  groups.map((each, at) => each.map((group) => group.reduce((sum, fine) => sum + columns[at]!.read.sizes[fine]!, 0)));

const binsOf = (of: Uint16Array, group: Uint16Array): Uint16Array => of.map((fine) => group[fine]!);

/** The place of the joined bin of each bin, all columns one after the other. */
function targetsOf(
  columns: readonly ReadColumn[],
  before: readonly (readonly Group[])[],
  after: readonly (readonly Group[])[],
): Uint16Array {
  let from = 0;
  const targets = before.flatMap((groups, at) => {
    const of = groupOf(columns[at]!.read.shape, after[at]!);
    const first = from;
    from += after[at]!.length;
    return groups.map(([fine]) => first + of[fine!]!);
  });
  return Uint16Array.from(targets);
}

/** Puts positive rows to their bins. Throws PROTOCOL_VIOLATION on counts that cannot be. */
function counted(
  peer: string,
  columns: readonly ReadColumn[],
  groups: readonly (readonly Group[])[],
  positives: Uint32Array,
  fewest: number,
): Counted {
  let from = 0;
  const binned = sizesOf(columns, groups).map((sizes, at): BinnedColumn => {
    const counts = sizes.map((size) => {
      const ofBin = positives[from]!;
      from += 1;
      if (ofBin < fewest || ofBin > size - fewest) throw violation(peer, 'shares of counts that cannot be');
      return { positives: ofBin, negatives: size - ofBin };
    });
    const { column, fine } = columns[at]!.read;
    return { column, fine, groups: groups[at]!, counts };
  });
  const [{ counts }] = binned as [BinnedColumn];
  const sumOf = (key: keyof Counts): number => counts.reduce((sum, each) => sum + each[key], 0);
  return { columns: binned, total: { positives: sumOf('positives'), negatives: sumOf('negatives') } };
}

function tooMany({ party }: PartyContext): TaskFailure {
  return new TaskFailure(
    'TOO_MANY_COLUMNS',
    `Party ${party}: its columns have more than ${MAX_BINS} bins in all; name fewer columns, or take a smaller bin_num.`,
    false,
    { party, limit: MAX_BINS },
  );
}
