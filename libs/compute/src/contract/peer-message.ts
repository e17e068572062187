import { TaskFailure } from './task-type.js';

/** More rows than a table of a protocol has. */
export const MAX_ROWS = 100_000_000;

/** A peer's message as JSON: a plain object, read field by field. Each reader throws PROTOCOL_VIOLATION on a field that does not fit. */
export class PeerMessage {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    private readonly peer: string,
    value: unknown,
  ) {
    if (!isPlain(value)) throw violation(peer, 'a message that is no plain object');
    this.fields = value;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.fields, name);
  }

  /** A whole number from 0 to `max`. */
  count(name: string, max: number): number {
    const value = this.own(name);
    if (isCount(value, max)) return value;
    throw violation(this.peer, `a ${name} that is no whole number from 0 to ${max}`);
  }

  /** A text of at most `length` characters. */
  text(name: string, length: number): string {
    const value = this.own(name);
    if (typeof value === 'string' && value.length <= length) return value;
    throw violation(this.peer, `a ${name} that is no text of at most ${length} characters`);
  }

  /** One of these texts. */
  choice<T extends string>(name: string, choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.own(name));
    if (found !== undefined) return found;
    throw violation(this.peer, `a ${name} that is not known`);
  }

  /** A list of at most `most` items, each as `fits` says. */
  list<T>(name: string, most: number, fits: (item: unknown) => item is T): T[] {
    const value = this.own(name);
    if (Array.isArray(value) && value.length <= most && value.every(fits)) return value;
    throw violation(this.peer, `a ${name} that is no list of at most ${most} items that fit`);
  }

  flag(name: string): boolean {
    const value = this.own(name);
    if (typeof value === 'boolean') return value;
    throw violation(this.peer, `a ${name} that is neither true nor false`);
  }

  /** The names of its fields, at most `most`. */
  names(most: number): string[] {
    const names = Object.keys(this.fields);
    if (names.length <= most) return names;
    throw violation(this.peer, `a message of more than ${most} fields`);
  }

  /** A field that is a plain object itself. */
  part(name: string): PeerMessage {
    return new PeerMessage(this.peer, this.own(name));
  }

  private own(name: string): unknown {
    return this.has(name) ? this.fields[name] : undefined;
  }
}

/** The failure of a task whose peer does not follow the protocol. Quotes nothing that the peer sent. */
export function violation(peer: string, what: string): TaskFailure {
  return new TaskFailure('PROTOCOL_VIOLATION', `Party ${peer} sent ${what}.`, false, { party: peer });
}

/** Whether the value is a whole number from 0 to `max`. */
export const isCount = (value: unknown, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;

/** Whether the value is a text of at most `length` characters. */
export const isText = (value: unknown, length: number): value is string =>
  typeof value === 'string' && value.length <= length;

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
