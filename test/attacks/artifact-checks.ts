import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import pg from 'pg';
import {
  chain,
  eventually,
  taskOf,
  type ApiClient,
  type Check,
  type SystemUnderTest,
} from '../integration/system/index.js';
import { allow, decide, fill, keyOf, put, scene, work, type Side } from './two-owners.js';

const RECIPIENT = 'age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha';

/** The artifacts of parties. */
export function artifactChecks(check: Check, system: SystemUnderTest): void {
  check("are for the party's own keys, and of an unclaimed folder for admins", async () => {
    const { a, b, id } = await intersected(system);
    const [name] = await namesOf(a.api, id, 'only', a.party);
    const path = `/chains/${id}/tasks/only/artifacts/${name!}`;
    const own = await (await keyOf(system, 'viewer', a.party)).call(path);
    expect([own.status, own.text]).toEqual([200, readFileSync(join(system.artifactRoot, id, 'only', name!), 'utf8')]);
    const admins = [system.api, await keyOf(system, 'admin'), await keyOf(system, 'admin', b.party)];
    for (const other of [...admins, b.api, await keyOf(system, 'viewer'), await keyOf(system, 'author')]) {
      expect(await codeOf(other, path)).toBe('FORBIDDEN');
    }
    const { items } = await eventually('the download is in the audit log', async () => {
      const query = `action=downloadArtifact&target=${encodeURIComponent(`${id}/only`)}`;
      const found = await system.api.expect<{ items: { actor: string; details: unknown }[] }>(200, `/audit?${query}`);
      return found.items.length > 0 ? found : undefined;
    });
    expect(items).toEqual([
      expect.objectContaining({
        actor: expect.stringMatching(/^key:/),
        address: '127.0.0.1',
        details: expect.objectContaining({ artifact: name, party: a.party, size_bytes: 65_536 }),
      }),
    ]);
    // A party lays a link to the other's file.
    const [others] = await namesOf(b.api, id, 'only', b.party);
    const place = join(system.artifactRoot, id, 'only', name!);
    rmSync(place);
    symlinkSync(join(system.artifactRoot, id, 'only', others!), place);
    expect(await codeOf(a.api, path)).toBe('ARTIFACT_NOT_FOUND');

    mkdirSync(join(system.dataRoot, 'unclaimed'));
    writeFileSync(join(system.dataRoot, 'unclaimed', 'table.csv'), 'id,name\n1,\n2,x\n');
    const task = fill({ party: 'unclaimed', table: 'table.csv' });
    const open = await system.api.start(chain([task]));
    expect((await system.api.ended(open)).status).toBe('SUCCESS');
    const [free] = await namesOf(system.api, open, 'only', 'unclaimed');
    const there = `/chains/${open}/tasks/only/artifacts/${free!}`;
    expect((await (await keyOf(system, 'admin')).call(there)).status).toBe(200);
    for (const other of [a.api, await keyOf(system, 'author')]) expect(await codeOf(other, there)).toBe('FORBIDDEN');
  });

  check('of a claimed folder are for no admin, also where the database knows no such party', async () => {
    const { a, b } = await scene(system);
    await allow(a, { task_types: ['fillna'] });
    const id = await b.api.start(chain([fill(a)]));
    expect((await system.api.ended(id)).status).toBe('SUCCESS');
    const path = `/chains/${id}/tasks/only/artifacts/${(await namesOf(a.api, id, 'only', a.party))[0]!}`;
    const db = new pg.Client(system.databaseUrl);
    await db.connect();
    for (const table of ['api_keys', 'statements', 'parties']) {
      await db.query(`DELETE FROM ${table} WHERE party = $1`, [a.party]);
    }
    await db.end();
    for (const admin of [system.api, await keyOf(system, 'admin')]) expect(await codeOf(admin, path)).toBe('FORBIDDEN');
  });

  check('are for nobody else once the owner has withdrawn', async () => {
    const { a, b, id } = await intersected(system);
    const [ofA, ofB] = [await namesOf(a.api, id, 'only', a.party), await namesOf(b.api, id, 'only', b.party)];
    const path = (name: string) => `/chains/${id}/tasks/only/artifacts/${name}`;
    expect((await b.api.call(path(ofB[0]!))).status).toBe(200);
    await decide(a, id, 'only', 'withdraw');
    expect(await codeOf(b.api, path(ofB[0]!))).toBe('WITHDRAWN');
    expect((await a.api.call(path(ofA[0]!))).status).toBe(200);
    await decide(b, id, 'only', 'withdraw');
    expect(await codeOf(a.api, path(ofA[0]!))).toBe('WITHDRAWN');
    await decide(a, id, 'only', 'approve', 2);
    expect((await b.api.call(path(ofB[0]!))).status).toBe(200);
  });

  check('that all may read are for the owner alone after a withdrawal, and others withdraw nothing', async () => {
    const { a, b } = await scene(system);
    await put(a, await a.owner.sign({ kind: 'party', recipients: [RECIPIENT] }));
    await allow(a, { task_types: ['encrypt'] });
    const task = work('encrypt', [a.party], { input_data: { [a.party]: a.table }, recipients: [RECIPIENT] });
    const id = await a.api.start(chain([task]));
    expect((await system.api.ended(id)).status).toBe('SUCCESS');
    const path = `/chains/${id}/tasks/only/artifacts/${(await namesOf(a.api, id, 'only', null))[0]!}`;
    const viewer = await keyOf(system, 'viewer');
    await decideOn(a, b, id);
    expect((await viewer.call(path)).status).toBe(200);
    await decide(a, id, 'only', 'withdraw');
    for (const other of [viewer, b.api, system.api]) expect(await codeOf(other, path)).toBe('WITHDRAWN');
    expect((await a.api.call(path)).status).toBe(200);
  });

  check('are no input of a later task once their owner has withdrawn', async () => {
    const { a, b, psi } = await scene(system);
    for (const side of [a, b]) await allow(side, { task_types: ['psi', 'fillna'] });
    const later = (side: Side) => ({
      ...fill(side, `\${tasks.only.result.output_paths.${side.party}}`),
      ...{ task_id: `of-${side.party}`, depends_on: ['only'] },
    });
    const id = await b.api.start(chain([psi(), later(a), later(b)], { stop_on_error: false }));
    expect((await system.api.ended(id)).status).toBe('SUCCESS');
    await decide(a, id, 'only', 'withdraw');
    const from = [a, b].map(({ party }) => `of-${party}`);
    await system.api.expect(200, `/chains/${id}/retry`, { method: 'POST', body: { from } });
    const ended = await system.api.ended(id);
    for (const task of from) {
      expect(taskOf(ended, task).error).toMatchObject({
        code: 'POLICY_REFUSED',
        message: expect.stringContaining(`the owner of ${a.party} no longer allows`),
      });
    }
  });
}

/** Both owners allow psi, and it has run: task `only` of chain `id`. */
async function intersected(system: SystemUnderTest) {
  const made = await scene(system);
  for (const side of [made.a, made.b]) await allow(side, {});
  const id = await made.b.api.start(chain([made.psi()]));
  expect((await system.api.ended(id)).status).toBe('SUCCESS');
  return { ...made, id };
}

/** Party `by` states a withdrawal of a task in which only `of` takes part. */
async function decideOn(of: Side, by: Side, id: string): Promise<void> {
  const { items } = await of.api.expect<{ items: { task: never }[] }>(200, `/chains/${id}/approvals`);
  await put(by, await by.owner.approve(items[0]!.task, { decision: 'withdraw' }));
}

const codeOf = async (api: ApiClient, path: string): Promise<string> => (await api.call(path)).body.code as string;

async function namesOf(api: ApiClient, id: string, task: string, party: string | null): Promise<string[]> {
  const path = `/chains/${id}/tasks/${task}/artifacts`;
  const { items } = await api.expect<{ items: { name: string; party: string | null }[] }>(200, path);
  return items.filter((each) => each.party === party).map(({ name }) => name);
}
