import type { PartyContext } from '../party/party-program.js';
import { KeyHasher, POINT_BYTES } from '../mpc/curve.js';
import { mapToCurve } from '../mpc/elligator.js';
import { exchange } from '../mpc/psi-exchange.js';

/**
 * Whether each peer has as many rows as the party: each pair compares its two numbers as sets of one key, by the blind exchange of
 * `psi` (Meadows 1986). So a peer learns whether they are equal, and no number.
 */
export async function hasRowsOfAll(context: PartyContext, rows: number): Promise<boolean> {
  const points = Buffer.alloc(POINT_BYTES);
  new KeyHasher(Buffer.from(`${context.chainId}/${context.taskId}`)).hash([String(rows)], points, 0);
  mapToCurve(points, 1);
  let isSame = true;
  for (const peer of context.peers) {
    const { places } = await exchange(context, {
      peer,
      points,
      peerRows: 1,
      learns: true,
      peerLearns: true,
      worked: () => undefined,
    });
    isSame &&= places![0] === 0;
  }
  return isSame;
}
