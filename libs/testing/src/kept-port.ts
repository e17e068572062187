import { randomInt } from 'node:crypto';
import { isPortFree } from '#libs/local-postgres';

/** Below the ports of `freePort`: those are given to whatever starts while the server of this one is down. */
const LOWEST_PORT = 12_000;
/** How many each of Jest's workers has, which run beside each other. */
const SLICE = 1_000;
const SLICES = 8;

let next = randomInt(SLICE);

/** A port of this host for a server that goes down and comes back: no other test takes it meanwhile. */
export async function keptPort(): Promise<number> {
  const slice = Number(process.env.JEST_WORKER_ID ?? 0) % SLICES;
  for (;;) {
    const port = LOWEST_PORT + slice * SLICE + (next++ % SLICE);
    if (await isPortFree('127.0.0.1', port)) return port;
  }
}
