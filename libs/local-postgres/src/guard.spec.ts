import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { isAlive } from './process-identity.js';

/** Starts what a guard is to end, says the ids of the processes, and stays. */
const OWNER = `
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { guarded, guardFolder } from ${JSON.stringify(new URL('./guard.js', import.meta.url).href)};
const start = (signal, script) => guarded(() => spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] }), signal);
const [folder, kept] = process.argv.slice(2);
for (const each of [folder, kept]) mkdirSync(each, { recursive: true });
guardFolder(folder);
guardFolder(kept)();
const ended = start('KILL', 'exit 0');
await new Promise((resolve) => ended.once('exit', resolve));
const leader = start('KILL', 'sleep 300 & echo $!; wait');
const deaf = start('TERM', 'trap "" TERM; while :; do sleep 1; done');
const polite = start('INT', 'sleep 300');
leader.stdout.once('data', (pid) => console.log([leader.pid, deaf.pid, polite.pid, Number(pid)].join(' ')));
setInterval(() => undefined, 1000);
`;

describe('a guard', () => {
  const root = mkdtempSync(join(tmpdir(), 'tc-guard-'));
  writeFileSync(join(root, 'owner.mjs'), OWNER);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  itUnless(
    process.platform === 'win32' && 'Windows has no shell for it',
    'ends what a killed process has started, with its groups, and removes its folders within 30 s',
    async () => {
      const [folder, kept] = [join(root, "it's $(a) folder"), join(root, 'kept')];
      const owner = spawn(process.execPath, [join(root, 'owner.mjs'), folder, kept], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
      const pids = line.split(' ').map(Number);
      expect(pids.filter(isAlive)).toHaveLength(4);
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      // What others still write comes back once.
      const isLeft = (): boolean => pids.some(isAlive) || existsSync(folder);
      const again = setTimeout(() => mkdirSync(folder, { recursive: true }), 500);
      for (const until = performance.now() + 30_000; performance.now() < until && isLeft();) await delay(100);
      clearTimeout(again);
      expect([pids.filter(isAlive), existsSync(folder), existsSync(kept)]).toEqual([[], false, true]);
    },
  );
});
