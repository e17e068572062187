import { describe, expect, test } from '@jest/globals';
import { inProcessLine, type Channel } from './channel.js';
import { dealGroup, joinGroup } from './session.js';

/** Lines from a dealer to so many parties, with all that crosses them. */
function linesOf(parties: number) {
  const crossed: { readonly at: number; readonly byDealer: boolean; readonly bytes: Uint8Array }[] = [];
  const lines = Array.from({ length: parties }, (_, at) =>
    inProcessLine((from, bytes) => crossed.push({ at, byDealer: from === 0, bytes })),
  );
  return { crossed, atDealer: lines.map(([end]) => end), atParties: lines.map(([, end]) => end) };
}

describe('the masks of a party', () => {
  test('are of a seed that the party makes, new in each run: a dealer says nothing before it has those of all', async () => {
    const seen: string[] = [];
    for (let run = 0; run < 3; run += 1) {
      const { crossed, atDealer, atParties } = linesOf(3);
      const [dealt, parties] = await Promise.all([
        dealGroup(atDealer),
        Promise.all(atParties.map((dealer, index) => joinGroup(index, [], dealer))),
      ]);
      expect(crossed.map(({ at, byDealer, bytes }) => [at, byDealer, bytes.byteLength])).toEqual(
        [0, 1, 2].map((at) => [at, false, 32]),
      );
      for (const [at, { masks }] of parties.entries()) expect(masks.next(4)).toEqual(dealt[at]!.masks.next(4));
      seen.push(...crossed.map(({ bytes }) => Buffer.from(bytes).toString('hex')));
    }
    expect(new Set(seen).size).toBe(9);
  });

  test.each([0, 31, 33, 1_000_000])('are of no seed of %i bytes: who sends it is named', async (bytes) => {
    const { atDealer, atParties } = linesOf(2);
    const named = atDealer.map((line, at): Channel => ({ ...line, to: ['alice', 'bob'][at]! }));
    await atParties[0]!.send(new Uint8Array(32));
    await atParties[1]!.send(new Uint8Array(bytes));
    await expect(dealGroup(named)).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      message: 'Party bob sent no seed.',
      details: { party: 'bob' },
    });
  });
});
