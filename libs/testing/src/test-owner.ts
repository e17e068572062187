import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { canonicalJson, canonicalTask, type Statement, type TaskStatement } from '#libs/consent';

type Unsigned<T> = T extends Statement
  ? Omit<T, 'party' | 'issued_at' | 'serial'> & { readonly serial?: number }
  : never;

/** The owner of a party, with the private key. */
export class TestOwner {
  private constructor(
    readonly party: string,
    readonly root: string,
    private readonly key: CryptoKey,
    private readonly hashKey: Buffer,
    /** The private key of a reader of the party's results. */
    readonly reader: string,
  ) {}

  /** Claims the folder of a party. */
  static async claim(dataRoot: string, party: string, approvals = 'signed'): Promise<TestOwner> {
    // Here and not above: few test files have owners, and all would load it.
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const { kty, crv, x } = await exportJWK(publicKey);
    const hashKey = randomBytes(32);
    const root = join(dataRoot, party);
    await mkdir(join(root, '.party'), { recursive: true });
    const reader = await generateX25519Identity();
    const readers = [await identityToRecipient(reader)];
    const owner = { version: 1, party, approvals, keys: [{ kid: 'k1', kty, crv, x }], readers };
    await writeFile(join(root, '.party', 'owner.json'), JSON.stringify(owner));
    await writeFile(join(root, '.party', 'hash.key'), `${hashKey.toString('hex')}\n`);
    await writeFile(join(root, '.party', 'result.key'), `${await generateX25519Identity()}\n`);
    return new TestOwner(party, root, privateKey, hashKey, reader);
  }

  /** The form in which the hash of one of the party's files leaves the party. */
  readonly digest = (sha256: string): string =>
    `hmac-sha256:${createHmac('sha256', this.hashKey).update(sha256).digest('hex')}`;

  complete(statement: Unsigned<Statement>): Statement {
    return { serial: 1, issued_at: '2026-11-01T00:00:00Z', party: this.party, ...statement } as Statement;
  }

  async sign(statement: Unsigned<Statement>): Promise<string> {
    return this.signText(canonicalJson(this.complete(statement)));
  }

  signText(text: string): Promise<string> {
    return new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'EdDSA', kid: 'k1' }).sign(this.key);
  }

  /** A dataset statement of a file in the folder. */
  async dataset(name: string, file: string, version = 1): Promise<Unsigned<Statement>> {
    const sha256 = createHash('sha256')
      .update(await readFile(join(this.root, file)))
      .digest('hex');
    const columns = [{ name: 'any', type: 'number' }];
    const digest = this.digest(sha256);
    return { kind: 'dataset', name, version, file, digest, format: 'csv', columns, rows: 1 };
  }

  approve(task: TaskStatement, more: object = {}): Promise<string> {
    const base = {
      kind: 'approval',
      chain_id: task.chain_id,
      task_id: task.task_id,
      task: `sha256:${createHash('sha256').update(canonicalTask(task)).digest('hex')}`,
      expires_at: '2999-01-01T00:00:00Z',
      decision: 'approve',
    } as const;
    return this.sign({ ...base, ...more });
  }
}
