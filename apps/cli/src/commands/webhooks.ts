import type { Command } from 'commander';
import type { DeliveryDto, NewWebhookDto, WebhookDto } from '#client';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { ageOf } from '../times.js';
import { natural } from './numbers.js';
import { madeWithSecret } from './shown-once.js';

interface CreateFlags {
  readonly event?: string[];
  readonly out?: string;
}

/** webhooks ls, show, create, rm, restore, deliveries and replay. */
export function addWebhookCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const webhooks = program.command('webhooks').helpCommand(false).description(say('addresses that are sent messages'));
  const on = (name: string, description: string) =>
    webhooks.command(name).description(description).argument('<webhook>', say('id of a webhook'));
  webhooks
    .command('ls')
    .description(say('list webhooks'))
    .action(
      act(async () => {
        const { items } = await session.client.listWebhooks();
        session.answer(items, () =>
          session.table(
            [
              ['WEBHOOK', (each) => each.webhook_id],
              ['EVENTS', eventsOf],
              ['ENABLED', (each) => (each.enabled ? 'yes' : 'no')],
              ['AGE', (each) => ageOf(each.created_at)],
              ['URL', (each) => each.url],
            ],
            items,
          ),
        );
      }),
    );
  on('show', say('show a webhook')).action(
    act(async (webhook_id: string) => {
      const { items } = await session.client.listWebhooks();
      const found = items.find((each) => each.webhook_id === webhook_id);
      if (found === undefined) {
        const hint = say('List them with: task-chain webhooks ls');
        throw new Failure(EXIT.NOT_FOUND, say('There is no webhook {id}.', { id: webhook_id }), { hint });
      }
      session.answer(found, () => webhookLines(found));
    }),
  );
  webhooks
    .command('create')
    .description(say('create a webhook; the secret that signs its messages is shown once'))
    .argument('<url>', say('where messages are sent'))
    .option('--event <events...>', say('only these events, such as chain.failure; by default all'))
    .option('-O, --out <file>', say('write the secret to this new file, which you alone may read, and do not show it'))
    .action(act((url: string, flags: CreateFlags) => create(url, flags, session)));
  on('rm', say('remove a webhook; for a day it can be restored'))
    .requiredOption('--confirm <webhook>', say('the id again'))
    .action(
      act(async (webhook_id: string, { confirm }: { confirm: string }) => {
        const removed = await session.client.deleteWebhook({ path: { webhook_id }, query: { confirm } });
        session.answer(removed, () => [
          say('{id} is removed. Until {time} it can be restored: task-chain webhooks restore {id}', {
            id: webhook_id,
            time: removed.restorable_until,
          }),
        ]);
      }),
    );
  on('restore', say('restore a webhook within a day after it was removed')).action(
    act(async (webhook_id: string) => {
      const restored = await session.client.restoreWebhook({ path: { webhook_id } });
      session.answer(restored, () => [say('{id} is restored.', { id: webhook_id })]);
    }),
  );
  on('deliveries', say('list the messages to a webhook, the newest first'))
    .option('-n, --limit <number>', say('maximum number'), natural, 20)
    .action(act((id: string, { limit }: { limit: number }) => deliveries(id, limit, session)));
  on('replay', say('send a message again'))
    .argument('<delivery>', say('id of a message'), natural)
    .action(
      act(async (webhook_id: string, delivery_id: number) => {
        const sent = await session.client.replayWebhookDelivery({ path: { webhook_id, delivery_id } });
        session.answer(sent, () => deliveryTable([sent], session));
      }),
    );
}

const eventsOf = ({ events }: WebhookDto): string => events.join(',') || 'all';

function webhookLines(webhook: WebhookDto): string[] {
  return pairsOf([
    ['webhook', webhook.webhook_id],
    ['url', webhook.url],
    ['events', eventsOf(webhook)],
    ['enabled', webhook.enabled ? 'yes' : 'no'],
    ['disabled', webhook.disabled_reason],
    ['created', webhook.created_at],
  ]);
}

async function create(url: string, { event, out }: CreateFlags, session: Session): Promise<void> {
  // The server knows the events.
  const body = { url, ...(event !== undefined && { events: event as NewWebhookDto['events'] }) };
  const made = await madeWithSecret(
    out,
    () => session.client.createWebhook({ body }),
    ({ secret }) => secret,
  );
  const { secret, ...webhook } = made;
  session.answer({ ...webhook, ...(out === undefined ? { secret } : { secret_file: out }) }, () => [
    ...webhookLines(made),
    ...pairsOf([out === undefined ? ['secret', secret] : [session.say('secret in'), out]]),
  ]);
}

async function deliveries(webhookId: string, limit: number, session: Session): Promise<void> {
  const found: DeliveryDto[] = [];
  for await (const delivery of session.client.allWebhookDeliveries(webhookId)) {
    found.push(delivery);
    if (found.length >= limit) break;
  }
  session.answer(found, () => deliveryTable(found, session));
}

function deliveryTable(found: readonly DeliveryDto[], session: Session): string[] {
  return session.table(
    [
      ['ID', (each) => each.id],
      ['EVENT', (each) => each.event_type],
      ['STATUS', (each) => each.status],
      ['TRIES', (each) => each.tries],
      ['ANSWER', (each) => each.response_status],
      ['AGE', (each) => ageOf(each.created_at)],
      ['ERROR', (each) => each.error],
      ['NEXT', (each) => each.next_attempt_at, 'wide'],
      ['MESSAGE', (each) => each.message_id, 'wide'],
    ],
    found,
  );
}
