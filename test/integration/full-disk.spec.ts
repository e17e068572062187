import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from '@jest/globals';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';
import { itUnless, noSmallDisk, onSmallDisk } from '#libs/testing';
import { ApiClient, chain, eventually, line, task, TEST_API_KEY } from './system/index.js';

const MEGABYTES = 160;
const START = fileURLToPath(new URL('../../launcher/start.js', import.meta.url));

/** Writes until there is no room. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const block = Buffer.alloc(64 * 1024); ;) writeSync(file, block);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(file);
  }
}

describe('npm start on a disk that is full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-full-'));
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  itUnless(noSmallDisk(), 'answers 503, says why, outlives the death of its database, and loses no chain', async () => {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, PORT: '0', DATA_DIR: folder, ADMIN_API_KEY: TEST_API_KEY, RATE_LIMIT: '100000' };
    const [command, args] = onSmallDisk(folder, MEGABYTES, [process.execPath, START]);
    const launcher = guarded(
      () => spawn(command, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] }),
      'TERM',
    );
    const said: string[] = [];
    createInterface({ input: launcher.stdout! }).on('line', (each) => said.push(each));
    const says = (words: RegExp) =>
      eventually(String(words), () => said.map((each) => words.exec(each)).find((match) => match !== null));
    const api = new ApiClient((await says(/^ready (http\S+)/))[1]!);
    // PostgreSQL, each app, and where the API is; the key was given. Routes and modules are in the log's file alone.
    expect(said).toHaveLength(5);
    // What only the launcher and its children see.
    const disk = join('/proc', String(launcher.pid), 'root', folder);
    const ballast = join(disk, 'ballast');
    const ready = async (): Promise<[number, string]> => {
      const { status, text } = await api.call('//health/ready');
      return [status, text];
    };
    const create = (): Promise<{ status: number; headers: Headers; body: { chain_id: string } }> =>
      api.call('/chains', { method: 'POST', body: { ...chain(line(300)), execute: false } });

    const running = await api.start(
      chain([task('slow', { delay_ms: 3_000 }), task('b', { artifact: 'b.txt' }, { depends_on: ['slow'] })]),
    );
    fill(ballast);
    const acknowledged = [running];
    const refused = await eventually('a create is refused', async () => {
      const answer = await create();
      if (answer.status !== 201) return answer;
      acknowledged.push(answer.body.chain_id);
      return undefined;
    });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await ready()).toEqual([503, expect.stringContaining('there is no room on the disk of PostgreSQL')]);

    process.kill(Number(readFileSync(join(disk, 'postgres', 'postmaster.pid'), 'utf8').split('\n', 1)[0]), 'SIGKILL');
    await says(/PostgreSQL ended .*: there is no room on the disk of .*; starting it again in 5 s/);
    rmSync(ballast);
    await says(/PostgreSQL runs again/);
    await eventually('it is ready', async () => ((await ready())[0] === 200 ? true : undefined));
    for (const id of acknowledged.slice(1, 4)) await api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
    for (const id of acknowledged.slice(0, 4)) expect([id, (await api.ended(id)).status]).toEqual([id, 'SUCCESS']);
    for (const id of acknowledged) expect((await api.chain(id)).chain_id).toBe(id);
    expect((await create()).status).toBe(201);

    launcher.kill('SIGTERM');
    expect(await once(launcher, 'exit')).toEqual([0, null]);
  });
});
