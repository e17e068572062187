import { isMap } from '../contract/json-values.js';

const SIZES =
  'The number of rows of each party and the kind of each key column. The receiver learns the intersection, and in its party_results the size; without one both parties do.';
const FLEET =
  "The fleet gets hashes of the keys under a salt of this run that it does not know, in an order of this run, with one random key of each party among them; it learns how many there are, and how many in common. What its workers then do is the fleet's word: this system checks consent, ledger and budget before, and that what comes back are keys of the party.";

/** The protocols of `psi` at a fleet, by their names there. */
export const CELERY_PSI: Readonly<Record<string, string>> = {
  KKRT_PSI_2PC: `As the fleet says, oblivious transfers, and from the party that is not the receiver pseudo-random values of its hashes. ${SIZES} ${FLEET}`,
  ECDH_PSI_2PC: `As the fleet says, points of a curve under the secrets of both parties; SPU's Curve25519 shows one bit of each hash. ${SIZES} ${FLEET}`,
};

/** What workers of the design take where nothing is said. */
const DEFAULT = 'KKRT_PSI_2PC';

/** The protocol of a `psi` at a fleet; undefined for none that fleets have. */
export function celeryProtocolOf(config: unknown): string | undefined {
  const { protocol = DEFAULT } = isMap(config) ? config : {};
  return typeof protocol === 'string' && Object.hasOwn(CELERY_PSI, protocol) ? protocol : undefined;
}
