/** An epsilon is counted in whole thousandths, so that sums of it are exact. */
const STEPS = 1_000;

/** The thousandths that a task's epsilon stands for: what its noise is made for, and what it is charged. One at least. */
export const thousandthsOf = (epsilon: number): number => Math.max(1, Math.round(epsilon * STEPS));

/** The whole thousandths in an owner's limit, without what lies beyond the last. */
export function wholeThousandthsIn(limit: number): number {
  const nearest = Math.round(limit * STEPS);
  return nearest / STEPS <= limit ? nearest : nearest - 1;
}

/** An epsilon as its thousandths say it. */
export const epsilonOf = (thousandths: number): number => thousandths / STEPS;
