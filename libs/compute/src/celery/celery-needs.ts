import { join } from 'node:path';
import { folderFinding } from '../catalogue/folder-finding.js';
import { isMap } from '../contract/json-values.js';
import type { Finding } from '../contract/task-runner.js';
import { Broker } from './broker.js';
import { EXCHANGE } from './exchange.js';
import type { CelerySettings } from './fleet.js';
import { EXCHANGE as AMQP_EXCHANGE, LIMITS, ROUTING_KEY, TASK } from './messages.js';

const ANSWER_MS = 2_000;

/** What the engine needs of each broker and its workers, and whether it is there. Never throws. */
export async function needsOfCelery(settings: CelerySettings): Promise<readonly Finding[]> {
  const { brokers, queue, dataRoot } = settings;
  const each =
    typeof brokers === 'string' ? [['*', brokers]] : Object.entries(brokers).map(([party, { url }]) => [party, url]);
  const mend = 'give this user the right, and let the fleet see it below CELERY_DATA_ROOT';
  const exchange = folderFinding('exchange', join(dataRoot, EXCHANGE), mend);
  const found = await Promise.all(each.map(([party, url]) => findingsOf(party!, url!, queue)));
  return [...found.flat(), await exchange];
}

async function findingsOf(party: string, url: string, queue: string): Promise<Finding[]> {
  const of = party === '*' ? '' : ` of ${party}`;
  const what = { broker: `broker${of}`, workers: `workers${of}` };
  const broker = new Broker(url, queue);
  try {
    const version = await broker.version();
    const [taken, known, limits] = await Promise.all(
      [['active_queues', {}] as const, ['registered', {}] as const, ['conf', { with_defaults: false }] as const].map(
        ([method, question]) => broker.ask(method, question, ANSWER_MS),
      ),
    );
    return [
      { what: what.broker, found: `Redis ${version}`, mend: '' },
      workers(what.workers, queue, taken!, known!),
      ...hidden(what.broker, limits!),
    ];
  } catch {
    const mend = `CELERY_BROKERS names a Redis that does not answer, or refuses the login: start it, or set its URL right`;
    return [{ what: what.broker, found: null, mend }];
  } finally {
    broker.close();
  }
}

type Answers = Readonly<Record<string, unknown>>;

function workers(what: string, queue: string, taken: Answers, known: Answers): Finding {
  const names = Object.keys(taken);
  const isOf = (each: unknown): boolean => isMap(each) && each.name === queue;
  const takers = names.filter((name) => Array.isArray(taken[name]) && (taken[name] as unknown[]).some(isOf));
  const isKnown = (each: unknown): boolean => typeof each === 'string' && each.startsWith(TASK);
  // By these a worker puts a message back.
  const isBound = (each: unknown): boolean =>
    isOf(each) &&
    isMap(each) &&
    isMap(each.exchange) &&
    each.exchange.name === AMQP_EXCHANGE &&
    each.routing_key === ROUTING_KEY;
  const bound = takers.filter((name) => (taken[name] as unknown[]).some(isBound));
  const able = bound.filter((name) => Array.isArray(known[name]) && (known[name] as unknown[]).some(isKnown));
  const mend =
    names.length === 0
      ? 'no Celery worker answers: start one on this broker, with remote control on'
      : takers.length === 0
        ? `${names.length} answer, and none takes the queue ${queue}: start one with it, or set CELERY_QUEUE`
        : bound.length === 0
          ? `the queue ${queue} is not bound to the exchange ${AMQP_EXCHANGE} by the key ${ROUTING_KEY}: a task that is tried again would be lost. Declare it so at the workers`
          : `${takers.length} take the queue ${queue}, and none has the task ${TASK}: start workers of the design`;
  return { what, found: able.length === 0 ? null : `${able.length} on the queue ${queue}`, mend };
}

/** Where Redis hands a message on before the worker would end the task: the task would run twice. */
function hidden(what: string, limits: Answers): Finding[] {
  const seconds = Object.values(limits)
    .map((conf) => (isMap(conf) && isMap(conf.broker_transport_options) ? conf.broker_transport_options : {}))
    .map(({ visibility_timeout: value }) => value)
    .filter((value): value is number => typeof value === 'number');
  const least = Math.min(...seconds);
  if (least > LIMITS[0]) return [];
  const mend = `its visibility_timeout is ${least} s, and tasks run up to ${LIMITS[0]} s: a longer one would run twice. Set it to 3600 or more in broker_transport_options`;
  return [{ what: `${what}, visibility`, found: null, mend }];
}
