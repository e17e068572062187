import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter as BoardAdapter } from '@bull-board/fastify';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AppConfig } from '#libs/platform';
import { closeBackend, openBackend, TaskQueues, type TaskJob } from '#libs/queues';
import type { ProblemFilter } from '../http/problem.filter.js';
import { problemFromError } from '../http/problem-from-error.js';
import { Problem, toProblemDocument } from '../http/problem.js';
import { includes } from '../auth/roles.js';
import type { SignIn } from '../auth/sign-in.js';

const PATH = '/admin/queues';
const BELOW = /^\/admin\/queues(?:[/?]|$)/;
/** The board's own page names a font of another host, which is not asked for: its reader's browser may have no way out. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Task Chain: any name, the key as the password"' };

/**
 * bull-board for the platform, to look and never to touch: a job that is retried, promoted or removed by hand is unknown to the
 * database, which alone decides what runs. A browser signs in by HTTP Basic with the key as the password, here and
 * nowhere else. The API has nothing to do with the queue until somebody looks: it is opened then.
 */
export async function addQueueBoard(
  adapter: FastifyAdapter,
  config: AppConfig,
  types: readonly string[],
  signIn: SignIn,
  filter: ProblemFilter,
): Promise<void> {
  const fastify = adapter.getInstance();
  const serverAdapter = new BoardAdapter().setBasePath(PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Task Chain', hideRedisDetails: true } },
  });
  serverAdapter.setErrorHandler((error) => {
    const problem = problemFromError(error);
    return { status: problem.status as 500, body: toProblemDocument(problem, PATH) as never };
  });
  let close: (() => Promise<void>) | undefined;
  const open = (): void => {
    const backend = openBackend({ ...config, maxConnections: 2 });
    const queues = new TaskQueues(backend, () => undefined);
    board.setQueues(types.map((type) => adapterOf(queues.toShow(type))));
    close = async () => {
      await queues.close();
      await closeBackend(backend);
    };
  };
  fastify.addHook('onRequest', async (request, reply) => {
    if (!isOfQueueBoard(request)) return;
    try {
      const identity = await signIn.identify(asBearer(request.headers.authorization)).catch(challenge);
      // The jobs of all tenants lie in one queue.
      if (!includes(identity.role, 'platform')) throw new Problem('FORBIDDEN', 'The queues are for the role platform.');
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new Problem('METHOD_NOT_ALLOWED', 'The queues can be looked at only: steer chains by the API.');
      }
      request.identity = identity;
      reply.header('Content-Security-Policy', POLICY);
      if (close === undefined) open();
    } catch (error) {
      // Not thrown: the board has an answer of its own to errors.
      filter.answer(error, request, reply);
      return reply;
    }
  });
  fastify.addHook('onClose', async () => close?.());
  await fastify.register(serverAdapter.registerPlugin(), { prefix: PATH });
}

/** By the route where there is one: a path may be written in more ways than one. */
export function isOfQueueBoard({ url, routeOptions }: { url: string; routeOptions: { url?: string } }): boolean {
  return BELOW.test(routeOptions.url ?? url);
}

/** `Basic` with a key as the password, as the same key by `Bearer`. */
function asBearer(authorization: string | undefined): string | undefined {
  const basic = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return authorization;
  const text = Buffer.from(basic, 'base64').toString();
  return `Bearer ${text.slice(text.indexOf(':') + 1)}`;
}

function challenge(error: unknown): never {
  if (!(error instanceof Problem) || error.code !== 'UNAUTHENTICATED') throw error;
  throw new Problem('UNAUTHENTICATED', 'Sign in with a key of the role platform as the password.', {
    headers: CHALLENGE,
  });
}

type ShownQueue = ReturnType<TaskQueues['toShow']>;

/** Of a job its ids and times; neither parameters nor results of other tasks. */
function adapterOf(queue: ShownQueue): BullMQAdapter {
  const shown = new BullMQAdapter(queue as never, { readOnlyMode: true });
  shown.setFormatter('data', (data: { job?: string }) => {
    if (typeof data.job !== 'string') return {};
    const { chainId, taskId, taskRequestId, taskType, attempt, timeoutMs, priority } = JSON.parse(data.job) as TaskJob;
    return { chainId, taskId, taskRequestId, taskType, attempt, timeoutMs, priority };
  });
  return shown;
}
