import { createHmac } from 'node:crypto';

/** `webhook-signature` of Standard Webhooks 1.0: HMAC-SHA256 over "id.timestamp.body" with the bytes after `whsec_`. */
export function sign(secret: string, messageId: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')}`;
}
