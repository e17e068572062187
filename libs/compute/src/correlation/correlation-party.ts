import { isText, PeerMessage, violation } from '../contract/peer-message.js';
import { crossProduct } from '../mpc/cross-product.js';
import { lineTo } from '../mpc/party-line.js';
import { joinSession } from '../mpc/session.js';
import { BITS, openedOf } from '../party/opened.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import type { ReportArgs } from '../statistics/report-config.js';
import { coarseRows } from '../contract/coarse.js';
import { columnNamer } from '../contract/column-names.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import { plainProduct, toThreeDigits, varianceInflation } from './matrix.js';
import { openRounded } from './open-rounded.js';
import { readStandardColumns, type StandardColumns } from './standard-columns.js';

export interface CorrelationArgs extends ReportArgs {
  readonly type: 'pearson_correlation' | 'vif';
}

/** The report on the columns, which only the first party returns. */
export interface CorrelationReport {
  readonly type: CorrelationArgs['type'];
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly correlation_matrix?: JsonObject;
  readonly vif_values?: JsonObject;
}

/** More columns make a matrix that is unreadable and fits no result. */
const MAX_COLUMNS = 1000;

/** The limit of what a peer may announce. Whether it is too much to correlate is checked later. */
const MAX_NAMES = 100_000;
const MAX_NAME_LENGTH = 10_000;

interface Size {
  readonly rows: number;
  /** The smallest group of rows that the party lets a figure cover. */
  readonly least: number;
  readonly names: readonly string[];
  /** Columns that the report names and does not correlate. */
  readonly others?: readonly string[];
}

/** One party of `pearson_correlation` and `vif`. Throws what {@link correlate} and {@link readStandardColumns} throw. */
export const run: PartyProgram<CorrelationArgs, CorrelationReport | null> = async (context, args) => {
  const own = await readStandardColumns(context, args.inputPath, args.columns);
  const report = await correlate(context, own, { type: args.type, toAll: args.reportPath !== null });
  if (report !== null && args.reportPath !== null) {
    await writeJson(context, args.reportPath, `${args.type}.json`, report);
  }
  context.progress(1, 'done');
  return isFirst(context) ? report : null;
};

/** Whether this party puts the matrix together. */
export function isFirst(context: PartyContext): boolean {
  return context.peers.every((peer) => context.party < peer);
}

export interface CorrelationWish {
  readonly type: CorrelationArgs['type'];
  /** Whether each party gets the report, and not the first alone. */
  readonly toAll: boolean;
  /** Columns that the report names besides: a correlated one of the same name gets its party in front. */
  readonly others?: readonly string[];
}

/**
 * Opens the correlations of the own columns with each other party's, rounded, and gives what the party has to the first one, which puts
 * the matrix together. Null for a party that does not receive it. Throws TaskFailure NOT_ALIGNED, GROUP_TOO_SMALL,
 * TOO_MANY_COLUMNS, COLUMN_NOT_FOUND, BUDGET_EXHAUSTED.
 */
export async function correlate(
  context: PartyContext,
  own: StandardColumns,
  wish: CorrelationWish,
): Promise<CorrelationReport | null> {
  const sizes = await agreeOnSizes(context, own, wish.others ?? []);
  const parties = Object.keys(sizes).sort();
  const pairs = context.peers.reduce((sum, peer) => sum + sizes[peer]!.names.length, 0);
  await context.reserve({ columns: openedOf(own, pairs, BITS.correlation) });
  const blocks = await crossBlocks(context, own, sizes, parties);
  context.progress(0.95, 'putting the matrix together');
  return shareReport(context, wish, sizes, parties, blocks);
}

/** The size of a peer's table. Throws PROTOCOL_VIOLATION. */
export function sizeFrom(peer: string, value: unknown): Size {
  const message = new PeerMessage(peer, value);
  const names = (field: string) => message.list(field, MAX_NAMES, (name) => isText(name, MAX_NAME_LENGTH));
  return {
    rows: message.count('rows', Number.MAX_SAFE_INTEGER),
    least: message.count('least', Number.MAX_SAFE_INTEGER),
    names: names('names'),
    ...(message.has('others') && { others: names('others') }),
  };
}

/** Tells rows and names of columns to all; the dealer hears only how many there are. */
async function agreeOnSizes(
  context: PartyContext,
  own: StandardColumns,
  others: readonly string[],
): Promise<Record<string, Size>> {
  const size = {
    rows: own.rows,
    least: context.minGroupRows,
    names: [...own.names],
    ...(others.length > 0 && { others: [...others] }),
  };
  const sizes: Record<string, Size> = { [context.party]: size };
  for (const peer of context.peers) await context.send(peer, size);
  for (const peer of context.peers) sizes[peer] = sizeFrom(peer, await context.receiveJson<unknown>(peer));

  for (const peer of context.peers) {
    if (sizes[peer]!.rows === own.rows) continue;
    throw new TaskFailure(
      'NOT_ALIGNED',
      `Parties ${[context.party, peer].sort().join(' and ')} do not have the same number of rows. Align the tables with psi first.`,
    );
  }
  const columns = Object.values(sizes).reduce((sum, { names }) => sum + names.length, 0);
  if (columns === 0 && Object.values(sizes).every((each) => !each.others))
    throw new TaskFailure('COLUMN_NOT_FOUND', "No party's table has a numeric column.");
  if (columns > MAX_COLUMNS) {
    throw new TaskFailure(
      'TOO_MANY_COLUMNS',
      `There are ${columns} columns in all, over the ${MAX_COLUMNS} that are correlated at once; name fewer in columns.`,
      false,
      { columns, limit: MAX_COLUMNS },
    );
  }
  if (own.rows < 2 * columns) {
    throw new TaskFailure(
      'GROUP_TOO_SMALL',
      `There are under ${2 * columns} rows for ${columns} columns. Each correlation is an equation about the rows: have at least ` +
        'twice as many rows as columns. With fewer, they can be solved.',
      false,
      { min_rows: 2 * columns },
    );
  }
  if (context.peers.length > 0) await context.send(NEUTRAL, { rows: own.rows, columns: own.columns });
  return sizes;
}

/** Products of the own columns with each party's, by party: row-major, own columns first. Pairs take their turns in order. */
async function crossBlocks(
  context: PartyContext,
  own: StandardColumns,
  sizes: Record<string, Size>,
  parties: readonly string[],
): Promise<Record<string, number[]>> {
  const blocks: Record<string, number[]> = {
    [context.party]: Array.from(plainProduct(own.values, own.columns), toThreeDigits),
  };
  for (const [done, peer] of context.peers.entries()) {
    const index = parties.indexOf(context.party) < parties.indexOf(peer) ? 0 : 1;
    const columns = sizes[peer]!.names.length;
    const session = await joinSession(index, lineTo(context, peer), lineTo(context, NEUTRAL));
    const share = await crossProduct(session, own, columns, (fraction) =>
      context.progress(0.3 + (0.65 * (done + fraction)) / context.peers.length, `multiplying with ${peer}`),
    );
    blocks[peer] = await openRounded(session, share);
  }
  return blocks;
}

const isCorrelation = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= 1.01;

/** What a party gives of its correlations: with itself, and with each party after it. Throws PROTOCOL_VIOLATION. */
export function blocksFrom(
  peer: string,
  value: unknown,
  sizes: Readonly<Record<string, Pick<Size, 'names'>>>,
  parties: readonly string[],
): Record<string, number[]> {
  const message = new PeerMessage(peer, value);
  const blocks = parties.slice(parties.indexOf(peer)).map((party) => {
    const length = sizes[peer]!.names.length * sizes[party]!.names.length;
    const block = message.list(party, length, isCorrelation);
    if (block.length !== length)
      throw violation(peer, `correlations with ${party} of another number than their columns`);
    return [party, block] as const;
  });
  return Object.fromEntries(blocks);
}

/** The first party gathers the blocks and sends the report to the others, if each keeps one. */
async function shareReport(
  context: PartyContext,
  { type, toAll }: CorrelationWish,
  sizes: Record<string, Size>,
  parties: readonly string[],
  blocks: Record<string, number[]>,
): Promise<CorrelationReport | null> {
  const [leader, ...others] = parties as [string, ...string[]];
  if (context.party !== leader) {
    const later = parties.slice(parties.indexOf(context.party));
    await context.send(leader, Object.fromEntries(later.map((party) => [party, blocks[party]!])));
    return toAll ? context.receiveJson<CorrelationReport>(leader) : null;
  }
  const known: Record<string, Record<string, number[]>> = { [leader]: blocks };
  for (const party of others)
    known[party] = blocksFrom(party, await context.receiveJson<unknown>(party), sizes, parties);
  const report = reportOf(type, sizes, parties, known);
  if (toAll) {
    for (const party of others) await context.send(party, report);
  }
  return report;
}

function reportOf(
  type: CorrelationArgs['type'],
  sizes: Record<string, Size>,
  parties: readonly string[],
  blocks: Record<string, Record<string, number[]>>,
): CorrelationReport {
  const columns = Object.fromEntries(parties.map((party) => [party, sizes[party]!.names]));
  const places = parties.flatMap((party) => sizes[party]!.names.map((_, at) => ({ party, at })));
  const correlation = (left: number, right: number): number => {
    if (left === right) return 1;
    const [a, b] = [places[Math.min(left, right)]!, places[Math.max(left, right)]!];
    return blocks[a.party]![b.party]![a.at * sizes[b.party]!.names.length + b.at]!;
  };
  const nameOf = columnNamer(
    Object.fromEntries(parties.map((party) => [party, [...sizes[party]!.names, ...(sizes[party]!.others ?? [])]])),
  );
  const names = parties.flatMap((party) => columns[party]!.map((name) => nameOf(party, name)));
  const matrix = places.map((_, left) => places.map((_, right) => correlation(left, right)));
  const least = Math.max(...Object.values(sizes).map((size) => size.least));
  const facts = { type, rows: coarseRows(sizes[parties[0]!]!.rows, least), columns };
  const byName = <T>(values: readonly T[]): [string, T][] => values.map((value, at) => [names[at]!, value]);
  if (type === 'vif') return { ...facts, vif_values: Object.fromEntries(byName(varianceInflation(matrix))) };
  const rows = matrix.map((row) => Object.fromEntries(byName(row)));
  return { ...facts, correlation_matrix: Object.fromEntries(byName(rows)) };
}
