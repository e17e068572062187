import { describe, expect, test } from '@jest/globals';
import { fittingSchedule } from './room.js';
import { defaultBatchSize, type TrainingParams } from './schedule.js';

describe('the rows of a step that a task leaves open', () => {
  test.each([
    [1, 64],
    [569, 64],
    [12_799, 64],
    [12_800, 128],
    [100_000, 512],
    [102_400, 1024],
    [10_000_000, 1024],
  ])('of %d rows are %d', (rows, size) => expect(defaultBatchSize(rows)).toBe(size));

  const OPEN: TrainingParams = { regType: 'linear', epochs: 1, batchSize: null, learningRate: 0.1, l1: 0, l2: 0 };
  const sized = (features: number) => ({ features: [features, 0], label: 0 });
  const fit = (training: TrainingParams, features: number) =>
    fittingSchedule(training, 100_000, [2, 2], sized(features));

  test('are fewer where values are so large that more have no room, and those that a task names stay', () => {
    expect(fit(OPEN, 0)?.schedule.batchSize).toBe(512);
    const sizes = Array.from({ length: 21 }, (_, features) => fit(OPEN, features)?.schedule.batchSize ?? 0);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const halved = sizes.findIndex((size) => size > 0 && size < 512);
    expect(halved).toBeGreaterThan(0);
    expect(fit({ ...OPEN, batchSize: 512 }, halved)).toBeNull();
    expect(fit({ ...OPEN, batchSize: sizes[halved]! }, halved)?.schedule.batchSize).toBe(sizes[halved]);
    for (const batchSize of [4, 48]) expect(fit({ ...OPEN, batchSize }, 0)?.schedule.batchSize).toBe(batchSize);
    // Steps of a few rows would take hours, where scaling the features helps.
    expect(Math.min(...sizes.filter((size) => size > 0))).toBeGreaterThanOrEqual(16);
  });
});
