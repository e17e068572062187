import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Session } from '../session.js';
import { readPrivate, writePrivate } from './private-file.js';

/** Opens what tasks open to one party alone. */
export interface ReaderKey {
  readonly party: string;
  /** AGE-SECRET-KEY-1… */
  readonly identity: string;
}

/** Makes a pair and writes the private half to a new file, as age-keygen writes it. Returns the public half (age1…). */
export async function createReaderKey(path: string, party: string, session: Session): Promise<string> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  await writePrivate(path, `# party: ${party}\n# public key: ${recipient}\n${identity}\n`, session);
  return recipient;
}

/** Reads a private key. Throws for a file that other users may read, and for what is no key of a reader. */
export async function readReaderKey(path: string, session: Session): Promise<ReaderKey> {
  const text = await readPrivate(path, session);
  const party = /^# party: (\S+)$/m.exec(text)?.[1];
  const identity = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/m.exec(text)?.[0];
  if (party !== undefined && identity !== undefined) return { party, identity };
  const { say } = session;
  throw new Failure(EXIT.USAGE, say("{file} holds no reader's key of a party.", { file: path }), {
    hint: say('It begins with "# party: <party>" and holds an AGE-SECRET-KEY-1… in a line.'),
  });
}
