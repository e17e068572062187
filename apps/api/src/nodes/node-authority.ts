import { X509Certificate } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Authority, type Asked } from '#libs/peers';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { Problem } from '../http/problem.js';

/** A certificate, and when it ends. */
export interface Certified {
  readonly certificate: string;
  readonly expires_at: string;
}

/** The authority that admits sites, where there is one. */
@Injectable()
export class NodeAuthority {
  private readonly authority: Promise<Authority> | undefined;

  constructor(@Inject(APP_CONFIG) { nodeCa }: AppConfig) {
    this.authority = nodeCa && Authority.of(nodeCa);
  }

  /** Throws NODES_NOT_CONFIGURED. */
  async get(): Promise<Authority> {
    const authority = await this.authority;
    if (authority !== undefined && authority.ends > Date.now()) return authority;
    if (authority !== undefined)
      throw new Problem(
        'NODES_NOT_CONFIGURED',
        'The certificate in NODE_CA_CERT has ended: the API can admit no site. Set a newer one of the same key.',
      );
    throw new Problem(
      'NODES_NOT_CONFIGURED',
      'NODE_CA_KEY is not set: the API can admit no site. Make a key by `openssl rand -base64 32`.',
    );
  }

  async certify(asked: Asked): Promise<Certified> {
    const certificate = await (await this.get()).admit(asked);
    return { certificate, expires_at: new Date(new X509Certificate(certificate).validTo).toISOString() };
  }
}

/** A request must be what its key signed. Throws BAD_REQUEST. */
export function requireSigned(asked: Asked | undefined): asserts asked is Asked {
  if (asked === undefined)
    throw new Problem('BAD_REQUEST', '`csr` is no signing request (PKCS #10, PEM) that an Ed25519 key has signed.');
}
