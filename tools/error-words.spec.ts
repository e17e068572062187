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

  it('leaves names of code as they are, and leaves out links that lead nowhere', () => {
    for (const { when = '', todo = '' } of each(words)) {
      for (const text of [when, todo]) {
        expect(text).not.toMatch(/^[A-Z][a-z]*_|^[A-Z][a-z]+ ?\p{Script=Han}/u);
        expect(text).not.toMatch(/[,:] see [\w. -]+\.$|[，：]见[^，：；]+。$/);
      }
    }
    expect(words.failures['TURNS_EXHAUSTED']![0]!.when).toMatch(/^(The until of a )?repeat\b/);
    const ends = { en: ['See errors.', /such that more differ\.$/], zh: ['见 errors。', /相差更多的行。$/] }[language];
    expect(words.problems['INVALID_JSON']![0]!.todo).toBe(ends[0]);
    expect(words.failures['ROWS_TOO_CLOSE']![0]!.todo).toMatch(ends[1]!);
  });

  it('says what to do, where it might say what happened', () => {
    for (const code of ['METRIC_BELOW_GATE', 'PARTY_LOST', 'SITE_REFUSED']) {
      for (const { when, todo } of words.failures[code]!) {
        expect([code, when, todo]).toEqual([code, expect.anything(), expect.anything()]);
        expect(todo).not.toBe(when);
      }
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
