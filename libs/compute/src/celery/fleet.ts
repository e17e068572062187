import { farName } from '../catalogue/far-name.js';

/** The broker of one party's fleet, and how the others reach that. */
export interface PartyBroker {
  readonly url: string;
  /** `host:port` of the party in SecretFlow's cluster. */
  readonly address: string;
  /** Where it listens for that; by default at `address`. */
  readonly listen?: string | undefined;
  /** `host:port` of the party's SPU. */
  readonly spu: string;
}

/** What the engine `celery` is made of. */
export interface CelerySettings {
  /** A URL of Redis: one fleet plays all parties. Else a broker for each party. */
  readonly brokers: string | Readonly<Record<string, PartyBroker>>;
  readonly queue: string;
  /** Where the parties' folders lie, as this process sees it and as the fleet does. */
  readonly dataRoot: string;
  readonly farRoot: string;
}

/** A fleet of a run: which parties it plays, by what broker, and what it is told of SecretFlow. */
export interface Fleet {
  /** In messages. */
  readonly name: string;
  /** What tells the ids of its tasks from those of others. */
  readonly party: string;
  readonly parties: readonly string[];
  readonly url: string;
  readonly init: object;
  readonly spu: object;
}

/** Ports that SPU takes on a fleet's own machine: each task has others. */
const FIRST_PORT = 21_000;
const PORTS = 10_000;
const LOOPBACK = '127.0.0.1';
const RUNTIME = { protocol: 'SEMI2K', field: 'FM128' };

/**
 * The fleets that run a task of these parties, whose folders lie in `root`, in an order that all tasks have; what the setting would call the party that has none. `portSeed` is any number
 * of the task.
 */
export function fleetsOf(
  { brokers, dataRoot }: CelerySettings,
  parties: readonly string[],
  portSeed: number,
  root: string,
): readonly Fleet[] | { readonly missing: string } {
  if (typeof brokers === 'string') {
    const port = (at: number): number => FIRST_PORT + ((portSeed + at) % PORTS);
    return [
      {
        ...{ name: 'The fleet', party: '*', parties, url: brokers, init: { parties, address: 'local' } },
        spu: spuOf(parties.map((party, at) => ({ party, address: `${LOOPBACK}:${port(at)}` }))),
      },
    ];
  }
  const nameOf = (party: string): string => farName(dataRoot, root, party);
  const missing = parties.map(nameOf).find((name) => !Object.hasOwn(brokers, name));
  if (missing !== undefined) return { missing };
  const each = parties.map((party) => ({ party, broker: brokers[nameOf(party)]! }));
  const cluster = Object.fromEntries(
    each.map(({ party, broker: { address, listen = address } }) => [party, { address, listen_addr: listen }]),
  );
  const spu = spuOf(each.map(({ party, broker }) => ({ party, address: broker.spu })));
  const fleets = each.map(({ party, broker: { url } }) => ({
    ...{ name: `The fleet of ${party}`, party, parties: [party], url, spu },
    init: { address: 'local', cluster_config: { parties: cluster, self_party: party } },
  }));
  return fleets.sort((one, other) => (placeOf(one.url) < placeOf(other.url) ? -1 : 1));
}

/** The same of all parties that share a broker, whoever logs in. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return [hostname, port, pathname].join('\n');
}

const spuOf = (nodes: readonly object[]): object => ({ cluster_def: { nodes, runtime_config: RUNTIME } });
