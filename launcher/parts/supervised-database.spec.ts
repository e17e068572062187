import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect } from '@jest/globals';
import { guarded } from '#libs/local-postgres';
import { itUnless, noSmallDisk, onSmallDisk } from '#libs/testing';

/** Fills its disk, breaks the cluster so that the server cannot start, and mends both after more ends than the policy allows. */
const PROGRAM = `
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { SupervisedDatabase } from ${JSON.stringify(new URL('./supervised-database.js', import.meta.url).href)};
import { withConnection } from ${JSON.stringify(new URL('../../libs/local-postgres/src/index.js', import.meta.url).href)};
import { requireRoom } from ${JSON.stringify(new URL('../../libs/postgres/src/index.js', import.meta.url).href)};
const room = () => withConnection(url, (client) => requireRoom((text) => client.query(text))).then(() => 'room', (error) => error.message);
const dataDir = process.argv[2];
const control = dataDir + '/postgres/global/pg_control';
const ballast = dataDir + '/ballast';
function fill() {
  const file = openSync(ballast, 'w');
  try { for (;;) writeSync(file, Buffer.alloc(1024 * 1024)); } catch (error) { console.log(error.code); }
  closeSync(file);
}
let tries = 0;
const say = (words) => {
  console.log(words);
  if (!words.includes('starting it again')) return;
  if (++tries === 5) { rmSync(ballast); renameSync(control + '.away', control); }
};
const policy = { firstDelayMs: 20, maxDelayMs: 100, maxEnds: 3, windowMs: 30000 };
const database = await SupervisedDatabase.start({ dataDir, say, policy });
void database.gaveUp.then((error) => { console.log('gave up: ' + error.message); process.exit(1); });
const { url } = database;
console.log(await room());
fill();
console.log(await room());
renameSync(control, control + '.away');
process.kill(Number(readFileSync(dataDir + '/postgres/postmaster.pid', 'utf8').split('\\n')[0]), 'SIGKILL');
while (tries < 5) await new Promise((resolve) => setTimeout(resolve, 20));
for (;;) {
  try { await withConnection(url, (client) => client.query('CREATE TABLE here AS SELECT 1')); break; }
  catch { await new Promise((resolve) => setTimeout(resolve, 20)); }
}
console.log(await room());
await database.stop();
console.log('stopped');
`;

describe('the database of the launcher', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tc-database-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'program.mjs'), PROGRAM);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  itUnless(noSmallDisk(), 'is started until there is room on its disk', async () => {
    const dataDir = mkdtempSync(join(folder, 'data-'));
    const [command, args] = onSmallDisk(dataDir, 160, [process.execPath, join(folder, 'program.mjs'), dataDir]);
    const program = guarded(() => spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }), 'TERM');
    const said: string[] = [];
    for await (const line of createInterface({ input: program.stdout! })) said.push(line);
    const waits = said.filter((line) => line.endsWith('; starting it again in 0.1 s'));
    expect(waits).toHaveLength(5);
    expect(waits[1]).toMatch(/^PostgreSQL does not start .*: there is no room on the disk of /);
    expect(said.slice(1, 4)).toEqual(['room', 'ENOSPC', 'there is no room on the disk of PostgreSQL']);
    expect(said.slice(-3).sort()).toEqual(['PostgreSQL runs again', 'room', 'stopped']);
  });
});
