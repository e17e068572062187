import type { PartyContext } from '../party/party-program.js';
import { PemLines } from './pem-lines.js';

/** A ciphertext that was kept as an artifact. */
export interface KeptFile {
  /** Of the plain file, without its folders. */
  readonly name: string;
  readonly artifact: string;
  readonly plaintext_bytes: number;
  readonly bytes: number;
}

/** Writes a ciphertext as an artifact. */
export async function keep(
  context: PartyContext,
  armor: boolean,
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Pick<KeptFile, 'artifact' | 'bytes'>> {
  const mediaType = armor ? 'text/plain; charset=us-ascii' : 'application/octet-stream';
  const output = await context.createOutput({ name, mediaType });
  const pem = armor ? new PemLines() : undefined;
  for await (const chunk of chunks) await output.write(pem ? pem.take(chunk) : chunk);
  if (pem) await output.write(pem.end());
  const { sizeBytes } = await output.finish();
  return { artifact: output.reference, bytes: sizeBytes };
}

/** Names of artifacts, each given once: `<party>-<name>.age`, with "_" for what an artifact's name cannot hold, and none that begins with that. */
export function artifactNames(): (party: string | undefined, name: string) => string {
  const given = new Set<string>();
  return (party, name) => {
    const safe = (party === undefined ? name : `${party}-${name}`).replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 110);
    const plain = /^[A-Za-z0-9]/.test(safe) ? safe : `file-${safe.slice(0, 105)}`;
    let free = plain;
    for (let times = 2; given.has(free); times += 1) free = `${plain}.${times}`;
    given.add(free);
    return `${free}.age`;
  };
}
