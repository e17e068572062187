import type { FarPlace } from '../catalogue/far-psi.js';

const SIZES =
  'The number of rows of each party and the kind of each key column. The receiver learns the intersection, and its rows stay at the nodes; without one both parties do.';
const NODES =
  "Each party's node of Kuscia reads its table where it lies, and Kuscia's API gets its path, the names and kinds of its columns, and the names of its datasets; the other domain is granted to know of them. What the nodes then do, and what SecretFlow sends there, is the nodes' word: this system checks consent, ledger and budget before the job is made, and sees no output.";

/** What nodes run, by RR22 where nothing is said, as SecretFlow does. */
export const AT_NODES: FarPlace = {
  ...{ what: 'a node of Kuscia', usual: 'RR22_PSI_2PC' },
  leaves: {
    RR22_PSI_2PC: `As the nodes say, an oblivious key-value store, and from the party that is not the receiver pseudo-random values of its keys. ${SIZES} ${NODES}`,
    KKRT_PSI_2PC: `As the nodes say, oblivious transfers, and from the party that is not the receiver pseudo-random values of its keys. ${SIZES} ${NODES}`,
    ECDH_PSI_2PC: `As the nodes say, points of a curve under the secrets of both parties; SPU's Curve25519 shows one bit of each key. ${SIZES} ${NODES}`,
  },
};

/** The names of protocols in SecretFlow. */
export const THEIRS: Readonly<Record<string, string>> = {
  RR22_PSI_2PC: 'PROTOCOL_RR22',
  KKRT_PSI_2PC: 'PROTOCOL_KKRT',
  ECDH_PSI_2PC: 'PROTOCOL_ECDH',
};
