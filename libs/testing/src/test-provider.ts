import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { Configuration, default as Provider } from 'oidc-provider';

const SECRET = 'the-secret-of-the-console-in-this-test';
const LIFE_S = 3_600;
const LOG_OUT = '<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>';
const KEY = { kid: 'of-the-provider', alg: 'ES256', use: 'sig' };

/** What the console is started with to sign people in at the provider. */
export interface ProviderSettings {
  readonly OIDC_ISSUER: string;
  readonly OIDC_AUDIENCE: string;
  readonly OIDC_CLIENT_ID: string;
  readonly OIDC_CLIENT_SECRET?: string;
}

/**
 * A real OpenID Connect provider (`oidc-provider`) on loopback, whose sign-in asks for the name of an account and nothing else. Its
 * clients are `console`, with a secret, and `public` and `another`, without one.
 */
export class TestProvider {
  /** Whether it answers by errors. */
  silent = false;
  /** How often it was asked for tokens. */
  tokenRequests = 0;
  /** Puts another ID token in the place of the one that was made. */
  tamper: ((token: string) => Promise<string> | string) | undefined;
  /** The claims of each account beside `sub`. */
  readonly accounts = new Map<string, object>();
  private provider!: Provider;

  private constructor(
    private readonly server: Server,
    private readonly privateKey: CryptoKey,
    private readonly publicKey: JWK,
  ) {}

  /** For a console at this address. */
  static async start(publicUrl: string): Promise<TestProvider> {
    const server = createServer();
    // A socket that it closes while this process is busy would be taken for one that is open.
    server.keepAliveTimeout = 600_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const made = new TestProvider(server, privateKey, await exportJWK(publicKey));
    made.provider = await makeProvider(made.url, made.configuration(publicUrl, await exportJWK(privateKey)));
    const answer = made.provider.callback();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/token') made.tokenRequests++;
      if (made.silent) return void response.writeHead(500).end();
      if (request.url!.startsWith('/login/')) return void made.logIn(request, response);
      if (request.url === '/token' && made.tamper !== undefined) made.tamperWith(response);
      void answer(request, response);
    });
    return made;
  }

  /** Of another site than a console at 127.0.0.1, as providers are. */
  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  settings(client: 'console' | 'public' = 'console'): ProviderSettings {
    return {
      OIDC_ISSUER: this.url,
      OIDC_AUDIENCE: 'task-chain',
      OIDC_CLIENT_ID: client,
      ...(client === 'console' && { OIDC_CLIENT_SECRET: SECRET }),
    };
  }

  /** A token with the claims of another, but for those given, signed by the provider or by `key`. */
  again(token: string, claims: object, key: CryptoKey = this.privateKey, header: object = {}): Promise<string> {
    const { kid, alg } = KEY;
    return new SignJWT({ ...decodeJwt(token), ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(key);
  }

  /** A token with an algorithm for which everybody has the key: none, or HMAC with the public key as its secret. */
  async forged(token: string, alg: 'none' | 'HS256'): Promise<string> {
    if (alg === 'none') {
      return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`;
    }
    const secret = Buffer.from(JSON.stringify(this.publicKey));
    return new SignJWT(decodeJwt(token)).setProtectedHeader({ alg, kid: KEY.kid }).sign(secret);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private configuration(publicUrl: string, jwk: JWK): Configuration {
    const client = {
      redirect_uris: [`${publicUrl}/api/v1/session/oidc/callback`],
      post_logout_redirect_uris: [`${publicUrl}/sign-in`],
      id_token_signed_response_alg: 'ES256' as const,
    };
    const open = { ...client, token_endpoint_auth_method: 'none' as const };
    return {
      clients: [
        { ...client, client_id: 'console', client_secret: SECRET },
        { ...open, client_id: 'public' },
        { ...open, client_id: 'another' },
      ],
      jwks: { keys: [{ ...jwk, ...KEY }] as never },
      enabledJWA: { idTokenSigningAlgValues: ['ES256', 'HS256'] },
      cookies: { keys: ['signs the cookies of this test'] },
      ttl: { Interaction: LIFE_S, Grant: LIFE_S, Session: LIFE_S, AccessToken: LIFE_S, IdToken: LIFE_S },
      conformIdTokenClaims: false,
      claims: { openid: ['sub', 'roles', 'tenant', 'party', 'name'] },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...this.accounts.get(id) }) }),
      features: {
        devInteractions: { enabled: false },
        // Its own pages ask another host for a font.
        rpInitiatedLogout: { enabled: true, logoutSource: (context, form) => void (context.body = form + LOG_OUT) },
      },
      interactions: { url: (_, { uid }) => `/login/${uid}` },
      // Everybody agrees to everything.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.account!.accountId });
        grant.addOIDCScope('openid');
        await grant.save();
        return grant;
      },
    };
  }

  /** The provider's own page, and what its form sends. */
  private async logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const accountId = new URL(request.url!, this.url).searchParams.get('account');
    if (accountId !== null) return this.provider.interactionFinished(request, response, { login: { accountId } });
    const form = '<form><label>Account <input name="account"></label><button>Continue</button></form>';
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>Provider</title>${form}`);
  }

  private tamperWith(response: ServerResponse): void {
    const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
    response.end = ((body: unknown) => {
      const answer = JSON.parse(String(body)) as { id_token?: string };
      void Promise.resolve(answer.id_token && this.tamper!(answer.id_token)).then((id_token) => {
        const changed = JSON.stringify({ ...answer, ...(id_token && { id_token }) });
        response.setHeader('content-length', Buffer.byteLength(changed));
        end(changed);
      });
      return response;
    }) as typeof response.end;
  }
}

/** It warns of what only matters where it serves people, such as its store in memory. */
async function makeProvider(url: string, configuration: Configuration): Promise<Provider> {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    const { default: Made } = await import('oidc-provider');
    return new Made(url, configuration);
  } finally {
    Object.assign(console, { warn, info });
  }
}
