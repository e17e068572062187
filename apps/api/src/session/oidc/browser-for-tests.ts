import type { NestFastifyApplication } from '@nestjs/platform-fastify';

export const PUBLIC_URL = 'https://chains.example.org';
const SAME = { 'sec-fetch-site': 'same-origin' };

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly cookies: readonly string[];
}

let browsers = 0;

/** A browser as far as cookies and redirects go, at an address of its own: one jar for the console and one for the provider. */
export class TestBrowser {
  /** Of the console, by name. */
  readonly jar = new Map<string, string>();
  private readonly ofProvider = new Map<string, string>();

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly host = new URL(PUBLIC_URL).host,
    private readonly remoteAddress = `10.0.${++browsers >> 8}.${browsers & 255}`,
  ) {}

  /** Opens an address of the console. */
  async open(url: string): Promise<Answer> {
    const answer = await this.app.inject({
      method: 'GET',
      url: url.replace(PUBLIC_URL, ''),
      remoteAddress: this.remoteAddress,
      headers: { host: this.host, cookie: text(this.jar), 'sec-fetch-site': 'cross-site' },
    });
    const cookies = [answer.headers['set-cookie'] ?? []].flat();
    keep(this.jar, cookies);
    return { status: answer.statusCode, location: String(answer.headers['location']), cookies };
  }

  /** Begins a sign-in, up to the address by which the provider sends the browser back. */
  async upToCallback(account: string, path = '/chains'): Promise<string> {
    const { location } = await this.open(`/api/v1/session/oidc?return=${encodeURIComponent(path)}`);
    return this.atProvider(location, account);
  }

  /** Signs in at the provider, from its address on. */
  async atProvider(start: string, account: string): Promise<string> {
    for (let at = start; ;) {
      const response = await fetch(at, { redirect: 'manual', headers: { cookie: text(this.ofProvider) } });
      keep(this.ofProvider, response.headers.getSetCookie());
      const location = response.headers.get('location');
      if (location === null) {
        if (!at.includes('/login/')) throw new Error(`${at} answered ${response.status} ${await response.text()}`);
        at = `${at.split('?', 1)[0]!}?account=${account}`;
      } else {
        at = new URL(location, at).href;
        if (at.startsWith(PUBLIC_URL)) return at;
      }
    }
  }

  /** Signs in from the beginning to the end. */
  async signIn(account: string, path?: string): Promise<Answer> {
    return this.open(await this.upToCallback(account, path));
  }

  /** Who the console says is signed in; undefined: nobody. */
  async who(): Promise<{ actor: string; role: string; tenant: string; expires_at: string } | undefined> {
    const answer = await this.ask('GET');
    return answer.statusCode === 200 ? answer.json() : undefined;
  }

  async signOut(): Promise<number> {
    return (await this.ask('DELETE')).statusCode;
  }

  private ask(method: 'GET' | 'DELETE') {
    const headers = { ...SAME, host: this.host, cookie: text(this.jar) };
    return this.app.inject({ method, url: '/api/v1/session', headers, remoteAddress: this.remoteAddress });
  }
}

const text = (jar: ReadonlyMap<string, string>): string =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

function keep(jar: Map<string, string>, cookies: readonly string[]): void {
  for (const cookie of cookies) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(name!);
    else jar.set(name!, value!);
  }
}
