import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';

for (const program of ['verify-audit', 'rotate-secrets']) {
  test(`${program} creates no database that is missing`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'task-chain-empty-'));
    try {
      const script = fileURLToPath(new URL(`../${program}.js`, import.meta.url));
      const env = { PATH: process.env['PATH'], DATA_DIR: folder };
      const { status, stderr } = spawnSync(process.execPath, [script], { cwd: folder, env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([1, `no database in ${folder}: set DATA_DIR or DATABASE_URL\n`]);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
