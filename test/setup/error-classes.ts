import { runInThisContext } from 'node:vm';

/**
 * Jest runs a test file in a vm context with its own Error classes. Node's modules (fs, fetch) throw errors of the outer
 * classes. Makes `instanceof` accept both, as it does outside tests.
 */
const inner = globalThis as unknown as Record<string, { prototype: object }>;
const NAMES = [
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

for (const name of [...NAMES, 'Object']) {
  const own = inner[name]!;
  const outer = runInThisContext(name) as { prototype: object };
  const isPrototypeOf = Object.prototype.isPrototypeOf;
  Object.defineProperty(own, Symbol.hasInstance, {
    value(this: { prototype: object }, value: object): boolean {
      if (isPrototypeOf.call(this.prototype, value)) return true;
      return this === own && isPrototypeOf.call(outer.prototype, value);
    },
  });
}
