import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { sealAudit, verifyAudit, type AuditedChange, type AuditFault } from './audit.js';
import { AuditRepository } from './audit.repository.js';
import { openDatabase, type Database } from './database.js';

const audit = new AuditRepository();
const entry = (target: string, details: Record<string, unknown> = {}): AuditedChange => {
  return { actor: 'ann', address: '10.0.0.1', request_id: 'req-1', action: 'createChain', target, details };
};

describe('the audit log', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = (await openDatabase(database.url)).forTenant('default')));
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });
  const faults = async (...noted: { seq: number; hash: string }[]): Promise<readonly AuditFault[]> =>
    (await verifyAudit(db, noted)).faults;
  /** As who owns the table can: past the triggers. */
  const tamper = async (text: string): Promise<void> => {
    await sql('ALTER TABLE audit_log DISABLE TRIGGER USER');
    await sql(text);
    await sql('ALTER TABLE audit_log ENABLE TRIGGER USER');
  };
  const swap = (a: number, b: number): string => `
    UPDATE audit_log x
       SET at = y.at, actor = y.actor, address = y.address, request_id = y.request_id, action = y.action,
           target = y.target, details = y.details, previous_hash = y.previous_hash, hash = y.hash
      FROM audit_log y WHERE (x.seq, y.seq) IN ((${a}, ${b}), (${b}, ${a}))`;

  beforeEach(async () => {
    await tamper('DELETE FROM audit_log');
    await sql(`UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')`);
    await db.transaction(async (tx) => {
      for (let i = 1; i <= 5; i++)
        await audit.record(tx, entry(`chain-${i}`, { note: '注', z: [1.5, null], a: { y: 1, x: i } }));
    });
    expect(await sealAudit(db)).toBe(5);
  });

  test('is whole as it was written, each row with the hash of the one before', async () => {
    const { rows, head, waiting, faults } = await verifyAudit(db);
    expect({ rows, waiting, faults, end: head.seq }).toEqual({ rows: 5, waiting: 0, faults: [], end: 5 });
    const links = await sql<{ linked: boolean }>(
      `SELECT bool_and(previous_hash = before) AS linked
         FROM (SELECT previous_hash, lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY seq) AS before
                 FROM audit_log) AS pairs`,
    );
    expect(links).toEqual([{ linked: true }]);
  });

  test('cannot be changed by a statement', async () => {
    for (const text of [
      `UPDATE audit_log SET actor = 'bob' WHERE seq = 3`,
      'DELETE FROM audit_log WHERE seq = 3',
      'TRUNCATE audit_log',
      'DELETE FROM audit_head',
    ]) {
      await expect(sql(text)).rejects.toThrow('append-only');
    }
    expect(await faults()).toEqual([]);
  });

  for (const [column, value] of [
    ['actor', `'bob'`],
    ['actor', 'NULL'],
    ['at', `at + interval '1 microsecond'`],
    ['address', `'10.0.0.2'`],
    ['request_id', `'req-2'`],
    ['action', `'deleteChain'`],
    ['target', `'chain-9'`],
    ['details', `details || '{"a": {"x": 4, "y": 1}}'`],
  ] as const) {
    test(`shows a row with another ${column} (${value})`, async () => {
      await tamper(`UPDATE audit_log SET ${column} = ${value} WHERE seq = 3`);
      expect(await faults()).toEqual([{ seq: 3, kind: 'altered' }]);
    });
  }

  for (const seq of [1, 3, 5]) {
    test(`shows that row ${seq} of 5 was removed`, async () => {
      await tamper(`DELETE FROM audit_log WHERE seq = ${seq}`);
      expect(await faults()).toEqual([{ seq, kind: 'removed' }]);
    });
  }

  test('shows that all rows were removed', async () => {
    await tamper('DELETE FROM audit_log');
    expect(await faults()).toEqual([{ seq: 1, kind: 'removed' }]);
  });

  test('shows two rows that changed places', async () => {
    await tamper(swap(2, 3));
    const kinds = (await faults()).filter(({ kind }) => kind === 'moved').map(({ seq }) => seq);
    expect(kinds).toEqual([2, 3, 4]);
  });

  test('shows by a noted head a log that was cut and ends well', async () => {
    const { head } = await verifyAudit(db);
    await tamper('DELETE FROM audit_log WHERE seq = 5');
    await sql('UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit_log WHERE seq = 4)');
    expect(await faults()).toEqual([]);
    expect(await faults(head)).toEqual([{ seq: 5, kind: 'removed' }]);
    await db.transaction((tx) => audit.record(tx, entry('chain-6')));
    await sealAudit(db);
    expect(await faults()).toEqual([]);
    expect(await faults(head)).toEqual([{ seq: 5, kind: 'replaced' }]);
  });

  test('loses and doubles nothing when many write and many seal', async () => {
    const write = async (n: number): Promise<void> => {
      for (let i = 0; i < 40; i++) await db.transaction((tx) => audit.record(tx, entry(`w${n}-${i}`)));
    };
    let open = true;
    const seal = async (): Promise<void> => {
      while (open) await sealAudit(db);
    };
    const sealing = [seal(), seal()];
    await Promise.all([write(1), write(2), write(3)]);
    open = false;
    await Promise.all(sealing);
    await sealAudit(db);
    expect(await verifyAudit(db)).toMatchObject({ rows: 125, waiting: 0, faults: [] });
    const [{ targets } = { targets: 0 }] = await sql<{ targets: number }>(
      'SELECT count(DISTINCT target) AS targets FROM audit_log',
    );
    expect(targets).toBe(125);
  });

  test('tells nothing of a change that was rolled back', async () => {
    const failing = db.transaction(async (tx) => {
      await audit.record(tx, entry('chain-6'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await sealAudit(db)).toBe(0);
  });
});
