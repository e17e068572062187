import type { CelInput } from '@bufbuild/cel';
import { charge } from './budget.js';

/**
 * JSON values as CEL sees them: lists and maps are looked into where they are, without a copy, and each look is
 * charged. Only own properties are there. Numbers are doubles, as JSON's are.
 */
export function celOf(value: unknown): CelInput {
  if (Array.isArray(value)) return new JsonList(value) as unknown as CelInput;
  if (value !== null && typeof value === 'object') {
    return new JsonMap(value as Record<string, unknown>) as unknown as CelInput;
  }
  return (value ?? null) as CelInput;
}

// The library knows its lists and maps by these symbols, registered for copies of itself to share.
const LIST = Symbol.for('@bufbuild/cel/list');
const MAP = Symbol.for('@bufbuild/cel/map');

class JsonList {
  readonly [LIST] = {};

  constructor(private readonly items: readonly unknown[]) {}

  get size(): number {
    return this.items.length;
  }

  get(index: number): CelInput | undefined {
    charge(1);
    return index >= 0 && index < this.items.length ? celOf(this.items[index]) : undefined;
  }

  *values(): Generator<CelInput> {
    for (const item of this.items) {
      charge(1);
      yield celOf(item);
    }
  }

  [Symbol.iterator](): Generator<CelInput> {
    return this.values();
  }
}

class JsonMap {
  readonly [MAP] = {};

  constructor(private readonly object: Readonly<Record<string, unknown>>) {}

  get size(): number {
    return Object.keys(this.object).length;
  }

  has(key: unknown): boolean {
    charge(1);
    return typeof key === 'string' && Object.hasOwn(this.object, key);
  }

  get(key: unknown): CelInput | undefined {
    return this.has(key) ? celOf(this.object[key as string]) : undefined;
  }

  *keys(): Generator<string> {
    for (const key of Object.keys(this.object)) {
      charge(1);
      yield key;
    }
  }

  *values(): Generator<CelInput> {
    for (const key of this.keys()) yield celOf(this.object[key]);
  }

  *entries(): Generator<[string, CelInput]> {
    for (const key of this.keys()) yield [key, celOf(this.object[key])];
  }

  forEach(callback: (value: CelInput, key: string) => void): void {
    for (const [key, value] of this.entries()) callback(value, key);
  }

  [Symbol.iterator](): Generator<[string, CelInput]> {
    return this.entries();
  }
}
