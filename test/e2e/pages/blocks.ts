import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. Compiled, this file lies in dist/test/e2e/pages. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A fenced block of code of a page. */
export interface Block {
  /** Path in the project, and the line of the fence. */
  readonly page: string;
  readonly line: number;
  /** Its last heading. */
  readonly section: string;
  /** The first word of the info string: `sh`, `json` and so on. */
  readonly language: string;
  /** The file that the page saves it as: ```` ```json [chain.json] ````. */
  readonly file: string | undefined;
  readonly code: string;
  /** Why it is neither run nor checked: `<!-- not checked: … -->` on the line before. */
  readonly unchecked: string | undefined;
}

const FOLDERS_WITHOUT_PAGES = /^(node_modules|dist|\..*)$/;

/** Every page for readers of the project, as a path in it. Snapshots of tests and written results are none. */
export function pagesBelow(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return FOLDERS_WITHOUT_PAGES.test(entry.name) ? [] : pagesBelow(path);
    return /\.md$/.test(path) && !/\.snap\.md$|^bench\/results\/|\[/.test(path) ? [path] : [];
  });
}

/** Whether it is the Chinese one of a pair, whose blocks are those of the English one (tools/readme.spec.ts). */
export const isChinese = (page: string): boolean => /zh-CN/.test(page);

/** The blocks of a page in order. Throws for one that is not closed. */
export function blocksOf(page: string): Block[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  const blocks: Block[] = [];
  let section = '';
  for (let at = 0; at < lines.length; at++) {
    section = /^#+ .*/.exec(lines[at]!)?.[0] ?? section;
    const open = /^( *)(`{3,})(\w*) *(?:\[(.+)\])?/.exec(lines[at]!);
    if (!open) continue;
    const [, indent = '', fence = '', language = '', file] = open;
    const end = lines.findIndex((line, later) => later > at && line.trim() === fence);
    if (end < 0) throw new Error(`${page}:${at + 1}: this block is not closed`);
    const code = lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const before = lines.slice(0, at).findLast((line) => line.trim() !== '') ?? '';
    const unchecked = /<!-- not checked: (.+) -->/.exec(before)?.[1];
    blocks.push({ page, line: at + 1, section, language, file, code: `${code.join('\n')}\n`, unchecked });
    at = end;
  }
  return blocks;
}
