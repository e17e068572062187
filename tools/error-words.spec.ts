import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PROBLEMS } from '../apps/api/src/http/problem.js';
import { FAILURE_CODES } from '#libs/chain-domain';
import { catalogueOf, errorWords, type Catalogue } from './error-words.js';
import { ROOT } from './steps.js';

/** Of both: the words that their page leaves out say nothing. */
const BARE = ['NOT_ACCEPTABLE', 'IDEMPOTENCY_KEY_IN_USE'];
const SKIPS = ['UPSTREAM_FAILED', 'UPSTREAM_SKIPPED', 'TRIGGER_RULE', 'CONDITION', 'CHAIN_STOPPED', 'OPERATOR'];

describe.each(['en', 'zh'] as const)('what the console says of errors in %s', (language) => {
  const words = catalogueOf(language);

  it('is what the page of errors says: else run npm run docs:tasks', async () => {
    const { path, made } = await errorWords(language);
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(made);
  });

  it('has every code of the API, and no other', () => {
    expect(Object.keys(words.problems).sort()).toEqual(Object.keys(PROBLEMS).sort());
  });

  it('has every failure that each task may have', () => {
    expect(FAILURE_CODES.filter((code) => !Object.hasOwn(words.failures, code))).toEqual([]);
  });

  it('says when and what to do, as sentences without Markdown', () => {
    const said = [...each(words)];
    expect(said.length).toBeGreaterThan(150);
    const end = language === 'zh' ? '。' : '.';
    expect(Object.keys(words.skips)).toEqual(SKIPS);
    for (const { code, when, todo } of said) {
      expect([code, when ?? todo, todo !== undefined || [...BARE, ...SKIPS].includes(code)]).toEqual([
        code,
        expect.anything(),
        true,
      ]);
      for (const text of [when, todo]) expect([code, text?.endsWith(end) ?? true]).toEqual([code, true]);
      expect(`${when} ${todo}`).not.toMatch(/`|\]\(/);
    }
  });
});

it('the console says the same of each code in both languages', () => {
  const shape = (words: Catalogue) =>
    [...each(words)].map(({ code, types, when, todo }) => [code, types, when !== undefined, todo !== undefined]);
  expect(shape(catalogueOf('zh'))).toEqual(shape(catalogueOf('en')));
});

function* each(words: Catalogue) {
  for (const codes of Object.values(words)) {
    for (const [code, all] of Object.entries(codes)) for (const one of all) yield { code, ...one };
  }
}
