import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { symmetricSecret, useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from './database.js';
import { SecretRepository, type SealedSecret } from './secret.repository.js';

const secrets = new SecretRepository();
let engine: Database;
let db: Database;
afterAll(() => engine.close());
const database = useTestDatabase();
beforeAll(async () => {
  engine = await openDatabase(database.url, { role: 'task_chain_engine', max: 2 });
  db = engine.forTenant('default');
});

const sealed = (text: string) => ({ key_id: 'new', sealed: Buffer.from(text) });
const put = (name: string, text: string, use = {}) => secrets.put(db, name, sealed(text), use, null);
const row = async (name: string): Promise<SealedSecret & { key_id: string }> => {
  const rows = await secrets.underOther(engine, 'none');
  return rows.find((each) => each.name === name)!;
};

test('a secret that was put while it was sealed anew keeps its new value', async () => {
  const old = symmetricSecret(randomBytes(32), 'default', 'raced', 'old');
  const values = ['raced', old.key_id, old.wrapped_key, old.sealed];
  const text = `INSERT INTO secrets (tenant_id, name, key_id, wrapped_key, sealed) VALUES ('default', $1, $2, $3, $4)`;
  await db.query({ name: '', text }, values);
  const before = await row('raced');
  expect(before.wrapped_key).toEqual(old.wrapped_key);
  const anew = { ...sealed('old, sealed anew'), key_id: 'newer', wrapped_key: null };
  await put('raced', 'a new value');
  expect(await secrets.reseal(engine, before, anew)).toBe(false);
  const between = await row('raced');
  expect(between).toMatchObject({ ...sealed('a new value'), wrapped_key: null });

  expect(await secrets.reseal(engine, between, anew)).toBe(true);
  expect(await row('raced')).toMatchObject(anew);
  expect(await secrets.countUnder(engine, 'newer')).toBe(1);
});

test('a secret that is not there or belongs to another is not sealed anew', async () => {
  await put('other', 'a value');
  const other = await row('other');
  const anew = { ...sealed('anew'), wrapped_key: null };
  for (const wrong of [{ name: 'another' }, { tenant_id: 'acme' }]) {
    expect(await secrets.reseal(engine, { ...other, ...wrong }, anew)).toBe(false);
  }
  expect(await row('other')).toEqual(other);
});

test('a value that is replaced keeps the types and keys that are left out, one that was removed does not', async () => {
  const lists = { task_types: ['diagnostic'], keys: ['key-1'] };
  expect(await put('listed', '1')).toMatchObject({ task_types: ['*'], keys: [], replaced: false });
  expect(await put('listed', '2', lists)).toMatchObject({ ...lists, replaced: true });
  expect(await put('listed', '3')).toMatchObject(lists);
  expect(await put('listed', '4', { keys: [] })).toMatchObject({ ...lists, keys: [] });
  await put('listed', '5', { keys: ['*'] });
  await secrets.remove(db, 'listed');
  expect(await put('listed', '6')).toMatchObject({ task_types: ['*'], keys: [] });
});
