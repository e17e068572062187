import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { expect } from 'expect';
import { ROOT } from './steps.mjs';

/** Pages that say the same things in two languages. */
const PAIRS = [
  ['README.md', 'README.zh-CN.md'],
  ['examples/README.md', 'examples/README.zh-CN.md'],
  ['examples/encrypted-delivery/README.md', 'examples/encrypted-delivery/README.zh-CN.md'],
  ['examples/federated-training/README.md', 'examples/federated-training/README.zh-CN.md'],
  ['docs/chain-language.md', 'docs/zh-CN/chain-language.md'],
  ['docs/errors.md', 'docs/zh-CN/errors.md'],
  ['docs/performance.md', 'docs/zh-CN/performance.md'],
  ['docs/metrics.md', 'docs/zh-CN/metrics.md'],
];
const textOf = (path) => readFileSync(join(ROOT, path), 'utf8');
const withoutBlocks = (text) => text.replaceAll(/^```[^]*?^```/gm, '');
const headings = (text) => [...withoutBlocks(text).matchAll(/^(#+) /gm)].map(([, level]) => level.length);
/** Code and commands without their remarks, which are translated; pictures hold words. */
const blocks = (text) =>
  [...text.matchAll(/^```(\w*)\n([^]*?)^```/gm)].map(([, language, code]) =>
    language === 'mermaid' ? language : `${language}\n${code.replaceAll(/\s*# .*$/gm, '')}`,
  );
const links = (text) =>
  [...text.matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(([, target]) => target).filter((target) => !/^\w+:/.test(target));
/** Names in code of the first cell of each row of each table. */
const rows = (text) =>
  [...withoutBlocks(text).matchAll(/^\| ([^|]+)\|/gm)].map(([, cell]) => (cell.match(/`[^`]+`/g) ?? []).join());

describe('the pages in two languages', () => {
  for (const [english, chinese] of PAIRS) {
    const [en, zh] = [textOf(english), textOf(chinese)];
    it(`${english} and ${chinese} have the same sections`, () => expect(headings(zh)).toEqual(headings(en)));
    it(`${english} and ${chinese} have the same commands and code`, () => expect(blocks(zh)).toEqual(blocks(en)));
    it(`${english} and ${chinese} have the same rows in their tables`, () => expect(rows(zh)).toEqual(rows(en)));
    for (const path of [english, chinese]) {
      it(`${path} links to what is there`, () => {
        const targets = links(textOf(path)).map((target) => join(dirname(path), target));
        expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
      });
    }
  }
});
