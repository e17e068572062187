import { bodyOf, runBody } from '../ours.js';
import { fanIn, sequence } from '../workloads.js';
import { warmUp, withSystem, type OwnMeasurement, type Place } from './own.js';

const ITEMS = 1_000;
const TURNS = 100;
/** Rounds, each of both ways one after the other. */
const ROUNDS = 4;

/** W10: the instances of a `for_each` against as many tasks that are written out. */
export const instances: OwnMeasurement = {
  id: 'W10',
  title: `for_each over ${ITEMS.toLocaleString('en')} items, against as many written tasks`,
  measure: (place) =>
    compared(place, 'W10', { made: eachItem(ITEMS), written: bodyOf(fanIn(ITEMS), true), unit: 'a task', of: ITEMS }),
};

/** W11: turns of a loop against as many tasks, one after another. */
export const turns: OwnMeasurement = {
  id: 'W11',
  title: `${TURNS} turns of a loop, against a chain of ${TURNS}`,
  measure: (place) =>
    compared(place, 'W11', { made: inTurns(TURNS), written: bodyOf(sequence(TURNS), true), unit: 'a turn', of: TURNS }),
};

interface Compared {
  /** Bodies of requests that create and start a chain. */
  readonly made: string;
  readonly written: string;
  /** What a time is given for, and how many of these there are. */
  readonly unit: string;
  readonly of: number;
}

async function compared(place: Place, id: string, { made, written, unit, of }: Compared) {
  return withSystem(place, 'redis', async (system, client) => {
    const run = (body: string): Promise<number> => runBody(system, client, body);
    await warmUp(place, async () => [await run(written), await run(made)]);
    const took: Record<'made' | 'written', number[]> = { made: [], written: [] };
    for (let round = 0; round < ROUNDS; round++) {
      // Each is the first of a round as often as the other.
      for (const first of [round % 2 === 0, round % 2 !== 0]) {
        if (first) took.written.push((await run(written)) / of);
        else took.made.push((await run(made)) / of);
      }
    }
    const ratios = took.made.map((ms, round) => ms / took.written[round]!);
    return [
      { id: `${id}.made`, title: unit, unit: 'ms', values: took.made },
      { id: `${id}.written`, title: 'a written task', unit: 'ms', values: took.written },
      { id: `${id}.ratio`, title: 'one to the other', unit: 'times', values: ratios },
    ];
  });
}

const task = (id: string, more: object = {}): object => ({
  ...{ task_id: id, task_type: 'diagnostic', task_params: { task_config: {} } },
  ...more,
});

function eachItem(count: number): string {
  const items = Array.from({ length: count }, (_, at) => at);
  return JSON.stringify({ chain_name: 'bench', execute: true, tasks: [task('each', { for_each: { items } })] });
}

/** Each turn makes a text longer by a character. */
function inTurns(count: number): string {
  const config = { result: { text: '${params.text}x' } };
  const chain = {
    params: { type: 'object', properties: { text: { type: 'string', default: '' } } },
    outputs: { text: '${tasks.step.result.result.text}' },
    tasks: [task('step', { task_params: { task_config: config } })],
  };
  const repeat = { until: `size(tasks.turns.result.text) == ${count}`, max: count, carry: { text: 'text' } };
  const turned = task('turns', { task_type: 'chain', task_params: { task_config: { chain } }, repeat });
  return JSON.stringify({ chain_name: 'bench', execute: true, tasks: [turned] });
}
