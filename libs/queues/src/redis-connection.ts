import { Cluster, Redis, type RedisOptions } from 'ioredis';

const DEFAULT_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** A parsed REDIS_URL. */
interface RedisPlace {
  readonly mode: 'single' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The name of the master in Sentinel. */
  readonly master: string | undefined;
  /** The password of Sentinel, if it differs from that of the servers. */
  readonly sentinelPassword: string | undefined;
}

/** The default backs off for up to 20 s after an outage; a cap of 1 s resumes within a second of Redis. */
const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times, 5), 1_000);

/** How long a command may block, s. */
export const LONGEST_BLOCK_S = 15;

/** A connection without an answer to a command for this long is replaced, ms: its bytes may be swallowed on the way. */
const ANSWER_MS = (LONGEST_BLOCK_S + 5) * 1_000;
const SOCKET: RedisOptions = { maxRetriesPerRequest: null, socketTimeout: ANSWER_MS };

/**
 * Connects to `redis://host`, `redis-sentinel://host1,host2/master` or `redis-cluster://host1,host2`; `rediss…` is the
 * same over TLS. It connects again for as long as it takes, and commands wait meanwhile.
 */
export function openRedis(url: string): Redis | Cluster {
  const redis = connect(url);
  redis.on('error', () => undefined);
  redis.setMaxListeners(0);
  return redis;
}

function connect(url: string): Redis | Cluster {
  if (/^rediss?:/.test(url)) return new Redis(url, { ...SOCKET, retryStrategy });
  const { mode, tls, hosts, username, password, master, sentinelPassword } = readPlace(url);
  const options: RedisOptions = { ...SOCKET, username, password, ...(tls ? { tls: {} } : {}) };
  if (mode === 'cluster') {
    return new Cluster([...hosts], {
      clusterRetryStrategy: retryStrategy,
      // A cluster whose certificates are for names announces names: no address is to be looked up before TLS sees them.
      ...(tls ? { dnsLookup: (host: string, done: (error: null, address: string) => void) => done(null, host) } : {}),
      redisOptions: options,
    });
  }
  return new Redis({
    ...options,
    retryStrategy,
    sentinels: [...hosts],
    name: master,
    sentinelPassword,
    sentinelRetryStrategy: retryStrategy,
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  });
}

/** Reads a URL of several hosts, which no WHATWG URL may have. The configuration has checked its form. */
function readPlace(url: string): RedisPlace {
  const [, scheme = '', authority = '', path = '', query = ''] =
    /^([a-z-]+):\/\/([^/?]*)\/?([^?]*)\??(.*)$/.exec(url) ?? [];
  const sentinel = scheme.endsWith('-sentinel');
  const at = authority.lastIndexOf('@');
  const [username, password] = authority.slice(0, Math.max(at, 0)).split(':', 2).map(decodeURIComponent);
  return {
    mode: sentinel ? 'sentinel' : 'cluster',
    tls: scheme.startsWith('rediss'),
    hosts: authority
      .slice(at + 1)
      .split(',')
      .map((each) => new URL(`redis://${each}`))
      .map(({ hostname, port }) => ({
        host: hostname.replace(/^\[|\]$/g, ''),
        port: Number(port) || (sentinel ? SENTINEL_PORT : DEFAULT_PORT),
      })),
    username: username || undefined,
    password: password || undefined,
    master: decodeURIComponent(path) || undefined,
    sentinelPassword: new URLSearchParams(query).get('sentinel_password') ?? undefined,
  };
}
