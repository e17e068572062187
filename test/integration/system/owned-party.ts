import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TEST_API_KEY } from './api-client.js';
import type { SystemUnderTest } from './system-under-test.js';

const PROGRAM = fileURLToPath(new URL('../../../../apps/cli/bin/task-chain.mjs', import.meta.url));

/** Writes a table of 300 keys from this one on. */
export function writeKeys(folder: string, from: number, name = 't.csv'): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `id\n${Array.from({ length: 300 }, (_, i) => from + i).join('\n')}\n`);
}

/** The owner of a party whose folder is claimed, with the dataset `customers`, by the command line. */
export class OwnedParty {
  private constructor(
    private readonly party: string,
    private readonly work: string,
    private readonly cli: (...args: string[]) => Promise<unknown>,
  ) {}

  static async claim({ api, dataRoot }: SystemUnderTest, party: string): Promise<OwnedParty> {
    const work = mkdtempSync(join(tmpdir(), 'task-chain-owner-'));
    const env = { PATH: process.env.PATH, HOME: work, TASK_CHAIN_URL: api.url, TASK_CHAIN_TOKEN: TEST_API_KEY };
    const [folder, key] = [join(dataRoot, party), join(work, `${party}.key`)];
    const cli = (...args: string[]) => promisify(execFile)(process.execPath, [PROGRAM, ...args], { cwd: work, env });
    writeKeys(folder, 1, 'customers.csv');
    await cli('parties', 'keygen', party, '--out', work);
    await cli('parties', 'claim', party, '--key', key, '--folder', folder);
    const file = ['--file', 'customers.csv', '--folder', folder];
    await cli('datasets', 'register', `${party}/customers`, ...file, '--key', key);
    return new OwnedParty(party, work, (...args) => cli(...args, '--key', key));
  }

  /** Signs a policy that allows `psi`, by what more it says. */
  async allow(more: object): Promise<void> {
    const file = join(this.work, 'policy.json');
    const rule = { effect: 'allow', task_types: ['psi'], ...more };
    writeFileSync(file, JSON.stringify({ expires_at: '2999-01-01T00:00:00Z', rules: [rule] }));
    await this.cli('policies', 'set', `${this.party}/customers`, '--file', file);
  }

  remove(): void {
    rmSync(this.work, { recursive: true });
  }
}
