import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { takePart, type Participation } from './run-task.js';
import { withStore } from './site-store.js';
import { isServing, readTask, wordsOf, type SharedTask } from './task-file.js';
import { plain, type Terminal } from './terminal.js';

const MINUTE_MS = 60_000;

interface RunOptions {
  readonly folder: string;
  readonly accept: string;
  readonly dealer?: string;
  readonly wait: string;
}

/** show, run and serve: tasks that sites agree on without a control plane. */
export function addTaskCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err, signal }: Terminal,
): void {
  const takesPart = (command: Command): Command =>
    withFolder(command)
      .requiredOption('--accept <hash>', 'the hash of the task, as show prints it')
      .option('--dealer <name>', 'which of the known dealers is to take part')
      .option('--wait <minutes>', 'how long the others may take to come', '10');

  const run = async (
    path: string,
    { accept, dealer, wait, folder: at }: RunOptions,
    endpointOf: (task: SharedTask, folder: NodeFolder) => Promise<Participation['endpoint']>,
  ): Promise<void> => {
    const task = await readTask(path);
    if (task.hash !== accept) throw new Refusal(`The task in ${path} is ${task.hash}, not the one that you accept.`);
    const minutes = Number(wait);
    if (!(minutes > 0 && minutes <= 24 * 60)) throw new Refusal('--wait takes minutes, up to 1440.');
    const folder = new NodeFolder(at);
    const file = await folder.read();
    const endpoint = await endpointOf(task, folder);
    const note = (action: 'began' | 'ended', more: object = {}): Promise<void> =>
      withStore(folder.path, (store) => store.note(action, { task: task.hash, by: 'run', ...more }));
    await note('began');
    let state = 'FAILED';
    const left = await takePart({
      ...{ folder, file, task, dealer, waitMs: minutes * MINUTE_MS, signal, ...(endpoint && { endpoint }) },
      progress: () => undefined,
      log: (message) => err(`${plain(message)}\n`),
    })
      .then((done) => {
        state = 'DONE';
        return done;
      })
      .finally(() => note('ended', { state }));
    if (!left) return;
    const { artifacts: _, ...outcome } = left;
    out(`${JSON.stringify(outcome, null, 2)}\n`);
  };

  program
    .command('show <task>')
    .description('show what a task would do, and its hash')
    .action(async (path: string) => {
      const task = await readTask(path);
      out(`${wordsOf(task)}To take part: --accept ${task.hash}\n`);
    });

  takesPart(program.command('run <task>'))
    .description('take part in a task; the others do the same at their sites')
    .action((path: string, options: RunOptions) =>
      run(path, options, (task) => {
        if (isServing(task)) throw new Refusal(`The task in ${path} serves: start it by task-chain-node serve.`);
        return Promise.resolve(undefined);
      }),
    );

  takesPart(program.command('serve <task>'))
    .description('take part in a task that opens scores one by one, as its receiver asks for them over HTTP')
    .option('--port <port>', 'where the receiver of scores is asked for them, on 127.0.0.1', '7460')
    .action((path: string, options: RunOptions & { readonly port: string }) =>
      run(path, options, async (task, folder) => {
        if (!isServing(task)) throw new Refusal(`The task in ${path} has no task_config.serve: start it by run.`);
        const port = Number(options.port);
        if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) throw new Refusal('--port takes 1 to 65535.');
        const token = await folder.serveToken();
        const { name } = await folder.read();
        if (task.params.task_config['prediction_receiver'] === name)
          err(`whoever asks for scores sends the token in ${join(folder.path, 'serve.token')}\n`);
        return { port, tokens: [createHash('sha256').update(token).digest('hex')] };
      }),
    );
}
