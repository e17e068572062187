import type { InputFile } from '../party/input-files.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import { artifactNames, keep, type KeptFile } from './kept-file.js';
import { sealStream } from './seal-stream.js';

/** Arguments of a party's process. */
export interface EncryptArgs {
  readonly paths: readonly string[];
  readonly recipients: readonly string[];
  /** How the party itself keeps the ciphertext, at its site; null: a courier keeps it. */
  readonly keeps: { readonly armor: boolean } | null;
}

/** What a party says that it has kept; null where the courier does. */
export type EncryptValue = { readonly files: readonly KeptFile[] } | null;

/** Sent to the courier before the bytes of a file. */
export interface SealedHeader {
  /** Name of the plain file, without its folders. */
  readonly name: string;
  readonly plaintextBytes: number;
  /** The number of bytes that follow. */
  readonly bytes: number;
}

const READ_BYTES = 256 * 1024;

/**
 * Encrypts the party's files in its process, and sends the ciphertext to the courier or keeps it. Throws TaskFailure
 * RECIPIENT_NOT_ALLOWED, POLICY_INVALID, BAD_RECIPIENT, INPUT_CHANGED, GROUP_TOO_SMALL, ROWS_TOO_CLOSE, or what opening a file throws.
 */
export const run: PartyProgram<EncryptArgs, EncryptValue> = async (context, { paths, recipients, keeps }) => {
  await context.requireRecipients(recipients);
  const nameOf = artifactNames();
  const files: KeptFile[] = [];
  for (const [at, path] of paths.entries()) {
    const input = await context.openInput(path);
    try {
      // All may read the ciphertext, whose length is that of the file.
      await context.reserve({ columns: [], ofRows: true });
      const { sizeBytes, chunks } = await sealStream(chunksOf(context, input), input.sizeBytes, recipients);
      const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
        let sealed = 0;
        for await (const chunk of chunks) {
          yield chunk;
          sealed += chunk.byteLength;
          context.progress((at + sealed / sizeBytes) / paths.length, 'encrypting');
        }
      };
      const { name, sizeBytes: plaintextBytes } = input;
      if (keeps !== null) {
        const kept = await keep(context, keeps.armor, nameOf(undefined, name), watched());
        files.push({ name, ...kept, plaintext_bytes: plaintextBytes });
        continue;
      }
      const header: SealedHeader = { name, plaintextBytes, bytes: sizeBytes };
      await context.send(NEUTRAL, header);
      for await (const chunk of watched()) await context.send(NEUTRAL, chunk);
    } finally {
      await input.close();
    }
  }
  return keeps === null ? null : { files };
};

/** The file's bytes, as many as it had when it was opened. */
async function* chunksOf(context: PartyContext, input: InputFile): AsyncGenerator<Uint8Array, void, undefined> {
  const changed = (): TaskFailure =>
    new TaskFailure('INPUT_CHANGED', `Party ${context.party}: ${input.label} changed while it was read.`, true);
  let position = 0;
  for (;;) {
    const { bytesRead, buffer } = await input.handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    if (position > input.sizeBytes) throw changed();
    yield buffer.subarray(0, bytesRead);
  }
  if (position < input.sizeBytes) throw changed();
}
