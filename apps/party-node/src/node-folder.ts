import { createPrivateKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { HOST_PORT, readHostPort } from '#libs/network';
import {
  FINGERPRINT,
  fingerprintOf,
  identityOf,
  makeIdentity,
  ownFingerprint,
  type Address,
  type Identity,
} from '#libs/peers';
import { Refusal } from './refusal.js';

/** Another member that this site takes part with. */
export interface KnownPeer {
  readonly fingerprint: string;
  /** `host:port`; absent where it connects to this site, or both connect to the relay. */
  readonly address?: string;
  /** Whether they meet over the relay of the control plane. */
  readonly relay?: boolean;
  /** Whether it is a dealer, and no party. */
  readonly dealer?: boolean;
}

/** The control plane that this site has joined. */
export interface ControlPlane {
  /** Of its API, without a slash at the end. */
  readonly url: string;
  readonly tenant: string;
  /** The fingerprint of its authority, which every certificate of it must be of. */
  readonly authority: string;
}

/** `node.json`: who this site is, and whom it knows. */
export interface NodeFile {
  readonly version: 1;
  readonly name: string;
  /** Whether it is a dealer: it has no tables. */
  readonly dealer: boolean;
  /** `host:port` */
  readonly listen?: string;
  readonly peers: Readonly<Record<string, KnownPeer>>;
  readonly control_plane?: ControlPlane;
  /** The Python of an environment with SPU, by which the engine secretflow runs here; absent where it does not. */
  readonly secretflow_python?: string;
}

const NAME = '^[A-Za-z][A-Za-z0-9_-]{0,63}$';
const address = { type: 'string', pattern: HOST_PORT.source };
const isNodeFile = new Ajv2020({ strict: false }).compile<NodeFile>({
  type: 'object',
  additionalProperties: false,
  required: ['version', 'name', 'dealer', 'peers'],
  properties: {
    version: { const: 1 },
    name: { type: 'string', pattern: NAME },
    dealer: { type: 'boolean' },
    listen: address,
    peers: {
      type: 'object',
      propertyNames: { pattern: NAME },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['fingerprint'],
        properties: {
          fingerprint: { type: 'string', pattern: FINGERPRINT.source },
          address,
          relay: { type: 'boolean' },
          dealer: { type: 'boolean' },
        },
      },
    },
    secretflow_python: { type: 'string', minLength: 1 },
    control_plane: {
      type: 'object',
      additionalProperties: false,
      required: ['url', 'tenant', 'authority'],
      properties: {
        url: { type: 'string', pattern: '^https?://' },
        tenant: { type: 'string' },
        authority: { type: 'string', pattern: FINGERPRINT.source },
      },
    },
  },
});

/** The folder of a site: its keys, whom it knows, its tables and what was made of them. */
export class NodeFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get dataRoot(): string {
    return join(this.path, 'data');
  }

  get artifactRoot(): string {
    return join(this.path, 'artifacts');
  }

  /**
   * Makes the folder with a new key pair. A key is never replaced: one without a node.json is of a start that was cut off, which goes on.
   * Returns its fingerprint.
   */
  async init(file: Omit<NodeFile, 'version' | 'peers' | 'control_plane'>): Promise<string> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    if (await this.exists()) throw new Refusal(`${this.path} has a key already. A key is never replaced.`);
    const made = await makeIdentity(file.name);
    const isNew = await writeNew(join(this.path, 'node.key'), made.key);
    const identity = isNew ? made : await identityOf(file.name, await this.ownKey());
    await replaceText(join(this.path, 'node.crt'), identity.cert);
    for (const folder of [this.artifactRoot, ...(file.dealer ? [] : [join(this.dataRoot, file.name)])])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.write({ version: 1, ...file, peers: {} });
    return ownFingerprint(identity);
  }

  async read(): Promise<NodeFile> {
    const path = join(this.path, 'node.json');
    const text = await readFile(path, 'utf8').catch(() => {
      throw new Refusal(`There is no ${path}. Make the site with: task-chain-node init <name> --folder ${this.path}`);
    });
    return checked(path, parsed(text));
  }

  /** Replaces `node.json` at once. */
  async write(file: NodeFile): Promise<void> {
    const path = join(this.path, 'node.json');
    await replace(path, checked(path, file));
  }

  /** Throws where others than its owner may read the key. */
  async identity(): Promise<Identity> {
    return { key: await this.keyText(), cert: await readFile(join(this.path, 'node.crt'), 'utf8') };
  }

  /** Whether the folder is that of a site already. */
  async exists(): Promise<boolean> {
    return stat(join(this.path, 'node.json')).then(
      () => true,
      () => false,
    );
  }

  /** Keeps what admits this site to a control plane. */
  async admit(control: ControlPlane, certificate: string, authority: string): Promise<void> {
    await replaceText(join(this.path, 'admission.crt'), certificate);
    await replaceText(join(this.path, 'authority.crt'), authority);
    const file = await this.read();
    // The certificate is renewed daily, while a person may add a peer.
    if (!isDeepStrictEqual(file.control_plane, control)) await this.write({ ...file, control_plane: control });
  }

  /** The key of this site with the certificate that admits it, and the authority that it has pinned. Throws Refusal where it has not joined. */
  async admission(): Promise<{ readonly identity: Identity; readonly authority: string }> {
    const { control_plane: control } = await this.read();
    if (!control) throw new Refusal(`This site has not joined: task-chain-node join <url> --folder ${this.path}`);
    const [key, cert, authority] = await Promise.all([
      this.keyText(),
      ...['admission.crt', 'authority.crt'].map((name) => readFile(join(this.path, name), 'utf8')),
    ]);
    const found = fingerprintOf(new X509Certificate(authority!).publicKey);
    if (found !== control.authority)
      throw new Refusal(
        `${join(this.path, 'authority.crt')} is of another authority (${found}) than the one that this site has joined (${control.authority}).`,
      );
    return { identity: { key, cert: cert! }, authority: authority! };
  }

  /** What the owner of the data has signed, as the API gives it; nothing where the folder has no such file. */
  async statements(): Promise<readonly string[]> {
    const path = join(this.path, 'statements.json');
    const text = await readFile(path, 'utf8').catch(() => '[]');
    const list = parsed(text);
    if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list as string[];
    throw new Refusal(`${path} has to hold a list of signed statements.`);
  }

  /** The key of the hashes of this site's files that others see: who guesses a file cannot compare it. */
  hashKey(): Promise<string> {
    return this.secret('hash.key', 'hex');
  }

  /** What those send who ask this site for scores, in `serve.token`. Throws Refusal where others may read it, or guess it. */
  async serveToken(): Promise<string> {
    const path = join(this.path, 'serve.token');
    await this.secret('serve.token', 'base64url');
    const token = (await ownersText(path)).trim();
    if (!/^[\x21-\x7e]{32,512}$/.test(token))
      throw new Refusal(
        `${path} has to hold one text of 32 to 512 characters. Remove it, and the next start makes one.`,
      );
    return token;
  }

  /** A random text, made when it is first asked for. */
  private async secret(name: string, form: 'hex' | 'base64url'): Promise<string> {
    const path = join(this.path, name);
    await writeNew(path, randomBytes(32).toString(form));
    return readFile(path, 'utf8');
  }

  /** Keeps what a run came to, once on the disk. */
  async keep(name: string, record: object): Promise<string> {
    const folder = join(this.path, 'runs');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${name}.json`);
    await replace(path, record);
    return path;
  }

  /** The private key of this site. Throws Refusal. */
  async ownKey(): Promise<KeyObject> {
    const text = await this.keyText();
    try {
      const key = createPrivateKey(text);
      if (key.asymmetricKeyType === 'ed25519') return key;
    } catch {
      // Refused below.
    }
    throw new Refusal(`${join(this.path, 'node.key')} is no whole Ed25519 key. Make the site in another folder.`);
  }

  private keyText(): Promise<string> {
    return ownersText(join(this.path, 'node.key'));
  }
}

/** A file that its owner alone may read. Throws Refusal. */
async function ownersText(path: string): Promise<string> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new Refusal(`${path} can be read by other users: chmod 600 ${path}`);
  return readFile(path, 'utf8');
}

/** Reads `host:port`. Throws Refusal for any other text. */
export function addressOf(text: string): Address {
  const address = readHostPort(text);
  if (!address) throw new Refusal(`${text} is no address: write host:port.`);
  return address;
}

function checked(path: string, file: unknown): NodeFile {
  if (!isNodeFile(file)) {
    const [fault] = isNodeFile.errors ?? [];
    throw new Refusal(`${path}: ${fault?.instancePath || '/'} ${fault?.message ?? 'is wrong'}.`);
  }
  const keys = Object.values(file.peers).map(({ fingerprint }) => fingerprint);
  if (new Set(keys).size !== keys.length) throw new Refusal(`${path} has one key for two names.`);
  return file;
}

/** What JSON says; undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Replaces a file by JSON, whole or not at all, and once on the disk. */
const replace = (path: string, content: object): Promise<void> =>
  replaceText(path, `${JSON.stringify(content, null, 2)}\n`);

const replaceText = (path: string, text: string): Promise<void> =>
  place(path, text, (temporary) => rename(temporary, path));

/** Makes a file, whole or not at all. Returns whether it did: false where there is one. */
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await place(path, text, (temporary) => link(temporary, path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Writes a file beside its place, puts it there, and leaves nothing beside it. The name is new: a process that was killed leaves its own. */
async function place(path: string, text: string, put: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
    await put(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
  const folder = await open(join(path, '..'), 'r');
  await folder.sync().finally(() => folder.close());
}
