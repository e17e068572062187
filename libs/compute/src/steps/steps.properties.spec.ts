import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { minmaxScaler } from './minmax-scaler.js';
import { onehotEncoder } from './onehot-encoder.js';
import { applyStep, AS_LEARNT } from '../rules/apply-step.js';
import type { RuleStep, ScaleRule } from '../rules/rule-types.js';
import { standardScaler } from './standard-scaler.js';
import type { StepKind } from './step.js';

/** Runs a step over a table of one column `x`; its rows and rules. */
function run(kind: StepKind, values: readonly string[], options: object): { rows: string[][]; rules: RuleStep } {
  const where = { party: 'alice', label: 'input_data' };
  const learning = kind.start({ where, columns: ['x'], chosen: [0], options: options as never });
  values.forEach((value, i) => learning.observe?.([value], i + 1));
  const rules = learning.learn();
  const step = applyStep(rules, { where, columns: ['x'] }, AS_LEARNT);
  return { rows: values.map((value, i) => step.apply([value], i + 1)), rules };
}

const NUMBERS = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 1, maxLength: 50 });

describe('scaling', () => {
  const cases: readonly (readonly [StepKind, object])[] = [
    [minmaxScaler, {}],
    [minmaxScaler, { feature_range: [-3, 5] }],
    [standardScaler, {}],
    [standardScaler, { with_mean: false }],
    [standardScaler, { with_std: false }],
  ];
  for (const [kind, options] of cases) {
    test(`then unscaling is the identity: ${kind.op} ${JSON.stringify(options)}`, () => {
      fc.assert(
        fc.property(NUMBERS, (numbers) => {
          const { rows, rules } = run(kind, numbers.map(String), options);
          const [{ shift, factor, offset }] = rules.columns as [ScaleRule];
          rows.forEach(([scaled], i) => {
            expect((Number(scaled) - offset) / factor + shift).toBeCloseTo(numbers[i]!, 4);
          });
        }),
      );
    });
  }

  test('by smallest and largest value ends within the range, and reaches both ends', () => {
    fc.assert(
      fc.property(NUMBERS, (numbers) => {
        const scaled = run(minmaxScaler, numbers.map(String), { feature_range: [-3, 5] }).rows.map(([x]) => Number(x));
        expect(Math.min(...scaled)).toBeCloseTo(-3, 9);
        expect(Math.max(...scaled)).toBeCloseTo(new Set(numbers).size > 1 ? 5 : -3, 9);
      }),
    );
  });
});

test('one-hot rows have a single 1, and equal values equal rows', () => {
  const classes = fc.array(fc.constantFrom('a', 'b', 'ß', '华', 'a,b'), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(classes, (values) => {
      const { rows } = run(onehotEncoder, values, {});
      const seen = new Map<string, string>();
      rows.forEach((row, i) => {
        expect(row.filter((field) => field === '1')).toHaveLength(1);
        expect(row.filter((field) => field === '0')).toHaveLength(new Set(values).size - 1);
        const text = row.join();
        expect(seen.get(values[i]!) ?? text).toBe(text);
        seen.set(values[i]!, text);
      });
      expect(new Set(seen.values()).size).toBe(new Set(values).size);
    }),
  );
});
