import type { FarPlace } from '../catalogue/far-psi.js';

const SIZES =
  'The number of rows of each party and the kind of each key column. The receiver learns the intersection, and in its party_results the size; without one both parties do.';
const FLEET =
  "The fleet gets hashes of the keys under a salt of this run that it does not know, in an order of this run, with one random key of each party among them; it learns how many there are, and how many in common. What its workers then do is the fleet's word: this system checks consent, ledger and budget before, and that what comes back are keys of the party.";

/** What fleets run. A worker of the design takes KKRT where nothing is said. */
export const AT_FLEETS: FarPlace = {
  ...{ what: 'a fleet', usual: 'KKRT_PSI_2PC' },
  leaves: {
    KKRT_PSI_2PC: `As the fleet says, oblivious transfers, and from the party that is not the receiver pseudo-random values of its hashes. ${SIZES} ${FLEET}`,
    ECDH_PSI_2PC: `As the fleet says, points of a curve under the secrets of both parties; SPU's Curve25519 shows one bit of each hash. ${SIZES} ${FLEET}`,
  },
};
