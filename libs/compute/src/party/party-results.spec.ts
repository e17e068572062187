import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isPartyResult } from '#libs/chain-domain';
import { TestOwner } from '#libs/testing';
import { withMarkers, type PlacedOwnValue } from '../catalogue/own-values.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { PartyResult, TaskParams } from '../contract/task-type.js';
import { readOwner, type Owner } from './owner.js';
import { openResult, openValue, sealResult } from './party-results.js';

const TASK = { chainId: 'chain-1', taskId: 'psi', party: 'alice' };

let folder: TestFolder;
let alice: TestOwner;
let owner: Owner;
beforeEach(async () => {
  folder = await testFolder();
  alice = await TestOwner.claim(join(folder.path, 'data'), 'alice');
  owner = await readOwner('alice', alice.root);
});
afterEach(() => folder.remove());

const sealedOf = (result: PartyResult): string => {
  if ('sealed' in result) return result.sealed;
  throw new Error('it is not sealed');
};
const valueOf = (result: PartyResult, task = 'psi', path = ['at']): Promise<unknown> =>
  openValue(owner, TASK, { party: 'alice', taskId: task, path, result });

describe('a result of one party', () => {
  it('opens to the readers that its owner named, and to the party itself', async () => {
    const sealed = await sealResult(owner, TASK, { n: 4711, at: 'c.csv' });
    expect(Buffer.from(sealedOf(sealed), 'base64').toString('latin1')).not.toContain('4711');
    expect(await openResult(alice.reader, owner.digest, TASK, sealedOf(sealed))).toEqual({
      result: { n: 4711, at: 'c.csv' },
      isGenuine: true,
    });
    expect(await valueOf(sealed)).toBe('c.csv');
  });

  it('gives later tasks its texts alone, and says the same of all that is no text', async () => {
    const sealed = await sealResult(owner, TASK, { n: 4711, none: null, list: ['x'], more: { at: 'x' } });
    for (const name of ['n', 'none', 'list', 'more', 'absent']) {
      await expect(valueOf(sealed, 'psi', [name])).rejects.toThrow(new RegExp(`it has no text at ${name}\\.$`));
    }
  });

  it('has a length that no number changes, however long the texts beside it are', async () => {
    const lengthOf = async (n: number | null, at: string) => sealedOf(await sealResult(owner, TASK, { n, at })).length;
    for (let length = 640; length < 880; length += 12) {
      const at = 'x'.repeat(length);
      expect([length, await lengthOf(7, at)]).toEqual([length, await lengthOf(-0.1234567890123456, at)]);
      expect([length, await lengthOf(7, at)]).toEqual([length, await lengthOf(null, at)]);
    }
  });

  it('of many numbers fits into the report', async () => {
    const sealed = await sealResult(owner, TASK, { list: Array.from({ length: 32_000 }, () => 1) });
    expect(isPartyResult(sealed)).toBe(true);
  });

  it('opens to no other reader, and for no other task or party', async () => {
    const sealed = sealedOf(await sealResult(owner, TASK, { n: 1 }));
    const bob = await TestOwner.claim(join(folder.path, 'data'), 'bob');
    expect(await openResult(bob.reader, undefined, TASK, sealed)).toBeUndefined();
    for (const other of [{ chainId: 'chain-2' }, { taskId: 'psi-2' }, { party: 'bob' }]) {
      expect(await openResult(alice.reader, owner.digest, { ...TASK, ...other }, sealed)).toBeUndefined();
    }
    await expect(valueOf({ sealed }, 'psi-2')).rejects.toMatchObject({ code: 'PARTY_RESULT_UNAVAILABLE' });
  });

  it('counts only if the party wrote it: whoever knows a public key can seal to it', async () => {
    const mallory = await TestOwner.claim(join(folder.path, 'elsewhere'), 'alice');
    const forger: Owner = {
      ...(await readOwner('alice', mallory.root)),
      readers: owner.readers,
      resultKey: owner.resultKey,
    };
    const forged = await sealResult(forger, TASK, { n: 2 });
    await expect(valueOf(forged)).rejects.toThrow('it is not one that the party sealed for this task');
    expect(await openResult(alice.reader, owner.digest, TASK, sealedOf(forged))).toMatchObject({ isGenuine: false });
    await expect(valueOf({ value: { at: 'c.csv' } })).rejects.toThrow(
      'it is not one that the party sealed for this task',
    );
  });

  it('is withheld from everybody where the party has no readers', async () => {
    await rm(join(alice.root, '.party', 'result.key'));
    const file = join(alice.root, '.party', 'owner.json');
    const { readers: _, ...rest } = JSON.parse(await readFile(file, 'utf8')) as { readers: unknown };
    await writeFile(file, JSON.stringify(rest));
    expect(await sealResult(await readOwner('alice', alice.root), TASK, { n: 1 })).toEqual({
      withheld: expect.stringContaining('task-chain parties readers'),
    });
  });

  it('that is too large fails the task', async () => {
    await expect(sealResult(owner, TASK, { text: 'x'.repeat(70_000) })).rejects.toMatchObject({
      code: 'RESULT_TOO_LARGE',
    });
  });
});

describe('a value of the party itself', () => {
  const PLACE = ['task_config', 'input_data', 'alice'];
  const ref = '${tasks.psi.party_results.alice.output_path}';
  const own = (result: PartyResult, more: Partial<PlacedOwnValue> = {}): PlacedOwnValue => ({
    ...{ party: 'alice', taskId: 'psi', path: ['output_path'], place: PLACE, result },
    ...more,
  });
  const paramsOf = (parties: readonly string[], input_data: object) =>
    ({
      sf_init_config: { parties: [...parties], address: 'local' },
      task_config: { input_data, columns: [ref], method: 'constant', value: 0 },
    }) as TaskParams;
  const fill = async (result: PartyResult, party = 'alice') => {
    const config = { input_data: { alice: ref }, method: 'constant', value: 0 };
    const sf_init_config = { parties: ['alice'], address: 'local' };
    const { params, own: values } = withMarkers({ sf_init_config, task_config: config } as TaskParams, [own(result)]);
    const theirs = Object.fromEntries(Object.entries(values).map(([marker, each]) => [marker, { ...each, party }]));
    return runTask('fillna', folder.run({}, { params: params as never, own: theirs }));
  };

  it('goes nowhere but where the parameters name it, in a value of that party', () => {
    const two = paramsOf(['alice', 'bob'], { alice: ref, bob: ref });
    const value = { value: { output_path: 'c.csv' } };
    const places: Partial<PlacedOwnValue>[] = [
      { place: ['task_config', 'input_data', 'bob'] },
      { place: ['task_config', 'columns', 0] },
      { place: ['task_config', 'method'] },
      { place: ['task_config', '__proto__', 'alice'] },
      { place: ['task_config', 'absent', 'alice'] },
      { place: ['sf_init_config', 'parties', 0] },
      { place: [] },
      { path: ['rows'] },
      { taskId: '..' },
      { party: 'bob' },
    ];
    for (const more of places) {
      expect(() => withMarkers(two, [own(value, more)])).toThrow('where its parameters do not name it');
    }
    expect(Object.keys(withMarkers(two, [own(value)]).own)).toHaveLength(1);
  });

  it('comes from a task whose id names a folder', async () => {
    const values = { 'own:1': { party: 'alice', taskId: '..', path: [], result: { value: {} } } };
    const run = folder.run({ input_data: { alice: 'c.csv' }, method: 'constant', value: 0 }, { own: values });
    await expect(runTask('fillna', run)).rejects.toThrow('".." cannot name a folder');
  });

  it('that is a number stands in no failure', async () => {
    await folder.table('alice', 'c.csv', 'a\n1\n');
    await rm(join(alice.root, '.party'), { recursive: true });
    const failure: unknown = await fill({ value: { output_path: 4711 } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'PARTY_RESULT_UNAVAILABLE' });
    expect(String(failure)).not.toContain('4711');
  });

  it('is put in by its process: a file of the folder, or an artifact of the task that is named', async () => {
    await folder.table('alice', 'c.csv', 'a\n1\n');
    await rm(join(alice.root, '.party'), { recursive: true });
    expect((await fill({ value: { output_path: 'c.csv' } })).result.rows).toEqual({ alice: 0 });
    const made = await runTask(
      'fillna',
      folder.run({ input_data: { alice: 'c.csv' }, method: 'constant', value: 0 }, { taskId: 'psi' }),
    );
    const [output_path] = Object.values(made.result.output_paths as Record<string, string>);
    expect((await fill({ value: { output_path: output_path! } })).result.rows).toEqual({ alice: 0 });
  });

  it('reaches no other party: its process gets the marker alone', async () => {
    await folder.table('alice', 'c.csv', 'a\n1\n');
    await rm(join(alice.root, '.party'), { recursive: true });
    await expect(fill({ value: { output_path: 'c.csv' } }, 'bob')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('is asked for by the owner like any parameter that comes from a result', async () => {
    await folder.table('alice', 'c.csv', 'a\n1\n');
    const sealed = await sealResult(owner, TASK, { output_path: 'c.csv' });
    // The job carries no consent at all.
    await expect(fill(sealed)).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
  });
});
