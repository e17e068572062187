import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { LOGGER } from '#libs/platform';
import { ProblemFilter } from '../http/problem.filter.js';
import { Public, Roles } from './access.js';
import { RolesGuard } from './roles.guard.js';
import type { Role } from './roles.js';

@Controller('plain')
class PlainController {
  @Get('nothing-said')
  unsaid(): string {
    return 'ok';
  }
  @Get('public')
  @Public()
  open(): string {
    return 'ok';
  }
}

@Controller('classed')
@Roles('operator')
class ClassedController {
  @Get('own')
  own(): string {
    return 'ok';
  }
  @Get('higher')
  @Roles('admin')
  higher(): string {
    return 'ok';
  }
}

describe('RolesGuard', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      controllers: [PlainController, ClassedController],
      providers: [
        { provide: LOGGER, useValue: { error: () => undefined } },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: RolesGuard },
      ],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    const fastify = app.getHttpAdapter().getInstance();
    fastify.decorateRequest('identity');
    fastify.addHook('onRequest', async (request) => {
      const role = request.headers['x-role'] as Role | undefined;
      if (role !== undefined) request.identity = { actor: 'somebody', role, tenant: 'default' };
    });
    await app.init();
  });
  afterAll(() => app.close());
  const ask = async (url: string, role?: Role) => {
    const answer = await app.inject({ url, headers: role === undefined ? {} : { 'x-role': role } });
    return answer.statusCode === 200 ? 'ok' : `${answer.statusCode} ${answer.json<{ detail: string }>().detail}`;
  };

  it('admits everybody to a public route', async () => {
    expect(await ask('/plain/public')).toBe('ok');
  });

  it('refuses everybody on a route that names no role', async () => {
    expect(await ask('/plain/nothing-said')).toBe('403 Not signed in.');
    expect(await ask('/plain/nothing-said', 'platform')).toBe(
      '403 The role platform does not allow this: no role does.',
    );
  });

  it('takes the role of the route over that of the controller, and each higher one', async () => {
    expect(await ask('/classed/own')).toBe('403 Not signed in.');
    expect(await ask('/classed/own', 'viewer')).toBe(
      '403 The role viewer does not allow this: it takes operator or author or admin or platform.',
    );
    expect(await ask('/classed/own', 'author')).toBe('ok');
    expect(await ask('/classed/higher', 'author')).toBe(
      '403 The role author does not allow this: it takes admin or platform.',
    );
    expect(await ask('/classed/higher', 'platform')).toBe('ok');
  });
});
