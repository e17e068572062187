import { joinedSites, type Queryable } from '#libs/repositories';

/** Where that lies which counts of a party's data: in its folder at a worker, or at its own site. */
export const KEPT_AT = ['worker', 'site'] as const;
export type KeptAt = (typeof KEPT_AT)[number];

/** Whose catalogue and ledger the server has a copy of, that lacks what sites do: of each party that ever had a site, as what was opened there stays there. */
export async function keptAt(db: Queryable): Promise<(party: string) => KeptAt> {
  const sites = await joinedSites(db);
  return (party) => (sites.some((site) => site.party === party && !site.dealer) ? 'site' : 'worker');
}
