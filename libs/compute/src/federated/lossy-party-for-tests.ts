import { NEUTRAL, type PartyContext } from '../party/party-program.js';

/** The contents of `lossy.json`: the program to run, and when the party dies: before one of its messages to the aggregator, or once it has the model. */
export interface Lossy {
  readonly program: 'aggregate' | 'federated-training';
  readonly dieBefore: number | 'output';
}

const programs = {
  aggregate: () => import('./aggregate-party.js'),
  'federated-training': () => import('./federated-training-party.js'),
};

/** A party whose process dies during the protocol, as its `lossy.json` says. */
export const run = async (context: PartyContext, args: never): Promise<never> => {
  const input = await context.openInput('lossy.json');
  const { program, dieBefore } = JSON.parse(await input.handle.readFile('utf8')) as Lossy;
  await input.close();
  let sent = 0;
  const { run: party } = await programs[program]();
  const send: typeof context.send = (to, message) => {
    if (to === NEUTRAL && (sent += 1) === dieBefore) process.exit(3);
    return context.send(to, message);
  };
  const createOutput: typeof context.createOutput = (request) =>
    dieBefore === 'output' ? process.exit(3) : context.createOutput(request);
  return (await party({ ...context, send, createOutput }, args)) as never;
};
