import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { takeAlone } from './one-connect.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'one-connect-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

test('one process has a folder, until it ends in whatever way', async () => {
  const leave = await takeAlone(folder);
  await expect(takeAlone(folder)).rejects.toThrow('Another task-chain-node connect runs');
  await leave();
  // As SIGKILL leaves it.
  await mkdir(join(folder, 'connected'), { recursive: true });
  const program = `require('net').createServer().listen(${JSON.stringify(join(folder, 'connected', 'x'))}, () => console.log('on'))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await expect(takeAlone(folder)).rejects.toThrow('Another task-chain-node connect runs');
  child.kill('SIGKILL');
  await closed;
  expect(await readdir(join(folder, 'connected'))).toEqual(['x']);
  const next = await takeAlone(folder);
  expect(await readdir(join(folder, 'connected'))).not.toContain('x');
  await next();
});
