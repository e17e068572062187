/** The part of a terminal's stream that the view needs. */
export interface Terminal {
  write(text: string): unknown;
}

/** Lines at the end of the terminal that are drawn again in place; what is printed meanwhile scrolls above them. */
export class LiveView {
  private drawn: readonly string[] = [];

  constructor(private readonly terminal: Terminal) {}

  /** Replaces the lines. */
  draw(lines: readonly string[]): void {
    this.terminal.write(this.erase() + lines.map((line) => `${line}\n`).join(''));
    this.drawn = lines;
  }

  /** Puts a line above the view. */
  print(line: string): void {
    const lines = this.drawn;
    this.terminal.write(`${this.erase()}${line}\n`);
    this.drawn = [];
    if (lines.length > 0) this.draw(lines);
  }

  /** Leaves the lines as they are; what is written from now on goes below them. */
  leave(): void {
    this.drawn = [];
  }

  private erase(): string {
    return this.drawn.length > 0 ? `\u001b[${this.drawn.length}A\u001b[0J` : '';
  }
}
