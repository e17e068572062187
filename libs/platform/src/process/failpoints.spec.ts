import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { failpoint, readFailpoints } from './failpoints.js';

describe('failpoints', () => {
  it('are nothing where FAILPOINT is not set', async () => {
    expect(readFailpoints({})).toBeUndefined();
    await failpoint('listener.afterSave');
  });

  it('are read by name, kind and hit', () => {
    expect(Object.fromEntries(readFailpoints({ FAILPOINT: 'a.b:exit@3, c:sleep:500,d:stop@1' })!)).toEqual({
      'a.b': { signal: 'SIGKILL', sleepMs: 0, at: 3, hits: 0 },
      c: { signal: undefined, sleepMs: 500, at: undefined, hits: 0 },
      d: { signal: 'SIGSTOP', sleepMs: 0, at: 1, hits: 0 },
    });
    expect(() => readFailpoints({ FAILPOINT: 'a.b:explode' })).toThrow('a.b:explode is not understood');
  });

  it('are refused in production', () => {
    expect(() => readFailpoints({ FAILPOINT: 'a:exit', NODE_ENV: 'production' })).toThrow('Unset it in production');
  });

  it('kill the process at the named hit', () => {
    const module = JSON.stringify(new URL('./failpoints.js', import.meta.url).href);
    const script = `const { failpoint } = await import(${module});
      for (let i = 1; ; i++) { process.stdout.write(String(i)); await failpoint('a'); }`;
    const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, FAILPOINT: 'a:exit@3' },
      encoding: 'utf8',
    });
    expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: '123' });
  });
});
