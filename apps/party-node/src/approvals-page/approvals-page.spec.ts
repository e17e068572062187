import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LATER, OfferedSite, RUN, taskOf } from '../offered-site-for-tests.js';
import { run } from '../program.js';
import { SiteStore } from '../site-store.js';
import TYPES_ZH from './types-zh.json' with { type: 'json' };
import { servePage, type ServedPage } from './serve.js';

const work = await mkdtemp(join(tmpdir(), 'approvals-page-'));
afterAll(() => rm(work, { recursive: true, force: true }));

let site: OfferedSite;
let served: ServedPage;
let now: number;
beforeEach(async () => {
  site = await OfferedSite.make(work);
  now = 0;
  served = await servePage({ folder: site.folder.path, port: 0, log: (line) => site.log.push(line), now: () => now });
});
afterEach(async () => {
  await served.close();
  await site.close();
});

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
interface Asked {
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}
const portOf = (): number => Number(new URL(served.link).port);
const onceOf = (): string => new URL(served.link).hash.slice('#once='.length);

/** As a browser of the page sends it, but for what is given. */
function ask(path: string, { form, headers }: Asked = {}): Promise<Answered> {
  const body = form && new URLSearchParams(form).toString();
  const options = {
    ...{ host: '127.0.0.1', port: portOf(), path, method: form ? 'POST' : 'GET', agent: false },
    headers: {
      'sec-fetch-site': 'same-origin',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
    });
    sent.on('error', reject).end(body);
  });
}

/** A browser that has opened the link. */
class Browser {
  private constructor(
    readonly cookie: string,
    readonly home: string,
  ) {}

  static async open(language = 'en'): Promise<Browser> {
    const { status, headers } = await ask('/session', { form: { once: onceOf(), language } });
    expect(status).toBe(303);
    return new Browser(headers['set-cookie']![0]!.split(';')[0]!, headers.location!);
  }

  see(path = '', headers: Asked['headers'] = {}): Promise<Answered> {
    return ask(this.home + path, { headers: { cookie: this.cookie, ...headers } });
  }

  /** Sends a form of the page of a task as it stands there, with the button that has this value. */
  async press(hash: string, decision: string, more: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const { body } = await this.see(pathOf(hash));
    return this.send(hash, { ...hiddenOf(body), decision, ...more });
  }

  send(hash: string, form: Readonly<Record<string, string>>, headers: Asked['headers'] = {}): Promise<Answered> {
    return ask(this.home + pathOf(hash), { form, headers: { cookie: this.cookie, ...headers } });
  }
}
const pathOf = (hash: string): string => `tasks/${hash.replace('sha256:', '')}`;
/** What the forms of a page have in them. */
const hiddenOf = (body: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...body.matchAll(/type="hidden"\s+name="(\w+)"\s+value="([^"]+)"/g)].map(([, name, value]) => [name!, value!]),
  );
/** What a reader of a page sees. */
const textOf = (body: string): string =>
  body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ');
const decisions = (): unknown[] =>
  site.store
    .entries(99)
    .filter(({ action }) => action === 'decided')
    .map(({ details }) => details);

/** A task that waits at the site, and the hash that the command shows. */
async function waiting(task: object = taskOf()): Promise<string> {
  site.offer(RUN, task);
  return site.waiting();
}

describe('the page of approvals', () => {
  test('shows what the commands show, and accepts as they do', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const list = textOf((await browser.see()).body);
    expect(list).toContain('Private set intersection (psi): alice, bob');
    expect(list).toMatch(new RegExp(`${hash} waits for you ${RUN}`));
    const shown = textOf((await browser.see(pathOf(hash))).body);
    const { out } = await site.approvals('show', hash);
    for (const said of [
      hash,
      /What leaves each party: (.*)/.exec(out)![1]!,
      '"common customers"',
      '"input_paths": { "alice": "a.csv", "bob": "b.csv" }',
      'chain-1/match',
    ])
      expect(shown).toContain(said);
    const { status, headers } = await browser.press(hash, 'accept');
    expect([status, headers.location]).toEqual([303, browser.home + pathOf(hash)]);
    await site.until(() => site.said.length >= 1);
    expect(site.said).toEqual([{ run: RUN, state: 'ACCEPTED' }]);
    expect(decisions()).toMatchObject([{ task: hash, decision: 'accept', runs: [RUN], again: false, from: {} }]);
    expect(textOf((await browser.see(pathOf(hash))).body)).toMatch(/ accepted · .* You have accepted it · /);
    expect((await browser.see()).body).toContain('No task waits for you.');
  });

  test('accepts every later run as well, and refuses with a reason, which takes that back', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const { body } = await browser.see(pathOf(hash));
    const unticked = await browser.press(hash, 'accept-again');
    expect([unticked.status, decisions()]).toEqual([409, []]);
    expect(textOf(unticked.body)).toContain('tick the box');
    const { body: inChinese } = await ask(`${browser.home.replace('/en/', '/zh/')}${pathOf(hash)}`, {
      ...{ form: { ...hiddenOf(body), decision: 'accept-again' }, headers: { cookie: browser.cookie } },
    });
    expect(textOf(inChinese)).toContain('没有作出决定 要接受今后的每次运行，请勾选');
    await browser.press(hash, 'accept-again', { later: 'yes' });
    expect((await browser.see(pathOf(hash))).body).toContain('every later run of exactly this task ·');
    const form = /name="form"\s+value="([^"]+)"/.exec(body)![1]!;
    const refuse = (reason: string): Promise<Answered> => browser.send(hash, { form, decision: 'refuse', reason });
    await refuse(' not "this" week ');
    await refuse('');
    expect(decisions()).toMatchObject([
      { decision: 'accept', again: true },
      { decision: 'refuse', again: false, reason: 'not "this" week' },
      { decision: 'refuse', again: false },
    ]);
    expect(decisions()[2]).not.toHaveProperty('reason');
    expect(decisions()[0]).not.toHaveProperty('most');
    expect((await refuse('x'.repeat(501))).status).toBe(409);
    expect(decisions()).toHaveLength(3);
  });

  test('accepts so many later runs together', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const press = (most: string): Promise<Answered> => browser.press(hash, 'accept-again', { later: 'yes', most });
    expect(textOf((await press('0')).body)).toContain('A number of runs is 1 to 1000');
    expect(decisions()).toEqual([]);
    expect((await press(' 3 ')).status).toBe(303);
    expect(decisions()).toMatchObject([{ again: true, most: 3 }]);
    expect(textOf((await browser.see(pathOf(hash))).body)).toContain(', 3 more at most.');
    expect(textOf((await browser.see()).body)).toContain(', 3 more at most');
  });

  test('shows until when later runs are accepted, and takes that back, after a run and where the task is gone', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    expect(textOf((await browser.see(pathOf(hash))).body)).toMatch(/for 7 days, .* on your tables as they are then/);
    await browser.press(hash, 'accept-again', { later: 'yes' });
    await site.until(() => site.said.length >= 1);
    const ends = new Date(Date.parse(site.store.lastDecision(hash)!.at) + 7 * 24 * 3_600_000).toISOString();
    const until = `Accepted for every later run until ${ends}.`;
    site.store.put({ ...site.store.find(RUN)!, state: 'FAILED' });
    const { body } = await browser.see(pathOf(hash));
    expect(textOf(body)).toContain(until);
    expect([...body.matchAll(/name="decision"\s+value="([\w-]+)"/g)].map(([, value]) => value)).toEqual(['refuse']);
    site.store.remove(RUN);
    expect(textOf((await browser.see()).body)).toContain(
      `Accepted for every later run Task Until chain-1/match ${hash} ${ends}`,
    );
    const gone = await browser.see(pathOf(hash));
    expect(textOf(gone.body)).toContain(`${until} The task is not offered now.`);
    const { status, headers } = await browser.press(hash, 'refuse');
    expect([status, headers.location]).toEqual([303, browser.home]);
    expect((await browser.see()).body).not.toContain(hash);
    expect((await browser.see(pathOf(hash))).status).toBe(404);
    expect(decisions().at(-1)).toMatchObject({ task: hash, decision: 'refuse', again: false });
  });

  test('accepts the runs that it has shown, and none that came meanwhile', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const { body } = await browser.see(pathOf(hash));
    expect(textOf(body)).toContain('Accept the run that waits');
    site.take({ kind: 'task', run: LATER, task: taskOf() });
    site.hear([RUN, 'OFFERED'], [LATER, 'OFFERED']);
    await site.idle();
    expect(textOf((await browser.see(pathOf(hash))).body)).toContain('Accept the 2 runs that wait');
    const send = (seen: string): Promise<Answered> =>
      browser.send(hash, { ...hiddenOf(body), seen, decision: 'accept' });
    const none = await send(RUN.replace('1', '9'));
    expect([none.status, decisions()]).toEqual([409, []]);
    expect(textOf(none.body)).toContain('No run of this task that you were shown waits');
    expect((await send(hiddenOf(body).seen!)).status).toBe(303);
    expect(decisions()).toMatchObject([{ runs: [RUN], again: false }]);
    expect(await site.waiting()).toBe(hash);
    // What was accepted before stays so.
    await send(LATER);
    expect(decisions()[1]).toMatchObject({ runs: [LATER, RUN] });
  });

  test('is in Chinese for who reads that first, with the words of the types, and one click away for others', async () => {
    const signIn = await ask('/', { headers: { 'accept-language': 'fr, zh-TW;q=0.9, en;q=0.8' } });
    expect(signIn.body).toContain('<html lang="zh-CN">');
    const hash = await waiting();
    const browser = await Browser.open('zh');
    expect(browser.home).toMatch(/\/zh\/$/);
    const { body } = await browser.see(pathOf(hash));
    expect(textOf(body)).toContain('隐私集合求交 (psi): alice, bob');
    expect(textOf(body)).toMatch(/离开各参与方的内容 盲化后的曲线点/);
    const english = new RegExp(`href="(/[^"]*/en/${pathOf(hash)})"`).exec(body)![1]!;
    const other = await ask(english, { headers: { cookie: browser.cookie } });
    expect(textOf(other.body)).toContain('What leaves each party');
  });

  test('shows what leaves on the engine and by the protocol of the task, in Chinese as well', async () => {
    const { task_params: params, ...rest } = taskOf();
    const config = { ...params.task_config, protocol: 'RR22_PSI_2PC' };
    const hash = await waiting({ ...rest, task_params: { ...params, engine: 'secretflow', task_config: config } });
    const { out } = await site.approvals('show', hash);
    const said = /What leaves each party: (.*)/.exec(out)![1]!;
    expect(said).toMatch(/^An oblivious key-value store/);
    const { body } = await (await Browser.open('zh')).see(pathOf(hash));
    expect(textOf(body)).toContain('离开各参与方的内容 由与随机数无异的向量组成的不经意键值存储');
    expect(TYPES_ZH).toHaveProperty([said]);
  });

  test('accepts what made the inputs as it was shown: made anew meanwhile, nothing is decided', async () => {
    const input = 'artifact:chain-1/prep/alice/t.csv';
    const hash = await waiting(taskOf(input));
    const browser = await Browser.open();
    const early = await browser.press(hash, 'accept');
    expect(early.status).toBe(409);
    expect(textOf(early.body)).toContain(`Nothing was decided The task reads ${input}, which does not lie here`);
    const made = await site.layInput();
    made('1');
    const before = /name="judged"\s+value="([^"]+)"/.exec((await browser.see(pathOf(hash))).body)![1]!;
    expect((await site.approvals('show', hash)).out).toContain(`as your statements judge it: ${before}\n`);
    made('2');
    const late = await browser.press(hash, 'accept', { judged: before });
    expect([late.status, decisions()]).toEqual([409, []]);
    expect(textOf(late.body)).toContain('was made anew meanwhile: look at it again.');
    // Made anew once more, between the look at it and the decision.
    const shown = hiddenOf((await browser.see(pathOf(hash))).body);
    const look = jest.spyOn(SiteStore.prototype, 'from').mockImplementationOnce(function (this: SiteStore, makers) {
      const seen = this.from(makers);
      made('3');
      return seen;
    });
    expect((await browser.send(hash, { ...shown, decision: 'accept' })).status).toBe(303);
    look.mockRestore();
    expect(decisions()).toMatchObject([{ from: { prep: `sha256:${'2'.repeat(64)}` } }]);
  });

  test('is served by a command until that is stopped', async () => {
    const stop = new AbortController();
    let said = (_: string): void => undefined;
    const link = new Promise<string>((resolve) => (said = resolve));
    const args = ['approvals', 'serve', '--folder', site.folder.path];
    const ended = run(args, { out: (text) => said(text), err: () => undefined, signal: stop.signal });
    const { host, hash } = new URL(await link);
    expect((await fetch(`http://${host}/`)).status).toBe(200);
    expect(hash).toMatch(/^#once=[\w-]{43}$/);
    // The file has the link for an opener, whose command line others read.
    const file = join(site.folder.path, 'approvals.html');
    expect(await readFile(file, 'utf8')).toContain(`url=http://${host}/${hash}"`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    let err = '';
    const taken = [...args, '--port', host.split(':')[1]!];
    const other = await run(taken, { out: () => undefined, err: (text) => (err += text), signal: stop.signal });
    expect([other, err]).toEqual([2, expect.stringContaining('cannot listen at 127.0.0.1')]);
    stop.abort();
    expect(await ended).toBe(0);
    await expect(fetch(`http://${host}/`)).rejects.toThrow();
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });
});

describe('of the page of approvals, who must not decide', () => {
  test('gets nothing without the link: not by guesses, not by a used or a late one, not by another cookie', async () => {
    const hash = await waiting();
    for (const once of ['', 'x'.repeat(43), `${onceOf()}x`])
      expect([once, (await ask('/session', { form: { once } })).status]).toEqual([once, 401]);
    const browser = await Browser.open();
    expect((await ask('/session', { form: { once: onceOf() } })).status).toBe(401);
    for (const cookie of ['', 'task_chain_site=', `task_chain_site=${'x'.repeat(43)}`]) {
      for (const path of ['', pathOf(hash)]) {
        const { status, body } = await browser.see(path, { cookie });
        expect([path, status, body]).toEqual([path, 401, expect.not.stringContaining(hash) as unknown]);
      }
      const sent = await browser.send(hash, { decision: 'refuse' }, { cookie });
      expect([cookie, sent.status]).toEqual([cookie, 401]);
    }
    // The cookie alone, which goes to other ports where they know the path, opens no path but that.
    const other = browser.home.replace(/\/[\w-]{43}/, `/${'x'.repeat(43)}`);
    expect((await ask(other, { headers: { cookie: browser.cookie } })).status).toBe(401);
    for (now = 0; now < 12 * 3_600_000 - 1; now = Math.min(now + 30 * 60_000 - 1, 12 * 3_600_000 - 1))
      expect([now, (await browser.see()).status]).toEqual([now, 200]);
    expect((await browser.see()).status).toBe(200);
    now += 1;
    expect((await browser.see()).status).toBe(401);
    expect(decisions()).toEqual([]);
  });

  test('opens no link after 60 seconds, and is over then', async () => {
    now = 60_000;
    expect((await ask('/session', { form: { once: onceOf() } })).status).toBe(401);
    await served.over;
    now = 59_999;
    await Browser.open();
  });

  test('is over once nobody has looked at it for 30 minutes, whoever else asks', async () => {
    const browser = await Browser.open();
    now = 30 * 60_000 - 1;
    expect((await browser.see()).status).toBe(200);
    now += 30 * 60_000 - 1;
    expect((await ask(browser.home)).status).toBe(401);
    expect((await browser.see()).status).toBe(200);
    now += 30 * 60_000;
    expect((await browser.see()).status).toBe(401);
    await served.over;
  });

  test('has its cookie for scripts, other sites and other paths in no browser', async () => {
    const { headers } = await ask('/session', { form: { once: onceOf() } });
    const [cookie, ...others] = headers['set-cookie']!;
    expect(others).toEqual([]);
    const [, name] = /^\/([\w-]{43})\/en\/$/.exec(headers.location!)!;
    expect(cookie).toMatch(/^task_chain_site=[\w-]{43}; /);
    expect(cookie!.split('; ').slice(1)).toEqual([`Path=/${name}/`, 'Max-Age=43200', 'HttpOnly', 'SameSite=Strict']);
  });

  test('reaches it by no other name, and from no other machine', async () => {
    const browser = await Browser.open();
    for (const host of ['evil.example', `evil.example:${portOf()}`, '127.0.0.1', `127.0.0.1:${portOf() + 1}`, '[::1]'])
      for (const path of ['', '/', '/page.css'])
        expect([host, (await browser.see(path.slice(1), { host })).status]).toEqual([host, 421]);
    expect((await browser.see('', { host: `localhost:${portOf()}` })).status).toBe(200);
    const outside = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .map(({ address }) => address)
      .filter((address) => address !== '127.0.0.1' && !address.startsWith('fe80'));
    for (const host of [...outside, '127.0.0.2']) {
      const answer = await new Promise((resolve) => {
        const socket = connect({ host, port: portOf() }, () => resolve('connected'));
        socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code)).on('connect', () => socket.destroy());
      });
      expect([host, answer]).not.toEqual([host, 'connected']);
    }
  });

  test('has no form of another site or port count, and no click there show a page', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const { body } = await browser.see(pathOf(hash));
    const form = /name="form"\s+value="([^"]+)"/.exec(body)![1]!;
    const origin = `http://127.0.0.1:${portOf()}`;
    const elsewhere: Asked['headers'][] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin },
      { 'sec-fetch-site': 'none' },
    ];
    for (const headers of elsewhere) {
      expect((await browser.send(hash, { form, decision: 'refuse' }, headers)).status).toBe(403);
      expect((await ask('/session', { form: { once: 'x' }, ...(headers && { headers }) })).status).toBe(403);
    }
    // Browsers that say nothing of that say the origin.
    for (const [sent, status] of [
      [{}, 403],
      [{ origin: 'http://127.0.0.1:1' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: 'http://evil.example' }, 403],
      [{ origin }, 401],
    ] as const) {
      const answer = await withoutFetchSite(sent);
      expect([sent, answer]).toEqual([sent, status]);
    }
    for (const other of ['', 'x'.repeat(43)])
      expect((await browser.send(hash, { form: other, decision: 'refuse' })).status).toBe(403);
    expect((await browser.send(hash, { form, decision: 'refuse' }, { 'content-type': 'text/plain' })).status).toBe(403);
    expect((await browser.see('', { 'sec-fetch-site': 'same-site' })).status).toBe(401);
    expect((await browser.see('', { 'sec-fetch-site': 'none' })).status).toBe(200);
    expect(decisions()).toEqual([]);
    expect((await browser.send(hash, { form, decision: 'refuse' })).status).toBe(303);
  });

  test('cannot have another task accepted than the page showed', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const before = (await browser.see(pathOf(hash))).body;
    // The same run is another task now: its hash is another one, and the old one is offered no longer.
    site.take({ kind: 'task', run: RUN, task: taskOf('salaries.csv') });
    await site.idle();
    const fields = (name: string): string => new RegExp(`name="${name}"\\s+value="([^"]+)"`).exec(before)![1]!;
    const form = { form: fields('form'), judged: fields('judged'), decision: 'accept' };
    expect((await browser.send(hash, form)).status).toBe(404);
    const other = await site.waiting();
    expect(other).not.toBe(hash);
    expect((await browser.send(other, form)).status).toBe(409);
    expect(decisions()).toEqual([]);
  });

  test('shows a hostile task as text: no markup, no changed order, no extra line', async () => {
    const evil = `</pre><script src="//evil.example/x.js"></script><img src=x onerror=alert(1)>"'>\u202e\u2028\u{e0041}`;
    const task = taskOf(`${evil}.csv`);
    const config = task.task_params.task_config;
    // As large as an offer may be.
    config.keys = {
      alice: Array.from({ length: 60 }, (_, at) => `${evil}${at}`.padEnd(1_000, 'x')),
      bob: Array.from({ length: 60 }, (_, at) => `id${at}`),
    };
    const hash = await waiting({ ...task, purpose: evil });
    const browser = await Browser.open();
    for (const page of [await browser.see(), await browser.see(pathOf(hash))]) {
      expect(page.status).toBe(200);
      expect(page.body).not.toMatch(/<(script|img)|[\u202e\u2028\u{e0041}]|="[^"]*onerror/u);
      const marks = new Set([...page.body.matchAll(/<\/?([a-z0-9]+)/g)].map(([, name]) => name));
      for (const name of marks)
        expect(
          'html head meta title link body header main span h1 h2 h3 p a br dl dt dd div table thead tbody tr th td code pre form input button label section'.split(
            ' ',
          ),
        ).toContain(name);
    }
    const { body } = await browser.see(pathOf(hash));
    expect(body).toContain(
      '&lt;script src=&quot;//evil.example/x.js\\&quot;&gt;'.replace('src=&quot;', 'src=\\&quot;'),
    );
    expect(body).toContain('\\u202e\\u2028\\udb40\\udc41');
  });

  test('frames it nowhere, and runs no script on it but the one that hands over the link', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    const policy = `default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
    const pages = [await browser.see(), await browser.see(pathOf(hash)), await ask('/none'), await ask('/page.css')];
    for (const { headers } of pages)
      expect(headers).toMatchObject({
        'content-security-policy': policy,
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    const signIn = await ask('/');
    expect(signIn.headers['content-security-policy']).toBe(`${policy}; script-src 'self'`);
    expect(signIn.body.match(/<script/g)).toHaveLength(1);
    expect(signIn.body).not.toMatch(/ on\w+=|style=/);
    expect((await ask('/sign-in.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  test('stops it by no address or body that makes no sense', async () => {
    const hash = await waiting();
    const browser = await Browser.open();
    expect((await ask('//')).status).toBe(400);
    for (const path of ['tasks/', 'tasks/../..', `tasks/${'0'.repeat(63)}`, '..%2f'])
      expect([path, (await browser.see(path)).status]).toEqual([path, 404]);
    expect((await browser.see(`tasks/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await browser.press(hash, 'accept-all')).status).toBe(400);
    await cutOff();
    const large = await browser
      .send(hash, { decision: 'refuse', reason: 'x'.repeat(1_000_000) })
      .catch(() => 'cut off');
    expect(large === 'cut off' || (large as Answered).status === 403).toBe(true);
    expect((await browser.see()).status).toBe(200);
    expect([decisions(), site.log.filter((line) => line.includes('page failed'))]).toEqual([[], []]);
  });
});

/** Begins a form, and goes away while the page reads it. */
function cutOff(): Promise<void> {
  const lines = [
    ...['POST /session HTTP/1.1', `Host: 127.0.0.1:${portOf()}`, 'Sec-Fetch-Site: same-origin'],
    ...['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 100', 'Expect: 100-continue', '', 'once='],
  ];
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: portOf() });
    // It says that it reads on.
    socket.once('data', () => socket.destroy()).once('close', () => resolve());
    socket.once('error', reject).write(lines.join('\r\n'));
  });
}

/** What a POST of the sign-in gets that says its origin alone. */
async function withoutFetchSite(headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ host: '127.0.0.1', port: portOf(), path: '/session', method: 'POST', agent: false },
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    };
    request(options, (response) => resolve(response.resume().statusCode!))
      .on('error', reject)
      .end('once=x');
  });
}
