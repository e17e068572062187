import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { committedList, componentList } from './component-list.js';
import { ROOT } from './steps.js';

const CACHED = join(homedir(), '.cache/task-chain/engines');
const SPU = ['spu-0.9.5-cp311', 'spu-0.9.5-cp310'].filter((name) => existsSync(join(CACHED, name, 'bin/python')));
const LITE = 'secretflow-lite-1.13.0b0-cp310';
const isWanted = process.env['TEST_ENGINES'] === '1';
const WHY = 'npm run verify -- --engines runs it where it finds Python 3.10 and packages';
const LOCK = 'engines/secretflow/requirements-components-cp310.lock';

interface Said {
  readonly code: number;
  readonly out: string;
}

/** What the command says for a data folder of its own. */
function command(folder: string, ...args: readonly string[]): Promise<Said> {
  const file = join(ROOT, 'dist/tools/commands.js');
  const code = `const { runCommand } = await import(${JSON.stringify(file)}); await runCommand('engine:secretflow', ${JSON.stringify(args)});`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', code],
      { cwd: ROOT, env: { ...process.env, DATA_DIR: folder } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tc-engine-'));
  try {
    mkdirSync(join(folder, 'engines'));
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const isReady = (name: string): boolean => isWanted && existsSync(join(CACHED, name, 'bin/python'));
/** The environment of tests stands for one that the command has made. */
function lend(folder: string, name: string): void {
  symlinkSync(join(CACHED, name), join(folder, 'engines', name));
}

describe('npm run engine:secretflow', () => {
  it('pins every package of the components by one hash', () => {
    const lines = readFileSync(join(ROOT, LOCK), 'utf8').trim().split('\n').slice(1);
    for (const line of lines) expect(line).toMatch(/^[A-Za-z0-9_.-]+==[0-9][a-z0-9.]* --hash=sha256:[0-9a-f]{64}$/);
    expect(lines).toHaveLength(60);
    for (const pinned of ['secretflow_lite==1.13.0b0', 'spu==0.9.4.dev20250618'])
      expect(lines.filter((line) => line.startsWith(`${pinned} `))).toHaveLength(1);
  });

  it('removes both environments, and no other folder', () =>
    inFolder(async (folder) => {
      for (const name of ['spu-0.9.5-cp311', 'spu-0.9.5-cp310', LITE, 'another'])
        mkdirSync(join(folder, 'engines', name));
      const { code, out } = await command(folder, '--remove');
      expect(out).toContain('take SECRETFLOW_PYTHON and SECRETFLOW_COMPONENTS_PYTHON out of the settings');
      expect(code).toBe(0);
      expect(readdirSync(join(folder, 'engines'))).toEqual(['another']);
    }));

  itUnless(
    !(SPU.length > 0 && isReady(LITE)) && WHY,
    'prints a setting for each environment, which stays as it is once it is whole',
    () =>
      inFolder(async (folder) => {
        lend(folder, SPU[0]!);
        lend(folder, LITE);
        const { out } = await command(folder, '--components', '--wheels', folder);
        expect(out.trim().split('\n')).toEqual([
          `SECRETFLOW_PYTHON=${join(folder, 'engines', SPU[0]!)}/bin/python`,
          `SECRETFLOW_COMPONENTS_PYTHON=${join(folder, 'engines', LITE)}/bin/python`,
        ]);
        // Without the option the components are not looked at.
        expect((await command(folder)).out).not.toContain('COMPONENTS');
      }),
    120_000,
  );

  itUnless(
    !(SPU.length > 0 && isReady(LITE)) && WHY,
    'takes a folder of wheels for all there is, and no file of another hash, and leaves nothing half made',
    () =>
      inFolder(async (folder) => {
        lend(folder, SPU[0]!);
        const wheels = join(folder, 'wheels');
        mkdirSync(wheels);
        const none = await command(folder, '--components', '--wheels', wheels);
        expect(none).toEqual({
          code: 1,
          out: expect.stringContaining('No matching distribution found for aiobotocore'),
        });
        writeFileSync(join(wheels, 'aiobotocore-2.17.0-py3-none-any.whl'), 'another file');
        const forged = await command(folder, '--components', '--wheels', wheels);
        expect(forged.code).toBe(1);
        expect(forged.out).toMatch(/pip install failed: +Got +[0-9a-f]{64}$/m);
        expect(readdirSync(join(folder, 'engines'))).toEqual([SPU[0]]);
      }),
    120_000,
  );

  itUnless(
    !isReady(LITE) && WHY,
    'has a list of the components as they are: else run it with -- --list',
    async () => {
      const list = committedList();
      expect(await componentList(join(CACHED, LITE, 'bin/python'))).toBe(list);
      expect(JSON.parse(list)).toHaveLength(53);
    },
    60_000,
  );
});
