import { cast } from './cast.js';
import { equalWidthBinning, quantileBinning } from './binning.js';
import { dropColumns, selectColumns } from './choose-columns.js';
import { fillna } from './fillna.js';
import { labelEncoder } from './label-encoder.js';
import { minmaxScaler } from './minmax-scaler.js';
import { onehotEncoder } from './onehot-encoder.js';
import { standardScaler } from './standard-scaler.js';
import type { StepKind } from './step.js';

/** The steps that are also task types. */
export const singleSteps = [
  fillna,
  standardScaler,
  minmaxScaler,
  labelEncoder,
  onehotEncoder,
  quantileBinning,
  equalWidthBinning,
  cast,
];

/** Every step. A new one is one file and one line here. */
export const stepKinds: readonly StepKind[] = [...singleSteps, selectColumns, dropColumns];

export function stepKind(op: string): StepKind {
  const kind = stepKinds.find((each) => each.op === op);
  if (!kind) throw new Error(`No step is called ${op}`);
  return kind;
}
