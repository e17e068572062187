import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { promisify } from 'node:util';
import { bech32 } from '@scure/base';
import { Decrypter, armor, generateIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { findDebianPrograms, itUnless } from '#libs/testing';
import { checkTaskParams } from '../catalogue/check-params.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { TestSites } from '../party/sites-for-tests.js';
import { streamTransport } from '../party/transport.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { runEncrypt } from './encrypt-run.js';
import type { EncryptedFile } from './encrypt-courier.js';
import { PemLines } from './pem-lines.js';
import { sealStream } from './seal-stream.js';

const exec = promisify(execFile);
const tool = await findDebianPrograms('age', ['age', 'age-keygen']);
const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);
/** Lets both parties encrypt to these. */
const allow = async (recipients: readonly string[]): Promise<void> => {
  for (const party of ['alice', 'bob']) {
    await folder.table(party, '.policy.json', JSON.stringify({ version: 1, encrypt: { recipients } }));
  }
};
let folder: TestFolder;

beforeAll(async () => {
  folder = await testFolder();
  await folder.table('alice', 'scores.csv', 'id,score\nP1000001,0.25\nP1000002,0.75\n');
  await folder.table('bob', 'deep/数据 一.csv', 'id,wage\nP1000003,4711\n');
  await folder.table('bob', 'large.bin', randomBytes(300_000));
  await allow([recipient]);
});
afterAll(async () => {
  await folder.remove();
  tool.remove();
});

const encrypted = (config: JsonObject, more: Partial<TaskRun> = {}): Promise<TaskRunResult> =>
  runTask('encrypt', folder.run({ recipients: [recipient], ...config }, more));
const filesOf = ({ result }: TaskRunResult): EncryptedFile[] => result.files as unknown as EncryptedFile[];
const pathOf = (reference: string): string => join(folder.path, 'artifacts', reference.slice('artifact:'.length));
const bytesOf = (reference: string): Promise<Buffer> => readFile(pathOf(reference));
const opened = async (cipher: Uint8Array, key = identity): Promise<Buffer> => {
  const decrypter = new Decrypter();
  decrypter.addIdentity(key);
  return Buffer.from(await decrypter.decrypt(new Uint8Array(cipher)));
};
const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('encrypt', () => {
  test("gives each party's files as artifacts that anybody may have and the recipient can read", async () => {
    const outcome = await encrypted({ input_data: { alice: 'scores.csv', bob: ['deep/数据 一.csv', 'large.bin'] } });
    expect(outcome.result).toMatchObject({ format: 'age-encryption.org/v1', recipients: [recipient] });
    const files = filesOf(outcome);
    expect(files.map(({ party, name, artifact }) => [party, name, artifact])).toEqual([
      ['alice', 'scores.csv', 'artifact:chain-1/task-1/alice-scores.csv.age'],
      ['bob', '数据 一.csv', 'artifact:chain-1/task-1/bob-____.csv.age'],
      ['bob', 'large.bin', 'artifact:chain-1/task-1/bob-large.bin.age'],
    ]);
    for (const { party, name, artifact, bytes, plaintext_bytes } of files) {
      const plain = await readFile(join(folder.path, 'data', party!, name.startsWith('数') ? `deep/${name}` : name));
      const cipher = await bytesOf(artifact);
      expect(await opened(cipher)).toEqual(plain);
      expect([bytes, plaintext_bytes]).toEqual([cipher.byteLength, plain.byteLength]);
      expect(outcome.artifacts).toContainEqual({
        name: artifact.split('/').at(-1),
        mediaType: 'application/octet-stream',
        sizeBytes: bytes,
        sha256: createHash('sha256').update(cipher).digest('hex'),
      });
    }
  });

  test('leaves each file at the site of its party, and takes no file of a party from another site', async () => {
    const members = ['alice', 'bob'];
    const config = {
      recipients: [recipient],
      input_data: { alice: 'scores.csv', bob: ['large.bin', 'deep/数据 一.csv'] },
    };
    const made: Record<string, TaskRunResult> = {};
    const sites = new TestSites(members);
    const run = async (party: string) =>
      (made[party] = await runEncrypt(folder.run(config, { taskId: 'at-sites', site: sites.of(party) })));
    await Promise.all(members.map(run));
    expect(made.alice!.result).toEqual(made.bob!.result);
    expect(filesOf(made.alice!).map(({ party, artifact }) => [party, artifact])).toEqual([
      ['alice', 'artifact:chain-1/at-sites/alice/scores.csv.age'],
      ['bob', 'artifact:chain-1/at-sites/bob/large.bin.age'],
      ['bob', 'artifact:chain-1/at-sites/bob/file-____.csv.age'],
    ]);
    expect(made.alice!.artifacts.map(({ name }) => name)).toEqual(['alice/scores.csv.age']);
    for (const { party, name, artifact, bytes } of filesOf(made.alice!)) {
      const plain = await readFile(join(folder.path, 'data', party!, name.startsWith('数') ? `deep/${name}` : name));
      expect(await opened(await bytesOf(artifact))).toEqual(plain);
      expect((await bytesOf(artifact)).byteLength).toBe(bytes);
    }
    const told = filesOf(made.alice!).slice(1);
    const lies = new TestSites(members);
    const lied = folder.run(config, { taskId: 'at-sites', attempt: 2, site: lies.of('alice') });
    const bob = streamTransport<object>(await lies.end('bob', 'alice'), 1);
    const value = { files: [{ ...told[0], artifact: 'artifact:chain-1/at-sites/alice/scores.csv.age' }, told[1]] };
    bob.post({ kind: 'finished' });
    bob.post({ kind: 'done', value, own: null, sentBytes: 0 });
    expect(await failure(runEncrypt(lied))).toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      message: 'Party bob sent a file of another one.',
    });
  });

  itUnless(tool.skip, 'is read by the reference tool, as bytes and as armor, with the keys that it makes', async () => {
    const { stdout: key } = await exec(tool.path('age-keygen'), []);
    const [theirs] = /age1\w+/.exec(key)!;
    const keyFile = join(folder.path, 'key.txt');
    await writeFile(keyFile, key);
    await allow([recipient, theirs]);
    for (const inArmor of [false, true]) {
      const input = { alice: 'scores.csv', bob: 'large.bin' };
      const outcome = await encrypted({ recipients: [recipient, theirs], input_data: input, armor: inArmor });
      for (const { party, name, artifact, bytes } of filesOf(outcome)) {
        const path = pathOf(artifact);
        const { stdout } = await exec(tool.path('age'), ['--decrypt', '-i', keyFile, path], { encoding: 'buffer' });
        expect(stdout).toEqual(await readFile(join(folder.path, 'data', party!, name)));
        expect((await bytesOf(artifact)).byteLength).toBe(bytes);
        expect((await readFile(path, 'latin1')).startsWith(inArmor ? '-----BEGIN AGE' : 'age-enc')).toBe(true);
      }
    }
  });

  test('takes the results of the tasks before where no file is named, or as well', async () => {
    const inputs = { evaluate: { metrics: { auc: 0.98 }, text: '中文' } };
    const [alone] = filesOf(await encrypted({}, { inputs }));
    expect(alone).toMatchObject({ name: 'results.json', artifact: 'artifact:chain-1/task-1/results.json.age' });
    expect(alone!.party).toBeUndefined();
    const plain = JSON.parse((await opened(await bytesOf(alone!.artifact))).toString()) as JsonObject;
    expect(plain).toEqual({ format: 'taskchain/results/v1', results: inputs });
    const both = filesOf(await encrypted({ input_data: { alice: 'scores.csv' }, results: true }, { inputs }));
    expect(both.map(({ name }) => name)).toEqual(['scores.csv', 'results.json']);
    const files = filesOf(await encrypted({ input_data: { alice: 'scores.csv' } }, { inputs }));
    expect(files.map(({ name }) => name)).toEqual(['scores.csv']);
  });

  test('opens with no other key, and each recipient alone can open it', async () => {
    const other = await generateIdentity();
    const recipients = [recipient, await identityToRecipient(other)];
    await allow(recipients);
    const [file] = filesOf(await encrypted({ recipients, input_data: { alice: 'scores.csv' } }));
    const cipher = await bytesOf(file!.artifact);
    expect(await opened(cipher, other)).toEqual(await opened(cipher, identity));
    await expect(opened(cipher, await generateIdentity())).rejects.toThrow();
    cipher[cipher.length - 1]! ^= 1;
    await expect(opened(cipher)).rejects.toThrow();
  });

  test('again gives the same names, sizes and contents, and never the same ciphertext', async () => {
    const [first, second] = [
      await encrypted({ input_data: { alice: 'scores.csv' } }, { taskId: 'first' }),
      await encrypted({ input_data: { alice: 'scores.csv' } }, { taskId: 'second' }),
    ].map(({ artifacts }) => artifacts[0]!);
    expect({ ...second, sha256: '' }).toEqual({ ...first, sha256: '' });
    expect(second!.sha256).not.toBe(first!.sha256);
    const cipher = await Promise.all(['first', 'second'].map((id) => bytesOf(`artifact:chain-1/${id}/${first!.name}`)));
    expect(await opened(cipher[0]!)).toEqual(await opened(cipher[1]!));
  });

  test('names two files of one name apart', async () => {
    await folder.table('alice', 'other/scores.csv', 'id\n1\n');
    await folder.table('alice', 'scores.csv.2', 'x');
    const files = filesOf(
      await encrypted({ input_data: { alice: ['scores.csv', 'scores.csv.2', 'other/scores.csv'] } }),
    );
    expect(files.map(({ artifact }) => artifact.split('/').at(-1))).toEqual([
      'alice-scores.csv.age',
      'alice-scores.csv.2.age',
      'alice-scores.csv.3.age',
    ]);
    expect((await opened(await bytesOf(files[2]!.artifact))).toString()).toBe('id\n1\n');
  });

  test('lets nothing but names, sizes and ciphertext cross', async () => {
    const crossed: CrossedMessage[] = [];
    const config = { recipients: [recipient], input_data: { alice: 'scores.csv', bob: 'large.bin' } };
    await runEncrypt(folder.run(config), (message) => crossed.push(message));
    expect(new Set(crossed.map(({ from, to }) => `${from}>${to}`))).toEqual(
      new Set(['alice>#neutral', 'bob>#neutral']),
    );
    for (const party of ['alice', 'bob']) {
      const [header, ...bodies] = crossed.filter(({ from }) => from === party).map(({ body }) => body);
      const name = config.input_data[party as 'alice'];
      const plain = await readFile(join(folder.path, 'data', party, name));
      const cipher = Buffer.concat(bodies as Uint8Array[]);
      expect(JSON.parse(header as string)).toEqual({ name, plaintextBytes: plain.length, bytes: cipher.length });
      // Every run of eight bytes of the plain file is looked for: a row, a key or a part of a number.
      for (let at = 0; at + 8 <= Math.min(plain.length, 4096); at += 1) {
        expect(cipher.includes(plain.subarray(at, at + 8))).toBe(false);
      }
      expect(await opened(cipher)).toEqual(plain);
    }
  });

  test('fails on what it cannot encrypt, and leaves no file', async () => {
    const smallOrder = bech32.encodeFromBytes('age', new Uint8Array(32));
    await folder.table('alice', 'empty.csv', '');
    await allow([recipient, smallOrder]);
    const cases: [JsonObject, object][] = [
      [
        { recipients: [recipient, smallOrder], input_data: { alice: 'scores.csv' } },
        { code: 'BAD_RECIPIENT', details: { recipient: 1 } },
      ],
      [{}, { code: 'NOTHING_TO_ENCRYPT' }],
      [{ input_data: { alice: 'none.csv' } }, { code: 'FILE_NOT_FOUND' }],
      [{ input_data: { alice: 'empty.csv' } }, { code: 'EMPTY_FILE' }],
      [{ input_data: { bob: 'deep' } }, { code: 'NOT_A_FILE' }],
      [{ input_data: { alice: '../bob/large.bin' } }, { code: 'PATH_OUTSIDE_ROOT' }],
      [{ input_data: { alice: 'artifact:chain-1/t/bob/table.csv' } }, { code: 'PATH_OUTSIDE_ROOT' }],
    ];
    for (const [config, expected] of cases) {
      expect(await failure(encrypted(config, { taskId: 'refused' }))).toMatchObject({ retryable: false, ...expected });
    }
    expect(await readdir(join(folder.path, 'artifacts/chain-1/refused')).catch(() => [])).toEqual([]);
    expect(await folder.temporaries()).toEqual([]);
  });

  test('asks each party whose file it takes, before it opens one, and nobody for results', async () => {
    const stranger = await identityToRecipient(await generateIdentity());
    const input_data = { alice: 'none.csv', bob: 'large.bin' };
    const cases: [string | undefined, JsonObject, object][] = [
      [undefined, {}, { code: 'RECIPIENT_NOT_ALLOWED', message: expect.stringContaining('which does not exist') }],
      ['{"version":1}', {}, { code: 'RECIPIENT_NOT_ALLOWED', details: { party: 'alice', recipient: 0 } }],
      [
        JSON.stringify({ version: 1, encrypt: { recipients: [recipient] } }),
        { recipients: [recipient, stranger] },
        { code: 'RECIPIENT_NOT_ALLOWED', details: { party: 'alice', recipient: 1 } },
      ],
      ['{', {}, { code: 'POLICY_INVALID', message: expect.stringContaining('is not JSON') }],
      ['{"version":2}', {}, { code: 'POLICY_INVALID', message: expect.stringContaining('/version') }],
      ['{"version":1,"encript":{}}', {}, { code: 'POLICY_INVALID' }],
      ['{"version":1,"encrypt":{"recipients":"age1"}}', {}, { code: 'POLICY_INVALID' }],
    ];
    await allow([recipient, stranger]);
    for (const [policy, config, expected] of cases) {
      await rm(join(folder.path, 'data/alice/.policy.json'), { force: true });
      if (policy !== undefined) await folder.table('alice', '.policy.json', policy);
      const refused = failure(encrypted({ input_data, ...config }, { taskId: 'unlisted' }));
      expect(await refused).toMatchObject({ retryable: false, ...expected });
    }
    expect(await readdir(join(folder.path, 'artifacts/chain-1/unlisted')).catch(() => [])).toEqual([]);
    const inputs = { evaluate: { auc: 1 } };
    expect(filesOf(await encrypted({ recipients: [stranger] }, { inputs }))).toHaveLength(1);
    await allow([recipient]);
  });

  test('fails on a file that grows while it is read, and may be tried again', async () => {
    await folder.table('bob', 'grows.bin', Buffer.alloc(20_000_000));
    const grow = (message: CrossedMessage): void => {
      if (typeof message.body === 'string') appendFileSync(join(folder.path, 'data/bob/grows.bin'), 'more');
    };
    const config = { recipients: [recipient], input_data: { bob: 'grows.bin' } };
    expect(await failure(runEncrypt(folder.run(config), grow))).toMatchObject({
      code: 'INPUT_CHANGED',
      retryable: true,
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('ends on a cancel in the midst of a file, and leaves none', async () => {
    await folder.table('bob', 'long.bin', Buffer.alloc(40_000_000));
    const stop = new AbortController();
    const seen: CrossedMessage[] = [];
    const record = (message: CrossedMessage): void => {
      if (seen.push(message) === 5) stop.abort(new Error('cancelled'));
    };
    const config = { recipients: [recipient], input_data: { bob: 'long.bin' } };
    const run = folder.run(config, { signal: stop.signal, taskId: 'cancelled' });
    await expect(runEncrypt(run, record)).rejects.toThrow('cancelled');
    expect(seen.length).toBeLessThan(40_000_000 / 65_536);
    expect(await folder.temporaries()).toEqual([]);
  });

  test('refuses keys that are none, without saying them again, and a private key above all', () => {
    const faults = (recipients: unknown[]): string =>
      checkTaskParams('encrypt', { sf_init_config: { parties: ['alice'] }, task_config: { recipients } })
        .map(({ pointer, message }) => `${pointer} ${message}`)
        .join('\n');
    const typo = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
    expect(faults([recipient, '${tasks.keys.result.key}'])).toBe('');
    expect(faults([recipient, typo])).toMatch(/^\/task_config\/recipients\/1 is no public key of age/);
    for (const text of [
      'age1',
      'ssh-ed25519 AAAA',
      bech32.encodeFromBytes('age', randomBytes(31)),
      recipient.toUpperCase(),
    ]) {
      expect(faults([text])).toMatch(/is no public key of age/);
      expect(faults([text])).not.toContain(text.slice(6) || 'never');
    }
    expect(faults([identity])).toMatch(/is a private key/);
    expect(faults([identity])).not.toContain(identity.slice(16));
    expect(faults([])).toMatch(/recipients/);
    expect(faults([recipient, recipient])).toMatch(/same item twice/);
  });
});

describe('a sealed stream', () => {
  test('opens to the same bytes, is as long as it says, and as armor is what age reads, whatever its length', async () => {
    const chunkings = fc.array(fc.uint8Array({ maxLength: 70_000, size: 'max' }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(chunkings, async (parts) => {
        const plain = Buffer.concat(parts);
        async function* given(): AsyncGenerator<Uint8Array, void, undefined> {
          yield* parts;
        }
        const { sizeBytes, chunks } = await sealStream(given(), plain.byteLength, [recipient]);
        const sealed: Uint8Array[] = [];
        const pem = new PemLines();
        let text = '';
        for await (const chunk of chunks) {
          sealed.push(chunk);
          text += pem.take(chunk);
        }
        text += pem.end();
        const cipher = Buffer.concat(sealed);
        expect(cipher.byteLength).toBe(sizeBytes);
        expect(await opened(cipher)).toEqual(plain);
        expect(text).toBe(armor.encode(new Uint8Array(cipher)));
      }),
      { numRuns: 8 },
    );
  });
});
