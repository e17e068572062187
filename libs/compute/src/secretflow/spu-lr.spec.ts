import { connect, createServer, type AddressInfo } from 'node:net';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeRunner } from '../catalogue/conformance-for-tests.js';
import { EngineChoice } from '../catalogue/choose-engine.js';
import { copyExampleTables, exampleTasks, onLargeTables, runExample } from '../catalogue/examples-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { makeRunners } from '../catalogue/task-runners.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { encode, toBytes } from '../mpc/ring.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import { noise, rowsOf } from '../ss-pvalue/attacks-for-tests.js';
import { openModel } from '../ss-lr/open-model-for-tests.js';
import { LR_PROTOCOLS } from './lr-protocols.js';
import { writeInputs } from './spu-lr-files.js';
import { NO_SPU, spuPython } from './spu-for-tests.js';
import { startSpu } from './spu-process.js';
import { secretflow } from './secretflow.js';

const ROWS = 320;
const cell = (row: number, column: number): number => Math.round(200 * noise(row + 900 * column) - 100) / 50;
const labels = rowsOf(ROWS, (row) => Number(cell(row, 0) + cell(row, 2) - cell(row, 4) > 0));
const columnsOf: Readonly<Record<string, readonly number[]>> = { alice: [0, 1], bob: [2, 3], carol: [4] };
/** Columns of a party, and the label of alice. */
const tableOf = (party: string): (string | number)[][] => {
  const isFirst = party === 'alice';
  const columns = columnsOf[party]!;
  return [
    [...columns.map((column) => `x${column}`), ...(isFirst ? ['y'] : [])],
    ...rowsOf(ROWS, (row) => [...columns.map((column) => cell(row, column)), ...(isFirst ? [labels[row]!] : [])]),
  ];
};
/** More rows of the same kind. */
const manyRows = (party: string, rows: number): (string | number)[][] => [
  tableOf(party)[0]!,
  ...Array.from({ length: rows }, (_, row) => {
    const own = columnsOf[party]!.map((column) => cell(row, column));
    return party === 'alice' ? [...own, Number(cell(row, 0) + cell(row, 2) - cell(row, 3) > 0)] : own;
  }),
];
const configOf = (parties: readonly string[], tables: Readonly<Record<string, string>>, more: object): JsonObject =>
  ({
    train_data: Object.fromEntries(parties.map((party) => [party, tables[party]!])),
    features: Object.fromEntries(parties.map((party) => [party, columnsOf[party]!.map((column) => `x${column}`)])),
    ...{ label: 'y', label_party: 'alice', test_fraction: 0.2, params: { epochs: 2, learning_rate: 0.5 } },
    ...more,
  }) as JsonObject;

if (spuPython === undefined) test.skip(`ss_lr on the engine secretflow ${NO_SPU}`, () => undefined);
else withSpu(spuPython);

function withSpu(python: string): void {
  const spu = secretflow(python);
  const runners = makeRunners({ secretflowPython: python });

  describeRunner(spu, [
    {
      type: 'ss_lr',
      approximate: true,
      isKilled: true,
      failing: { config: { train_data: { alice: 'no.csv', bob: 'no.csv' } }, code: 'FILE_NOT_FOUND' },
      async prepare(folder) {
        for (const party of ['alice', 'bob']) await folder.table(party, 't.csv', csv(tableOf(party)));
        const tables = { alice: 't.csv', bob: 't.csv' };
        // SEMI2K differs so little from run to run that no prediction is rounded otherwise.
        const run = folder.run(configOf(['alice', 'bob'], tables, { protocol: 'SEMI2K' })) as TaskRun;
        return { ...run, params: { ...run.params, engine: 'secretflow' } };
      },
      enlarge: (folder, run) => onLargeTables(folder, run, 3000),
    },
  ]);

  describe('ss_lr on SPU', () => {
    let folder: TestFolder;
    beforeAll(async () => {
      folder = await testFolder();
      for (const party of Object.keys(columnsOf)) await folder.table(party, 't.csv', csv(tableOf(party)));
    });
    afterAll(() => folder.remove());

    const runOf = (engine: string, taskId: string, protocol: string, more: object = {}): TaskRun => {
      const parties = Object.keys(columnsOf).slice(0, LR_PROTOCOLS[protocol]!.parties);
      const tables = Object.fromEntries(parties.map((party) => [party, 't.csv']));
      const config = configOf(parties, tables, { ...(engine !== 'native' && { protocol }), ...more });
      const params = { engine, sf_init_config: { parties, address: 'local' }, task_config: config };
      return folder.run({}, { taskId, params: params as never }) as TaskRun;
    };
    const train = (engine: string, taskId: string, protocol: string, more: object = {}): Promise<TaskRunResult> =>
      runTask('ss_lr', runOf(engine, taskId, protocol, more), runners);
    const modelOf = async ({ result }: TaskRunResult): Promise<number[]> => {
      const paths = Object.entries(result.model_paths as Record<string, string>);
      const { weights, intercept } = openModel(
        ...(await Promise.all(paths.map(([party, path]) => folder.text(party, path)))),
      );
      return [...weights, intercept];
    };
    const predictionsOf = async ({ result }: TaskRunResult): Promise<number[]> =>
      (await folder.rows('alice', result.prediction_output as string)).slice(1).map((row) => Number(row.at(-1)));
    const farthest = (one: readonly number[], other: readonly number[]): number =>
      Math.max(...one.map((each, at) => Math.abs(each - other[at]!)));

    test.each([
      ['SEMI2K', 2 ** -20],
      ['ABY3', 2 ** -20],
      ['CHEETAH', 2 ** -9],
    ])(
      '%s comes to the members, weights and predictions of native, and predict takes its model',
      async (name, near) => {
        const more = { params: { epochs: 2, learning_rate: 0.5, penalty: 'l2', l2_norm: 2 } };
        const ours = await train('secretflow', name, name, more);
        const theirs = await train('native', `native-${name}`, name, more);
        expect(Object.keys(ours.result)).toEqual(Object.keys(theirs.result));
        const [own, expected] = [ours, theirs].map(({ result }) => result.training_metrics as JsonObject);
        const lossesOf = ({ loss_by_epoch: losses, final_loss: last }: JsonObject): number[] =>
          [...(losses as number[]), last as number].map((loss) => loss ?? 0);
        expect({ ...own, loss_by_epoch: 0, final_loss: 0 }).toEqual({ ...expected, loss_by_epoch: 0, final_loss: 0 });
        expect(lossesOf(own!).filter(Boolean)).toHaveLength(3);
        expect(farthest(lossesOf(own!), lossesOf(expected!))).toBeLessThan(0.002);
        const weights = await modelOf(ours);
        expect(farthest(weights, await modelOf(theirs))).toBeLessThan(near);
        expect(Math.max(...weights.map(Math.abs))).toBeGreaterThan(0.3);
        const predictions = await predictionsOf(ours);
        expect(predictions.every((each) => Number.isInteger(each * 1024))).toBe(true);
        expect(farthest(predictions, await predictionsOf(theirs))).toBeLessThanOrEqual(3 / 1024);
        // Shares in the form of native, which look like nothing by themselves.
        const { model_paths: models } = ours.result as { model_paths: Record<string, string> };
        const { train_data: tables, features } = runOf('native', 'p', name).params.task_config;
        const config = { model: models, input_data: tables, prediction_receiver: 'alice' };
        const parties = Object.keys(features as object);
        const params = { sf_init_config: { parties, address: 'local' }, task_config: config };
        const predicted = await runTask('predict', folder.run({}, { taskId: `p-${name}`, params: params as never }));
        expect(predicted.result).toMatchObject({ objective: 'logistic', rows: ROWS });
        const card = JSON.parse(
          await readFile(join(folder.path, 'artifacts/chain-1', name, 'bob/model_card.json'), 'utf8'),
        );
        expect(card).toMatchObject({ parameters: { engine: 'secretflow', protocol: name } });
      },
    );

    // A rate over 2,999 rows is a few units of the last place of 18 bits. The bounds hold up to 256 for the rate times the steps.
    test.each([
      ['CHEETAH', 0.01, 16, {}, 2 ** -9],
      ['CHEETAH', 0.1, 16, { penalty: 'l1', l2_norm: 20 }, 2 ** -9],
      ['CHEETAH', 8, 32, { penalty: 'l2', l2_norm: 20 }, 2 ** -9],
      ['SEMI2K', 8, 32, { penalty: 'l2', l2_norm: 20 }, 2 ** -20],
      ['SEMI2K', 0.0001, 16, {}, 2 ** -20],
    ])(
      '%s comes to the weights of native in large steps at a rate of %p',
      async (name, rate, epochs, penalty, near) => {
        const large = 2999;
        for (const party of ['alice', 'bob']) await folder.table(party, 'steps.csv', csv(manyRows(party, large)));
        const more = {
          ...{ train_data: { alice: 'steps.csv', bob: 'steps.csv' }, test_fraction: 0 },
          params: { epochs, learning_rate: rate, batch_size: large, ...penalty },
        };
        const task = `${name}-${rate}-${Object.values(penalty).join('-')}`;
        const ours = await modelOf(await train('secretflow', task, name, more));
        const theirs = await modelOf(await train('native', `native-${task}`, name, more));
        expect(farthest(ours, theirs)).toBeLessThan(near);
        expect(Math.max(...theirs.map(Math.abs))).toBeGreaterThan(Math.min(1, rate / 4));
      },
    );

    test('trains linear regressions, and with an l1 penalty', async () => {
      const more = {
        ...{ label: 'x1', features: { alice: ['x0'], bob: ['x2', 'x3'] } },
        params: { reg_type: 'linear', epochs: 2, learning_rate: 0.05, penalty: 'l1', l2_norm: 20 },
      };
      const [ours, theirs] = [
        await train('secretflow', 'line', 'SEMI2K', more),
        await train('native', 'n-line', 'SEMI2K', more),
      ];
      const weights = await modelOf(ours);
      expect(farthest(weights, await modelOf(theirs))).toBeLessThan(2 ** -18);
      // The penalty keeps weights without effect at 0.
      expect(weights.filter((each) => Math.abs(each) < 2 ** -25).length).toBeGreaterThan(0);
      // Numbers of two units: 2^(1 - 10) is a step.
      expect(farthest(await predictionsOf(ours), await predictionsOf(theirs))).toBeLessThanOrEqual(2 ** -8);
    });

    test('fails with NOT_CONVERGED where training runs away, and where values leave no room', async () => {
      const wild = train('secretflow', 'wild', 'SEMI2K', { params: { epochs: 3, learning_rate: 100 } });
      await expect(wild).rejects.toMatchObject({ code: 'NOT_CONVERGED', message: expect.stringContaining('ran away') });
      const rows = tableOf('bob').map((row, at) => (at === 0 ? row : row.map((each) => Number(each) * 9000)));
      await folder.table('bob', 'large.csv', csv(rows));
      const large = train('secretflow', 'large', 'CHEETAH', { train_data: { alice: 't.csv', bob: 'large.csv' } });
      await expect(large).rejects.toMatchObject({ code: 'NOT_CONVERGED', message: expect.stringContaining('Scale') });
      expect((await readdir(folder.path, { recursive: true })).filter((name) => name.includes('.spu-'))).toEqual([]);
    });

    test.each(['CHEETAH', 'SEMI2K'])(
      '%s sends no feature, no label and no share of the model to the other',
      async (name) => {
        const { ringBits, fractionBits, field } = LR_PROTOCOLS[name]!;
        const sent: Record<string, Buffer[]> = { alice: [], bob: [] };
        const homes = ['alice', 'bob'].map((party) => join(folder.path, 'data', party, `home-${name}`));
        const numbers = (party: string): number[] =>
          rowsOf(ROWS, (row) => columnsOf[party]!.map((c) => cell(row, c))).flat();
        const plan = {
          ...{ protocol: name, ring_bits: ringBits, fraction_bits: fractionBits, columns: [2, 2], label_rank: 0 },
          ...{ receiver_rank: 0, kind: 'logistic', rows: ROWS, batch: 64, epochs: 1, rate: 0.5, l1: 0, l2: 0 },
          ...{
            weight_bits: 5,
            finer_bits: 6,
            with_loss: [],
            shows_final: true,
            losses: [1, 10, 100],
            sigmoid: [[0, 0.5]],
          },
          ...{ steps: 1024, least: 0, most: 1024, predict: ROWS, predict_at_once: 1024 },
        };
        for (const [rank, party] of ['alice', 'bob'].entries()) {
          await mkdir(homes[rank]!);
          const train = Float64Array.from(numbers(party));
          const label = rank === 0 ? Float64Array.from([...labels, ROWS]) : null;
          await writeInputs(homes[rank]!, { plan, train, label, predict: train });
        }
        const lines = await Promise.all(['alice', 'bob'].map((party) => recorded(sent[party]!)));
        const processes = ['alice', 'bob'].map((_, rank) => {
          // What one sends to the other goes by its own line to it.
          const address = (of: number): string => `127.0.0.1:${of === rank ? lines[1 - of]!.to : lines[rank]!.port}`;
          const job = { run: 'r', parties: ['alice', 'bob'], addresses: [address(0), address(1)], rank };
          const home = homes[rank]!;
          return startSpu(python, { ...job, task: 'ss_lr', home }, { home, account: undefined }, () => undefined);
        });
        await Promise.all(processes.map(({ done }) => done));
        for (const { stop } of processes) stop();
        await Promise.all(processes.map(({ ended }) => ended));
        for (const { close } of lines) await close();
        const kept = ['figures.json', 'model.bin', 'training.json'];
        // No table in clear: a worker that is killed would leave it.
        expect((await readdir(homes[0]!)).sort()).toEqual([...kept, 'predictions.bin'].sort());
        expect((await readdir(homes[1]!)).sort()).toEqual(kept);
        for (const [rank, party] of ['alice', 'bob'].entries()) {
          const bytes = Buffer.concat(sent[party]!).toString('latin1');
          const texts = [...bytes.matchAll(/"value":"([^"]+)"/g)].map(([, value]) => Buffer.from(value!, 'base64'));
          const all = Buffer.concat([Buffer.from(bytes, 'latin1'), ...texts]);
          expect(all.includes(`AShr<${field}>`)).toBe(true); // It reads what they send.
          // A row at least: a number alone is mostly zeros, and lies in much.
          const pairs = rowsOf(ROWS, (row) => columnsOf[party]!.map((c) => cell(row, c)));
          const fractions = pairs.filter((pair) =>
            pair.every((each) => Math.abs(each) > 0.1 && !Number.isInteger(4 * each)),
          );
          const inRing = (each: number): Buffer =>
            Buffer.from(toBytes(encode([each], fractionBits))).subarray(0, ringBits / 8);
          const inClear = fractions
            .slice(0, 20)
            .flatMap((pair) => [
              Buffer.concat(pair.map(inRing)),
              Buffer.from(Float64Array.from(pair).buffer),
              Buffer.from(Float32Array.from(pair).buffer),
            ]);
          expect(inClear.length).toBe(60);
          inClear.push(Buffer.from(Float32Array.from(labels.slice(0, 64)).buffer));
          inClear.push(Buffer.concat(labels.slice(0, 64).map(inRing)));
          expect(inClear.filter((each) => all.includes(each))).toEqual([]);
          const share = await readFile(join(homes[rank]!, 'model.bin'));
          // The low 8 bytes of the shares, as SPU has them.
          const shares = Array.from({ length: 5 }, (_, at) => lowBytes(share, at, 48 - fractionBits));
          expect(shares.filter((each) => all.includes(each))).toEqual([]);
        }
      },
    );
  });

  test('the owner of a dataset that allows native alone refuses it, and one that allows it is charged as on native', async () => {
    const runs = await OwnedRuns.claim('alice', 'bob');
    try {
      const tables = {
        alice: await runs.table('alice', 'a', tableOf('alice')),
        bob: await runs.table('bob', 'b', tableOf('bob')),
      };
      const openings = async (engine: string, taskId: string): Promise<unknown> => {
        const config = configOf(['alice', 'bob'], tables, engine === 'native' ? {} : { protocol: 'SEMI2K' });
        const params = { engine, sf_init_config: { parties: ['alice', 'bob'], address: 'local' }, task_config: config };
        const run = await runs.prepare('ss_lr', taskId, config as never, { statement: { params: params as never } });
        const asked = { ...run, params, consent: { ...run.consent!, params } } as unknown as TaskRun;
        await runTask('ss_lr', asked, runners);
        const ledger = await new PartyLedger(join(runs.folder.path, 'data/bob')).read();
        const own = ledger.openings.filter(({ task }) => task === `chain-1/${taskId}`);
        return own.map(({ bits, codes, counts, over, to }) => ({ bits, codes, counts, over, to }));
      };
      await expect(openings('secretflow', 'refused')).rejects.toMatchObject({
        message: expect.stringContaining('the engine secretflow is not allowed'),
      });
      const rule = { effect: 'allow', task_types: ['ss_lr'] };
      const params = { '/protocol': { enum: ['SEMI2K'] } };
      const rules = [
        { ...rule, engines: ['native'] },
        { ...rule, engines: ['secretflow'], params },
      ];
      for (const [party, name] of [
        ['alice', 'a'],
        ['bob', 'b'],
      ] as const)
        runs.policy(party, name, { rules } as never);
      const [ours, theirs] = [await openings('secretflow', 'ours'), await openings('native', 'theirs')];
      expect(theirs).toEqual(expect.arrayContaining([expect.objectContaining({ counts: { predictions: ROWS / 5 } })]));
      expect(ours).toEqual(theirs);
    } finally {
      await runs.folder.remove();
    }
  });

  test('the breast cancer chain with ENGINE_DEFAULT=secretflow has the AUC of native within 0.01', async () => {
    const folder = await testFolder();
    try {
      await copyExampleTables(folder);
      const tasks = await exampleTasks('breast-cancer');
      const choice = new EngineChoice(runners, 'secretflow');
      const chosen = tasks.map((task) => ({
        ...task,
        task_params: { ...task.task_params, engine: choice.of(task.task_type, task.task_params) },
      }));
      expect(
        chosen.filter(({ task_params }) => task_params.engine === 'secretflow').map((task) => task.task_type),
      ).toEqual(['psi', 'ss_lr']);
      const aucOf = ({ evaluate }: JsonObject): number => (evaluate as { metrics: { auc: number } }).metrics.auc;
      const ours = aucOf(await runExample(folder, chosen, runners));
      const theirs = aucOf(await runExample(folder, tasks));
      expect(Math.abs(ours - theirs)).toBeLessThan(0.01);
      expect(ours).toBeGreaterThan(0.97);
    } finally {
      await folder.remove();
    }
  });
}

const csv = (rows: readonly (readonly unknown[])[]): string => `${rows.map((row) => row.join(',')).join('\n')}\n`;

/** The low 8 bytes of an element of 16, without the zeros below its fraction. */
function lowBytes(elements: Buffer, at: number, shift: number): Buffer {
  const element = elements.readBigUInt64LE(16 * at) + (elements.readBigUInt64LE(16 * at + 8) << 64n);
  const low = Buffer.alloc(8);
  low.writeBigUInt64LE(BigInt.asUintN(64, element >> BigInt(shift)));
  return low;
}

/** A port that hands on to `to`, where somebody else is to listen, and keeps what goes there. */
async function recorded(sent: Buffer[]): Promise<{ port: number; to: number; close(): Promise<unknown> }> {
  const free = createServer();
  await new Promise<void>((listening) => free.listen(0, '127.0.0.1', listening));
  const { port: to } = free.address() as AddressInfo;
  await new Promise((closed) => free.close(closed));
  const server = createServer((from) => {
    const onward = connect(to, '127.0.0.1').on('error', () => from.destroy());
    from.on('error', () => onward.destroy());
    from
      .on('data', (bytes) => sent.push(bytes))
      .pipe(onward)
      .pipe(from);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    to,
    close: () => new Promise((closed) => server.close(closed)),
  };
}
