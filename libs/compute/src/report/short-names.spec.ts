import { expect, it } from '@jest/globals';
import { shortNames } from './short-names.js';

it('tells names with the same beginning apart', () => {
  expect(shortNames(['age', 'smoothness_mean', 'smoothness_se', 'smoothness_worst'], 76)).toEqual([
    'age',
    'smoo…mean',
    'smoot…s_se',
    'smoot…orst',
  ]);
  const alike = ['left', 'right'].map((side) => `the_same_beginning_${side}_and_the_same_end_of_it`);
  const short = shortNames([...alike, 'ß_'.repeat(60), '客户最近十二个月的平均信用卡账单金额', ''], 76);
  expect(new Set(short).size).toBe(5);
  expect(short[0]).toMatch(/^1: the.*it$/);
  expect(short.every((name) => [...name].length < 13)).toBe(true);
  expect(shortNames([], 76)).toEqual([]);
});
