import { add, decode } from '../mpc/ring.js';
import { COEFFICIENT_BITS } from './family-on-shares.js';
import { glmSliceOf } from './glm-slice.js';

/** The coefficients of both slices put together, by name, of the columns as they are in the tables: only tests do that. */
export function openGlm(...files: readonly [string, string]): {
  coefficients: Record<string, number>;
  intercept: number;
} {
  const slices = files.map((file) => glmSliceOf(JSON.parse(file) as Record<string, unknown>)!);
  const [one, other] = slices as [(typeof slices)[0], (typeof slices)[0]];
  const moved = decode(add(one.share, other.share), COEFFICIENT_BITS);
  const coefficients: Record<string, number> = {};
  let intercept = moved.at(-1)! / Math.sqrt(one.rows) + one.scaleBits * Math.LN2;
  let at = 0;
  for (const { features, places } of slices) {
    for (const [column, name] of features.entries()) {
      const isOffset = name.startsWith('log_');
      const coefficient = isOffset ? 1 : moved[at]! / places[column]!.scale;
      if (!isOffset) coefficients[name] = coefficient;
      intercept -= coefficient * places[column]!.center;
      at += Number(!isOffset);
    }
  }
  return { coefficients, intercept };
}
