import { useQueries, useQuery } from '@tanstack/react-query';
import type { ListStatementsData, StatementDto } from '#client';
import { api } from '../api.js';

/** More parties are for the command line: each is a request. */
export const MOST_PARTIES = 20;
/** A refusal or an approval counts for as long as one of the CLI. */
const COUNTS_FOR_MS = 30 * 86_400_000;

type Kind = NonNullable<NonNullable<ListStatementsData['query']>['kind']>;

/** The newest statements of a kind; of `party` alone where the reader belongs to one. */
export function useStatements(party: string | null, kind: Kind) {
  const parties = useQuery({
    queryKey: ['parties'],
    queryFn: ({ signal }) => api.listParties({ signal }),
    enabled: party === null,
  });
  const all = party === null ? (parties.data?.items.map((each) => each.party) ?? []) : [party];
  const asked = useQueries({
    queries: all.slice(0, MOST_PARTIES).map((each) => ({
      queryKey: [kind, each],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.listStatements({ path: { party: each }, query: { kind }, signal }),
    })),
  });
  return {
    items: asked.flatMap(({ data }) => data?.items ?? []) as readonly StatementDto[],
    error: parties.error ?? asked.find((each) => each.isError)?.error,
    areMore: all.length > MOST_PARTIES,
    /** Whether all parties were asked and have answered. */
    isKnown: !parties.isLoading && all.length <= MOST_PARTIES && asked.every(({ isSuccess }) => isSuccess),
  };
}

/** States something in the name of a party, without a signature; dated as the CLI does, so that it replaces what was stated before. */
export function putBare(party: string, statement: object, before = 0): Promise<StatementDto> {
  const now = Date.now();
  const dated = { ...statement, party, serial: Math.max(now, before + 1), issued_at: new Date(now).toISOString() };
  return api.putStatement({ path: { party }, body: { statement: dated } });
}

/** A decision on one task, by its hash. */
export function decide(
  { party, ...of }: { party: string; chain_id: string; task_id: string; task: string },
  decision: 'approve' | 'refuse' | 'withdraw',
  words: string,
  before?: number,
): Promise<StatementDto> {
  const { chain_id, task_id, task } = of;
  const expires_at = new Date(Date.now() + COUNTS_FOR_MS).toISOString();
  const said = words === '' ? {} : { words };
  return putBare(party, { kind: 'approval', chain_id, task_id, task, decision, expires_at, ...said }, before);
}

type Who = { readonly role: string; readonly party: string | null } | undefined;

/** Whether somebody reads what was opened of a party's data. */
export const mayRead = (who: Who, party: string): boolean =>
  who?.role === 'platform' || who?.role === 'admin' || who?.party === party;

/** Whether somebody may refuse and withdraw for a party. */
export const mayRefuse = (who: Who, party: string): boolean =>
  mayRead(who, party) && who?.role !== 'viewer' && who?.role !== 'operator';
