import { execFile } from "node:child_process"
import { createContext, runInContext } from "node:vm"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Cron, Effect, Redacted } from "effect"
import * as bindings from "../../../src/diagnostics/locals/bindings.js"
import * as Locals from "../../../src/diagnostics/locals/locals.js"
import { compiled } from "../../fixtures/compiled.js"
import { processorMillis } from "../../fixtures/processorTime.js"

const reader = Locals.openReader()
afterAll(reader.close)

/** Starts a generator, which stays suspended at its first `yield`. */
const suspended = (generator: Iterator<unknown>): object => {
  generator.next()
  return generator
}

const read = (generator: object, options: Parameters<Locals.LocalsReader["read"]>[1] = {}) =>
  reader.read([{ generator }], { deadlineMillis: 10_000, ...options })

const localsOf = (generator: object): Record<string, unknown> =>
  Object.fromEntries(read(generator)[0]?.locals.map(({ name, value }) => [name, value]) ?? [])

const run = (flags: ReadonlyArray<string>, program: string) =>
  Effect.async<string>((resume) => {
    const args = [...flags, "--input-type=module", "-e", program]
    execFile(process.execPath, args, { timeout: 110_000 }, (error, stdout, stderr) => {
      resume(error === null ? Effect.succeed(stdout.trim()) : Effect.dieMessage(error.message + stderr))
    })
  })

const ofTheModule = process.platform

describe("Locals", () => {
  it("hands out the values themselves, Redacted ones as they are", () => {
    const secret = Redacted.make("hunter2")
    const order = Object.freeze({ id: 1 })
    const locals = localsOf(
      suspended(
        (function* (password: unknown, placed: object) {
          yield [password, placed]
        })(secret, order)
      )
    )
    assert.strictEqual(locals["password"], secret)
    assert.strictEqual(locals["placed"], order)
  })

  it("leaves out functions, classes and module namespaces: they are the program, not its data", () => {
    const locals = localsOf(
      suspended(
        (function* () {
          const namespace = bindings
          const callback = () => namespace
          class Row {}
          function hoisted() {}
          const kept = 1
          yield [callback, Row, hoisted, kept]
        })()
      )
    )
    assert.deepStrictEqual(locals, { kept: 1 })
  })

  it("runs no getter and no trap of a proxy", () => {
    const ran: Array<string> = []
    const note = (name: string) => () => {
      ran.push(name)
      return undefined
    }
    const object = Object.defineProperty({}, "total", { get: note("get"), enumerable: true })
    const proxy = new Proxy({}, { get: note("get"), ownKeys: () => [], getOwnPropertyDescriptor: note("descriptor") })
    const locals = localsOf(
      suspended(
        (function* (held: object, other: object) {
          yield [held, other]
        })(object, proxy)
      )
    )
    assert.strictEqual(locals["held"], object)
    assert.strictEqual(locals["other"], proxy)
    assert.deepStrictEqual(ran, [])
  })

  it("trap 1: says of an undefined variable no more than can be known", () => {
    const [frame] = read(
      suspended(
        (function* () {
          let reached: number | undefined
          yield reached
          reached = 1
        })()
      )
    )
    assert.deepStrictEqual(frame?.locals, [{ name: "reached", value: undefined, state: "unknown" }])
  })

  it("trap 1: of hot code shows what V8 still has, variable by variable, and says that the rest was optimised out", () => {
    const hot = function* (id: number, fails: boolean): Generator<unknown, unknown, unknown> {
      const dice = (id * 7919) % 100
      const order = { id }
      yield dice
      return fails ? yield `${dice} of ${order.id}` : id
    }
    const failing: Array<object> = []
    for (let id = 0; id < 200_000; id++) {
      const generator = hot(id, id % 1_000 === 0)
      generator.next()
      if (generator.next().done !== true) failing.push(generator)
    }
    const last = failing.slice(-20).map((generator) => read(generator)[0]?.locals.slice(0, 4))
    const [id, fails, dice, order] = last.at(-1) ?? []
    assert.deepStrictEqual(id, { name: "id", value: 199_000, state: "value" })
    assert.deepStrictEqual(fails, { name: "fails", value: true, state: "value" })
    assert.deepStrictEqual(dice, { name: "dice", value: undefined, state: "lost" })
    assert.deepStrictEqual(order, { name: "order", value: undefined, state: "lost" })
  })

  it("reads a long text without sending it through the inspector, and a scope of many variables", () => {
    const text = "long".repeat(2_000_000)
    const names = Array.from({ length: 60 }, (_, i) => `v${i}`)
    const body = `const ${names.map((name, i) => `${name} = ${i}`)}; yield [${names}, text]`
    const generator: Iterator<unknown> = new Function(
      "text",
      `return (function* (text) { ${body} })(text)\n//# sourceURL=/app/many.js`
    )(text)
    let locals: ReturnType<typeof localsOf> = {}
    const took = processorMillis(() => {
      locals = localsOf(suspended(generator))
    })
    assert.isBelow(took, 2_000)
    assert.isTrue(locals["text"] === text)
    assert.deepStrictEqual(
      names.map((name) => locals[name]),
      names.map((_, i) => i)
    )
  })

  it("trap 4: the range of the function holds every line of a `yield*` over several lines", () => {
    const [frame] = read(
      suspended(
        (function* () {
          yield [
            new Error("torn") // the stack names this line, the generator another
          ]
        })()
      )
    )
    assert.isDefined(frame)
    if (frame === undefined) return
    assert.isBelow(frame.functionRange.startLine, frame.line)
    assert.isAtLeast(frame.functionRange.endLine, frame.line + 3)
    assert.strictEqual(frame.functionRange.file, frame.file)
  })

  it("trap 9: a binding of an earlier round of a loop is not assigned yet", () => {
    const generator = (function* (): Generator<number, void, string> {
      for (const id of [1, 2]) {
        const customer = yield id
        const name = customer.trim()
        name.at(0)
      }
    })()
    generator.next()
    generator.next("the first one")
    assert.deepStrictEqual(read(generator)[0]?.locals, [
      { name: "id", value: 2, state: "value" },
      { name: "customer", value: undefined, state: "unassigned" },
      { name: "name", value: undefined, state: "unassigned" }
    ])
  })

  it("trap 10: a variable that a compiler renamed has the source's name", () => {
    const version = "outer"
    const body = function* () {
      const version = "inner"
      yield version
    }
    assert.match(String(body), /version\d/, "esbuild has renamed it")
    assert.deepStrictEqual([localsOf(suspended(body())), version], [{ version: "inner" }, "outer"])
  })

  it("shows of enclosing functions only what the generator mentions, and nothing of the module", () => {
    const make = (used: string, unused: string) => {
      const keep = () => unused
      return [
        keep,
        (function* () {
          yield [used, ofTheModule]
        })()
      ] as const
    }
    assert.deepStrictEqual(localsOf(suspended(make("used", "unused")[1])), { used: "used" })
  })

  it("leaves out Effect's own generators, and this library's", () => {
    const effects = Cron.sequence(Cron.unsafeParse("* * * * *"), 0)
    assert.match(String(Object.prototype.toString.call(effects)), /Generator/)
    assert.deepStrictEqual(read(suspended(effects)), [])
    assert.deepStrictEqual(read(suspended(Locals.probe({}))), [])
  })

  it("leaves out what has gone on since, and what cannot be read, and reads the rest", () => {
    const finished = (function* () {
      yield 1
    })()
    suspended(finished)
    finished.return()
    const kept = suspended(
      (function* (id: number) {
        yield id
      })(1)
    )
    const frames = [finished, {}, new Proxy({}, {}), () => {}, kept].map((generator) => ({ generator }))
    assert.deepStrictEqual(
      reader.read(frames, { deadlineMillis: 10_000 }).map(({ locals }) => locals),
      [[{ name: "id", value: 1, state: "value" }]]
    )
  })

  it("reads generators of other contexts, or leaves them out", () => {
    const foreign = runInContext("(function* (id) { yield id })(7)", createContext({}))
    assert.doesNotThrow(() => read(suspended(foreign)))
  })

  it("reads many generators in their order, each with its own values, whatever is among them", () => {
    const numbered = (id: number) =>
      suspended(
        (function* (order: { readonly id: number }) {
          const half = order.id / 2
          yield [order, half]
        })({ id })
      )
    const own = Array.from({ length: 20 }, (_, id) => numbered(id))
    const foreign = suspended(runInContext("(function* (id) { yield id })(7)", createContext({})))
    const among = [...own.slice(0, 4), foreign, {}, new Proxy({}, {}), ...own.slice(4)]
    const frames = reader.read(
      among.map((generator) => ({ generator })),
      { deadlineMillis: 10_000, maxFrames: 30 }
    )
    const read = frames.map(({ locals }) => locals.map(({ name, value }) => [name, value]))
    assert.deepStrictEqual(
      read.filter(([first]) => first?.[0] === "order"),
      own.map((_, id) => [
        ["order", { id }],
        ["half", id / 2]
      ])
    )
  })

  it("gives no more frames than asked for, and begins none after its deadline", () => {
    const generators = [1, 2, 3].map((id) => ({
      generator: suspended(
        (function* () {
          yield id
        })()
      )
    }))
    assert.lengthOf(reader.read(generators, { maxFrames: 2, deadlineMillis: 10_000 }), 2)
    assert.lengthOf(reader.read(generators, { deadlineMillis: -1 }), 0)
  })

  it("reads nothing once it is closed, and can be closed twice", () => {
    const closed = Locals.openReader()
    assert.isTrue(closed.status.available)
    closed.close()
    closed.close()
    assert.deepStrictEqual(closed.read([{ generator: suspended([1].values()) }]), [])
  })

  it("leaves nothing behind on the globals", () => {
    const before = Reflect.ownKeys(process).length + Reflect.ownKeys(globalThis).length
    read(
      suspended(
        (function* () {
          yield 1
        })()
      )
    )
    assert.strictEqual(Reflect.ownKeys(process).length + Reflect.ownKeys(globalThis).length, before)
  })

  it.live("trap 6: where the inspector is denied or missing, a reader says so and reads nothing", () =>
    Effect.gen(function* () {
      const modulePath = yield* compiled("src/diagnostics/locals/locals.ts")
      const program = `
        const Locals = await import(${JSON.stringify(modulePath)})
        const reader = Locals.openReader()
        const generator = (function* () { yield 1 })()
        generator.next()
        console.log(JSON.stringify([reader.status, reader.read([{ generator }])]))
        reader.close()`
      const without = `process.getBuiltinModule = () => undefined\n${program}`
      const other = `
        const { Session } = process.getBuiltinModule("node:inspector")
        const post = Session.prototype.post
        Session.prototype.post = function (method, parameters, done) {
          post.call(this, method, parameters, (error, result) => {
            if (result?.internalProperties) result.internalProperties = []
            done(error, result)
          })
        }
        ${program}`
      const denied = `
        const { Session } = process.getBuiltinModule("node:inspector")
        Session.prototype.connect = () => { throw new Error("Access to this API has been restricted") }
        ${program}`
      for (const [source, reason] of [
        [program, /are read/],
        [without, /no inspector/],
        [other, /self-test/],
        [denied, /restricted/]
      ] as const) {
        const [status, frames] = JSON.parse(yield* run([], source))
        assert.match(status.reason, reason)
        assert.strictEqual(status.available, source === program)
        if (source !== program) assert.deepStrictEqual(frames, [])
      }
    })
  )
})
