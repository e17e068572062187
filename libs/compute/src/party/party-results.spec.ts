import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TestOwner } from '#libs/testing';
import { withMarkers } from '../catalogue/own-values.js';
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
const valueOf = (result: PartyResult, task = 'psi'): Promise<unknown> =>
  openValue(owner, TASK, { party: 'alice', taskId: task, path: ['n'], result });

describe('a result of one party', () => {
  it('opens to the readers that its owner named, and to the party itself', async () => {
    const sealed = await sealResult(owner, TASK, { n: 4711 });
    expect(Buffer.from(sealedOf(sealed), 'base64').toString('latin1')).not.toContain('4711');
    expect(await openResult(alice.reader, owner.digest, TASK, sealedOf(sealed))).toEqual({
      result: { n: 4711 },
      isGenuine: true,
    });
    expect(await valueOf(sealed)).toBe(4711);
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
    await expect(valueOf({ value: { n: 2 } })).rejects.toThrow('it is not one that the party sealed for this task');
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
  const fill = async (result: PartyResult, party = 'alice') => {
    const own = { party, taskId: 'psi', path: ['output_path'], place: ['task_config', 'input_data', 'alice'], result };
    const config = { input_data: { alice: '${…}' }, method: 'constant', value: 0 };
    const sf_init_config = { parties: ['alice'], address: 'local' };
    const { params, own: values } = withMarkers({ sf_init_config, task_config: config } as TaskParams, [own]);
    return runTask('fillna', folder.run({}, { params: params as never, own: values }));
  };

  it('is put in by its process: a file of the folder, or an artifact of the task that is named', async () => {
    await folder.table('alice', 'c.csv', 'a\n1\n');
    await rm(join(alice.root, '.party'), { recursive: true });
    expect((await fill({ value: { output_path: 'c.csv' } })).result.rows).toEqual({ alice: 1 });
    const made = await runTask(
      'fillna',
      folder.run({ input_data: { alice: 'c.csv' }, method: 'constant', value: 0 }, { taskId: 'psi' }),
    );
    const [output_path] = Object.values(made.result.output_paths as Record<string, string>);
    expect((await fill({ value: { output_path: output_path! } })).result.rows).toEqual({ alice: 1 });
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
