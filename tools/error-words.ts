import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Language } from './parameter-table.js';
import { ROOT } from './steps.js';

/** What the documentation says of a code. `types`: of these task types alone. */
interface ErrorWords {
  readonly types?: readonly string[];
  readonly when?: string;
  readonly todo?: string;
}
/** By code: of answers of the API, of faults of what was sent, of tasks and chains that failed, and of tasks that were skipped. */
export type Catalogue = Readonly<
  Record<'problems' | 'faults' | 'failures' | 'skips', Readonly<Record<string, ErrorWords[]>>>
>;

const PAGES = {
  en: { path: 'docs/errors.md', columns: { types: 'type', when: 'when', todo: 'what to do' }, end: '.' },
  zh: { path: 'docs/zh-CN/errors.md', columns: { types: '类型', when: '何时', todo: '怎么办' }, end: '。' },
} as const;
/** The sections of either page, in their order. What a task waits for, which comes last, has words of the console's own. */
const PARTS = ['problems', 'failures', 'skips'] as const;

/** The file that the console takes its words from, as the page of errors says. */
export async function errorWords(language: Language): Promise<{ path: string; made: string }> {
  const path = `apps/console/src/words/errors-${language}.json`;
  const options = await resolveConfig(join(ROOT, path));
  return { path, made: await format(JSON.stringify(catalogueOf(language)), { ...options, parser: 'json' }) };
}

/** `npm run docs:tasks`: writes what the console says of errors. */
export async function writeErrorWords(): Promise<void> {
  for (const language of ['en', 'zh'] as const) {
    const { path, made } = await errorWords(language);
    writeFileSync(join(ROOT, path), made);
  }
}

/** All codes of a page of errors with their words, which the console shows as plain text. */
export function catalogueOf(language: Language): Catalogue {
  const { path, columns, end } = PAGES[language];
  const found: Record<keyof Catalogue, Record<string, ErrorWords[]>> = {
    problems: {},
    faults: {},
    failures: {},
    skips: {},
  };
  const parts = readFileSync(join(ROOT, path), 'utf8').split(/^## /m).slice(1, 4);
  for (const [at, part] of parts.entries()) {
    for (const [number, section] of part.split(/^### /m).entries()) {
      const kind = PARTS[at] === 'problems' && number > 0 ? 'faults' : PARTS[at]!;
      const [head = [], , ...rows] = section
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => cellsOf(line));
      for (const row of rows) {
        const cell = (column: keyof typeof columns) => row[head.indexOf(columns[column])] ?? '';
        const words = {
          ...(cell('types').includes('`') && { types: codesIn(cell('types')) }),
          ...(cell('when') !== '' && { when: sentence(cell('when'), end) }),
          ...(cell('todo') !== '' && { todo: sentence(cell('todo'), end) }),
        };
        for (const code of codesIn(row[0]!)) (found[kind][code] ??= []).push(words);
      }
    }
  }
  return found;
}

const cellsOf = (line: string): string[] =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));

const codesIn = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => code!);

/** What is there for a link alone: `, see [x](y)` at the end, which leads nowhere in the console. */
const LINK_TAIL = /(?:, and|[,:;] ?(?:see)?|[，：；]见?|和) ?\[[^\]]*\]\([^)]*\)$/;

/**
 * Without the marks of Markdown, and without what only says which field of the answer or which page to read: the console shows the field. A name of code
 * at the beginning stays as it is written.
 */
function sentence(text: string, end: string): string {
  const plain = text
    .replace(LINK_TAIL, '')
    .trimEnd()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[;；] ?`detail`.*$/, '')
    .replaceAll('`', '');
  const first = /^(?:`|\[\w+_)/.test(text) ? plain[0]! : plain[0]!.toUpperCase();
  return first + plain.slice(1) + (plain.endsWith(end) ? '' : end);
}
