import { rounded, type Joint } from '../mpc/joint.js';
import { encode, subtract, zeros } from '../mpc/ring.js';
import { Z128, type Vector } from '../mpc/rings.js';
import { DATA_BITS } from './family-on-shares.js';
import type { OwnLabel } from './own-label.js';

/** Training rows that there must be for the one loss that is opened. */
export const ROWS_FOR_LOSS = 64;

/** Fraction bits of the share of the loss that is explained. */
export const EXPLAINED_BITS = 10;

/**
 * Own share of how much of the loss a fit explains, rounded to 1/1024: 1 - (loss - least) / (start - least), where the label's party knows what the label and a model without
 * columns say. With a log link that is the explained part of the deviance, D^2.
 */
export async function explainedOn(joint: Joint, loss: Vector, rows: number, own: OwnLabel | null): Promise<Vector> {
  const perLoss = own === null ? 0 : 1 / (own.losses.start - own.losses.least);
  // A mean of 2^n rows.
  const factor = encode([(perLoss * 2 ** Math.ceil(Math.log2(rows))) / rows], DATA_BITS);
  const part = await joint.product(Z128, loss, factor);
  const base = own === null ? zeros(1) : encode([perLoss * own.losses.start], 2 * DATA_BITS);
  return rounded(joint, Z128, subtract(base, part), 2 * DATA_BITS - EXPLAINED_BITS);
}
