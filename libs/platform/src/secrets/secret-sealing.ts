import { createHash } from 'node:crypto';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { SymmetricKeys } from './symmetric-keys.js';

/** A secret as it is stored. */
export interface SealedSecret {
  /** Of the public key that it is sealed to. */
  readonly key_id: string;
  /** Of secrets that were sealed under SECRETS_KEY alone. */
  readonly wrapped_key: Buffer | null;
  readonly sealed: Buffer;
}

/** What the environment holds to seal and to open by. */
export interface SecretsConfig {
  /** An age recipient: seals, and opens nothing. */
  readonly publicKey?: string;
  /** age identities: each opens; secrets are rotated to the first. */
  readonly privateKeys: readonly string[];
  /** Keys of 32 bytes: they open what older releases sealed. */
  readonly symmetricKeys: readonly Buffer[];
}

/** What the environment does not hold the key for. */
export class UnknownSecretKey extends Error {
  constructor(keyId: string) {
    super(
      `it is sealed to the key ${keyId}, which is none of SECRETS_PRIVATE_KEY, SECRETS_KEY and SECRETS_KEY_PREVIOUS`,
    );
  }
}

/** Seals a secret to a public key, in the age format. Tenant and name are sealed with it. */
export async function sealSecret(
  publicKey: string,
  tenant: string,
  name: string,
  value: string,
): Promise<SealedSecret> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(publicKey);
  const sealed = await encrypter.encrypt(JSON.stringify({ tenant, name, value }));
  return { key_id: keyIdOf(publicKey), wrapped_key: null, sealed: Buffer.from(sealed) };
}

/** Opens secrets, where the private keys are. */
export class SecretOpener {
  private constructor(
    private readonly privateKeys: ReadonlyMap<string, string>,
    private readonly symmetric: SymmetricKeys,
  ) {}

  /** undefined: the environment holds no key. */
  static async of({ privateKeys, symmetricKeys }: SecretsConfig): Promise<SecretOpener | undefined> {
    if (privateKeys.length === 0 && symmetricKeys.length === 0) return undefined;
    const byId = privateKeys.map(async (key) => [keyIdOf(await identityToRecipient(key)), key] as const);
    return new SecretOpener(new Map(await Promise.all(byId)), new SymmetricKeys(symmetricKeys));
  }

  /** Throws UnknownSecretKey, or another error where the row was altered or is not of this tenant and name. */
  async open(tenant: string, name: string, row: SealedSecret): Promise<string> {
    const { key_id, wrapped_key, sealed } = row;
    if (wrapped_key !== null) {
      const value = this.symmetric.open(tenant, name, { key_id, wrapped_key, sealed });
      if (value === undefined) throw new UnknownSecretKey(key_id);
      return value;
    }
    const privateKey = this.privateKeys.get(key_id);
    if (privateKey === undefined) throw new UnknownSecretKey(key_id);
    const decrypter = new Decrypter();
    decrypter.addIdentity(privateKey);
    const whole = JSON.parse(await decrypter.decrypt(new Uint8Array(sealed), 'text')) as Record<string, string>;
    if (whole['tenant'] !== tenant || whole['name'] !== name) {
      throw new Error('it was sealed as the secret of another name or tenant: put it again');
    }
    return whole['value']!;
  }
}

/** What a row names the public key by. */
export const keyIdOf = (publicKey: string): string => createHash('sha256').update(publicKey).digest('hex').slice(0, 16);

/** Whether the text is an age recipient that a secret can be sealed to. */
export function isPublicKey(text: string): boolean {
  return isAccepted(() => new Encrypter().addRecipient(text));
}

/** Whether the text is an age identity. */
export function isPrivateKey(text: string): boolean {
  return isAccepted(() => new Decrypter().addIdentity(text));
}

function isAccepted(add: () => void): boolean {
  try {
    add();
    return true;
  } catch {
    return false;
  }
}
