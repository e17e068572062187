import { createHash } from 'node:crypto';
import { canonicalJson, type ConsentJson } from '#libs/consent';

/** What this site or a person at it has done. */
export type Action =
  | 'joined'
  | 'renewed'
  | 'peer added'
  | 'peer removed'
  | 'engine set'
  | 'engine removed'
  | 'decided'
  | 'began'
  /** What a run has said to the other members, and heard of them: before its files count, or as it fails. */
  | 'crossed'
  | 'prepared'
  | 'dropped'
  | 'ended'
  /** How far the ledger goes. */
  | 'counted'
  /** The records do not go as far as they went. */
  | 'records old'
  | 'loss accepted';

/** An entry of the site's log. */
export interface Entry {
  /** From 1 on, without a gap. */
  readonly seq: number;
  /** ISO 8601, by the clock of the site. */
  readonly at: string;
  readonly action: Action;
  readonly details: Readonly<Record<string, ConsentJson>>;
  /** `sha256:<hex>` over the other fields and the hash of the entry before. */
  readonly hash: string;
}

/** Whether a log is whole. */
export interface LogCheck {
  readonly entries: number;
  /** The hash of the last entry: whoever has noted it notices later that entries before it have changed. */
  readonly head: string;
  /** The first entry that does not follow on the one before. */
  readonly broken?: number;
}

/** The hash before the first entry. */
export const NONE = `sha256:${'0'.repeat(64)}`;

/** An entry as the store has it. */
export interface EntryRow {
  readonly seq: number;
  readonly at: string;
  readonly action: string;
  readonly details: string;
  readonly hash: string;
}

/** The entry of a row. */
export const entryOf = ({ seq, at, action, details, hash }: EntryRow): Entry => ({
  ...{ seq, at, action: action as Action, hash },
  details: JSON.parse(details) as Entry['details'],
});

/** Checks that each entry follows on the one before. */
export function checkLog(all: readonly Entry[]): LogCheck {
  let [head, entries] = [NONE, 0];
  for (const { hash, ...entry } of all) {
    if (entry.seq !== entries + 1 || hash !== hashOf(entry, head)) return { entries, head, broken: entries + 1 };
    [head, entries] = [hash, entry.seq];
  }
  return { entries, head };
}

/** `sha256:<hex>` of the canonical form. */
export const sha256 = (value: ConsentJson): string =>
  `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
/** The hash of an entry that follows on another one. */
export const hashOf = (entry: Omit<Entry, 'hash'>, before: string): string => sha256({ ...entry, before });
