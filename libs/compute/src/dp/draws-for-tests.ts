/** Draws that are expected of a cell at the least, so that its count is nearly normal. */
const FEWEST = 25;

function countsOf(drawn: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const each of drawn) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

/**
 * Pearson's chi square of draws against the probability of each value, in standard deviations beyond its degrees of freedom (Wilson and
 * Hilferty 1931): above 6 in about one run of 10^9. Values of which too few draws are expected are one cell.
 */
export function chiSquare(drawn: readonly number[], probabilities: ReadonlyMap<number, number>): number {
  const counts = countsOf(drawn);
  const cells: { seen: number; expected: number }[] = [];
  for (const [value, probability] of probabilities) {
    const expected = probability * drawn.length;
    if (expected >= FEWEST) cells.push({ seen: counts.get(value) ?? 0, expected });
  }
  const rest = {
    seen: drawn.length - cells.reduce((sum, { seen }) => sum + seen, 0),
    expected: drawn.length - cells.reduce((sum, { expected }) => sum + expected, 0),
  };
  if (rest.expected >= FEWEST) cells.push(rest);
  else {
    const last = cells.pop()!;
    cells.push({ seen: last.seen + rest.seen, expected: last.expected + rest.expected });
  }
  const degrees = cells.length - 1;
  if (degrees === 0) return 0;
  const chi = cells.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0);
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(chi / degrees) - (1 - spread)) / Math.sqrt(spread);
}

/**
 * How far the frequencies of a value in draws of two neighbouring tables are beyond the ratio exp(`epsilon`) that is promised, in standard errors
 * of the logarithm of the ratio, at the value where it is worst. Values that are too rare in both are one value.
 */
export function excessOver(epsilon: number, one: readonly number[], other: readonly number[]): number {
  const [ours, theirs] = [countsOf(one), countsOf(other)];
  const rare = { ours: 0, theirs: 0 };
  const pairs: (readonly [number, number])[] = [];
  for (const value of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(value) ?? 0, theirs.get(value) ?? 0];
    if (Math.max(a, b) >= 4 * FEWEST) pairs.push([a, b]);
    else {
      rare.ours += a;
      rare.theirs += b;
    }
  }
  pairs.push([rare.ours, rare.theirs]);
  const excesses = pairs.map(([a, b]) => {
    // Half a draw more, so that none has a logarithm (Haldane 1956).
    const [x, y] = [a + 0.5, b + 0.5];
    return (Math.abs(Math.log(x / y)) - epsilon) / Math.sqrt(1 / x + 1 / y);
  });
  return Math.max(...excesses);
}
