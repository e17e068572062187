import { TcpProxy } from '#libs/testing';
import type { Role } from './app-process.js';
import { underBlows, type Blow } from './blows.js';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, type Fault } from './fault.js';
import type { Services } from './services.js';
import type { SystemOptions } from './system.js';

/** A connection is given up after 20 s without an answer; the rest is for what was under way. */
const MOVES_WITHIN_MS = 40_000;

const ROLES: readonly Role[] = ['api', 'status-listener', 'compute-worker'];

/** A proxy for each pair of an app and a server that talk to each other. */
class Ways {
  private constructor(
    private readonly postgres: ReadonlyMap<Role, TcpProxy>,
    private readonly redis: ReadonlyMap<Role, TcpProxy>,
  ) {}

  static async open({ kind, postgresPort, redisUrl }: Services): Promise<Ways> {
    const to = async (port: number, roles: readonly Role[]): Promise<ReadonlyMap<Role, TcpProxy>> =>
      new Map(await Promise.all(roles.map(async (role) => [role, await TcpProxy.start(port)] as const)));
    // A worker asks PostgreSQL for nothing where Redis carries the jobs.
    const ofPostgres = ROLES.filter((role) => kind === 'postgres' || role !== 'compute-worker');
    return new Ways(
      await to(postgresPort, ofPostgres),
      redisUrl === undefined ? new Map() : await to(Number(new URL(redisUrl).port), ROLES),
    );
  }

  get options(): SystemOptions {
    const through = (proxies: ReadonlyMap<Role, TcpProxy>) => (role: Role, url: string) => {
      const changed = new URL(url);
      changed.port = String(proxies.get(role)?.port ?? changed.port);
      return changed.href;
    };
    return { databaseUrlOf: through(this.postgres), redisUrlOf: through(this.redis) };
  }

  get all(): (readonly [name: string, proxy: TcpProxy])[] {
    const named = (server: string, proxies: ReadonlyMap<Role, TcpProxy>) =>
      [...proxies].map(([role, proxy]) => [`${role}–${server}`, proxy] as const);
    return [...named('PostgreSQL', this.postgres), ...named('Redis', this.redis)];
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(([, proxy]) => proxy.stop()));
  }
}

/** 14: the way between each app and each server stands still, is cut, or is half-open. */
export const pairs: Fault = {
  number: 14,
  name: 'each way between two processes stalled, cut, half-open',
  backends: BOTH,
  shortOn: ['redis'],
  run: async (trial) => {
    const ways = await Ways.open(trial.services);
    const blows = ways.all.flatMap(([name, proxy]): Blow[] => [
      {
        name: `${name} stalled`,
        lastsMs: trial.long ? 60_000 : 3_000,
        begin: () => proxy.hold(),
        end: () => proxy.letGo(),
      },
      { name: `${name} cut`, lastsMs: trial.long ? 60_000 : 1_000, begin: () => proxy.cut(), end: () => proxy.letGo() },
      // All of them at once are fault 12, whose short form stands for these.
      ...(trial.long ? [{ name: `${name} half-open`, lastsMs: 0, begin: () => proxy.swallow() }] : []),
    ]);
    try {
      return await onSystem(
        trial,
        { ...ways.options, listeners: 1, workers: 1 },
        { emptyWithinMs: LOCKS_END_MS },
        (system) => underBlows(trial, system, blows, { withinMs: MOVES_WITHIN_MS }),
      );
    } finally {
      await ways.close();
    }
  },
};
