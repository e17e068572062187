import { execFileSync } from 'node:child_process';
import { Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { startProcess } from './start-process.js';

afterEach(() => void jest.restoreAllMocks());

test('a process that is being ended is sent nothing: a failed write would lose what it has sent', async () => {
  const writes = jest.spyOn(Socket.prototype, 'write');
  const { transport, stop, ended } = startProcess(new URL('./party-process.js', import.meta.url), [], undefined);
  transport.onMessage(() => undefined);
  const post = (): void => transport.post({ kind: 'ended', peer: 'bob', lost: false });
  post();
  expect(writes).toHaveBeenCalledTimes(1);
  stop();
  post();
  expect(writes).toHaveBeenCalledTimes(1);
  expect(await ended).toEqual({ kind: 'stopped' });
});

test('a process that finds no descriptor left says so, and the worker goes on', () => {
  const from = new URL('./start-guarded.js', import.meta.url).href;
  const text = `
    import { openSync } from 'node:fs';
    import { startGuarded } from '${from}';
    try { for (;;) openSync('/dev/null'); } catch {}
    const { ended, last } = startGuarded(['/bin/true'], { cwd: '/' });
    ended.then((end) => process.stderr.write(JSON.stringify([end, String(last())])));`;
  const command = 'ulimit -n 64; exec "$0" --input-type=module -e "$1" 2>&1';
  const said = execFileSync('/bin/sh', ['-c', command, process.execPath, text], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual([{ kind: 'ended', how: 'EMFILE' }, '']);
});
