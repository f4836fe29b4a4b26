import { EventEmitter, errorMonitor } from "node:events"
import { PassThrough, Readable } from "node:stream"
import * as v8 from "node:v8"
import * as vm from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, FastCheck, Layer, ManagedRuntime } from "effect"
import { Correlation, Narrative, type NarrativeEvent, Renderer } from "../../src/index.js"
import { Narrator } from "../../src/promise/index.js"
import type { RecordedStage, RecordedStory } from "../../src/testing/index.js"
import { recorded } from "./narrators.js"
import { pausesOf, thousandPauses } from "./pauses.js"

const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The stages of a story, as lines with their depth. */
const outline = (story: RecordedStory | undefined): ReadonlyArray<string> => linesOf(story?.stages ?? [], "")

const linesOf = (stages: ReadonlyArray<RecordedStage>, indent: string): ReadonlyArray<string> =>
  stages.flatMap(({ name, stages, status }) => [`${indent}${name} ${status}`, ...linesOf(stages, `${indent}  `)])

const thrownBy = (f: () => unknown): unknown => {
  try {
    return f()
  } catch (error) {
    return error
  }
}

class OrderError extends Error {
  override readonly name = "OrderError"
}

describe("A function in a story", () => {
  it("gives its value at once if it is not asynchronous", () =>
    recorded(({ narrator, stories }) => {
      const value = { total: 3 }
      assert.strictEqual(
        narrator.story("Import", () => narrator.stage("Load", () => value)),
        value
      )
      assert.deepStrictEqual(outline(stories()[0]), ["Load completed"])
      assert.strictEqual(stories()[0]?.status, "success")
    }))

  it("throws the error it throws", () =>
    recorded(({ narrator, stories }) => {
      const error = new OrderError("no stock")
      const order = () =>
        narrator.story("Order", () =>
          narrator.stage("Reserve", () => {
            throw error
          })
        )
      assert.strictEqual(thrownBy(order), error)
      assert.deepStrictEqual(outline(stories()[0]), ["Reserve failed"])
      assert.strictEqual(stories()[0]?.status, "failed")
      assert.strictEqual(stories()[0]?.failure?.failures[0].stageName, "Reserve")
    }))

  it("gives a Promise of its own value, and ends when that is there", () =>
    recorded(async ({ narrator, stories }) => {
      const value = { total: 3 }
      const result = narrator.story("Import", async () => {
        await tick()
        await narrator.stage("Load", tick)
        return value
      })
      assert.instanceOf(result, Promise)
      assert.strictEqual(stories()[0]?.status, "running")
      assert.strictEqual(await result, value)
      assert.deepStrictEqual(outline(stories()[0]), ["Load completed"])
      assert.strictEqual(stories()[0]?.status, "success")
    }))

  it("rejects with the error it rejects with, reported once, with the stage and the line", () =>
    recorded(async ({ events, narrator }) => {
      const reserve = async () => {
        await tick()
        throw new OrderError("no stock", { cause: new Error("warehouse is closed") })
      }
      const caught: unknown = await narrator
        .story("Order", async () => {
          await narrator.stage("Validate", tick)
          await narrator.stage("Reserve", reserve)
        })
        .then(
          () => undefined,
          (error: unknown) => error
        )
      assert.instanceOf(caught, OrderError)
      const reports = events().filter((event) => event._tag === "FailureOccurred")
      assert.lengthOf(reports, 1)
      const failure = reports[0]?.failures[0]
      assert.strictEqual(failure?.errorType, "OrderError")
      assert.deepStrictEqual(failure?.stagePath, ["Reserve"])
      assert.match(failure?.location?.file ?? "", /Narrator\.test\.ts$/)
      assert.match(failure?.location?.sourceLine ?? "", /throw new OrderError\("no stock"/)
      assert.match(JSON.stringify(failure?.exceptionChain), /warehouse is closed/)
    }))

  it("reports an error that is no object in the stage it came from, once", () =>
    recorded(async ({ events, narrator }) => {
      const failing = narrator.story("Order", () =>
        narrator.stage("Reserve", async () => {
          await tick()
          throw "no stock"
        })
      )
      assert.strictEqual(await failing.catch((error: unknown) => error), "no stock")
      const reports = events().filter((event) => event._tag === "FailureOccurred")
      assert.deepStrictEqual(
        reports.map(({ failures }) => failures.map(({ stageName }) => stageName)),
        [["Reserve"]]
      )
    }))

  it("is cancelled by an abort, and timed out by a timeout of a signal", () =>
    recorded(async ({ narrator, stories }) => {
      const controller = new AbortController()
      controller.abort()
      const run = (name: string, signal: AbortSignal) =>
        narrator.story(name, async () => signal.throwIfAborted()).catch((error: Error) => error.name)
      assert.strictEqual(await run("Aborted", controller.signal), "AbortError")
      const timedOut = AbortSignal.timeout(1)
      await new Promise((resolve) => timedOut.addEventListener("abort", resolve))
      assert.strictEqual(await run("Timed Out", timedOut), "TimeoutError")
      assert.deepStrictEqual(
        stories().map(({ status }) => status),
        ["cancelled", "timeout"]
      )
    }))

  it("leaves a rejection that is not handled unhandled, and one that is handled handled", () =>
    recorded(async ({ narrator }) => {
      const unhandled: Array<unknown> = []
      const listeners = process.listeners("unhandledRejection")
      process.removeAllListeners("unhandledRejection")
      process.on("unhandledRejection", (error) => unhandled.push(error))
      try {
        const error = new OrderError("lost")
        void narrator.story("Lost", async () => Promise.reject(error))
        narrator.story("Handled", async () => Promise.reject(new OrderError("handled"))).catch(() => undefined)
        await tick()
        await tick()
        assert.deepStrictEqual(unhandled, [error])
      } finally {
        process.removeAllListeners("unhandledRejection")
        for (const listener of listeners) process.on("unhandledRejection", listener)
      }
    }))

  it("begins a thenable that is no Promise, once, where the stage is", () =>
    recorded(async ({ narrator, stories }) => {
      let begun = 0
      const query: PromiseLike<number> = {
        // biome-ignore lint/suspicious/noThenProperty: it is one.
        then: (resolve) => {
          begun += 1
          narrator.note("querying")
          return Promise.resolve(42).then(resolve)
        }
      }
      const result = narrator.story("Read", () => narrator.stage("Query", () => query))
      assert.strictEqual(await result, 42)
      assert.strictEqual(begun, 1)
      assert.deepStrictEqual(
        stories()[0]?.notes.map(({ name, stageName }) => [name, stageName]),
        [["querying", "Query"]]
      )
    }))

  it("ends with the async generator it gives, whose body is in it at every step", () =>
    recorded(async ({ narrator, stories }) => {
      async function* rows() {
        for (let i = 0; i < 3; i++) {
          await narrator.stage(`Row ${i}`, tick)
          yield i
        }
        return "done"
      }
      const generator = narrator.story("Import", () => narrator.stage("Stream", rows))
      assert.strictEqual(Object.prototype.toString.call(generator), "[object AsyncGenerator]")
      const seen: Array<number> = []
      for await (const row of generator) {
        assert.strictEqual(stories()[0]?.status, "running")
        seen.push(row)
      }
      assert.deepStrictEqual(seen, [0, 1, 2])
      assert.deepStrictEqual(outline(stories()[0]), [
        "Stream completed",
        "  Row 0 completed",
        "  Row 1 completed",
        "  Row 2 completed"
      ])
      assert.deepStrictEqual(Object.getOwnPropertyNames(generator), [])
    }))

  it("ends with a generator that is stopped early, and fails with one that fails", () =>
    recorded(async ({ narrator, stories }) => {
      const error = new OrderError("torn")
      const numbers = narrator.story("Stopped", function* () {
        yield 1
        yield 2
      })
      for (const one of numbers) if (one === 1) break
      const torn = narrator.story("Torn", async function* () {
        yield 1
        throw error
      })
      const read = async () => {
        for await (const _ of torn);
      }
      assert.strictEqual(await read().catch((error: unknown) => error), error)
      assert.deepStrictEqual(
        stories().map(({ status }) => status),
        ["success", "failed"]
      )
    }))

  it("has not begun before the generator that its function makes has", () =>
    recorded(async ({ events, narrator, stories }) => {
      const rows = function* () {
        yield 1
      }
      narrator.story("Never asked", rows)
      narrator.story("Stopped before", rows).return(undefined)
      assert.strictEqual(
        thrownBy(() => narrator.story("Failed before", rows).throw(new OrderError("torn"))) instanceof OrderError,
        true
      )
      narrator.story("Outer", () => {
        narrator.stage("Never asked", rows)
        narrator.wrap("Never asked", rows)()
      })
      assert.deepStrictEqual(
        events().map(({ _tag }) => _tag),
        ["StoryStarted", "StoryCompleted"]
      )
      const later = narrator.story("Sub", () => narrator.story("Asked later", rows))
      assert.deepStrictEqual(Array.from(later), [1])
      assert.deepStrictEqual(
        stories().map(({ name, status }) => `${name} ${status}`),
        ["Outer success", "Sub success", "Asked later success"]
      )
      assert.strictEqual(stories().at(-1)?.parentStoryId, stories().at(-2)?.id)
    }))

  it("is cancelled when the generator or the stream that it gave is forgotten", () =>
    recorded(async ({ narrator, stories }) => {
      v8.setFlagsFromString("--expose-gc")
      const collect: () => void = vm.runInNewContext("gc")
      const forget = async () => {
        const rows = narrator.story("Rows", async function* () {
          yield 1
          yield 2
        })
        await rows.next()
        narrator.story("Stream", () => new PassThrough())
      }
      await forget()
      // When it is collected is for the engine to say.
      while (stories().some(({ status }) => status === "running")) {
        collect()
        await tick()
      }
      assert.deepStrictEqual(
        stories().map(({ name, status }) => `${name} ${status}`),
        ["Rows cancelled", "Stream cancelled"]
      )
    }))

  it("that gave a generator that is not done ends with the narrator", async () => {
    const ended: Array<NarrativeEvent.NarrativeEvent> = []
    const keep = Renderer.make("keep", (event) => void ended.push(event))
    const narrator = await Narrator.make(Renderer.layer(keep))
    const rows = narrator.story("Rows", function* () {
      yield 1
      yield 2
    })
    rows.next()
    await narrator.dispose()
    assert.deepInclude(ended.at(-1), { _tag: "StoryCompleted", status: "cancelled" })
    // It goes on as it would: only its story is over.
    assert.deepStrictEqual(Array.from(rows), [2])
    assert.lengthOf(ended, 2)
  })

  it("ends with the stream it gives: at its end, its error, or when it is closed early", () =>
    recorded(async ({ narrator, stories }) => {
      const whole = narrator.story("Whole", () => Readable.from(["a", "b"]))
      let text = ""
      for await (const part of whole) text += part
      const broken = narrator.story("Broken", async () => new PassThrough())
      const given = await broken
      given.on("error", () => undefined)
      given.destroy(new OrderError("torn"))
      const left = narrator.story("Left", () => Readable.from(["a", "b"]))
      left.destroy()
      await tick()
      await tick()
      assert.strictEqual(text, "ab")
      assert.deepStrictEqual(
        stories().map(({ name, status }) => `${name} ${status}`),
        ["Whole success", "Broken failed", "Left cancelled"]
      )
      for (const stream of [whole, left]) assert.strictEqual(stream.listenerCount(errorMonitor), 0)
    }))

  it("does not handle the error of a stream for anyone", () =>
    recorded(({ narrator }) => {
      const stream = narrator.story("Broken", () => new PassThrough())
      assert.strictEqual(stream.listenerCount("error"), 0)
      assert.throws(() => EventEmitter.prototype.emit.call(stream, "error", new OrderError("torn")), /torn/)
      stream.destroy()
    }))
})

describe("A narrator", () => {
  it("keeps 1,000 stories apart that run at once, whatever they wait for", () =>
    recorded(async ({ events, narrator, stories }) => {
      await FastCheck.assert(
        FastCheck.asyncProperty(thousandPauses, async (kinds) => {
          const before = stories().length
          const pause = pausesOf(narrator)
          await Promise.all(
            kinds.map((kind, i) =>
              narrator.story(`Story ${i}`, { correlation: { correlationId: `c-${i}` } }, async () => {
                await pause(kind)
                await narrator.stage(`Stage ${i}`, async () => {
                  await pause(kind + i)
                  await narrator.runPromise(
                    Effect.promise(async () => {
                      await pause(kind * i)
                      narrator.note("asked by", narrator.correlation().correlationId)
                    })
                  )
                })
                narrator.annotate("of", i)
              })
            )
          )
          const ended = stories().slice(before)
          assert.lengthOf(ended, 1_000)
          const mixedUp = ended.filter(({ attributes, name, notes, stages }) => {
            const i = attributes["of"]
            const said = [name, ...stages.map(({ name }) => name), ...notes.map(({ data }) => data)]
            return said.join() !== [`Story ${i}`, `Stage ${i}`, `c-${i}`].join()
          })
          assert.lengthOf(mixedUp, 0)
          const ends = events().filter((event) => event._tag === "StoryCompleted")
          const ofOthers = ends.filter(
            ({ attributes, correlation }) => correlation?.correlationId !== `c-${attributes["of"]}`
          )
          assert.lengthOf(ofOthers, 0)
        }),
        { numRuns: 1, endOnFailure: true }
      )
    }))

  it("says what holds only inside a story, and nothing outside one", () =>
    recorded(async ({ events, narrator, stories }) => {
      narrator.note("nowhere")
      assert.isUndefined(narrator.current())
      narrator.stage("Outside", () => narrator.annotate("a", 1))
      assert.lengthOf(events(), 0)
      await narrator.story("Import", { kind: "job", labels: { region: "eu" }, attributes: { id: 7 } }, async () => {
        assert.strictEqual(narrator.current()?.name, "Import")
        narrator.setTotalStages(2)
        await narrator.stage("Load", { kind: "query" }, async () => {
          await tick()
          narrator.progress(1, 2)
          narrator.retried(2, new OrderError("busy"), { delaySeconds: 0.5 })
          narrator.annotate({ rows: 3 })
        })
        narrator.recordFailure(new OrderError("skipped"), { stage: "Load" })
        narrator.setOutcome("3 rows")
        narrator.setStatus("partial")
      })
      const [story] = stories()
      assert.strictEqual(story?.status, "partial")
      assert.strictEqual(story?.outcome, "3 rows")
      const tags = events().map(({ _tag }) => _tag)
      assert.deepStrictEqual(tags, [
        "StoryStarted",
        "StageStarted",
        "StageProgressed",
        "StageRetried",
        "StageCompleted",
        "FailureOccurred",
        "StoryCompleted"
      ])
      const retried = events().find((event) => event._tag === "StageRetried")
      assert.deepInclude(retried, { attempt: 2, delaySeconds: 0.5, reason: "OrderError: busy" })
    }))

  it("makes a function whose every call is a stage, with its `this` and its arguments", () =>
    recorded(({ narrator, stories }) => {
      const counter = {
        start: 40,
        add: narrator.wrap("Add", function (this: { start: number }, more: number) {
          return this.start + more
        })
      }
      assert.strictEqual(
        narrator.story("Count", () => counter.add(2)),
        42
      )
      assert.deepStrictEqual(outline(stories()[0]), ["Add completed"])
    }))

  it("begins a story that ends when it is said to, once", () =>
    recorded(async ({ narrator, stories }) => {
      const open = narrator.open("GET /orders/:id", { kind: "request" })
      await open.run(async () => {
        await tick()
        await narrator.stage("Load", tick)
      })
      open.end({ outcome: "200" })
      open.end({ error: new OrderError("late") })
      const failed = narrator.open("GET /orders/:id")
      failed.end({ error: new OrderError("no stock"), outcome: "500" })
      narrator.open("Gone").end({ status: "cancelled" })
      narrator.open("Refused").end({ status: "failed", outcome: "503" })
      narrator.open("Not Found").end({ status: "success", error: new OrderError("no such order"), outcome: "404" })
      narrator.open("Slow").end({ status: "timeout", error: new OrderError("slow") })
      assert.deepStrictEqual(
        stories().map(({ failure, outcome, status }) => [status, outcome, failure !== undefined]),
        [
          ["success", "200", false],
          ["failed", "500", true],
          ["cancelled", undefined, false],
          ["failed", "503", false],
          ["success", "404", false],
          ["timeout", undefined, true]
        ]
      )
      assert.deepStrictEqual(outline(stories()[0]), ["Load completed"])
    }))

  it("knows who asked, in stories, in what they start, and in effects", () =>
    recorded(async ({ narrator }) => {
      const correlation = { correlationId: "c-1", requestId: "r-1" }
      const seen: Array<string | undefined> = []
      await narrator.story("Handler", { correlation }, async () => {
        await tick()
        seen.push(narrator.correlation().correlationId)
        await narrator.withCorrelation({ orgId: "org-7" }, async () => {
          await tick()
          seen.push(narrator.correlation().orgId, narrator.correlation().requestId)
          const { correlationId } = await narrator.runPromise(Correlation.current)
          seen.push(correlationId)
        })
        seen.push(narrator.correlation().orgId)
      })
      seen.push(narrator.correlation().correlationId)
      assert.deepStrictEqual(seen, ["c-1", "org-7", "r-1", "c-1", undefined, undefined])
    }))

  it("begins a story in the trace of whoever asked", () =>
    recorded(({ events, narrator }) => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      narrator.open("GET /", { correlation: Correlation.fromHeaders({ traceparent }) }).end()
      assert.strictEqual(events()[0]?.traceId, "0af7651916cd43dd8448eb211c80319c")
    }))

  it("ends what is open when it is disposed of, and waits for slow renderers, in order", async () => {
    const seen: Array<string> = []
    const slow = Renderer.make("slow", (event: NarrativeEvent.NarrativeEvent) =>
      Effect.promise(tick).pipe(Effect.zipRight(Effect.sync(() => seen.push(event._tag))), Effect.asVoid)
    )
    const narrator = await Narrator.make(Renderer.layer(slow))
    void narrator.story("Endless", () => narrator.stage("Waiting", () => new Promise<void>(() => undefined)))
    await narrator.dispose()
    assert.deepStrictEqual(seen, ["StoryStarted", "StageStarted", "StageCancelled", "StoryCompleted"])
  })

  it("rejects with what its layer cannot be built for", async () => {
    const broken = Layer.fail(new OrderError("no renderer"))
    const error: unknown = await Narrator.make(broken).catch((error: unknown) => error)
    assert.match(String(error), /no renderer/)
  })
})

describe("Effects and plain code", () => {
  it("run effects in the story of a handler", () =>
    recorded(async ({ narrator, stories }) => {
      const effect = Effect.sleep(1).pipe(Narrative.stage("Query"))
      await narrator.story("Handler", async () => {
        await tick()
        await narrator.stage("Run", () => narrator.runPromise(effect))
        narrator.runSync(Effect.void.pipe(Narrative.stage("At Once")))
        await Effect.runPromise(narrator.provide(effect))
        await Effect.runPromise(effect)
      })
      assert.deepStrictEqual(outline(stories()[0]), [
        "Run completed",
        "  Query completed",
        "At Once completed",
        "Query completed"
      ])
    }))

  it("have an effect's failure reported once, by the innermost stage", () =>
    recorded(async ({ events, narrator }) => {
      const failing = Effect.fail(new OrderError("no stock")).pipe(Narrative.stage("Reserve"))
      await narrator.story("Handler", () => narrator.stage("Run", () => narrator.runPromise(failing))).catch(() => {})
      const reports = events().filter((event) => event._tag === "FailureOccurred")
      assert.deepStrictEqual(
        reports.map(({ failures }) => failures.map(({ stagePath }) => stagePath)),
        [[["Run", "Reserve"]]]
      )
    }))

  it("have a stage of plain code in the stage of the effect that calls it, also after it has waited", () =>
    recorded(async ({ narrator, stories }) => {
      const effect = Effect.promise(async () => {
        await tick()
        await narrator.stage("Plain", async () => {
          await tick()
          await narrator.runPromise(Effect.void.pipe(Narrative.stage("Innermost")))
        })
      }).pipe(Narrative.stage("Outer"), Narrative.story("Program"))
      await narrator.runPromise(effect)
      assert.deepStrictEqual(outline(stories()[0]), ["Outer completed", "  Plain completed", "    Innermost completed"])
    }))

  it("are not mixed up by fibers that wake each other", () =>
    recorded(async ({ narrator, stories }) => {
      const gate = Deferred.unsafeMake<void>(Effect.runSync(Effect.fiberId))
      const waiting = narrator.story("Waiting", () =>
        narrator.runPromise(
          Effect.zipRight(
            Deferred.await(gate),
            Effect.promise(async () => {
              await tick()
              narrator.stage("Woken", () => undefined)
            })
          )
        )
      )
      await narrator.story("Waking", () => narrator.runPromise(Deferred.succeed(gate, undefined)))
      await waiting
      assert.deepStrictEqual(
        stories().map((story) => [story.name, outline(story)]),
        [
          ["Waiting", ["Woken completed"]],
          ["Waking", []]
        ]
      )
    }))

  it("continue a story in a runtime of the program's own, by a layer alone", () =>
    recorded(async ({ narrator, stories }) => {
      const own = ManagedRuntime.make(Narrator.layerAsyncContext)
      await own.runtime()
      const effect = Effect.promise(async () => {
        await tick()
        narrator.stage("Plain", () => undefined)
      }).pipe(Narrative.stage("Query"))
      await narrator.story("Handler", async () => {
        await tick()
        await own.runPromise(effect)
      })
      await own.runPromise(effect)
      await own.dispose()
      assert.deepStrictEqual(
        stories().map((story) => outline(story)),
        [["Query completed", "  Plain completed"]]
      )
    }))

  it("have the narrator of a runtime that stays open", async () => {
    const events: Array<string> = []
    const layer = Renderer.layer(Renderer.make("tags", (event) => void events.push(event._tag)))
    await Effect.runPromise(
      Effect.gen(function* () {
        const narrator = Narrator.fromRuntime(yield* Effect.runtime<never>())
        narrator.story("First", () => 1)
        yield* Effect.promise(() => narrator.dispose())
        narrator.story("Second", () => 2)
      }).pipe(Effect.provide(layer))
    )
    assert.deepStrictEqual(events, ["StoryStarted", "StoryCompleted", "StoryStarted", "StoryCompleted"])
  })
})
