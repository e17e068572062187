import { createHash, type KeyObject } from 'node:crypto';
import { CompactSign } from 'jose/jws/compact/sign';
import { compactVerify } from 'jose/jws/compact/verify';
import { canonicalJson } from '#libs/consent';

/** How a dealer is called among the members. */
export const DEALER = '#neutral';

/** What a member signs when it takes part in one run of a task. */
export interface Accept {
  readonly kind: 'accept';
  readonly member: string;
  /** `sha256:<hex>` of the canonical task. */
  readonly task: string;
  /** The run of a task that the control plane offered; absent where people agreed on the task. */
  readonly run?: string;
  /** The runs that made what it reads of earlier tasks of its chain: by task, the name of the run. Absent where it reads nothing of them. */
  readonly inputs?: Readonly<Record<string, string>>;
  /**
   * Commits to the files that it reads: `sha256:<hex>` under a key that its site keeps, new in every run. It tells others nothing, and the site can
   * show later which files these were. Absent at a dealer.
   */
  readonly data?: string;
  /** Until when it counts, in ISO 8601, by the clock of the site. */
  readonly expires: string;
  /** Everybody who takes part, by name: the fingerprint of the key. */
  readonly members: Readonly<Record<string, string>>;
  /** 32 random bytes in hex, new in every run. All of them together name the run. */
  readonly nonce: string;
}

/** Shows that an accept is given over one connection, by who sends it over that. */
export interface Proof {
  readonly kind: 'proof';
  /** `sha256:<hex>` of the accept as it was sent. */
  readonly accept: string;
  /** The fingerprint of whom it is for. */
  readonly to: string;
  /** The channel binding `tls-exporter` (RFC 9266) of the connection, in hex. */
  readonly channel: string;
}

/** Says that a session goes on over another connection, by who sends it over that. */
export interface Resume {
  readonly kind: 'resume';
  readonly session: string;
  readonly member: string;
  /** The fingerprint of whom it is for. */
  readonly to: string;
  /** The channel binding of the connection, as in a proof. */
  readonly channel: string;
  /** The number of the frame that the member expects. */
  readonly next: number;
}

/** `sha256:<hex>` of a text. */
export const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** A compact JWS (RFC 7515) by Ed25519 (RFC 8037) over the canonical form (RFC 8785) of what is signed. */
export const sign = (content: Accept | Proof | Resume, key: KeyObject): Promise<string> =>
  new CompactSign(Buffer.from(canonicalJson(content))).setProtectedHeader({ alg: 'EdDSA' }).sign(key);

/** What the owner of the key signed; undefined where it signed no such text, or another than the canonical form. */
export async function verified(signed: unknown, key: KeyObject): Promise<Record<string, unknown> | undefined> {
  if (typeof signed !== 'string') return undefined;
  try {
    const { payload } = await compactVerify(signed, key, { algorithms: ['EdDSA'] });
    const text = Buffer.from(payload).toString('utf8');
    const content: unknown = JSON.parse(text);
    if (typeof content !== 'object' || content === null || canonicalJson(content) !== text) return undefined;
    return content as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
