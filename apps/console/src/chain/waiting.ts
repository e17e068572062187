import type { TFunction } from 'i18next';
import type { WaitingDto } from '#client';

/** Why a task waits, and what to do. */
export function wordsOfWaiting(
  { code, until, party, ahead, limit, going, signal, who = [], parents = [] }: WaitingDto,
  t: TFunction,
): string {
  return t(`waiting.${code}`, {
    parents: parents.length,
    party: party ?? '?',
    who: who.join(', '),
    name: signal?.name ?? '?',
    key: signal?.key ?? '?',
    ahead: ahead ?? 0,
    limit: limit ?? 0,
    going: going ?? 0,
    until: until === undefined ? '' : new Date(until).toLocaleTimeString(),
  });
}
