import type { InputFault } from '#libs/chain-domain';
import { Problem } from './problem.js';

/** A whole number of the query, or `fallback` where it is not given. Throws INVALID_QUERY. */
export function wholeNumber(
  query: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const value = query[name];
  if (value === undefined) return fallback;
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  const message = `A whole number from ${min} to ${max}.`;
  throw new Problem('INVALID_QUERY', `${name}: ${message}`, {
    errors: [{ code: 'INVALID_VALUE', pointer: `/${name}`, message }],
  });
}

/** Reads the parameters of a query, and tells all that is wrong with them at once. */
export class QueryReader {
  private readonly faults: InputFault[] = [];

  constructor(
    private readonly query: Readonly<Record<string, unknown>>,
    known: readonly string[],
  ) {
    for (const name of Object.keys(query)) {
      if (!known.includes(name))
        this.fault(name, `There is no parameter ${JSON.stringify(name.slice(0, 80))}; there are ${known.join(', ')}.`);
    }
  }

  fault(name: string, message: string): undefined {
    this.faults.push({ code: 'INVALID_VALUE', pointer: `/${name}`, message });
    return undefined;
  }

  text(name: string, max = 255): string | undefined {
    const value = this.query[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') return this.fault(name, 'Give it once.');
    return value.length > max || value.includes('\0') ? this.fault(name, `At most ${max} characters.`) : value;
  }

  list(name: string, allowed: readonly string[]): string[] | undefined {
    const value = this.query[name];
    if (value === undefined || value === '') return undefined;
    const items = [value].flat().flatMap((item) => String(item).split(','));
    return items.every((item) => allowed.includes(item)) ? items : this.fault(name, `Any of ${allowed.join(', ')}.`);
  }

  number(name: string, fallback: number, min: number, max: number): number {
    const value = this.query[name];
    if (value === undefined) return fallback;
    const parsed = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (parsed >= min && parsed <= max) return parsed;
    this.fault(name, `A whole number from ${min} to ${max}.`);
    return fallback;
  }

  /** As PostgreSQL takes it. */
  time(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return isTime(value) && !Number.isNaN(Date.parse(value))
      ? new Date(value).toISOString()
      : this.fault(name, 'A time such as 2026-01-31T12:00:00Z.');
  }

  /** Throws INVALID_QUERY where anything was wrong. */
  end(): void {
    if (this.faults.length === 0) return;
    throw new Problem('INVALID_QUERY', `${this.faults.length} of the query's parameters are wrong: see errors`, {
      errors: this.faults,
    });
  }
}

const TIME =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$/;

/** A day that there is, and what PostgreSQL takes for a time: Date.parse takes 30 February, and the year 0. */
export function isTime(text: string): boolean {
  const parts = TIME.exec(text)?.groups;
  if (parts === undefined) return false;
  const [year, month, day] = [Number(parts['year']), Number(parts['month']), Number(parts['day'])];
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
