import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { BadRequestException, Controller, Get, Module, NotFoundException, Param, Post, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { Problem, type ProblemDocument, PROBLEMS, toProblemDocument } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });
const THROWN: Readonly<Record<string, unknown>> = {
  problem: new Problem('CHAIN_STATE_CONFLICT', 'The chain is RUNNING.', {
    errors: [{ code: 'X', pointer: '/a', message: 'm' }],
    headers: { 'x-extra': '1' },
  }),
  nest: new BadRequestException(['page must be a number', 'sort is unknown']),
  missing: new NotFoundException('No such thing'),
  bug: new TypeError('secret internals'),
  text: 'just a string',
  nothing: undefined,
  refused: new AggregateError([coded('connect', 'ECONNREFUSED')]),
  shutdown: new Error('query failed', { cause: coded('terminating connection', '57P01') }),
  driver: Object.assign(new Error('QueryFailedError'), { driverError: coded('x', '53300') }),
  timeout: new Error('Query read timeout'),
  connection: coded('x', '08006'),
  disk: coded('x', '53100'),
  memory: coded('x', '53200'),
  system: coded('x', '58030'),
  deadlock: coded('x', '40P01'),
  ended: new Error('Cannot use a pool after calling end on the pool'),
  unique: coded('duplicate key value (secret)', '23505'),
};

@Controller()
class ThrowingController {
  @Get('throw/:what')
  throw(@Param('what') what: string): void {
    throw THROWN[what];
  }
  @Get('stream')
  stream(@Res() reply: FastifyReply): void {
    reply.raw.write('the first part');
    throw new TypeError('the rest fails');
  }
  @Post('body')
  body(): object {
    return {};
  }
}
@Module({ controllers: [ThrowingController] })
class ThrowingModule {}

describe('ProblemFilter', () => {
  const logged: { fields: { err?: unknown }; message: string }[] = [];
  const filter = new ProblemFilter({ error: (fields, message) => void logged.push({ fields, message }) });
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const adapter = new FastifyAdapter({ bodyLimit: 100, frameworkErrors: filter.answer });
    app = await NestFactory.create<NestFastifyApplication>(ThrowingModule, adapter, { logger: false });
    app.useGlobalFilters(filter);
    await app.init();
  });
  afterAll(() => app.close());

  const ask = async (request: Parameters<NestFastifyApplication['inject']>[0]) => {
    logged.length = 0;
    const response = await app.inject(request as string);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    const document = response.json<ProblemDocument>();
    expect(document.status).toBe(response.statusCode);
    return { response, document };
  };

  it('sends a problem as it is', async () => {
    const { response, document } = await ask('/throw/problem?secret=1');
    expect(response.headers['x-extra']).toBe('1');
    expect(document).toEqual({
      type: '/problems/chain-state-conflict',
      title: 'The state of the chain does not allow this',
      status: 409,
      detail: 'The chain is RUNNING.',
      instance: '/throw/problem',
      code: 'CHAIN_STATE_CONFLICT',
      errors: [{ code: 'X', pointer: '/a', message: 'm' }],
    });
    expect(logged).toEqual([]);
  });

  for (const [what, status, code] of [
    ['nest', 400, 'BAD_REQUEST'],
    ['missing', 404, 'NOT_FOUND'],
    ['bug', 500, 'INTERNAL'],
    ['text', 500, 'INTERNAL'],
    ['nothing', 500, 'INTERNAL'],
    ['unique', 500, 'INTERNAL'],
    ['refused', 503, 'UNAVAILABLE'],
    ['shutdown', 503, 'UNAVAILABLE'],
    ['driver', 503, 'UNAVAILABLE'],
    ['timeout', 503, 'UNAVAILABLE'],
    ['connection', 503, 'UNAVAILABLE'],
    ['disk', 503, 'UNAVAILABLE'],
    ['memory', 503, 'UNAVAILABLE'],
    ['system', 503, 'UNAVAILABLE'],
    ['deadlock', 503, 'UNAVAILABLE'],
    ['ended', 503, 'UNAVAILABLE'],
  ] as const) {
    it(`answers ${what} with ${status} ${code}`, async () => {
      const { response, document } = await ask(`/throw/${what}`);
      expect([response.statusCode, document.code]).toEqual([status, code]);
      expect(response.headers['retry-after']).toBe(status === 503 ? '2' : undefined);
      expect(response.body).not.toContain('secret');
      expect(logged).toHaveLength(status >= 500 ? 1 : 0);
      if (what === 'bug' || what === 'refused') expect(logged[0]?.fields.err).toBe(THROWN[what]);
    });
  }

  it('cuts an answer that has begun, so that no client takes a part for the whole', async () => {
    await expect(app.inject('/stream')).rejects.toThrow();
  });

  it('lists what a validation pipe says', async () => {
    expect((await ask('/throw/nest')).document.errors).toEqual([
      { code: 'BAD_REQUEST', message: 'page must be a number' },
      { code: 'BAD_REQUEST', message: 'sort is unknown' },
    ]);
  });

  it('answers what Fastify refuses by itself', async () => {
    const post = (headers: Record<string, string>, payload: string) =>
      ask({ method: 'POST', url: '/body', headers, payload });
    const json = { 'content-type': 'application/json' };
    expect((await post(json, 'x'.repeat(200))).document.code).toBe('BODY_TOO_LARGE');
    expect((await post({ 'content-type': 'text/csv' }, 'a,b')).document).toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      detail: 'Send the body as application/json.',
    });
    expect((await post(json, '{"a":')).response.statusCode).toBe(400);
    expect((await post(json, '')).response.statusCode).toBe(400);
    expect((await ask('/nowhere')).document).toMatchObject({ code: 'NOT_FOUND', instance: '/nowhere' });
    expect((await ask({ method: 'DELETE', url: '/body' })).document.code).toBe('NOT_FOUND');
    expect((await ask('/throw/%ZZ')).document.code).toBe('BAD_REQUEST');
    expect(logged).toEqual([]);
  });
});

describe('the table of problems', () => {
  it('gives each code its own address and title', () => {
    const codes = Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[];
    const documents = codes.map((code) => toProblemDocument(new Problem(code, 'd'), '/'));
    expect(new Set(documents.map(({ type }) => type)).size).toBe(codes.length);
    expect(new Set(documents.map(({ title }) => title)).size).toBe(codes.length);
    for (const { type, status } of documents) {
      expect(type).toMatch(/^\/problems\/[a-z]+(-[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});
