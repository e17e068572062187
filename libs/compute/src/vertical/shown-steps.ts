/** The steps, from 0, after which one of so many losses is opened: evenly spread up to the last. */
export function stepsWithLoss(steps: number, losses: number): ReadonlySet<number> {
  const count = Math.max(Math.min(steps, losses), 0);
  return new Set(Array.from({ length: count }, (_, at) => Math.round(((at + 1) * steps) / count) - 1));
}
