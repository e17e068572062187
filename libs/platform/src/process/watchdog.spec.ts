import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PROGRAM = fileURLToPath(new URL('./watchdog-for-tests.js', import.meta.url));

describe('the watchdog', () => {
  it.each(['sick', 'blocked'])('kills a process that is %s, and says why', (how) => {
    const { signal, stderr } = spawnSync(process.execPath, [PROGRAM, how], { encoding: 'utf8' });
    expect(signal).toBe('SIGKILL');
    expect(JSON.parse(stderr)).toMatchObject({ level: 'fatal', app: 'test', msg: expect.stringMatching(/^not live/) });
  });

  it('leaves alone what is live, and what a debugger holds', () => {
    for (const args of [
      [PROGRAM, 'well'],
      ['--inspect=0', PROGRAM, 'sick'],
    ]) {
      expect(spawnSync(process.execPath, args).status).toBe(0);
    }
  });
});
