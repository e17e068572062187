import { Problem } from '../http/problem.js';

/** The answer about a party that does not exist. */
export const noParty = (party: string): Problem =>
  new Problem(
    'NOT_FOUND',
    `There is no party ${JSON.stringify(party.slice(0, 80))}. An admin registers it by POST /parties.`,
  );
