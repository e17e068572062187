import { PeerMessage } from '../contract/peer-message.js';
import { reserveFirst, type Opened } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import { MAX_COLUMNS } from './fit-shape.js';

/** Numbers of each column of a party, such as its z and p, and with the label's party those of the intercept. */
export interface Effects {
  readonly columns: Readonly<Record<string, readonly number[]>>;
  readonly intercept?: readonly number[];
}

/** The most numbers of a column. */
const MOST_NUMBERS = 50;

/**
 * Counts what is opened to the peer: with the effects of the own columns where their owner's policy names the peer and they take at most half of what
 * is left. Returns whether they may be shown. Throws TaskFailure BUDGET_EXHAUSTED.
 */
export async function reserveEffects(context: PartyContext, opened: Opened, withOwn: Opened): Promise<boolean> {
  const mayShow = context.effectsTo.includes(context.peers[0]!);
  const wishes = mayShow ? [{ ...withOwn, share: 0.5 }, opened] : [opened];
  return (await reserveFirst(context, wishes)) < wishes.length - 1;
}

/** Sends the peer the own effects, or null where it may not read them, and returns what it sends. Throws PROTOCOL_VIOLATION. */
export async function exchangeEffects(context: PartyContext, own: Effects | null): Promise<Effects | null> {
  const peer = context.peers[0]!;
  await context.send(peer, own === null ? { shown: false } : { shown: true, ...own });
  return effectsFrom(peer, await context.receiveJson<unknown>(peer));
}

/** A peer's effects. Throws PROTOCOL_VIOLATION. */
export function effectsFrom(peer: string, value: unknown): Effects | null {
  const message = new PeerMessage(peer, value);
  if (!message.flag('shown')) return null;
  const columns = message.part('columns');
  const isNumber = (item: unknown): item is number => Number.isFinite(item);
  const names = columns.names(MAX_COLUMNS);
  return {
    columns: Object.fromEntries(names.map((name) => [name, columns.list(name, MOST_NUMBERS, isNumber)])),
    ...(message.has('intercept') && { intercept: message.list('intercept', MOST_NUMBERS, isNumber) }),
  };
}
