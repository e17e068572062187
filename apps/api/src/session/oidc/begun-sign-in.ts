import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { EncryptJWT, jwtDecrypt } from 'jose';

/** How long the issuer may take with a person, s. */
export const LIFE_S = 600;
const FOR = 'sign-in';
const SECURE = /(?:^|;) *__Host-task_chain_sign_in=([\w.-]{1,4000}) *(?:;|$)/;
const PLAIN = /(?:^|;) *task_chain_sign_in=([\w.-]{1,4000}) *(?:;|$)/;

/** What OWASP advises: 32 MiB, and some tenths of a second. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };

/**
 * The key of these cookies. It follows from `secrets`: what all replicas have, and nobody else. Everybody gets a text under it, so
 * that a guess of the secrets must cost something.
 */
export const sealingKey = (secrets: readonly string[]): Promise<Uint8Array> =>
  promisify<string, string, number, object, Buffer>(scrypt)(
    JSON.stringify(secrets),
    'task-chain oidc sign-in',
    32,
    COST,
  );

/** What this browser must bring back for a sign-in to count, and where it then leads. */
export interface BegunSignIn {
  readonly state: string;
  readonly nonce: string;
  /** The code verifier of PKCE. */
  readonly verifier: string;
  readonly to: string;
}

/**
 * Keeps a sign-in that has begun in a cookie of the browser that began it: any replica can end it, and nobody makes the API keep
 * anything. It is sealed (JWE, A256GCM), so that the browser learns no verifier, for ten minutes.
 *
 * SameSite=Lax, where a session is Strict: the issuer's redirect is a navigation from another site, to which browsers add no
 * Strict cookie. By https its name begins with `__Host-`: no other host of the domain can set it.
 */
export class SignInCookie {
  private readonly name: string;
  private readonly found: RegExp;

  /** `key`: of `sealingKey`. */
  constructor(
    private readonly key: Uint8Array,
    private readonly isSecure: boolean,
  ) {
    [this.name, this.found] = isSecure ? ['__Host-task_chain_sign_in', SECURE] : ['task_chain_sign_in', PLAIN];
  }

  async seal(begun: BegunSignIn, now = new Date()): Promise<string> {
    const sealed = await new EncryptJWT({ ...begun })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(FOR)
      .setExpirationTime(Math.floor(now.getTime() / 1_000) + LIFE_S)
      .encrypt(this.key);
    return this.cookie(sealed, LIFE_S);
  }

  /** What the request's cookie holds; undefined where there is none, or where it is too old or not from here. */
  async open(cookies: string | undefined, now = new Date()): Promise<BegunSignIn | undefined> {
    const sealed = this.found.exec(cookies ?? '')?.[1];
    if (sealed === undefined) return undefined;
    const options = {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      audience: FOR,
      requiredClaims: ['exp'],
      currentDate: now,
    };
    const opened = await jwtDecrypt<BegunSignIn>(sealed, this.key, options).catch(() => undefined);
    return opened?.payload;
  }

  /** Removes it: a sign-in ends once. */
  get none(): string {
    return this.cookie('', 0);
  }

  private cookie(value: string, seconds: number): string {
    const secure = this.isSecure ? '; Secure' : '';
    return `${this.name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  }
}
