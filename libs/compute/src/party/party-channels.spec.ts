import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { PartyChannels } from './party-channels.js';
import { WINDOW_BYTES, bodyBytes, type ToPeer } from './party-link.js';
import type { Transport } from './transport.js';

const MEBIBYTE = new Uint8Array(1024 * 1024);

/** A line whose other end the test plays. */
class FakeLine implements Transport<ToPeer> {
  readonly calls: string[] = [];
  unsent = 0;
  private flushing: (() => void)[] = [];
  private receive: (message: unknown) => void = () => undefined;
  private closed: (fault?: string) => void = () => undefined;

  post({ body }: ToPeer): void {
    this.calls.push('post');
    this.unsent += bodyBytes(body);
  }
  flushed(): Promise<void> {
    return this.unsent === 0 ? Promise.resolve() : new Promise((resolve) => this.flushing.push(resolve));
  }
  unsentBytes(): number {
    return this.unsent;
  }
  onMessage(receive: (message: unknown) => void): void {
    this.receive = receive;
  }
  onClose(closed: (fault?: string) => void): void {
    this.closed = closed;
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
  close(): void {
    this.calls.push('close');
  }

  /** The other end reads all that was sent. */
  read(): void {
    this.unsent = 0;
    for (const resolve of this.flushing.splice(0)) resolve();
  }
  says(body: string | Uint8Array): void {
    this.receive({ body });
  }
  ends(fault?: string): void {
    this.closed(fault);
  }
}

describe('the channels of a party', () => {
  let line: FakeLine;
  let channels: PartyChannels;
  beforeEach(() => {
    line = new FakeLine();
    channels = new PartyChannels('alice', new Map([['bob', line]]));
  });

  test('hold a sender back whose peer reads nothing, and let it go on', async () => {
    const windows = WINDOW_BYTES / MEBIBYTE.byteLength;
    for (let at = 0; at < windows; at += 1) await channels.send('bob', MEBIBYTE);
    const late = channels.send('bob', MEBIBYTE);
    await turn();
    expect(line.calls).toHaveLength(windows);
    line.read();
    await late;
    expect(line.calls).toHaveLength(windows + 1);
    expect(channels.sentBytes).toBe(WINDOW_BYTES + MEBIBYTE.byteLength);
  });

  test('read no further than the window, and again once there is room', async () => {
    const windows = WINDOW_BYTES / MEBIBYTE.byteLength;
    for (let at = 0; at < windows - 1; at += 1) line.says(MEBIBYTE);
    expect(line.calls).toEqual([]);
    line.says(MEBIBYTE);
    line.says('"of the same read"');
    expect(line.calls).toEqual(['pause', 'pause']);
    await channels.receive('bob', 'bytes');
    expect(line.calls).toEqual(['pause', 'pause', 'resume']);
    await channels.receive('bob', 'bytes');
    expect(line.calls).toHaveLength(3);
  });

  test('count what each message takes: nothing is sent in millions of them', async () => {
    for (let at = 0; at < WINDOW_BYTES / 256; at += 1) line.says('');
    expect(line.calls).toEqual(['pause']);
    await channels.receive('bob', 'json');
    expect(line.calls).toEqual(['pause', 'resume']);
  });

  test('name the peer whose text is no JSON', async () => {
    line.says('1');
    line.says('{');
    expect(await channels.receiveJson('bob')).toBe(1);
    await expect(channels.receiveJson('bob')).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      details: { party: 'bob' },
    });
  });

  test('give what has come before they say that the peer has ended, whichever they hear first', async () => {
    const first = channels.receive('bob', 'json');
    channels.ended('bob', false);
    await turn();
    line.says('1');
    line.says('2');
    line.ends();
    expect([await first, await channels.receive('bob', 'json')]).toEqual(['1', '2']);
    const ended = { code: 'PROTOCOL_VIOLATION', message: expect.stringMatching(/from bob, which has ended/) };
    await expect(channels.receive('bob', 'json')).rejects.toMatchObject(ended);
  });

  test('wait for the coordinator to say what the end of a peer was', async () => {
    line.ends();
    const waiting = channels.receive('bob', 'json');
    await turn();
    channels.ended('bob', true);
    await expect(waiting).rejects.toMatchObject({ code: 'PARTY_LOST', details: { party: 'bob' } });
  });

  test('name the peer whose frames cannot be read', async () => {
    line.says('1');
    line.ends('a frame has a wrong length');
    channels.ended('bob', true);
    expect(await channels.receive('bob', 'json')).toBe('1');
    await expect(channels.receive('bob', 'json')).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      details: { party: 'bob' },
    });
  });

  test('end once all that was sent can be read, and drop what comes', async () => {
    line.says(new Uint8Array(WINDOW_BYTES));
    await channels.send('bob', MEBIBYTE);
    let isEnded = false;
    const finished = channels.finish().then(() => (isEnded = true));
    line.says(new Uint8Array(WINDOW_BYTES));
    await turn();
    expect([isEnded, line.calls]).toEqual([false, ['pause', 'post', 'resume']]);
    line.read();
    await finished;
    expect(line.calls).toEqual(['pause', 'post', 'resume', 'close']);
  });

  test('are to the processes of the run alone', async () => {
    await expect(channels.send('carol', 1)).rejects.toThrow('alice has no channel to carol');
  });
});
