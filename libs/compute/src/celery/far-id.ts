import { createHash } from 'node:crypto';

/**
 * The id of a task at a fleet: a UUID (version 8) that follows from what it runs, so that whoever runs the attempt again finds what is there already.
 */
export function farId(chainId: string, taskId: string, attempt: number, party: string): string {
  const parts = JSON.stringify(['task-chain', chainId, taskId, attempt, party]);
  const bytes = createHash('sha256').update(parts).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80; // Version 8.
  bytes[8] = (bytes[8]! & 0x3f) | 0x80; // The variant of RFC 9562.
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
