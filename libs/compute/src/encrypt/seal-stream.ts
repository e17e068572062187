import { Encrypter } from 'age-encryption';
import { TaskFailure } from '../contract/task-type.js';

/** A file on its way to its recipients: how many bytes its ciphertext has, and the ciphertext. */
export interface SealedStream {
  readonly sizeBytes: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Encrypts `sizeBytes` of plain text in the age format while they are read. Each call takes a new key, so the same text
 * never gives the same bytes. Throws TaskFailure BAD_RECIPIENT for a key that is well written and cannot be encrypted to.
 */
export async function sealStream(
  plain: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  recipients: readonly string[],
): Promise<SealedStream> {
  await assertUsable(recipients);
  const sealed = await encrypterTo(recipients).encrypt(ReadableStream.from(plain) as ReadableStream<Uint8Array>);
  return { sizeBytes: sealed.size(sizeBytes), chunks: sealed };
}

function encrypterTo(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter;
}

/** A point of small order has a well-formed text too; the agreed secret would be no secret. */
async function assertUsable(recipients: readonly string[]): Promise<void> {
  for (const [at, recipient] of recipients.entries()) {
    try {
      await encrypterTo([recipient]).encrypt('');
    } catch {
      const message = `task_config.recipients[${at}] is no key that can be encrypted to; ask its owner for the public key again.`;
      throw new TaskFailure('BAD_RECIPIENT', message, false, { recipient: at });
    }
  }
}
