import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { keptPort, TestCa } from '#libs/testing';
import { command, startCommand, type Ran, type Running } from '../../apps/party-node/src/sites-for-tests.js';
import { eventually, type ApiClient, type ChainAnswer } from './system/index.js';

const PAIR = [
  ['bank-x', 'bank-y'],
  ['bank-y', 'bank-x'],
] as const;
export type Bank = (typeof PAIR)[number][0];
export const BANKS: readonly Bank[] = ['bank-x', 'bank-y'];

/** The sites of two parties that have joined a control plane and meet over its relay. Each has a table of 40 keys, 25 of them in common. */
export class TwoSites {
  private readonly path = mkdtempSync(join(tmpdir(), 'task-chain-two-sites-'));
  private readonly running = new Map<Bank, Running>();

  private constructor(private readonly port: number) {}

  /** With what the apps need to have sites. */
  static async make(): Promise<{ readonly sites: TwoSites; readonly env: Readonly<Record<string, string>> }> {
    const port = await keptPort();
    // An operator's, one below another, as organisations have them.
    const ca = await TestCa.make({ below: await TestCa.make() });
    const env = { NODE_CA_KEY: ca.key, NODE_CA_CERT: ca.cert, NODE_PORT: String(port), WORKER_TYPES: 'psi' };
    return { sites: new TwoSites(port), env };
  }

  at(bank: Bank, ...args: string[]): Promise<Ran> {
    return command([...args, '--folder', join(this.path, bank)]);
  }

  /** Joins both, and has them know each other. */
  async join(api: ApiClient): Promise<void> {
    for (const [at, bank] of BANKS.entries()) {
      await api.call('/parties', { method: 'POST', body: { party: bank, name: bank } });
      const asked = { method: 'POST', body: {} };
      const { token } = await api.expect<{ token: string }>(201, `/parties/${bank}/invitation`, asked);
      const file = join(this.path, `invitation-${bank}`);
      writeFileSync(file, token);
      expect(await this.at(bank, 'join', api.url, '--invitation', file)).toMatchObject({ code: 0 });
      const keys = Array.from({ length: 40 }, (_, row) => row + 15 * at);
      writeFileSync(join(this.path, bank, 'data', bank, 'keys.csv'), `id\n${keys.join('\n')}\n`);
    }
    for (const [bank, other] of PAIR) {
      const key = (await this.at(other, 'fingerprint')).out.trim();
      expect(await this.at(bank, 'peers', 'add', other, key, '--relay')).toMatchObject({ code: 0 });
    }
  }

  async connect(bank: Bank): Promise<Running> {
    const running = startCommand('connect', `127.0.0.1:${this.port}`, '--folder', join(this.path, bank));
    this.running.set(bank, running);
    await running.said('connected to');
    return running;
  }

  async kill(bank: Bank): Promise<void> {
    const { process, ended } = this.running.get(bank)!;
    process.kill('SIGKILL');
    await ended;
  }

  /** A chain of one psi at both sites. */
  readonly chain = (settings: object = {}, params: object = {}, config: object = {}): object => ({
    chain_name: 'at sites',
    tasks: [
      {
        ...{ task_id: 'match', task_type: 'psi', depends_on: [], ...settings },
        task_params: {
          ...{ sf_init_config: { parties: BANKS, address: 'node' }, ...params },
          task_config: {
            keys: { 'bank-x': ['id'], 'bank-y': ['id'] },
            input_paths: { 'bank-x': 'keys.csv', 'bank-y': 'keys.csv' },
            ...config,
          },
        },
      },
    ],
  });

  /** The hash of the task that waits there. */
  waiting(bank: Bank): Promise<string> {
    return eventually(`a task waits at ${bank}`, async () => {
      const { out } = await this.at(bank, 'approvals', 'ls');
      return /^WAITING +(sha256:\S+)/m.exec(out)?.[1];
    });
  }

  async accept(bank: Bank, ...more: string[]): Promise<void> {
    expect(await this.at(bank, 'approvals', 'accept', await this.waiting(bank), ...more)).toMatchObject({ code: 0 });
  }

  /** Until the control plane has heard this of a site's newest offer of a chain. */
  heard(databaseUrl: string, chain: string, bank: Bank, state: string): Promise<true> {
    return eventually(`${bank} is ${state}`, () =>
      withConnection(databaseUrl, async (client) => {
        const text =
          'SELECT state FROM node_offers WHERE chain_id = $1 AND party = $2 ORDER BY offered_at DESC LIMIT 1';
        const { rows } = await client.query<{ state: string }>(text, [chain, bank]);
        return rows[0]?.state === state || undefined;
      }),
    );
  }

  async remove(): Promise<void> {
    for (const { process, ended } of this.running.values()) {
      process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.path, { recursive: true });
  }
}

export const endOf = (api: ApiClient, chain: string): Promise<ChainAnswer> =>
  eventually('the chain ends', async () => {
    const found = await api.expect<ChainAnswer>(200, `/chains/${chain}`);
    return ['SUCCESS', 'FAILURE', 'CANCELLED'].includes(found.status) ? found : undefined;
  });
