import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, type JsonWebKey, type KeyObject } from 'node:crypto';

/** How far the ledger of a site goes: it is only ever appended to, so what it was is how it begins. */
export interface LedgerHead {
  readonly bytes: number;
  /** `sha256:<hex>` of them. */
  readonly hash: string;
}

/** How far the records of a site go. */
export interface Mark {
  /** How often the site has lost records, and its owner has accepted that. */
  readonly losses: number;
  readonly ledger: LedgerHead;
  /** The last entry of its log. */
  readonly log: { readonly seq: number; readonly hash: string };
}

const CIPHER = 'aes-256-gcm';
const PURPOSE = 'task-chain-node mark 1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** All marks are of one length. */
const PLAIN_BYTES = 320;

/** The key of a site's marks: it follows from the site's own, so whoever has restored the folder with that still reads them. */
export function markKey(own: KeyObject): Buffer {
  const { d } = own.export({ format: 'jwk' }) as Required<JsonWebKey>;
  return Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), Buffer.alloc(0), PURPOSE, 32));
}

/** Seals a mark. Two of the same mark differ, and only the key tells them apart. */
export function sealMark(key: Buffer, mark: Mark): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const text = JSON.stringify(mark).padEnd(PLAIN_BYTES);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
}

/** What a mark of this key says; undefined where it is none. */
export function openMark(key: Buffer, sealed: unknown): Mark | undefined {
  if (typeof sealed !== 'string') return undefined;
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.byteLength !== NONCE_BYTES + PLAIN_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
  try {
    return JSON.parse(Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')) as Mark;
  } catch {
    return undefined; // Of another key, or changed.
  }
}
