/** The protocol on a connection of a site to a relay, by ALPN (RFC 7301): one message each way, then the bytes of the two sites. */
export const RELAY_PROTOCOL = 'task-chain-relay/1';
/** Longest message of it, bytes. */
export const RELAY_BYTES = 1_024;

/** Why a relay ends the connection of a site before it has met the other one. */
const RELAY_WORDS = {
  RUN: 'no such run of these two sites is under way',
  TIME: 'the other site did not come',
  FULL: 'it has no room for another connection',
  UNAVAILABLE: 'it cannot look runs up now',
} as const;
export type RelayCode = keyof typeof RELAY_WORDS;

/** A relay was reached, and has refused. */
export class RelayRefused extends Error {
  constructor(readonly code: RelayCode) {
    super(RELAY_WORDS[code]);
  }
}

export const isRelayCode = (text: unknown): text is RelayCode =>
  typeof text === 'string' && Object.hasOwn(RELAY_WORDS, text);
