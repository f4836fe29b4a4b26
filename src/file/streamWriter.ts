/**
 * Writing text to a stream that may be closed under us (`program | head`): it neither crashes the program nor goes
 * unnoticed.
 */
import type { Writable } from "node:stream"

type Closable = NodeJS.WritableStream & Partial<Pick<Writable, "destroyed" | "errored" | "writableEnded">>

export interface StreamWriter {
  /** Throws when the stream can take no more. A fault that shows only later makes the next write throw. */
  readonly write: (chunk: string) => void
}

/** Faults after which no write can succeed. `process.stdout` is never marked as destroyed, so its errors are the sign. */
const final = new Set(["EPIPE", "EIO", "EBADF", "ECONNRESET", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"])

/** @internal */
export const make = (stream: NodeJS.WritableStream): StreamWriter => {
  const closable: Closable = stream
  let pending = 0
  let guarding = false
  let closedBy: string | undefined

  const unguard = () => {
    if (!guarding || pending > 0) return
    guarding = false
    stream.removeListener("error", unguard)
  }

  const onWritten = (error?: NodeJS.ErrnoException | null) => {
    pending -= 1
    if (error === undefined || error === null) return unguard()
    if (error.code !== undefined && final.has(error.code)) closedBy ??= error.code
    // The stream emits its error only after this, and the listener goes with that: see `unguard`.
  }

  return {
    write: (chunk) => {
      if (closable.destroyed === true) closedBy ??= "destroyed"
      if (closable.errored) closedBy ??= closable.errored.message
      if (closable.writableEnded === true) closedBy ??= "ended"
      if (closedBy !== undefined) throw new Error(`The output stream is closed (${closedBy})`)
      // As Node's own Console does it, for an error without a listener ends the process; but also where there is one:
      // whoever pipes into the stream (each worker thread, into `process.stdout`) hands the error on to the others.
      if (!guarding) {
        guarding = true
        stream.on("error", unguard)
      }
      pending += 1
      try {
        stream.write(chunk, onWritten)
      } catch (error) {
        pending -= 1
        unguard()
        throw error
      }
    }
  }
}
