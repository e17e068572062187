import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { engineQueries, openDatabase } from '#libs/repositories';
import { ApiClient, chain, describeSystem, task, type ChainAnswer, type ProblemAnswer } from './system/index.js';

interface TemplateAnswer {
  template_id: string;
  tenant_id: string;
  title: string;
  tags: string[];
  shared_with: string[];
  labels: Record<string, number>;
  default_version: number | null;
  created_by: string | null;
}
interface DiffAnswer {
  chain: object[];
  tasks: { change: string; changes: { change: string; after: unknown }[] }[];
}
interface VersionAnswer {
  number: number;
  hash: string;
  note: string | null;
  created_by: string | null;
  chain: { tasks: { task_params: object }[] };
}
interface PreviewAnswer {
  errors: { code: string; pointer: string }[];
  chain: { tasks: { task_params: { task_config: object } }[] } | null;
  version: number;
}

/** A chain that gives back what it was given. */
const echo = (note: string): Record<string, unknown> => ({
  ...chain([task('echo', { result: { said: '${params.said}', note }, delay_ms: '${params.ms}' })]),
  params: { required: ['said'], properties: { said: { type: 'string' }, ms: { type: 'integer', default: 0 } } },
  outputs: { said: '${tasks.echo.result.result.said}' },
});
const template = (more: object = {}): object => ({ title: 'Echo', chain: echo('first'), ...more });
const codes = ({ body }: { body: ProblemAnswer }) => body.errors?.map(({ code, pointer }) => `${code} ${pointer}`);

describeSystem('templates', 'postgres', { env: { RATE_LIMIT: '0' } }, (check, system) => {
  const post = <T = TemplateAnswer>(
    path: string,
    body: object,
    headers: Record<string, string> = {},
    api = system.api,
  ) => api.call<T>(path, { method: 'POST', body, headers });
  const put = <T = TemplateAnswer>(path: string, body: object, tag?: string, api = system.api) =>
    api.call<T>(path, { method: 'PUT', body, ...(tag !== undefined && { headers: { 'if-match': tag } }) });
  const create = async (more: object = {}, api = system.api): Promise<string> => {
    const { status, body, text } = await post('/templates', template(more), {}, api);
    if (status !== 201) throw new Error(text);
    return body.template_id;
  };
  const versions = async (id: string, api = system.api) =>
    (await api.expect<{ items: VersionAnswer[] }>(200, `/templates/${id}/versions`)).items;

  check('make chains, which know the version they are of and go the way of all chains', async ({ api }) => {
    const id = await create();
    const made = await post<{ chain_id: string }>(`/templates/${id}/chains`, {
      params: { said: 'hi ${tasks.x.result}' },
      execute: true,
    });
    expect([made.status, made.headers.get('location')]).toEqual([201, `/api/v1/chains/${made.body.chain_id}`]);
    await api.ended(made.body.chain_id);
    const whole = await api.expect<ChainAnswer & Record<string, unknown>>(200, `/chains/${made.body.chain_id}`);
    expect(whole).toMatchObject({
      ...{ chain_name: 'test chain', status: 'SUCCESS', template_id: id, template_version: 1 },
      outputs: { said: 'hi ${tasks.x.result}' },
    });
    const named = { params: { said: 'x' }, chain_name: 'Mine', metadata: { a: 1 }, labels: { env: 'test' } };
    const { body } = await post<{ chain_id: string }>(`/templates/${id}/chains`, named);
    expect(await api.expect<object>(200, `/chains/${body.chain_id}?view=summary`)).toMatchObject({
      ...{ chain_name: 'Mine', status: 'PENDING', metadata: { a: 1 }, labels: { env: 'test' } },
    });
    const plain = await api.create(chain([task('a')]));
    expect(await api.expect<object>(200, `/chains/${plain}`)).toMatchObject({
      template_id: null,
      template_version: null,
    });
  });

  check('tell all faults of values by their places in params, in a dry run as well', async () => {
    const id = await create({
      chain: { ...echo('x'), params: { required: ['said'], properties: { said: {}, ms: {} } } },
    });
    const wrong = { params: { ms: 'soon', more: 1 }, labels: { env: 'a,b' } };
    const faults = ['INVALID_FORMAT /labels/env', 'REQUIRED /params/said', 'UNKNOWN_FIELD /params/more'];
    expect(codes(await post<ProblemAnswer>(`/templates/${id}/chains`, wrong))).toEqual(faults);
    const preview = await post<PreviewAnswer>(`/templates/${id}/chains/preview`, wrong);
    expect(preview.body.errors.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(faults);
    expect(preview.body.chain).toBe(null);
    expect(codes(await post<ProblemAnswer>(`/templates/${id}/chains`, { params: { said: 1, ms: 'soon' } }))).toEqual([
      'INVALID_PARAMS /params/ms',
    ]);
    const polluted = await system.api.call(`/templates/${id}/chains`, {
      method: 'POST',
      body: '{"params":{"__proto__":{"said":"x"}}}',
    });
    expect([polluted.status, polluted.body.code]).toEqual([400, 'INVALID_JSON']);
  });

  check('show in a dry run the chain that would be made, and make none', async ({ api }) => {
    const id = await create();
    const before = await api.expect<{ total: number }>(200, '/chains');
    const answer = await post<PreviewAnswer>(`/templates/${id}/chains/preview`, { params: { said: 'x', ms: 3 } });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ version: 1, errors: [], approvals: [] });
    expect(answer.body.chain).toEqual({
      ...chain([task('echo', { result: { said: 'x', note: 'first' }, delay_ms: 3 })]),
      outputs: { said: '${tasks.echo.result.result.said}' },
    });
    expect(await api.expect<object>(200, '/chains')).toEqual(before);
    expect((await api.call('/chains/validate', { method: 'POST', body: answer.body.chain })).body).toMatchObject({
      valid: true,
    });
  });

  check('answer a repeated request by its key, also where the default has moved on', async () => {
    const id = await create();
    const headers = { 'idempotency-key': 'of a template' };
    const request = (said: string) =>
      post<{ chain_id: string }>(`/templates/${id}/chains`, { params: { said } }, headers);
    const first = await request('a');
    await put(`/templates/${id}`, template({ chain: echo('second') }));
    const again = await request('a');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.body).toEqual(first.body);
    expect((await request('b')).status).toBe(422);
  });

  check('have versions that never change, labels, and a way back', async ({ api }) => {
    const id = await create({ note: 'one' });
    const changed = await put(`/templates/${id}`, template({ title: 'Louder', chain: echo('second'), note: 'two' }));
    expect(changed.body).toMatchObject({ title: 'Louder', default_version: 2 });
    // The same chain, written in another order, is no new version.
    const { params, ...rest } = echo('second');
    await put(`/templates/${id}`, template({ chain: { params, ...rest }, tags: ['loud', 'loud'] }));
    expect((await versions(id)).map(({ number, note }) => `${number} ${note}`)).toEqual(['2 two', '1 one']);
    expect((await put(`/templates/${id}/labels/production`, { version: 1 })).body).toMatchObject({
      ...{ labels: { production: 1 }, default_version: 1, tags: ['loud'] },
    });
    expect((await put<ProblemAnswer>(`/templates/${id}/labels/production`, { version: 3 })).status).toBe(404);
    expect((await put<ProblemAnswer>(`/templates/${id}/labels/Latest`, { version: 1 })).status).toBe(400);
    const of = async (word?: string) =>
      (
        await post<PreviewAnswer>(`/templates/${id}/chains/preview`, {
          params: { said: 'x' },
          ...(word && { version: word }),
        })
      ).body.version;
    expect([await of(), await of('production'), await of('2')]).toEqual([1, 1, 2]);
    const back = await post(`/templates/${id}/versions/1/restore`, {});
    expect([back.status, back.body.default_version]).toEqual([200, 1]);
    const [third, second, first] = await versions(id);
    expect(third).toMatchObject({ number: 3, note: 'as version 1', hash: first!.hash });
    expect(second!.hash).not.toBe(first!.hash);
    const shown = await api.expect<VersionAnswer>(200, `/templates/${id}/versions/production`);
    expect(shown).toMatchObject({ number: 1, chain: echo('first') });
    expect((await put(`/templates/${id}/labels/production`, { version: null })).body).toMatchObject({
      labels: {},
      default_version: 3,
    });
    expect((await api.call(`/templates/${id}/versions/toString`)).status).toBe(404);
    await withConnection(system.databaseUrl, async (client) => {
      await client.query(`SET ROLE task_chain_api; SELECT set_config('task_chain.tenant', 'default', false)`);
      await expect(client.query('UPDATE template_versions SET note = NULL')).rejects.toThrow('permission denied');
      await expect(client.query('DELETE FROM template_versions')).rejects.toThrow('permission denied');
    });
  });

  check('go back once for each key', async ({ api }) => {
    const id = await create();
    await put(`/templates/${id}`, template({ chain: echo('second') }));
    const tag = (await api.call(`/templates/${id}`)).headers.get('etag')!;
    const headers = { 'idempotency-key': 'back', 'if-match': tag };
    const back = (version: number, note: string) =>
      post(`/templates/${id}/versions/${version}/restore`, { note }, headers);
    const answers = [await back(1, 'why'), await back(1, 'why')];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, answers[0]!.body],
      [200, answers[0]!.body],
    ]);
    expect([await back(2, 'why'), await back(1, 'else')].map(({ status }) => status)).toEqual([422, 422]);
    expect(await versions(id)).toHaveLength(3);
  });

  check('of two changes by one ETag let one win', async ({ api }) => {
    const id = await create();
    const { headers } = await api.call(`/templates/${id}`);
    const tag = headers.get('etag')!;
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((note) => put(`/templates/${id}`, template({ chain: echo(note) }), tag)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    expect(await versions(id)).toHaveLength(2);
    expect((await put(`/templates/${id}/labels/production`, { version: 1 }, tag)).status).toBe(412);
    expect((await post(`/templates/${id}/versions/1/restore`, {}, { 'if-match': tag })).status).toBe(412);
    expect(
      (await api.call(`/templates/${id}?confirm=${id}`, { method: 'DELETE', headers: { 'if-match': tag } })).status,
    ).toBe(412);
  });

  check('can be deleted and restored, and leave the chains that were made', async ({ api }) => {
    const id = await create();
    const { body } = await post<{ chain_id: string }>(`/templates/${id}/chains`, { params: { said: 'x' } });
    expect((await api.call(`/templates/${id}`, { method: 'DELETE' })).body.code).toBe('CONFIRMATION_REQUIRED');
    expect((await api.call(`/templates/${id}?dry_run=true`, { method: 'DELETE' })).status).toBe(200);
    expect((await api.call(`/templates/${id}?confirm=${id}`, { method: 'DELETE' })).body).toMatchObject({
      dry_run: false,
    });
    for (const path of [`/templates/${id}`, `/templates/${id}/versions`, `/templates/${id}/versions/1`]) {
      expect((await api.call(path)).status).toBe(404);
    }
    expect((await post(`/templates/${id}/chains`, { params: { said: 'x' } })).status).toBe(404);
    expect(await api.expect<object>(200, `/chains/${body.chain_id}`)).toMatchObject({ template_id: id });
    expect((await post(`/templates/${id}/restore`, {})).body).toMatchObject({ template_id: id });
    expect(await versions(id)).toHaveLength(1);
    expect((await post<ProblemAnswer>(`/templates/${id}/restore`, {})).status).toBe(404);
  });

  check('are gone a day after they were deleted, with their versions', async ({ api }) => {
    const id = await create();
    await api.expect(200, `/templates/${id}?confirm=${id}`, { method: 'DELETE' });
    await withConnection(system.databaseUrl, async (client) => {
      await client.query(`UPDATE templates SET deleted_at = now() - interval '1 day' WHERE template_id = $1`, [id]);
      expect((await post(`/templates/${id}/restore`, {})).status).toBe(404);
      const engine = await openDatabase(system.databaseUrl, { role: 'task_chain_engine', max: 1 });
      await engineQueries.forgetTemplates(engine);
      await engine.close();
      const left = await client.query(
        'SELECT FROM templates WHERE template_id = $1 UNION ALL SELECT FROM template_versions WHERE template_id = $1',
        [id],
      );
      expect(left.rowCount).toBe(0);
    });
  });

  check('are refused with the places of all that is wrong with their chain', async () => {
    const wrong = { ...echo('x'), tasks: [task('a', { result: '${params.who}', delay_ms: 'soon' })], args: {} };
    expect(codes(await post<ProblemAnswer>('/templates', template({ chain: wrong })))).toEqual([
      'UNKNOWN_FIELD /chain/args',
    ]);
    expect(codes(await post<ProblemAnswer>('/templates', template({ chain: { ...wrong, args: undefined } })))).toEqual([
      'UNKNOWN_PARAM /chain/tasks/0/task_params/task_config/result',
      'UNUSED_PARAM /chain/params/properties/said',
      'UNUSED_PARAM /chain/params/properties/ms',
      'REFERENCE_UNKNOWN_TASK /chain/outputs/said',
    ]);
    const large = (bytes: number) => {
      const empty = { ...echo('x'), description: '', metadata: { x: '' } };
      return { ...empty, metadata: { x: 'x'.repeat(bytes - JSON.stringify(empty).length) } };
    };
    expect((await post('/templates', template({ chain: large(64 * 1024) }))).status).toBe(201);
    expect(codes(await post<ProblemAnswer>('/templates', template({ chain: large(64 * 1024 + 1) })))).toEqual([
      'OUT_OF_RANGE /chain',
    ]);
    const hostile = { title: 'Echo \u202egnp', tags: ['a\u0007', 'x'.repeat(65)], shared_with: ['Not a tenant'] };
    expect(codes(await post<ProblemAnswer>('/templates', template(hostile)))?.sort()).toEqual([
      'INVALID_FORMAT /shared_with/0',
      'INVALID_FORMAT /tags/0',
      'INVALID_FORMAT /title',
      'OUT_OF_RANGE /tags/1',
    ]);
    expect(codes(await post<ProblemAnswer>('/templates', template({ title: 'x'.repeat(64 * 1024) })))).toEqual([
      'OUT_OF_RANGE /title',
    ]);
  });

  check('have at most 1,000 versions and 20 labels', async () => {
    const id = await create();
    await withConnection(system.databaseUrl, async (client) => {
      await client.query('UPDATE templates SET latest_version = 999 WHERE template_id = $1', [id]);
      await client.query('UPDATE template_versions SET number = 999 WHERE template_id = $1', [id]);
    });
    expect((await put(`/templates/${id}`, template({ chain: echo('last') }))).status).toBe(200);
    const more = await put<ProblemAnswer>(`/templates/${id}`, template({ chain: echo('more') }));
    expect([more.status, more.body.code]).toEqual([409, 'TOO_MANY_VERSIONS']);
    for (let n = 0; n < 20; n++)
      expect((await put(`/templates/${id}/labels/l${n}`, { version: 1000 })).status).toBe(200);
    expect((await put(`/templates/${id}/labels/l20`, { version: 1000 })).status).toBe(400);
  });

  check('are compared by meaning, with each other and with chains that were made of them', async ({ api }) => {
    const id = await create();
    const second = { ...echo('second'), options: { timeout: 60 } };
    await put(`/templates/${id}`, template({ chain: second }));
    await put(`/templates/${id}/labels/production`, { version: 1 });
    const diff = (path: string, accept?: string) =>
      api.call<DiffAnswer>(`${path}`, { headers: accept === undefined ? {} : { accept } });
    const { body } = await diff(`/templates/${id}/diff`);
    expect(body).toMatchObject({ from_version: 1, to_version: 2, same: false });
    expect(body.chain).toEqual([
      { part: 'policy', pointer: '/options', change: 'added', before: null, after: { timeout: 60 } },
    ]);
    const at = '/task_params/task_config/result/note';
    expect(body.tasks[0]!.changes).toEqual([
      { part: 'parameters', pointer: at, change: 'changed', before: 'first', after: 'second' },
    ]);
    const text = await diff(`/templates/${id}/diff?from=2&to=production`, 'text/plain');
    expect([text.headers.get('content-type'), text.text.split('\n')]).toEqual([
      'text/plain; charset=utf-8',
      ['chain', '    - /options: {"timeout":60}', '~ task echo (diagnostic)', `    ~ ${at}: "second" -> "first"`, ''],
    ]);
    const picture = await diff(`/templates/${id}/diff`, 'text/vnd.mermaid');
    expect(picture.text).toContain('t0["#126; echo<br/>diagnostic"]:::changed');

    const made = await post<{ chain_id: string }>(`/templates/${id}/chains`, { params: { said: '${x} "y"' } });
    const ofChain = `/chains/${made.body.chain_id}/template-diff`;
    const own = await diff(ofChain);
    expect(own.body).toMatchObject({ from_version: 1, to_version: null, same: true, chain: [] });
    expect(own.body.tasks[0]!.changes.map(({ change, after }) => [change, after])).toEqual([
      ['filled', '$${x} "y"'],
      ['filled', 0],
    ]);
    expect((await diff(`${ofChain}?version=2`)).body).toMatchObject({ from_version: 2, same: false });
    expect((await diff(`${ofChain}?version=3`)).status).toBe(404);
    expect((await diff(`/templates/${id}/diff?from=9`)).status).toBe(404);
    expect((await diff(`/chains/${await api.create(chain([task('a')]))}/template-diff`)).status).toBe(404);
    expect((await diff('/chains/none/template-diff')).status).toBe(404);
    await api.expect(200, `/templates/${id}?confirm=${id}`, { method: 'DELETE' });
    expect((await diff(ofChain)).status).toBe(404);
  });

  check('with a branch differ from their chains by no more than others do', async ({ api }) => {
    const branch = (limit: number) => [{ when: `tasks.a.result.n > ${limit}`, then: ['b'] }, { else: ['c'] }];
    const of = (limit: number) => chain([{ ...task('a'), branch: branch(limit) }, task('b'), task('c')]);
    const id = await create({ chain: of(1) });
    const made = await post<{ chain_id: string }>(`/templates/${id}/chains`, {});
    expect((await api.call<DiffAnswer>(`/chains/${made.body.chain_id}/template-diff`)).body).toMatchObject({
      same: true,
      edges: [
        { from: 'a', to: 'b', change: 'same' },
        { from: 'a', to: 'c', change: 'same' },
      ],
    });
    await put(`/templates/${id}`, template({ chain: of(2) }));
    const { body } = await api.call<DiffAnswer>(`/templates/${id}/diff?from=1`);
    expect(body.tasks.map(({ change }) => change)).toEqual(['same', 'same', 'same']);
    const at = { pointer: '/when', change: 'changed' };
    expect(body).toMatchObject({
      edges: [
        { changes: [{ ...at, before: 'tasks.a.result.n > 1', after: 'tasks.a.result.n > 2' }] },
        { changes: [{ ...at, before: '!(tasks.a.result.n > 1)', after: '!(tasks.a.result.n > 2)' }] },
      ],
    });
  });

  check('are copied, once for each key', async () => {
    const id = await create({ tags: ['a'], description: 'what for' });
    await put(`/templates/${id}`, template({ tags: ['a'], description: 'what for', chain: echo('second') }));
    await put(`/templates/${id}/labels/production`, { version: 1 });
    const copy = (body: object) => post(`/templates/${id}/copy`, body, { 'idempotency-key': `copy of ${id}` });
    const [made, again] = [await copy({ title: 'Mine' }), await copy({ title: 'Mine' })];
    expect([made.status, made.body, again.body]).toEqual([
      201,
      expect.objectContaining({ title: 'Mine', tags: ['a'], description: 'what for', labels: {}, shared_with: [] }),
      made.body,
    ]);
    expect((await copy({})).status).toBe(422);
    expect(await versions(made.body.template_id)).toEqual([
      expect.objectContaining({ number: 1, note: `copy of ${id}, version 1`, hash: (await versions(id))[1]!.hash }),
    ]);
    const newest = await post(`/templates/${id}/copy`, { version: '2', note: 'mine' });
    expect(await versions(newest.body.template_id)).toMatchObject([
      { note: 'mine', hash: (await versions(id))[0]!.hash },
    ]);
    expect((await post(`/templates/${id}/copy`, { version: '3' })).status).toBe(404);
  });

  check('count their chains and how many succeeded', async ({ api }) => {
    const id = await create();
    const run = async (said: string, ms: number, execute = true) =>
      (await post<{ chain_id: string }>(`/templates/${id}/chains`, { params: { said, ms }, execute })).body.chain_id;
    expect(await api.expect<TemplateAnswer>(200, `/templates/${id}`)).toMatchObject({ chains: 0, success_rate: null });
    await api.ended(await run('done', 0));
    await api.call(`/chains/${await run('cancelled', 60_000)}/cancel`, { method: 'POST' });
    await run('waits', 0, false);
    const use = { chains: 3, success_rate: 0.5 };
    expect(await api.expect<TemplateAnswer>(200, `/templates/${id}`)).toMatchObject(use);
    const { items } = await api.expect<{ items: TemplateAnswer[] }>(200, '/templates?q=echo&page_size=200');
    expect(items.find((each) => each.template_id === id)).toMatchObject(use);
  });

  check('are 1,000 at most in a tenant, also where many are made at once', async ({ api }) => {
    await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: 'full', name: 'full' } });
    const { body } = await post<{ key: string }>('/keys', { name: 'k', role: 'author' }, { 'x-tenant': 'full' });
    const full = new ApiClient(api.url, body.key);
    await withConnection(system.databaseUrl, (client) =>
      client.query(`INSERT INTO templates (template_id, tenant_id, title, description, tags, shared_with)
                    SELECT 'full-' || n, 'full', 'T' || n, '', '{}', '{}' FROM generate_series(1, 997) AS n`),
    );
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('/templates', template(), {}, full)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
    const more = await post<ProblemAnswer>('/templates', template(), {}, full);
    expect([more.status, more.body.code]).toEqual([409, 'TOO_MANY_TEMPLATES']);
    const id = answers.find(({ status }) => status === 201)!.body.template_id;
    expect((await post(`/templates/${id}/copy`, {}, {}, full)).status).toBe(409);
    expect((await post('/templates', template())).status).toBe(201);
  });

  check('are found by words of title, description and tags, in any script', async ({ api }) => {
    const id = await create({ title: '联合风控建模', description: 'Credit 100%', tags: ['credit_risk'] });
    const found = async (query: string) =>
      (await api.expect<{ items: TemplateAnswer[] }>(200, `/templates?${query}`)).items.map((each) => each.template_id);
    for (const query of ['风控', '控', 'CREDIT', '100%', 'credit_risk', '联合', ' 建模  credit ']) {
      expect(await found(`q=${encodeURIComponent(query)}`)).toEqual([id]);
    }
    for (const query of ['credit%risk', '控风', '风控 debit', '风建']) {
      expect(await found(`q=${encodeURIComponent(query)}`)).toEqual([]);
    }
    // The function that searches may look in the index; behind the policies of the API nothing could.
    await withConnection(system.databaseUrl, async (client) => {
      const planOf = async (role: string) => {
        await client.query(`SET ROLE ${role}; SET enable_seqscan = off`);
        const plan = await client.query<object>(`EXPLAIN SELECT FROM templates WHERE grams @> bigrams('风控')`);
        await client.query('RESET ROLE');
        return JSON.stringify(plan.rows);
      };
      expect(await planOf('task_chain_engine')).toContain('Index Scan on idx_templates_grams');
      expect(await planOf('task_chain_api')).not.toContain('idx_templates_grams');
    });
    expect(await found('tag=credit_risk')).toEqual([id]);
    expect(await found('tag=credit')).toEqual([]);
    expect(await found('page_size=1')).toEqual([id]);
  });

  check('of other tenants are read where they are shared, by label, and never changed', async ({ api }) => {
    const others = {} as Record<'acme' | 'beta', ApiClient>;
    for (const tenant of ['acme', 'beta'] as const) {
      await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: tenant, name: tenant } });
      const headers = { 'x-tenant': tenant };
      const made = await post<{ key: string }>('/keys', { name: tenant, role: 'admin' }, headers);
      others[tenant] = new ApiClient(api.url, made.body.key);
    }
    const { acme, beta } = others;
    const secret = await create({ title: 'secret' });
    const id = await create({ shared_with: ['acme'] });
    await put(`/templates/${id}`, template({ shared_with: ['acme'], chain: echo('party bank-x'), note: 'internal' }));
    const statuses = (client: ApiClient, of: string) =>
      Promise.all(
        [`/templates/${of}`, `/templates/${of}/versions/1`, `/templates/${of}/versions/2`].map(
          async (path) => (await client.call(path)).status,
        ),
      );
    expect(await statuses(acme, secret)).toEqual([404, 404, 404]);
    expect(await statuses(beta, id)).toEqual([404, 404, 404]);
    const others404 = await Promise.all([
      beta.call(`/templates/${id}/diff`),
      acme.call(`/templates/${secret}/diff`),
      post(`/templates/${id}/copy`, {}, {}, beta),
      post(`/templates/${secret}/copy`, {}, {}, acme),
      post(`/templates/${secret}/chains/preview`, {}, {}, acme),
      // Shared, but nothing of it is published yet.
      acme.call(`/templates/${id}/diff?from=1&to=2`),
      post(`/templates/${id}/copy`, { version: '2' }, {}, acme),
    ]);
    expect(others404.map(({ status }) => status)).toEqual(others404.map(() => 404));
    for (const q of ['secret', 'Echo']) {
      const { items } = await beta.expect<{ items: object[] }>(200, `/templates?q=${q}`);
      expect(items).toEqual([]);
    }
    // What has no label has not been published.
    expect(await statuses(acme, id)).toEqual([200, 404, 404]);
    expect((await post(`/templates/${id}/chains`, { params: { said: 'x' } }, {}, acme)).status).toBe(404);
    await put(`/templates/${id}/labels/stable`, { version: 1 });
    expect(await statuses(acme, id)).toEqual([200, 200, 404]);
    expect(await acme.expect<TemplateAnswer>(200, `/templates/${id}`)).toMatchObject({
      ...{ tenant_id: 'default', shared_with: [], created_by: null, default_version: 1 },
    });
    const listed = await versions(id, acme);
    expect(listed.map(({ number, created_by }) => ({ number, created_by }))).toEqual([{ number: 1, created_by: null }]);
    const seen = await Promise.all(
      ['', '/versions', '/versions/stable'].map(async (path) => (await acme.call(`/templates/${id}${path}`)).text),
    );
    expect(seen.join()).not.toMatch(/bank-x|internal|beta/);
    expect((await acme.call(`/templates/${id}/diff?from=1&to=2`)).status).toBe(404);
    expect((await acme.call<DiffAnswer>(`/templates/${id}/diff`)).body).toMatchObject({
      from_version: 1,
      to_version: 1,
    });
    const copy = await post(`/templates/${id}/copy`, {}, {}, acme);
    expect(copy.body).toMatchObject({ tenant_id: 'acme', labels: {}, shared_with: [] });
    expect((await api.call(`/templates/${copy.body.template_id}`)).status).toBe(404);
    const { body } = await post<{ chain_id: string }>(
      `/templates/${id}/chains`,
      { params: { said: 'mine' } },
      {},
      acme,
    );
    // Each counts its own chains.
    const use = async (client: ApiClient) => (await client.expect<{ chains: number }>(200, `/templates/${id}`)).chains;
    expect([await use(acme), await use(api)]).toEqual([1, 0]);
    expect((await acme.call(`/chains/${body.chain_id}/template-diff`)).status).toBe(200);
    expect((await acme.call(`/chains/${body.chain_id}/template-diff?version=2`)).status).toBe(404);
    expect((await api.call(`/chains/${body.chain_id}/template-diff`)).status).toBe(404);
    expect(await acme.expect<object>(200, `/chains/${body.chain_id}`)).toMatchObject({
      template_id: id,
      template_version: 1,
    });
    expect((await api.call(`/chains/${body.chain_id}`)).status).toBe(404);
    const refused = await Promise.all([
      put(`/templates/${id}`, template(), undefined, acme),
      put(`/templates/${id}/labels/stable`, { version: null }, undefined, acme),
      post(`/templates/${id}/versions/1/restore`, {}, {}, acme),
      acme.call(`/templates/${id}?confirm=${id}`, { method: 'DELETE' }),
      post(`/templates/${id}/restore`, {}, {}, acme),
      put(`/templates/${secret}`, template(), undefined, acme),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 404, 404]);
    await put(`/templates/${id}`, template({ shared_with: ['*'] }));
    expect(await statuses(beta, id)).toEqual([200, 200, 404]);
    await api.expect(200, `/templates/${id}?confirm=${id}`, { method: 'DELETE' });
    expect([await statuses(acme, id), await statuses(beta, id)]).toEqual([
      [404, 404, 404],
      [404, 404, 404],
    ]);
  });

  check('use the secrets of whoever makes the chain, and no others', async ({ api }) => {
    const key = await post<{ key: string }>('/keys', { name: 'author', role: 'author' });
    const author = new ApiClient(api.url, key.body.key);
    const withSecret = {
      ...chain([task('a', { secret: '${params.key}' }), task('b', { secret: '${secrets.of-the-admin}' })]),
      params: { required: ['key'], properties: { key: { 'x-secret': true } } },
    };
    const id = await create({ chain: withSecret });
    expect(
      codes(await post<ProblemAnswer>(`/templates/${id}/chains`, { params: { key: '${secrets.mine}' } }, {}, author)),
    ).toEqual(['SECRET_NOT_ALLOWED /params/key', 'SECRET_NOT_ALLOWED /chain/tasks/1/task_params/task_config/secret']);
    const inClear = await post<ProblemAnswer>(`/templates/${id}/chains`, { params: { key: 'hunter2' } });
    expect(codes(inClear)).toEqual(['INVALID_VALUE /params/key']);
    expect(inClear.text).not.toContain('hunter2');
    expect(codes(await post<ProblemAnswer>('/templates', template({ shared_with: ['*'] }), {}, author))).toBe(
      undefined,
    );
    expect((await post('/templates', template({ shared_with: ['*'] }), {}, author)).status).toBe(403);
    expect((await post('/templates', template(), {}, author)).status).toBe(201);
  });

  check('keep the secret of a schedule from other keys, also where an answer is repeated', async ({ api }) => {
    const [first, other] = await Promise.all(
      ['first', 'other'].map(async (name) => {
        const { body } = await post<{ key: string }>('/keys', { name, role: 'author' });
        return new ApiClient(api.url, body.key);
      }),
    );
    const body = { title: 'hook', on_webhook: true, chain: chain([task('a')]) };
    const { schedule_id } = (await post<{ schedule_id: string }>('/schedules', body, {}, first)).body;
    const rotate = (by: ApiClient | undefined) =>
      post<{ secret?: string }>(`/schedules/${schedule_id}/webhook-secret`, {}, { 'Idempotency-Key': 'once' }, by);
    const made = await rotate(first);
    expect(await rotate(first)).toMatchObject({ status: 201, body: made.body });
    expect(await rotate(other)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });
});
