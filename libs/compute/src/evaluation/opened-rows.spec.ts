import { describe, expect, test } from '@jest/globals';
import type { Vector } from '../mpc/rings.js';
import type { PartyContext } from '../party/party-program.js';
import { answerRows, OpenedRows, RowShares } from './serve-scores.js';

const never = <T>(): Promise<T> => new Promise(() => undefined);
/** Runs of 2, 2 and 1 rows, of 2 words each. */
const shares = new RowShares([Uint32Array.of(1, 2, 3, 4), Uint32Array.of(5, 6, 7, 8), Uint32Array.of(9, 10)], 5);

/** What a party works with, of which these are others. */
const contextWith = (more: Partial<PartyContext>): PartyContext =>
  ({
    party: 'alice',
    peers: ['bob', 'carol'],
    send: () => Promise.resolve(),
    stillAllowed: () => Promise.resolve(),
    reserve: () => Promise.resolve(),
    ...more,
  }) as PartyContext;
const bytes = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
const opened = (own: Vector, theirs: readonly Vector[]): Float64Array =>
  Float64Array.of([own, ...theirs].reduce((sum, [word]) => sum + word!, 0));
const rowsWith = (more: Partial<PartyContext>): OpenedRows => new OpenedRows(contextWith(more), shares, opened, 9);

describe('rows that are opened one by one', () => {
  test('have their own words, in whichever run they are', () => {
    expect([0, 1, 2, 3, 4].map((row) => [...shares.of(row)])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
  });

  test('take the shares of each party in the order in which they were asked for, whoever is slow', async () => {
    const answers: Record<string, Uint8Array[]> = {
      bob: [bytes(10, 0), bytes(20, 0)],
      carol: [bytes(100, 0), bytes(200, 0)],
    };
    let hurry: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (hurry = resolve));
    const rows = rowsWith({
      receiveBytes: async (from) => {
        if (from === 'bob') await slow;
        return answers[from]!.shift()!;
      },
    });
    const both = [rows.of(4), rows.of(0)];
    hurry();
    expect(await Promise.all(both)).toEqual([119, 221]);
    await rows.end();
    await expect(async () => rows.of(1)).rejects.toMatchObject({ status: 503, code: 'ENDED' });
    expect(await rows.of(4)).toBe(119);
  });

  test('end where a party sends a share of another length, or none', async () => {
    const odd = rowsWith({ receiveBytes: (from) => Promise.resolve(from === 'bob' ? bytes(1, 2) : bytes(1)) });
    const refusal = { code: 'PROTOCOL_VIOLATION', details: { party: 'carol' } };
    await expect(odd.of(2)).rejects.toMatchObject(refusal);
    await expect(odd.failed).rejects.toMatchObject(refusal);
    const silent = rowsWith({ receiveBytes: never });
    void silent.of(2);
    await expect(silent.end(1)).rejects.toMatchObject({ code: 'PARTY_LOST', retryable: true });
  });

  test('are answered until their time is over, and are not waited for beyond', async () => {
    const asked = [{ row: 3 }, { row: 3 }, { end: true }];
    const sent: number[][] = [];
    const done: string[] = [];
    const context = contextWith({
      receiveJson: <T>() => (asked.length > 0 ? Promise.resolve(asked.shift() as T) : never<T>()),
      send: (_, message) =>
        Promise.resolve(void sent.push([...new Uint32Array((message as Uint8Array).slice().buffer)])),
      stillAllowed: () => Promise.resolve(void done.push('allowed')),
      reserve: () => Promise.resolve(void done.push('counted')),
    });
    const serving = (minutes: number) => ({
      receiver: 'bob',
      serving: { key: 'id', scores: 2, minutes, endpoint: null },
    });
    expect(await answerRows(context, serving(1), shares)).toBeNull();
    expect(sent).toEqual([
      [7, 8],
      [7, 8],
    ]);
    expect(done).toEqual(['allowed', 'counted']);
    // Its minute of grace is over as well.
    await expect(answerRows(context, serving(-1), shares)).rejects.toMatchObject({ code: 'PARTY_LOST' });
  });
});
