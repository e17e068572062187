import { TaskFailure } from '../contract/task-type.js';

/** The most different values of a label. The sums by bucket of a finer one would name rows. */
const MAX_VALUES = 16;

/** Throws TaskFailure TOO_MANY_LABEL_VALUES, or GROUP_TOO_SMALL if a value is that of under `least` rows. */
export function checkLabelValues(
  { party, path, name }: { readonly party: string; readonly path: string; readonly name: string },
  label: Float64Array,
  least: number,
): void {
  const counts = new Map<number, number>();
  for (const value of label) counts.set(value, (counts.get(value) ?? 0) + 1);
  const where = `Party ${party}: label ${JSON.stringify(name)} of ${path}`;
  if (counts.size > MAX_VALUES) {
    throw new TaskFailure(
      'TOO_MANY_LABEL_VALUES',
      `${where} has more than ${MAX_VALUES} different values, by which sums would name rows; bin it first ` +
        '(quantile_binning), or train with ss_xgb.',
      false,
      { party, column: name, max_values: MAX_VALUES },
    );
  }
  if (counts.size === 1 || Math.min(...counts.values()) >= least) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `${where} has a value of under ${least} training rows, which sums would name; merge it with another, or train with ss_xgb.`,
    false,
    { party, column: name, min_rows: least },
  );
}
