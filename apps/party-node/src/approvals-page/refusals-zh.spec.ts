import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { refusalZh } from './refusals-zh.js';

/** What a function of these files may refuse with, a value of it as `x`: as they are built. */
async function refusalsOf(file: string): Promise<readonly string[]> {
  const source = await readFile(new URL(file, import.meta.url), 'utf8');
  const texts = [...source.matchAll(/new Refusal\((?:`([^`]*)`|'([^']*)')\)/g)].map((each) => each[1] ?? each[2]!);
  // Of two texts in one, both; of what the rest of a sentence is, each that stands there.
  const whys = [...source.matchAll(/\? '(does not [^']*)'\s*: `(was not [^`]*)`/g)].flatMap(([, one, two]) => [
    one!,
    two!,
  ]);
  return texts
    .flatMap((text) => (text.includes('${why}') ? whys.map((why) => text.replace('${why}', why)) : [text]))
    .flatMap((text) => {
      const [, one, two] = /\$\{\w+ \? '([^']*)' : '([^']*)'\}/.exec(text) ?? [];
      return one === undefined ? [text] : [one, two!].map((each) => text.replace(/\$\{\w+ \? [^}]*\}/, each));
    })
    .map((text) => text.replaceAll(/\$\{[^}]*\}/g, 'x'));
}

describe('the refusals of the page', () => {
  for (const [file, most] of [
    ['../approvals.js', 7],
    ['../inputs.js', 2],
    ['../members.js', 2],
    ['./serve.js', 1],
  ] as const)
    test(`of ${file} are all in Chinese`, async () => {
      const all = (await refusalsOf(file)).filter((text) => !text.startsWith('The page cannot listen'));
      expect(all).toHaveLength(most);
      for (const text of all)
        expect([text, refusalZh(text)]).toEqual([text, expect.stringMatching(/^[^A-Za-z]*\p{Script=Han}/u)]);
    });

  test('say which task and file, and stay as they are where there are no words', () => {
    expect(
      refusalZh('The task reads artifact:c/t/a.csv, which was not left by a run that ended here: run c/t again.'),
    ).toBe('任务所读的 artifact:c/t/a.csv 不是在此结束的运行留下的：请重新运行 c/t。');
    expect(refusalZh('The disk is full.')).toBe('The disk is full.');
  });
});
