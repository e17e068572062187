import { SIGMOID, SLOPE_BITS as FITTED_BITS } from '../mpc/spline.js';
import { rounded, type Joint } from '../mpc/joint.js';
import { Z32, concat, constant, type Vector } from '../mpc/rings.js';

/** Fraction bits of scores. A sum of 1,000 leaves of at most 32 each stays within 2^19. */
export const SCORE_BITS = 12;
/** Fraction bits of slopes: a slope times a score between the knots stays within 2^30. */
const SLOPE_BITS = 17;
const SUM_BITS = SCORE_BITS + SLOPE_BITS;

/** Where the lines meet: where those of {@link SIGMOID} do, and at 0, where its slope turns. */
const KNOTS = [0, ...SIGMOID.map(({ knot }) => knot)].sort((a, b) => a - b);

/** Rows at once: a comparison of each knot takes a hundred bits of the dealer. */
const ROWS = 1 << 16;

const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

/** A line of pieces: what its slope, in 2^-17, and its offset change by at each knot. */
interface Lines {
  readonly slopes: readonly number[];
  readonly offsets: readonly number[];
}

/** The line that starts at 0 and changes its slope at each knot. */
function lines(slopes: readonly number[]): Lines {
  return { slopes, offsets: slopes.map((change, at) => -change * KNOTS[at]! * 2 ** SCORE_BITS) };
}

/** Values at the knots, 0 at the first and the last and outside of them, as pieces. */
function through(values: readonly number[]): Lines {
  const slopes = KNOTS.slice(1).map((knot, at) =>
    Math.round(((values[at + 1]! - values[at]!) / (knot - KNOTS[at]!)) * 2 ** SLOPE_BITS),
  );
  return lines(KNOTS.map((_, at) => (slopes[at] ?? 0) - (slopes[at - 1] ?? 0)));
}

const PROBABILITY = lines(
  KNOTS.map((knot) =>
    Math.round((SIGMOID.find((change) => change.knot === knot)?.slope ?? 0) * 2 ** (SLOPE_BITS - FITTED_BITS)),
  ),
);
const CURVATURE = through(
  KNOTS.map((score, at) => (at % (KNOTS.length - 1) === 0 ? 0 : sigmoid(score) * (1 - sigmoid(score)))),
);

/**
 * Shares of the probability p of each shared score, and of p (1 - p), with `bits` fraction bits: by 21 lines, up to
 * 0.001 from the sigmoid and 0.005 from its slope. The lines are chosen by comparisons with the knots, which nobody learns. Ten rounds.
 */
export async function sigmoids(
  joint: Joint,
  scores: Vector,
  bits: number,
): Promise<{ probability: Vector; curvature: Vector }> {
  const found: { probability: Vector; curvature: Vector }[] = [];
  for (const part of runsOf(scores)) {
    const values = await valuesAt(joint, part, [PROBABILITY, CURVATURE]);
    const shifted = await rounded(joint, Z32, values, SUM_BITS - bits);
    found.push({ probability: shifted.subarray(0, part.length), curvature: shifted.subarray(part.length) });
  }
  return {
    probability: concat(found.map(({ probability }) => probability)),
    curvature: concat(found.map(({ curvature }) => curvature)),
  };
}

/** Shares of the probability of each shared score, to be opened: rounded to `bits` fraction bits, to the same in every run. */
export async function probabilities(joint: Joint, scores: Vector, bits: number): Promise<Vector> {
  const found: Vector[] = [];
  for (const part of runsOf(scores)) {
    found.push(await rounded(joint, Z32, await valuesAt(joint, part, [PROBABILITY]), SUM_BITS - bits));
  }
  return concat(found);
}

function* runsOf(scores: Vector): Generator<Vector> {
  for (let from = 0; from < scores.length; from += ROWS) yield scores.subarray(from, from + ROWS);
}

/** Shares of what each of the lines gives at the scores, with `SUM_BITS` fraction bits, line by line. */
async function valuesAt(joint: Joint, scores: Vector, all: readonly Lines[]): Promise<Vector> {
  const rows = scores.length;
  const differences = concat(
    KNOTS.map((knot) =>
      joint.index === 0 ? Z32.subtract(scores, constant(Z32, rows, knot * 2 ** SCORE_BITS)) : scores,
    ),
  );
  const below = await joint.numbers(Z32, await joint.negative(Z32, differences), differences.length);
  const at = (changes: readonly number[]): Vector => {
    const sums = new Uint32Array(rows);
    for (const [knot, change] of changes.entries()) {
      const start = knot * rows;
      // A score counts from the knot on: 1 - [below].
      const whole = joint.index === 0 ? change : 0;
      for (let row = 0; row < rows; row += 1) sums[row]! += whole - Math.imul(change, below[start + row]!);
    }
    return sums;
  };
  const slopes = concat(all.map((each) => at(each.slopes)));
  const products = await joint.product(Z32, slopes, concat(all.map(() => scores)));
  return Z32.add(products, concat(all.map((each) => at(each.offsets))));
}
