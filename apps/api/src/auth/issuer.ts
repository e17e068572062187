import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { discoverIssuer, type IssuerMetadata } from '#libs/platform';

/** Minimum interval between two requests for the issuer's keys, ms. */
const COOLDOWN_MS = 1_000;

/**
 * An OpenID Connect issuer, read when it is first needed. Its keys are read again when a token names one that is not known, so that
 * the issuer may change them.
 */
export class Issuer {
  private read: Promise<{ readonly metadata: IssuerMetadata; readonly keys: JWTVerifyGetKey }> | undefined;

  constructor(private readonly name: string) {}

  /** What it says of itself. Throws IssuerFault. */
  async metadata(): Promise<IssuerMetadata> {
    return (await this.discovered()).metadata;
  }

  /** The keys that it signs by. Throws IssuerFault. */
  async keys(): Promise<JWTVerifyGetKey> {
    return (await this.discovered()).keys;
  }

  private discovered(): NonNullable<Issuer['read']> {
    this.read ??= discoverIssuer(this.name).then(
      (metadata) => ({
        metadata,
        keys: createRemoteJWKSet(new URL(metadata.jwks_uri), { cooldownDuration: COOLDOWN_MS }),
      }),
      (error: unknown) => {
        this.read = undefined;
        throw error;
      },
    );
    return this.read;
  }
}
