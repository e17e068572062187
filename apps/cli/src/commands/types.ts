import type { Command } from 'commander';
import type { TaskTypeDto } from '#client';
import { printable } from '#libs/chain-view';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { nearest } from '../names.js';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { fieldAt, fieldsOf, limitsOf, typeOf, type Schema } from '../type-schema.js';
import { withExample } from './example.js';

/** types and explain. */
export function addTypeCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('types')
    .description(say('list the task types'))
    .action(
      act(async () => {
        const { items } = await session.client.listTaskTypes();
        session.answer(items, () =>
          session.table(
            [
              ['TYPE', (each) => each.task_type],
              ['PARTIES', (each) => (each.needs_parties ? 'needed' : undefined)],
              ['TITLE', (each) => each.title],
              ['ENGINES', (each) => each.engines.join(' '), 'wide'],
              ['LEAVES', (each) => each.leaves, 'wide'],
            ],
            items,
          ),
        );
      }),
    );
  withExample(
    program
      .command('explain')
      .description(say('explain a task type: its parameters, and what leaves the parties; or one parameter'))
      .argument('<type>', say('a task type, or <type>.<field>'))
      .action(
        act(async (path: string) => {
          const [name = '', ...steps] = path.split('.');
          const { items } = await session.client.listTaskTypes();
          const type = items.find(({ task_type }) => task_type === name);
          if (type === undefined)
            throw unknown(
              name,
              items.map(({ task_type }) => task_type),
              session,
            );
          if (steps.length === 0) return session.answer(type, () => typeLines(type, session));
          const field = fieldIn(type, steps, session);
          return session.answer(field, () => fieldLines(path, field, session));
        }),
      ),
    'task-chain explain psi.keys',
    say,
  );
}

function unknown(name: string, names: readonly string[], { say }: Session): Failure {
  const near = nearest(name, names);
  const hint =
    near === undefined
      ? say('Known: {names}', { names: [...names].sort().join(', ') })
      : say('Did you mean {name}?', { name: near });
  return new Failure(EXIT.NOT_FOUND, say('Nothing is called {name}.', { name }), { hint });
}

function fieldIn(type: TaskTypeDto, steps: readonly string[], session: Session): Schema {
  let schema: Schema = type.config_schema;
  for (const step of steps) {
    const inner = fieldAt(schema, step);
    if (inner === undefined)
      throw unknown(
        step,
        fieldsOf(schema).map(({ name }) => name),
        session,
      );
    schema = inner;
  }
  return schema;
}

function typeLines(type: TaskTypeDto, session: Session): string[] {
  return [
    ...pairsOf([
      ['type', type.task_type],
      ['title', type.title],
      ['leaves', type.leaves],
      ['parties', type.needs_parties ? 'needed' : undefined],
      ['engines', type.engines.join(', ')],
    ]),
    '',
    printable(type.description),
    '',
    ...fieldTable(type.config_schema, session),
  ];
}

function fieldLines(path: string, schema: Schema, session: Session): string[] {
  const inner = fieldTable(schema, session);
  return [
    ...pairsOf([
      ['field', path],
      ['type', typeOf(schema)],
      ['default', schema.default === undefined ? undefined : JSON.stringify(schema.default)],
      ['limits', limitsOf(schema)],
    ]),
    ...(schema.description === undefined ? [] : ['', printable(schema.description)]),
    ...(inner.length > 0 ? ['', ...inner] : []),
  ];
}

function fieldTable(schema: Schema, session: Session): string[] {
  const fields = fieldsOf(schema).filter(({ name }) => name !== 'task_type');
  if (fields.length === 0) return [];
  return session.table(
    [
      ['FIELD', ({ name }) => name],
      ['TYPE', (field) => typeOf(field.schema)],
      [
        'DEFAULT',
        ({ isNeeded, schema: { default: value } }) =>
          isNeeded ? 'needed' : value === undefined ? undefined : JSON.stringify(value),
      ],
      ['MEANING', (field) => field.schema.description],
    ],
    fields,
  );
}
