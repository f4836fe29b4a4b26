import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer } from "effect"
import { vi } from "vitest"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import * as ConsoleRenderer from "../../../src/renderer/console/ConsoleRenderer.js"
import { ofAllCodePoints } from "../../fixtures/codePoints.js"
import { type Destination, rendererSuite } from "../rendererSuite.js"
import { failure, location, StoryScript } from "./events.js"
import { FakeTerminal, Recording } from "./FakeTerminal.js"

const emit = (
  events: ReadonlyArray<NarrativeEvent>,
  options: Omit<ConsoleRenderer.ConsoleRendererOptions, "stream"> = {},
  stream: Recording = new Recording()
) =>
  Effect.gen(function* () {
    const renderer = yield* ConsoleRenderer.make({ env: {}, ...options, stream })
    for (const event of events) assert.isUndefined(renderer.handle(event))
    return stream
  }).pipe(Effect.scoped)

/** A stream that takes notes whose data is their sequence. */
class DestinationStream extends Recording {
  constructor(readonly destination: Destination) {
    super()
  }

  override write(chunk: unknown, ...rest: ReadonlyArray<unknown>): boolean {
    this.destination.acceptNow(Array.from(String(chunk).matchAll(/^• note (\d+)$/gm), (match) => Number(match[1])))
    const done = rest.find((one) => typeof one === "function")
    done?.()
    return true
  }
}

rendererSuite(
  "ConsoleRenderer",
  (destination) => ConsoleRenderer.make({ stream: new DestinationStream(destination), env: {} }),
  {
    events: (count) => {
      const story = importCustomers()
      return Array.from({ length: count }, (_, sequence) => story.note("note", sequence))
    }
  }
)

const importCustomers = () => new StoryScript("Import Customers", { totalStages: 3 })

/** Everything up to the failing third stage. */
const failingImport = () => {
  const story = importCustomers()
  const load = story.stage("Load CSV")
  const validate = story.stage("Validate Data")
  const insert = story.stage("Insert Records")
  const events = [
    story.started(),
    load.started(),
    load.completed(0.012),
    validate.started(),
    validate.completed(0.004),
    insert.started(),
    insert.failed("ValueError", "duplicate customer id")
  ]
  return { story, insert, events }
}

const timeline = [
  { name: "Load CSV", index: 0, depth: 0, status: "completed", durationSeconds: 0.012 },
  { name: "Validate Data", index: 1, depth: 0, status: "completed", durationSeconds: 0.004 },
  { name: "Insert Records", index: 2, depth: 0, status: "failed", durationSeconds: 0.001 }
] as const

describe("a plain stream", () => {
  it.effect("gets one line a stage while all is well", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const load = story.stage("Load CSV")
      const validate = story.stage("Validate Data")
      const stream = yield* emit([
        story.started(),
        load.started(),
        load.completed(0.012),
        validate.started(),
        validate.progressed(1, 2),
        validate.completed(0.0894),
        story.completed()
      ])
      assert.deepStrictEqual(stream.lines, [
        "▶ Story started: Import Customers",
        "✔ Stage completed: Load CSV (0.012s)",
        "✔ Stage completed: Validate Data (0.089s)",
        "▶ Story ended: SUCCESS - Import Customers (0.100s)"
      ])
    })
  )

  it.effect("gets the failure block when the story fails", () =>
    Effect.gen(function* () {
      const { events, insert, story } = failingImport()
      const failure = insert.failure({ errorMessage: "duplicate customer id", location })
      const stream = yield* emit([...events, story.failed([failure], { timeline }), story.completed("failed")])
      assert.deepStrictEqual(stream.lines.slice(3), [
        "",
        "❌ Failure detected",
        "Story:         Import Customers [a1b2c3]",
        "Stage:         Insert Records",
        "Error:         ValueError - duplicate customer id",
        "Location:      app/db.ts:47 (insertRow)",
        'Code:          throw new ValueError("duplicate customer id")',
        "                   ^",
        "Recent stages: Load CSV=completed (0.012s) | Validate Data=completed (0.004s) | Insert Records=failed (0.001s)",
        "Progress:      66% (2 / 3)",
        "▶ Story ended: FAILED - Import Customers (0.100s)"
      ])
    })
  )

  it.effect("gets one write for an event", () =>
    Effect.gen(function* () {
      const { events, insert, story } = failingImport()
      const stream = yield* emit([...events, story.failed([insert.failure()])])
      assert.strictEqual(stream.writes, 4)
    })
  )

  it.effect("gets no escape sequence, whatever the terminal variables say", () =>
    Effect.gen(function* () {
      const { events } = failingImport()
      const stream = yield* emit(events, { env: { TERM: "xterm-256color", LANG: "C" } })
      assert.notInclude(stream.text, "\x1b")
      assert.include(stream.text, "✔")
    })
  )

  it.effect("gets colours when FORCE_COLOR asks for them", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const stream = yield* emit([story.started()], { env: { FORCE_COLOR: "1" } })
      assert.include(stream.text, "\x1b[1mImport Customers\x1b[22m")
    })
  )
})

describe("who asked for a story", () => {
  it.effect("is shown below its start where that is asked for, and once for those inside it", () =>
    Effect.gen(function* () {
      const story = new StoryScript("Charge")
      const correlation = {
        traceId: "0af7651916cd43dd8448eb211c80319c",
        requestId: "r-1",
        tenant: "Fjord Tea",
        sampled: true
      }
      const events = [story.started({ correlation }), story.completed()]
      assert.strictEqual(
        (yield* emit(events, { verbose: true })).text.split("\n")[1],
        'Asked by: request_id=r-1 tenant="Fjord Tea"'
      )
      assert.notInclude((yield* emit(events)).text, "Asked by")
      const traced = story.started({ correlation: { traceId: correlation.traceId } })
      assert.include((yield* emit([traced], { verbose: true })).text, `Asked by: trace_id=${correlation.traceId}\n`)
      const inner = new StoryScript("Inner", { id: "d4e5f6", parent: story }).started({ correlation })
      const shown = (yield* emit([story.started({ correlation }), inner], { verbose: true })).text
      assert.lengthOf(shown.match(/Asked by/g) ?? [], 1)
    })
  )
})

describe("the end of a story", () => {
  it.effect("prints the outcome and what caused it", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const causedBy = { storyId: "x", storyName: "Sub Story", stageName: null, errorType: "E" }
      const stream = yield* emit([
        story.completed("success", { outcome: "200 OK" }),
        story.completed("failed", { causedBy }),
        story.completed("cancelled"),
        story.completed("timeout"),
        story.completed("partial", { durationSeconds: 0.00034 })
      ])
      assert.deepStrictEqual(stream.lines, [
        "▶ Story ended: SUCCESS (200 OK) - Import Customers (0.100s)",
        '▶ Story ended: FAILED (because of "Sub Story") - Import Customers (0.100s)',
        "▶ Story ended: CANCELLED - Import Customers (0.100s)",
        "▶ Story ended: TIMEOUT - Import Customers (0.100s)",
        "▶ Story ended: PARTIAL - Import Customers (340µs)"
      ])
    })
  )
})

describe("a stage that failed", () => {
  const failedLines = (stream: Recording) => stream.lines.filter((line) => line.includes("Stage failed"))

  it.effect("is printed once it is clear that the failure was caught", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const cache = story.stage("Read Cache")
      const load = story.stage("Load CSV")
      const stream = yield* emit([story.started(), cache.started(), cache.failed("CacheError", "cold"), load.started()])
      assert.deepStrictEqual(stream.lines.slice(1), ["✖ Stage failed: Read Cache (0.001s) - CacheError: cold"])
    })
  )

  it.effect("is printed at the latest when the story ends without a failure", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const cache = story.stage("Read Cache")
      const stream = yield* emit([cache.started(), cache.failed("CacheError", "cold"), story.completed()])
      assert.deepStrictEqual(stream.lines, [
        "✖ Stage failed: Read Cache (0.001s) - CacheError: cold",
        "▶ Story ended: SUCCESS - Import Customers (0.100s)"
      ])
    })
  )

  it.effect("is left to the failure block, together with the stages around it", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const outer = story.stage("Outer")
      const inner = outer.stage("Inner")
      const stream = yield* emit([
        outer.started(),
        inner.started(),
        inner.failed(),
        outer.failed(),
        story.failed([inner.failure()]),
        story.completed("failed")
      ])
      assert.deepStrictEqual(failedLines(stream), [])
      assert.include(stream.text, "Stage:         Inner (in Outer)\n")
    })
  )

  it.effect("is left to the failure block also when it took its siblings down", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const [a, b] = [story.stage("A"), story.stage("B")]
      const stream = yield* emit([
        a.started(),
        b.started(),
        a.failed(),
        b.cancelled(0.004),
        story.failed([a.failure()]),
        story.completed("failed")
      ])
      assert.deepStrictEqual(stream.lines.slice(0, 3), ["⊘ Stage cancelled: B (0.004s)", "", "❌ Failure detected"])
      assert.deepStrictEqual(failedLines(stream), [])
    })
  )

  it.effect("is printed when the failure block is about another stage", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const [a, b] = [story.stage("A"), story.stage("B")]
      const stream = yield* emit([
        a.started(),
        b.started(),
        a.failed("Caught"),
        b.failed(),
        story.failed([b.failure()])
      ])
      assert.deepStrictEqual(failedLines(stream), ["✖ Stage failed: A (0.001s) - Caught: bad"])
    })
  )

  it.effect("is left to the sub-story that the story blames", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const stage = story.stage("Call")
      const causedBy = { storyId: "x", storyName: "Sub", stageName: null, errorType: "ValueError" }
      const stream = yield* emit([stage.started(), stage.failed(), story.completed("failed", { causedBy })])
      assert.deepStrictEqual(failedLines(stream), [])
    })
  )

  it.effect("is printed before the sub-story that follows it", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const sub = new StoryScript("Fallback", { id: "bbbbbb", parent: story })
      const stage = story.stage("Call")
      const stream = yield* emit([stage.started(), stage.failed(), sub.started()])
      assert.deepStrictEqual(stream.lines, [
        "✖ Stage failed: Call (0.001s) - ValueError: bad",
        "  ▶ Story started: Fallback"
      ])
    })
  )
})

describe("a line that is longer than the terminal", () => {
  it.effect("goes on below its own beginning, between words", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal({ columns: 40 })
      const stage = importCustomers().stage("Insert")
      yield* emit(
        [stage.started(), stage.failed("SqlError", "a row with the same path exists already")],
        { env: { CI: "1", FORCE_COLOR: "1" } },
        terminal
      )
      assert.deepStrictEqual(terminal.screen, [
        "✖ Stage failed: Insert (0.001s) -",
        "  SqlError: a row with the same path",
        "  exists already"
      ])
    })
  )
})

describe("other lines", () => {
  it.effect("show retries, cancellations, notes and logs", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const stage = story.stage("Fetch")
      const inStage = { stageName: "Fetch", stageIndex: 0 }
      const stream = yield* emit([
        stage.started(),
        stage.retried(2, 0.1, "socket hang up"),
        story.note("checkpoint", { at: 100 }),
        story.note("paused"),
        story.note("page", [1], inStage),
        story.log("wrote rows", { annotations: { rows: 12, file: "a b.csv", ok: true }, level: "WARN" }),
        story.log("gone", { cause: "Error: x\n  at y\n  at z" }),
        stage.cancelled(0.004)
      ])
      assert.deepStrictEqual(stream.lines, [
        "↻ Stage retried: Fetch (attempt 2 after 0.100s: socket hang up)",
        '• checkpoint {"at":100}',
        "• paused",
        "  • page [1]",
        '  WARN wrote rows rows=12 file="a b.csv" ok=true',
        '  INFO gone cause="Error: x (+2 lines)"',
        "⊘ Stage cancelled: Fetch (0.004s)"
      ])
    })
  )

  it.effect("leave logs out when asked to", () =>
    Effect.gen(function* () {
      const stream = yield* emit([importCustomers().log("hello")], { logs: false })
      assert.strictEqual(stream.text, "")
    })
  )

  it.effect("show stage starts and times when asked to", () =>
    Effect.gen(function* () {
      const stage = importCustomers().stage("Fetch")
      const stream = yield* emit([stage.started()], { stageStarts: true, timestamps: true })
      assert.deepStrictEqual(stream.lines, ["2025-01-02T03:04:05.006Z ▷ Stage started: Fetch"])
    })
  )
})

describe("nesting", () => {
  it.effect("indents stages below their stage, and sub-stories below where they started", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const outer = story.stage("Outer")
      const inner = outer.stage("Inner")
      const sub = new StoryScript("Notify", { id: "bbbbbb", parent: story })
      const mail = sub.stage("Send Mail")
      const stream = yield* emit([
        story.started(),
        outer.started(),
        inner.started(),
        inner.completed(),
        sub.started(),
        mail.started(),
        mail.completed(),
        sub.completed(),
        outer.completed(),
        story.completed()
      ])
      assert.deepStrictEqual(stream.lines, [
        "▶ Story started: Import Customers",
        "▷ Stage started: Outer",
        "  ✔ Stage completed: Inner (0.012s)",
        "  ▶ Story started: Notify",
        "    ✔ Stage completed: Send Mail (0.012s)",
        "  ▶ Story ended: SUCCESS - Notify (0.100s)",
        "✔ Stage completed: Outer (0.012s)",
        "▶ Story ended: SUCCESS - Import Customers (0.100s)"
      ])
    })
  )
})

describe("the order of lines", () => {
  it.effect("is that of starting: a stage that is still running is named before what comes after its start", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const [a, b] = [story.stage("A"), story.stage("B")]
      const sub = new StoryScript("Notify", { id: "bbbbbb", parent: story })
      const stream = yield* emit([
        a.started(),
        b.started(),
        story.note("row", 7, { stageName: "A", stageIndex: 0 }),
        b.completed(),
        sub.started({ parentStageIndex: 0 }),
        a.completed()
      ])
      assert.deepStrictEqual(stream.lines, [
        "▷ Stage started: A",
        "  • row 7",
        "✔ Stage completed: B (0.012s)",
        "  ▶ Story started: Notify",
        "✔ Stage completed: A (0.012s)"
      ])
    })
  )

  it.effect("leaves starts out where a live area shows them, and where it is asked to", () =>
    Effect.gen(function* () {
      const nested = () => {
        const outer = importCustomers().stage("Outer")
        const inner = outer.stage("Inner")
        return [outer.started(), inner.started(), inner.completed()]
      }
      const terminal = new FakeTerminal()
      yield* emit(nested(), {}, terminal)
      assert.deepStrictEqual(terminal.screen, ["  ✔ Stage completed: Inner (0.012s)"])
      const none = yield* emit(nested(), { stageStarts: false })
      assert.deepStrictEqual(none.lines, ["  ✔ Stage completed: Inner (0.012s)"])
      const terminalWithout = new FakeTerminal()
      yield* emit(nested(), { live: false }, terminalWithout)
      assert.lengthOf(terminalWithout.screen, 2)
    })
  )
})

describe("a stage that failed, with nothing after it for a while", () => {
  it.scoped("is printed after a moment, not with the next event", () =>
    Effect.gen(function* () {
      vi.useFakeTimers()
      const stream = new Recording()
      const renderer = yield* ConsoleRenderer.make({ stream, env: {} })
      const poll = importCustomers().stage("Poll")
      renderer.handle(poll.started())
      renderer.handle(poll.failed("Error", "no answer"))
      assert.strictEqual(stream.text, "")
      vi.advanceTimersByTime(300)
      assert.deepStrictEqual(stream.lines, ["✖ Stage failed: Poll (0.001s) - Error: no answer"])
      assert.strictEqual(vi.getTimerCount(), 0)
    }).pipe(Effect.ensuring(Effect.sync(() => vi.useRealTimers())))
  )

  it.effect("is printed when the layer closes before its story ends", () =>
    Effect.gen(function* () {
      const poll = importCustomers().stage("Poll")
      const stream = yield* emit([poll.started(), poll.failed("Error", "no answer")])
      assert.deepStrictEqual(stream.lines, ["✖ Stage failed: Poll (0.001s) - Error: no answer"])
    })
  )
})

describe("work that goes on after its story", () => {
  it.effect("is not shown as cancelled", () =>
    Effect.gen(function* () {
      const stage = importCustomers().stage("Preload")
      const stream = yield* emit([stage.started(), { ...stage.cancelled(0.05), orphaned: true }])
      assert.deepStrictEqual(stream.lines, ["↗ Stage goes on: Preload (0.050s so far, left running by its story)"])
    })
  )
})

describe("concurrent stories", () => {
  const two = () => {
    const a = new StoryScript("A", { id: "aaaaaa" })
    const b = new StoryScript("B", { id: "bbbbbb" })
    return { a, b, events: [a.started(), b.started(), a.note("one"), b.note("two"), b.completed(), a.note("three")] }
  }

  it.effect("have a short id as soon as there are several, and keep it", () =>
    Effect.gen(function* () {
      const stream = yield* emit(two().events)
      assert.deepStrictEqual(stream.lines, [
        "▶ Story started: A",
        "[bbbbbb] ▶ Story started: B",
        "[aaaaaa] • one  (A)",
        "[bbbbbb] • two",
        "[bbbbbb] ▶ Story ended: SUCCESS - B (0.100s)",
        "[aaaaaa] • three"
      ])
    })
  )

  it.effect("have each their own id, also within one root", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const [a, b] = ["aaaaaa", "bbbbbb"].map((id) => new StoryScript("Send", { id, parent: story }))
      const stages = [a, b].map((sub) => sub?.stage("Mail"))
      const stream = yield* emit(
        [story.started(), a?.started(), b?.started(), ...stages.map((stage) => stage?.completed())].filter(
          (event) => event !== undefined
        )
      )
      assert.deepStrictEqual(stream.lines, [
        "▶ Story started: Import Customers",
        "  ▶ Story started: Send",
        "[bbbbbb]   ▶ Story started: Send",
        "[aaaaaa]     ✔ Stage completed: Mail (0.012s)  (Send)",
        "[bbbbbb]     ✔ Stage completed: Mail (0.012s)"
      ])
    })
  )

  it.effect("carry their ids always or never when asked to", () =>
    Effect.gen(function* () {
      const always = yield* emit(two().events, { ids: true })
      const never = yield* emit(two().events, { ids: false })
      assert.isTrue(always.lines.every((line) => /^\[(aaaaaa|bbbbbb)\] /.test(line)))
      assert.notInclude(never.text, "[")
    })
  )

  it.effect("carry no ids when one is only the sub-story of the other", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const sub = new StoryScript("Sub", { id: "bbbbbb", parent: story })
      const stream = yield* emit([story.started(), sub.started()])
      assert.notInclude(stream.text, "[")
    })
  )
})

describe("the failure block", () => {
  const block = (...args: Parameters<StoryScript["failed"]>) =>
    Effect.map(emit([importCustomers().failed(...args)]), (stream) => stream.lines)

  it.effect("says when there is no stage and no place", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* block([failure()]), [
        "",
        "❌ Failure detected",
        "Story:         Import Customers [a1b2c3]",
        "Stage:         (outside any stage)",
        "Error:         ValueError - bad",
        "Progress:      0% (0 / 3)"
      ])
    })
  )

  it.effect("says nothing of stages that there are none of, of a name that is not known, nor of one line twice", () =>
    Effect.gen(function* () {
      const at = { ...location, function: "<anonymous>", sourceLine: null }
      const event = importCustomers().failed([failure({ location: at, ownLocation: at })])
      const none = { percent: 0, completedStages: 0, totalStages: 0 }
      const { lines } = yield* emit([event._tag === "FailureOccurred" ? { ...event, progress: none } : event])
      assert.deepStrictEqual(lines.slice(4), ["Error:         ValueError - bad", "Location:      app/db.ts:47"])
    })
  )

  it.effect("has another heading for a failure that was handled", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* block([failure()], { handled: true }))[1], "⚠ Failure handled")
    })
  )

  it.effect("keeps the lines of an error message", () =>
    Effect.gen(function* () {
      const lines = yield* block([failure({ errorMessage: "one\r\ntwo\n" })])
      assert.deepStrictEqual(lines.slice(4, 6), ["Error:         ValueError - one", "               two"])
    })
  )

  it.effect("adds why, the chain, the snippet and every other failure", () =>
    Effect.gen(function* () {
      const snippet = [46, 47, 48].map((line) => ({ line, text: `\tline ${line}`, failing: line === 47 }))
      const lines = yield* block([
        failure({ exactCause: "the index is unique", exceptionChain: "A: x <- B: y", snippet }),
        failure({ stageName: "Other", stagePath: ["Other"], errorType: "HttpError", errorMessage: "500", location }),
        failure({ errorMessage: "third" })
      ])
      assert.deepStrictEqual(lines.slice(6), [
        "Why:           the index is unique",
        "Chain:         A: x <- B: y",
        "  46 |   line 46",
        "> 47 |   line 47",
        "  48 |   line 48",
        "Also failed:   2. Other: HttpError - 500",
        "                  app/db.ts:47 (insertRow)",
        "               3. ValueError - third"
      ])
    })
  )

  it.effect("adds the hint below why, unless that says it already", () =>
    Effect.gen(function* () {
      const hint = "Look the row up first."
      const recorded = yield* block([failure({ exactCause: "the index is unique", hint, rule: "unique-violation" })])
      assert.deepStrictEqual(recorded.slice(6), [
        "Why:           the index is unique",
        "Hint:          Look the row up first."
      ])
      const said = yield* block([failure({ exactCause: "a row exists. Look the row up first.", hint })])
      assert.isFalse(said.some((line) => line.startsWith("Hint:")))
    })
  )

  it.effect("shows the code once, with a caret below the column", () =>
    Effect.gen(function* () {
      const snippet = [
        { line: 46, text: "function* () {", failing: false },
        { line: 47, text: location.sourceLine ?? "", failing: true }
      ]
      const lines = yield* block([failure({ location, snippet })])
      assert.deepStrictEqual(lines.slice(7), [
        "  46 | function* () {",
        '> 47 |     throw new ValueError("duplicate customer id")',
        "     |         ^"
      ])
    })
  )

  it.effect("shows each error behind a failure with its place, and its code where that is not shown yet", () =>
    Effect.gen(function* () {
      const cause = (more: object) => ({
        depth: 1,
        relation: "cause" as const,
        errorType: "Error",
        errorMessage: "syntax error",
        location: { ...location, file: "app/query.ts", line: 4, function: "query" },
        snippet: [],
        stackFrames: [],
        ...more
      })
      const wrapped = failure({
        location: { ...location, file: "app/query.ts", line: 4, function: "query" },
        ownLocation: { ...location, function: "catch" },
        exceptionChain: "ValueError: bad <- Error: syntax error <- Error: no table",
        causes: [
          cause({}),
          cause({
            depth: 2,
            errorMessage: "no table",
            location: { ...location, line: 8, column: 3, function: "open" },
            snippet: [7, 8].map((line) => ({ line, text: `  line ${line}`, failing: line === 8 }))
          })
        ],
        spans: [
          { name: "Repo.insert", kind: "span", location: null, attributes: {} },
          { name: "Insert", kind: "stage", location: null, attributes: {} }
        ],
        details: { code: "SHOP-17", help: null, url: "https://example.com/17", labels: { article: "pot" } }
      })
      const lines = yield* block([wrapped])
      assert.deepStrictEqual(lines.slice(5), [
        "Location:      app/query.ts:4 (query)",
        'Code:          throw new ValueError("duplicate customer id")',
        "                   ^",
        "Wrapped at:    app/db.ts:47 (catch)",
        "Spans:         Repo.insert < Insert",
        "Progress:      0% (0 / 3)",
        "Error code:    SHOP-17",
        "Labels:        article=pot",
        "See:           https://example.com/17",
        "Caused by:     Error - syntax error",
        "               app/query.ts:4 (query)",
        "                 Error - no table",
        "                 app/db.ts:8 (open)",
        "  7 |   line 7",
        "> 8 |   line 8",
        "    |   ^"
      ])
    })
  )

  it.effect("counts the calls of a stage on a line of their own, beside its annotations", () =>
    Effect.gen(function* () {
      const lines = yield* block([
        failure({ stageAttributes: { product: "lamp", "narrative.details": "sql.execute ×3" } })
      ])
      assert.deepStrictEqual(lines.slice(6), ["Calls:         sql.execute ×3", 'Annotated:     product  "lamp"'])
    })
  )

  it.effect("wraps a long line of code inside the block, and puts the caret below its part", () =>
    Effect.gen(function* () {
      const text = "a".repeat(40)
      const snippet = [46, 47].map((line) => ({ line, text, failing: line === 47 }))
      const place = { ...location, column: 36, sourceLine: text }
      const terminal = new FakeTerminal({ columns: 37 })
      yield* emit([importCustomers().failed([failure({ location: place, snippet })])], { env: { CI: "1" } }, terminal)
      assert.deepStrictEqual(terminal.screen.slice(-5), [
        `  46 | ${"a".repeat(30)}`,
        `     | ${"a".repeat(10)}`,
        `> 47 | ${"a".repeat(30)}`,
        `     | ${"a".repeat(10)}`,
        "     |      ^"
      ])
    })
  )

  it.effect("says why only where the error does not say it already", () =>
    Effect.gen(function* () {
      for (const exactCause of ["bad", "ValueError", "ValueError: bad"]) {
        const lines = yield* block([failure({ exactCause, exceptionChain: "ValueError: bad" })])
        assert.isFalse(
          lines.some((line) => /^(Why|Chain):/.test(line)),
          exactCause
        )
      }
      const wrapped = { exactCause: "the index is unique (Error: taken)", exceptionChain: "A: x <- Error: taken" }
      assert.deepStrictEqual((yield* block([failure(wrapped)])).slice(6), [`Why:           ${wrapped.exactCause}`])
    })
  )

  it.effect("says when a place is only a guess", () =>
    Effect.gen(function* () {
      const lines = yield* block([failure({ location, locationReason: "stage" })])
      assert.strictEqual(lines[5], "Location:      app/db.ts:47 (insertRow) - where the stage is made")
    })
  )

  it.effect("names no function without a name, and no progress of a story without stages", () =>
    Effect.gen(function* () {
      const lines = yield* block([failure({ location: { ...location, function: "<anonymous>" } })], {
        progress: { completedStages: 0, totalStages: 0, percent: 0 }
      })
      assert.strictEqual(lines[5], "Location:      app/db.ts:47")
      assert.isFalse(lines.some((line) => line.startsWith("Progress:")))
    })
  )

  it.effect("shows a file of this directory relative to it", () =>
    Effect.gen(function* () {
      const lines = yield* block([failure({ location: { ...location, file: `${process.cwd()}/src/a.ts` } })])
      assert.strictEqual(lines[5], "Location:      src/a.ts:47 (insertRow)")
    })
  )

  it.effect("shows the latest stages of a long timeline", () =>
    Effect.gen(function* () {
      const timeline = Array.from({ length: 20 }, (_, index) => {
        return { name: `S${index}`, index, depth: 0, status: "completed", durationSeconds: 1 } as const
      })
      const lines = yield* block([failure()], { timeline, timelineOmitted: 5 })
      assert.match(lines[5] ?? "", /^Recent stages: … 13 earlier … \| S8=completed \(1\.000s\) \| S9/)
    })
  )

  it.effect("hangs its values under their label on a terminal", () =>
    Effect.gen(function* () {
      const errorMessage = "duplicate customer id in the table of customers"
      const terminal = new FakeTerminal({ columns: 40 })
      yield* emit([importCustomers().failed([failure({ errorMessage })])], { env: { CI: "1" } }, terminal)
      assert.deepStrictEqual(terminal.screen.slice(4, 7), [
        "Error:         ValueError - duplicate",
        "               customer id in the table",
        "               of customers"
      ])
    })
  )

  it.effect("is followed by the analysis, in the same style", () =>
    Effect.gen(function* () {
      const llmAnalysis = "## Exact Why\nIt exists.\n## Code Changes\ndb.ts:47 - check"
      const lines = yield* block([failure()], { llmAnalysis })
      assert.deepStrictEqual(lines.slice(6), ["Exact why:     It exists.", "Code changes:  db.ts:47 - check"])
    })
  )
})

describe("an analysis that comes late", () => {
  it.effect("names its story by name and id, and needs none to be open", () =>
    Effect.gen(function* () {
      const story = importCustomers()
      const stream = yield* emit([story.completed("failed"), story.analysis("plain words")])
      assert.deepStrictEqual(stream.lines.slice(1), [
        "",
        "◆ Analysis of Import Customers [a1b2c3] by llama3 (1.500s)",
        "Analysis:      plain words"
      ])
    })
  )

  it.effect("is as wide as the terminal", () =>
    Effect.gen(function* () {
      for (const columns of [40, 120]) {
        const terminal = new FakeTerminal({ columns })
        const analysis = importCustomers().analysis(`${"word ".repeat(60)}${"x".repeat(300)}`)
        yield* emit([analysis], { env: { CI: "1", NO_COLOR: "1" } }, terminal)
        const widths = terminal.lines.slice(2).map((line) => line.length)
        assert.strictEqual(Math.max(...widths), columns)
      }
    })
  )
})

describe("safety", () => {
  const text = ofAllCodePoints()

  it.effect.prop("no text of a program reaches the stream as a control character", [text, text], ([a, b]) =>
    Effect.gen(function* () {
      const story = new StoryScript(a)
      const stage = story.stage(b)
      const stream = yield* emit(
        [
          story.started(),
          stage.started(),
          stage.retried(2, 1, a),
          story.log(a, { annotations: { [b]: a, nested: { [a]: b } }, cause: b }),
          story.note(a, { [b]: a }),
          stage.failed(a, b),
          story.note(b, a),
          story.failed(
            [
              failure({ errorType: a, errorMessage: b, exactCause: a, exceptionChain: `${a} <- ${b}` }),
              stage.failure({
                errorMessage: a,
                location: { ...location, file: a, function: b, sourceLine: a },
                snippet: [
                  { line: 1, text: a, failing: true },
                  { line: 2, text: b, failing: false }
                ]
              })
            ],
            { llmAnalysis: `## ${a}\n${b}`, timeline: [{ ...timeline[0], name: b }] }
          ),
          story.completed("failed", { outcome: a, causedBy: { storyId: a, storyName: b, stageName: a, errorType: b } }),
          story.analysis(a)
        ],
        { ids: true }
      )
      assert.notMatch(stream.text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
    })
  )

  it.scoped("a stream that was closed makes the event a failed one", () =>
    Effect.gen(function* () {
      const stream = new Recording()
      const renderer = yield* ConsoleRenderer.make({ stream, env: {} })
      stream.destroy()
      assert.throws(() => renderer.handle(importCustomers().started()), /output stream is closed/)
    })
  )
})

describe("options", () => {
  const fault = (options: unknown) =>
    Effect.gen(function* () {
      // As a program without types would pass them.
      const layer = ConsoleRenderer.layer(options as ConsoleRenderer.ConsoleRendererOptions)
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(layer)))
      return Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "none"
    })

  it.effect("that cannot be used are named at once", () =>
    Effect.gen(function* () {
      assert.include(
        yield* fault({ stream: {} }),
        "InvalidOption: ConsoleRenderer: stream takes a stream with a write method, not {}"
      )
      assert.include(yield* fault({ stream: null }), "stream takes a stream")
      assert.include(yield* fault({ ids: "always" }), 'ids takes true, false or "auto", not "always"')
      assert.include(yield* fault({ logs: 1 }), "logs takes true or false, not 1")
      assert.strictEqual(yield* fault({ ids: true }), "none")
    })
  )
})
