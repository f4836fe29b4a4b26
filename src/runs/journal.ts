/**
 * The journal of runs: a file of lines a day, in which whatever is accepted is on the disk.
 *
 * Any number of processes append to one file, each write as a whole, without a lock: a write that breaks off tears a line of
 * its own only, and readers find what follows it. Fibers that write at a time share one write, which is synced.
 */
import {
  appendFileSync,
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  write as writeTo
} from "node:fs"
import { join, resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as folders from "../file/folders.js"
import { lineEnd } from "../file/lines.js"
import { attempt } from "../plain/untrusted.js"
import { onProcessExit } from "../runtime/processExit.js"

/** A line that was not accepted. */
export class JournalError extends Data.TaggedError("JournalError")<{
  readonly path: string
  readonly reason: unknown
}> {
  override get message(): string {
    const why = this.reason instanceof Error ? this.reason.message : String(this.reason)
    return `The journal ${this.path} could not be written: ${why}`
  }
}

export interface Journal {
  readonly folder: string
  /** Appends a line, which ends with its line break. It is on the disk when this ends. */
  readonly append: (line: string, now: number) => Effect.Effect<void, JournalError>
}

const millisOfDay = 86_400_000
let lastDay = Number.NaN
let lastName = ""

/** The file of a day (UTC). */
export const fileName = (now: number): string => {
  const day = Math.floor(now / millisOfDay)
  if (day !== lastDay) {
    lastName = `events_${new Date(now).toISOString().slice(0, 10).replaceAll("-", "")}.ndjson`
    lastDay = day
  }
  return lastName
}

/** The names of files of a journal. */
export const isFileName = (name: string): boolean => /^events_\d{8}\.ndjson$/.test(name)

/** How long a write may take before what waits for it is refused, in milliseconds. */
const hangsAfter = 5_000
/** Most bytes of one write. */
const maxBytes = 1 << 20

/** Where there is such a thing, a write ends when it is on the disk: one call of the system instead of two. */
const throughFlag: number | undefined = constants.O_DSYNC
const writesThrough = throughFlag !== undefined
const appending = writesThrough ? constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | throughFlag : "a+"

interface Waiting {
  readonly name: string
  readonly line: Buffer
  readonly resume: (result: Effect.Effect<void, JournalError>) => void
}

interface Opened {
  readonly name: string
  readonly path: string
  readonly fd: number
  readonly ino: number
  /** Where the last write of ours ended, with all before it whole. */
  end: number
}

/**
 * The journal in a folder, until the scope is closed.
 *
 * @internal
 */
export const make = (folder: string): Effect.Effect<Journal, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new DailyJournal(resolve(folder))),
    (journal) => journal.close
  )

class DailyJournal implements Journal {
  readonly #takeBack = onProcessExit(() => this.#writeAtExit())
  #waiting: Array<Waiting> = []
  #begun: ReadonlyArray<Waiting> = []
  #isScheduled = false
  #hangs = false
  #opened: Opened | undefined
  #idle: (() => void) | undefined

  constructor(readonly folder: string) {}

  append(line: string, now: number): Effect.Effect<void, JournalError> {
    return Effect.async<void, JournalError>((resume) => {
      const name = fileName(now)
      if (this.#hangs) return resume(this.#error(name, "an earlier write has not ended for 5 seconds"))
      this.#waiting.push({ name, line: Buffer.from(line), resume })
      this.#schedule()
    })
  }

  /** Waits for what was given, and closes the file. */
  get close(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const end = () => {
        this.#takeBack()
        this.#closeFile()
        resume(Effect.void)
      }
      if (this.#waiting.length === 0 && this.#begun.length === 0) end()
      else this.#idle = end
    }).pipe(Effect.timeout(hangsAfter), Effect.ignore)
  }

  /** In the next turn of the event loop, so that fibers which write at a time are written together. */
  #schedule(): void {
    if (this.#isScheduled || this.#begun.length > 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const batch = this.#take()
    const [first] = batch
    if (first === undefined) return
    this.#begun = batch
    const timer = setTimeout(() => this.#giveUp(first.name), hangsAfter)
    let accepted = 0
    let reason: unknown
    try {
      accepted = await this.#write(first.name, batch)
    } catch (error) {
      reason = error
    }
    clearTimeout(timer)
    this.#hangs = false
    this.#begun = []
    batch.forEach(({ name, resume }, i) => {
      resume(i < accepted ? Effect.void : this.#error(name, reason ?? "the disk took only a part of it"))
    })
    if (this.#waiting.length > 0) return this.#schedule()
    this.#idle?.()
    this.#idle = undefined
  }

  /** What is written next: lines of one day. */
  #take(): ReadonlyArray<Waiting> {
    const name = this.#waiting[0]?.name
    let bytes = 0
    const end = this.#waiting.findIndex((one) => {
      bytes += one.line.length
      return one.name !== name || bytes > maxBytes
    })
    // One that is too long for any batch is one of its own.
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end))
  }

  /** How many of the lines are on the disk. */
  async #write(name: string, batch: ReadonlyArray<Waiting>): Promise<number> {
    const { before, file } = this.#open(name)
    // Whoever wrote last may have been killed in the middle of a line.
    const isWhole = before === file.end || before === 0 || lastByte(file.fd, before) === lineEnd
    const lines = batch.map(({ line }) => line)
    const bytes = Buffer.concat(isWhole ? lines : [Buffer.of(lineEnd), ...lines])
    file.end = -1
    const written = await writeAll(file.fd, bytes)
    if (!writesThrough) await synced(file.fd)
    if (written === bytes.length) {
      // Where another process wrote meanwhile, the file is longer the next time.
      file.end = before + written
      return batch.length
    }
    let end = isWhole ? 0 : 1
    const cut = lines.findIndex((line) => {
      end += line.length
      return end > written
    })
    if (cut === 0) throw new Error("no space is left")
    return cut
  }

  /** The file of that name as it is now, and how long it is: it may have been deleted, or moved away. */
  #open(name: string): { readonly file: Opened; readonly before: number } {
    const path = this.#opened?.name === name ? this.#opened.path : join(this.folder, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found !== undefined && this.#opened?.path === path && this.#opened.ino === found.ino) {
      return { file: this.#opened, before: found.size }
    }
    this.#closeFile()
    folders.makeNow(this.folder)
    const fd = openSync(path, appending)
    const { ino, size } = fstatSync(fd)
    this.#opened = { name, path, fd, ino, end: -1 }
    // The name of a new file has to be on the disk, too.
    if (found === undefined) attempt(() => syncFolder(this.folder), undefined)
    return { file: this.#opened, before: size }
  }

  #closeFile(): void {
    const fd = this.#opened?.fd
    this.#opened = undefined
    // A write that hangs still uses it.
    if (fd !== undefined && !this.#hangs) attempt(() => closeSync(fd), undefined)
  }

  #giveUp(name: string): void {
    this.#hangs = true
    const reason = "a write to it has not ended for 5 seconds"
    const refused = [...this.#begun, ...this.#waiting.splice(0)]
    for (const { resume } of refused) resume(this.#error(name, reason))
  }

  #error(name: string, reason: unknown): JournalError {
    return new JournalError({ path: join(this.folder, name), reason })
  }

  /** What was begun may be written twice; that changes nothing. */
  #writeAtExit(): void {
    const left = [...this.#begun, ...this.#waiting]
    if (left.length > 0) attempt(() => folders.makeNow(this.folder), undefined)
    for (const { line, name } of left) {
      attempt(() => appendFileSync(join(this.folder, name), Buffer.concat([Buffer.of(lineEnd), line])), undefined)
    }
  }
}

const lastByte = (fd: number, size: number): number | undefined => {
  const byte = Buffer.alloc(1)
  return readSync(fd, byte, 0, 1, size - 1) === 1 ? byte[0] : undefined
}

/** How many bytes were written; fails if none could be. */
const writeAll = async (fd: number, bytes: Buffer): Promise<number> => {
  let written = 0
  while (written < bytes.length) {
    const more = await new Promise<number | NodeJS.ErrnoException>((done) =>
      writeTo(fd, bytes, written, bytes.length - written, null, (error, count) => done(error ?? count))
    )
    if (typeof more === "number" && more > 0) written += more
    else if (written > 0) return written
    else throw typeof more === "number" ? new Error("nothing was written") : more
  }
  return written
}

const synced = (fd: number): Promise<void> =>
  new Promise((done, fail) => fdatasync(fd, (error) => (error === null ? done() : fail(error))))

const syncFolder = (folder: string): void => {
  const fd = openSync(folder, "r")
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
