import { isText, PeerMessage } from '../contract/peer-message.js';
import { NEUTRAL } from '../party/party-program.js';
import { OBJECTIVES, type Signature } from './model.js';

/** What a party advertises for one sum. */
export interface PublicKeys {
  /** For its pairwise masks. */
  readonly mask: string;
  /** For the shares that are sealed for it. */
  readonly seal: string;
  /** For its signature under what it received. */
  readonly sign: string;
  /** Its commitment to the seed of its private mask. */
  readonly seed: string;
}

/** Whose shares are revealed: of the seeds of those that are in the sum, of the keys of those that were lost on the way. */
export interface Unmasking {
  readonly summed: readonly string[];
  readonly lost: readonly string[];
}

/** By party, base64. */
type Texts = Readonly<Record<string, string>>;

/** A party's answer, by owner. */
export interface UnmaskShares {
  readonly seeds: Texts;
  readonly keys: Texts;
}

const MAX_PARTIES = 255;
const MAX_FEATURES = 10_000;
const MAX_NAME = 1024;
/** Keys and shares have 32 bytes and a few more. */
const MAX_TEXT = 256;

// Each reader throws PROTOCOL_VIOLATION on a message that does not fit.

export function publicKeysFrom(party: string, value: unknown): PublicKeys {
  return keysOf(new PeerMessage(party, value));
}

const keysOf = (message: PeerMessage): PublicKeys => ({
  mask: message.text('mask', MAX_TEXT),
  seal: message.text('seal', MAX_TEXT),
  sign: message.text('sign', MAX_TEXT),
  seed: message.text('seed', MAX_TEXT),
});

/** The keys of all parties, as the aggregator relays them. */
export function allKeysFrom(value: unknown): Readonly<Record<string, PublicKeys>> {
  const message = new PeerMessage(NEUTRAL, value);
  return Object.fromEntries(message.names(MAX_PARTIES).map((name) => [name, keysOf(message.part(name))]));
}

/** The shares that a party has sealed for each of these. */
export function sealedFrom(party: string, value: unknown, others: readonly string[]): Texts {
  return textsOf(new PeerMessage(party, value), others);
}

/** By party, what others have sealed for this party or signed, as the aggregator relays it. */
export function relayedFrom(value: unknown): Texts {
  const message = new PeerMessage(NEUTRAL, value);
  return textsOf(message, message.names(MAX_PARTIES));
}

/** The parties whose vectors are in the sum, as the aggregator says. */
export function summedFrom(value: unknown): string[] {
  return new PeerMessage(NEUTRAL, value).list('summed', MAX_PARTIES, (name) => isText(name, MAX_NAME));
}

export function signatureOf(party: string, value: unknown): string {
  return new PeerMessage(party, value).text('signature', MAX_TEXT);
}

export function sharesFrom(party: string, value: unknown, { summed, lost }: Unmasking): UnmaskShares {
  const message = new PeerMessage(party, value);
  return { seeds: textsOf(message.part('seeds'), summed), keys: textsOf(message.part('keys'), lost) };
}

export function signatureFrom(party: string, value: unknown): Signature {
  const message = new PeerMessage(party, value);
  return {
    objective: message.choice('objective', OBJECTIVES),
    label: message.text('label', MAX_NAME),
    features: message.list('features', MAX_FEATURES, (name) => isText(name, MAX_NAME)),
  };
}

const textsOf = (message: PeerMessage, names: readonly string[]): Texts =>
  Object.fromEntries(names.map((name) => [name, message.text(name, MAX_TEXT)]));
