import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck, Scope } from "effect"
import { afterEach, beforeEach, vi } from "vitest"
import * as streamWriter from "../../../src/file/streamWriter.js"
import * as ConsoleRenderer from "../../../src/renderer/console/ConsoleRenderer.js"
import { LiveArea } from "../../../src/renderer/console/liveArea.js"
import { StoryScript } from "./events.js"
import { FakeTerminal, Recording } from "./FakeTerminal.js"

const frame = 83
const areas: Array<LiveArea> = []

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  for (const area of areas.splice(0)) area.close()
  vi.useRealTimers()
})

/** A console renderer on the terminal, and what closes it. */
const start = (terminal: FakeTerminal, env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const renderer = yield* Scope.extend(ConsoleRenderer.make({ stream: terminal, env }), scope)
    const close = Scope.close(scope, Exit.void)
    yield* Effect.addFinalizer(() => close)
    return { narrate: renderer.handle, close }
  })

const oneStage = (totalStages?: number) => {
  const story = new StoryScript("Import", totalStages === undefined ? {} : { totalStages })
  return { story, load: story.stage("Load CSV") }
}

describe("what it shows", () => {
  it.scoped("running stages below the lines, with the time they take", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal()
      const { narrate } = yield* start(terminal)
      const { load, story } = oneStage()
      narrate(story.started())
      narrate(load.started())
      narrate(load.stage("Parse").started())
      assert.deepStrictEqual(terminal.screen, ["▶ Story started: Import"])
      vi.advanceTimersByTime(1_100)
      assert.match(
        terminal.screen.join("\n"),
        /^▶ Story started: Import\n▶ Import {2}1\.\ds\n {2}\S Load CSV {2}1\.\ds\n {4}\S Parse {2}1\.\ds$/
      )
      assert.isFalse(terminal.isCursorVisible)
    })
  )

  it.scoped("the progress of the story and of its stages", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal({ columns: 60 })
      const { narrate } = yield* start(terminal)
      const { load, story } = oneStage(4)
      const insert = story.stage("Insert")
      for (const event of [story.started(), load.started(), load.completed(), insert.started()]) narrate(event)
      narrate(insert.progressed(30, 40))
      vi.advanceTimersByTime(frame)
      assert.deepStrictEqual(terminal.screen.slice(2), [
        "▶ Import  ━━━───────────  25% (1 / 4)  0.1s",
        "  ⠋ Insert  ━━━━━━━━━━────  30/40  0.1s"
      ])
    })
  )

  it.scoped("as many lines as fit", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal({ rows: 6 })
      const { narrate } = yield* start(terminal)
      const { story } = oneStage()
      for (let i = 0; i < 7; i++) narrate(story.stage(`S${i}`).started())
      vi.advanceTimersByTime(frame)
      assert.strictEqual(terminal.screen.length, 4)
      assert.strictEqual(terminal.screen[3], "… and 5 more")
    })
  )

  it.scoped.prop(
    "nothing that closing it does not take back, on a terminal of any size",
    [FastCheck.string({ unit: "grapheme-ascii" }), FastCheck.integer({ min: 1, max: 60 })],
    ([name, columns]) =>
      Effect.gen(function* () {
        vi.useFakeTimers()
        const terminal = new FakeTerminal({ columns, rows: 20 })
        const { close, narrate } = yield* start(terminal)
        const story = new StoryScript(`${name}.`, { totalStages: 3 })
        const stage = story.stage(`${name}.`)
        narrate(stage.started())
        narrate(story.started())
        const printed = terminal.screen
        narrate(stage.progressed(1, 3))
        vi.advanceTimersByTime(frame)
        // A line that is too long would take a third row.
        assert.isAtMost(terminal.screen.length, printed.length + 2)
        yield* close
        assert.deepStrictEqual(terminal.screen, printed)
      })
  )

  it.scoped("nothing where lines cannot be taken back", () =>
    Effect.gen(function* () {
      for (const env of [{ CI: "true" }, { TERM: "dumb" }]) {
        const terminal = new FakeTerminal()
        const { narrate } = yield* start(terminal, env)
        const { load, story } = oneStage()
        narrate(story.started())
        narrate(load.started())
        vi.advanceTimersByTime(1_000)
        assert.strictEqual(vi.getTimerCount(), 0)
        assert.deepStrictEqual(terminal.screen, ["▶ Story started: Import"])
      }
    })
  )

  it.scoped("plain glyphs where the locale has no others", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal({ columns: 60 })
      const { narrate } = yield* start(terminal, { LANG: "C" })
      const { load, story } = oneStage(2)
      for (const event of [story.started(), load.started(), load.completed(), story.stage("Insert").started()])
        narrate(event)
      vi.advanceTimersByTime(frame)
      assert.deepStrictEqual(terminal.screen, [
        "> Story started: Import",
        "[ok] Stage completed: Load CSV (0.012s)",
        "> Import  #######-------  50% (1 / 2)  0.1s",
        "  | Insert  0.1s"
      ])
    })
  )
})

describe("how it goes", () => {
  it.scoped("it is gone with the last story, and nothing keeps running", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal()
      const { narrate } = yield* start(terminal)
      const { load, story } = oneStage()
      const write = terminal.write
      narrate(story.started())
      narrate(load.started())
      vi.advanceTimersByTime(frame)
      assert.notStrictEqual(terminal.write, write)
      narrate(load.completed())
      narrate(story.completed())
      assert.deepStrictEqual(terminal.screen, [
        "▶ Story started: Import",
        "✔ Stage completed: Load CSV (0.012s)",
        "▶ Story ended: SUCCESS - Import (0.100s)"
      ])
      assert.isTrue(terminal.isCursorVisible)
      assert.strictEqual(vi.getTimerCount(), 0)
      assert.isFalse(Object.hasOwn(terminal, "write"))
    })
  )

  it.scoped("it is gone at the next frame when no stage is running", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal()
      const { narrate } = yield* start(terminal)
      const { load, story } = oneStage()
      narrate(story.started())
      narrate(load.started())
      vi.advanceTimersByTime(frame)
      narrate(load.completed())
      vi.advanceTimersByTime(frame)
      assert.deepStrictEqual(terminal.screen.slice(1), ["✔ Stage completed: Load CSV (0.012s)"])
      assert.strictEqual(vi.getTimerCount(), 0)
    })
  )

  it.scoped("it is gone for good when the scope closes", () =>
    Effect.gen(function* () {
      const terminal = new FakeTerminal()
      const { close, narrate } = yield* start(terminal)
      const { load, story } = oneStage()
      const listeners = process.listenerCount("SIGINT")
      narrate(story.started())
      narrate(load.started())
      vi.advanceTimersByTime(frame)
      assert.strictEqual(process.listenerCount("SIGINT"), listeners + 1)
      yield* close
      assert.deepStrictEqual(terminal.screen, ["▶ Story started: Import"])
      assert.isTrue(terminal.isCursorVisible)
      assert.strictEqual(process.listenerCount("SIGINT"), listeners)
      narrate(story.stage("Late").started())
      assert.strictEqual(vi.getTimerCount(), 0)
    })
  )
})

describe("a process that is stopped and goes on", () => {
  const begin = Effect.gen(function* () {
    const terminal = new FakeTerminal()
    const { narrate } = yield* start(terminal)
    const { load, story } = oneStage()
    narrate(story.started())
    narrate(load.started())
    vi.advanceTimersByTime(frame)
    assert.isFalse(terminal.isCursorVisible)
    return terminal
  })

  it.scoped("leaves the shell a cursor and no area, and draws it afresh below what the shell wrote", () =>
    Effect.gen(function* () {
      const terminal = yield* begin
      const kill = vi.spyOn(process, "kill").mockReturnValue(true)
      process.emit("SIGTSTP", "SIGTSTP")
      assert.deepStrictEqual(kill.mock.calls, [[process.pid, "SIGTSTP"]])
      kill.mockRestore()
      assert.isTrue(terminal.isCursorVisible)
      assert.deepStrictEqual(terminal.screen, ["▶ Story started: Import"])
      terminal._write("$ fg\n", "utf8", () => {})
      process.emit("SIGCONT", "SIGCONT")
      vi.advanceTimersByTime(frame)
      assert.deepStrictEqual(terminal.screen.slice(0, 2), ["▶ Story started: Import", "$ fg"])
      assert.match(terminal.screen.slice(2).join("\n"), /^▶ Import {2}.*\n {2}. Load CSV/)
      assert.isFalse(terminal.isCursorVisible)
    })
  )

  it.scoped("is not drawn over after a stop that cannot be seen coming", () =>
    Effect.gen(function* () {
      const terminal = yield* begin
      const before = terminal.screen
      process.emit("SIGCONT", "SIGCONT")
      terminal._write("\n", "utf8", () => {})
      vi.advanceTimersByTime(frame)
      assert.deepStrictEqual(terminal.screen.slice(0, before.length), before)
    })
  )
})

describe("the program's own output", () => {
  const area = (terminal: FakeTerminal, neighbours: ReadonlyArray<Recording> = []) => {
    const area = new LiveArea({
      stream: terminal,
      writer: streamWriter.make(terminal),
      neighbours,
      columns: () => terminal.columns,
      lines: () => [{ text: "working", columns: 7 }],
      isNeeded: () => true
    })
    areas.push(area)
    area.start()
    vi.advanceTimersByTime(frame)
    return area
  }

  it("goes above the area", () => {
    const terminal = new FakeTerminal()
    area(terminal)
    terminal.write("hello\n")
    assert.deepStrictEqual(terminal.screen, ["hello", "working"])
    terminal.write(Buffer.from("world\n"))
    assert.deepStrictEqual(terminal.screen, ["hello", "world", "working"])
  })

  it("is not cut by the area while a line is unfinished", () => {
    const terminal = new FakeTerminal()
    const live = area(terminal)
    terminal.write("Continue? ")
    vi.advanceTimersByTime(1_000)
    assert.deepStrictEqual(terminal.screen, ["Continue?"])
    assert.isTrue(terminal.isCursorVisible)
    terminal.write("yes\n")
    assert.deepStrictEqual(terminal.screen, ["Continue? yes", "working"])
    terminal.write("half")
    live.print("✔ done\n")
    assert.deepStrictEqual(terminal.screen, ["Continue? yes", "half", "✔ done", "working"])
  })

  it("leaves the area where it is for what takes no room: a window's title, a bell, colours", () => {
    const terminal = new FakeTerminal()
    const live = area(terminal)
    const before = terminal.writes
    const shown: Array<string> = []
    terminal._write = (chunk, _encoding, done) => {
      shown.push(String(chunk))
      done()
    }
    const invisible = ["\x1b]0;Import 10%\x07", "\x1b]9;4;1;10\x1b\\", "\x07", "\x1b[31m\x1b[39m"]
    for (const chunk of invisible) terminal.write(chunk)
    assert.deepStrictEqual(shown, invisible)
    assert.strictEqual(terminal.writes, before)
    live.print("✔ done\n")
    assert.notMatch(shown.at(-1) ?? "", /^\n/)
    vi.advanceTimersByTime(frame)
    assert.include(shown.at(-1), "working")
  })

  it("takes the area away first, on every stream of the terminal", () => {
    const terminal = new FakeTerminal()
    const neighbour = new Recording()
    area(terminal, [neighbour])
    const before = terminal.screen
    neighbour._write = (chunk, _encoding, done) => {
      assert.deepStrictEqual(terminal.screen, [])
      neighbour.text += String(chunk)
      done()
    }
    neighbour.write("oops\n")
    assert.deepStrictEqual(before, ["working"])
    assert.strictEqual(neighbour.text, "oops\n")
    assert.deepStrictEqual(terminal.screen, ["working"])
  })

  it("gets back what a write returns, and its callback", async () => {
    const terminal = new FakeTerminal()
    area(terminal)
    const error = await new Promise((resolve) => assert.isTrue(terminal.write("68690a", "hex", resolve)))
    assert.isNull(error ?? null)
    assert.include(terminal.text, "hi\n")
  })

  it("does not redraw the area for every line of a flood", () => {
    const terminal = new FakeTerminal()
    area(terminal)
    const before = terminal.writes
    for (let i = 0; i < 1_000; i++) terminal.write("x\n")
    assert.isBelow(terminal.writes - before, 1_000 + 20)
    vi.advanceTimersByTime(frame)
    assert.strictEqual(terminal.screen.at(-1), "working")
  })

  it("keeps a wrapper that somebody else put around ours meanwhile", () => {
    const terminal = new FakeTerminal()
    const live = area(terminal)
    const ours = terminal.write
    const seen: Array<string> = []
    const theirs = ((chunk: string) => {
      seen.push(chunk)
      return ours.call(terminal, chunk, "utf8")
    }) as typeof terminal.write
    terminal.write = theirs
    live.stop()
    assert.strictEqual(terminal.write, theirs)
    terminal.write("hello\n")
    assert.deepStrictEqual(terminal.screen, ["hello"])
    assert.strictEqual(seen.at(-1), "hello\n")
  })

  it("finds a write of the stream's own as it was", () => {
    const terminal = new FakeTerminal()
    const own = terminal.write.bind(terminal)
    terminal.write = own
    area(terminal).stop()
    assert.strictEqual(terminal.write, own)
  })

  it("is not harmed by an area that cannot be written", () => {
    const terminal = new FakeTerminal()
    const neighbour = new Recording()
    area(terminal, [neighbour])
    terminal.destroy()
    assert.isTrue(neighbour.write("still there\n"))
    assert.strictEqual(neighbour.text, "still there\n")
    assert.strictEqual(vi.getTimerCount(), 0)
  })
})
