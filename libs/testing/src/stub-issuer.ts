import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

/** An OpenID Connect issuer as far as tokens are concerned. `silent`: it answers by errors. */
export class StubIssuer {
  silent = false;
  /** What its discovery document says besides. */
  more: object = {};
  private rotations = 0;
  private pair!: { publicKey: CryptoKey; privateKey: CryptoKey };
  private jwk!: JWK;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StubIssuer> {
    const server = createServer((request, response) => {
      if (issuer.silent) return void response.writeHead(500).end();
      const document = request.url!.endsWith('/jwks')
        ? { keys: [issuer.jwk] }
        : { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks`, ...issuer.more };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
    const issuer = new StubIssuer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await issuer.rotate();
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Makes a new key, and forgets the one before it. */
  async rotate(): Promise<void> {
    this.pair = await generateKeyPair('ES256', { extractable: true });
    this.jwk = { ...(await exportJWK(this.pair.publicKey)), kid: `key-${++this.rotations}`, alg: 'ES256', use: 'sig' };
  }

  /** A token for the audience `task-chain` that names `ann` and expires in 5 minutes, but for what `more` changes. */
  token(
    claims: object,
    more: {
      audience?: string;
      issuer?: string;
      subject?: string | null;
      expires?: string | Date | null;
      key?: CryptoKey;
    } = {},
  ): Promise<string> {
    const { audience = 'task-chain', issuer = this.url, subject = 'ann', expires = '5 minutes', key } = more;
    const jwt = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', kid: this.jwk.kid! });
    jwt.setAudience(audience).setIssuer(issuer).setIssuedAt();
    if (subject !== null) jwt.setSubject(subject);
    if (expires !== null) jwt.setExpirationTime(expires);
    return jwt.sign(key ?? this.pair.privateKey);
  }

  /** HMAC with what everybody may know, for a verifier that lets the token choose its algorithm. */
  confused(claims: object): Promise<string> {
    const jwt = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', kid: this.jwk.kid! });
    jwt.setAudience('task-chain').setIssuer(this.url).setSubject('ann').setExpirationTime('5 minutes');
    return jwt.sign(Buffer.from(JSON.stringify(this.jwk)));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
