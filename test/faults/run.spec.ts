import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';

const PROGRAM = fileURLToPath(new URL('run.js', import.meta.url));

describe('npm run faults', () => {
  it('says in a line what is wrong with its flags', () => {
    for (const [flags, fault] of [
      [['--bogus'], "Unknown option '--bogus'"],
      [['--only', '999'], 'nothing was tried'],
      [['--backend', 'other'], 'nothing was tried'],
      [['sock'], 'there are only "soak" and "sites"'],
      [['sites', '--minutes', 'some'], '--minutes some is no number of minutes'],
      [['soak', '--hours', 'some'], '--hours some is no number of hours'],
    ] as const) {
      const { status, stderr } = spawnSync(process.execPath, [PROGRAM, '--short', ...flags], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^faults: ${fault}.*\n$`))]);
    }
  });

  it('writes what a soak has found when it is asked to end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'task-chain-soak-'));
    const out = join(folder, 'soak.json');
    const flags = ['soak', '--only', '5', '--backend', 'postgres', '--seed', '7', '--out', out];
    const child = guarded(() => spawn(process.execPath, [PROGRAM, ...flags], { stdio: ['ignore', 'pipe', 2] }), 'KILL');
    try {
      const ended = once(child, 'exit');
      for (let said = ''; !said.includes('fault 5');) said += String((await once(child.stdout!, 'data'))[0]);
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
        seed: 7,
        rows: [{ backend: 'postgres', runs: 0, lost: 0, stuck: 0, doubled: 0, failures: [] }],
      });
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});
