import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inProcessLine } from './channel.js';
import { PieceReceiver, PieceSender } from './pieces.js';

describe('pieces', () => {
  test('arrive whole and in order, many in one message', async () => {
    const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constant(70_000)), { maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(lengths, async (sizes) => {
        let messages = 0;
        const [from, to] = inProcessLine(() => (messages += 1));
        const sender = new PieceSender(from);
        const pieces = sizes.map((size, at) => new Uint8Array(size).fill(at % 251));
        for (const piece of pieces) await sender.put(piece);
        await sender.flush();
        const receiver = new PieceReceiver(to);
        for (const piece of pieces) expect(Buffer.from(await receiver.take(piece.length)).equals(piece)).toBe(true);
        const large = sizes.filter((size) => size === 70_000).length;
        expect(messages).toBeLessThanOrEqual(large + 3);
      }),
      { numRuns: 50 },
    );
  });

  test('that one line holds are sent before the other waits for room', async () => {
    const got: number[] = [];
    const open = {
      send: async (bytes: Uint8Array) => void got.push(bytes.length),
      receive: async () => new Uint8Array(),
    };
    const full = { ...open, send: () => new Promise<void>(() => undefined) };
    for (const [lines, held] of [
      [PieceSender.pair([open, full]), 0],
      [PieceSender.pair([full, open]), 1],
    ] as const) {
      await lines[held]!.put(new Uint8Array(5));
      void lines[1 - held]!.put(new Uint8Array(70_000));
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).toEqual([5, 5]);
  });

  test('are cut short where the sender and the receiver do not agree on a length', async () => {
    const [from, to] = inProcessLine();
    const sender = new PieceSender(from);
    await sender.put(new Uint8Array(5));
    await sender.flush();
    expect(await new PieceReceiver(to).take(6)).toHaveLength(5);
  });
});
