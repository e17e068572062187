import type { TFunction } from 'i18next';
import type { WaitingDto } from '#client';
import { shownText } from '../view/name.js';
import { exactTime } from '../view/times.js';

/** Why a task waits, and what to do. */
export function wordsOfWaiting(
  { code, until, party, ahead, ahead_at_least: isLeast, limit, going, signal, who = [], parents = [] }: WaitingDto,
  t: TFunction,
): string {
  const isUncounted = ahead === undefined && (code === 'IN_QUEUE' || code === 'WAITING_FOR_ROOM');
  return t(`waiting.${isUncounted ? `${code}_uncounted` : code}`, {
    count: ahead ?? parents.length,
    ahead: `${isLeast === true ? '≥ ' : ''}${ahead ?? 0}`,
    party: party ?? '?',
    who: shownText(who.join(', ')),
    name: signal?.name ?? '?',
    key: shownText(signal?.key ?? '?'),
    limit: limit ?? 0,
    going: going ?? 0,
    until: until === undefined ? '' : exactTime(until),
  });
}
