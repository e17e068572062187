import type { NodeFile } from './node-folder.js';
import { Refusal } from './refusal.js';
import type { SharedTask } from './task-file.js';

/** Another site that takes part in a task. */
export interface Member {
  readonly name: string;
  readonly isDealer: boolean;
  /** Of its key, as people have compared it; undefined: nobody here has written one down. */
  readonly fingerprint: string | undefined;
}

/** The other sites of an offered task, with the keys that this site has written down for them. */
export function membersOf(
  { name: own, dealer: isDealerHere = false, peers }: Pick<NodeFile, 'name' | 'dealer' | 'peers'>,
  { parties, dealer }: Pick<SharedTask, 'parties' | 'dealer'>,
): readonly Member[] {
  const memberOf = (name: string, isDealer: boolean): Member => {
    const peer = Object.hasOwn(peers, name) ? peers[name] : undefined;
    return { name, isDealer, fingerprint: (peer?.dealer ?? false) === isDealer ? peer?.fingerprint : undefined };
  };
  const others = parties.filter((party) => isDealerHere || party !== own).map((party) => memberOf(party, false));
  return dealer === undefined || isDealerHere ? others : [...others, memberOf(dealer, true)];
}

/** The command by which a site writes down the key of another one. */
export const addingOf = ({ name, isDealer }: Member): string =>
  `task-chain-node peers add ${name} <fingerprint>${isDealer ? ' --dealer' : ''}`;

/** Throws Refusal where this site has no key of one that takes part: it would not know whom it talks to. */
export function requireKnown(members: readonly Member[]): void {
  const unknown = members.find(({ fingerprint }) => fingerprint === undefined);
  if (!unknown) return;
  const { name, isDealer } = unknown;
  throw new Refusal(
    `This site has no key of the ${isDealer ? 'dealer' : 'party'} ${name}. Compare its fingerprint by telephone, then: ${addingOf(unknown)}. The task waits for you meanwhile.`,
  );
}
