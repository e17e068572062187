import type { InputFile } from '../party/input-files.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import { sealStream } from './seal-stream.js';

/** Arguments of a party's process. */
export interface EncryptArgs {
  readonly paths: readonly string[];
  readonly recipients: readonly string[];
}

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
 * Encrypts the party's files in its process and sends the ciphertext to the courier. Throws TaskFailure
 * RECIPIENT_NOT_ALLOWED, POLICY_INVALID, BAD_RECIPIENT, INPUT_CHANGED, GROUP_TOO_SMALL, ROWS_TOO_CLOSE, or what opening a file throws.
 */
export const run: PartyProgram<EncryptArgs, null> = async (context, { paths, recipients }) => {
  await context.requireRecipients(recipients);
  for (const [at, path] of paths.entries()) {
    const input = await context.openInput(path);
    try {
      // All may read the ciphertext, whose length is that of the file.
      await context.reserve({ columns: [], ofRows: true });
      const { sizeBytes, chunks } = await sealStream(chunksOf(context, input), input.sizeBytes, recipients);
      const header: SealedHeader = { name: input.name, plaintextBytes: input.sizeBytes, bytes: sizeBytes };
      await context.send(NEUTRAL, header);
      let sent = 0;
      for await (const chunk of chunks) {
        await context.send(NEUTRAL, chunk);
        sent += chunk.byteLength;
        context.progress((at + sent / sizeBytes) / paths.length, 'encrypting');
      }
    } finally {
      await input.close();
    }
  }
  return null;
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
