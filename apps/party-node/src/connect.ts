import { setTimeout as delay } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import {
  dial,
  RENEWED_MS,
  UplinkFault,
  type Address,
  type Identity,
  type ToSite,
  type Uplink,
  type UplinkCode,
} from '#libs/peers';
import { renew } from './admission.js';
import type { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import type { SiteOffers } from './site-offers.js';

export interface Connection {
  readonly folder: NodeFolder;
  readonly address: Address;
  readonly software: string;
  /** Ends it; that is no failure. */
  readonly signal: AbortSignal;
  log(message: string): void;
  /** What becomes of offers; without it the site takes none. */
  readonly offers?: Pick<SiteOffers, 'connected' | 'receive'> | undefined;
  readonly renew?: (folder: NodeFolder, signal: AbortSignal) => Promise<unknown>;
  readonly times?: Partial<ConnectionTimes>;
}

/** Times, ms. */
interface ConnectionTimes {
  readonly firstWait: number;
  readonly longestWait: number;
  /** A connection that lasted so long was a good one: the waits begin anew. */
  readonly good: number;
  /** How often it looks whether its certificate ends soon. */
  readonly renewal: number;
}

const TIMES: ConnectionTimes = { firstWait: 1_000, longestWait: 60_000, good: 30_000, renewal: 3_600_000 };
/** No later attempt would be answered otherwise: a person has to act. */
const FINAL: readonly (UplinkCode | undefined)[] = ['UNKNOWN', 'REVOKED', 'PROTOCOL_UNSUPPORTED'];

/** Keeps the one connection of this site to its control plane until the signal ends it. Throws Refusal where a person has to act. */
export async function keepConnected(connection: Connection): Promise<void> {
  const times = { ...TIMES, ...connection.times };
  const { address, signal, log } = connection;
  const at = `${address.host}:${address.port}`;
  for (let tries = 0; !signal.aborted; tries += 1) {
    const began = performance.now();
    const ended = await stay(connection, at, times).catch((error: unknown) => faultOf(error, signal));
    if (signal.aborted) return;
    // The certificate may have been renewed since this connection was opened.
    const isOver = ended.code === 'EXPIRED' && leftOf((await connection.folder.admission()).identity) <= 0;
    if (isOver || FINAL.includes(ended.code)) throw new Refusal(`${at} refused this site: ${ended.why}`);
    if (performance.now() - began > times.good) tries = 0;
    const replaced = ended.code === 'REPLACED';
    const longest = replaced ? times.longestWait : Math.min(times.longestWait, times.firstWait * 2 ** tries);
    // Sites that lost the same control plane do not come back all at once; a site that was replaced leaves the other one time.
    const wait = replaced ? longest * (0.5 + Math.random() / 2) : longest * Math.random();
    log(`not connected to ${at}: ${ended.why} Tries again in ${Math.ceil(wait / 1_000)} s.`);
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
}

interface Ended {
  readonly code?: UplinkCode;
  readonly why: string;
}

/**
 * Connects, and resolves once that has ended. A new certificate, whoever renewed it, brings a new connection, which takes the place of the
 * one before.
 */
async function stay(connection: Connection, at: string, times: ConnectionTimes): Promise<Ended> {
  const { signal, log } = connection;
  await renewInTime(connection);
  let { uplink, cert } = await open(connection);
  log(`connected to ${at} (protocol ${uplink.version})`);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      const tick = delay(times.renewal, 'tick' as const, { signal: stop.signal }).catch(() => 'stop' as const);
      const what = await Promise.race([uplink.ended, tick]);
      if (typeof what === 'object') return what;
      if (what === 'stop') return { why: 'it was asked to end' };
      await renewInTime(connection);
      if ((await connection.folder.admission()).identity.cert === cert) continue;
      const next = await open(connection).catch((error: unknown) => void log(faultOf(error, signal).why));
      if (next === undefined) continue;
      const before = uplink;
      ({ uplink, cert } = next);
      before.close();
      log(`connected to ${at} with the new certificate`);
    }
  } finally {
    signal.removeEventListener('abort', abort);
    stop.abort();
    uplink.close();
  }
}

async function open({
  folder,
  address,
  software,
  signal,
  offers,
}: Connection): Promise<{ uplink: Uplink; cert: string }> {
  const { identity, authority } = await folder.admission();
  let opened: (connection: number) => void = () => undefined;
  const connection = new Promise<number>((resolve) => (opened = resolve));
  const receive = offers && (async (frame: ToSite): Promise<void> => offers.receive(await connection, frame));
  const uplink = await dial({ address, identity, authority, software, signal, ...(receive && { receive }) });
  if (offers) opened(offers.connected((answer) => uplink.send(answer)));
  return { uplink, cert: identity.cert };
}

/** How long the certificate of a site counts, ms. */
const leftOf = ({ cert }: Identity): number => Date.parse(new X509Certificate(cert).validTo) - Date.now();

/** Renews the certificate where it ends soon. */
async function renewInTime({ folder, signal, log, renew: work = renew }: Connection): Promise<void> {
  const left = leftOf((await folder.admission()).identity);
  if (left > RENEWED_MS) return;
  try {
    await work(folder, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (left <= 0) throw error;
    log(
      `the certificate could not be renewed, and ends in ${Math.floor(left / 3_600_000)} h: ${(error as Error).message}`,
    );
  }
}

function faultOf(error: unknown, signal: AbortSignal): Ended {
  if (signal.aborted) return { why: 'it was asked to end' };
  if (!(error instanceof UplinkFault)) throw error;
  return { ...(error.code !== undefined && { code: error.code }), why: error.message };
}
