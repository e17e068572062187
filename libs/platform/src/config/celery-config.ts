import { readHostPort } from '#libs/network';
import type { ValueReader } from './config-values.js';

/** The broker of one party's fleet of Celery workers. */
export interface PartyBrokerConfig {
  readonly url: string;
  readonly address: string;
  readonly listen?: string;
  readonly spu: string;
}

/** What the engine `celery` needs. */
export interface CeleryConfig {
  /** A URL of Redis: one fleet plays all parties. Else a broker for each party. */
  readonly brokers: string | Readonly<Record<string, PartyBrokerConfig>>;
  /** The list of Redis that the workers take tasks from. */
  readonly queue: string;
  /** Where the parties' folders lie, as this process sees it and as the fleet does. */
  readonly dataRoot: string;
  readonly farRoot: string;
}

const NAME = 'CELERY_BROKERS';
const ALL = '*';
const ONE = `{"${ALL}":"redis://host:6379/0"}`;
const EACH = '{"alice":{"url":"rediss://host:6379/0","address":"host:9394","spu":"host:9395"},"bob":{…}}';
const FIELDS = new Set(['url', 'address', 'listen', 'spu']);

/** Reads the settings of the engine `celery`; undefined where it is not set up. What may hold a password is not shown. */
export function readCelery(reader: ValueReader, dataRoot: string): CeleryConfig | undefined {
  const text = reader.text(NAME);
  const queue = reader.text('CELERY_QUEUE') ?? 'secretflow_queue';
  const farRoot = reader.text('CELERY_DATA_ROOT') ?? dataRoot;
  if (!farRoot.startsWith('/'))
    reader.wrong(
      'CELERY_DATA_ROOT',
      farRoot,
      'is no absolute path',
      'Write where the fleet sees DATA_ROOT, e.g. /app/data.',
    );
  if (text === undefined) return undefined;
  const brokers = brokersOf(text);
  if (typeof brokers !== 'string' && 'fault' in brokers) {
    reader.faults.push(
      `${NAME} ${brokers.fault as string}. Write ${ONE} for one fleet, or ${EACH} for one of each party.`,
    );
    return undefined;
  }
  return { brokers: brokers as CeleryConfig['brokers'], queue, dataRoot, farRoot };
}

function brokersOf(text: string): CeleryConfig['brokers'] | { readonly fault: string } {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'is no JSON object' };
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length === 0) return { fault: 'names no broker' };
  const all = entries.find(([party]) => party === ALL)?.[1];
  if (all !== undefined) {
    if (entries.length > 1) return { fault: `has "${ALL}" beside other parties: one fleet plays all, or each has one` };
    return isRedis(all) ? all : { fault: `has no redis:// or rediss:// URL at "${ALL}"` };
  }
  for (const [party, entry] of entries) {
    if (typeof entry !== 'object' || entry === null) return { fault: `has no object at ${JSON.stringify(party)}` };
    const { url, ...addresses } = entry as Record<string, unknown>;
    const unknown = Object.keys(addresses).find((name) => !FIELDS.has(name));
    if (unknown !== undefined)
      return { fault: `has the unknown ${JSON.stringify(unknown)} at ${JSON.stringify(party)}` };
    if (!isRedis(url)) return { fault: `has no redis:// or rediss:// URL at ${JSON.stringify(party)}` };
    const isAddress = (name: string): boolean =>
      typeof addresses[name] === 'string' && readHostPort(addresses[name]) !== undefined;
    const odd = ['address', 'spu', ...(addresses.listen === undefined ? [] : ['listen'])].find(
      (each) => !isAddress(each),
    );
    if (odd !== undefined) return { fault: `has no host:port as ${odd} of ${JSON.stringify(party)}` };
  }
  return value as Record<string, PartyBrokerConfig>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRedis = (value: unknown): value is string =>
  typeof value === 'string' && URL.canParse(value) && ['redis:', 'rediss:'].includes(new URL(value).protocol);
