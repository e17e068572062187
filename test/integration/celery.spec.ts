import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FLEET_QUEUE, noCelery, noRedis, startTestRedis, TcpProxy, TestFleet, type TestRedis } from '#libs/testing';
import { chain, describeSystem, eventually, OwnedParty, taskOf, writeKeys } from './system/index.js';

const OWNED = 'bank-a';
const PARTIES = ['alice', 'bob'];
/** The design's, and the newest: each has a database of the Redis. */
const VERSIONS = ['5.2.7', '5.7.0'];

const noServer = await noRedis();
let redis: TestRedis;
let proxy: TcpProxy;
beforeAll(async () => {
  redis = await startTestRedis();
  proxy = await TcpProxy.start(Number(new URL(redis.url).port));
});
afterAll(async () => {
  await proxy.stop();
  await redis.stop();
});

/** A psi at the fleet, of a table of each party. */
const psi = (
  inputs: Readonly<Record<string, string>>,
  more: object = {},
  engine = 'celery',
): Record<string, unknown> => ({
  ...{ task_id: 'match', task_type: 'psi', depends_on: [] },
  task_params: {
    engine,
    sf_init_config: { parties: Object.keys(inputs), address: 'local' },
    task_config: {
      keys: Object.fromEntries(Object.keys(inputs).map((party) => [party, ['id']])),
      input_paths: inputs,
    },
  },
  ...more,
});
const plain = (more: object = {}, options: object = {}, engine = 'celery'): Record<string, unknown> =>
  chain([psi(Object.fromEntries(PARTIES.map((party) => [party, 't.csv'])), more, engine)], options);

for (const version of VERSIONS) {
  const skipped = noServer || noCelery(version);
  if (skipped) test.skip(`chains at a fleet of Celery ${version} [skipped: ${skipped}]`, () => undefined);
  else atFleet(version);
}

function atFleet(version: string): void {
  const database = VERSIONS.indexOf(version);
  const env = {
    get CELERY_BROKERS(): string {
      return JSON.stringify({ '*': `redis://127.0.0.1:${proxy.port}/${database}` });
    },
    ...{ WORKER_DRAIN_SECONDS: '1', WORKER_CONCURRENCY_PSI: '1', REMOTE_SLOTS: '1' },
  };
  // What our apps do by themselves is looked at once: at the version that the design has.
  const isDesigns = version === '5.2.7';
  const options = { apps: ['api', 'status-listener'], env } as const;
  describeSystem(`chains at a fleet of Celery ${version}`, 'redis', options, (check, system) => {
    let broker: Redis;
    let fleet: TestFleet;
    beforeAll(async () => {
      for (const [at, party] of PARTIES.entries()) writeKeys(join(system.dataRoot, party), 1 + 100 * at);
      const url = `${redis.url}/${database}`;
      broker = new Redis(url);
      fleet = await TestFleet.start(version, url);
      // Without the fleet it would not be ready.
      await system.startApp('compute-worker');
    });
    afterAll(async () => {
      broker.disconnect();
      await fleet.stop();
    });
    /** The fleet, which does this at the next starts. */
    const planned = async (...steps: readonly string[]): Promise<TestFleet> => {
      await fleet.plan(...steps);
      return fleet;
    };
    const begun = (at: TestFleet): Promise<true> =>
      eventually('the fleet has begun', async () => (await at.starts()).length > 0 || undefined);
    /** What the fleet has of tasks, and what is left for it. */
    const left = async (): Promise<unknown[]> => [
      await broker.llen(FLEET_QUEUE),
      await broker.hlen('unacked'),
      readdirSync(join(system.dataRoot, '.celery')),
    ];
    const nothingLeft = (): Promise<true> =>
      eventually('nothing is left', async () => JSON.stringify(await left()) === '[0,0,[]]' || undefined);

    check('give the result of native', async ({ api }) => {
      const at = await planned();
      const { status, error, tasks } = await api.run(plain());
      expect({ status, error }).toEqual({ status: 'SUCCESS', error: null });
      expect(tasks[0]!.result).toMatchObject({ intersection_count: 200, psi_protocol: 'KKRT_PSI_2PC' });
      expect(await at.starts()).toHaveLength(1);
      await nothingLeft();
    });

    for (const [what, limitsOf, how] of [
      ['is cancelled', () => [], ['CANCELLED', undefined]],
      ['takes too long', (timeout) => [{ timeout, retry_policy: { max_retries: 0 } }], ['FAILURE', 'TIMEOUT_RUN']],
      ['is in a chain that takes too long', (timeout) => [{}, { timeout }], ['FAILURE', undefined]],
    ] satisfies [string, (seconds: number) => object[], unknown[]][]) {
      if (!isDesigns && how[0] !== 'CANCELLED') continue;
      check(`end at the fleet with a task that ${what}`, async ({ api }) => {
        let id = '';
        let at = fleet;
        // A busy machine may take longer to begin than the task may take; then the fleet may begin it a moment later.
        for (const seconds of [4, 12, 36]) {
          at = await planned('sleep 120', 'sleep 120');
          id = await api.start(plain(...limitsOf(seconds)));
          const began = await eventually(
            'the fleet has begun, or the chain has ended',
            async () => (await at.starts()).length > 0 || ((await api.chain(id)).completed_at ? false : undefined),
          );
          if (began) break;
        }
        if (how[0] === 'CANCELLED') await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
        const ended = await api.ended(id);
        expect([ended.status, taskOf(ended, 'match').error?.code]).toEqual(how);
        const [start] = await at.starts();
        await eventually('it is revoked', async () => {
          const meta = await broker.get(`celery-task-meta-${start!.split(' ')[0]}`);
          return meta?.includes('"REVOKED"') || undefined;
        });
        await nothingLeft();
      });
    }

    const checkHere = isDesigns ? check : () => undefined;
    checkHere('go on where the broker was away for some seconds', async ({ api }) => {
      const at = await planned('sleep 4');
      const id = await api.start(plain());
      await begun(at);
      proxy.cut();
      await new Promise((later) => setTimeout(later, 2_000));
      proxy.letGo();
      const { status, tasks } = await api.ended(id);
      expect([status, tasks[0]!.attempt]).toEqual(['SUCCESS', 1]);
      expect(await at.starts()).toHaveLength(1);
    });

    checkHere('leave the only slot of their type to others while they wait', async ({ api }) => {
      const at = await planned('sleep 60');
      const id = await api.start(plain());
      await begun(at);
      const native = plain({}, {}, 'native');
      expect((await api.run(native)).status).toBe('SUCCESS');
      expect((await api.chain(id)).status).toBe('RUNNING');
      await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
      await nothingLeft();
    });

    for (const [what, end] of [
      ['stopped', 'stop'],
      ['killed', 'kill'],
    ] as const) {
      if (!isDesigns) continue;
      check(`go on at another worker where one is ${what}, and run once at the fleet`, async ({ api }) => {
        const first = system.app('compute-worker');
        const at = await planned('sleep 25');
        const id = await api.start(plain());
        await begun(at);
        await system.startApp('compute-worker');
        await first[end]();
        const { status, tasks } = await api.ended(id);
        const result = expect.objectContaining({ intersection_count: 200 }) as unknown;
        expect([status, tasks[0]!.attempt, tasks[0]!.result]).toEqual(['SUCCESS', 2, result]);
        expect(await at.starts()).toHaveLength(1);
        await nothingLeft();
      });
    }

    checkHere('are published once the owner lets the engine in, has noted it, and has some left', async ({ api }) => {
      const at = await planned('sleep 2');
      const owner = await OwnedParty.claim(system, OWNED);
      const inputs = { [OWNED]: `dataset:${OWNED}/customers@1`, bob: 't.csv' };
      const waits = async (id: string): Promise<string> => {
        await api.until(id, 'it waits for the owner', ({ tasks }) => tasks[0]!.hold === 'APPROVAL');
        const { items } = await api.expect<{ items: Record<string, string>[] }>(200, `/chains/${id}/approvals`);
        const asked = items.find(({ party }) => party === OWNED)!;
        expect(asked).toMatchObject({ engine: 'celery', leaves: expect.stringContaining("the fleet's word") });
        return asked.reasons!;
      };
      const ledger = join(system.dataRoot, OWNED, '.party/ledger.jsonl');

      await owner.allow({});
      expect(await waits(await api.start(chain([psi(inputs)])))).toContain('the engine celery is not allowed');
      expect(await at.starts()).toEqual([]);

      await owner.allow({ engines: ['native', 'celery'], uses: { max: 1, days: 1 } });
      const id = await api.start(chain([psi(inputs)]));
      await begun(at);
      expect(readFileSync(ledger, 'utf8')).toContain('psi');
      expect((await api.ended(id)).status).toBe('SUCCESS');

      expect(await waits(await api.start(chain([psi(inputs)])))).toContain('it was used 1 times');
      expect(await at.starts()).toHaveLength(1);
      await nothingLeft();
      owner.remove();
    });
  });
}
