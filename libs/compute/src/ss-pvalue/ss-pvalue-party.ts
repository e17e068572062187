import { coarseRows } from '../contract/coarse.js';
import { sized, xor } from '../mpc/bit-strings.js';
import { exchange } from '../mpc/channel.js';
import { lineTo } from '../mpc/party-line.js';
import { BITS, openedOf } from '../party/opened.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { freeOf, type FitShape } from './fit-shape.js';
import { readFitRows, type FitPart } from './fit-rows.js';
import { joinFit, requireFit } from './join-fit.js';
import { pOf } from './p-value.js';
import { waldOnShares, zOf } from './wald-on-shares.js';

/** What all read. */
interface PvalueOutcome {
  readonly regType: FitShape['regType'];
  readonly rows: number;
  readonly columns: number;
}

/**
 * One party of `ss_pvalue`: reads its slice and its table, tests on shares, and keeps z and p of the columns that it has for its readers. Throws
 * TaskFailure SINGULAR_INFORMATION, BUDGET_EXHAUSTED, and what {@link readFitRows} throws.
 */
export const run: PartyProgram<FitPart, PvalueOutcome> = async (context, part) => {
  const rows = await readFitRows(context, part);
  const { index, shape, names, table } = rows;
  const theirs = shape.counts[1 - index]! + Number(part.label === null);
  await context.reserve({
    columns: [
      ...openedOf({ names, values: table.values, rows: table.rows }, theirs, BITS.coefficient),
      ...openedOf({ names, values: table.values, rows: table.rows }, 1, BITS.verdict),
    ],
    joint: true,
  });
  const { joint, fit, origin } = await joinFit(context, rows);
  const { fails, bits } = await waldOnShares(joint, fit, origin, shape);
  await requireFit(context, fails);
  const line = lineTo(context, context.peers[0]!);
  const received = sized(await exchange(line, bits[1 - index]!), bits[index].length);
  keep(context, part.label !== null, names, zOf(xor(bits[index], received), names.length), shape);
  context.progress(1, 'done');
  return { regType: shape.regType, rows: coarseRows(shape.rows, rows.least), columns: shape.counts[index] };
};

/** z and p of each own column, and of the intercept with the label's party, for the party's own readers. */
function keep(
  context: PartyContext,
  hasLabel: boolean,
  names: readonly string[],
  values: readonly number[],
  shape: FitShape,
): void {
  const free = shape.regType === 'linear' ? freeOf(shape) : Infinity;
  const tests = values.map((z) => ({ z, p: pOf(z, free) }));
  const features = hasLabel ? names.slice(0, -1) : names;
  context.keepResult({
    columns: Object.fromEntries(features.map((name, at) => [name, tests[at]!])),
    ...(hasLabel && { intercept: tests.at(-1)! }),
    rows: shape.rows,
  });
}
