/** The density of Student's t, or of the normal distribution (`free` Infinity), up to a factor. */
const density = (free: number, x: number): number =>
  Math.exp(free === Infinity ? (-x * x) / 2 : (-(free + 1) / 2) * Math.log1p((x * x) / free));

/** Beyond it there is less than 10^-9, from 18 degrees of freedom on. */
const FAR = 20;
const STEP = 0.01;

/** By Simpson's rule. */
function area(free: number, from: number): number {
  if (from >= FAR) return 0;
  const steps = 2 * Math.ceil((FAR - from) / STEP / 2);
  const width = (FAR - from) / steps;
  let sum = density(free, from) + density(free, FAR);
  for (let at = 1; at < steps; at += 1) sum += (at % 2 === 1 ? 4 : 2) * density(free, from + at * width);
  return (sum * width) / 3;
}

/** p of a two-sided test: how likely a z of this size or more is by chance, to three decimals. `free`: degrees of freedom of t. */
export function pOf(z: number, free: number): number {
  return Number((area(free, Math.abs(z)) / area(free, 0)).toFixed(3));
}
