import type { PartyModule } from './party-program.js';

/** Every program that `runParties` starts by name. Loaded in the party's thread alone. */
export const partyPrograms = {
  psi: () => import('../psi/psi-party.js'),
  'ss-lr': () => import('../ss-lr-party.js'),
  'ss-lr-dealer': () => import('../ss-lr-dealer.js'),
} satisfies Record<string, () => Promise<PartyModule>>;

export type PartyProgramName = keyof typeof partyPrograms;
