import type { TFunction } from 'i18next';
import type { WaitingDto } from '#client';
import { exactTime } from '../view/times.js';

/** Why a task waits, and what to do. */
export function wordsOfWaiting(
  { code, until, party, ahead, limit, going, signal, who = [], parents = [] }: WaitingDto,
  t: TFunction,
): string {
  return t(`waiting.${code}`, {
    count: ahead ?? parents.length,
    party: party ?? '?',
    who: who.join(', '),
    name: signal?.name ?? '?',
    key: signal?.key ?? '?',
    limit: limit ?? 0,
    going: going ?? 0,
    until: until === undefined ? '' : exactTime(until),
  });
}
