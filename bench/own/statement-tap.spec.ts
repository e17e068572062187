import { expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from '#libs/testing';
import { StatementTap } from './statement-tap.js';

it('notes statements with their parameters, and the settings of the connection', async () => {
  const database = await createTestDatabase();
  const url = new URL(database.url);
  const tap = await StatementTap.start(Number(url.port));
  url.port = String(tap.port);
  const client = new pg.Client({ connectionString: url.href, options: '-c jit=off -c timezone=UTC' });
  try {
    await client.connect();
    // Longer than what comes in one piece.
    const long = 'é'.repeat(300_000);
    const text = 'SELECT $1::text, $2::text, $3::bytea';
    const ask = (name: string, values: unknown[]) => client.query({ name, text, values, rowMode: 'array' });
    await ask('one', ['a', null, Buffer.from([0, 1])]);
    await ask('two', ['b', 'c', null]);
    const { rows } = await ask('one', [long, null, Buffer.from([0, 255])]);
    expect(rows).toEqual([[long, null, Buffer.from([0, 255])]]);
    expect(tap.options).toBe('-c jit=off -c timezone=UTC');
    expect([...tap.recorded.values()]).toEqual([
      { name: 'two', text, values: ['b', 'c', null] },
      { name: 'one', text, values: [long, null, { base64: 'AP8=' }] },
    ]);
  } finally {
    await client.end();
    await tap.close();
    await database.drop();
  }
});
