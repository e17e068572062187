import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { guarded } from '#libs/local-postgres';
import {
  Haystack,
  makeWord,
  needlesOf,
  needlesOfMade,
  needlesOfOthers,
  NeedleIndex,
  plantCanaries,
} from './canaries.js';
import { Search } from './search.js';

const word = makeWord();
const table = plantCanaries('id,area,label\nP1,416.2,0\nP2,75,1\n', word, 'alice', ['label']);
const needles = needlesOf(word, [table]);
const area = table.numbers['area']!;
const sha = (text: string) => createHash('sha256').update(text).digest();
const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

function foundIn(pieces: readonly Buffer[]): string[] {
  const stack = new Haystack(new NeedleIndex(needles));
  for (const piece of pieces) stack.take(piece);
  return [...stack.found];
}

describe('a table with canaries', () => {
  it('has a row more, whose numbers keep all their digits, and ids with the word', () => {
    const lines = table.text.trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual(['id,area,label', `${word}-P1,416.2,0`, `${word}-P2,75,1`]);
    expect(lines[3]).toBe(`${word}-of-alice,${area},0`);
    expect(area).toMatch(/^416\.2\d{9}$/);
    expect(String(Number(area))).toBe(area);
    expect(table.ids).toEqual([`${word}-P1`, `${word}-P2`, `${word}-of-alice`]);
    expect(Object.keys(table.numbers)).toEqual(['area']);
  });
});

describe('a search for canaries', () => {
  const noise = Buffer.from('nothing of it '.repeat(20));
  const forms: readonly (readonly [what: string, bytes: Buffer, name: string])[] = [
    ['an id', Buffer.from(table.ids[1]!), 'ids'],
    ['an id in UTF-16', Buffer.from(table.ids[1]!, 'utf16le'), 'ids'],
    ['the hash of an id', sha(table.ids[0]!), 'hashes of ids'],
    ['the hash of an id in hex', Buffer.from(sha(table.ids[0]!).toString('hex')), 'hashes of ids'],
    ['the hash of an id in base64', Buffer.from(sha(table.ids[0]!).toString('base64')), 'hashes of ids'],
    ['a number in hex, as PostgreSQL writes bytes', Buffer.from(Buffer.from(area).toString('hex')), 'area'],
    ['a number as text', Buffer.from(`x,${area},y`), 'area'],
    ['a number as a double', double(Number(area)), 'area'],
    ['a number as a double, big-endian', Buffer.from(double(Number(area)).reverse()), 'area'],
    ['the hash of a number', sha(area), 'area'],
    ...[0, 1, 2].map(
      (before) =>
        [
          `a number in base64, ${before} bytes in`,
          Buffer.from(Buffer.from(`${'z'.repeat(before)}${area},more`).toString('base64')),
          'area',
        ] as const,
    ),
  ];
  for (const [what, bytes, name] of forms) {
    it(`finds ${what}, also across two pieces`, () => {
      expect(foundIn([noise, bytes, noise])).toEqual([name]);
      for (const at of [1, 3, bytes.length - 1])
        expect(foundIn([noise, bytes.subarray(0, at), bytes.subarray(at), noise])).toEqual([name]);
    });
  }

  it('finds nothing where nothing is, nor what two pieces that do not follow have together', () => {
    expect(foundIn([noise, double(416.2), Buffer.from('416.2,P1')])).toEqual([]);
    const stack = new Haystack(new NeedleIndex(needles));
    const half = area.length / 2;
    stack.take(Buffer.from(area.slice(0, half)));
    stack.cut();
    stack.take(Buffer.from(area.slice(half)));
    expect([...stack.found]).toEqual([]);
  });

  it('takes the long numbers of a table that a task made, which no two rows have by chance', () => {
    const made = needlesOfMade('id,x,y\nP1,0.1234567890123,1\nP2,0.9990234375,-2.718281828459\n');
    expect(made).toHaveLength(4);
    expect(made[0]!.toString()).toBe('0.1234567890123');
    expect(made[3]).toEqual(double(-2.718281828459));
  });

  it('takes at a site what others alone have: their numbers, and ids that its own table has not', () => {
    const [alices, bobs] = [
      plantCanaries('id,x\nP1,5.5\nP12,1\n', word, 'alice', []),
      plantCanaries('id,z\nP1,7.25\nP3,1\n', word, 'bob', []),
    ];
    const index = new NeedleIndex(needlesOfOthers('alice', [alices, bobs]));
    const found = (text: string): string[] => {
      const names = new Set<string>();
      index.find(Buffer.from(text), names);
      return [...names];
    };
    for (const none of [alices.text, `${word}-P1`, sha(`${word}-P1`).toString('hex')]) expect(found(none)).toEqual([]);
    expect(found(`${word}-P3`)).toEqual(['ids']);
    expect(found(sha(`${word}-of-bob`).toString('hex'))).toEqual(['hashes of ids']);
    expect(found(`,${bobs.numbers['z']!},`)).toEqual(['z']);
    expect([...needlesOfOthers('lab', [alices, bobs]).keys()]).toEqual(['ids', 'hashes of ids', 'x', 'z']);
  });

  const folder = mkdtempSync(join(tmpdir(), 'canaries-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('looks at the files of a folder, but for those that are left out', async () => {
    mkdirSync(join(folder, 'sites', 'alice'), { recursive: true });
    writeFileSync(join(folder, 'sites', 'alice', 'table.csv'), table.text);
    writeFileSync(join(folder, 'app.log'), noise);
    const search = new Search(needles);
    const without = await search.files('files', [folder], [join(folder, 'sites')]);
    expect([[...without.found], without.bytes]).toEqual([[], noise.length]);
    expect([...(await search.files('files', [folder])).found].sort()).toEqual(['area', 'ids']);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('looks at the memory of a process: where what is shown exists on Linux alone', async () => {
    const program = `process.stdin.on('data', (text) => {
      globalThis.kept = text.length > 1 ? [String(text).slice(0, -1), Number(process.argv[1])] : [];
      process.stdout.write('kept');
    })`;
    const search = new Search(needles);
    const memoryWith = async (id: string, number: string): Promise<string[]> => {
      const child = guarded(() => spawn(process.execPath, ['-e', program, number], { stdio: 'pipe' }), 'KILL');
      const said = once(child.stdout!, 'data');
      child.stdin!.write(`${id}\n`);
      await said;
      const { found, skipped } = await search.memory('memory', child.pid!);
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
      expect(skipped).toBeUndefined();
      return [...found].sort();
    };
    expect(await memoryWith(table.ids[0]!, '416.2')).toEqual(['ids']);
    expect(await memoryWith('', area)).toEqual(['area']);
    expect(await memoryWith('', '416.2')).toEqual([]);
    expect((await search.memory('memory', 999_999_999)).skipped).toBe('ENOENT');
  });
});
