import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { ExampleOutcome, Result } from './example-outcome.js';

/** Made by `examples/risk-control/reference.py`, from the tables in clear. */
const reference = JSON.parse(
  readFileSync(new URL('../../../examples/risk-control/reference.figures.json', import.meta.url), 'utf8'),
) as Result;

/** Holds the figures of the risk-control example to those of scikit-learn. p-values are sealed: ss-pvalue.spec.ts holds them to statsmodels. */
export function expectRiskControl(outcome: ExampleOutcome): void {
  const { results } = outcome;
  expect(results.intersect.intersection_count).toBe(955);
  for (const party of ['alice', 'bob']) {
    const { rows, columns } = outcome.json(results.woe.report_paths[party]);
    expect(rows).toBe(reference.rows.train);
    for (const [name, { iv }] of Object.entries(columns as Record<string, { iv: number }>))
      expect({ name, share: iv / reference.iv[name] }).toEqual({ name, share: expect.closeTo(1, 2) });
  }
  expect(outcome.column(results.predict.prediction_output, 'prediction')).toHaveLength(reference.rows.test);
  const { metrics } = outcome.json(results.evaluate.output_report);
  expect(Math.abs(metrics.auc - reference.auc)).toBeLessThan(0.005);
  // So close is equal: one row moves KS by 0.006.
  expect(Math.abs(metrics.ks - reference.ks)).toBeLessThan(0.005);
  const { rows, buckets } = outcome.json(results.bias.output_report);
  expect([rows, buckets.length, results.bias.rows]).toEqual([reference.rows.test, 5, 220]);
  expect(results.report.auc).toBe(results.evaluate.metrics.auc);
}
