import { createHmac, timingSafeEqual } from 'node:crypto';

/** A message is taken so long after it was signed, and before, s. */
const TOLERANCE_S = 300;
const MOST_SIGNATURES = 10;

/** The headers of a message. */
export interface SignedHeaders {
  readonly id: string;
  readonly timestamp: string;
  /** Several, separated by spaces: of each secret that counts at the sender's. */
  readonly signature: string;
}

/** `webhook-signature` of Standard Webhooks 1.0: HMAC-SHA256 over "id.timestamp.body" with the bytes after `whsec_`. */
export function sign(secret: string, messageId: string, timestamp: number | string, body: string | Uint8Array): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${messageId}.${timestamp}.`).update(body);
  return `v1,${mac.digest('base64')}`;
}

/** Whether a message was signed with the secret a short time ago. `now` in ms. Takes as long whichever byte is wrong. */
export function isSigned(secret: string, headers: SignedHeaders, body: Uint8Array, now: number): boolean {
  const { id, timestamp, signature } = headers;
  const expected = Buffer.from(sign(secret, id, timestamp, body));
  const given = signature.split(' ').slice(0, MOST_SIGNATURES);
  const fits = given.map((each) => {
    const bytes = Buffer.from(each);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
  const isNew = /^\d{1,12}$/.test(timestamp) && Math.abs(now / 1_000 - Number(timestamp)) <= TOLERANCE_S;
  return fits.includes(true) && isNew;
}
