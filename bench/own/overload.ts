import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../../test/faults/system.js';
import type { HttpClient } from '../http-client.js';
import { cpuSnapshot, memoryOf } from '../machine.js';
import { bodyOf, clientOf, endOf, partsOf } from '../ours.js';
import { median, quantile } from '../statistics.js';
import { sequence } from '../workloads.js';
import { withSystem, type Figure, type OwnMeasurement } from './own.js';

/** Chains that are under way at once while the sustainable rate is measured. */
const UNDER_WAY = 200;
/** The limit of waiting tasks: it is reached within the first minute. */
const MAX_WAITING_TASKS = 20_000;
/** Beyond them requests queue in the client. */
const CONNECTIONS = 2_000;
const SAMPLE_MS = 5_000;
const MINUTE_MS = 60_000;
const BODY = bodyOf(sequence(10), true);

interface Answers {
  readonly ids: string[];
  /** Answers by status; 0: no answer. */
  readonly statuses: Map<number, number>;
  readonly latencies: number[];
  /** Those of 429 and 503 without Retry-After. */
  withoutRetryAfter: number;
}

/**
 * Creates at twice the sustainable rate for this many minutes, whatever the answers: how many are refused, whether every accepted chain
 * ends, the memory of each process in the third minute against the last, and how fast a create is 10 s after.
 */
export function overload(minutes: number): OwnMeasurement {
  return {
    id: 'overload',
    title: `${minutes} min at twice the sustainable rate`,
    measure: (place) =>
      withSystem(
        place,
        'redis',
        async (system, client) => {
          const sustained = await sustainable(system, client, place.quick ? 5_000 : 30_000);
          const idle = await oneByOne(client);
          place.say(`sustainable: ${sustained.toFixed(1)} chains/s; a create alone ${idle.toFixed(2)} ms`);
          const memory = new Map<string, number[]>();
          const sampling = sample(system, memory);
          const answers = await openLoop(system, 2 * sustained, minutes * MINUTE_MS);
          clearInterval(sampling);
          await delay(10_000);
          const after = await oneByOne(client);
          const { ids, statuses, latencies, withoutRetryAfter } = answers;
          await endOf(system, ids);
          const of = (...wanted: number[]) => wanted.reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0);
          const all = [...statuses.values()].reduce((sum, count) => sum + count, 0);
          const figure = (id: string, title: string, unit: string, value: number): Figure => ({
            id: `overload.${id}`,
            title,
            unit,
            values: [value],
          });
          return [
            figure('rate', 'sustainable rate', 'chains/s', sustained),
            figure('sent', 'creates sent', '', all),
            figure('accepted', 'accepted, each of which ended', '', ids.length),
            figure('refused', 'refused with Retry-After', '', of(429, 503) - withoutRetryAfter),
            figure('other', 'answered otherwise or not at all', '', all - of(201, 429, 503) + withoutRetryAfter),
            figure('p50', 'answer under load, p50', 'ms', quantile(latencies, 0.5)),
            figure('p99', 'answer under load, p99', 'ms', quantile(latencies, 0.99)),
            ...[...memory].map(([part, samples]) =>
              figure(`memory.${part}`, `${part}: memory, last minute against the third`, 'times', growthOf(samples)),
            ),
            figure('idle', 'a create alone before, p50', 'ms', idle),
            figure('after', 'the same 10 s after', 'times', after / idle),
          ];
        },
        { env: { MAX_WAITING_TASKS: String(MAX_WAITING_TASKS), RATE_LIMIT: '0' } },
      ),
  };
}

/** Chains that end in a second while there are always `UNDER_WAY` of them. */
async function sustainable(system: System, client: HttpClient, ms: number): Promise<number> {
  const run = async (until: number): Promise<number> => {
    let ended = 0;
    for (; performance.now() < until; ended += UNDER_WAY) {
      const created = await client.postAll<{ chain_id: string }>('/chains', Array<string>(UNDER_WAY).fill(BODY));
      await endOf(
        system,
        created.map(({ chain_id: id }) => id),
      );
    }
    return ended;
  };
  await run(performance.now() + ms / 3);
  const began = performance.now();
  const ended = await run(began + ms);
  return (1_000 * ended) / (performance.now() - began);
}

/** The median time of a create that comes alone, ms. */
async function oneByOne(client: HttpClient): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 50; n++) {
    const began = performance.now();
    await client.send('POST', '/chains', BODY);
    times.push(performance.now() - began);
    await delay(20);
  }
  return median(times);
}

async function openLoop(system: System, perSecond: number, ms: number): Promise<Answers> {
  const client = clientOf(system, CONNECTIONS);
  const answers: Answers = { ids: [], statuses: new Map(), latencies: [], withoutRetryAfter: 0 };
  const one = async (): Promise<void> => {
    const sent = performance.now();
    const { status, text, retryAfter } = await client
      .attempt('POST', '/chains', BODY)
      .catch(() => ({ status: 0, text: '', retryAfter: undefined }));
    answers.latencies.push(performance.now() - sent);
    answers.statuses.set(status, (answers.statuses.get(status) ?? 0) + 1);
    if (status === 201) answers.ids.push((JSON.parse(text) as { chain_id: string }).chain_id);
    if ((status === 429 || status === 503) && retryAfter === undefined) answers.withoutRetryAfter++;
  };
  const pending: Promise<void>[] = [];
  const began = performance.now();
  while (performance.now() - began < ms) {
    const due = ((performance.now() - began) / 1_000) * perSecond;
    while (pending.length < due) pending.push(one());
    await delay(5);
  }
  await Promise.all(pending);
  await client.close();
  return answers;
}

/** Notes the memory of each process from time to time, bytes. */
function sample(system: System, memory: Map<string, number[]>): NodeJS.Timeout {
  return setInterval(() => {
    const snapshot = cpuSnapshot();
    if (snapshot === undefined) return;
    for (const [part, pid] of Object.entries(partsOf(system))) {
      memory.set(part, [...(memory.get(part) ?? []), memoryOf(snapshot, pid)]);
    }
  }, SAMPLE_MS);
}

/** NaN in a run of under four minutes. */
function growthOf(samples: readonly number[]): number {
  const minute = MINUTE_MS / SAMPLE_MS;
  return median(samples.slice(-minute)) / median(samples.slice(2 * minute, 3 * minute));
}
