import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { itUnless, noSmallDisk, onSmallDisk } from '#libs/testing';
import { diskFull, requireDiskRoom } from './disk-full.js';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('a full disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tc-full-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is a failure with a code, unlike other faults, and may be tried again', () => {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      expect(diskFull(coded(code), 'Party a')).toMatchObject({ code: 'DISK_FULL', retryable: true });
      expect(diskFull(coded(code), 'Party a')!.message).toMatch(new RegExp(`^Party a has no room .*${code}`));
    }
    for (const other of [coded('EACCES'), new Error('ENOSPC'), 'ENOSPC', null, undefined]) {
      expect(diskFull(other)).toBeUndefined();
    }
  });

  it('is not one of a folder with room, or that is missing', async () => {
    await requireDiskRoom([folder, join(folder, 'none')]);
  });

  itUnless(
    noSmallDisk(),
    'fails a task by DISK_FULL, leaves no part of a file, and keeps no ledger from going on',
    () => {
      const program = fileURLToPath(new URL('../party/full-disk-for-tests.js', import.meta.url));
      const command = ['env', `TMPDIR=${folder}`, process.execPath, program];
      const run = spawnSync(...onSmallDisk(folder, 16, command), { encoding: 'utf8' });
      expect([run.status, run.stderr]).toEqual([0, expect.any(String)]);
      const { looks, full, rows, outputs, free, ledger } = JSON.parse(run.stdout) as Record<
        string,
        { message?: string }
      >;
      // Room that was seen counts for a second; that there is none is never remembered.
      expect(looks).toEqual([true, true, false, false, true]);
      const failed = { code: 'DISK_FULL', retryable: true, left: [] };
      // No party has read anything: nothing is noted as used.
      expect(full).toMatchObject({ ...failed, noted: false });
      expect(full!.message).toMatch(/^The worker has no room/);
      for (const one of [rows, outputs]) {
        expect(one).toMatchObject(failed);
        expect(one!.message).toMatch(/^Party (alice|bob) has no room on the disk/);
      }
      expect(free).toMatchObject({ code: 'SUCCESS', left: [] });
      expect(ledger).toEqual({ refused: 'ENOSPC', cut: true, serial: true, uses: expect.any(Number) });
    },
  );
});
