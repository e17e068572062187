import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const BUILT = fileURLToPath(new URL('../../../console/', import.meta.url));
/** What the page asks the browser to call by its own paths. */
const PAGES = [
  ...['/', '/sign-in', '/chains', '/chains/:chain_id', '/designer', '/templates', '/templates/:template_id'],
  ...['/schedules', '/schedules/:schedule_id'],
  ...['/approvals', '/data', '/data/:party/:name', '/workers', '/task-types', '/settings'],
];
/** What the build leaves in the page where each answer has a nonce of its own. */
const PLACE = 'NONCE_OF_THE_ANSWER';
const PUBLIC = { config: { public: true } };

/** All from here; styles that scripts add carry the nonce. */
const policyOf = (nonce: string): string =>
  [
    "default-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/** Serves the web console: its page at each of its paths, and its files, which are never changed under a name. */
export async function serveConsole(fastify: FastifyInstance, built = BUILT): Promise<void> {
  if (!existsSync(`${built}index.html`)) {
    fastify.get('/', PUBLIC, (_request, reply) => reply.redirect('/docs'));
    return;
  }
  const page = readFileSync(`${built}index.html`, 'utf8');
  for (const path of PAGES) {
    fastify.get(path, PUBLIC, (_request, reply) => {
      const nonce = randomBytes(18).toString('base64url');
      return reply
        .type('text/html; charset=utf-8')
        .header('Cache-Control', 'no-store')
        .header('Content-Security-Policy', policyOf(nonce))
        .send(page.replaceAll(PLACE, nonce));
    });
  }
  await fastify.register(async (files) => {
    files.addHook('onRoute', (route) => void (route.config = { ...route.config, ...PUBLIC.config }));
    await files.register(fastifyStatic, {
      root: `${built}assets`,
      prefix: '/assets/',
      preCompressed: true,
      decorateReply: false,
      index: false,
      immutable: true,
      maxAge: '365d',
    });
  });
}
