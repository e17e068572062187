import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anySpuPython, itUnless, noSmallDisk, onSmallDisk } from '#libs/testing';
import { childrenOf, describeRunner } from '../catalogue/conformance-for-tests.js';
import { copyExampleTables, exampleRun, exampleTasks, onLargeTables } from '../catalogue/examples-for-tests.js';
import { native } from '../catalogue/native.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import { POINT_BYTES } from '../mpc/curve.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { fourqPoint, isOfPrimeOrder } from './fourq-for-tests.js';
import { autoProtocol, PSI_PROTOCOLS, SPU_VERSION } from './protocols.js';
import { noLandlock } from './landlock-for-tests.js';
import { secretflow } from './secretflow.js';
import { startSpu } from './spu-process.js';
import { runSpuPsi } from './spu-psi-run.js';

const LARGE_ROWS = 30_000;
const SUPERVISOR = fileURLToPath(new URL('./supervisor-for-tests.js', import.meta.url));

describe('the engine secretflow without an environment', () => {
  const unset = secretflow(undefined);

  test('says which variable to set, and what it lacks', async () => {
    expect(unset.unset).toBe('SECRETFLOW_PYTHON');
    const run = unset.run('psi', {} as TaskRun);
    await expect(run).rejects.toMatchObject({
      code: 'ENGINE_NOT_READY',
      message: expect.stringContaining('SECRETFLOW_PYTHON'),
    });
    const [spu] = await secretflow('/nowhere/python').needs();
    expect(spu).toMatchObject({ what: 'SPU', found: null, mend: expect.stringContaining('npm run engine:secretflow') });
  });

  test('says of each protocol what leaves the parties', () => {
    const texts = unset.protocols('psi').map((protocol) => unset.leaves('psi', { protocol }));
    expect(new Set(texts).size).toBe(3);
    expect(unset.leaves('psi')).toBe(unset.leaves('psi', { protocol: 'ECDH_PSI_2PC' }));
    expect(unset.leaves('psi')).toMatch(/all of prime order.*in an order of this run/);
    expect(unset.leaves('ss_glm')).toBe(undefined);
  });

  test('takes RR22 for AUTO up to a million known rows, and else ECDH', () => {
    expect([undefined, [5, 1_000_000], [5, 1_000_001]].map(autoProtocol)).toEqual([
      'ECDH_PSI_2PC',
      'RR22_PSI_2PC',
      'ECDH_PSI_2PC',
    ]);
  });

  test('ends a run whose Python is not there with ENGINE_NOT_READY', async () => {
    const folder = await testFolder();
    try {
      for (const party of ['alice', 'bob']) await folder.table(party, 't.csv', 'id\n1\n');
      const run = secretflow('/nowhere/python').run('psi', runOf(folder));
      await expect(run).rejects.toMatchObject({ code: 'ENGINE_NOT_READY', retryable: false });
    } finally {
      await folder.remove();
    }
  });
});

const runOf = (folder: TestFolder, more: object = {}): TaskRun<never> =>
  folder.run({
    keys: { alice: ['id'], bob: ['id'] },
    input_paths: { alice: 't.csv', bob: 't.csv' },
    ...more,
  });

const found = anySpuPython(SPU_VERSION);
const WHY = 'npm run verify runs it where it finds Python 3.11 or 3.10, and packages';
if (found === undefined) test.skip(`the engine secretflow [skipped: ${WHY}]`, () => undefined);
else withSpu(found);

function withSpu(python: string): void {
  const spu = secretflow(python);

  describeRunner(spu, [
    {
      type: 'psi',
      isKilled: true,
      failing: { config: { input_paths: { alice: 'no.csv', bob: 'no.csv' } }, code: 'FILE_NOT_FOUND' },
      async prepare(folder) {
        await copyExampleTables(folder);
        const task = (await exampleTasks('tasks/psi')).find((each) => each.task_type === 'psi')!;
        const run = exampleRun(folder, task, {});
        const config = { ...run.params.task_config, protocol: 'RR22_PSI_2PC' };
        return { ...run, params: { ...run.params, engine: 'secretflow', task_config: config } };
      },
      enlarge: (folder, run) => onLargeTables(folder, run, LARGE_ROWS),
    },
  ]);

  describe('psi on SPU', () => {
    let folder: TestFolder;
    beforeAll(async () => {
      folder = await testFolder();
      // Numbers in quotes, a field with a newline, another order.
      const rows = (from: number): string[] =>
        Array.from({ length: 3000 }, (_, i) => `"${from + ((i * 7) % 3000)}","a\nb ${i}"`);
      await folder.table('alice', 't.csv', `id,text\n${rows(1).join('\n')}\n`);
      await folder.table('bob', 't.csv', `id,text\n${rows(1001).join('\n')}\n`);
    });
    afterAll(() => folder.remove());

    test.each(Object.keys(PSI_PROTOCOLS))('%s gives the files and the result of native', async (protocol) => {
      const { result: expected, artifacts } = await native.run('psi', runOf(folder));
      const run = runOf(folder, { protocol });
      const outcome = await spu.run('psi', run);
      expect(outcome).toEqual({ result: { ...expected, psi_protocol: protocol }, artifacts, partyResults: {} });
    });

    itUnless(noLandlock(python, 1), 'makes no file in /tmp, however short its life', async () => {
      const made: string[] = [];
      const watcher = watch('/tmp', (_, name) => name?.startsWith('psi_') && made.push(name));
      try {
        await spu.run('psi', runOf(folder, { protocol: 'RR22_PSI_2PC' }));
      } finally {
        watcher.close();
      }
      expect(made).toEqual([]);
    });

    test.each(Object.keys(PSI_PROTOCOLS))('%s tells the receiver alone', async (protocol) => {
      const { result, artifacts, partyResults } = await spu.run('psi', runOf(folder, { protocol, receiver: 'bob' }));
      expect(result).toMatchObject({
        intersection_count: null,
        output_paths: { bob: expect.any(String) },
        receiver: 'bob',
      });
      expect(result.reports).toEqual([
        { party: 'alice', original_count: 3000, intersection_count: -1 },
        { party: 'bob', original_count: 3000, intersection_count: null },
      ]);
      expect(artifacts.map(({ name }) => name)).toEqual(['bob/intersection.csv']);
      expect(clearResult({ result, artifacts, partyResults: partyResults! }, 'bob')).toMatchObject({
        intersection_count: 2000,
      });
    });

    test('finds all keys where both parties have the same, and none where they share none', async () => {
      const same = { input_paths: { alice: 's.csv', bob: 's.csv' } };
      for (const party of ['alice', 'bob']) await folder.table(party, 's.csv', 'id\n1\n2\n3\n');
      const all = await spu.run('psi', runOf(folder, { ...same, protocol: 'RR22_PSI_2PC' }));
      expect(all.result.intersection_count).toBe(3);
      await folder.table('bob', 's.csv', 'id\n4\n5\n');
      const none = runOf(folder, { ...same, protocol: 'RR22_PSI_2PC' });
      await expect(spu.run('psi', none)).rejects.toMatchObject({ code: 'EMPTY_INTERSECTION' });
    });

    test('tries other ports where one is taken, and gives up with PORT_TAKEN', async () => {
      const taken = createServer((socket) => socket.destroy());
      await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
      const { port } = taken.address() as AddressInfo;
      const run = runOf(folder, { protocol: 'RR22_PSI_2PC' }) as TaskRun<PsiConfig>;
      const lines: string[] = [];
      try {
        const asked: number[][] = [];
        const ports = async (): Promise<number[]> => {
          const next = asked.length === 0 ? [await freePort(), port] : [await freePort(), await freePort()];
          asked.push(next);
          return next;
        };
        const { result } = await runSpuPsi({ ...run, log: (_, line) => lines.push(line) }, python, { ports });
        expect([result.intersection_count, asked.length]).toEqual([2000, 2]);
        expect(lines.filter((line) => line.includes('a port was taken'))).toHaveLength(1);
        const always = runSpuPsi(run, python, { ports: async () => [await freePort(), port] });
        await expect(always).rejects.toMatchObject({ code: 'PORT_TAKEN', retryable: true });
      } finally {
        await new Promise((closed) => taken.close(closed));
      }
    });

    test('ends all that it started when its worker is killed, and the next attempt removes what is left', async () => {
      const large = { alice: 'large.csv', bob: 'large.csv' };
      const rows = Array.from({ length: LARGE_ROWS }, (_, i) => `u${i}`).join('\n');
      for (const [party, file] of Object.entries(large)) await folder.table(party, file, `id\n${rows}\n`);
      const run = runOf(folder, { protocol: 'ECDH_PSI_2PC', input_paths: large });
      const child = spawn(process.execPath, [SUPERVISOR, JSON.stringify({ python, run })], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const stages = createInterface({ input: child.stdout });
      await new Promise<void>((begun, failed) => {
        stages.on('line', (stage) => stage === 'intersecting' && begun());
        child.on('exit', () => failed(new Error('it ended by itself')));
      });
      const family = childrenOf(child.pid!).flatMap((pid) => [pid, ...childrenOf(pid)]);
      expect(family.length).toBeGreaterThanOrEqual(6); // Of each party a process, one on SPU, and what ends that one's.
      child.kill('SIGKILL');
      while (family.some((pid) => existsSync(`/proc/${pid}`))) await wait(20);
      const left = async (): Promise<string[]> =>
        (await Promise.all(['alice', 'bob'].map((party) => readdirSync(`${run.artifactRoot}/chain-1/task-1/${party}`))))
          .flat()
          .filter((name) => name.startsWith('.spu-'));
      expect(await left()).toHaveLength(2);
      await spu.run('psi', { ...run, attempt: 2, params: runOf(folder).params });
      expect(await left()).toEqual([]);
    });

    itUnless(noSmallDisk(), 'fails by DISK_FULL where it cannot write, and finds no smaller intersection', async () => {
      const full = { alice: 'full.csv', bob: 'full.csv' };
      const rows = Array.from({ length: LARGE_ROWS }, (_, i) => `u${i}`).join('\n');
      for (const [party, file] of Object.entries(full)) await folder.table(party, file, `id\n${rows}\n`);
      // On 5 MiB RR22 has room for all but what it finds, and does not fail by itself.
      const disks = [
        ...Object.keys(PSI_PROTOCOLS).map((protocol) => [protocol, 3] as const),
        ['RR22_PSI_2PC', 5] as const,
      ];
      for (const [protocol, megabytes] of disks) {
        const run = { ...runOf(folder, { protocol, input_paths: full }), taskId: `full-${protocol}` };
        mkdirSync(run.artifactRoot, { recursive: true });
        const command = [process.execPath, SUPERVISOR, JSON.stringify({ python, run })];
        const { stderr } = spawnSync(...onSmallDisk(run.artifactRoot, megabytes, command), { encoding: 'utf8' });
        expect([protocol, megabytes, stderr]).toEqual([
          protocol,
          megabytes,
          expect.stringContaining("code: 'DISK_FULL'"),
        ]);
      }
    });

    test('sends points of prime order alone: others would show something of their key through any mask', async () => {
      const keys = Array.from({ length: 63 }, (_, i) => `key ${i}`);
      for (const party of ['alice', 'bob']) await folder.table(party, 'keys.csv', ['key', ...keys, party].join('\n'));
      const sent: Buffer[] = [];
      const [own, peer] = [await freePort(), await freePort()];
      const listener = createServer((from) => {
        const to = connect(peer, '127.0.0.1').on('error', () => from.destroy());
        from.on('error', () => to.destroy());
        from
          .on('data', (bytes) => sent.push(bytes))
          .pipe(to)
          .pipe(from);
      });
      await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening));
      const { port } = listener.address() as AddressInfo;
      const processes = ['alice', 'bob'].map((party, rank) => {
        const home = `${folder.path}/data/${party}`;
        const psi = { protocol: 'PROTOCOL_ECDH', receiver_rank: 1, broadcast: false };
        const addresses = [`127.0.0.1:${own}`, `127.0.0.1:${rank === 0 ? port : peer}`];
        const files = { input: `${home}/keys.csv`, output: `${home}/found.csv` };
        const job = {
          run: 'r',
          parties: ['alice', 'bob'],
          addresses,
          rank,
          task: 'psi' as const,
          psi: { ...psi, ...files },
        };
        return startSpu(python, job, { home, account: undefined }, () => undefined);
      });
      await Promise.all(processes.map(({ done }) => done));
      for (const { stop } of processes) stop();
      await Promise.all(processes.map(({ ended }) => ended));
      await new Promise((closed) => listener.close(closed));
      const values = Buffer.concat(sent)
        .toString('latin1')
        .matchAll(/"value":"([^"]+)"/g);
      const stretches = [...values].flatMap(([, value]) => stretchesOf(Buffer.from(value!, 'base64'), 64));
      expect(stretches).toHaveLength(1);
      expect(stretches[0]!.slice(0, 16).filter((point) => !isOfPrimeOrder(point))).toEqual([]);
    });

    test("gives a party's process hashes of keys alone, and a few names of an environment", async () => {
      const seen: { keys: string; environ: string; command: string }[] = [];
      const run = runOf(folder, { protocol: 'RR22_PSI_2PC' });
      await spu.run('psi', {
        ...run,
        progress: (_, stage) => {
          if (seen.length > 0 || stage !== 'linking the parties on SPU') return;
          const base = `${run.artifactRoot}/chain-1/task-1/alice`;
          const own = readdirSync(base).find((name) => name.startsWith('.spu-'))!;
          const text = (path: string): string => readFileSync(path, 'latin1');
          const pid = childrenOf(process.pid).find((each) => text(`/proc/${each}/cmdline`).includes('party.py'))!;
          const [environ, command] = [text(`/proc/${pid}/environ`), text(`/proc/${pid}/cmdline`)];
          seen.push({ keys: text(`${base}/${own}/keys.csv`), environ, command });
        },
      });
      const [{ keys, environ, command }] = seen as [(typeof seen)[number]];
      const [header, ...lines] = keys.trimEnd().split('\n');
      expect([header, lines.length]).toEqual(['key', 3001]);
      expect(lines.filter((line) => !/^k[\w-]{22}$/.test(line))).toEqual([]);
      const names = environ
        .split('\0')
        .filter(Boolean)
        .map((pair) => pair.split('=')[0]);
      expect(names.sort()).toEqual(['HOME', 'JAX_PLATFORMS', 'LANG', 'OMP_NUM_THREADS', 'PATH', 'TMPDIR']);
      expect(command).not.toContain('t.csv');
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** All stretches of so many points of FourQ in these bytes. */
function stretchesOf(bytes: Buffer, count: number): NonNullable<ReturnType<typeof fourqPoint>>[][] {
  const stretches: NonNullable<ReturnType<typeof fourqPoint>>[][] = [];
  for (let from = 0; from + count * POINT_BYTES <= bytes.length; from += 1) {
    const points = [];
    for (let at = from; points.length < count; at += POINT_BYTES) {
      const point = fourqPoint(bytes.subarray(at, at + POINT_BYTES));
      if (point === undefined) break;
      points.push(point);
    }
    if (points.length === count) stretches.push(points);
  }
  return stretches;
}
