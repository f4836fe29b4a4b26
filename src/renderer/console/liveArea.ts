/**
 * The lines at the bottom of a terminal that are redrawn in place. Everything else that is written meanwhile, by us or
 * by the program, goes above them.
 */
import type { StreamWriter } from "../../file/streamWriter.js"
import * as exitWatch from "./exitWatch.js"
import type { LiveLine } from "./liveView.js"
import { intercept } from "./streamInterception.js"

const frameMillis = 83
/** Redrawings between two frames, each because something was written above. More of that waits for the next frame. */
const maxRedrawings = 4

const hideCursor = "\x1b[?25l"
const showCursor = "\x1b[?25h"
const eraseLine = "\x1b[2K"
const eraseBelow = "\x1b[J"
const eraseRestOfLine = "\x1b[K"

export interface LiveAreaOptions {
  readonly stream: NodeJS.WritableStream
  readonly writer: StreamWriter
  /** The other streams that show on the same terminal. */
  readonly neighbours: ReadonlyArray<NodeJS.WritableStream>
  readonly columns: () => number
  /** What to show now. */
  readonly lines: () => ReadonlyArray<LiveLine>
  readonly isNeeded: () => boolean
}

/**
 * While it is needed it runs a timer and is between the program and the terminal; otherwise it leaves no trace. The
 * first drawing waits for the timer, so a program of quick stages sees its lines and nothing flickering.
 */
export class LiveArea {
  readonly #options: LiveAreaOptions
  #timer: ReturnType<typeof setInterval> | undefined
  #undo: ReadonlyArray<() => void> = []
  #unwatch: (() => void) | undefined
  #drawn: ReadonlyArray<LiveLine> = []
  #columns = 0
  #redrawings = 0
  #isCursorHidden = false
  #isAtLineStart = true
  #isOurs = false
  #isClosed = false

  constructor(options: LiveAreaOptions) {
    this.#options = options
  }

  /** Writes whole lines above the area; the area follows what has changed. */
  print(lines: string): void {
    if (lines === "") return
    if (this.#timer === undefined) {
      this.#write(lines)
      return
    }
    const erased = this.#erasure()
    // A line that the program has begun keeps its line.
    const above = this.#isAtLineStart ? lines : `\n${lines}`
    this.#isAtLineStart = true
    this.#write(`${erased}${above}${this.#redrawing()}`)
  }

  /** Begins to show the area, unless it does so already. */
  start(): void {
    if (this.#timer !== undefined || this.#isClosed) return
    const { neighbours, stream } = this.#options
    this.#isAtLineStart = true
    this.#redrawings = maxRedrawings
    this.#undo = [stream, ...neighbours].map((stream) =>
      intercept(stream, (write, chunk) => this.#passThrough(write, chunk))
    )
    this.#timer = setInterval(() => this.#tick(), frameMillis)
    this.#timer.unref?.()
  }

  /** Takes the area away, and every trace of it. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    try {
      this.#write(this.#erasure() + this.#cursorShown())
    } finally {
      for (const undo of this.#undo) undo()
      this.#undo = []
      this.#unwatch?.()
      this.#unwatch = undefined
    }
  }

  /** Stops for good. */
  close(): void {
    this.#isClosed = true
    this.stop()
  }

  #tick(): void {
    this.#safely(() => {
      if (!this.#options.isNeeded()) return this.stop()
      this.#redrawings = 0
      if (!this.#isAtLineStart) return
      // Drawing over what is there does not flicker as erasing it first would. After a change of width it would leave
      // the terminal believing that our lines are one that it has wrapped.
      const home = this.#columns === this.#options.columns() ? this.#home() : this.#erasure()
      this.#write(home + (this.#drawing() || eraseBelow))
    })
  }

  /** A write of the program: takes the area out of its way, and puts it back once the program's line is complete. */
  #passThrough<A>(write: () => A, chunk: unknown): A {
    // A window's title, a bell, a progress for the task bar: the cursor stays where it is.
    if (this.#isOurs || takesNoRoom(chunk)) return write()
    this.#safely(() => this.#write(this.#erasure()))
    const written = write()
    this.#isAtLineStart = endsLine(chunk, this.#isAtLineStart)
    // The terminal may have failed us just now: what is stopped is not drawn again, nor watched over.
    if (this.#timer === undefined) return written
    // An unfinished line may be a question: it gets the cursor.
    this.#safely(() => this.#write(this.#isAtLineStart ? this.#redrawing() : this.#cursorShown()))
    return written
  }

  /** A terminal that fails us is no reason to fail the program's own write or a timer. */
  #safely(run: () => void): void {
    try {
      run()
    } catch {
      this.#drawn = []
      this.#isCursorHidden = false
      this.close()
    }
  }

  #write(text: string): void {
    if (text === "") return
    this.#isOurs = true
    try {
      this.#options.writer.write(text)
    } finally {
      this.#isOurs = false
    }
  }

  #redrawing(): string {
    if (this.#redrawings >= maxRedrawings) return ""
    this.#redrawings += 1
    return this.#drawing()
  }

  /** The area from the cursor on, which has to be at the start of a line. */
  #drawing(): string {
    this.#drawn = this.#options.lines()
    this.#columns = this.#options.columns()
    if (this.#drawn.length === 0) return ""
    const text = this.#drawn.map((line) => line.text + eraseRestOfLine).join("\n") + eraseBelow
    return this.#cursorHidden() + text
  }

  /** Line by line: clearing all below at the top of the screen would make some terminals keep it for scrolling back. */
  #erasure(): string {
    const rows = this.#rows
    this.#drawn = []
    return rows === 0 ? "" : `\r${`${eraseLine}${up(1)}`.repeat(rows - 1)}${eraseLine}`
  }

  /** To the start of the area. */
  #home(): string {
    const rows = this.#rows
    if (rows === 0) return ""
    return rows > 1 ? `\r${up(rows - 1)}` : "\r"
  }

  /** The rows the area takes now. A terminal that became narrower since has wrapped its lines. */
  get #rows(): number {
    const columns = Math.max(1, this.#options.columns())
    return this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.columns / columns)), 0)
  }

  #cursorHidden(): string {
    if (this.#isCursorHidden) return ""
    this.#isCursorHidden = true
    this.#unwatch ??= exitWatch.watch({
      onEnd: () => this.#safely(() => this.close()),
      onStop: () => this.#safely(() => this.#write(this.#erasure() + this.#cursorShown())),
      onContinue: () => this.#forget()
    })
    return hideCursor
  }

  /** The shell has written since: the next frame is drawn where the cursor is now. */
  #forget(): void {
    this.#drawn = []
    this.#isCursorHidden = false
    this.#isAtLineStart = true
  }

  #cursorShown(): string {
    if (!this.#isCursorHidden) return ""
    this.#isCursorHidden = false
    return showCursor
  }
}

const up = (rows: number): string => `\x1b[${rows}A`

/** Sequences that leave the cursor where it is: commands to the terminal's window, colours, bells. */
const invisible = /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_^X][^\x1b]*\x1b\\|\x1b\[[0-9;:]*m|[\x00\x07]/g
/** And any other control sequence, e.g. one that switches a mode. */
const control = new RegExp(`${invisible.source}|\\x1b\\[[0-?]*[ -/]*[@-~]|\\x1b[ -/]*[0-~]`, "g")

/** Most of a chunk that is looked at. */
const maxEnd = 4_096

const endOf = (chunk: unknown): string => {
  if (typeof chunk === "string") return chunk.slice(-maxEnd)
  return chunk instanceof Uint8Array ? Buffer.from(chunk.subarray(-maxEnd)).toString("latin1") : ""
}

const takesNoRoom = (chunk: unknown): boolean => {
  const end = endOf(chunk)
  return end.length < maxEnd && end.replaceAll(invisible, "") === ""
}

/** Whether the cursor is at the start of a line after the chunk. */
const endsLine = (chunk: unknown, before: boolean): boolean => {
  const shown = endOf(chunk).replaceAll(control, "")
  return shown === "" ? before : shown.endsWith("\n")
}
