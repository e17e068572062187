import { Broker } from './broker.js';
import { Exchange } from './exchange.js';
import type { CelerySettings } from './fleet.js';
import { cancel, PATIENCE } from './follow.js';

/** What a Redis holds may be anybody's: a folder of another name is none of ours. */
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([0-9a-f-]{36})$/;

/** Ends what runs at the fleets and nobody follows: its worker died or was stopped, and its chain ended before another attempt began. Never throws. */
export async function endLeftTasks(settings: CelerySettings, { leftMs, commandMs } = PATIENCE): Promise<void> {
  const { brokers, queue, dataRoot: here, farRoot: there } = settings;
  const urls = typeof brokers === 'string' ? [brokers] : Object.values(brokers).map(({ url }) => url);
  for (const url of new Set(urls)) {
    const broker = new Broker(url, queue, commandMs);
    try {
      for (const name of await broker.left(leftMs)) {
        const [, folder, id] = NAME.exec(name) ?? [];
        if (folder === undefined || id === undefined) await broker.letGo(name);
        else {
          const attempt = await broker.follower(id);
          if (attempt === undefined) await broker.letGo(name);
          else await cancel({ broker, id, folder, attempt, fleet: 'The fleet', isShared: false });
          await new Exchange({ here, there }, folder).remove();
        }
      }
    } catch {
      // The broker is away: the next round finds what is left.
    } finally {
      broker.close();
    }
  }
}
