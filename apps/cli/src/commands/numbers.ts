import { InvalidArgumentError } from 'commander';

/** Reads a flag's whole number from 1. */
export function natural(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 is needed');
  return value;
}
