import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { CONTROL_PLANE } from './authority.js';
import type { Identity } from './identity.js';
import { receiveJson, sendJson } from './json-lines.js';
import type { Address } from './meeting.js';
import { FRAME_BYTES, readToSite, type SiteAnswer, type ToSite } from './offer-frames.js';
import {
  BEAT,
  BOUNDS,
  isUplinkCode,
  keepBeating,
  OFFERS_FROM,
  rangeText,
  UPLINK_PATH,
  UPLINK_VERSIONS,
  UPLINK_WORDS,
  VERSION_HEADER,
  type Beat,
  type UplinkCode,
  type VersionRange,
} from './uplink.js';

export interface Dial {
  readonly address: Address;
  /** The key of the site, with the certificate that admits it. */
  readonly identity: Identity;
  /** The certificate of the authority that the control plane must be of, PEM. */
  readonly authority: string;
  readonly software: string;
  readonly signal: AbortSignal;
  readonly beat?: Beat;
  readonly versions?: VersionRange;
  /** Takes what is offered, one after the other; without it this side speaks version 1 alone. */
  readonly receive?: (frame: ToSite) => void | Promise<void>;
}

/** The connection of a site to its control plane. */
export interface Uplink {
  readonly version: number;
  /** Answers an offer. */
  send(answer: SiteAnswer): void;
  /** Resolves once it has ended, to why: what the control plane said, or what happened. */
  readonly ended: Promise<{ readonly code?: UplinkCode; readonly why: string }>;
  close(): void;
}

/** A connection that did not come about. */
export class UplinkFault extends Error {
  constructor(
    message: string,
    /** What the control plane said. */
    readonly code?: UplinkCode,
  ) {
    super(message);
    this.name = 'UplinkFault';
  }
}

const ANSWER_MS = 15_000;
/** A control plane that ends the connection does so in this time, ms. */
const LEAVE_MS = 5_000;
const MAX_ANSWER = 4_096;

/** Connects a site to a control plane, which has to prove that it is the one of the authority. Throws UplinkFault, or the signal's reason. */
export async function dial(options: Dial): Promise<Uplink> {
  const { address, identity, signal, software, receive, beat = BEAT } = options;
  const { versions = receive ? { ...UPLINK_VERSIONS, from: OFFERS_FROM } : { ...UPLINK_VERSIONS, to: 1 } } = options;
  signal.throwIfAborted();
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const session = connect(`https://${host}:${address.port}`, {
    ...BOUNDS,
    ...identity,
    ca: options.authority,
    allowPartialTrustChain: true,
    servername: CONTROL_PLANE,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
  });
  const abort = (): void => session.destroy();
  signal.addEventListener('abort', abort, { once: true });
  const late = setTimeout(() => session.destroy(new Error('no answer in time')), ANSWER_MS);
  const ended = endOf(session);
  try {
    const stream = session.request(
      { ':path': UPLINK_PATH, [VERSION_HEADER]: rangeText(versions), 'user-agent': `task-chain-node/${software}` },
      { endStream: versions.to < OFFERS_FROM },
    );
    stream.on('error', () => undefined); // The end of the session says it.
    const headers = await Promise.race([
      new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve)),
      ended.then(({ why, code }) => Promise.reject(new UplinkFault(why, code))),
    ]);
    if (Number(headers[':status']) !== 200) throw refusalOf(headers, await textOf(stream, ended));
    const version = Number(headers[VERSION_HEADER]);
    if (!(version >= versions.from && version <= versions.to)) throw new UplinkFault('an answer of another protocol');
    if (version < OFFERS_FROM) stream.once('data', () => session.destroy(new Error('data that nobody asked for')));
    else void readFrames(stream, receive, () => session.destroy(new Error('a frame that makes no sense')));
    keepBeating(session, beat, () => session.destroy(new Error('the control plane is silent')));
    const send = (answer: SiteAnswer): void => {
      if (version >= OFFERS_FROM && !stream.destroyed && stream.writable) sendJson(stream, answer);
    };
    return { version, send, ended, close: () => closeNow(session) };
  } catch (error) {
    session.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
  }
}

/** Reads offers until the stream ends. */
async function readFrames(stream: Duplex, receive: Dial['receive'], onNonsense: () => void): Promise<void> {
  for (;;) {
    const frame = await receiveJson(stream, FRAME_BYTES).catch(() => null);
    if (frame === null) return void stream.end(); // Else the session waits for this half of it.
    const read = readToSite(frame);
    if (read === undefined) return onNonsense();
    await receive?.(read);
  }
}

function endOf(session: ClientHttp2Session): Uplink['ended'] {
  let code: UplinkCode | undefined;
  let fault: NodeJS.ErrnoException | undefined;
  let leaving: NodeJS.Timeout | undefined;
  session.on('goaway', (_code: number, _last: number, data?: Buffer) => {
    const text = data?.subarray(0, 64).toString('latin1');
    if (isUplinkCode(text)) code ??= text;
    leaving ??= setTimeout(() => session.destroy(), LEAVE_MS);
  });
  session.on('error', (error: NodeJS.ErrnoException) => (fault ??= error));
  return new Promise((resolve) => {
    session.once('close', () => {
      clearTimeout(leaving);
      resolve({
        ...(code !== undefined && { code }),
        why: code
          ? UPLINK_WORDS[code]
          : fault
            ? `${fault.message}${fault.code ? ` (${fault.code})` : ''}`
            : 'the connection was closed',
      });
    });
  });
}

async function textOf(stream: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  await Promise.race([
    new Promise<void>((resolve) => {
      stream.on('data', (chunk: Buffer) => {
        size += chunk.byteLength;
        if (size > MAX_ANSWER) return resolve();
        chunks.push(chunk);
      });
      stream.once('end', resolve);
    }),
    ended,
  ]);
  return Buffer.concat(chunks).toString('utf8');
}

function refusalOf(headers: IncomingHttpHeaders, text: string): UplinkFault {
  const status = Number(headers[':status']);
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    const said = typeof detail === 'string' ? detail.replaceAll(/\p{Cc}/gu, ' ') : `it answered ${status}`;
    return new UplinkFault(said, isUplinkCode(code) ? code : undefined);
  } catch {
    return new UplinkFault(`it answered ${status}`);
  }
}

function closeNow(session: ClientHttp2Session): void {
  if (session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR);
  session.destroy();
}
