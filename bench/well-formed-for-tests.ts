import { expect } from '@jest/globals';

/** Fails unless every table of a Markdown page has rows as wide as its head, every fence is closed and no figure is missing. */
export function expectWellFormed(markdown: string): void {
  expect(markdown).not.toMatch(/NaN|undefined|\[object/);
  const lines = markdown.split('\n');
  expect(lines.filter((line) => line.startsWith('```')).length % 2).toBe(0);
  let width = 0;
  for (const line of lines) {
    const cells = line.startsWith('|') ? line.split('|').length : 0;
    if (cells > 0 && width > 0) expect([line, cells]).toEqual([line, width]);
    width = cells;
  }
}
