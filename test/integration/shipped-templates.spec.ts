import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { parse } from 'yaml';
import { withConnection } from '#libs/local-postgres';
import { shipTemplates } from '#libs/repositories';
import { copyTables } from '../../launcher/parts/example.js';
import { shippedTemplates } from '../../migrations/templates/index.js';
import { describeSystem, type ChainAnswer } from './system/index.js';

interface TemplateAnswer {
  template_id: string;
  tenant_id: string;
  labels: Record<string, number>;
  default_version: number;
}

const SCHEDULES = [
  ['nightly.yaml', 10],
  ['on-new-data.yaml', 0],
] as const;
/** The tables of the examples, of parties that nobody has claimed. */
const PATIENTS = { alice: 'breast-cancer.csv', bob: 'breast-cancer.csv' };
const HOSPITALS = { alice: 'hospital.csv', bob: 'hospital.csv', carol: 'hospital.csv' };
const recipient = await identityToRecipient(await generateX25519Identity());
/** Values for each template, and what its outputs must be. */
const RUNS: Readonly<Record<string, { params: object; outputs?: object; failed?: readonly string[] }>> = {
  'template-psi-data-flow': { params: { tables: PATIENTS }, outputs: { report: expect.any(Object) } },
  'template-multi-party-validation': { params: { tables: HOSPITALS } },
  'template-federated-models': {
    params: { tables: { alice: HOSPITALS.alice, bob: HOSPITALS.bob } },
    outputs: { models: { alice: expect.any(String), bob: expect.any(String) } },
  },
  'template-end-to-end': {
    params: { tables: { alice: HOSPITALS.alice, bob: HOSPITALS.bob } },
    outputs: { evaluation: expect.any(Object) },
  },
  'template-psi-pipeline': { params: { tables: PATIENTS }, outputs: { rows: 509 } },
  'template-vertical-models': {
    params: { tables: PATIENTS },
    outputs: { lr: expect.any(Object), xgb: expect.any(Object) },
  },
  'template-horizontal-training': {
    params: { tables: HOSPITALS, test: 'hospital-test.csv' },
    outputs: { evaluation: expect.any(Object), models: expect.any(Object) },
  },
  'template-federated-loop': {
    params: { tables: HOSPITALS, test: 'hospital-test.csv' },
    outputs: { evaluation: expect.any(Object), loss: expect.any(Number), models: expect.any(Object) },
  },
  // carol's table is another one: two of three are enough.
  'template-validation-quorum': {
    params: { tables: { ...HOSPITALS, carol: 'employer.csv' } },
    failed: ['validate-carol'],
  },
  'template-credit-scoring': {
    params: { tables: { alice: 'bank.csv', bob: 'registry.csv' } },
    outputs: { evaluation: expect.any(Object) },
  },
  'template-encrypted-delivery': { params: { tables: PATIENTS, recipients: [recipient] } },
};

describeSystem('the templates of a release', 'postgres', { env: { RATE_LIMIT: '0' } }, (check, system) => {
  const shipped = async () => {
    const { items } = await system.api.expect<{ items: TemplateAnswer[] }>(200, '/templates?page_size=200');
    return items.filter(({ tenant_id: tenant }) => tenant === '@release');
  };

  check('are stored once, and as a new version where a release changes one', async ({ api }) => {
    await shipTemplates(system.databaseUrl, '0.1.0');
    const first = await shipped();
    expect(first.map(({ template_id: id }) => id).sort()).toEqual(Object.keys(RUNS).sort());
    expect(first.map(({ labels }) => labels)).toEqual(first.map(() => ({ production: 1, 'v0-1-0': 1 })));
    await shipTemplates(system.databaseUrl, '0.1.0');
    expect(await shipped()).toEqual(first);
    for (const [file, times] of SCHEDULES) {
      const url = new URL(`../../../examples/schedules/${file}`, import.meta.url);
      const preview = { method: 'POST', body: parse(readFileSync(url, 'utf8')) as object };
      const shown = await api.expect<{ errors: { code: string }[]; next_due_times: string[] }>(
        200,
        '/schedules/preview',
        preview,
      );
      // Its tables are datasets of the demo.
      expect(new Set(shown.errors.map(({ code }) => code))).toEqual(new Set(['DATASET_UNKNOWN']));
      expect(shown.next_due_times).toHaveLength(times);
    }
    const id = 'template-psi-pipeline';
    await withConnection(system.databaseUrl, (client) =>
      client.query(`UPDATE template_versions SET hash = 'sha256:of another chain' WHERE template_id = $1`, [id]),
    );
    await shipTemplates(system.databaseUrl, '0.2.0-rc.1');
    expect(await api.expect<TemplateAnswer>(200, `/templates/${id}`)).toMatchObject({
      ...{ labels: { 'v0-1-0': 1, 'v0-2-0-rc-1': 2, production: 2 }, default_version: 2 },
    });
    expect(await api.expect<TemplateAnswer>(200, '/templates/template-end-to-end')).toMatchObject({
      labels: { 'v0-1-0': 1, 'v0-2-0-rc-1': 1, production: 1 },
    });
  });

  check('are changed by nobody, and copied by all', async ({ api }) => {
    const id = 'template-psi-pipeline';
    const body = { title: 'mine', chain: shippedTemplates[0]!.chain };
    const answers = await Promise.all([
      api.call(`/templates/${id}`, { method: 'PUT', body }),
      api.call(`/templates/${id}?confirm=${id}`, { method: 'DELETE' }),
      api.call(`/templates/${id}/labels/production`, { method: 'PUT', body: { version: 1 } }),
      api.call(`/templates/${id}/versions/1/restore`, { method: 'POST', body: {} }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    const tenant = await api.call('/tenants', { method: 'POST', body: { tenant_id: '@release', name: 'x' } });
    expect(tenant.status).toBe(400);
    await api.expect(201, `/templates/${id}/copy`, { method: 'POST', body: {} });
  });

  for (const { template_id: id, title, description, tags, chain } of shippedTemplates) {
    check(`${id} is a template as the API takes it, and its chain does its work`, async ({ api }) => {
      copyTables(system.dataRoot);
      const policy = { version: 1, encrypt: { recipients: [recipient] } };
      writeFileSync(join(system.dataRoot, 'alice', '.policy.json'), JSON.stringify(policy));
      const body = { title, description, tags, chain };
      await api.expect(201, '/templates', { method: 'POST', body });
      const { params, outputs, failed = [] } = RUNS[id]!;
      const made = await api.expect<{ chain_id: string }>(201, `/templates/${id}/chains`, {
        method: 'POST',
        body: { params, execute: true },
      });
      await api.ended(made.chain_id);
      const done = await api.expect<ChainAnswer & { outputs: unknown }>(200, `/chains/${made.chain_id}`);
      const errors = done.tasks.flatMap(({ task_id, error }) => (error ? [{ task_id, error }] : []));
      expect(errors.filter(({ task_id }) => !failed.includes(task_id))).toEqual([]);
      expect(errors.map(({ task_id }) => task_id)).toEqual(failed);
      if (outputs !== undefined) expect(done.outputs).toEqual(outputs);
      const last = done.tasks.at(-1)!;
      expect(last.status).toBe('SUCCESS');
    });
  }
});
