import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SITE_TYPES } from '#libs/compute';
import { filesBelow } from './files.js';
import { ROOT } from './steps.js';

/** Every page of docs/ with its Chinese one in docs/zh-CN/, and elsewhere `<name>.md` with `<name>.zh-CN.md`. */
const PAIRS: readonly (readonly [english: string, chinese: string])[] = [
  ...['README.md', 'SECURITY.md', ...filesBelow('examples', (name) => name === 'README.md')]
    .map((page) => [page, page.replace(/\.md$/, '.zh-CN.md')] as const)
    .filter(([, chinese]) => existsSync(join(ROOT, chinese))),
  ...filesBelow('docs', (name) => /^[^[]+\.md$/.test(name))
    .filter((page) => !/^docs\/(zh-CN|\.vitepress)\//.test(page))
    .map((page) => [page, page.replace(/^docs/, 'docs/zh-CN')] as const),
];
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const withoutBlocks = (text: string): string => text.replaceAll(/^ *```[^]*?^ *```/gm, '');
const headings = (text: string): number[] =>
  [...withoutBlocks(text).matchAll(/^(#+) /gm)].map(([, level]) => level!.length);
/** Code and commands without their remarks, which are translated; pictures hold words. */
const blocks = (text: string): string[] =>
  [...text.matchAll(/^ *```(.*)\n([^]*?)^ *```/gm)].map(([, language, code]) =>
    language === 'mermaid' ? language : `${language}\n${code!.replaceAll(/\s*# .*$/gm, '')}`,
  );
const links = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(([, target]) => target!).filter((target) => !/^\w+:/.test(target));
/** Names in code of the first cell of each row of each table. */
const rows = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^\| ([^|]+)\|/gm)].map(([, cell]) => (cell!.match(/`[^`]+`/g) ?? []).sort().join());

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

describe('the types that run at sites', () => {
  for (const page of ['docs/sites.md', 'docs/zh-CN/sites.md']) {
    it(`are those that the table of ${page} names`, () => {
      const [table] = /^## (?:Types that run at sites|在站点运行的类型)\n[^]*?(?=\n- )/m.exec(textOf(page))!;
      const named = [...table.matchAll(/^\| ([^|]+)\|/gm)].flatMap(([, cell]) => cell!.match(/[a-z_]+(?=`)/g) ?? []);
      expect(named.sort()).toEqual(SITE_TYPES);
    });
  }
});

describe('the variables of .env.example', () => {
  const names = [...textOf('.env.example').matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name]) => name!);
  const own = names.filter((name) => !/_FILE$|^WORKER_CONCURRENCY_/.test(name));
  for (const page of ['README.md', 'README.zh-CN.md']) {
    it(`are in the table of ${page}`, () =>
      expect(own.filter((name) => !new RegExp(`^\\|.*\`${name}\``, 'm').test(textOf(page)))).toEqual([]));
  }
});

describe('the threats in SECURITY.md', () => {
  const rowsOf = (page: string): string[] => textOf(page).match(/^\| `[A-Z]+-[A-Z0-9]+` .*$/gm) ?? [];
  const testsOf = (row: string): [file: string, name: string][] =>
    [...row.matchAll(/`([^`]+\.spec\.m?[jt]s)` “([^”]+)”/g)].map(([, file, name]) => [file!, name!]);

  it('are all of STRIDE, and those among the parties', () => {
    const ids = rowsOf('SECURITY.md').map((row) => row.split('`')[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const letter of 'STRIDE') expect(ids.some((id) => id.split('-')[1]!.startsWith(letter))).toBe(true);
    for (const kind of ['PSI', 'FL', 'MPC', 'BAD']) expect(ids.some((id) => id.startsWith(`${kind}-`))).toBe(true);
  });

  it('name tests that are there, the same in both languages', () => {
    const faults: string[] = [];
    for (const row of rowsOf('SECURITY.md')) {
      const tests = testsOf(row);
      if (tests.length === 0) faults.push(`no test: ${row}`);
      for (const [file, name] of tests) {
        const declared = existsSync(join(ROOT, file)) ? textOf(file) : '';
        if (!declared.includes(name)) faults.push(`${file} has no test "${name}"`);
      }
    }
    expect(faults).toEqual([]);
    expect(rowsOf('SECURITY.zh-CN.md').map(testsOf)).toEqual(rowsOf('SECURITY.md').map(testsOf));
  });
});
