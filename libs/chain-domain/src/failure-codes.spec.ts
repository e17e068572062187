import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { FAILURE_CODES } from './failure-codes.js';

const page = (path: string): string => readFileSync(new URL(`../../../../docs/${path}`, import.meta.url), 'utf8');

test.each([
  ['errors.md', '### Of every task'],
  ['zh-CN/errors.md', '### 所有任务'],
])('%s has the failure codes of every task', (path, title) => {
  const section = page(path).split(`${title}\n`)[1]!.split(/^#/m)[0]!;
  const codes = [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
  expect(codes.sort()).toEqual([...FAILURE_CODES].sort());
});
