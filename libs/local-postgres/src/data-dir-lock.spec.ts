import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { DataDirInUseError, dataDirOwner, lockDataDir } from './data-dir-lock.js';
import { guarded } from './guard.js';

const lockModule = new URL('./data-dir-lock.js', import.meta.url).href;
const holder = `import { lockDataDir } from ${JSON.stringify(lockModule)};
try { lockDataDir(process.argv[2]); process.send('locked'); setInterval(() => {}, 1000); }
catch (error) { process.send(error.message); process.disconnect(); }`;

describe('lock of a data folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'tc-lock-'));
  const script = join(root, 'holder.mjs');
  writeFileSync(script, holder);
  const children: ChildProcess[] = [];
  let folders = 0;
  const folder = () => join(root, `data-${++folders}`);
  const start = async (dir: string): Promise<{ child: ChildProcess; said: string }> => {
    const child = guarded(() => fork(script, [dir]), 'KILL');
    children.push(child);
    return { child, said: await new Promise<string>((resolve) => child.once('message', (m) => resolve(String(m)))) };
  };
  const kill = async (child: ChildProcess) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('keeps a second process out and names the first', async () => {
    const dir = folder();
    const { child } = await start(dir);
    expect(dataDirOwner(dir)).toBe(child.pid);
    expect(() => lockDataDir(dir)).toThrow(DataDirInUseError);
    expect(() => lockDataDir(dir)).toThrow(
      `in use by the launcher with pid ${child.pid}. Stop that one (kill ${child.pid})`,
    );
  });

  it('is taken over from a process that was killed', async () => {
    const dir = folder();
    const { child } = await start(dir);
    await kill(child);
    expect(dataDirOwner(dir)).toBeUndefined();
    const release = lockDataDir(dir);
    expect(dataDirOwner(dir)).toBe(process.pid);
    release();
    expect(readdirSync(dir)).toEqual([]);
  });

  itUnless(process.platform !== 'linux' && 'needs /proc', 'is not held by a later process that got the same id', () => {
    const dir = folder();
    lockDataDir(dir)();
    writeFileSync(join(dir, 'launcher.lock'), JSON.stringify({ pid: process.pid, birthmark: '1' }));
    expect(dataDirOwner(dir)).toBeUndefined();
    lockDataDir(dir)();
  });

  it('goes to exactly one of several that start at once over a dead one', async () => {
    const dir = folder();
    await kill((await start(dir)).child);
    const said = (await Promise.all(Array.from({ length: 4 }, () => start(dir)))).map((each) => each.said);
    expect(said.filter((word) => word === 'locked')).toHaveLength(1);
    expect(said.filter((word) => word.includes('in use by'))).toHaveLength(3);
  });
});
