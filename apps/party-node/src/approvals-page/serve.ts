import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accept, offered, refuse, shownTask, standing, standingOn } from '../approvals.js';
import { membersOf } from '../members.js';
import { NodeFolder } from '../node-folder.js';
import { Refusal } from '../refusal.js';
import { withStore } from '../site-store.js';
import type { Html } from './html.js';
import { hashOf, isSame, OneSession, token, type Session } from './session.js';
import { SCRIPT, STYLE } from './static.js';
import { listView, messageView, signInView, standingView, taskView, type Place } from './views.js';
import { languageOf, LANGUAGES, type Language } from './words.js';

export interface PageOptions {
  readonly folder: string;
  /** 0: any that is free. */
  readonly port: number;
  log(message: string): void;
  /** ms, of a clock that only goes on. */
  readonly now?: () => number;
}

export interface ServedPage {
  /** Opens it once, within 60 s. */
  readonly link: string;
  /** Resolves once the page can be seen by nobody any more. `close` it then. */
  readonly over: Promise<void>;
  close(): Promise<void>;
}

/** Longest body of a form, bytes: of 500 characters each may be written in 9. */
const MOST_BODY = 16_384;
/** How often it looks whether it is over, ms. */
const LOOK_MS = 1_000;
const PATH = /^\/([\w-]{43})\/(en|zh)\/(?:tasks\/([0-9a-f]{64}))?$/;
const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // Origin says "null" where no referrer goes out at all.
  'Referrer-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What is answered. */
interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: string;
}

/**
 * Serves the approvals of a site on 127.0.0.1, for one browser on this machine. All of it is made here: there is no script but the few lines
 * that hand over the link. Throws Refusal.
 */
export async function servePage({ folder, port, log, now }: PageOptions): Promise<ServedPage> {
  const { name } = await new NodeFolder(folder).read();
  const opens = token();
  const site = new OneSession(hashOf(opens), now);
  const page = new ApprovalsPage(folder, name, site);
  const server = createServer((request, response) => {
    page.answer(request).then(
      (answer) => send(response, request, answer),
      (error: unknown) => {
        log(`the page failed: ${(error as Error).stack ?? String(error)}`);
        send(response, request, { status: 500, body: 'The page failed. The command says why.\n' });
      },
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`The page cannot listen at 127.0.0.1:${port} (${error.code ?? 'unknown'}).`);
  });
  const { port: at } = server.address() as AddressInfo;
  page.hosts = [`127.0.0.1:${at}`, `localhost:${at}`];
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setInterval(() => site.isOver() && resolve(), LOOK_MS);
  });
  return {
    over,
    link: `http://127.0.0.1:${at}/#once=${opens}`,
    async close() {
      clearInterval(timer);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(
  response: ServerResponse,
  { method }: IncomingMessage,
  { status = 200, headers, type, body }: Answer,
): void {
  response.writeHead(status, {
    'Content-Type': `${type ?? 'text/plain'}; charset=utf-8`,
    'Content-Security-Policy': POLICY,
    ...HEADERS,
    ...headers,
  });
  response.end(method === 'HEAD' ? undefined : body);
}

class ApprovalsPage {
  /** The names that a browser on this machine has for the page. Another one is of a domain that was made to lead here. */
  hosts: readonly string[] = [];

  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly site: OneSession,
  ) {}

  async answer(request: IncomingMessage): Promise<Answer> {
    const { method = '', headers } = request;
    if (!this.hosts.includes(headers.host ?? '')) return said(421, 'This page is for the machine of the site alone.');
    const isPost = method === 'POST';
    if (!isPost && method !== 'GET' && method !== 'HEAD') return said(405, 'There is no such method.');
    const path = request.url ?? '/';
    if (!URL.canParse(path, 'http://localhost')) return said(400, 'There is no such address.');
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    if (isPost && !isSameOrigin(request)) return said(403, 'That form is not of this page.');
    if (pathname === '/session' && isPost) return this.signIn(await formOf(request), languageOf(headers));
    if (pathname === '/page.css') return { type: 'text/css', body: STYLE };
    if (pathname === '/sign-in.js') return { type: 'text/javascript', body: SCRIPT };
    if (pathname === '/') return withScript(shown(200, signInView(asked(searchParams) ?? languageOf(headers))));
    const [, name, language, hex] = PATH.exec(pathname) ?? [];
    if (name === undefined) return shown(404, messageView(languageOf(headers), 'noPage'));
    const session = this.site.find(name, headers.cookie);
    if (!session || isFromElsewhere(request)) return shown(401, messageView(language as Language, 'signedOut'));
    const place: Place = { language: language as Language, session, site: this.name };
    if (hex === undefined) return isPost ? said(405, 'There is no such method.') : this.list(place);
    const hash = `sha256:${hex}`;
    return isPost ? this.decide(place, hash, await formOf(request)) : this.task(place, hash);
  }

  private signIn(form: URLSearchParams, language: Language): Answer {
    const chosen = asked(form) ?? language;
    const opened = this.site.begin(form.get('once') ?? '');
    if (!opened) return shown(401, messageView(chosen, 'wrongLink'));
    return seeOther(pathOf(opened.session, chosen), { 'Set-Cookie': opened.cookie });
  }

  private async list(place: Place): Promise<Answer> {
    const [all, later] = await withStore(this.folder, (store) => [offered(store), standing(store)] as const);
    return shown(200, listView(place, all, later));
  }

  private async task(place: Place, hash: string, fault?: string): Promise<Answer> {
    const status = fault === undefined ? 200 : 409;
    try {
      const task = await withStore(this.folder, (store) => shownTask(store, hash));
      const members = membersOf(await new NodeFolder(this.folder).read(), task.task);
      return shown(status, taskView(place, task, members, fault));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const left = await withStore(this.folder, (store) => standingOn(store, hash));
      if (left) return shown(status, standingView(place, left, fault));
      return shown(404, messageView(place.language, 'noTask'));
    }
  }

  /** The hash is of the address that the form was shown at; the form says what the person saw beside it. */
  private async decide(place: Place, hash: string, form: URLSearchParams): Promise<Answer> {
    if (!isSame(hashOf(place.session.form), form.get('form') ?? '')) return said(403, 'That form is not of this page.');
    const decision = form.get('decision');
    const home = pathOf(place.session, place.language);
    const task = `${home}tasks/${hash.slice(7)}`;
    try {
      if (decision === 'refuse') {
        const reason = form.get('reason')?.trim();
        const { isOffered } = await refuse(this.folder, hash, reason === '' ? undefined : reason);
        return seeOther(isOffered ? task : home);
      }
      if (decision !== 'accept' && decision !== 'accept-again') return said(400, 'There is no such decision.');
      const again = decision === 'accept-again';
      if (again && form.get('later') !== 'yes')
        throw new Refusal('To accept every later run, tick the box that says what that means.');
      const seen = (form.get('seen') ?? '').split(' ');
      const most = form.get('most')?.trim() || undefined;
      const bound = again && most !== undefined ? { most: Number(most) } : {};
      await accept(this.folder, hash, { again, ...bound, judged: form.get('judged') ?? '', seen });
      return seeOther(task);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.task(place, hash, error.message);
    }
  }
}

const pathOf = ({ name }: Session, language: Language): string => `/${name}/${language}/`;
const said = (status: number, body: string): Answer => ({ status, body: `${body}\n` });
const seeOther = (location: string, headers: Answer['headers'] = {}): Answer => ({
  status: 303,
  headers: { Location: location, ...headers },
});
const shown = (status: number, { text }: Html): Answer => ({
  status,
  type: 'text/html',
  body: `<!doctype html>${text}`,
});
const withScript = (answer: Answer): Answer => ({
  ...answer,
  headers: { 'Content-Security-Policy': `${POLICY}; script-src 'self'` },
});

/** The language that was chosen. */
const asked = (fields: URLSearchParams): Language | undefined =>
  LANGUAGES.find((each) => each === fields.get('language'));

/** Whether a form is of this page, and no other site or port has sent it. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin === `http://${headers.host}`;
}

/** Whether another site or port leads here. */
function isFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** The fields of a form; none where it is too large, is cut off, or is no form. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? ''))
    return new URLSearchParams();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MOST_BODY) return new URLSearchParams();
      chunks.push(chunk);
    }
  } catch {
    // Whoever sends it has gone, and reads no answer. That is no failure of the page: anybody on this machine may do so.
    return new URLSearchParams();
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
