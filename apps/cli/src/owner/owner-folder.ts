import { randomBytes } from 'node:crypto';
import { access, lchown, mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { generateX25519Identity } from 'age-encryption';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Session } from '../session.js';
import { createReaderKey } from './reader-key.js';
import { createKey, type PublicKey, type SigningKey } from './signing-key.js';

/** `.party/owner.json`: who owns a party's data. The party's worker process believes it, and nothing of the server's. */
export interface OwnerFile {
  readonly version: 1;
  readonly party: string;
  readonly approvals: 'signed' | 'server';
  readonly keys: readonly PublicKey[];
  /** Public keys (age1…) of those who read what tasks open to this party alone. */
  readonly readers?: readonly string[];
}

const FOLDER = '.party';
const OWNER = 'owner.json';
const HASH_KEY = 'hash.key';
/** With it the party's own tasks read its earlier results. It never leaves the folder. */
const RESULT_KEY = 'result.key';

interface CreatedOwner {
  readonly file: string;
  readonly owner: OwnerFile;
}

/** A folder that holds `.party`: the one that `keygen` made, or the party's below DATA_ROOT. */
export class OwnerFolder {
  constructor(
    readonly path: string,
    private readonly session: Session,
  ) {}

  /** Makes a key pair, a reader's key and the files of `.party`. Replaces nothing. Returns the paths of the private keys. */
  async create(party: string, approvals: OwnerFile['approvals']): Promise<CreatedOwner & { readerFile: string }> {
    const { say } = this.session;
    if (await exists(this.place(OWNER))) {
      const message = say('{file} already exists.', { file: this.place(OWNER) });
      throw new Failure(EXIT.CONFLICT, message, { hint: say('Add a key with --rotate, or name another folder.') });
    }
    const file = join(this.path, `${party}.key`);
    const readerFile = join(this.path, `${party}.reader.key`);
    const readers = [await createReaderKey(readerFile, party, this.session)];
    const keys = [await createKey(file, party, this.session)];
    const owner = { version: 1, party, approvals, keys, readers } as const;
    await mkdir(join(this.path, FOLDER), { recursive: true });
    await writeFile(this.place(HASH_KEY), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    await writeFile(this.place(OWNER), textOf(owner), { flag: 'wx' });
    return { file, owner, readerFile };
  }

  /** Adds a key pair. The keys before it count until they are retired. */
  async rotate(party: string): Promise<CreatedOwner> {
    const before = await this.readOf(party);
    let file = '';
    for (let n = before.keys.length + 1; file === '' || (await exists(file)); n += 1) {
      file = join(this.path, `${party}-${n}.key`);
    }
    const owner = { ...before, keys: [...before.keys, await createKey(file, party, this.session)] };
    await this.replace(owner);
    return { file, owner };
  }

  /** Changes who reads what is opened to the party alone, where this folder's `.party` is put. */
  async setReaders(party: string, readers: readonly string[]): Promise<OwnerFile> {
    const owner = { ...(await this.readOf(party)), readers };
    await this.replace(owner);
    return owner;
  }

  /** Takes a public key away: what it signed is void where this folder's `.party` is put. */
  async retire(party: string, kid: string): Promise<OwnerFile> {
    const { say } = this.session;
    const before = await this.readOf(party);
    const keys = before.keys.filter((key) => key.kid !== kid);
    if (keys.length === before.keys.length) {
      const hint = say('Available: {names}', { names: before.keys.map((key) => key.kid).join(', ') });
      throw new Failure(EXIT.NOT_FOUND, say('{party} has no key {kid}.', { party, kid }), { hint });
    }
    if (keys.length === 0) {
      const hint = say('Add a key first: task-chain parties keygen {party} --out {folder} --rotate', {
        party,
        folder: this.path,
      });
      throw new Failure(EXIT.CONFLICT, say('{kid} is the only key of {party}.', { party, kid }), { hint });
    }
    const owner = { ...before, keys };
    await this.replace(owner);
    return owner;
  }

  /** Puts the `.party` of the key's folder into this one. Throws where another owner's lies here, or the private key would. */
  async claim(key: SigningKey): Promise<OwnerFile> {
    const { say } = this.session;
    const source = new OwnerFolder(dirname(key.path), this.session);
    const owner = await source.readOf(key.party);
    if (!owner.keys.some((each) => isSame(each, key.publicKey))) {
      throw new Failure(EXIT.CONFLICT, say('{file} does not list this key.', { file: source.place(OWNER) }));
    }
    if (!(await stat(this.path)).isDirectory()) {
      throw new Failure(EXIT.USAGE, say('{file} is not a folder.', { file: this.path }));
    }
    const inside = relative(await realpath(this.path), await realpath(key.path));
    if (!inside.startsWith(`..${sep}`) && !isAbsolute(inside)) {
      const message = say('{file} lies in the folder that workers read. Keep it where they cannot read it.', {
        file: key.path,
      });
      throw new Failure(EXIT.USAGE, message);
    }
    const hashKey = await source.hashKey();
    if ((await exists(this.place(OWNER))) || (await exists(this.place(HASH_KEY)))) {
      const there = await this.readOf(key.party);
      const isOwn = there.keys.some((each) => owner.keys.some((own) => isSame(own, each)));
      if (!isOwn || !hashKey.equals(await this.hashKey())) {
        throw new Failure(EXIT.CONFLICT, say('{folder} has another owner.', { folder: this.path }));
      }
    } else {
      await mkdir(join(this.path, FOLDER), { recursive: true });
      await writeFile(this.place(HASH_KEY), `${hashKey.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    }
    if (!(await exists(this.place(RESULT_KEY)))) {
      await writeFile(this.place(RESULT_KEY), `${await generateX25519Identity()}\n`, { mode: 0o600, flag: 'wx' });
    }
    await this.replace(owner);
    await this.handOver();
    return owner;
  }

  /** The owner's file, of this party. */
  async readOf(party: string): Promise<OwnerFile> {
    const { say } = this.session;
    const file = this.place(OWNER);
    const owner = parse(await readFile(file, 'utf8'));
    if (owner === undefined) throw new Failure(EXIT.USAGE, say('{file} does not say who owns the data.', { file }));
    if (owner.party === party) return owner;
    throw new Failure(EXIT.CONFLICT, say('{file} belongs to the party {party}.', { file, party: owner.party }));
  }

  /** The key of the hashes that leave the party. */
  async hashKey(): Promise<Buffer> {
    const file = this.place(HASH_KEY);
    const text = (await readFile(file, 'utf8')).trim();
    if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
    throw new Failure(EXIT.USAGE, this.session.say('{file} has to hold 64 hex digits.', { file }));
  }

  /** As root: gives `.party` to the user whose folder this is, as whom the party's process reads it and writes its ledger. */
  private async handOver(): Promise<void> {
    if (process.getuid?.() !== 0) return;
    const { uid, gid } = await stat(this.path);
    for (const name of ['', ...(await readdir(join(this.path, FOLDER)))]) await lchown(this.place(name), uid, gid);
  }

  private place(name: string): string {
    return join(this.path, FOLDER, name);
  }

  private async replace(owner: OwnerFile): Promise<void> {
    const fresh = `${this.place(OWNER)}.${process.pid}`;
    await writeFile(fresh, textOf(owner), { flag: 'wx' });
    await rename(fresh, this.place(OWNER));
  }
}

const textOf = (owner: OwnerFile): string => `${JSON.stringify(owner, null, 2)}\n`;
const isSame = (a: PublicKey, b: PublicKey): boolean => a.kid === b.kid && a.x === b.x;
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function parse(text: string): OwnerFile | undefined {
  try {
    const value = JSON.parse(text) as OwnerFile;
    const isOwner = typeof value.party === 'string' && ['signed', 'server'].includes(value.approvals);
    return isOwner && value.keys.every(({ kid, x }) => typeof kid === 'string' && typeof x === 'string')
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
