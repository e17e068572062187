import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#libs/repositories';
import { useTestDatabase } from '#libs/testing';
import { answerLongOnce, answerOnce, type IdempotentRequest } from './idempotency.js';

describe('an answer under a key', () => {
  let db: Database;
  afterAll(() => db.close());
  const shared = useTestDatabase();
  beforeAll(async () => {
    db = (await openDatabase(shared.url)).forTenant('default');
  });
  const request = (key: string, content = 'x'): IdempotentRequest => ({ key, hash: Buffer.from(content.padEnd(32)) });
  const age = (key: string) =>
    db.query({
      name: '',
      text: `UPDATE idempotency_keys SET created_at = now() - interval '1 h' WHERE idempotency_key = '${key}'`,
    });

  for (const [name, once] of [
    ['in one transaction', answerOnce],
    ['of long work', answerLongOnce],
  ] as const) {
    it(`${name} is given again, and to the same body alone`, async () => {
      const first = await once(db, name, request('k'), async () => ({ n: 1 }));
      const second = await once(db, name, request('k'), async () => ({ n: 2 }));
      expect([first, second]).toEqual([
        { kind: 'answered', answer: { n: 1 } },
        { kind: 'replayed', answer: { n: 1 } },
      ]);
      expect(await once(db, name, request('k', 'y'), async () => ({ n: 3 }))).toEqual({ kind: 'key-reused' });
      expect(await once(db, `other ${name}`, request('k'), async () => ({ n: 4 }))).toMatchObject({ answer: { n: 4 } });
    });

    it(`${name} leaves the key free when the work fails`, async () => {
      const fails = once(db, name, request('f'), () => Promise.reject(new Error('no')));
      await expect(fails).rejects.toThrow('no');
      expect(await once(db, name, request('f'), async () => ({ n: 1 }))).toMatchObject({ kind: 'answered' });
    });
  }

  it('of work in one transaction is waited for', async () => {
    let calls = 0;
    const work = async () => ({ n: ++calls });
    const answers = await Promise.all(Array.from({ length: 5 }, () => answerOnce(db, 'wait', request('k'), work)));
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['answered', ...Array<string>(4).fill('replayed')]);
    expect(calls).toBe(1);
  });

  it('of long work is not waited for; what a dead process left is done again', async () => {
    let finish = (_answer: object): void => undefined;
    let first: Promise<unknown> = Promise.resolve();
    await new Promise<void>((begun) => {
      first = answerLongOnce(db, 'long', request('k'), () => {
        begun();
        return new Promise<object>((resolve) => (finish = resolve));
      });
    });
    expect(await answerLongOnce(db, 'long', request('k'), async () => ({ n: 2 }))).toEqual({ kind: 'in-use' });
    await age('k');
    expect(await answerLongOnce(db, 'long', request('k'), async () => ({ n: 3 }))).toMatchObject({ answer: { n: 3 } });
    finish({ n: 1 });
    await first;
  });
});
