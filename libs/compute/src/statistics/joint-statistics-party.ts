import { thousandthsOf } from '../contract/epsilon.js';
import { isText, PeerMessage } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import type { Rational } from '../dp/discrete-laplace.js';
import type { PrivateColumn } from '../dp/private-figures.js';
import { sumsOf, type SumPlan, type Sums } from '../federated/sum-among-all.js';
import { decode, encode } from '../mpc/ring.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { columnIndexes } from '../table/csv-reader.js';
import { namedColumns } from '../table/named-columns.js';
import { readBounded, withBounds, type NamedBounds } from './bounded-columns.js';
import { jointPart, jointStatistics } from './joint-statistics.js';
import type { PrivateStatisticsArgs } from './private-args.js';
import { epsilonOfDraw, type PrivateStatistics } from './private-statistics.js';
import type { PrivateFigure } from './table-statistics-config.js';

/** Arguments of a party. */
export interface JointStatisticsArgs extends PrivateStatisticsArgs {
  readonly sums: SumPlan;
}

/** What all parties see, each the same: figures of the rows of all of them. */
export interface JointStatisticsValue {
  readonly columns: Record<string, PrivateStatistics>;
  /** Of each draw. */
  readonly epsilon_each: number;
}

/** Of the vectors that are summed: whole numbers. */
const FRACTION_BITS = 0;
/** A histogram, from which the quartiles are read. */
const DRAWS_FOR_QUARTILES = 1;

/**
 * Adds the party's figures, each with all its noise, to a secure sum over all parties, and describes the party's table exactly for the party itself. Nothing but the
 * sum is opened. Throws TaskFailure BOUNDS_MISSING, BOUNDS_DIFFER, BUDGET_EXHAUSTED, COLUMN_NOT_FOUND, PROTOCOL_VIOLATION, and what opening
 * the table throws.
 */
export const run: PartyProgram<JointStatisticsArgs, JointStatisticsValue> = async (context, args) => {
  const { figures } = args;
  const columns = await readBounded(context, args, async (table, bounds) => {
    const names = namedColumns(args.columns, context.party)?.names;
    const named = withBounds(table, bounds, names ? columnIndexes(table, names) : null);
    // One order for all parties.
    named.sort((one, other) => (one.name < other.name ? -1 : 1));
    await requireEqualBounds(context, named);
    return named;
  });
  context.progress(0.9, 'drawing noise');
  const shape = { columns: columns.length, figures, forQuartiles: DRAWS_FOR_QUARTILES };
  const epsilon = epsilonOfDraw(thousandthsOf(args.epsilon), shape);
  const sums = await jointSums(
    sumsOf(context, args.sums),
    columns.map(({ noisy }) => noisy),
    { figures, epsilon },
  );
  const seen = columns.map(({ name, bounds }, at) => [name, jointStatistics(sums[at]!, bounds, figures)] as const);
  return {
    columns: Object.fromEntries(seen),
    epsilon_each: Number(epsilon.numerator) / Number(epsilon.denominator),
  };
};

/** The sums over all parties of their parts of each column. No party may be lost. */
export async function jointSums(
  sums: Sums,
  columns: readonly PrivateColumn[],
  draw: { readonly figures: readonly PrivateFigure[]; readonly epsilon: Rational },
): Promise<number[][]> {
  const parts = columns.flatMap((column) => jointPart(column, draw));
  const totals = [...decode((await sums.add(encode(parts, FRACTION_BITS)))!, FRACTION_BITS)];
  const width = totals.length / columns.length;
  return columns.map((_, at) => totals.slice(at * width, (at + 1) * width));
}

const MAX_COLUMNS = 10_000;
const MAX_NAME = 1024;

type Stated = [name: string, min: number, max: number];

/** Throws BOUNDS_DIFFER where the columns are others, or bounded otherwise, than a peer's: their figures do not add up. */
async function requireEqualBounds(context: PartyContext, columns: readonly NamedBounds[]): Promise<void> {
  const own = columns.map(({ name, bounds: { min, max } }): Stated => [name, min, max]);
  for (const peer of context.peers) await context.send(peer, own);
  for (const peer of context.peers) {
    const theirs = statedBy(peer, await context.receiveJson<unknown>(peer));
    const both = [
      { party: context.party, stated: new Map(own.map(([name, ...bounds]) => [name, bounds.join(' to ')])) },
      { party: peer, stated: new Map(theirs.map(([name, ...bounds]) => [name, bounds.join(' to ')])) },
    ].sort((one, other) => (one.party < other.party ? -1 : 1));
    const names = [...new Set(both.flatMap(({ stated }) => [...stated.keys()]))].sort();
    const column = names.find((name) => both[0]!.stated.get(name) !== both[1]!.stated.get(name));
    if (column === undefined) continue;
    const words = both.map(({ party, stated }) => `${stated.get(column) ?? 'none'} (${party})`).join(' and ');
    throw new TaskFailure(
      'BOUNDS_DIFFER',
      `The policies state different bounds of column ${JSON.stringify(column)}: ${words}. A joint figure needs the same of all parties. ` +
        'Let the owners agree on them, or name in "columns" those on which they do.',
      false,
      { parties: both.map(({ party }) => party), column },
    );
  }
}

/** The columns of a peer with their bounds. Throws PROTOCOL_VIOLATION. */
function statedBy(peer: string, value: unknown): Stated[] {
  const isStated = (item: unknown): item is Stated =>
    Array.isArray(item) &&
    item.length === 3 &&
    isText(item[0], MAX_NAME) &&
    [item[1], item[2]].every((bound) => typeof bound === 'number');
  return new PeerMessage(peer, { columns: value }).list('columns', MAX_COLUMNS, isStated);
}
