/**
 * Streams that remember what was written: a plain one, and one that shows it as a terminal would.
 */
import { Writable } from "node:stream"

export class Recording extends Writable {
  text = ""
  writes = 0

  override _write(chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk)
    this.writes += 1
    done()
  }

  /** The lines written so far, without the line break of the last. */
  get lines(): ReadonlyArray<string> {
    return this.text.replace(/\n$/, "").split("\n")
  }
}

/** Knows the few control sequences that the live area uses, and refuses any other. */
export class FakeTerminal extends Recording {
  readonly isTTY = true
  readonly rows: number
  readonly columns: number
  isCursorVisible = true
  #screen: Array<Array<string>> = [[]]
  #row = 0
  #column = 0

  constructor(size: { readonly columns?: number; readonly rows?: number } = {}) {
    super()
    this.columns = size.columns ?? 80
    this.rows = size.rows ?? 24
  }

  /** What a person sees, without trailing spaces and trailing empty lines. */
  get screen(): ReadonlyArray<string> {
    const lines = this.#screen.map((cells) => cells.join("").trimEnd())
    while (lines.at(-1) === "") lines.pop()
    return lines
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: () => void): void {
    super._write(chunk, encoding, () => {})
    for (const [part] of String(chunk).matchAll(/\x1b\[[0-9;?]*[A-Za-z]|[\s\S]/gu)) this.#show(part)
    done()
  }

  #show(part: string): void {
    if (part === "\n") this.#moveTo(this.#row + 1, 0)
    else if (part === "\r") this.#column = 0
    else if (part.startsWith("\x1b")) this.#control(part.slice(2))
    else {
      if (this.#column >= this.columns) this.#moveTo(this.#row + 1, 0)
      this.#line[this.#column++] = part
    }
  }

  #control(sequence: string): void {
    if (sequence.endsWith("m")) return
    if (sequence === "?25l") this.isCursorVisible = false
    else if (sequence === "?25h") this.isCursorVisible = true
    else if (sequence === "2K") this.#line.fill(" ")
    else if (sequence === "K") this.#line.length = this.#column
    else if (sequence === "J") {
      this.#line.length = this.#column
      this.#screen.length = this.#row + 1
    } else if (sequence.endsWith("A")) this.#moveTo(this.#row - Number(sequence.slice(0, -1)), this.#column)
    else throw new Error(`unexpected control sequence ${JSON.stringify(sequence)}`)
  }

  get #line(): Array<string> {
    const line = this.#screen[this.#row] ?? []
    this.#screen[this.#row] = line
    while (line.length < this.#column) line.push(" ")
    return line
  }

  #moveTo(row: number, column: number): void {
    if (row < 0) throw new Error("the cursor left the screen")
    this.#row = row
    this.#column = column
    while (this.#screen.length <= row) this.#screen.push([])
  }
}
