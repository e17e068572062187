import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestOwner } from '#libs/testing';
import { command } from './sites-for-tests.js';

let path: string;
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'catalogue-'));
});
afterAll(() => rm(path, { recursive: true, force: true }));

const site = async (name: string, ...options: string[]): Promise<string> => {
  const folder = join(path, name);
  await command(['init', name, ...options, '--folder', folder]);
  return folder;
};

describe('a person at a site', () => {
  let folder: string;
  const ran = async (...args: string[]) => command([...args, '--folder', folder]);
  beforeAll(async () => {
    folder = await site('alice');
    const root = join(folder, 'data/alice');
    await writeFile(join(root, 'rows.csv'), 'id,y\n1,0\n');
    const owner = await TestOwner.claim(join(folder, 'data'), 'alice');
    const dataset = (name: string, version: number) => owner.dataset(name, 'rows.csv', version);
    const policy = { kind: 'policy', dataset: 'rows', expires_at: '2999-01-01T00:00:00Z', rules: [] };
    const older = { ...policy, budget: { bits: 9_000 }, serial: 1 };
    const signed = [
      ...[await dataset('rows', 2), await dataset('rows', 1), { ...(await dataset('old', 1)), removed: true }],
      ...[older as never, { ...policy, budget: { bits: 200, epsilon: 2 }, serial: 5 } as never],
    ];
    const texts = await Promise.all(signed.map((each) => owner.sign(each as never)));
    await writeFile(join(folder, 'statements.json'), JSON.stringify([...texts, 'no statement', `${texts[0]}x`]));
    const open = (id: string, more: object) => ({
      ...{ kind: 'open', id, at: '2026-05-03T00:00:00Z', task: 'c/t', type: 'vif', use: 'u', to: ['bob'] },
      ...{ datasets: ['rows'], versions: ['rows@1'], bits: {}, figures: {}, ...more },
    });
    const lines = [
      open('1', { bits: { y: 60, '*': 5 }, figures: { y: 5 } }),
      open('2', { bits: { y: 39, id: 100 }, epsilon: 0.1 }),
      open('3', { bits: { id: 7 }, epsilon: 0.2, counts: { sums: 40 } }),
      open('4', { bits: { id: 1_000 }, epsilon: 1 }),
      { kind: 'void', id: '4' },
      open('5', { datasets: ['gone'], bits: { x: 3 } }),
    ];
    await writeFile(join(root, '.party/ledger.jsonl'), lines.map((line) => `\n${JSON.stringify(line)}\n`).join(''));
  });

  test('sees what the owner has signed, the newest of each, and nothing else', async () => {
    const { out } = await ran('datasets', 'ls');
    expect(out).toBe(
      'old@1  1 rows  1 columns  no policy: each task asks  rows.csv  removed\n' +
        'rows@1  1 rows  1 columns  policy until 2999-01-01T00:00:00Z  rows.csv\n' +
        'rows@2  1 rows  1 columns  policy until 2999-01-01T00:00:00Z  rows.csv\n',
    );
    const { out: shown } = await ran('datasets', 'show', 'rows');
    expect(JSON.parse(shown)).toMatchObject({
      versions: [{ version: 1 }, { version: 2 }],
      policy: { budget: { bits: 200, epsilon: 2 } },
    });
    expect(await ran('datasets', 'show', 'other')).toMatchObject({
      code: 2,
      err: 'The owner has signed no dataset other. See: datasets ls\n',
    });
  });

  test('sees what was opened of which dataset, and what is left', async () => {
    const { out } = await ran('ledger', 'ls');
    expect(out).toBe(
      'gone  opened 1 times  bits 3 (x) of any  sums 0 of any  epsilon 0 of any\n' +
        'old  opened 0 times  bits 0 of any  sums 0 of any  epsilon 0 of any\n' +
        'rows  opened 3 times  bits 112 (id) of 200, 88 left  sums 40 (bob) of any  epsilon 0.3 of 2, 1.7 left\n',
    );
    const { out: entries } = await ran('ledger', 'show', 'rows');
    const all = entries.trim().split('\n');
    expect(all).toHaveLength(3);
    expect(JSON.parse(all[0]!)).toMatchObject({ task: 'c/t', to: ['bob'], bits: { y: 60, '*': 5 } });
    expect((await ran('ledger', 'show', 'gone')).out).toContain('"x":3');
    expect((await ran('ledger', 'show', 'old')).out).toBe('');
    expect((await ran('ledger', 'show', 'other')).code).toBe(2);
  });

  test('hears where there is none', async () => {
    folder = await site('bob');
    expect(await ran('ledger', 'ls')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Nobody has claimed') as unknown,
    });
    folder = await site('lab', '--dealer');
    expect(await ran('datasets', 'ls')).toMatchObject({
      code: 2,
      err: 'The site of a dealer has no datasets.\n',
    });
  });
});
