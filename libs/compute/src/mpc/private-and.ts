import { nextBytes, sized, xor } from './bit-strings.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * x AND y of the bits of two parties, opened to the asker only (Beaver's triples, in bits). With masks a (asker), b and
 * c (answerer), and (a & b) ^ c, which the dealer sends the asker:
 *
 *     asker     sends e = x ^ a
 *     answerer  sends f = y ^ b and z = (e & y) ^ c
 *     asker     (a & f) ^ z ^ ((a & b) ^ c) = x & y
 *
 * Where x is 0 the asker learns nothing of y; the answerer learns nothing at all.
 */
export async function askAnd(session: PartySession, bits: Uint8Array): Promise<Uint8Array> {
  const length = bits.length;
  const a = nextBytes(session.masks, length);
  await session.peer.send(xor(bits, a));
  const answer = sized(await session.peer.receive(), 2 * length);
  const correction = sized(await session.dealer.receive(), length);
  return correction.map((byte, at) => byte ^ (a[at]! & answer[at]!) ^ answer[length + at]!);
}

/** The answerer's side of {@link askAnd}. `bits` has the same length. */
export async function answerAnd(session: PartySession, bits: Uint8Array): Promise<void> {
  const length = bits.length;
  const b = nextBytes(session.masks, length);
  const c = nextBytes(session.masks, length);
  const asked = sized(await session.peer.receive(), length);
  const answer = new Uint8Array(2 * length);
  for (let at = 0; at < length; at += 1) {
    answer[at] = bits[at]! ^ b[at]!;
    answer[length + at] = (asked[at]! & bits[at]!) ^ c[at]!;
  }
  await session.peer.send(answer);
}

/** The dealer's part of {@link askAnd}, for `length` bytes of bits. */
export async function dealAnd(asker: DealtParty, answerer: DealtParty, length: number): Promise<void> {
  const a = nextBytes(asker.masks, length);
  const b = nextBytes(answerer.masks, length);
  const c = nextBytes(answerer.masks, length);
  await asker.channel.send(a.map((byte, at) => (byte & b[at]!) ^ c[at]!));
}
