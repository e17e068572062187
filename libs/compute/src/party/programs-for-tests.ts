import { TaskFailure, type Json, type JsonObject } from '../contract/task-type.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from './party-program.js';

/** Small party programs, chosen by `args.act`, that the tests of the runtime start in threads. */
const acts: Record<string, (context: PartyContext, args: JsonObject) => Promise<Json>> = {
  async exchange(context) {
    const [peer] = context.peers as [string];
    await context.send(peer, { hello: context.party });
    await context.send(peer, new Uint8Array([1, 2, 3]));
    const greeting = await context.receiveJson(peer);
    const bytes = await context.receiveBytes(peer);
    return { greeting, bytes: [...bytes], env: Object.keys(Reflect.get(process, 'env') as object).length };
  },
  async outside(context) {
    await context.outside();
    return null;
  },
  async flood(context, { chunks, chunkBytes }) {
    const [peer] = context.peers as [string];
    if (context.party === 'alice') {
      for (let i = 0; i < Number(chunks); i += 1) await context.send(peer, new Uint8Array(Number(chunkBytes)).fill(i));
      return null;
    }
    let sum = 0;
    for (let i = 0; i < Number(chunks); i += 1) {
      const bytes = await context.receiveBytes(peer);
      if (!Buffer.from(bytes.buffer).equals(Buffer.alloc(Number(chunkBytes), i))) throw new Error('order');
      sum += bytes.byteLength;
    }
    return sum;
  },
  /** Sends more than the window to a peer that reads nothing and has ended, and ends. */
  async unread(context) {
    const [peer] = context.peers as [string];
    if (context.party === 'bob') return null;
    for (let i = 0; i < 40; i += 1) await context.send(peer, new Uint8Array(1024 * 1024));
    return 40;
  },
  /** Writes to a peer that has ended before it reads what that has sent. */
  async late(context) {
    const [peer] = context.peers as [string];
    if (context.party === 'bob') {
      await context.send(peer, 'first');
      await new Promise((resolve) => setTimeout(resolve, 100));
      await context.send(peer, 'last');
      return null;
    }
    await context.receiveJson(peer);
    for (const until = performance.now() + 500; performance.now() < until;);
    await context.send(peer, 'unheard');
    return context.receiveJson(peer);
  },
  async dealt(context) {
    return context.receiveJson(NEUTRAL);
  },
  async deal(context) {
    for (const peer of context.peers) await context.send(peer, { to: peer });
    return context.peers.length;
  },
  async read(context, { path }) {
    const input = await context.openInput(String(path));
    const text = await input.handle.readFile('utf8');
    await input.close();
    return text;
  },
  async write(context, { target, text, fail }) {
    const output = await context.createOutput({
      target: target as string | undefined,
      name: 'out.txt',
      mediaType: 'text/plain',
    });
    await output.write(String(text));
    if (fail === 'failure') throw new TaskFailure('TOLD_TO', 'told to fail', true, { row: 1 });
    if (fail === 'crash') throw new RangeError('secret 4711');
    if (fail === 'exit') process.exit(3);
    if (fail === 'spin') for (;;);
    return { reference: output.reference, ...(await output.finish()) };
  },
  async wait(context) {
    return context.receiveJson(context.peers[0]!);
  },
  async end() {
    return null;
  },
};

export const run: PartyProgram = (context, args) => {
  const call = args as JsonObject;
  return acts[String(call.act)]!(context, call);
};
