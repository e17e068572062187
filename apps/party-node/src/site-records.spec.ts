import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NodeFolder } from './node-folder.js';
import { markKey, openMark, sealMark, type Mark } from './sealed-mark.js';
import { SiteMarks } from './site-marks.js';
import { SiteRecords } from './site-records.js';
import { SiteStore } from './site-store.js';
import { backUp, command } from './sites-for-tests.js';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'records-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

/** A site between two runs: its folder alone. */
class TestSite {
  private constructor(
    readonly name: string,
    readonly folder: NodeFolder,
    readonly fingerprint: string,
  ) {}

  static async make(name: string): Promise<TestSite> {
    const folder = new NodeFolder(join(path, name));
    return new TestSite(name, folder, await folder.init({ name, dealer: false }));
  }

  get ledger(): string {
    return join(this.folder.dataRoot, this.name, '.party/ledger.jsonl');
  }

  async count(line: string): Promise<void> {
    await mkdir(join(this.ledger, '..'), { recursive: true });
    await appendFile(this.ledger, `\n${line}\n`);
  }

  /** A copy of it as it is now. */
  async copy(): Promise<TestSite> {
    const folder = new NodeFolder(join(path, randomUUID()));
    await backUp(this.folder.path, folder.path);
    return new TestSite(this.name, folder, this.fingerprint);
  }

  /** What a run does with the records of a site. */
  async inRun(work: (marks: SiteMarks, store: SiteStore) => Promise<void> | void = () => undefined): Promise<void> {
    const store = SiteStore.open(this.folder.path);
    const records = new SiteRecords(this.folder, { name: this.name }, store);
    try {
      store.note('began', {});
      records.require();
      await work(await SiteMarks.open(this.folder, { store, records, log: () => undefined }), store);
    } finally {
      records.note();
      store.close();
    }
  }

  /** A run with another site, in which something is opened: before that is read, the other one has the newest mark. */
  meet(other: TestSite, opens?: string, given?: (held: string | null) => unknown): Promise<void> {
    return this.inRun((marks) =>
      other.inRun(async (theirs, store) => {
        const held = store.mark(this.fingerprint) ?? null;
        theirs.returned(this.name, this.fingerprint, null);
        marks.returned(other.name, other.fingerprint, given ? given(held) : held);
        theirs.keep(this.name, marks.own(other.name)!);
        if (opens === undefined) return;
        await this.count(opens);
        theirs.keep(this.name, marks.own(other.name)!);
      }),
    );
  }

  /** The mark that this site keeps of another one. */
  markOf(other: TestSite): string {
    const store = SiteStore.open(this.folder.path);
    const mark = store.mark(other.fingerprint)!;
    store.close();
    return mark;
  }

  actions(): readonly { action: string; details: Record<string, unknown> }[] {
    const store = SiteStore.open(this.folder.path);
    const all = store.entries(100);
    store.close();
    return all as never;
  }

  command(...args: string[]): ReturnType<typeof command> {
    return command([...args, '--folder', this.folder.path]);
  }
}

const OLD = { code: 'RECORDS_OLD', retryable: false };
const alone = (site: TestSite): Promise<void> => site.inRun();

describe('a site that is restored from an older backup', () => {
  let a: TestSite, b: TestSite, before: TestSite;
  beforeEach(async () => {
    [a, b] = [await TestSite.make('a'), await TestSite.make('b')];
    await a.meet(b, 'first');
    before = await a.copy();
    await a.meet(b, 'second');
  });

  test('takes part no more once a site that kept its mark gives that back, with nobody', async () => {
    a = before;
    await expect(a.meet(b)).rejects.toMatchObject(OLD);
    await expect(alone(a)).rejects.toMatchObject(OLD);
    await expect(a.meet(await TestSite.make('c'))).rejects.toMatchObject(OLD);
    expect(a.actions().find(({ action }) => action === 'records old')).toMatchObject({
      details: { by: b.fingerprint, missing: ['ledger', 'log'] },
    });
    // What it gave the other site before stays there.
    expect(await a.command('log', 'verify')).toMatchObject({
      code: 2,
      err: 'The ledger and the log went further: see accept-loss.\n',
    });
  });

  test('is not found by one that says nothing, and by the next that kept a mark', async () => {
    const c = await TestSite.make('c');
    await a.meet(c, 'third');
    a = before;
    await a.meet(b, undefined, () => null);
    await expect(a.meet(c)).rejects.toMatchObject(OLD);
  });

  test('goes on with the newer ledger and log', async () => {
    await expect(before.meet(b)).rejects.toMatchObject(OLD);
    await a.meet(b, 'third');
  });

  test('goes on without them where its owner accepts that, and no older mark counts then', async () => {
    const c = await TestSite.make('c');
    await a.meet(c);
    const beforeLoss = b.markOf(a);
    const again = await before.copy();
    a = before;
    expect(await a.command('accept-loss', '--confirm', 'a')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Nothing is known to be lost') as unknown,
    });
    await expect(a.meet(b)).rejects.toMatchObject(OLD);
    for (const confirm of [[], ['--confirm', 'b']])
      expect(await a.command('accept-loss', ...confirm)).toMatchObject({
        code: 2,
        err: expect.stringContaining('Part of the ledger and the log is missing') as unknown,
      });
    await expect(alone(a)).rejects.toMatchObject(OLD);
    expect(await a.command('accept-loss', '--confirm', 'a', '--reason', 'disk')).toMatchObject({ code: 0 });
    expect(a.actions().at(-1)).toMatchObject({ action: 'loss accepted', details: { losses: 1, reason: 'disk' } });
    await a.meet(b, 'after');
    await a.meet(c);
    await a.meet(b, undefined, () => beforeLoss);
    // The loss itself is not lost: the same backup once more is older than what b keeps now.
    a = again;
    await expect(a.meet(b)).rejects.toMatchObject(OLD);
    expect(await a.command('accept-loss', '--confirm', 'a')).toMatchObject({ code: 0 });
    expect(a.actions().at(-1)).toMatchObject({ action: 'loss accepted', details: { losses: 2 } });
    await a.meet(b);
  });

  test('whose ledger has grown as long again is found all the same', async () => {
    a = before;
    await a.inRun(() => a.count('other, and longer than what was lost'));
    await expect(a.meet(b)).rejects.toMatchObject(OLD);
  });

  test('finds by itself that its ledger alone is older, or was changed', async () => {
    const text = await readFile(a.ledger, 'utf8');
    for (const spoil of [
      () => truncate(a.ledger, text.length - 1),
      () => writeFile(a.ledger, text.replace('first', 'worst')),
      () => rm(a.ledger),
    ]) {
      await spoil();
      await expect(alone(a)).rejects.toMatchObject(OLD);
      expect(await a.command('log', 'verify')).toMatchObject({
        code: 2,
        err: expect.stringContaining('The ledger does not begin with') as unknown,
      });
      await writeFile(a.ledger, text);
      await alone(a);
    }
    expect(a.actions().filter(({ action }) => action === 'records old')).toHaveLength(1);
    const { out } = await a.command('log', 'verify');
    expect(out).toContain(`the ledger has ${text.length} bytes, sha256:`);
  });

  test('finds that its log alone is older: it has forgotten runs and decisions', async () => {
    const ledger = await readFile(a.ledger);
    a = before;
    await writeFile(a.ledger, ledger);
    await expect(a.meet(b)).rejects.toMatchObject(OLD);
    expect(a.actions().at(-1)).toMatchObject({ details: { missing: ['log'] } });
  });
});

describe('a site that keeps marks', () => {
  test('holds nobody up by an older one, and lies with another', async () => {
    const [a, b] = [await TestSite.make('a'), await TestSite.make('b')];
    await a.meet(b, 'first');
    const older = b.markOf(a);
    await a.meet(b, 'second');
    await a.meet(b, undefined, () => older);
    const changed = `${older.slice(0, 40)}${older[40] === 'A' ? 'B' : 'A'}${older.slice(41)}`;
    for (const forged of [changed, '', 7, 'A'.repeat(older.length), {}])
      await expect(a.meet(b, undefined, () => forged)).rejects.toMatchObject({
        code: 'PROTOCOL_VIOLATION',
        member: 'b',
      });
    await a.meet(b);
  });

  test('keeps none of a version that does not know them, and gives it none', async () => {
    const [a, b] = [await TestSite.make('a'), await TestSite.make('b')];
    await a.inRun((marks, store) => {
      marks.returned('b', b.fingerprint, undefined);
      expect(marks.own('b')).toBeUndefined();
      marks.keep('b', 'x');
      expect(store.mark(b.fingerprint)).toBeUndefined();
    });
  });
});

describe('a mark', () => {
  const [own, other] = [0, 1].map(() => markKey(generateKeyPairSync('ed25519').privateKey)) as [Buffer, Buffer];
  const hash = `sha256:${'0'.repeat(64)}`;
  const mark = (bytes: number): Mark => ({ losses: 0, ledger: { bytes, hash }, log: { seq: bytes, hash } });

  test('says what was sealed, to its key alone', () => {
    const sealed = sealMark(own, mark(7));
    expect(openMark(own, sealed)).toEqual(mark(7));
    expect(openMark(other, sealed)).toBeUndefined();
  });

  test('says nothing to others: two of the same differ, and all are of one length', () => {
    const all = [mark(0), mark(0), mark(Number.MAX_SAFE_INTEGER)].map((each) => sealMark(own, each));
    expect(new Set(all).size).toBe(3);
    expect(new Set(all.map(({ length }) => length)).size).toBe(1);
  });
});
