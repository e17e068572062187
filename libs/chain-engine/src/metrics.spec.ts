import { expect, test } from '@jest/globals';
import { FAILURE_CODES } from '#libs/chain-domain';
import { Registry } from 'prom-client';
import { countEnded, makeEngineMetrics } from './metrics.js';

test('codes beyond a hundred are counted as other, those of the engine never', async () => {
  const registry = new Registry();
  const metrics = makeEngineMetrics(registry);
  const ended = { status: 'FAILURE', total_tasks: 1, seconds: 1 } as const;
  for (let n = 0; n < 1_000; n++) countEnded(metrics, { ...ended, error_code: `CODE_${n}` });
  countEnded(metrics, { ...ended, error_code: 'TIMEOUT_CHAIN' });
  const { values } = await metrics.chainFailures.get();
  const labels = values.map(({ labels: { code } }) => code);
  expect(labels).toHaveLength(100 - FAILURE_CODES.length + 2);
  expect(labels).toEqual(expect.arrayContaining(['CODE_0', 'other', 'TIMEOUT_CHAIN']));
  expect(values.reduce((sum, { value }) => sum + value, 0)).toBe(1_001);
});
