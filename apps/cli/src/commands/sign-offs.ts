import type { Command } from 'commander';
import type { SignOffBodyDto } from '#client';
import { readChainFile } from '../chain-file.js';
import type { Act, Session } from '../session.js';
import { natural } from './numbers.js';

interface AnswerFlags {
  readonly file?: string;
  readonly note?: string;
  readonly attempt?: number;
}

/** sign-offs ls, approve and reject. */
export function addSignOffCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const signOffs = program
    .command('sign-offs')
    .helpCommand(false)
    .description(say('tasks that wait until somebody signs them off'));
  signOffs
    .command('ls')
    .description(say('list the tasks that ask you, the oldest first'))
    .option('--all', say('also those that ask others'))
    .action(
      act(async ({ all = false }: { all?: boolean }) => {
        const { items } = await session.client.listSignOffs({ query: { all } });
        session.answer(items, () =>
          session.table(
            [
              ['CHAIN', (each) => each.chain_id],
              ['TASK', (each) => each.task_id],
              ['QUESTION', (each) => each.question],
              ['UNTIL', (each) => each.expires_at],
              ['ATTEMPT', (each) => String(each.attempt)],
              ['WHO', (each) => each.who.join(' '), 'wide'],
              ['FORM', (each) => each.form && JSON.stringify(each.form), 'wide'],
            ],
            items,
          ),
        );
      }),
    );
  const answering = (decision: 'approve' | 'reject', description: string) =>
    signOffs
      .command(decision)
      .description(description)
      .argument('<chain>', say('id of a chain'))
      .argument('<task>', say('id of a task'))
      .option('--attempt <n>', say('the attempt whose question you answer, as ls shows it'), natural);
  const answer = async (chain_id: string, task_id: string, body: SignOffBodyDto): Promise<void> => {
    const done = await session.client.answerSignOff({ path: { chain_id, task_id }, body });
    session.answer(done, () => [say('{task} is answered.', { task: task_id })]);
  };
  answering('approve', say('sign a task off: it succeeds with your answer'))
    .option('-f, --file <file>', say('the answer to its form, JSON or YAML; - is standard input'))
    .option('--note <text>', say('your words, for the result and the history'))
    .action(
      act(async (chain_id: string, task_id: string, { file, ...more }: AnswerFlags) => {
        const read = file === undefined ? undefined : await readChainFile(file, session.shell, say);
        await answer(chain_id, task_id, {
          decision: 'approve',
          ...(read && { answer: read.value as never }),
          ...more,
        });
      }),
    );
  answering('reject', say('do not sign a task off: it fails with your words'))
    .requiredOption('--note <text>', say('your words, for the result and the history'))
    .action(
      act((chain_id: string, task_id: string, words: Omit<AnswerFlags, 'file'>) =>
        answer(chain_id, task_id, { decision: 'reject', ...words }),
      ),
    );
}
