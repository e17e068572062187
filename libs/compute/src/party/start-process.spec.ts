import { Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { startProcess } from './start-process.js';

afterEach(() => void jest.restoreAllMocks());

test('a process that is being ended is sent nothing: a failed write would lose what it has sent', async () => {
  const writes = jest.spyOn(Socket.prototype, 'write');
  const { transport, stop, ended } = startProcess([], undefined);
  transport.onMessage(() => undefined);
  const post = (): void => transport.post({ kind: 'ended', peer: 'bob', lost: false });
  post();
  expect(writes).toHaveBeenCalledTimes(1);
  stop();
  post();
  expect(writes).toHaveBeenCalledTimes(1);
  expect(await ended).toEqual({ kind: 'stopped' });
});
