import type { Json, JsonObject } from '../contract/task-type.js';

/** The figures that a reader looks for first; each where an upstream result has it. */
export interface Headline {
  readonly intersection_count?: number;
  readonly auc?: number;
  readonly ks?: number;
  readonly accuracy?: number;
}

/** The headline figures of results: of each, the last that was found, which is the nearest to the end of the chain. */
export function headlineOf(results: readonly Json[]): Headline {
  const found: Record<string, number> = {};
  for (const result of results) {
    if (!isObject(result)) continue;
    const metrics = isObject(result.metrics) ? result.metrics : {};
    for (const [name, value] of [
      ['intersection_count', result.intersection_count],
      ['auc', metrics.auc],
      ['ks', metrics.ks],
      ['accuracy', metrics.accuracy],
    ] as const) {
      if (typeof value === 'number' && value >= 0) found[name] = value;
    }
  }
  return found;
}

/** Whether a JSON value is an object, and no list. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
