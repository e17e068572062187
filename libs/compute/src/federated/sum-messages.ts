import { isText, PeerMessage } from '../contract/peer-message.js';
import { NEUTRAL } from '../party/party-program.js';
import { OBJECTIVES, type Signature } from './model.js';

/** The public keys of a party: for its pairwise masks, and for the shares that are sealed for it. */
export interface PublicKeys {
  readonly mask: string;
  readonly seal: string;
}

/** Which shares the aggregator asks for: of the seeds of those that are in the sum, of the keys of those that are not. */
export interface UnmaskRequest {
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

/** The shares that others have sealed for this party, as the aggregator relays them. */
export function relayedFrom(value: unknown): Texts {
  const message = new PeerMessage(NEUTRAL, value);
  return textsOf(message, message.names(MAX_PARTIES));
}

export function requestFrom(value: unknown): UnmaskRequest {
  const message = new PeerMessage(NEUTRAL, value);
  const names = (field: string) => message.list(field, MAX_PARTIES, (name) => isText(name, MAX_NAME));
  return { summed: names('summed'), lost: names('lost') };
}

export function sharesFrom(party: string, value: unknown, { summed, lost }: UnmaskRequest): UnmaskShares {
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
