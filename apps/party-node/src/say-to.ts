import type { FromRun } from './run-offer.js';

/** The channel to the process of `connect`. */
type Channel = Pick<NodeJS.Process, 'connected' | 'send' | 'disconnect'>;

/** Says to the process of `connect` how a run goes, and leaves once all of it is written: what is large takes some time. */
export function sayTo(channel: Channel): { say(message: FromRun): void; leave(): Promise<void> } {
  let written: Promise<void> = Promise.resolve();
  return {
    say(message) {
      if (channel.connected) written = new Promise((resolve) => channel.send!(message, () => resolve()));
    },
    async leave() {
      await written;
      if (channel.connected) channel.disconnect();
    },
  };
}
