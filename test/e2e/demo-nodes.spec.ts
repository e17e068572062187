import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { guarded } from '#libs/local-postgres';

/** Compiled, this file lies in dist/test/e2e. */
const DEMO = join(import.meta.dirname, '../../launcher/demo.js');
const folder = mkdtempSync(join(tmpdir(), 'demo-nodes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm run demo -- --nodes --exit', () => {
  it('runs the chain over three sites, and finds nothing of their tables with the control plane or with another site', async () => {
    const ports = { PORT: '0', LISTENER_PORT: '0', WORKER_PORT: '0', NODE_PORT: '' };
    const env = { ...process.env, ...ports, DATA_DIR: folder, ARTIFACT_ROOT: '', DATA_ROOT: '', ADMIN_API_KEY: '' };
    const demo = guarded(() => spawn(process.execPath, [DEMO, '--nodes', '--exit'], { env, stdio: 'pipe' }), 'TERM');
    let said = '';
    for (const stream of [demo.stdout!, demo.stderr!]) stream.on('data', (chunk) => (said += String(chunk)));
    const code = await new Promise((resolve) => demo.once('close', resolve));
    expect([code, said]).toEqual([0, expect.stringContaining('PSI intersection: 509')]);
    const searched = [...said.matchAll(/^ {2}(database|files|memory).* (\S+)$/gm)];
    expect(searched.map(([, where, found]) => `${where}: ${found}`)).toEqual([
      'database: nothing',
      'files: nothing',
      ...Array<string>(3).fill('memory: nothing'),
      ...Array<string[]>(3).fill(['files: nothing', 'memory: nothing']).flat(),
    ]);
    expect(said).toContain('a canary in each of 30 columns');
    expect(said).toContain("The same search finds the chain's id in each of them");
    // The dealer was asked for the training alone.
    expect(said.match(/^lab\$ task-chain-node approvals accept/gm)).toHaveLength(1);
    const log = readFileSync(join(folder, 'sites', 'lab.log'), 'utf8');
    expect(log).toContain('all have accepted the task');
  });

  it('takes no other chain', async () => {
    const demo = spawn(process.execPath, [DEMO, '--nodes', '--chain', 'psi-pipeline'], { stdio: 'pipe' });
    let said = '';
    demo.stderr.on('data', (chunk) => (said += String(chunk)));
    expect(await new Promise((resolve) => demo.once('close', resolve))).toBe(1);
    expect(said).toContain('--nodes runs its own chain');
  });
});
