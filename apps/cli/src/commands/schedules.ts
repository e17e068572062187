import type { Command } from 'commander';
import type { NewScheduleDto, ScheduleDto, TickDto } from '#client';
import type { InputFault } from '#libs/chain-domain';
import { readChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { faultLine } from '../explain.js';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { ageOf } from '../times.js';
import { placed } from './chains.js';

type Listed = Omit<ScheduleDto, 'chain'>;

/** schedules ls, show, ticks, preview, create, save, secret, run, backfill, pause, resume, rm and restore. */
export function addScheduleCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const schedules = program
    .command('schedules')
    .helpCommand(false)
    .description(say('chains that are made at their times or by events'));
  const on = (name: string, description: string) =>
    schedules.command(name).description(description).argument('<schedule>', say('id of a schedule'));
  const file = say('a schedule, JSON or YAML; - is standard input');
  schedules
    .command('ls')
    .description(say('list schedules, those that changed last first'))
    .action(act(() => list(session)));
  on('show', say('show a schedule with its next due times')).action(
    act(async (schedule_id: string) => {
      const found = await session.client.getSchedule({ path: { schedule_id } });
      session.answer(found, () => scheduleLines(found));
    }),
  );
  on('ticks', say('list the due times of a schedule and what became of them, the newest first'))
    .option('-n, --limit <number>', say('how many at most'), '20')
    .action(
      act(async (schedule_id: string, { limit }: { limit: string }) => {
        const query = { page_size: Number(limit) };
        const { items } = await session.client.listScheduleTicks({ path: { schedule_id }, query });
        session.answer(items, () => tickTable(items, session));
      }),
    );
  schedules
    .command('preview')
    .description(say('show the next due times of a schedule and its chain, and store nothing'))
    .argument('<file>', file)
    .action(act((path: string) => preview(path, session)));
  schedules
    .command('create')
    .description(say('create a schedule'))
    .argument('<file>', file)
    .action(
      act(async (path: string) => {
        const made = await sending(path, session, (body) => session.client.createSchedule({ body }));
        session.answer(made, () => [say('created {id}', { id: made.schedule_id })]);
      }),
    );
  on('save', say('save a schedule again: its chains then have the rights of your key'))
    .argument('<file>', file)
    .action(
      act(async (schedule_id: string, path: string) => {
        const saved = await sending(path, session, (body) =>
          session.client.putSchedule({ path: { schedule_id }, body }),
        );
        session.answer(saved, () => [say('{id} is saved.', { id: schedule_id })]);
      }),
    );
  on('secret', say('make the secret that signs deliveries to a schedule; an earlier one counts no more')).action(
    act(async (schedule_id: string) => {
      const made = await session.client.rotateWebhookSecret({ path: { schedule_id } });
      session.answer(made, () => [made.secret, say('Deliveries go to POST {path}', { path: made.path })]);
    }),
  );
  on('run', say('make a chain of a schedule now')).action(
    act(async (schedule_id: string) => {
      const tick = await session.client.runSchedule({ path: { schedule_id } });
      session.answer(tick, () => [
        say('Its chain is on its way: task-chain schedules ticks {id}', { id: schedule_id }),
      ]);
    }),
  );
  on('backfill', say('make the chains of past due times that have none'))
    .requiredOption('--from <time>', say('at or after this time'))
    .option('--to <time>', say('up to this time; by default now'))
    .option('--dry-run', say('show the due times, and make nothing'))
    .action(
      act(async (schedule_id: string, { dryRun, ...body }: { from: string; to?: string; dryRun?: true }) => {
        const query = { dry_run: dryRun === true };
        const done = await session.client.backfillSchedule({ path: { schedule_id }, body, query });
        session.answer(done, () => done.due_times);
      }),
    );
  on('pause', say('let a schedule make no chains until it is resumed')).action(
    act(async (schedule_id: string) => {
      const paused = await session.client.pauseSchedule({ path: { schedule_id } });
      session.answer(paused, () => [say('{id} is paused.', { id: schedule_id })]);
    }),
  );
  on('resume', say('let a paused schedule go on')).action(
    act(async (schedule_id: string) => {
      const resumed = await session.client.resumeSchedule({ path: { schedule_id } });
      session.answer(resumed, () => scheduleLines(resumed));
    }),
  );
  on('rm', say('remove a schedule; for a day it can be restored'))
    .requiredOption('--confirm <schedule>', say('the id again'))
    .action(
      act(async (schedule_id: string, { confirm }: { confirm: string }) => {
        const removed = await session.client.deleteSchedule({ path: { schedule_id }, query: { confirm } });
        session.answer(removed, () => [
          say('{id} is removed. Until {time} it can be restored: task-chain schedules restore {id}', {
            id: schedule_id,
            time: removed.restorable_until,
          }),
        ]);
      }),
    );
  on('restore', say('restore a schedule within a day after it was removed; it is paused')).action(
    act(async (schedule_id: string) => {
      const restored = await session.client.restoreSchedule({ path: { schedule_id } });
      session.answer(restored, () => [say('{id} is restored.', { id: schedule_id })]);
    }),
  );
}

/** Sends the schedule of a file; faults have their lines. */
async function sending<T>(path: string, session: Session, send: (body: NewScheduleDto) => Promise<T>): Promise<T> {
  const read = await readChainFile(path, session.shell, session.say);
  return send(read.value as NewScheduleDto).catch((error: unknown) => {
    throw placed(error, read, session);
  });
}

async function preview(path: string, session: Session): Promise<number> {
  const found = await sending(path, session, (body) => session.client.previewSchedule({ body }));
  const { next_due_times: times, errors, chain } = found;
  session.answer(found, () =>
    errors.length > 0
      ? errors.map((fault) => faultLine(fault as InputFault, path))
      : [...times, JSON.stringify(chain, null, 2)],
  );
  return errors.length > 0 ? EXIT.INVALID : EXIT.OK;
}

async function list(session: Session): Promise<void> {
  const found: Listed[] = [];
  for (let page = 1, more = true; more; page++) {
    const answer = await session.client.listSchedules({ query: { page, page_size: 200 } });
    found.push(...answer.items);
    more = answer.has_more;
  }
  session.answer(found, () =>
    session.table(
      [
        ['SCHEDULE', (each) => each.schedule_id],
        ['WHEN', whenOf],
        ['NEXT', (each) => (each.paused ? 'paused' : (each.next_due_times[0] ?? null))],
        ['LAST', (each) => each.last_tick && outcomeOf(each.last_tick)],
        ['TITLE', (each) => each.title],
        ['TEMPLATE', (each) => each.template_id, 'wide'],
        ['RUNS AS', (each) => each.runs_as, 'wide'],
      ],
      found,
    ),
  );
}

function whenOf({
  cron,
  time_zone: zone,
  interval,
  at,
  on_dataset: dataset,
  on_chain_end: end,
  ...each
}: Listed): string {
  if (dataset !== null) return `dataset ${dataset}`;
  if (end !== null) return `end of ${JSON.stringify(end)}`;
  if (each.on_webhook) return 'webhook';
  return at ?? (cron === null ? `every ${interval} s` : `${cron} ${zone}`);
}

const outcomeOf = ({ outcome, reason }: TickDto): string => (reason === null ? outcome : `${outcome} ${reason}`);

function scheduleLines(schedule: ScheduleDto): string[] {
  const { last_tick: last } = schedule;
  return pairsOf([
    ['schedule', schedule.schedule_id],
    ['title', schedule.title],
    ['description', schedule.description],
    ['when', whenOf(schedule)],
    ['next', schedule.paused ? 'paused' : schedule.next_due_times.join(' ')],
    ['last', last && `${last.due_at} ${outcomeOf(last)} ${last.chain_id ?? last.message ?? ''}`],
    ['template', schedule.template_id],
    ['version', schedule.version],
    ['params', JSON.stringify(schedule.params)],
    ['overlap', schedule.overlap],
    ['catch up', String(schedule.catch_up)],
    ['jitter', `${schedule.jitter} s`],
    ['runs as', schedule.runs_as],
    ['created', schedule.created_at],
    ['by', schedule.created_by],
    ['changed', schedule.updated_at],
  ]);
}

function tickTable(items: readonly TickDto[], session: Session): string[] {
  return session.table(
    [
      ['DUE', (each) => each.due_at],
      ['AGE', (each) => ageOf(each.due_at)],
      ['KIND', (each) => each.kind],
      ['OUTCOME', outcomeOf],
      ['MISSED', (each) => each.missed],
      ['CHAIN', (each) => each.chain_id],
      ['WHY', (each) => each.message],
      ['EVENT', (each) => each.event_id, 'wide'],
    ],
    items,
  );
}
