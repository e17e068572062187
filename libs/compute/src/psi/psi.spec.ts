import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runPsi } from './psi-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const INTERSECTION = 'artifact:chain-1/task-1/bob/intersection.csv';
const config = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  keys: { alice: ['id'], bob: ['uid'] },
  input_paths: { alice: 'a.csv', bob: 'b.csv' },
  ...more,
});

async function psiOf(alice: string, bob: string, more: Record<string, unknown> = {}) {
  await folder.table('alice', 'a.csv', alice);
  await folder.table('bob', 'b.csv', bob);
  const { result, artifacts, partyResults } = await runTask('psi', folder.run(config(more)));
  return { result, artifacts, partyResults, paths: result.output_paths as Record<string, string> };
}

describe('the intersection', () => {
  test('is what a plain join gives, aligned for both parties', async () => {
    const aliceRows: string[] = [];
    const bobRows: string[] = [];
    for (let i = 0; i < 3000; i += 1) aliceRows.push(`u${(i * 7919) % 3000},${i}`);
    for (let i = 1000; i < 9000; i += 2) bobRows.push(`${i},"x, ${i}",u${i}`);
    const { result, artifacts, paths } = await psiOf(
      `id,age\n${aliceRows.join('\n')}\n`,
      `n,text,uid\n${bobRows.join('\n')}\n`,
    );
    expect(result).toEqual({
      intersection_count: 1000,
      output_paths: {
        alice: 'artifact:chain-1/task-1/alice/intersection.csv',
        bob: 'artifact:chain-1/task-1/bob/intersection.csv',
      },
      psi_protocol: 'ECDH_PSI_2PC',
      reports: [
        { party: 'alice', original_count: 3000, intersection_count: 1000 },
        { party: 'bob', original_count: 4000, intersection_count: 1000 },
      ],
      receiver: null,
      parties: ['alice', 'bob'],
    });
    expect(artifacts.map((artifact) => artifact.name)).toEqual(['alice/intersection.csv', 'bob/intersection.csv']);
    const [aliceHeader, ...aliceOut] = await folder.rows('alice', paths.alice!);
    const [bobHeader, ...bobOut] = await folder.rows('bob', paths.bob!);
    expect([aliceHeader, bobHeader]).toEqual([
      ['id', 'age'],
      ['n', 'text', 'uid'],
    ]);
    expect(aliceOut.map((row) => row[0])).toEqual(bobOut.map((row) => row[2]));
    const bobIds = new Set(bobRows.map((row) => row.split(',').at(-1)!));
    const joined = aliceRows.filter((row) => bobIds.has(row.split(',')[0]!)).sort();
    expect(aliceOut.map((row) => row.join(',')).sort()).toEqual(joined);
    expect(bobOut[0]).toEqual(['1000', 'x, 1000', 'u1000']);
  });

  test('is the same file in each run, whatever the order of the rows', async () => {
    const first = await psiOf('id,v\nb,1\na,2\nc,3\n', 'uid\na\nb\n');
    const text = await folder.text('alice', first.paths.alice!);
    const second = await psiOf('id,v\na,2\nc,3\nb,1\n', 'uid\nb\na\n');
    expect(await folder.text('alice', second.paths.alice!)).toBe(text);
    expect(text).toBe('id,v\na,2\nb,1\n');
  });

  test('takes composite keys, Unicode in either form, BOM, CRLF, quoted newlines and very long keys', async () => {
    const long = 'k'.repeat(200_000);
    const { result, paths } = await psiOf(
      `\ufeffid,part,v\r\ne\u0301,"two\nlines",1\r\nab,c,2\r\n${long},x,3\r\na,bc,4\r\n`,
      `uid,p\n\u00e9,"two\nlines"\na,bc\n${long},x\nabc,\u0301\n`,
      { keys: { alice: ['id', 'part'], bob: ['uid', 'p'] } },
    );
    expect(result.intersection_count).toBe(3);
    const ids = (await folder.rows('alice', paths.alice!)).slice(1).map((row) => row[2]);
    expect(ids.sort()).toEqual(['1', '3', '4']);
  });

  test('goes to the receiver alone when one is named', async () => {
    const { result, paths, partyResults } = await psiOf('id\na\nb\n', 'uid\nb\nc\n', {
      receiver: 'bob',
      output_paths: { bob: 'out/o.csv' },
    });
    expect(paths).toEqual({ bob: 'out/o.csv' });
    expect(result).toMatchObject({
      intersection_count: null,
      withheld: { intersection_count: 'Only bob learns it: see party_results.bob.' },
      receiver: 'bob',
      reports: [
        { party: 'alice', original_count: 2, intersection_count: -1 },
        { party: 'bob', original_count: 2, intersection_count: null },
      ],
    });
    expect(partyResults).toEqual({
      bob: { value: { original_count: 2, intersection_count: 1, output_path: 'out/o.csv' } },
    });
    expect(await folder.text('bob', 'out/o.csv')).toBe('uid\nb\n');
  });

  test('of a receiver looks the same to others whatever it holds', async () => {
    const seen = [];
    const hashes: string[] = [];
    for (const bob of ['uid\na\nb\n', 'uid\nb\nc\n', 'uid\nx\ny\n']) {
      const lines: string[] = [];
      await folder.table('alice', 'a.csv', 'id\na\nb\n');
      await folder.table('bob', 'b.csv', bob);
      const stages = new Set<string>();
      const run = folder.run(config({ receiver: 'bob' }), {
        log: (_level, line) => lines.push(line),
        // A slow start shows before the parties say anything.
        progress: (_fraction, stage) => void (stage !== 'starting' && stages.add(stage)),
      });
      const { result, artifacts } = await runTask('psi', run);
      const text = await folder.text('bob', INTERSECTION);
      hashes.push(artifacts[0]!.sha256, createHash('sha256').update(text).digest('hex'));
      seen.push(
        JSON.stringify([
          result,
          artifacts.map(({ sha256: _, ...artifact }) => artifact),
          lines.sort(),
          [...stages].sort(),
        ]),
      );
    }
    expect(new Set(seen).size).toBe(1);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('of a receiver shows its number of rows by no fraction of its progress', async () => {
    const keys = Array.from({ length: 4_096 }, (_, row) => `k${row}\n`).join('');
    await folder.table('alice', 'a.csv', `id\n${keys}`);
    await folder.table('bob', 'b.csv', `uid\n${keys}`);
    const shown: number[] = [];
    const progress = (fraction: number): number => shown.push(fraction);
    await runTask('psi', folder.run(config({ receiver: 'bob' }), { progress }));
    // alice is done; 0.95 of bob's work comes before the first row is written.
    expect(shown.filter((fraction) => fraction > (1 + 0.951) / 2 && fraction < 1)).toEqual([]);
    expect(shown.at(-1)).toBe(1);
  });

  test('goes to both when the result is broadcast', async () => {
    const { paths } = await psiOf('id\na\nb\n', 'uid\nb\nc\n', { receiver: 'bob', broadcast_result: true });
    expect(Object.keys(paths)).toEqual(['alice', 'bob']);
  });

  test('may be empty where that is allowed', async () => {
    const { result, paths } = await psiOf('id\na\n', 'uid\nb\n', { allow_empty_result: true });
    expect(result.intersection_count).toBe(0);
    expect(await folder.text('alice', paths.alice!)).toBe('id\n');
  });

  test('of tables without rows is empty', async () => {
    expect((await psiOf('id\n', 'uid\n', { allow_empty_result: true })).result.intersection_count).toBe(0);
    expect((await psiOf('id\na\n', 'uid\n', { allow_empty_result: true })).result.intersection_count).toBe(0);
  });
});

describe('failures', () => {
  for (const [code, alice, bob] of [
    ['DUPLICATE_KEYS', 'id\nsecret1\nb\nsecret1\n', 'uid\nb\n'],
    ['NULL_KEYS', 'id,v\nb,1\n,2\n', 'uid\nb\n'],
    ['KEY_TYPE_MISMATCH', 'id\n7\n8\n', 'uid\n7.0\n8.0\n'],
    ['EMPTY_INTERSECTION', 'id\nsecret1\n', 'uid\nsecret2\n'],
    ['COLUMN_NOT_FOUND', 'key\na\n', 'uid\na\n'],
    ['DUPLICATE_COLUMNS', 'id,id\na,b\n', 'uid\na\n'],
    ['CSV_MALFORMED', 'id,v\na\n', 'uid\na\n'],
    ['NOT_UTF8', '', 'uid\na\n'],
  ] as const) {
    test(`${code} names no key and is not retried`, async () => {
      await folder.table('alice', 'a.csv', code === 'NOT_UTF8' ? Buffer.from('id\n\xe4\n', 'latin1') : alice);
      await folder.table('bob', 'b.csv', bob);
      const failure = (await runTask('psi', folder.run(config())).catch((error: unknown) => error)) as Error;
      expect(failure).toMatchObject({ code, retryable: false });
      expect(JSON.stringify(failure) + failure.message).not.toMatch(/secret/);
      expect(await folder.temporaries()).toEqual([]);
    });
  }
});

describe('what crosses', () => {
  test('is salts, counts, kinds and blinded points: no key, no row, no hash of one', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `patient-${i}`);
    await folder.table('alice', 'a.csv', `id,income\n${keys.map((key, i) => `${key},${770_000 + i}`).join('\n')}\n`);
    await folder.table(
      'bob',
      'b.csv',
      `uid,disease\n${keys
        .slice(100)
        .map((key, i) => `${key},angina-${i}`)
        .join('\n')}\n`,
    );
    const crossed: CrossedMessage[] = [];
    await runPsi(folder.run(config()), (message) => crossed.push(message));
    const json = crossed.filter(({ body }) => typeof body === 'string').map(({ body }) => body as string);
    expect(json.sort()).toEqual(['{"rows":200,"kinds":["text"]}', '{"rows":300,"kinds":["text"]}']);
    const binary = crossed
      .filter(({ body }) => typeof body !== 'string')
      .map(({ body }) => Buffer.from(body as Uint8Array));
    // Each party: its salt, its points blinded once, the peer's blinded twice.
    expect(binary.map((bytes) => bytes.length).sort((a, b) => a - b)).toEqual(
      [32, 32, 1 + 200 * 32, 1 + 200 * 32, 1 + 300 * 32, 1 + 300 * 32].sort((a, b) => a - b),
    );
    const everything = Buffer.concat(binary);
    for (const key of keys) {
      expect(everything.includes(key)).toBe(false);
      for (const algorithm of ['sha512', 'sha256', 'sha1', 'md5']) {
        expect(everything.includes(createHash(algorithm).update(key).digest().subarray(0, 16))).toBe(false);
      }
    }
    for (const word of ['patient', 'income', '7700', 'angina', 'disease', 'uid'])
      expect(everything.includes(word)).toBe(false);
  });

  test('differs in each run', async () => {
    const points = async (): Promise<string[]> => {
      const crossed: CrossedMessage[] = [];
      await runPsi(folder.run(config()), (message) => crossed.push(message));
      return crossed.flatMap(({ body }) => (typeof body === 'string' ? [] : [Buffer.from(body).toString('hex')]));
    };
    const [first, second] = [new Set(await points()), await points()];
    expect(second.filter((message) => first.has(message))).toEqual([]);
  });

  test('to a party that may not learn the result holds nothing of its own points', async () => {
    await folder.table('alice', 'a.csv', 'id\na\nb\n');
    await folder.table('bob', 'b.csv', 'uid\nb\nc\n');
    const crossed: CrossedMessage[] = [];
    await runPsi(folder.run(config({ receiver: 'alice' })), (message) => crossed.push(message));
    const doubled = crossed.filter(({ body }) => typeof body !== 'string' && body.length > 32 && body[0] === 2);
    expect(doubled.map(({ to }) => to)).toEqual(['alice']);
  });
});

describe('KKRT_PSI_2PC', () => {
  const protocol = 'KKRT_PSI_2PC';

  test('gives the outputs and the result of the default, but for the name of the protocol', async () => {
    const alice = `id,age\n${Array.from({ length: 2_000 }, (_, i) => `u${(i * 7919) % 2_000},${i}`).join('\n')}\n`;
    const bob = `n,uid\n${Array.from({ length: 900 }, (_, i) => `${i},u${i * 3}`).join('\n')}\n`;
    for (const more of [{}, { receiver: 'bob' }, { receiver: 'alice' }, { receiver: 'bob', broadcast_result: true }]) {
      const [byEcdh, byKkrt] = [await psiOf(alice, bob, more), await psiOf(alice, bob, { ...more, protocol })];
      expect(byKkrt.result).toEqual({ ...byEcdh.result, psi_protocol: protocol });
      expect(byKkrt.partyResults).toEqual(byEcdh.partyResults);
      expect(byKkrt.artifacts.map(({ name }) => name)).toEqual(byEcdh.artifacts.map(({ name }) => name));
      if (!('receiver' in more))
        expect(byKkrt.artifacts.map(({ sha256 }) => sha256)).toEqual(byEcdh.artifacts.map(({ sha256 }) => sha256));
      const [[, path]] = Object.entries(byKkrt.paths) as [[string, string]];
      expect(path).toBe(Object.values(byEcdh.paths)[0]);
    }
  });

  test('takes tables without rows, and one row', async () => {
    const allowed = { protocol, allow_empty_result: true };
    for (const [alice, bob, count] of [
      ['id\n', 'uid\n', 0],
      ['id\na\n', 'uid\n', 0],
      ['id\n', 'uid\na\n', 0],
      ['id\na\n', 'uid\nb\n', 0],
      ['id\na\n', 'uid\na\n', 1],
    ] as const)
      expect((await psiOf(alice, bob, allowed)).result.intersection_count).toBe(count);
  });

  test.each([
    ['DUPLICATE_KEYS', 'id\nsecret1\nb\nsecret1\n', 'uid\nb\n'],
    ['NULL_KEYS', 'id,v\nb,1\n,2\n', 'uid\nb\n'],
    ['KEY_TYPE_MISMATCH', 'id\n7\n8\n', 'uid\n7.0\n8.0\n'],
    ['EMPTY_INTERSECTION', 'id\nsecret1\n', 'uid\nsecret2\n'],
  ])('fails with %s as the default does', async (code, alice, bob) => {
    await expect(psiOf(alice, bob, { protocol })).rejects.toMatchObject({ code, retryable: false });
  });

  test('lets no key cross, no hash of one, and nothing twice', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `patient-${i}`);
    await folder.table('alice', 'a.csv', `id,income\n${keys.map((key, i) => `${key},${770_000 + i}`).join('\n')}\n`);
    await folder.table('bob', 'b.csv', `uid\n${keys.slice(100).join('\n')}\n`);
    const seen = new Set<string>();
    let messages = 0;
    for (let round = 0; round < 2; round += 1) {
      const crossed: CrossedMessage[] = [];
      await runPsi(folder.run(config({ protocol, receiver: 'alice' })), (message) => crossed.push(message));
      const binary = crossed.filter(({ body }) => typeof body !== 'string');
      // Of alice her salt, the offer and the matrix, of 448 columns of 1,536 bins; of bob his salt, the answer, and three values of 7 bytes for each key.
      const sizes = (party: string) =>
        binary.filter(({ from }) => from === party).map(({ body }) => (body as Uint8Array).length);
      expect(sizes('alice')).toEqual([32, 64, (448 * 1_536) / 8]);
      expect(sizes('bob')).toEqual([32, 448 * 32, 200 * 3 * 7]);
      const everything = Buffer.concat(binary.map(({ body }) => Buffer.from(body as Uint8Array)));
      for (const key of keys) {
        expect(everything.includes(key)).toBe(false);
        for (const algorithm of ['sha512', 'sha256', 'sha1', 'md5'])
          expect(everything.includes(createHash(algorithm).update(key).digest().subarray(0, 16))).toBe(false);
      }
      for (const { body } of binary) seen.add(Buffer.from(body as Uint8Array).toString('hex'));
      messages += binary.length;
    }
    expect(seen.size).toBe(messages);
  });

  test('is of two parties', () => {
    const three = { alice: 'a.csv', bob: 'b.csv', carol: 'c.csv' };
    const keys = { alice: ['id'], bob: ['uid'], carol: ['id'] };
    const task_config = config({ protocol, input_paths: three, keys });
    const faults = checkTaskParams('psi', { sf_init_config: { parties: Object.keys(three) }, task_config });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/task_config/input_paths']);
  });
});

test('ECDH_OPRF_UB_PSI_2PC is for two parties, of which one learns the intersection', async () => {
  const faults = (more: Record<string, unknown>) =>
    checkTaskParams('psi', {
      sf_init_config: { parties: ['alice', 'bob'] },
      task_config: config({ protocol: 'ECDH_OPRF_UB_PSI_2PC', ...more }),
    });
  expect(faults({})).toEqual([
    {
      pointer: '/task_config/protocol',
      message: expect.stringContaining('name the `receiver`, best the one with the small table'),
    },
  ]);
  expect(faults({ receiver: 'bob', broadcast_result: true })).toHaveLength(1);
  expect(faults({ receiver: 'bob' })).toEqual([]);
  expect(faults({ join: 'left', left_party: 'alice' })).toEqual([]);
});

test.each([
  ['ECDH_PSI_2PC', 60_000],
  ['KKRT_PSI_2PC', 400_000],
] as const)('an abort ends a large run by %s within 2 s', async (protocol, length) => {
  const rows = Array.from({ length }, (_, i) => `${i}`).join('\n');
  await folder.table('alice', 'a.csv', `id\n${rows}\n`);
  await folder.table('bob', 'b.csv', `uid\n${rows}\n`);
  const controller = new AbortController();
  const stages: string[] = [];
  let aborted = 0;
  const running = runTask(
    'psi',
    folder.run(config({ protocol }), {
      signal: controller.signal,
      progress: (_fraction, stage) => {
        stages.push(stage);
        if (stage !== 'blinding keys' || aborted) return;
        aborted = performance.now();
        controller.abort(new Error('cancelled'));
      },
    }),
  );
  await expect(running).rejects.toThrow('cancelled');
  expect(performance.now() - aborted).toBeLessThan(2000);
  expect(await folder.temporaries()).toEqual([]);
});
