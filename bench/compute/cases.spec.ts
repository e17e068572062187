import { describe, expect, test } from '@jest/globals';
import { taskTypes } from '#libs/compute';
import { measureType } from './measure-type.js';
import { modelCases } from './model-cases.js';
import { tableCases } from './table-cases.js';

const cases = [...tableCases(600), ...modelCases(600, 400)];

/** They read no table, or take as long as a command of an operator. */
const RESULTS_ALONE = ['model_export', 'report', 'http', 'script', 'diagnostic'];

describe('the measurements', () => {
  test('are of every type that reads tables', () => {
    const types = taskTypes
      .filter(({ onlyOn }) => onlyOn === undefined)
      .map(({ type }) => type)
      .filter((type) => !RESULTS_ALONE.includes(type));
    expect(cases.map(({ type }) => type).sort()).toEqual(types.sort());
  });

  for (const type of ['psi', 'table_statistics', 'validation', 'evaluation', 'encrypt']) {
    test(`find ${type} where plain arithmetic is`, async () => {
      const measured = await measureType(cases.find((each) => each.type === type)!);
      expect(measured).toMatchObject({ type, rows: 600, seconds: expect.any(Number), peakMiB: expect.any(Number) });
      expect(Math.abs(Number(measured.figure))).toBeLessThan(1e-9);
    });
  }
});
