import type { QueryClient } from '@tanstack/react-query';
import { ProblemError, TaskChainClient, type FaultDto } from '#client';

/** The API that served this page. The browser sends its session by itself. */
export const api = new TaskChainClient({ baseUrl: location.origin, retry: { retries: 2, maxDelayMs: 3_000 } });

/** A client of its own whose streams tell when they are opened and when they answer. */
export function apiWithStream(onState: (live: boolean) => void): TaskChainClient {
  const watched: typeof fetch = async (input, init) => {
    onState(false);
    const response = await fetch(input, init);
    if (response.ok) onState(true);
    return response;
  };
  return new TaskChainClient({ baseUrl: location.origin, fetch: watched });
}

/** Forgets all that was answered to whoever is or was signed in, but that. */
export const forgetAnswers = (client: QueryClient): void =>
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });

export const isSignedOut = (error: unknown): boolean => error instanceof ProblemError && error.status === 401;

/** There is no such thing, or not any more; other errors of a query that is asked again take away nothing of what is shown. */
export const isMissing = (error: unknown): boolean => error instanceof ProblemError && error.status === 404;

/** What the server says of an error; its code where there is one, and what is wrong with the request. */
export function wordsOfError(error: unknown): {
  readonly code: string | undefined;
  readonly message: string;
  readonly faults: readonly FaultDto[];
} {
  if (error instanceof ProblemError) return { code: error.code, message: error.message, faults: error.errors };
  return { code: undefined, message: error instanceof Error ? error.message : String(error), faults: [] };
}
