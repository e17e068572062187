import { describe, expect, test } from '@jest/globals';
import { isSigned, sign } from './signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"test": 2432232314}';
const at = 1_614_265_330;
const headers = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: String(at),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

describe('signatures of webhooks', () => {
  test('are those of the example of Standard Webhooks', () => {
    expect(sign(secret, headers.id, at, body)).toBe(headers.signature);
  });

  test('count for the message, the secret and a short time alone', () => {
    const counts = (more: Partial<typeof headers> = {}, text = body, with_ = secret, after = 0): boolean =>
      isSigned(with_, { ...headers, ...more }, Buffer.from(text), (at + after) * 1_000);
    expect([counts(), counts({}, body, secret, 300), counts({}, body, secret, -300)]).toEqual([true, true, true]);
    expect(counts({ signature: `v1,AAAA v2,x ${headers.signature}` })).toBe(true);
    for (const wrong of [
      counts({}, body, secret, 301),
      counts({}, body, secret, -301),
      counts({}, `${body} `),
      counts({}, body, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx'),
      counts({ id: 'msg_other' }),
      counts({ timestamp: String(at + 1) }),
      counts({ timestamp: '' }),
      counts({ timestamp: `${at}.0`, signature: sign(secret, headers.id, `${at}.0`, body) }),
      counts({ signature: '' }),
      counts({ signature: headers.signature.slice(0, -1) }),
      counts({ signature: headers.signature.replace('v1', 'v2') }),
      counts({ signature: `${'v1,AAAA '.repeat(10)}${headers.signature}` }),
    ])
      expect(wrong).toBe(false);
  });
});
