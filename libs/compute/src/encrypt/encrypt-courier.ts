import { PeerMessage } from '../contract/peer-message.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { TaskFailure, type Json } from '../contract/task-type.js';
import type { SealedHeader } from './encrypt-party.js';
import { artifactNames, keep, type KeptFile } from './kept-file.js';
import { sealStream } from './seal-stream.js';

/** Arguments of the courier, a process of no party. */
export interface CourierArgs {
  /** The number of files of each party, parties in order. */
  readonly files: readonly (readonly [party: string, count: number])[];
  /** The results to encrypt, by task id; null for none. */
  readonly results: Readonly<Record<string, Json>> | null;
  readonly recipients: readonly string[];
  readonly armor: boolean;
}

/** A ciphertext, as the task's result lists it. */
export interface EncryptedFile extends KeptFile {
  /** Absent for results, which belong to no party. */
  readonly party?: string;
}

type Plan = Pick<CourierArgs, 'armor'> & { readonly nameOf: ReturnType<typeof artifactNames> };

/**
 * Keeps the parties' ciphertexts as artifacts that everybody may read, and encrypts the results. It is given no plain text of a party
 * and no key that opens one. Throws TaskFailure PROTOCOL_VIOLATION on bytes that do not fit.
 */
export const run: PartyProgram<CourierArgs, readonly EncryptedFile[]> = async (context, args) => {
  const { files, results, recipients, armor } = args;
  const plan: Plan = { armor, nameOf: artifactNames() };
  const kept: EncryptedFile[] = [];
  const count = files.reduce((sum, [, each]) => sum + each, results === null ? 0 : 1);
  for (const [party, each] of files) {
    for (let at = 0; at < each; at += 1) {
      const taken = (part: number): void => context.progress((kept.length + part) / count, 'encrypting');
      kept.push(await take(context, plan, party, taken));
    }
  }
  if (results !== null) kept.push(await sealResults(context, plan, results, recipients));
  context.progress(1, 'done');
  return kept;
};

/** A party's header of the ciphertext that follows. Throws PROTOCOL_VIOLATION. */
export function sealedHeaderFrom(party: string, value: unknown): SealedHeader {
  const message = new PeerMessage(party, value);
  const size = (name: string) => message.count(name, Number.MAX_SAFE_INTEGER);
  return { name: message.text('name', 4_096), plaintextBytes: size('plaintextBytes'), bytes: size('bytes') };
}

async function take(
  context: PartyContext,
  plan: Plan,
  party: string,
  onBytes: (fraction: number) => void,
): Promise<EncryptedFile> {
  const { name, plaintextBytes, bytes } = sealedHeaderFrom(party, await context.receiveJson<unknown>(party));
  async function* incoming(): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0;
    while (received < bytes) {
      const chunk = await context.receiveBytes(party);
      received += chunk.byteLength;
      onBytes(received / bytes);
      yield chunk;
    }
    if (received === bytes) return;
    throw new TaskFailure('PROTOCOL_VIOLATION', `Party ${party} sent more bytes of ${name} than it had announced.`);
  }
  return {
    party,
    name,
    ...(await keep(context, plan.armor, plan.nameOf(party, name), incoming())),
    plaintext_bytes: plaintextBytes,
  };
}

async function sealResults(
  context: PartyContext,
  plan: Plan,
  results: Readonly<Record<string, Json>>,
  recipients: readonly string[],
): Promise<EncryptedFile> {
  const name = 'results.json';
  const plain = Buffer.from(`${JSON.stringify({ format: 'taskchain/results/v1', results }, null, 2)}\n`);
  const { chunks } = await sealStream(one(plain), plain.byteLength, recipients);
  const file = await keep(context, plan.armor, plan.nameOf(undefined, name), chunks);
  return { name, ...file, plaintext_bytes: plain.byteLength };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
