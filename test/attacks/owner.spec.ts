import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import pg from 'pg';
import type { Statement } from '#libs/consent';
import { itUnless, TestOwner } from '#libs/testing';
import { chain, describeSystem, eventually, taskOf, type ApiClient, type Check } from '../integration/system/index.js';
import { artifactChecks } from './artifact-checks.js';
import { audienceChecks } from './audience-checks.js';
import { handedChecks } from './handed-checks.js';
import { ledgerChecks } from './ledger-checks.js';
import { serverChecks } from './server-checks.js';
import { standingChecks } from './standing-checks.js';
import { allow, decide, fill, keyOf, put, scene, work } from './two-owners.js';

const noLinux = process.platform !== 'linux' && 'only Linux shows processes in /proc';
const ROWS = 2_000;

describeSystem('the data of a claimed party', 'postgres', {}, (check, system) => {
  ledgerChecks(check, system);
  audienceChecks(check, system);
  artifactChecks(check, system);
  handedChecks(check, system);
  standingChecks(check, system);
  serverChecks(check, system);

  check('is used as both owners signed, and not otherwise', async () => {
    const { a, b, psi, codeOf } = await scene(system);
    expect(await codeOf(b, psi())).toBe('APPROVAL_REQUIRED');
    await allow(a, { with: [b.party], columns: { keys: ['id'] }, proposers: [b.party] });
    await allow(b, {});
    expect(await codeOf(b, psi())).toBe('SUCCESS');
    // Variants: another column, another proposer, another type, a bare path.
    expect(await codeOf(b, psi({ keys: { [a.party]: ['name'], [b.party]: ['id'] } }))).toBe('APPROVAL_REQUIRED');
    expect(await codeOf(a, psi())).toBe('APPROVAL_REQUIRED');
    expect(await codeOf({ ...b, api: system.api }, psi())).toBe('APPROVAL_REQUIRED');
    expect(await codeOf(b, fill(a))).toBe('APPROVAL_REQUIRED');
    expect(await codeOf(b, fill(a, 'table.csv'))).toBe('POLICY_REFUSED');
  });

  check('is not matched by a weaker protocol than its owners have thought of', async () => {
    const { a, b, psi, codeOf } = await scene(system);
    const weaker = psi({ protocol: 'KKRT_PSI_2PC' });
    const only = (...protocols: string[]) => ({ params: { '/protocol': { enum: protocols } } });
    for (const side of [a, b]) await allow(side, {});
    expect(await codeOf(b, psi())).toBe('SUCCESS');
    const { errors, approvals } = await b.api.expect<{ errors: object[]; approvals: object[] }>(
      200,
      '/chains/validate',
      { method: 'POST', body: chain([weaker]) },
    );
    const reasons = [
      expect.stringMatching(/^customers: by KKRT_PSI_2PC on native .* bounds for \/protocol in params$/),
    ];
    expect(errors).toEqual([]);
    expect(approvals).toEqual([a.party, b.party].map((party) => ({ task_id: 'only', party, reasons })));
    expect(await codeOf(b, weaker)).toBe('APPROVAL_REQUIRED');
    // One owner's word is not enough, nor are bounds that leave it out.
    const named = only('ECDH_PSI_2PC', 'KKRT_PSI_2PC');
    await allow(a, named, 2);
    expect(await codeOf(b, weaker)).toBe('APPROVAL_REQUIRED');
    await allow(b, only('ECDH_PSI_2PC'), 2);
    expect(await codeOf(b, weaker)).toBe('APPROVAL_REQUIRED');
    await allow(b, named, 3);
    expect(await codeOf(b, weaker)).toBe('SUCCESS');
    // By AUTO nobody gets to it.
    const { status, body } = await b.api.call('/chains', { method: 'POST', body: chain([psi({ protocol: 'AUTO' })]) });
    expect([status, body.errors![0]!.code]).toEqual([400, 'PROTOCOL_UNSUPPORTED']);
  });

  check('is judged when a chain is created, too', async () => {
    const { a, b, psi } = await scene(system);
    const validated = async (task: object) => {
      const body = await b.api.expect<{ errors: { code: string; message: string }[]; approvals: object[] }>(
        200,
        '/chains/validate',
        { method: 'POST', body: chain([task]) },
      );
      return [body.errors.map(({ code }) => code), body.approvals];
    };
    const asks = (party: string) => ({ task_id: 'only', party, reasons: ['customers: the dataset has no policy'] });
    expect(await validated(psi())).toEqual([[], [asks(a.party), asks(b.party)]]);
    await allow(b, {});
    expect(await validated(psi())).toEqual([[], [asks(a.party)]]);
    await allow(a, { effect: 'refuse', words: '合同已终止' });
    expect(await validated(psi())).toEqual([['POLICY_REFUSED'], []]);
    const unknown = { [a.party]: `dataset:${a.party}/customers@2`, [b.party]: b.table };
    expect(await validated(psi({ input_paths: unknown }))).toEqual([['DATASET_UNKNOWN'], []]);
    // Two versions are one question to their owner.
    const signed = await a.owner.sign(await a.owner.dataset('customers', 'other.csv', 2));
    await a.api.expect(200, `/parties/${a.party}/statements`, { method: 'PUT', body: { signed } });
    const twice = { [a.party]: [a.table, `dataset:${a.party}/customers@2`], [b.party]: [b.table] };
    const merged = { ...psi(), task_type: 'encrypt' };
    Object.assign(merged.task_params, {
      task_config: {
        input_data: twice,
        recipients: ['age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha'],
      },
    });
    const [, waits] = await validated(merged);
    expect(waits).toEqual([a.party, b.party].map((party) => expect.objectContaining({ party })));
    const created = await b.api.call('/chains', { method: 'POST', body: chain([psi()]) });
    expect([created.status, created.body.errors![0]!.message]).toEqual([400, expect.stringContaining('合同已终止')]);
  });

  check('stays closed when the whole database is rewritten', async () => {
    const { a, b, psi, codeOf } = await scene(system);
    await allow(b, {});
    const mallory = await TestOwner.claim(join(system.dataRoot, `m-${randomUUID().slice(0, 8)}`), a.party);
    const rules = [{ effect: 'allow', task_types: ['psi', 'fillna'] }] as const;
    const wish = {
      kind: 'policy',
      dataset: 'customers',
      expires_at: '2999-01-01T00:00:00Z',
      rules,
      serial: 9,
    } as const;
    const db = new pg.Client(system.databaseUrl);
    await db.connect();
    const forge = async (statement: Statement, signed: string | null): Promise<void> => {
      await db.query('DELETE FROM statements WHERE party = $1 AND kind = $2', [a.party, statement.kind]);
      await db.query(
        `INSERT INTO statements (tenant_id, subject, kind, party, serial, body, signed)
         VALUES ('default', $1, $2, $3, $4, $5, $6)`,
        [
          `${statement.kind}:${a.party}/customers${statement.kind === 'dataset' ? '@1' : ''}`,
          statement.kind,
          a.party,
          statement.serial,
          statement,
          signed,
        ],
      );
    };
    try {
      for (const signed of [null, await mallory.sign(wish)]) {
        await forge(a.owner.complete(wish), signed);
        expect(await codeOf(b, psi())).toBe('APPROVAL_REQUIRED');
        // The key is made one of the party, and the chain becomes the party's.
        await db.query(`UPDATE api_keys SET party = $1 WHERE tenant_id = 'default'`, [a.party]);
        await system.api.expect(201, '/keys', { method: 'POST', body: { name: 'n', role: 'author', party: a.party } });
        expect(await codeOf(a, psi())).toBe('APPROVAL_REQUIRED');
        expect(await codeOf(a, fill(a, 'table.csv'))).toBe('APPROVAL_REQUIRED');
      }
      // A dataset that leads to another file.
      const dataset = a.owner.complete({ ...(await a.owner.dataset('customers', 'other.csv')), serial: 9 } as never);
      await forge(dataset, await mallory.signText(JSON.stringify(dataset)));
      expect(await codeOf(b, psi())).toBe('DATASET_UNKNOWN');
    } finally {
      await db.end();
    }
  });

  check('shows its number of rows to its own keys and to admins alone, unless it says otherwise', async () => {
    const { a, b } = await scene(system);
    const read = async (api: ApiClient): Promise<unknown[]> => {
      const listed = await api.expect<{ items: { rows: unknown }[] }>(200, `/datasets?party=${a.party}`);
      const signed = await api.expect<{ items: object[] }>(200, `/parties/${a.party}/statements?kind=dataset`);
      return [...listed.items.map(({ rows }) => rows), signed.items.length];
    };
    const stranger = await keyOf(system, 'author');
    const readers = [a.api, system.api, b.api, stranger];
    expect(await Promise.all(readers.map(read))).toEqual([
      [1, 1],
      [1, 1],
      [null, 0],
      [null, 0],
    ]);
    const dataset = await a.owner.dataset('customers', 'table.csv');
    await put(a, await a.owner.sign({ ...dataset, serial: 2, show_rows: true } as typeof dataset));
    expect(await Promise.all(readers.map(read))).toEqual(readers.map(() => [1, 1]));
  });

  check('is stated by its own keys and by admins alone', async () => {
    const { a, b } = await scene(system);
    const signed = await a.owner.sign({ kind: 'party', recipients: [] });
    const path = `/parties/${a.party}/statements`;
    expect((await b.api.call(path, { method: 'PUT', body: { signed } })).body.code).toBe('FORBIDDEN');
    const ofB = { signed: await b.owner.sign({ kind: 'party', recipients: [] }) };
    expect((await a.api.call(`/parties/${b.party}/statements`, { method: 'PUT', body: ofB })).body.code).toBe(
      'FORBIDDEN',
    );
    await a.api.expect(200, path, { method: 'PUT', body: { signed } });
    expect((await a.api.call(path, { method: 'PUT', body: { signed } })).body.code).toBe('STATEMENT_OUTDATED');
    const wrong = await a.owner.signText('{"kind":"party","party":"x"}');
    expect((await a.api.call(path, { method: 'PUT', body: { signed: wrong } })).body).toMatchObject({
      code: 'BAD_REQUEST',
      errors: expect.arrayContaining([expect.objectContaining({ code: 'REQUIRED', pointer: '/recipients' })]),
    });
    for (const body of [
      {},
      { signed, statement: {} },
      { signed: 'a.b' },
      { signed: 'a.b.c' },
      { statement: { kind: 'x' } },
    ]) {
      expect((await a.api.call(path, { method: 'PUT', body })).body.code).toBe('BAD_REQUEST');
    }
  });

  const checkOnLinux: Check = noLinux ? (name) => itUnless(noLinux, name, () => undefined) : check;
  checkOnLinux('ends a task and its processes within 5 s of a withdrawal', async () => {
    const { a, b } = await scene(system);
    for (const [side, columns] of [
      [a, 'x1,x2'],
      [b, 'y,z'],
    ] as const) {
      const rows = Array.from({ length: ROWS }, (_, i) => `${i % 2},${(i * 7) % 100}\n`);
      writeFileSync(join(system.dataRoot, side.party, 'numbers.csv'), `${columns}\n${rows.join('')}`);
      await put(side, await side.owner.sign(await side.owner.dataset('customers', 'numbers.csv', 2)));
      await allow(side, { task_types: ['ss_lr'] });
    }
    const numbers = ({ party }: typeof a) => `dataset:${party}/customers@2`;
    const training = work('ss_lr', [a.party, b.party], {
      train_data: { [a.party]: numbers(a), [b.party]: numbers(b) },
      features: { [a.party]: ['x2'], [b.party]: ['z'] },
      ...{ label: 'y', label_party: b.party },
      params: { epochs: 1_000, batch_size: 16, learning_rate: 0.001 },
    });
    const id = await b.api.start(chain([training]));
    const parties = () => childrenOf(system.app('compute-worker').pid);
    await system.api.until(id, 'it is training', (now) => taskOf(now, 'only').progress > 0.001);
    expect(parties().length).toBeGreaterThanOrEqual(2);

    const began = performance.now();
    await decide(a, id, 'only', 'withdraw');
    await eventually('no process works for the task', () => parties().length === 0 || undefined);
    const took = performance.now() - began;
    const { error } = taskOf(await system.api.ended(id), 'only');
    expect(error).toMatchObject({ code: 'POLICY_REFUSED' });
    expect(took).toBeLessThan(5_000);
  });
});

/** Processes that this one started. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [state, of] = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
        return of === String(parent) && state !== 'Z';
      } catch {
        return false; // It has ended since.
      }
    })
    .map(Number);
}
