import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter as BoardAdapter } from '@bull-board/fastify';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { TaskJob, TaskQueues } from '#libs/queues';
import { includes } from '../auth/roles.js';
import { SignIn } from '../auth/sign-in.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { problemFromError } from '../http/problem-from-error.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { Problem, toProblemDocument } from '../http/problem.js';

/** The queues while the board shows them. */
export interface OpenQueues extends Pick<TaskQueues, 'queue'> {
  close(): Promise<void>;
}

/** Token of what opens the queues: `() => Promise<OpenQueues>`. */
export const QUEUES_OPENER = Symbol('QUEUES_OPENER');

const PATH = '/admin/queues';
const BELOW = /^\/admin\/queues(?:[/?]|$)/;
/** The board's page names a font of another host. It is not loaded: the reader's browser may have no way out. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Task Chain: any name, the key as the password"' };

/**
 * bull-board for the role platform, read-only: a job that is retried, promoted or removed by hand is unknown to the
 * database, which alone decides what runs. A browser signs in by HTTP Basic with the key as the password, here and
 * nowhere else. The queue is opened when somebody looks for the first time: the API does not need it otherwise.
 */
@Injectable()
export class QueueBoard implements OnApplicationShutdown {
  private readonly server = new BoardAdapter().setBasePath(PATH);
  private readonly board = createBullBoard({
    queues: [],
    serverAdapter: this.server,
    options: { uiConfig: { boardTitle: 'Task Chain', hideRedisDetails: true } },
  });
  private queues: Promise<OpenQueues> | undefined;

  constructor(
    private readonly signIn: SignIn,
    private readonly filter: ProblemFilter,
    private readonly catalogue: Catalogue,
    @Inject(QUEUES_OPENER) private readonly openQueues: () => Promise<OpenQueues>,
  ) {
    this.server.setErrorHandler((error) => {
      const problem = problemFromError(error);
      return { status: problem.status as 500, body: toProblemDocument(problem, PATH) as never };
    });
  }

  /** Admits the role platform to what lies below the board's path. Register it before the API's own sign-in. */
  hookInto(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', async (request, reply) => {
      if (!BELOW.test(request.routeOptions.url ?? request.url)) return;
      try {
        const identity = await this.signIn.identify(asBearer(request.headers.authorization)).catch(challenge);
        // The jobs of all tenants lie in one queue.
        if (!includes(identity.role, 'platform')) {
          throw new Problem('FORBIDDEN', 'Only the role platform may read the queues.');
        }
        if (request.method !== 'GET' && request.method !== 'HEAD') {
          throw new Problem('METHOD_NOT_ALLOWED', 'The queues are read-only: control chains through the API.');
        }
        request.identity = identity;
        reply.header('Content-Security-Policy', POLICY);
        await (this.queues ??= this.open());
      } catch (error) {
        // Not thrown: the board answers errors in its own way.
        this.filter.answer(error, request, reply);
        return reply;
      }
    });
  }

  /** Adds the board's pages. */
  async mount(fastify: FastifyInstance): Promise<void> {
    await fastify.register(this.server.registerPlugin(), { prefix: PATH });
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.queues)?.close();
  }

  private async open(): Promise<OpenQueues> {
    const queues = await this.openQueues();
    this.board.setQueues(this.catalogue.types.map((type) => adapterOf(queues.queue(type))));
    return queues;
  }
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

/** Shows the ids and times of a job, and neither parameters nor results of other tasks. */
function adapterOf(queue: ReturnType<OpenQueues['queue']>): BullMQAdapter {
  const shown = new BullMQAdapter(queue as never, { readOnlyMode: true });
  shown.setFormatter('data', (data: { job?: string }) => {
    if (typeof data.job !== 'string') return {};
    const { chainId, taskId, taskRequestId, taskType, attempt, timeoutMs, priority } = JSON.parse(data.job) as TaskJob;
    return { chainId, taskId, taskRequestId, taskType, attempt, timeoutMs, priority };
  });
  return shown;
}
