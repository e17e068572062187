import { coarseRows } from '../contract/coarse.js';
import type { JsonObject } from '../contract/task-type.js';
import { sized, xor } from '../mpc/bit-strings.js';
import { exchange } from '../mpc/channel.js';
import { lineTo } from '../mpc/party-line.js';
import { BITS, openedOf, type Opened } from '../party/opened.js';
import type { PartyProgram } from '../party/party-program.js';
import { freeOf, type FitShape } from './fit-shape.js';
import { readFitRows, type FitPart } from './fit-rows.js';
import { joinFit, requireFit } from './join-fit.js';
import { pOf } from './p-value.js';
import { exchangeEffects, reserveEffects, type Effects } from './shown-effects.js';
import { waldOnShares, zOf } from './wald-on-shares.js';

/** What all read. */
interface PvalueOutcome {
  readonly regType: FitShape['regType'];
  readonly rows: number;
  readonly columns: number;
}

/**
 * One party of `ss_pvalue`: reads its slice and its table, tests on shares, and keeps z and p of the columns that it has for its readers, and of the
 * peer's columns where their owner lets it. Throws
 * TaskFailure SINGULAR_INFORMATION, BUDGET_EXHAUSTED, and what {@link readFitRows} throws.
 */
export const run: PartyProgram<FitPart, PvalueOutcome> = async (context, part) => {
  const rows = await readFitRows(context, part);
  const { index, shape, names, table } = rows;
  const theirs = shape.counts[1 - index]! + Number(part.label === null);
  const about = { names, values: table.values, rows: table.rows };
  const opened = (figures: number): Opened => ({
    columns: [...openedOf(about, figures, BITS.coefficient), ...openedOf(about, 1, BITS.verdict)],
    joint: true,
  });
  const isShown = await reserveEffects(context, opened(theirs), opened(theirs + names.length));
  const { joint, fit, origin } = await joinFit(context, rows);
  const { fails, bits } = await waldOnShares(joint, fit, origin, shape);
  await requireFit(context, fails);
  const line = lineTo(context, context.peers[0]!);
  const received = sized(await exchange(line, bits[1 - index]!), bits[index].length);
  const own = effectsOf(zOf(xor(bits[index], received), names.length), names, part.label !== null, shape);
  const shown = await exchangeEffects(context, isShown ? own : null);
  context.keepResult({
    ...testsOf(own),
    rows: shape.rows,
    ...(shown && { shown: { [context.peers[0]!]: testsOf(shown) } }),
  });
  context.progress(1, 'done');
  return { regType: shape.regType, rows: coarseRows(shape.rows, rows.least), columns: shape.counts[index] };
};

/** z and p of each own column, and of the intercept with the label's party. */
function effectsOf(values: readonly number[], names: readonly string[], hasLabel: boolean, shape: FitShape): Effects {
  const free = shape.regType === 'linear' ? freeOf(shape) : Infinity;
  const tests = values.map((z) => [z, pOf(z, free)]);
  const features = hasLabel ? names.slice(0, -1) : names;
  return {
    columns: Object.fromEntries(features.map((name, at) => [name, tests[at]!])),
    ...(hasLabel && { intercept: tests.at(-1)! }),
  };
}

/** As a party's readers get them. */
function testsOf({ columns, intercept }: Effects): JsonObject {
  const testOf = ([z, p]: readonly number[]): JsonObject => ({ z: z ?? null, p: p ?? null });
  return {
    columns: Object.fromEntries(Object.entries(columns).map(([name, test]) => [name, testOf(test)])),
    ...(intercept && { intercept: testOf(intercept) }),
  };
}
