import { describe, expect, test } from '@jest/globals';
import { dealtSizeFrom } from '../correlation/correlation-dealer.js';
import { blocksFrom, sizeFrom } from '../correlation/correlation-party.js';
import { sealedHeaderFrom } from '../encrypt/encrypt-courier.js';
import { wantedFrom } from '../evaluation/evaluation-dealer.js';
import {
  allKeysFrom,
  publicKeysFrom,
  relayedFrom,
  sealedFrom,
  sharesFrom,
  signatureFrom,
  signatureOf,
  summedFrom,
} from '../federated/sum-messages.js';
import { commonFrom } from '../mpc/psi-of-many.js';
import { keyFactsFrom, saltFrom } from '../psi/agree-on-keys.js';
import { leastFrom } from '../psi/psi-count-party.js';
import { pairKeyFrom } from '../psi/psi-of-many-party.js';
import { glmSizesFrom } from '../ss-glm/ss-glm-dealer.js';
import { glmFactsFrom } from '../ss-glm/ss-glm-party.js';
import { agreedFrom } from '../ss-lr/ss-lr-dealer.js';
import { bucketCountsFrom, bucketSizesFrom, commandFrom, dealerCommandFrom } from '../secureboost/commands.js';
import { absentFrom } from '../table/named-columns.js';
import { shapeFrom } from '../ss-pvalue/join-fit.js';
import { sizesFrom } from '../model-export/coefficients-dealer.js';
import { namesFrom } from '../model-export/open-coefficients.js';
import { effectsFrom } from '../ss-pvalue/shown-effects.js';
import { sizeFrom as alignedSizeFrom } from '../vertical/agree-on-rows.js';
import { binsFrom } from '../woe-binning/messages.js';
import { checkAligned } from '../vertical/vertical-rows.js';
import { checkTaskParams } from '../catalogue/check-params.js';

const refused = (work: () => unknown): void =>
  expect(work).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));

describe('what a peer sends is checked before it is used', () => {
  const NO_COUNTS = [1e12, -1, 0.5, NaN, Infinity, '5', null, undefined, 2 ** 53, [3], { valueOf: 3 }];

  test('correlations: a number for each pair of columns', () => {
    const sizes = { alice: { names: ['x'] }, bob: { names: ['y', 'z'] }, carol: { names: ['v'] } };
    const blocks = { bob: [1, 0.5, 0.5, 1], carol: [0.1, -1] };
    const read = (value: unknown) => blocksFrom('bob', value, sizes, ['alice', 'bob', 'carol']);
    expect(read({ ...blocks, alice: [9] })).toEqual(blocks);
    for (const carol of [[0.1], [0.1, 0.2, 0.3], [0.1, 2], [0.1, '1'], [0.1, null], 'xy', undefined, { length: 2 }])
      refused(() => read({ ...blocks, carol }));
    for (const value of [null, [], 7, { carol: [0.1, -1] }]) refused(() => read(value));
  });

  test('psi: rows, kinds and the salt', () => {
    expect(keyFactsFrom('bob', { rows: 3, kinds: ['text'] })).toEqual({ rows: 3, kinds: ['text'] });
    for (const rows of NO_COUNTS) refused(() => keyFactsFrom('bob', { rows, kinds: [] }));
    for (const kinds of ['text', { length: 1 }, ['toString'], [['text']], Array(20_000).fill('text'), undefined])
      refused(() => keyFactsFrom('bob', { rows: 3, kinds }));
    for (const message of [null, 7, 'rows', [], Object.create({ rows: 3, kinds: [] }) as object])
      refused(() => keyFactsFrom('bob', message));
    expect(saltFrom('bob', new Uint8Array(32))).toHaveLength(32);
    for (const length of [0, 31, 33, 1 << 20]) refused(() => saltFrom('bob', new Uint8Array(length)));
    expect(leastFrom('bob', { least: 30 })).toBe(30);
    for (const least of NO_COUNTS) refused(() => leastFrom('bob', { least }));
    expect(commonFrom('bob', { common: 3 }, 3)).toBe(3);
    for (const common of [4, ...NO_COUNTS.filter((each) => each !== 3)])
      refused(() => commonFrom('bob', { common }, 3));
    expect(pairKeyFrom('bob', new Uint8Array(32))).toHaveLength(32);
    for (const length of [0, 31, 33]) refused(() => pairKeyFrom('bob', new Uint8Array(length)));
  });

  test('correlations and encrypted files: sizes and names', () => {
    const size = { rows: 9, least: 20, names: ['a'] };
    for (const each of [size, { ...size, others: ['b'] }]) expect(sizeFrom('bob', each)).toEqual(each);
    for (const least of NO_COUNTS.filter((count) => count !== 1e12)) refused(() => sizeFrom('bob', { ...size, least }));
    for (const names of [undefined, 'a', [1], ['a'.repeat(20_000)], { a: 1 }])
      refused(() => sizeFrom('bob', { ...size, names }));
    refused(() => sizeFrom('bob', { ...size, others: [{}] }));
    const header = { name: 'a.csv', plaintextBytes: 3, bytes: 300 };
    expect(sealedHeaderFrom('bob', header)).toEqual(header);
    for (const bytes of NO_COUNTS.filter((count) => count !== 1e12))
      refused(() => sealedHeaderFrom('bob', { ...header, bytes }));
    refused(() => sealedHeaderFrom('bob', { ...header, name: ['a.csv'] }));
  });

  test('secureboost: commands name only what is there', () => {
    const known = { edges: [3, 2], splits: 2, rows: 10 };
    const good = [
      { op: 'sums', tree: 0, level: 3, nodes: 4, columns: [0, 1] },
      { op: 'split', splits: [[1, 1]] },
      { op: 'route', splits: [[0], [1]], from: 0, to: 10 },
      { op: 'done', training: 'x' },
    ];
    for (const command of good) expect(commandFrom('bob', command, known)).toEqual(command);
    const bad = [
      { op: 'toString' },
      { op: 'sums', tree: 0, level: 0, nodes: 1e12, columns: [0] },
      { op: 'sums', tree: 0, level: 0, nodes: 1, columns: [2] },
      { op: 'sums', tree: 0, level: 0, nodes: 1, columns: [0, 1, 0] },
      { op: 'sums', tree: 0, level: 17, nodes: 1, columns: [0] },
      { op: 'sums', nodes: 1, columns: [0] },
      { op: 'split', splits: [[0, 3]] },
      { op: 'split', splits: [[2, 0]] },
      { op: 'split', splits: [[0, 0, 0]] },
      { op: 'split', splits: ['00'] },
      { op: 'route', splits: [[2]], from: 0, to: 10 },
      { op: 'route', splits: [0], from: 0, to: 10 },
      { op: 'route', splits: [[]], from: 0, to: 10 },
      { op: 'route', splits: [[0]], from: 0, to: 11 },
      { op: 'route', splits: [[0]], from: 5, to: 4 },
      { op: 'done', training: {} },
    ];
    for (const command of bad) refused(() => commandFrom('bob', command, known));
    const choice = { op: 'choice', rows: 8, lists: [2, 1] };
    expect(dealerCommandFrom('bob', choice, 2)).toEqual(choice);
    const tooMuch = [
      { ...choice, rows: 1e12 },
      { ...choice, rows: 1e8, lists: [65_535] },
      { ...choice, lists: [-1] },
    ];
    for (const command of [...tooMuch, { op: 'sums', nodes: 1, columns: [2] }, { op: 'choice' }, []])
      refused(() => dealerCommandFrom('bob', command, 2));
  });

  test('dealers: rows, columns, buckets and whether masks are wanted', () => {
    const agreed = { rows: 64, batchSize: 32, predict: 0, losses: 1 };
    expect(agreedFrom('bob', agreed)).toEqual(agreed);
    expect(agreedFrom('bob', { ...agreed, batchSize: 0 })).toMatchObject({ batchSize: 1 });
    refused(() => agreedFrom('bob', { ...agreed, rows: 63 }));
    refused(() => agreedFrom('bob', { ...agreed, batchSize: 65_537 }));
    expect(dealtSizeFrom('bob', { rows: 3, columns: 2 })).toEqual({ rows: 3, columns: 2 });
    const regression = { masks: false, rows: 9, columns: [2, 0], objective: 'linear' };
    expect(wantedFrom('bob', { masks: true })).toBe(null);
    expect(wantedFrom('bob', regression)).toEqual({ columns: [2, 0], rows: 9, objective: 'linear' });
    for (const masks of [undefined, 1, 'true', null]) refused(() => wantedFrom('bob', { ...regression, masks }));
    for (const columns of [undefined, [2], [2, -1], [2, 0.5], [2, 1e9], [2, 0, 1]])
      refused(() => wantedFrom('bob', { ...regression, columns }));
    expect(wantedFrom('bob', { ...regression, columns: [2, 0, 1] }, 3)).toMatchObject({ columns: [2, 0, 1] });
    const glm = { masks: false, rows: 9, first: 2, second: 0, objective: 'linear', link: 'log' };
    expect(wantedFrom('bob', glm)).toMatchObject({ columns: [2, 0], link: 'log' });
    for (const first of [undefined, -1, 0.5, 1e9]) refused(() => wantedFrom('bob', { ...glm, first }));
    const good = {
      rows: 3,
      sizes: [
        [1, 2],
        [0, 3],
      ],
    };
    expect(bucketSizesFrom('bob', good, 2)).toEqual(good);
    for (const count of NO_COUNTS) {
      refused(() => agreedFrom('bob', { rows: count, batchSize: 64, predict: 0, losses: 0 }));
      refused(() => agreedFrom('bob', { rows: 3, batchSize: count, predict: 0, losses: 0 }));
      refused(() => agreedFrom('bob', { rows: 3, batchSize: 64, predict: count, losses: 0 }));
      refused(() => dealtSizeFrom('bob', { rows: count, columns: 2 }));
      refused(() => dealtSizeFrom('bob', { rows: 3, columns: count }));
      refused(() => bucketSizesFrom('bob', { ...good, rows: count }, 2));
      refused(() => bucketCountsFrom('bob', [count], 1));
    }
    for (const sizes of [
      undefined,
      [[1, 1]],
      [[4, -1]],
      [[3], [3], [3]],
      ['3'],
      [{ length: 1 }],
      [Array(70_000).fill(0)],
    ])
      refused(() => bucketSizesFrom('bob', { rows: 3, sizes }, 2));
    for (const message of [null, 7, 'rows', []]) {
      refused(() => agreedFrom('bob', message));
      refused(() => dealtSizeFrom('bob', message));
      refused(() => wantedFrom('bob', message));
      refused(() => bucketSizesFrom('bob', message, 2));
    }
    expect(bucketCountsFrom('bob', [5, 3], 2)).toEqual([5, 3]);
    for (const counts of [[5], [5, 3, 2], {}, null, '53']) refused(() => bucketCountsFrom('bob', counts, 2));
  });

  test('vertical training: the rows of a table, which no failure quotes', async () => {
    const compare = (train: unknown, least: unknown = 30): Promise<number> => {
      const receiveJson = <T>(): Promise<T> => Promise.resolve({ train, min_group_rows: least } as T);
      const context = { party: 'alice', minGroupRows: 20, send: () => Promise.resolve(), receiveJson };
      return checkAligned(context, ['bob'], { train: 3 });
    };
    expect(await compare(3)).toBe(30);
    expect(await compare(3, 0)).toBe(20);
    await expect(compare(3, -1)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    const error = await compare(4).catch((each: Error) => each);
    expect(error).toMatchObject({ code: 'NOT_ALIGNED', message: expect.not.stringMatching(/\d/) });
    expect(JSON.stringify(error)).not.toMatch(/\d/);
    for (const rows of NO_COUNTS.filter((count) => count !== 1e12))
      await expect(compare(rows)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  test('splits and bins: rows of a table', () => {
    expect(alignedSizeFrom('bob', { rows: 9, least: 20 })).toEqual({ rows: 9, least: 20 });
    for (const count of NO_COUNTS.filter((each) => each !== 1e12)) {
      refused(() => alignedSizeFrom('bob', { rows: count, least: 20 }));
      refused(() => alignedSizeFrom('bob', { rows: 9, least: count }));
    }
    for (const message of [null, 7, 'rows', []]) refused(() => alignedSizeFrom('bob', message));
  });

  test('bins: their number', () => {
    expect(binsFrom('bob', { bins: 9 })).toBe(9);
    for (const bins of [...NO_COUNTS, 0, 4097]) refused(() => binsFrom('bob', { bins }));
    for (const message of [null, 7, 'bins', []]) refused(() => binsFrom('bob', message));
  });

  test('fits of columns: sizes', () => {
    const sizes = { reg_type: 'linear', rows: 9, first: 2, second: 1, first_has_label: false };
    const shape = { regType: 'linear', rows: 9, counts: [2, 1], labelOwner: 1 };
    expect(shapeFrom('bob', sizes)).toEqual(shape);
    for (const count of NO_COUNTS)
      for (const name of ['rows', 'first', 'second']) refused(() => shapeFrom('bob', { ...sizes, [name]: count }));
    for (const reg_type of ['toString', undefined, 1]) refused(() => shapeFrom('bob', { ...sizes, reg_type }));
    for (const first_has_label of [0, 'true', undefined])
      refused(() => shapeFrom('bob', { ...sizes, first_has_label }));
    for (const message of [null, 7, 'rows', []]) refused(() => shapeFrom('bob', message));
  });

  test('generalised linear models: sizes, the scale of the label, and the link', () => {
    const sizes = { rows: 64, predict: 0, explained: true };
    expect(glmSizesFrom('bob', sizes)).toEqual(sizes);
    for (const count of NO_COUNTS)
      for (const name of ['rows', 'predict']) refused(() => glmSizesFrom('bob', { ...sizes, [name]: count }));
    const facts = { explained: true, scale: 990, training: 'a' };
    const both = { training: true, scale: true };
    expect(glmFactsFrom('bob', facts, both)).toEqual({ explained: true, scaleBits: -10, training: 'a' });
    const neither = { training: false, scale: false };
    expect(glmFactsFrom('bob', facts, neither)).toEqual({ explained: true, scaleBits: 0, training: null });
    for (const scale of [2001, ...NO_COUNTS]) refused(() => glmFactsFrom('bob', { ...facts, scale }, both));
    for (const training of [7, 'a'.repeat(33), undefined])
      refused(() => glmFactsFrom('bob', { ...facts, training }, both));
    const model = { masks: false, rows: 9, first: 2, second: 1, objective: 'linear', link: 'log' };
    expect(wantedFrom('bob', model)).toEqual({ columns: [2, 1], rows: 9, objective: 'linear', link: 'log' });
    for (const link of ['toString', 1, null]) refused(() => wantedFrom('bob', { ...model, link }));
    for (const explained of [0, 'true', undefined]) {
      refused(() => glmSizesFrom('bob', { ...sizes, explained }));
      refused(() => glmFactsFrom('bob', { ...facts, explained }, neither));
    }
    for (const message of [null, 7, 'rows', []]) {
      refused(() => glmSizesFrom('bob', message));
      refused(() => glmFactsFrom('bob', message, both));
    }
  });

  test('coefficients: sizes and names', () => {
    expect(sizesFrom('bob', { weights: 4, label: 26 })).toEqual({ weights: 4, labelSize: 0 });
    for (const count of [...NO_COUNTS, 20_002]) refused(() => sizesFrom('bob', { weights: count, label: 26 }));
    for (const label of [undefined, -1, 47, '26']) refused(() => sizesFrom('bob', { weights: 4, label }));
    expect(namesFrom('bob', { features: ['a'], label: 'y' })).toEqual({ features: ['a'], label: 'y' });
    expect(namesFrom('bob', { features: [] })).toEqual({ features: [], label: null });
    for (const features of [undefined, 'a', [1], ['a'.repeat(1025)], Array(20_002).fill('a')]) {
      refused(() => namesFrom('bob', { features }));
    }
    for (const label of [null, 7, 'y'.repeat(1025)]) refused(() => namesFrom('bob', { features: [], label }));
  });

  test('effects of columns: numbers', () => {
    const effects = { columns: { a: [1.5, 0.02] }, intercept: [-2, 0.1] };
    expect(effectsFrom('bob', { shown: false, ...effects })).toBeNull();
    expect(effectsFrom('bob', { shown: true, ...effects })).toEqual(effects);
    expect(effectsFrom('bob', { shown: true, columns: {} })).toEqual({ columns: {} });
    for (const numbers of [null, 7, ['1'], [null], [[1]], Array(51).fill(0)]) {
      refused(() => effectsFrom('bob', { shown: true, columns: { a: numbers } }));
      refused(() => effectsFrom('bob', { shown: true, ...effects, intercept: numbers }));
    }
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`c${at}`, [1]]));
    for (const message of [null, 7, [], {}, { shown: 1 }, { shown: true }, { shown: true, columns: many }])
      refused(() => effectsFrom('bob', message));
  });

  test('names of columns that a peer lacks', () => {
    expect(absentFrom('bob', [['a'], []])).toEqual([['a'], []]);
    for (const absent of [null, {}, 'a', ['a'], [[1]], [null], Array(200_000).fill([])])
      refused(() => absentFrom('bob', absent));
  });

  test('secure sums: keys, sealed shares, requests, shares and what a model is of', () => {
    const keys = { mask: 'm', seal: 's', sign: 'k', seed: 'c' };
    expect(publicKeysFrom('bob', keys)).toEqual(keys);
    expect(allKeysFrom({ alice: keys, bob: keys })).toEqual({ alice: keys, bob: keys });
    for (const odd of [
      null,
      [],
      'm',
      {},
      { mask: 'm' },
      { ...keys, seal: 1e12 },
      { mask: 'm', seal: 's', sign: 'k' },
      { ...keys, mask: 'm'.repeat(300) },
    ]) {
      refused(() => publicKeysFrom('bob', odd));
      refused(() => allKeysFrom({ alice: odd }));
    }
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`p${at}`, keys]));
    refused(() => allKeysFrom(many));
    expect(sealedFrom('bob', { alice: 'x', carol: 'y', mallory: 7 }, ['alice', 'carol'])).toEqual({
      alice: 'x',
      carol: 'y',
    });
    for (const odd of [null, [], {}, { alice: 'x' }, { alice: 'x', carol: 1e12 }, { alice: 'x', carol: ['y'] }])
      refused(() => sealedFrom('bob', odd, ['alice', 'carol']));
    expect(relayedFrom({ bob: 'x' })).toEqual({ bob: 'x' });
    for (const odd of [null, [], { bob: {} }, many]) refused(() => relayedFrom(odd));
    const request = { summed: ['alice'], lost: ['bob'] };
    expect(summedFrom({ summed: ['alice'] })).toEqual(['alice']);
    for (const odd of [null, {}, { summed: 'alice' }, { summed: [1e12] }]) refused(() => summedFrom(odd));
    expect(signatureOf('bob', { signature: 'x' })).toBe('x');
    for (const odd of [null, {}, { signature: 1e12 }, { signature: 'x'.repeat(300) }]) {
      refused(() => signatureOf('bob', odd));
    }
    const shares = { seeds: { alice: 'x' }, keys: { bob: 'y' } };
    expect(sharesFrom('carol', shares, request)).toEqual(shares);
    for (const odd of [
      null,
      {},
      { ...shares, keys: {} },
      { ...shares, seeds: null },
      { ...shares, seeds: { alice: 1e12 } },
    ])
      refused(() => sharesFrom('carol', odd, request));
    const signature = { objective: 'linear', label: 'y', features: ['a'] };
    expect(signatureFrom('bob', signature)).toEqual(signature);
    for (const odd of [
      null,
      {},
      { ...signature, objective: 'toString' },
      { ...signature, label: 1 },
      { ...signature, features: 'a' },
    ])
      refused(() => signatureFrom('bob', odd));
  });

  test('a receiver is a party that takes part, not a name that every object has', () => {
    const task_config = { input_paths: { alice: 'a.csv', bob: 'b.csv' }, keys: { alice: ['id'], bob: ['id'] } };
    const faults = (receiver: string) =>
      JSON.stringify(
        checkTaskParams('psi', {
          sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
          task_config: { ...task_config, receiver },
        } as never),
      );
    for (const receiver of ['toString', 'hasOwnProperty', 'valueOf']) {
      expect(faults(receiver)).toContain('receiver');
      expect(faults(receiver)).not.toEqual(faults('alice'));
    }
  });
});
