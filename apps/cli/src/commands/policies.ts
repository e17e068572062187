import type { Command } from 'commander';
import { stringify } from 'yaml';
import { printable } from '#libs/chain-view';
import type { PolicyStatement } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { tableOf } from '../output.js';
import { readPolicy } from '../owner/policy-file.js';
import { isStatement, StatementBook, type SignFlags } from '../owner/statement-book.js';
import type { Act, Session } from '../session.js';
import { readDataset } from './datasets.js';
import { withExample } from './example.js';
import { signOptions } from './sign-options.js';

interface SetFlags extends SignFlags {
  readonly file: string;
  readonly dryRun?: true;
}

/** policies set, ls and show. */
export function addPolicyCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const policies = program
    .command('policies')
    .helpCommand(false)
    .description(say('what owners allow to be done with their datasets'));
  const dataset = say('<party>/<name>, such as bank-a/customers');
  withExample(
    signOptions(
      policies
        .command('set')
        .description(say('sign a policy for all versions of a dataset; it replaces the one before'))
        .argument('<dataset>', dataset)
        .requiredOption('--file <file>', say('JSON or YAML; - is standard input'))
        .option('--dry-run', say('check the file, and sign nothing')),
      say,
    ).action(act((given: string, flags: SetFlags) => set(session, given, flags))),
    'task-chain policies set bank-a/customers --file policy.yaml --key ~/bank-a/bank-a.key',
    say,
  );
  withExample(
    policies
      .command('ls')
      .description(say('list the policies of a party'))
      .argument('<party>', say('name of a party'))
      .action(
        act(async (party: string) => {
          const found = await policiesOf(session, party);
          session.answer(found, () =>
            tableOf(
              [
                ['DATASET', (each) => `${each.party}/${each.dataset}`],
                ['RULES', (each) => each.rules.length],
                ['EXPIRES', (each) => each.expires_at],
                ['ISSUED', (each) => each.issued_at],
              ],
              found,
            ),
          );
        }),
      ),
    'task-chain policies ls bank-a',
    say,
  );
  withExample(
    policies
      .command('show')
      .description(say('print the policy of a dataset as a file that set takes'))
      .argument('<dataset>', dataset)
      .action(
        act(async (given: string) => {
          const { party, name } = readDataset(given, session);
          const found = (await policiesOf(session, party)).find((each) => each.dataset === name);
          if (found === undefined) {
            const hint = say('Nothing is allowed without approval. Set one with: task-chain policies set {dataset}', {
              dataset: given,
            });
            throw new Failure(EXIT.NOT_FOUND, say('{dataset} has no policy.', { dataset: given }), { hint });
          }
          const { expires_at, rules, budget, min_group_rows, effects_to, coefficients_to, bounds, sites } = found;
          const more = {
            ...(budget && { budget }),
            ...(min_group_rows && { min_group_rows }),
            ...(effects_to && { effects_to }),
            ...(coefficients_to && { coefficients_to }),
            ...(bounds && { bounds }),
            ...(sites && { sites }),
          };
          session.answer(found, () =>
            stringify({ expires_at, rules, ...more })
              .trimEnd()
              .split('\n')
              .map(shown),
          );
        }),
      ),
    'task-chain policies show bank-a/customers > policy.yaml',
    say,
  );
}

async function set(session: Session, given: string, flags: SetFlags): Promise<void> {
  const { say } = session;
  const { party, name } = readDataset(given, session);
  const draft = await readPolicy(flags.file, name, session);
  if (flags.dryRun) {
    session.answer(draft, () => [say('{file}: a valid policy', { file: flags.file })]);
    return;
  }
  const book = await StatementBook.open(session, flags, party);
  const made = await book.put<PolicyStatement>(draft);
  session.answer(made, () => [
    say('{dataset} has a policy of {rules} rules until {time}', {
      dataset: given,
      rules: made.rules.length,
      time: made.expires_at,
    }),
  ]);
}

/** As the server states them: who reads a policy has no key to check its signature by. */
async function policiesOf(session: Session, party: string): Promise<PolicyStatement[]> {
  const { items } = await session.client.listStatements({ path: { party }, query: { kind: 'policy' } });
  return items.flatMap(({ body }) => {
    const statement: unknown = body;
    return isStatement(statement) && statement.kind === 'policy' ? [statement] : [];
  });
}

/** A line of YAML, indentation kept. */
const shown = (line: string): string => /^ */.exec(line)![0] + printable(line.trimStart());
