import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { expect } from '@jest/globals';
import {
  ApiClient,
  chain,
  describeSystem,
  task,
  taskOf,
  type ChainAnswer,
  type SystemUnderTest,
} from '../integration/system/index.js';

const PATIENTS = 'id,name,diagnosis\n1,Ann,HIV\n2,Bob,none\n3,Cid,cancer\n';
const SECRET = 'p@ss ""word"" of the hospital';
const env = { SECRETS_PUBLIC_KEY: await newRecipient(), DIAGNOSTIC_TASKS: 'on' };

describeSystem('a chain, and folders that nobody has claimed', 'postgres', { env }, (check, system) => {
  check('reads no folder that nobody has claimed, by whatever type', async () => {
    const { author, put } = await scene(system);
    put('patients.csv', PATIENTS);
    const input_data = { hospital: 'patients.csv' };
    for (const [type, config] of [
      ['fillna', { input_data, method: 'constant', value: 0 }],
      ['encrypt', { input_data, recipients: [await newRecipient()] }],
      ['table_statistics', { input_data }],
      ['validation', { input_data, schema: { id: { type: 'integer' } } }],
    ] as const) {
      const ended = await author.run(chain([work('t', type, config)]));
      expect([type, taskOf(ended, 't').error?.code]).toEqual([type, 'PARTY_UNCLAIMED']);
      expect(await artifacts(author, ended, 't')).toEqual([]);
    }
  });

  check('reads no table by encrypting it to a key that the party has not listed', async () => {
    const { api, put } = await scene(system);
    put('patients.csv', PATIENTS);
    const identity = await generateIdentity();
    const recipients = [await identityToRecipient(identity)];
    const body = chain([work('e', 'encrypt', { recipients, input_data: { hospital: 'patients.csv' } })]);
    const refused = await api.run(body);
    expect(taskOf(refused, 'e').error).toMatchObject({
      code: 'RECIPIENT_NOT_ALLOWED',
      message: expect.stringMatching(
        /^Party hospital: recipient 1 of the task .* \.policy\.json, which does not exist/,
      ),
    });
    expect(await artifacts(api, refused, 'e')).toEqual([]);

    put('.policy.json', JSON.stringify({ version: 1, encrypt: { recipients: [] } }));
    expect(taskOf(await api.run(body), 'e').error!.code).toBe('RECIPIENT_NOT_ALLOWED');
    put('.policy.json', JSON.stringify({ version: 1, encrypt: { recipient: recipients } }));
    expect(taskOf(await api.run(body), 'e').error!.code).toBe('POLICY_INVALID');

    put('.policy.json', JSON.stringify({ version: 1, encrypt: { recipients } }));
    const allowed = await api.run(body);
    const [{ name }] = (await artifacts(api, allowed, 'e')) as [{ name: string }];
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const cipher = readFileSync(join(system.artifactRoot, allowed.chain_id, 'e', name));
    expect(Buffer.from(await decrypter.decrypt(new Uint8Array(cipher))).toString()).toBe(PATIENTS);
  });

  check("neither writes nor reads a party's policy", async () => {
    const { api, put, read } = await scene(system);
    put('table.csv', `policy,n\n${'1,2\n'.repeat(9)}`);
    put('.policy.json', '{"version":1}\n');
    const fill = (more: object) => ({ input_data: { hospital: 'table.csv' }, method: 'constant', value: 0, ...more });
    const ended = await api.run(
      chain(
        [
          work('write', 'fillna', fill({ output_data: { hospital: '.policy.json' } })),
          work('wander', 'fillna', fill({ output_data: { hospital: 'a/../.policy.json' } })),
          work('beside', 'fillna', fill({ output_data: { hospital: '.policy.d/more.json' } })),
          work('read', 'fillna', fill({ input_data: { hospital: '.policy.json' } })),
          work('seal', 'encrypt', { recipients: [await newRecipient()], input_data: { hospital: './.policy.json' } }),
        ],
        { stop_on_error: false },
      ),
    );
    const codes = ended.tasks.map(({ task_id, error }) => [task_id, error?.code]);
    expect(Object.fromEntries(codes)).toEqual({
      write: 'PATH_RESERVED',
      wander: 'PATH_RESERVED',
      beside: 'PATH_RESERVED',
      read: 'PATH_RESERVED',
      seal: 'RECIPIENT_NOT_ALLOWED',
    });
    expect(read('.policy.json')).toBe('{"version":1}\n');
  });

  check("replaces neither a party's table nor what another task has written", async () => {
    const { api, put, read } = await scene(system);
    put('patients.csv', PATIENTS);
    const scale = (to: string) => ({
      input_data: { hospital: 'patients.csv' },
      output_data: { hospital: to },
      columns: ['id'],
    });
    const overwrite = await api.run(chain([work('o', 'minmax_scaler', scale('patients.csv'))]));
    expect(taskOf(overwrite, 'o').error).toMatchObject({
      code: 'OUTPUT_EXISTS',
      message: expect.stringMatching(/^Party hospital: patients\.csv exists/),
    });
    expect(read('patients.csv')).toBe(PATIENTS);

    const first = await api.run(chain([work('o', 'minmax_scaler', scale('out/scaled.csv'))]));
    expect(first.status).toBe('SUCCESS');
    const written = read('out/scaled.csv');
    const second = await api.run(chain([work('o', 'minmax_scaler', scale('out/scaled.csv'))]));
    expect(taskOf(second, 'o').error!.code).toBe('OUTPUT_EXISTS');
    expect(read('out/scaled.csv')).toBe(written);

    // The task that wrote it may run again, until the party has put another file there.
    await rerun(system, first);
    expect(read('out/scaled.csv')).toBe(written);
    put('out/scaled.csv', PATIENTS);
    expect(taskOf(await rerun(system, first), 'o').error!.code).toBe('OUTPUT_EXISTS');
    expect(read('out/scaled.csv')).toBe(PATIENTS);
  });

  check('reads no secret through a parameter that takes none', async () => {
    const { author: api, put } = await scene(system);
    await system.api.expect(200, '/secrets/tls-key', { method: 'PUT', body: { value: SECRET, keys: ['*'] } });
    put('holes.csv', 'a,b\nx,2\n,4\n');
    const body = chain([
      work('fill', 'fillna', {
        input_data: { hospital: 'holes.csv' },
        columns: ['a'],
        method: 'constant',
        value: '${secrets.tls-key}',
      }),
      work('seal', 'encrypt', { recipients: [await newRecipient()], input_data: { hospital: '${secrets.tls-key}' } }),
      task('said', { result: '${secrets.tls-key}' }),
      task('meant', { secret: '${secrets.tls-key}' }),
    ]);
    const answer = await api.call('/chains', { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual(
      [
        '0/task_params/task_config/value',
        '1/task_params/task_config/input_data/hospital',
        '2/task_params/task_config/result',
      ].map((at) => ({
        code: 'SECRET_NOT_ALLOWED',
        pointer: `/tasks/${at}`,
        message: expect.stringContaining('The secret "tls-key" cannot stand here'),
      })),
    );
  });
});

/** An admin's and an author's client, and the folder of the party `hospital`. */
async function scene(system: SystemUnderTest) {
  const { key } = await system.api.expect<{ key: string }>(201, '/keys', {
    method: 'POST',
    body: { name: 'a key that was stolen', role: 'author' },
  });
  const at = (path: string) => join(system.dataRoot, 'hospital', path);
  return {
    api: system.api,
    author: new ApiClient(system.api.url, key),
    read: (path: string) => readFileSync(at(path), 'utf8'),
    put(path: string, text: string) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    },
  };
}

/** A task of the party `hospital` alone. */
function work(task_id: string, task_type: string, task_config: object): Record<string, unknown> {
  const sf_init_config = { parties: ['hospital'], address: 'local' };
  return { task_id, task_type, depends_on: [], task_params: { sf_init_config, task_config } };
}

async function newRecipient(): Promise<string> {
  return identityToRecipient(await generateIdentity());
}

async function artifacts(api: ApiClient, { chain_id }: ChainAnswer, taskId: string): Promise<object[]> {
  return (await api.expect<{ items: object[] }>(200, `/chains/${chain_id}/tasks/${taskId}/artifacts`)).items;
}

async function rerun({ api }: SystemUnderTest, { chain_id }: ChainAnswer): Promise<ChainAnswer> {
  const { attempt } = taskOf(await api.chain(chain_id), 'o');
  await api.expect(200, `/chains/${chain_id}/tasks/o/retry`, { method: 'POST' });
  return api.until(chain_id, 'it has run again', (now) => {
    const again = taskOf(now, 'o');
    return again.attempt > attempt && ['SUCCESS', 'FAILURE'].includes(again.status);
  });
}
