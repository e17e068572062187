import { InvalidArgumentError } from 'commander';

/** Reads a flag's whole number from 1. */
export function natural(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 is needed');
  return value;
}

/** Reads how many days a decision counts. */
export function days(text: string): number {
  const value = natural(text);
  if (value > 3_660) throw new InvalidArgumentError('at most 3660 days');
  return value;
}

/** Reads how many uses a standing approval covers. */
export function uses(text: string): number {
  const value = natural(text);
  if (value > 1_000_000) throw new InvalidArgumentError('at most 1000000 uses');
  return value;
}
