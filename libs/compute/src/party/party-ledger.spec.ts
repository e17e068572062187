import { appendFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ledgerFile, PartyLedger } from './party-ledger.js';

describe('a ledger that is read while it grows', () => {
  let root: string;
  let path: string;
  let ledger: PartyLedger;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ledger-'));
    await mkdir(join(root, '.party'));
    path = ledgerFile(root);
    ledger = new PartyLedger(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  const line = (subject: string, serial = 1): string => JSON.stringify({ kind: 'serial', subject, serial });
  const serials = async (): Promise<object> => Object.fromEntries((await ledger.read()).serials);
  const serialsAfter = async (more: string): Promise<object> => {
    await appendFile(path, more);
    return serials();
  };

  it('has what others append, as soon as it is whole', async () => {
    expect(await serials()).toEqual({});
    expect(await serialsAfter(`${line('a', 2)}\n`)).toEqual({ a: 2 });
    expect(await serialsAfter(`\n${line('ß')}`)).toEqual({ a: 2, ß: 1 });
    expect(await serialsAfter(`\n${line('b').slice(0, 9)}`)).toEqual({ a: 2, ß: 1 });
    expect(await serialsAfter(`${line('b').slice(9)}\n\n{"cut\n`)).toEqual({ a: 2, ß: 1, b: 1 });
    expect(await serialsAfter(`\n${line('a', 3)}\n`)).toEqual({ a: 3, ß: 1, b: 1 });
  });

  it('keeps the order of uses, and forgets what was void, wherever it stopped', async () => {
    const use = (id: string): string => JSON.stringify({ kind: 'use', id, at: '', use: id, datasets: [] });
    const ids = async (): Promise<string[]> => (await ledger.read()).uses.map((each) => each.use);
    const gone = `\n${JSON.stringify({ kind: 'void', id: 'one' })}\n`;
    const all = `\n${use('one')}\n\n${use('two')}\n${gone}\n${use('three')}\n`;
    for (const letter of all) {
      await appendFile(path, letter);
      await ids();
    }
    expect(await ids()).toEqual(['two', 'three']);
    expect((await Promise.all([ids(), ids(), ids()])).at(-1)).toEqual(['two', 'three']);
  });

  it('is read from its beginning where it is another file or shorter, and else no line is read twice', async () => {
    await serialsAfter(`${line('a')}\n`);
    const { size } = await stat(path);
    await writeFile(`${path}.new`, `${line('c')}\n`.padEnd(size + 1));
    await rename(`${path}.new`, path);
    expect(await serials()).toEqual({ c: 1 });
    await writeFile(path, `${line('d')}\n`);
    expect(await serials()).toEqual({ d: 1 });
    await rm(path);
    expect(await serials()).toEqual({});
    await serialsAfter(`${line('e')}\n`);
    await writeFile(path, `${line('f')}\n${line('g')}\n`);
    expect(await serials()).toEqual({ e: 1, g: 1 });
  });
});
