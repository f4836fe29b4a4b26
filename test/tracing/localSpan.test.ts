import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Option, type Tracer } from "effect"
import { LocalSpan } from "../../src/tracing/localSpan.js"

const made = (parent: Option.Option<Tracer.AnySpan> = Option.none()) =>
  new LocalSpan("Import", parent, Context.empty(), [], 1n, "internal")

it.effect("A span that stays in the process has what one of Effect's own tracer has", () =>
  Effect.gen(function* () {
    const theirs = yield* Effect.makeSpan("Import")
    const ours = made()
    for (const [key, value] of Object.entries(theirs)) {
      assert.strictEqual(typeof Reflect.get(ours, key), typeof value, key)
      assert.strictEqual(Array.isArray(Reflect.get(ours, key)), Array.isArray(value), key)
    }
    assert.instanceOf(ours.attributes, Map)
    assert.deepStrictEqual(ours.status, { _tag: "Started", startTime: 1n })
    assert.match(ours.traceId, /^[0-9a-f]{32}$/)
    assert.match(ours.spanId, /^[0-9a-f]{16}$/)
    const end = { _tag: "Ended", startTime: 1n, endTime: 2n, exit: Exit.void } as const
    ours.end(2n, Exit.void)
    assert.deepStrictEqual(ours.status, end)
    ours.event("said", 1n)
    assert.deepStrictEqual(ours.events, [["said", 1n, {}]])
  })
)

it("It is in the trace of its parent, and has an id of its own", () => {
  const parent = made()
  const child = made(Option.some(parent))
  assert.strictEqual(child.traceId, parent.traceId)
  assert.notStrictEqual(child.spanId, parent.spanId)
  assert.strictEqual(child.spanId, child.spanId)
  assert.strictEqual(parent.traceId, parent.traceId)
})

it("No two have the same id", () => {
  const ids = Array.from({ length: 2_000 }, () => made()).flatMap(({ spanId, traceId }) => [spanId, traceId])
  assert.lengthOf(new Set(ids), 4_000)
})

it("What is added last counts, before it was read and after", () => {
  const span = made()
  span.attribute("rows", 1)
  span.attribute("rows", 2)
  assert.deepStrictEqual(span.attributes, new Map([["rows", 2]]))
  span.attribute("rows", 3)
  span.attribute("file", "a.csv")
  const added = new Map<string, unknown>([
    ["rows", 3],
    ["file", "a.csv"]
  ])
  assert.deepStrictEqual(span.attributes, added)
})

it("What is added all at once is added to what there is, and what is added later counts", () => {
  const span = made()
  span.addAll(["rows", 1, "file", "a.csv"])
  span.attribute("rows", 2)
  span.addAll(["file", "b.csv"])
  const added = new Map<string, unknown>([
    ["rows", 2],
    ["file", "b.csv"]
  ])
  assert.deepStrictEqual(span.attributes, added)
})

it("One that is given the same attribute without end keeps it once", () => {
  const span = made()
  for (let i = 0; i < 1_000; i++) span.attribute("rows", i)
  assert.deepStrictEqual(span.attributes, new Map([["rows", 999]]))
})

it("It keeps links of its own", () => {
  const links: Array<Tracer.SpanLink> = []
  const span = new LocalSpan("Import", Option.none(), Context.empty(), links, 1n, "internal")
  span.addLinks([{ _tag: "SpanLink", span: made(), attributes: {} }])
  assert.lengthOf(span.links, 1)
  assert.lengthOf(links, 0)
})
