import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Command } from 'commander';
import type { ArtifactDto } from '#client';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { tableOf } from '../output.js';
import type { Act, Session } from '../session.js';

interface GetFlags {
  readonly out?: string;
  readonly force?: true;
}

/** artifacts ls and get. */
export function addArtifactCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const artifacts = program.command('artifacts').helpCommand(false).description(say('the files that tasks leave'));
  artifacts
    .command('ls')
    .description(say('list the artifacts of a task'))
    .argument('<chain>', say('id of a chain'))
    .argument('<task>', say('id of a task'))
    .action(
      act(async (chain_id: string, task_id: string) => {
        const { items } = await session.client.listTaskArtifacts({ path: { chain_id, task_id } });
        session.answer(items, () =>
          tableOf(
            [
              ['NAME', (each) => each.name],
              ['PARTY', (each) => each.party],
              ['SITE', (each) => each.at_site],
              ['BYTES', (each) => each.size_bytes],
              ['TYPE', (each) => each.media_type],
              ['SHA-256', (each) => each.sha256],
            ],
            items,
          ),
        );
      }),
    );
  artifacts
    .command('get')
    .description(say('fetch an artifact, and check its SHA-256'))
    .argument('<chain-or-reference>', say('id of a chain, or artifact:<chain>/<task>/<name>'))
    .argument('[task]', say('id of a task'))
    .argument('[name]', say('name of the artifact'))
    .option('-O, --out <file>', say('write it to this file; - is standard output'))
    .option('--force', say('overwrite an existing file'))
    .action(
      act((first: string, task: string | undefined, name: string | undefined, flags: GetFlags) =>
        get(readReference(first, task, name, session), flags, session),
      ),
    );
}

interface Wanted {
  readonly chain: string;
  readonly task: string;
  readonly name: string;
}

function readReference(first: string, task: string | undefined, name: string | undefined, session: Session): Wanted {
  const [, ...parts] = /^artifact:([^/]+)\/([^/]+)\/(.+)$/.exec(first) ?? [];
  if (parts.length === 3 && task === undefined) return { chain: parts[0]!, task: parts[1]!, name: parts[2]! };
  if (task !== undefined && name !== undefined) return { chain: first, task, name };
  const hint = 'task-chain artifacts get <chain> <task> <name>';
  throw new Failure(EXIT.USAGE, session.say('Name chain, task and artifact, or give a reference.'), { hint });
}

async function get({ chain, task, name }: Wanted, flags: GetFlags, session: Session): Promise<void> {
  const { client, say, shell } = session;
  const path = { chain_id: chain, task_id: task };
  const target = flags.out ?? basename(name);
  if (target !== '-' && !flags.force && existsSync(target)) {
    const hint = say('Overwrite it with --force, or choose another file with --out <file>.');
    throw new Failure(EXIT.USAGE, say('{file} already exists.', { file: target }), { hint });
  }
  const { items } = await client.listTaskArtifacts({ path });
  const known = items.find((each) => each.name === name);
  // Of a claimed party's file the server knows a digest under the party's key.
  const checked = known?.party === null ? known : undefined;
  // Of one that is not known the API says why it is not to be had.
  const body: unknown = await client.downloadArtifact({ path: { ...path, path: name }, parseAs: 'stream' });
  const source = Readable.fromWeb(body as ReadableStream);
  const hash = createHash('sha256');
  let bytes = 0;
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  if (target === '-') {
    for await (const chunk of source.pipe(hashed)) shell.stdout.write(chunk as never);
    return requireSame(checked, hash.digest('hex'), session);
  }
  const part = `${target}.part`;
  try {
    await pipeline(source, hashed, createWriteStream(part));
    requireSame(checked, hash.digest('hex'), session);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const values = { file: target, bytes };
  session.answer({ file: target, ...known }, () => [
    checked ? say('{file}: {bytes} bytes, SHA-256 as the server says', values) : say('{file}: {bytes} bytes', values),
  ]);
}

function requireSame(known: ArtifactDto | undefined, found: string, { say }: Session): void {
  if (known === undefined || known.sha256 === found) return;
  const message = say('The download has the SHA-256 {found}, but the server says {known}.', {
    found,
    known: known.sha256,
  });
  throw new Failure(EXIT.INVALID, message);
}
