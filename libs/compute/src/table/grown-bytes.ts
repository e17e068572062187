/** A number of 0 to 255 for each row, of a table whose number of rows is not known yet. */
export class GrownBytes {
  private bytes = new Uint8Array(1024);
  private count = 0;

  add(byte: number): void {
    if (this.count === this.bytes.length) {
      const longer = new Uint8Array(2 * this.count);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    this.bytes[this.count] = byte;
    this.count += 1;
  }

  get all(): Uint8Array {
    return this.bytes.subarray(0, this.count);
  }
}
