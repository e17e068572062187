import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ACK, BODY_BYTES, bodyOf, DATA, END, FrameReader, GONE, frameOf, type Frame } from './frames.js';
import { ResumableConnection, RESUME_BOUNDS, type ResumeBounds } from './resumable-connection.js';
import { holdTimeouts } from './timeouts-for-tests.js';
import { numbersOf, wire, type Weather } from './wire-for-tests.js';

const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((step) => step()));

/** Two ends that come again over another connection whenever one of them is cut. */
class Pair {
  readonly a: ResumableConnection;
  readonly b: ResumableConnection;
  connections = 0;
  isDown = false;
  cuts: string[] = [];
  private isPlanned = false;

  constructor(
    private readonly weather: () => Weather = () => ({ bytes: Infinity }),
    bounds: Partial<ResumeBounds> = {},
  ) {
    const end = (member: string): ResumableConnection =>
      new ResumableConnection(member, { ...RESUME_BOUNDS, ...bounds }, () => this.onCut(member));
    [this.a, this.b] = [end('b'), end('a')];
    undo.push(() => [this.a, this.b].forEach((each) => void each.destroy()));
    this.connect();
  }

  connect(): void {
    this.isPlanned = false;
    if (this.isDown || this.a.destroyed || this.b.destroyed) return;
    this.connections += 1;
    const [near, far] = wire(this.weather());
    const [ofA, ofB] = [this.a.expects, this.b.expects];
    this.a.carry(near, ofB, ofA);
    this.b.carry(far, ofA, ofB);
  }

  private onCut(member: string): void {
    this.cuts.push(member);
    if (this.isPlanned) return;
    this.isPlanned = true;
    setImmediate(() => this.connect());
  }
}
/** Of all that is read. `for await` would destroy the stream before the other direction has ended. */
const digestOf = (stream: Duplex): Promise<string> => {
  const hash = createHash('sha256');
  stream.on('data', (chunk: Buffer) => void hash.update(chunk));
  return new Promise((resolve) => stream.once('end', () => resolve(hash.digest('hex'))));
};
const errorOf = async (connection: ResumableConnection): Promise<unknown> => {
  if (!connection.closed) await new Promise((resolve) => connection.once('close', resolve));
  return connection.errored;
};
const write = async (to: Duplex, bytes: Buffer, pieces: () => number): Promise<string> => {
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + pieces();
    const piece = Buffer.from(bytes.subarray(at, end));
    at = end;
    // What was written may be used again once it was taken.
    await new Promise<void>((resolve) => to.write(piece, () => resolve()));
    piece.fill(0);
  }
  return createHash('sha256').update(bytes).digest('hex');
};

describe('a connection that is cut again and again', () => {
  test.each([1, 2, 3, 4, 5, 6])('brings every byte once, in order, both ways (seed %d)', async (seed) => {
    const number = numbersOf(seed);
    const windowBytes = 128 * 1024;
    let most = 0;
    const pair = new Pair(() => ({ bytes: 2_000 + Math.floor(number() * 400_000) }), { windowBytes });
    const pieces = (): number => 1 + Math.floor(number() ** 4 * 300_000);
    const look = (): number => {
      most = Math.max(most, pair.a.keptBytes, pair.b.keptBytes);
      return pieces();
    };
    const data = [randomBytes(3_000_000), randomBytes(2_000_000)] as const;
    const heard = [digestOf(pair.a), digestOf(pair.b)];
    const [sentA, sentB] = await Promise.all([write(pair.a, data[0], look), write(pair.b, data[1], look)]);
    for (const end of [pair.a, pair.b]) end.end();
    const [atA, atB] = await Promise.all(heard);
    expect([atB, atA]).toEqual([sentA, sentB]);
    expect(pair.connections).toBeGreaterThan(10);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(windowBytes);
    expect(await Promise.all([pair.a, pair.b].map(errorOf))).toEqual([null, null]);
  });

  test('is found dead where nobody says so, and goes on', async () => {
    let first = true;
    const pair = new Pair(
      () => {
        const weather = { bytes: first ? 100_000 : Infinity, isSilent: first };
        first = false;
        return weather;
      },
      { beatMs: 10, silentMs: 100 },
    );
    const data = randomBytes(1_000_000);
    const heard = digestOf(pair.b);
    pair.a.resume();
    const sent = await write(pair.a, data, () => 50_000);
    pair.a.end();
    expect(await heard).toBe(sent);
    expect(pair.connections).toBe(2);
  });

  test('stays while it is idle, since both ends say that they are there', async () => {
    const pair = new Pair(undefined, { beatMs: 10, silentMs: 100 });
    await delay(300);
    pair.a.write('hello');
    expect(String((await once(pair.b, 'data'))[0])).toBe('hello');
    expect(pair.connections).toBe(1);
  });

  test('is lost where it does not come again in time, and says so at both ends', async () => {
    const pair = new Pair(() => ({ bytes: 1_000 }), { resumeMs: 200 });
    pair.isDown = true;
    const begun = performance.now();
    pair.a.write(randomBytes(5_000));
    const lost = { code: 'PARTY_LOST', message: 'its connection was cut, and did not come again within 0.2 s' };
    expect(await Promise.all([pair.a, pair.b].map(errorOf))).toMatchObject([lost, lost]);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(190);
  });

  test('is not lost any more once it came again in time', async () => {
    undo.push(holdTimeouts());
    let bytes = 1_000;
    const pair = new Pair(() => ({ bytes }));
    bytes = Infinity;
    pair.a.write(randomBytes(5_000));
    while (pair.connections < 2) await new Promise((resolve) => setImmediate(resolve));
    jest.advanceTimersByTime(RESUME_BOUNDS.resumeMs);
    expect([pair.a.errored, pair.b.errored, pair.cuts]).toEqual([null, null, ['b', 'a']]);
  });
});

describe('a connection', () => {
  test('holds a writer up at the window while nobody reads, and reads acknowledgements all the same', async () => {
    const windowBytes = 256 * 1024;
    const pair = new Pair(undefined, { windowBytes });
    pair.b.write(randomBytes(2_000_000)); // Nobody reads it at a.
    const heard = digestOf(pair.b);
    const sent = await write(pair.a, randomBytes(2_000_000), () => 30_000);
    pair.a.end();
    expect(await heard).toBe(sent);
    expect(pair.b.keptBytes).toBeLessThanOrEqual(windowBytes);
    expect(pair.b.keptBytes).toBeGreaterThan(windowBytes - 2 * BODY_BYTES);
    expect(pair.b.writableLength).toBeGreaterThan(0);
  });

  test('that ends was not cut', async () => {
    const pair = new Pair();
    pair.a.end('the last words');
    const heard: Buffer[] = [];
    pair.b.on('data', (chunk: Buffer) => heard.push(chunk));
    pair.a.resume();
    expect(await Promise.all([pair.a, pair.b].map(errorOf))).toEqual([null, null]);
    expect(Buffer.concat(heard).toString()).toBe('the last words');
    expect(pair.cuts).toEqual([]);
  });

  test('that one end gives up ends at once, after what that had sent', async () => {
    const pair = new Pair();
    pair.a.write('the last words');
    pair.a.destroy();
    const heard: Buffer[] = [];
    pair.b.on('data', (chunk: Buffer) => heard.push(chunk));
    expect(await errorOf(pair.b)).toMatchObject({ code: 'PARTY_LOST', message: 'its site ended the connection' });
    expect(Buffer.concat(heard).toString()).toBe('the last words');
  });

  test('goes on over the newer one of two, and closes the older', async () => {
    const pair = new Pair();
    const [near, far] = wire();
    const [ofA, ofB] = [pair.a.expects, pair.b.expects];
    pair.a.carry(near, ofB, ofA);
    pair.b.carry(far, ofA, ofB);
    pair.a.write('hello');
    expect(String((await once(pair.b, 'data'))[0])).toBe('hello');
    expect([pair.connections, pair.cuts]).toEqual([1, []]);
  });
});

describe('a site that', () => {
  /** What comes of it at the other end, whose window is 256 KiB, and what that said. */
  const comesTo = async (lie: (far: Duplex, near: ResumableConnection) => void): Promise<string> => {
    const bounds = { ...RESUME_BOUNDS, windowBytes: 256 * 1024 };
    const near = new ResumableConnection('b', bounds, () => undefined);
    undo.push(() => void near.destroy());
    const [carrier, far] = wire();
    near.carry(carrier, 0, 0);
    far.resume();
    lie(far, near);
    const { code, member, message } = (await errorOf(near)) as { code: string; member: string; message: string };
    expect([code, member]).toEqual(['PROTOCOL_VIOLATION', 'b']);
    return message;
  };
  const data = (number: number, bytes: number): Buffer => frameOf(DATA, number, bytes);
  const withLength = (kind: number, length: number): Buffer => {
    const head = frameOf(kind, 0);
    head.writeUInt32BE(length, 7);
    return head;
  };

  test.each<[string, (far: Duplex, near: ResumableConnection) => void, string]>([
    ['leaves a frame out', (far) => void far.write(data(1, 10)), 'out of turn'],
    [
      'sends a frame twice',
      (far) => {
        far.write(data(0, 10));
        far.write(data(0, 10));
      },
      'out of turn',
    ],
    [
      'sends two frames in the wrong order, the later one first',
      (far) => {
        far.write(data(0, 10));
        far.write(data(2, 10));
        far.write(data(1, 10));
      },
      'out of turn',
    ],
    [
      'goes back to a frame that it has sent',
      (far) => {
        for (const number of [0, 1, 0]) far.write(data(number, 10));
      },
      'out of turn',
    ],
    [
      'sends its end twice',
      (far) => {
        far.write(frameOf(END, 0));
        far.write(frameOf(END, 0));
      },
      'out of turn',
    ],
    [
      'sends data after its end',
      (far) => {
        far.write(frameOf(END, 0));
        far.write(data(1, 10));
      },
      'after its end',
    ],
    ...[0, 2].map((number): [string, (far: Duplex, near: ResumableConnection) => void, string] => [
      `goes on at frame ${number} where the other end expects 1`,
      (far, near) => {
        far.write(data(0, 10));
        void once(near.resume(), 'data').then(() => {
          const [carrier, later] = wire();
          near.carry(carrier, 0, near.expects);
          later.write(data(number, 10));
        });
      },
      'out of turn',
    ]),
    ['acknowledges what was never sent', (far) => void far.write(frameOf(ACK, 1)), 'never sent'],
    ['sends a long frame', (far) => void far.write(withLength(DATA, BODY_BYTES + 1)), 'wrong length'],
    ['sends a frame without a body', (far) => void far.write(withLength(DATA, 0)), 'wrong length'],
    ['sends a body where none may be', (far) => void far.write(withLength(ACK, 1)), 'wrong length'],
    ['sends a frame of another kind', (far) => void far.write(frameOf(9, 0)), 'no known kind'],
    [
      'sends more than the window',
      (far) => {
        for (let number = 0; number < 9; number += 1) far.write(data(number, BODY_BYTES / 2));
      },
      'more than it may',
    ],
    [
      'sends short frames without end',
      (far) => {
        for (let number = 0; number < 1_100; number += 1) far.write(data(number, 1));
      },
      'more than it may',
    ],
    ['wants to go on at what was never sent', (_, near) => void near.carry(wire()[0], 1, 0), 'never sent'],
  ])('%s is named', async (_, lie, words) => {
    expect(await comesTo(lie)).toContain(words);
  });

  test('wants what it has acknowledged since is held up by somebody: the connection before stays', async () => {
    const near = new ResumableConnection('b', RESUME_BOUNDS, () => undefined);
    undo.push(() => void near.destroy());
    const [carrier, far] = wire();
    near.carry(carrier, 0, 0);
    near.write('hello');
    far.write(frameOf(ACK, 1));
    while (near.keptBytes > 0) await new Promise((resolve) => setImmediate(resolve));
    const [late] = wire();
    expect([near.carry(late, 0, 0), late.destroyed, near.destroyed, near.isCut]).toEqual([false, true, false, false]);
    near.resume();
    far.write(data(0, 5));
    await once(near, 'data');
  });

  test('has ended it is not waited for, where nobody reads what it has sent', async () => {
    const near = new ResumableConnection('b', { ...RESUME_BOUNDS, resumeMs: 50 }, () => undefined);
    const [carrier, far] = wire();
    near.carry(carrier, 0, 0);
    far.write(Buffer.concat([data(0, 5), data(1, 5), frameOf(GONE, 0)]));
    far.end();
    expect(await errorOf(near)).toMatchObject({ code: 'PARTY_LOST' });
  });

  test('sends again what came over the connection before is heard once', async () => {
    const near = new ResumableConnection('b', RESUME_BOUNDS, () => undefined);
    undo.push(() => void near.destroy());
    const [[carrier, far], [newer, later]] = [wire(), wire()];
    near.carry(carrier, 0, 0);
    const text = (number: number, words: string): Buffer => {
      const frame = frameOf(DATA, number, words.length);
      bodyOf(frame).write(words);
      return frame;
    };
    const said = near.expects;
    far.write(text(0, 'one'));
    // It comes while the two ends greet each other over the new connection.
    while (near.expects === said) await new Promise((resolve) => setImmediate(resolve));
    near.carry(newer, 0, said);
    later.write(Buffer.concat([text(0, 'one'), text(1, 'two'), frameOf(END, 2)]));
    let heard = '';
    for await (const chunk of near) heard += String(chunk);
    expect(heard).toBe('onetwo');
  });
});

test('frames are read wherever their bytes are parted', () => {
  const number = numbersOf(7);
  const sent = Array.from({ length: 200 }, (_, at) => {
    const body = randomBytes(1 + Math.floor(number() * 50));
    const frame = frameOf(DATA, at * 2 ** 30, body.byteLength);
    body.copy(bodyOf(frame));
    return { frame, wanted: { kind: DATA, number: at * 2 ** 30, body } };
  });
  const found: Frame[] = [];
  const reader = new FrameReader((frame) => found.push(frame));
  const bytes = Buffer.concat(sent.map(({ frame }) => frame));
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + Math.floor(number() * 40);
    reader.take(bytes.subarray(at, end));
    at = end;
  }
  expect(found).toEqual(sent.map(({ wanted }) => wanted));
});
