import { duplexPair, type Duplex } from 'node:stream';

/** What a network does to one connection. */
export interface Weather {
  /** So many bytes pass, both ways together, and then no more. */
  readonly bytes: number;
  /** Nobody hears that it is cut. */
  readonly isSilent?: boolean;
}

/** Two ends of a network connection that breaks: in the middle of a frame, and what is on its way then is lost. */
export function wire({ bytes, isSilent = false }: Weather = { bytes: Infinity }): [Duplex, Duplex] {
  const [near, nearIn] = duplexPair();
  const [far, farIn] = duplexPair();
  const all = [near, nearIn, farIn, far];
  let left = bytes;
  for (const [from, to] of [
    [nearIn, farIn],
    [farIn, nearIn],
  ] as const) {
    from.on('data', (chunk: Buffer) => {
      setImmediate(() => {
        if (left > 0 && to.writable) to.write(chunk.subarray(0, left));
        left -= chunk.byteLength;
        if (left <= 0 && !isSilent) for (const each of all) each.destroy();
      });
    });
    from.on('end', () => setImmediate(() => to.end()));
    from.on('error', () => undefined);
  }
  near.on('close', () => setImmediate(() => farIn.end()));
  far.on('close', () => setImmediate(() => nearIn.end()));
  for (const end of [near, far]) end.on('end', () => void end.end());
  return [near, far];
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
