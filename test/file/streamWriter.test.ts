import { spawnSync } from "node:child_process"
import { PassThrough, Writable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as streamWriter from "../../src/file/streamWriter.js"
import { compiled } from "../fixtures/compiled.js"

/** A stream whose writes end with what the test decides. */
class Faulty extends Writable {
  readonly done: Array<(error?: Error) => void> = []

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.done.push(done)
  }
}

const nextTick = () => new Promise((resolve) => setImmediate(resolve))

describe("streamWriter", () => {
  it("listens to errors only while a write is under way", async () => {
    const stream = new Faulty()
    const writer = streamWriter.make(stream)
    writer.write("a")
    writer.write("b")
    assert.strictEqual(stream.listenerCount("error"), 1)
    stream.done[0]?.()
    await nextTick()
    assert.strictEqual(stream.listenerCount("error"), 1)
    stream.done[1]?.()
    await nextTick()
    assert.strictEqual(stream.listenerCount("error"), 0)
  })

  it("survives an error that another listener hands on", async () => {
    const stream = new Faulty()
    new PassThrough().pipe(stream)
    streamWriter.make(stream).write("a")
    stream.done[0]?.(new Error("broken"))
    await nextTick()
    assert.isTrue(stream.destroyed)
  })

  it("survives an error that comes later, and throws from the next write on", async () => {
    const stream = new Faulty()
    const writer = streamWriter.make(stream)
    writer.write("a")
    stream.done[0]?.(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }))
    await nextTick()
    assert.throws(() => writer.write("b"), "The output stream is closed")
    assert.strictEqual(stream.listenerCount("error"), 0)
  })

  it("throws when the stream holds back all writes after an error", async () => {
    const stream = new Faulty({ autoDestroy: false })
    const writer = streamWriter.make(stream)
    writer.write("a")
    stream.done[0]?.(new Error("broken"))
    await nextTick()
    assert.throws(() => writer.write("b"), "The output stream is closed (broken)")
  })

  it("throws when the stream has ended", () => {
    const stream = new Faulty()
    stream.end()
    assert.throws(() => streamWriter.make(stream).write("a"), "closed (ended)")
  })

  it("lets a program finish whose reader has gone", async () => {
    const program = `
      import { make } from "${await Effect.runPromise(compiled("src/file/streamWriter.ts"))}"
      const writer = make(process.stdout)
      let failed = 0
      const next = (i) => {
        if (failed > 0) return console.error("failed after", i, "writes")
        try { writer.write("x".repeat(1000) + "\\n") } catch { failed += 1 }
        setImmediate(next, i + 1)
      }
      next(0)
    `
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", '"$0" --input-type=module -e "$1" | true', process.execPath, program],
      {
        encoding: "utf8",
        timeout: 110_000
      }
    )
    assert.strictEqual(status, 0)
    assert.match(stderr, /failed after \d+ writes/)
    assert.notInclude(stderr, "EPIPE")
  })
})
