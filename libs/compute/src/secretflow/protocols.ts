import { isMap } from '../contract/json-values.js';

/** The version of SPU that the engine is written for, and pins. */
export const SPU_VERSION = '0.9.5';

/** The versions of SecretFlow and of its SPU that components are of. */
export const COMPONENTS_VERSION = { lite: '1.13.0b0', spu: '0.9.4.dev20250618' } as const;

interface PsiProtocol {
  /** Its name in SPU. */
  readonly spu: string;
  readonly leaves: string;
}

const ALWAYS =
  'The number of rows of each party plus one, and the kind of each key column. The receiver learns the intersection, and in its party_results the size; without one both parties do.';
const HASHES =
  'Keys go to SPU as hashes under a salt of this run that both parties made, in an order of this run, with one random key of each party among them. Semi-honest model, and both parties trust the build of SPU that the operator has installed.';

/** The protocols of `psi` on SPU. */
export const PSI_PROTOCOLS: Readonly<Record<string, PsiProtocol>> = {
  ECDH_PSI_2PC: {
    spu: 'PROTOCOL_ECDH',
    leaves: `Points of FourQ, all of prime order, under the secrets of both parties. ${ALWAYS} ${HASHES}`,
  },
  KKRT_PSI_2PC: {
    spu: 'PROTOCOL_KKRT',
    leaves: `Oblivious transfers, and from the party that is not the receiver (without one, the second by name) pseudo-random values of its keys. ${ALWAYS} ${HASHES}`,
  },
  RR22_PSI_2PC: {
    spu: 'PROTOCOL_RR22',
    leaves: `An oblivious key-value store of vectors that are as good as random, and from the party that is not the receiver (without one, the second by name) pseudo-random values of its keys. ${ALWAYS} ${HASHES}`,
  },
};

/** Stands for a protocol until the chain is created. */
export const AUTO = 'AUTO';
const AUTO_WITHOUT_ROWS = 'ECDH_PSI_2PC';

/** RR22 is fastest. Its tables grow with the rows: here it takes 650 MiB a party, of the 1,536 that one may have. */
const MOST_ROWS_OF_RR22 = 1_000_000;

/**
 * The protocol that `AUTO` stands for. `rows` are those of each party's table; undefined where one is unknown.
 */
export function autoProtocol(rows: readonly number[] | undefined): string {
  if (rows === undefined) return AUTO_WITHOUT_ROWS;
  return Math.max(...rows) <= MOST_ROWS_OF_RR22 ? 'RR22_PSI_2PC' : AUTO_WITHOUT_ROWS;
}

/** The protocol that `psi` takes on SPU; undefined for none of SPU's. One that nobody has resolved is that for unknown numbers of rows. */
export function psiProtocolOf(config: unknown): string | undefined {
  const { protocol = AUTO_WITHOUT_ROWS } = isMap(config) ? config : {};
  const name = protocol === AUTO ? AUTO_WITHOUT_ROWS : protocol;
  return typeof name === 'string' && Object.hasOwn(PSI_PROTOCOLS, name) ? name : undefined;
}
