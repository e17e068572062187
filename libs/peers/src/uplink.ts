import type { Http2Session } from 'node:http2';

/** From the lowest to the highest version of a protocol that a side speaks. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

/** What this release speaks on the connection of a site to its control plane. */
export const UPLINK_VERSIONS: VersionRange = { from: 1, to: 3 };
/** From this version on tasks are offered; before, nothing but pings crosses. Version 2 offered them without a vote on what they leave. */
export const OFFERS_FROM = 3;
/** Header of the request: the site's range, as `1-1`. Of the answer: the version that both use. */
export const VERSION_HEADER = 'task-chain-protocol';
export const UPLINK_PATH = '/uplink';
/** The software of a site, in `user-agent`. */
export const SOFTWARE = /^task-chain-node\/([\w.+-]{1,64})$/;

/** Why the control plane refuses a site, or ends its connection: in its answer, or as the data of GOAWAY (RFC 9113, 6.8). */
export const UPLINK_WORDS = {
  UNKNOWN: 'No site has joined with this key and name.',
  REVOKED: 'This site was revoked. To join anew it needs another folder, with a new key, and an invitation.',
  EXPIRED: 'The certificate of this site has ended. Ask an admin for an invitation.',
  CLOSED: 'The tenant of this site is closed.',
  REPLACED: 'Another process has connected with the key of this site.',
  DRAINING: 'The control plane stops, or starts anew.',
  PROTOCOL_UNSUPPORTED: 'This site and the control plane have no version of the protocol in common.',
  UNAVAILABLE: 'The control plane cannot look sites up now.',
} as const;
export type UplinkCode = keyof typeof UPLINK_WORDS;

export const isUplinkCode = (text: unknown): text is UplinkCode =>
  typeof text === 'string' && Object.hasOwn(UPLINK_WORDS, text);

/** How often a side pings the other one, and how long that may take to answer, ms. */
export interface Beat {
  readonly everyMs: number;
  readonly withinMs: number;
}

/** A half-open connection is noticed within 20 s. */
export const BEAT: Beat = { everyMs: 10_000, withinMs: 10_000 };
/** Both ends: what may wait for a slow one is little. */
export const BOUNDS = {
  maxSessionMemory: 1,
  maxHeaderListPairs: 32,
  maxSettings: 16,
  settings: { enablePush: false, maxHeaderListSize: 8_192, maxFrameSize: 16_384, initialWindowSize: 65_535 },
} as const;

export const rangeText = ({ from, to }: VersionRange): string => `${from}-${to}`;

/** Reads a range as `rangeText` writes it. */
export function readRange(text: unknown): VersionRange | undefined {
  const [, from, to] = /^([1-9]\d{0,3})-([1-9]\d{0,3})$/.exec(typeof text === 'string' ? text : '') ?? [];
  return from !== undefined && Number(from) <= Number(to) ? { from: Number(from), to: Number(to) } : undefined;
}

/** The highest version that both speak. */
export function commonVersion(one: VersionRange, other: VersionRange): number | undefined {
  const highest = Math.min(one.to, other.to);
  return highest >= Math.max(one.from, other.from) ? highest : undefined;
}

/** Pings the other end at once and as long as the session is open, tells how long each answer took, ms, and calls `silent` once one does not come in time. */
export function keepBeating(
  session: Http2Session,
  { everyMs, withinMs }: Beat,
  silent: () => void,
  answered: (ms: number) => void = () => undefined,
): void {
  let late: NodeJS.Timeout | undefined;
  const beat = (): void => {
    if (late !== undefined || session.destroyed) return;
    late = setTimeout(silent, withinMs);
    session.ping((error, ms) => {
      if (error !== null) return; // The session has ended.
      clearTimeout(late);
      late = undefined;
      answered(ms);
    });
  };
  beat();
  const timer = setInterval(beat, everyMs);
  session.once('close', () => {
    clearInterval(timer);
    clearTimeout(late);
  });
}
