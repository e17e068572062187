import type { OpenedColumn } from '#libs/consent';
import { coarseRows } from '../contract/coarse.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import { exchange } from '../mpc/channel.js';
import { lineTo } from '../mpc/party-line.js';
import { add, decode, encode, fromBytes, slice, toBytes } from '../mpc/ring.js';
import { concat, type Vector } from '../mpc/rings.js';
import { BITS, openedOf, type Opened } from '../party/opened.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { readFitRows, type FitPart, type FitRows } from '../ss-pvalue/fit-rows.js';
import { columnsIn } from '../ss-pvalue/fit-shape.js';
import { joinFit, requireFit } from '../ss-pvalue/join-fit.js';
import { ORIGIN_BITS } from '../ss-pvalue/shared-rows.js';
import { exchangeEffects, reserveEffects, type Effects } from '../ss-pvalue/shown-effects.js';
import { coefficientsOf, failsOf } from '../ss-pvalue/wald-on-shares.js';
import { MOST_VALUES, MULTIPLE_BITS, pointsOnShares } from './points-on-shares.js';
import { lineOf, type Scale } from './scorecard-config.js';

/** Arguments of a party's process. */
export interface ScorecardPart extends FitPart {
  readonly scale: Scale;
}

/** A value of a column, and how many rows have it. */
interface Value {
  readonly value: number;
  readonly rows: number;
}

/** Points of the own columns, and with the label's party the base points. */
interface Card {
  readonly columns: Readonly<Record<string, readonly (Value & { readonly points: number })[]>>;
  readonly base: number | null;
}

/** What all read. */
interface ScorecardOutcome {
  readonly rows: number;
  readonly columns: number;
}

/**
 * One party of `scorecard`: fits as `ss_pvalue` does, and keeps the points of its own columns for its readers, and those of the
 * peer's columns where their owner lets it. Throws TaskFailure MODEL_INCOMPATIBLE,
 * TOO_MANY_BUCKETS, SINGULAR_INFORMATION, BUDGET_EXHAUSTED, and what {@link readFitRows} throws.
 */
export const run: PartyProgram<ScorecardPart, ScorecardOutcome> = async (context, part) => {
  const rows = await readFitRows(context, part);
  const { index, shape, names, table } = rows;
  const hasLabel = part.label !== null;
  if (shape.regType !== 'logistic') {
    throw new TaskFailure('MODEL_INCOMPATIBLE', 'A scorecard is of a logistic regression: a linear one has no odds.');
  }
  const values = valuesOf(context, part.trainData, rows, hasLabel);
  const theirs = shape.counts[1 - index]! + Number(!hasLabel);
  const about = { names, values: table.values, rows: table.rows };
  const opened = (figures: number, more: readonly OpenedColumn[] = []): Opened => ({
    columns: [...openedOf(about, figures, BITS.points), ...openedOf(about, 1, BITS.verdict), ...more],
    joint: true,
  });
  const ofValues = openedOf(about, 1, BITS.point).map((each, at) => ({ ...each, figures: values[at]?.length ?? 0 }));
  const isShown = await reserveEffects(context, opened(theirs), opened(theirs + names.length, ofValues));
  const { joint, fit, origin } = await joinFit(context, rows);
  const coefficients = await coefficientsOf(joint, fit, origin);
  const fails = await failsOf(joint, fit, coefficients);
  const { offset, factor } = lineOf(part.scale);
  const points = await pointsOnShares(joint, coefficients, multiplesOf(rows, values, factor), offset);
  await requireFit(context, fails);

  const [own, ofPeer] = [partOf(points, rows, index), partOf(points, rows, index === 0 ? 1 : 0)];
  const received = await exchange(lineTo(context, context.peers[0]!), toBytes(ofPeer.slice()));
  const decoded = decode(add(own, fromBytes(received, own.length / 4)), 0);
  const card = cardOf(names, values, decoded, hasLabel);
  const shown = await exchangeEffects(context, isShown ? effectsOf(card, rows.least) : null);
  context.keepResult({
    columns: mapped(card.columns, (each) => each.map(({ rows: _, ...point }) => point)),
    ...(hasLabel && { base_points: card.base }),
    rows: shape.rows,
    ...(shown && { shown: { [context.peers[0]!]: shownOf(shown) } }),
  });
  context.progress(1, 'done');
  return { rows: coarseRows(shape.rows, rows.least), columns: shape.counts[index] };
};

/** The values of each own feature, ascending, and how many rows have each. */
function valuesOf(context: PartyContext, path: string, { names, table }: FitRows, hasLabel: boolean): Value[][] {
  return names.slice(0, names.length - Number(hasLabel)).map((name, column) => {
    const counts = new Map<number, number>();
    for (let at = column; at < table.values.length && counts.size <= MOST_VALUES; at += table.columns) {
      const value = table.values[at]! + 0;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    if (counts.size <= MOST_VALUES) {
      return [...counts].sort(([one], [other]) => one - other).map(([value, rows]) => ({ value, rows }));
    }
    throw new TaskFailure(
      'TOO_MANY_BUCKETS',
      `Party ${context.party}: column ${JSON.stringify(name)} of ${path} has over ${MOST_VALUES} values; bin it before the training.`,
      false,
      { party: context.party, column: name, limit: MOST_VALUES },
    );
  });
}

/** What coefficients of standardised columns are multiplied by: own values in their places, and with the first party the scale of the intercept. */
function multiplesOf({ index, shape, standard }: FitRows, values: readonly Value[][], factor: number): Vector {
  const features = columnsIn(shape) - 1;
  const multiples = new Float64Array(features * MOST_VALUES + 1);
  const first = index === 0 ? 0 : shape.counts[0];
  for (const [column, each] of values.entries()) {
    for (const [at, { value }] of each.entries()) {
      multiples[(first + column) * MOST_VALUES + at] = (factor * value) / standard.norms[column]!;
    }
  }
  if (index === 0) multiples[features * MOST_VALUES] = (factor * 2 ** ORIGIN_BITS) / Math.sqrt(shape.rows);
  return encode(multiples, MULTIPLE_BITS);
}

/** The points that belong to a party: of its columns, and with the label's party the base points. */
function partOf(points: Vector, { shape }: FitRows, party: 0 | 1): Vector {
  const [first, second] = shape.counts;
  const from = party === 0 ? 0 : first;
  const columns = slice(points, from * MOST_VALUES, (from + shape.counts[party]) * MOST_VALUES);
  const base = (first + second) * MOST_VALUES;
  return party === shape.labelOwner ? concat([columns, slice(points, base, base + 1)]) : columns;
}

/** The opened points, by column and value. */
function cardOf(names: readonly string[], values: readonly Value[][], points: Float64Array, hasLabel: boolean): Card {
  const columns = values.map((each, column) =>
    each.map((value, at) => ({ ...value, points: points[column * MOST_VALUES + at]! + 0 })),
  );
  return {
    columns: Object.fromEntries(columns.map((each, column) => [names[column]!, each])),
    base: hasLabel ? points.at(-1)! + 0 : null,
  };
}

/** What the peer may read of them: points of the values that enough rows have, and no value. */
function effectsOf({ columns, base }: Card, least: number): Effects {
  return {
    columns: mapped(columns, (each) => each.filter(({ rows }) => rows >= least).map(({ points }) => points)),
    ...(base !== null && { intercept: [base] }),
  };
}

const shownOf = ({ columns, intercept }: Effects): JsonObject => ({
  columns: mapped(columns, (points) => [...points]),
  ...(intercept && { base_points: intercept[0] ?? null }),
});

const mapped = <From, To>(columns: Readonly<Record<string, From>>, of: (column: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, of(column)]));
