import { describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import pg from 'pg';
import { withConnection } from '#libs/local-postgres';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Queryable } from './database.js';
import { Duty } from './entities/duty.entity.js';
import type { Statement } from './pool.js';
import { isTransient } from './transient.js';

const one: Statement = { name: 'one', text: 'SELECT 1 AS one' };
/** Both ways to the database. */
const WAYS: Record<string, (db: Queryable) => Promise<unknown>> = {
  statements: (db) => db.query(one),
  entities: (db) => db.entities.existsBy(Duty, { name: 'none' }),
};
const notify: Statement = { name: 'notify', text: `SELECT pg_notify('spec', $1)` };

describe('the database', () => {
  const database = useTestDatabase();

  for (const [way, ask] of Object.entries(WAYS)) {
    it(`outlives the loss of a connection in the middle of a transaction (${way})`, async () => {
      const db = await openDatabase(database.url, { max: 2 });
      try {
        const answer = await ask(db);
        const failed = db.transaction(async (tx) => {
          await ask(tx);
          await cut(database.url);
          await ask(tx);
        });
        await expect(failed.catch((error: unknown) => isTransient(error))).resolves.toBe(true);
        expect(await db.transaction((tx) => ask(tx))).toEqual(answer);
      } finally {
        await db.close();
      }
    });
  }

  it('sends statements of a transaction before those ahead of them are answered, and takes none back alone', async () => {
    const db = await openDatabase(database.url, { max: 1 });
    const sent: number[] = [];
    let client: pg.PoolClient | undefined;
    db['source'].pool.on('acquire', (each) => (client = each));
    const hold: Statement = {
      name: 'hold',
      text: `INSERT INTO duties (name, holder, held_until) VALUES ('two', 'x', now())`,
    };
    const wrong: Statement = { name: 'wrong', text: 'SELECT 1 / 0 AS one' };
    try {
      await db.transaction(async (tx) => {
        const ask = (): Promise<unknown> => {
          const answer = tx.query(one);
          sent.push((client!.connection.stream as Socket).bytesWritten);
          return answer;
        };
        await Promise.all([ask(), ask(), ask()]);
      });
      expect(sent[1]).toBeGreaterThan(sent[0]!);
      expect(sent[2]).toBeGreaterThan(sent[1]!);
      const failed = db.transaction((tx) => Promise.all([tx.query(hold), tx.query(wrong), tx.query(one)]));
      await expect(failed).rejects.toThrow('division by zero');
      expect(await db.entities.existsBy(Duty, { name: 'two' })).toBe(false);
    } finally {
      await db.close();
    }
  });

  it('stores nothing where its BEGIN fails', async () => {
    const db = await openDatabase(database.url, { max: 1 });
    db['source'].pool.once('acquire', (client) => {
      const query = client.query.bind(client) as (text: unknown) => Promise<unknown>;
      client.query = ((text: unknown) => query(text === 'BEGIN' ? 'BEGIN nonsense' : text)) as never;
    });
    const hold: Statement = {
      name: 'hold',
      text: `INSERT INTO duties (name, holder, held_until) VALUES ('three', 'x', now())`,
    };
    try {
      const failed = db.transaction((tx) => Promise.all([tx.query(hold), tx.query(one)]));
      await expect(failed).rejects.toThrow('nonsense');
      expect(await withConnection(database.url, (client) => client.query('SELECT 1 FROM duties'))).toMatchObject({
        rowCount: 0,
      });
    } finally {
      await db.close();
    }
  });

  it('gives times as the API answers them, in UTC with milliseconds', async () => {
    const db = await openDatabase(database.url, { max: 1 });
    const times = `SELECT unnest(ARRAY['2026-11-26 03:40:56.123999+00', '2026-11-26 11:40:56+08', '1999-12-31 23:59:59.5Z',
      null]::timestamptz[]) AS at`;
    try {
      expect((await db.query<{ at: string | null }>({ name: '', text: times })).map(({ at }) => at)).toEqual([
        '2026-11-26T03:40:56.123Z',
        '2026-11-26T03:40:56.000Z',
        '1999-12-31T23:59:59.500Z',
        null,
      ]);
      await db.entities.insert(Duty, { name: 'time', holder: 'x', held_until: '2026-11-26 11:40:56.1239+08' });
      expect(await db.entities.findOneBy(Duty, { name: 'time' })).toMatchObject({
        held_until: '2026-11-26T03:40:56.123Z',
      });
    } finally {
      await db.close();
    }
  });

  it('listens again after its connection was lost, more than once, and stops cleanly', async () => {
    const db = await openDatabase(database.url, { max: 2 });
    const heard = new Set<string>();
    const stop = db.listen('spec', (payload) => heard.add(payload));
    try {
      for (const word of ['first', 'second', 'third']) {
        for (const until = performance.now() + 20_000; !heard.has(word);) {
          if (performance.now() > until) throw new Error(`never heard the ${word} word`);
          await db.query(notify, [word]).catch((error: unknown) => expect(isTransient(error)).toBe(true));
        }
        await cut(database.url);
      }
    } finally {
      await stop();
      await db.close();
    }
  });

  it('stops listening while it tries to come back', async () => {
    const db = await openDatabase(database.url, { max: 2 });
    const stop = db.listen('spec', () => undefined);
    await db.query(one);
    await cut(database.url);
    await stop();
    await db.close();
  });
});

/** Ends every other connection to the database, as a restart of the server does. */
async function cut(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  await client.end();
}
