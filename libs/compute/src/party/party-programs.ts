import type { PartyModule } from './party-program.js';

/** Every program that `runParties` starts by name. Loaded in the party's thread alone. */
export const partyPrograms = {} satisfies Record<string, () => Promise<PartyModule>>;

export type PartyProgramName = keyof typeof partyPrograms;
