const BYTES_PER_LINE = 48;

/** Writes bytes as the armor of age (strict PEM, RFC 7468: 64 characters a line), chunk by chunk. */
export class PemLines {
  private rest = Buffer.alloc(0);
  private begun = false;

  /** Text of the bytes so far that fill whole lines. */
  take(chunk: Uint8Array): string {
    const bytes = Buffer.concat([this.rest, chunk]);
    const whole = bytes.byteLength - (bytes.byteLength % BYTES_PER_LINE);
    this.rest = bytes.subarray(whole);
    return this.begin() + linesOf(bytes.subarray(0, whole));
  }

  /** The last line, and the end mark. */
  end(): string {
    return `${this.begin()}${linesOf(this.rest)}-----END AGE ENCRYPTED FILE-----\n`;
  }

  private begin(): string {
    if (this.begun) return '';
    this.begun = true;
    return '-----BEGIN AGE ENCRYPTED FILE-----\n';
  }
}

function linesOf(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
}
