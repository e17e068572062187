import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('run.js', import.meta.url));

describe('npm run faults', () => {
  it('says in a line what is wrong with its flags', () => {
    for (const [flags, fault] of [
      [['--bogus'], "Unknown option '--bogus'"],
      [['--only', '999'], 'nothing was tried'],
      [['--backend', 'other'], 'nothing was tried'],
    ] as const) {
      const { status, stderr } = spawnSync(process.execPath, [PROGRAM, '--short', ...flags], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^faults: ${fault}.*\n$`))]);
    }
  });
});
