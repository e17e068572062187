import { describe, expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import {
  chain,
  describeSystem,
  line,
  seedExample,
  task,
  type ChainAnswer,
  type ProblemAnswer,
} from './system/index.js';

interface ListAnswer {
  items: ChainAnswer[];
  total: number | null;
  page: number | null;
  page_size: number;
  next_cursor: string | null;
}

interface GraphAnswer {
  chain_type: string;
  nodes: { task_id: string; status: string; level: number; parties: string[] }[];
  edges: { from: string; to: string }[];
  levels: string[][];
  critical_path: string[];
}

describeSystem('chains', 'postgres', { apps: ['api'] }, (check) => {
  describe('creating with an Idempotency-Key', () => {
    const body = chain(line(3));

    check('gives the same chain for the same body, and refuses another', async ({ api }) => {
      const options = { method: 'POST', body, headers: { 'idempotency-key': 'key-1' } };
      const first = await api.call<{ chain_id: string }>('/chains', options);
      expect(first.status).toBe(201);
      expect(first.headers.get('idempotency-replayed')).toBe(null);
      expect(first.headers.get('location')).toBe(`/api/v1/chains/${first.body.chain_id}`);
      const again = await api.call<{ chain_id: string }>('/chains', options);
      expect(again.status).toBe(201);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.body).toEqual(first.body);
      const other = await api.call('/chains', { ...options, body: chain(line(4)) });
      expect(other.status).toBe(422);
      expect(other.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
      expect((await api.expect<ListAnswer>(200, '/chains')).total).toBe(1);
    });

    check('of 50 clients at once creates one chain', async (system) => {
      const { api } = system;
      const options = { method: 'POST', body, headers: { 'idempotency-key': 'key-2' } };
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => api.call<{ chain_id: string }>('/chains', options)),
      );
      expect(answers.map((answer) => answer.status)).toEqual(Array<number>(50).fill(201));
      for (const answer of answers) expect(answer.body).toEqual(answers[0]!.body);
      expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === null)).toHaveLength(1);
      const { rows } = await withConnection(system.databaseUrl, (client) =>
        client.query<{ chains: string; tasks: string; requests: string }>(
          `SELECT (SELECT count(*) FROM task_chains) AS chains, (SELECT count(*) FROM chain_tasks) AS tasks,
                  (SELECT count(*) FROM task_requests) AS requests`,
        ),
      );
      expect(rows[0]).toEqual({ chains: '2', tasks: '6', requests: '6' });
    });

    check('is not used up by a body that was refused', async ({ api }) => {
      const headers = { 'idempotency-key': 'key-3' };
      expect((await api.call('/chains', { method: 'POST', body: chain([]), headers })).status).toBe(400);
      expect((await api.call('/chains', { method: 'POST', body, headers })).status).toBe(201);
    });

    check('refuses a key that is not valid', async ({ api }) => {
      for (const key of ['', 'x'.repeat(256)]) {
        const answer = await api.call('/chains', { method: 'POST', body, headers: { 'idempotency-key': key } });
        expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'BAD_REQUEST' });
      }
    });
  });

  describe('a chain in parts', () => {
    check('is a summary, some fields, or a page of tasks that fit', async ({ api }) => {
      const id = await api.create({
        ...chain([task('first'), task('b', {}, { depends_on: ['first'] })]),
        metadata: { m: 1 },
      });
      const whole = await api.chain(id);
      expect(await api.expect(200, `/chains/${id}?view=summary`)).toEqual({
        ...whole,
        // Results may be large, and a summary never reads tasks.
        outputs: undefined,
        tasks: [],
      });
      expect(await api.expect(200, `/chains/${id}?view=full`)).toEqual(whole);
      const some = (fields: string) => api.expect(200, `/chains/${id}?fields=${fields}`);
      expect(await some('status,metadata')).toEqual({ chain_id: id, status: 'PENDING', metadata: { m: 1 } });
      expect(await some('tasks.status')).toEqual({
        chain_id: id,
        tasks: ['first', 'b'].map((task_id) => ({ task_id, status: 'PENDING' })),
      });
      expect(await some('tasks.waiting')).toEqual({
        chain_id: id,
        tasks: whole.tasks.map(({ task_id, waiting }) => ({ task_id, waiting })),
      });
      expect(await some('tasks')).toEqual({ chain_id: id, tasks: whole.tasks });
      const etag = (await api.call(`/chains/${id}?view=summary`)).headers.get('etag')!;
      const unchanged = { headers: { 'if-none-match': etag } };
      expect((await api.call(`/chains/${id}?view=summary`, unchanged)).status).toBe(304);

      const list = (query: string) => api.expect(200, `/chains/${id}/tasks?${query}`);
      expect(await list('')).toEqual({ items: whole.tasks, total: 2, page: 1, page_size: 100 });
      expect(await list('page=2&page_size=1')).toEqual({ items: [whole.tasks[1]], total: 2, page: 2, page_size: 1 });
      expect(await list('q=IRST&status=PENDING,READY&task_type=diagnostic&fields=status')).toEqual({
        items: [{ task_id: 'first', status: 'PENDING' }],
        total: 1,
        page: 1,
        page_size: 100,
      });
      expect(await list(`task_id=${whole.tasks[1]!.task_id}`)).toMatchObject({ items: [whole.tasks[1]], total: 1 });
      expect(await list('task_id=irst')).toMatchObject({ items: [], total: 0 });
      expect(await list('status=SUCCESS')).toMatchObject({ items: [], total: 0 });
      for (const path of ['?view=x', '?fields=nope', '?view=summary&fields=status', '/tasks?fields=x', '/tasks?foo=1'])
        expect([path, (await api.call(`/chains/${id}${path}`)).body.code]).toEqual([path, 'INVALID_QUERY']);
      expect((await api.call('/chains/chain-none/tasks')).body.code).toBe('CHAIN_NOT_FOUND');
    });
  });

  describe('validating and the graph', () => {
    check('tell type, levels and critical path, and validating stores nothing', async ({ api }) => {
      const { total } = await api.expect<ListAnswer>(200, '/chains');
      const verdict = await api.expect(200, '/chains/validate', { method: 'POST', body: seedExample('complex') });
      const levels = [['task-001'], ['task-002', 'task-003'], ['task-004'], ['task-005']];
      expect(verdict).toEqual({
        valid: true,
        errors: [],
        chain_type: 'complex',
        total_tasks: 5,
        levels,
        critical_path: ['task-001', 'task-002', 'task-004', 'task-005'],
        approvals: expect.any(Array),
        at_sites: [],
        warnings: [],
      });
      expect((await api.expect<ListAnswer>(200, '/chains')).total).toBe(total);

      const id = await api.create(seedExample('complex'));
      const graph = await api.expect<GraphAnswer>(200, `/chains/${id}/graph`);
      expect(graph).toMatchObject({ chain_id: id, chain_type: 'complex', levels });
      expect(graph.nodes.map((node) => [node.task_id, node.level, node.status])).toEqual([
        ['task-001', 0, 'PENDING'],
        ['task-002', 1, 'PENDING'],
        ['task-003', 1, 'PENDING'],
        ['task-004', 2, 'PENDING'],
        ['task-005', 3, 'PENDING'],
      ]);
      expect(graph.edges).toEqual([
        { from: 'task-001', to: 'task-002' },
        { from: 'task-001', to: 'task-003' },
        { from: 'task-002', to: 'task-004' },
        { from: 'task-003', to: 'task-004' },
        { from: 'task-004', to: 'task-005' },
      ]);
    });

    check('are drawn as Mermaid, DOT and SVG, whatever the names hold', async ({ api }) => {
      const hostile = '"]; click a "javascript:alert(1)" %% <b>\n\\" 名';
      const task_params = { task_config: {}, sf_init_config: { address: 'local', parties: ['alice', 'bob'] } };
      const id = await api.create(
        chain([task('a', {}, { task_name: hostile }), task('b', {}, { depends_on: ['a'], task_params })]),
      );
      const { nodes } = await api.expect<GraphAnswer>(200, `/chains/${id}/graph`);
      expect(nodes.map(({ parties }) => parties)).toEqual([[], ['alice', 'bob']]);
      const mermaid = await api.call(`/chains/${id}/graph`, { headers: { accept: 'text/vnd.mermaid' } });
      expect(mermaid.headers.get('content-type')).toContain('text/vnd.mermaid');
      expect(mermaid.text).toMatch(/^flowchart LR\n/);
      expect(mermaid.text).toContain('    t0 --> t1\n');
      const [label] = /t0\["(.*)"\]:::PENDING/.exec(mermaid.text)!.slice(1);
      expect(label).toMatch(/^[^"<\\\n]*<br\/>diagnostic PENDING$/);
      expect(label).toContain('名');
      const dot = await api.call(`/chains/${id}/graph`, { headers: { accept: 'text/vnd.graphviz' } });
      expect(dot.headers.get('content-type')).toContain('text/vnd.graphviz');
      expect(dot.text).toMatch(/^digraph chain \{\n/);
      expect(dot.text).toContain('  "a" -> "b" [penwidth=3];\n');
      const strings = dot.text.split('\n').find((row) => row.includes('label='))!;
      // Every quote and backslash of the name is escaped: what is left outside of quoted strings is plain.
      expect(strings.replaceAll(/"(?:[^"\\]|\\.)*"/g, 'S')).toBe('  S [label=S style=filled fillcolor=S color=S];');
      const svg = await api.call(`/chains/${id}/graph`, { headers: { accept: 'image/svg+xml' } });
      expect(svg.headers.get('content-type')).toContain('image/svg+xml');
      expect(svg.text).toMatch(/^<svg xmlns=/);
      expect(svg.text.match(/<g class="PENDING">/g)?.length).toBe(2);
      expect(svg.text).toContain('%% &lt;b&gt;');
      // Generated clients name every type of the document.
      for (const [path, type] of [
        [`/chains/${id}/graph`, 'image/svg+xml'],
        [`/chains/${id}/events`, 'text/event-stream'],
        ['/events', 'text/event-stream'],
      ] as const) {
        const both = await api.call(path, { headers: { accept: `${type}, application/json` } });
        expect([path, both.headers.get('content-type')]).toEqual([path, 'application/json; charset=utf-8']);
      }
    });
  });
});

describeSystem('lists of chains', 'postgres', { apps: ['api'] }, (check, system) => {
  const COUNT = 45;
  const ids: string[] = [];

  check('are paged by number and by cursor, without loss or double', async ({ api }) => {
    const tasks = [line(2), [task('a'), task('b')], [task('a'), task('b'), task('c', {}, { depends_on: ['a', 'b'] })]];
    for (let i = 0; i < COUNT; i++)
      ids.push(await api.create({ ...chain(tasks[i % 3]!), chain_name: `list 100%_${i}` }));
    const newest = [...ids].reverse();
    for (const [query, expected] of [
      ['page_size=7', newest],
      ['page_size=7&sort=created_at', ids],
      ['page_size=200', newest],
    ] as const) {
      const byCursor: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const more: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        const page: ListAnswer = await api.expect<ListAnswer>(200, `/chains?${query}${more}`);
        expect(page.total).toBe(cursor ? null : COUNT);
        expect(page.items.length).toBeLessThanOrEqual(page.page_size);
        byCursor.push(...page.items.map((item) => item.chain_id));
        cursor = page.next_cursor;
        // A chain that comes meanwhile moves no other to another page.
        if (query === 'page_size=7' && byCursor.length === 14) await addAndForget(api.create(chain([task('new')])));
      }
      expect(byCursor).toEqual(expected);
    }
    const byNumber: string[] = [];
    for (let page = 1; page <= 7; page++) {
      const answer = await api.expect<ListAnswer>(200, `/chains?page=${page}&page_size=7`);
      expect(answer).toMatchObject({ total: COUNT, page, page_size: 7 });
      byNumber.push(...answer.items.map((item) => item.chain_id));
    }
    expect(byNumber).toEqual(newest);
    expect((await api.expect<ListAnswer>(200, '/chains?page=100')).items).toEqual([]);
  });

  check('are narrowed by what is asked for', async ({ api }) => {
    const found = async (query: string) => (await api.expect<ListAnswer>(200, `/chains?page_size=200&${query}`)).items;
    await api.expect(200, `/chains/${ids[0]}/cancel`, { method: 'POST' });
    expect((await found('status=CANCELLED')).map((item) => item.chain_id)).toEqual([ids[0]]);
    expect(await found('status=CANCELLED,PENDING')).toHaveLength(COUNT);
    expect(await found('status=CANCELLED&status=PENDING')).toHaveLength(COUNT);
    expect(await found('status=RUNNING')).toEqual([]);
    expect((await found('chain_type=chord')).every((item) => item.chain_type === 'chord')).toBe(true);
    expect(await found('chain_type=chord')).toHaveLength(COUNT / 3);
    expect(await found('task_type=diagnostic')).toHaveLength(COUNT);
    expect(await found('task_type=psi')).toEqual([]);
    expect(await found('created_by=nobody')).toEqual([]);
    // Taken as they are, not as a pattern.
    expect(await found(`q=${encodeURIComponent('100%_4')}`)).toHaveLength(6);
    expect(await found(`q=${encodeURIComponent('%_%')}`)).toEqual([]);
    expect(await found(`q=${encodeURIComponent('LIST 100%_44')}`)).toHaveLength(1);
    const middle = await api.chain(ids[20]!);
    const { created_at: time } = middle as unknown as { created_at: string };
    const from = await found(`created_from=${encodeURIComponent(time)}`);
    const until = await found(`created_to=${encodeURIComponent(time)}`);
    expect(from.length + until.length).toBe(COUNT);
    expect(from.map((item) => item.chain_id)).toContain(ids[30]);
    expect(until.map((item) => item.chain_id)).toContain(ids[10]);
    expect(Object.keys((await found('q=44'))[0]!)).not.toContain('tasks');
  });

  check('are narrowed by labels, as are bulk actions, and hold the fields that are asked for', async ({ api }) => {
    const create = (labels: object) => api.create({ ...chain([task('a')]), labels });
    const both = await create({ env: 'prod', 'team/owner': '风控=1' });
    const other = await create({ env: 'prod' });
    await create({ env: 'test' });
    const ids = async (query: string) =>
      (await api.expect<ListAnswer>(200, `/chains?${query}`)).items.map(({ chain_id }) => chain_id);
    expect(await ids('labels.env=prod')).toEqual([other, both]);
    expect(await ids('labels=env%3Dprod&labels.team/owner=%E9%A3%8E%E6%8E%A7%3D1')).toEqual([both]);
    expect(await ids('labels=env%3Dprod,env%3Dtest')).toEqual([]);
    expect(await ids('labels.env=none')).toEqual([]);
    const { items } = await api.expect<ListAnswer>(200, '/chains?labels.env=prod&fields=labels&sort=chain_name');
    expect(items).toEqual([
      { chain_id: both, labels: { env: 'prod', 'team/owner': '风控=1' } },
      { chain_id: other, labels: { env: 'prod' } },
    ]);
    const bulk = { method: 'POST', body: { filter: { labels: 'env=prod' }, dry_run: true } };
    const { results } = await api.expect<{ results: { chain_id: string }[] }>(200, '/chains/bulk/cancel', bulk);
    expect(results.map(({ chain_id }) => chain_id)).toEqual([both, other]);
    for (const query of ['labels=env', 'labels.=x', 'labels.env=', 'labels.a%20b=c', 'labels.env=a&labels.env=b,c'])
      expect([query, (await api.call(`/chains?${query}`)).body.code]).toEqual([query, 'INVALID_QUERY']);
    for (const labels of [{ 'a b': 'c' }, { env: 'a,b' }, { env: '' }, { env: 1 }, [], { __proto: 'a\u0000' }])
      expect((await api.call('/chains', { method: 'POST', body: { ...chain([task('a')]), labels } })).status).toBe(400);
    const cursor = (await api.expect<ListAnswer>(200, '/chains?sort=chain_name&page_size=1')).next_cursor!;
    expect((await api.call(`/chains?cursor=${cursor}`)).body.code).toBe('INVALID_QUERY');
    expect(await ids(`sort=chain_name&cursor=${cursor}`)).not.toHaveLength(0);
  });

  check('of what cannot be asked for answer INVALID_QUERY, and say where', async ({ api }) => {
    const cursor = (row: unknown) => `cursor=${Buffer.from(JSON.stringify(row)).toString('base64url')}`;
    const wrong: Record<string, string> = {
      'page=0': '/page',
      'page=-1': '/page',
      'page=1.5': '/page',
      'page=x': '/page',
      'page=': '/page',
      'page=1&page=2': '/page',
      'page=10001&page_size=200': '/page',
      'page_size=0': '/page_size',
      'page_size=201': '/page_size',
      'status=DONE': '/status',
      'status=RUNNING,': '/status',
      'chain_type=tree': '/chain_type',
      'sort=priority': '/sort',
      'created_from=yesterday': '/created_from',
      'created_from=2026-13-01': '/created_from',
      'created_from=2026-02-30': '/created_from',
      'created_from=0000-01-01': '/created_from',
      'created_to=2026-01-01T99:00:00Z': '/created_to',
      'created_to=2026-01-01%20and%20more': '/created_to',
      'q=%00': '/q',
      [`q=${'x'.repeat(300)}`]: '/q',
      'created_by=a&created_by=b': '/created_by',
      'statu=RUNNING': '/statu',
      '__proto__=1': '/__proto__',
      'cursor=nonsense': '/cursor',
      [cursor({})]: '/cursor',
      [cursor(['2026-01-01T00:00:00Z', 'x'])]: '/cursor',
      [cursor(['2026-02-30 00:00:00+00', 1])]: '/cursor',
      [cursor(['0000-01-01 00:00:00+00', 1])]: '/cursor',
      [cursor(['2026-01-01 00:00:00+99', 1])]: '/cursor',
      [cursor(["2026-01-01 00:00:00'+00", 1])]: '/cursor',
      'cursor=x&page=1': '/page',
    };
    const answers: Record<string, string | undefined> = {};
    for (const [query, pointer] of Object.entries(wrong)) {
      const { status, body, text } = await api.call<ProblemAnswer>(`/chains?${query}`);
      const fits =
        status === 400 && body.code === 'INVALID_QUERY' && body.errors?.some((each) => each.pointer === pointer);
      if (!fits) answers[query] = `${status} ${text.slice(0, 200)}`;
    }
    expect(answers).toEqual({});
    const several = await api.call<ProblemAnswer>('/chains?page=0&page_size=0&sort=x');
    expect(several.body.errors!.map((each) => each.pointer).sort()).toEqual(['/page', '/page_size', '/sort']);
  });

  async function addAndForget(created: Promise<string>): Promise<void> {
    const id = await created;
    await withConnection(system.databaseUrl, (client) =>
      client.query('DELETE FROM task_chains WHERE chain_id = $1', [id]),
    );
  }
});
