import { isMap } from '../contract/json-values.js';

interface KusciaProtocol {
  /** Its name in SecretFlow. */
  readonly theirs: string;
  readonly leaves: string;
}

const SIZES =
  'The number of rows of each party and the kind of each key column. The receiver learns the intersection, and its rows stay at the nodes; without one both parties do.';
const NODES =
  "Each party's node of Kuscia reads its table where it lies, and Kuscia's API gets its path, the names and kinds of its columns, and the names of its datasets; the other domain is granted to know of them. What the nodes then do, and what SecretFlow sends there, is the nodes' word: this system checks consent, ledger and budget before the job is made, and sees no output.";

/** The protocols of `psi` at nodes of Kuscia. */
export const KUSCIA_PSI: Readonly<Record<string, KusciaProtocol>> = {
  RR22_PSI_2PC: {
    theirs: 'PROTOCOL_RR22',
    leaves: `As the nodes say, an oblivious key-value store, and from the party that is not the receiver pseudo-random values of its keys. ${SIZES} ${NODES}`,
  },
  KKRT_PSI_2PC: {
    theirs: 'PROTOCOL_KKRT',
    leaves: `As the nodes say, oblivious transfers, and from the party that is not the receiver pseudo-random values of its keys. ${SIZES} ${NODES}`,
  },
  ECDH_PSI_2PC: {
    theirs: 'PROTOCOL_ECDH',
    leaves: `As the nodes say, points of a curve under the secrets of both parties; SPU's Curve25519 shows one bit of each key. ${SIZES} ${NODES}`,
  },
};

/** SecretFlow's own. */
const DEFAULT = 'RR22_PSI_2PC';

/** The protocol of a `psi` at nodes; undefined for none that they have. */
export function kusciaProtocolOf(config: unknown): string | undefined {
  const { protocol = DEFAULT } = isMap(config) ? config : {};
  return typeof protocol === 'string' && Object.hasOwn(KUSCIA_PSI, protocol) ? protocol : undefined;
}
