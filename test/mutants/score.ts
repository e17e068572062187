/** What became of the mutants of a set. Those that ran out of time are neither killed nor survivors. */
export interface Counts {
  readonly killed: number;
  readonly survived: number;
  readonly timeouts: number;
  /** Changes that no build or no database takes: they are no mutants. */
  readonly invalid: number;
}

/** 1.96 standard deviations hold 95 % of a normal distribution. */
const Z = 1.96;

/**
 * The share of killed mutants among the killed and the survivors in percent, and its 95 % interval: Wilson, "Probable
 * inference, the law of succession, and statistical inference", JASA 22 (1927).
 */
export function score({ killed, survived }: Pick<Counts, 'killed' | 'survived'>): {
  percent: number;
  low: number;
  high: number;
} {
  const n = killed + survived;
  if (n === 0) return { percent: 0, low: 0, high: 100 };
  const share = killed / n;
  const middle = share + Z ** 2 / (2 * n);
  const half = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  const whole = 1 + Z ** 2 / n;
  return { percent: 100 * share, low: (100 * (middle - half)) / whole, high: (100 * (middle + half)) / whole };
}
