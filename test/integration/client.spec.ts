import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import typescript from 'typescript';
import { ConnectionError, ProblemError, TaskChainClient, WaitTimeoutError, type CreateChainRequest } from '#client';
import { chain, describeSystem, line, task, type ApiClient } from './system/index.js';
import { TEST_API_KEY } from './system/api-client.js';

const README = new URL('../../../clients/typescript/README.md', import.meta.url);
const CLIENT = import.meta.resolve('#client');
const clientOf = (api: ApiClient, token: string | undefined = TEST_API_KEY) =>
  new TaskChainClient({ baseUrl: api.url, token });
const body = (...args: Parameters<typeof chain>) => chain(...args) as unknown as CreateChainRequest;

describeSystem('the TypeScript client', 'postgres', {}, (check) => {
  check('runs a chain to its end and tells each change', async ({ api }) => {
    const client = clientOf(api);
    const seen: string[] = [];
    const ended = await client.runChain(body(line(3, { delay_ms: 30 })), {
      onProgress: ({ chain, tasks }) => {
        seen.push(chain.status);
        expect(tasks.size).toBe(3);
      },
    });
    expect(ended).toMatchObject({ status: 'SUCCESS', total_tasks: 3, completed_tasks: 3 });
    expect(ended.tasks.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(seen.at(-1)).toBe('SUCCESS');
  });

  check('steers a chain, task by task', async ({ api }) => {
    const client = clientOf(api);
    const { chain_id } = await client.createChain({ body: body(line(3, { delay_ms: 1_500 })) });
    const path = { chain_id };
    expect(await client.executeChain({ path })).toMatchObject({ chain_id, dry_run: false, epoch: 1 });
    await client.skipTask({ path: { chain_id, task_id: 'task-1' }, body: { note: 'not needed' } });
    const ended = await client.waitForChain(chain_id, { timeoutMs: 30_000 });
    expect(ended.tasks.map(({ status }) => status)).toEqual(['SUCCESS', 'SKIPPED', 'SKIPPED']);
    const graph = await client.getChainGraph({ path });
    expect(graph).toMatchObject({
      edges: [
        { from: 'task-0', to: 'task-1' },
        { from: 'task-1', to: 'task-2' },
      ],
    });
    expect(await client.chainGraphText(chain_id, 'mermaid')).toMatch(/^(graph|flowchart) /);
    expect(await client.chainGraphText(chain_id, 'graphviz')).toMatch(/^digraph /);
    const events = await all(client.allChainEvents(chain_id));
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['ChainCreated', 'ChainFinished']));
  });

  check('throws the problems that the API answers with', async ({ api }) => {
    const client = clientOf(api);
    const refused = await failureOf(client.createChain({ body: body([task('a', {}, { depends_on: ['b'] })]) }));
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_CHAIN', requestId: expect.any(String) });
    expect((refused as ProblemError).errors).toEqual([
      expect.objectContaining({ code: 'MISSING_DEPENDENCY', pointer: '/tasks/0/depends_on/0' }),
    ]);
    const ended = await client.runChain(body([task('a')]));
    expect(await failureOf(client.pauseChain({ path: { chain_id: ended.chain_id } }))).toMatchObject({
      code: 'CHAIN_STATE_CONFLICT',
      state: { chain_status: 'SUCCESS' },
    });
    expect(await failureOf(clientOf(api, 'wrong').listChains())).toMatchObject({
      status: 401,
      code: 'UNAUTHENTICATED',
    });
    expect(await failureOf(client.waitForChain('chain-none'))).toMatchObject({ code: 'CHAIN_NOT_FOUND' });
    const nowhere = new TaskChainClient({ baseUrl: 'http://127.0.0.1:9', retry: { retries: 0 } });
    expect(await failureOf(nowhere.listChains())).toBeInstanceOf(ConnectionError);
  });

  check('creates a chain once, however often it is sent with one key', async ({ api }) => {
    const client = clientOf(api);
    const once = { body: body(line(1)), headers: { 'Idempotency-Key': 'client-once' } };
    const [first, second] = [await client.createChain(once), await client.createChain(once)];
    expect(second).toEqual(first);
    const other = await client.createChain({ body: once.body });
    expect(other.chain_id).not.toBe(first.chain_id);
  });

  check('gives up waiting when aborted or late, and the chain goes on', async ({ api }) => {
    const client = clientOf(api);
    const { chain_id } = await client.createChain({
      body: { ...body([task('a', { delay_ms: 20_000 })]), execute: true },
    });
    expect(await failureOf(client.waitForChain(chain_id, { timeoutMs: 50 }))).toBeInstanceOf(WaitTimeoutError);
    const abort = new AbortController();
    const waiting = failureOf(client.waitForChain(chain_id, { signal: abort.signal, onProgress: () => abort.abort() }));
    expect(await waiting).toBe(abort.signal.reason);
    expect(await client.getChain({ path: { chain_id } })).toMatchObject({ status: 'RUNNING' });
    await client.cancelChain({ path: { chain_id } });
    expect(await client.waitForChain(chain_id)).toMatchObject({ status: 'CANCELLED' });
  });

  check('reads lists page by page, each item once', async ({ api }) => {
    const client = clientOf(api);
    const name = 'read page by page';
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { chain_id } = await client.createChain({ body: { ...body(line(1)), chain_name: name } });
      made.unshift(chain_id);
    }
    const listed = await all(client.allChains({ q: name, page_size: 2 }));
    expect(listed.map(({ chain_id }) => chain_id)).toEqual(made);
    const created = (await all(client.allEvents({ kind: 'ChainCreated' }))).map((event) => event.chain_id);
    expect(created.slice(-5)).toEqual(made.toReversed());
  });

  check('follows the events of all chains, from where it left off', async ({ api }) => {
    const client = clientOf(api);
    const finished = async (after: number | undefined, of: () => Promise<unknown>) => {
      const events = client.watchEvents({ after, kind: 'ChainFinished' });
      const next = events.next();
      await of();
      const { value } = await next;
      await events.return(undefined);
      return value!;
    };
    const first = await finished(0, async () => client.runChain(body(line(1))));
    const { chain_id } = await client.runChain(body(line(1)));
    const seen: string[] = [];
    for await (const event of client.watchEvents({ after: first.id, kind: 'ChainFinished' })) {
      seen.push(event.chain_id);
      if (event.chain_id === chain_id) break;
    }
    expect(seen).not.toContain(first.chain_id);
  });

  check('does what its README shows', async ({ api }) => {
    const markdown = readFileSync(README, 'utf8');
    const code = [...markdown.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, block]) => block).join('');
    const { outputText } = typescript.transpileModule(code.replaceAll("'@task-chain/client'", `'${CLIENT}'`), {
      compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext },
    });
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', outputText], {
      env: { ...process.env, TASK_CHAIN_URL: api.url, TASK_CHAIN_TOKEN: TEST_API_KEY },
    });
    const lines = stdout.trim().split('\n');
    expect(lines.filter((row) => /^\d of 2$/.test(row)).at(-1)).toBe('2 of 2');
    expect(stdout).toMatch(/^SUCCESS \{$[^]*^ {2}result: 3,$/m);
    expect(lines).toEqual(expect.arrayContaining(['400 INVALID_CHAIN', 'first SUCCESS 1', 'second SUCCESS 1']));
    expect(stdout).toMatch(/complex \[\s+'count < ',\s+'diagnostic-1 < count',\s+'diagnostic-2 < count',/);
    expect(stdout).toMatch(/^NO_TASKS \/tasks /m);
    expect(lines.at(-1)).toBe('SUCCESS');
  });
});

/** What the promise rejects with. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`did not fail but gave ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
