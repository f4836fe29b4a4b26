import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, FiberId, Option } from "effect"
import { interruptorsOf, leavesOf } from "../../src/cause/causeLeaves.js"

const recorded = (cause: Cause.Cause<unknown>) =>
  leavesOf(cause).map((leaf) => `${leaf.path} ${leaf.kind} ${leaf.error}`)

const group = (failures: Record<string, Cause.Cause<unknown>>) => ({
  _tag: "StageGroupError",
  failures,
  toString: () => "group"
})

class Broken extends Data.TaggedError("Broken")<{ readonly part: string }> {}

describe("CauseLeaves", () => {
  it("gives a single failure the empty path", () => {
    assert.deepStrictEqual(recorded(Cause.fail("a")), [" fail a"])
  })

  it("gives every failure in the cause's order with the way to it", () => {
    const cause = Cause.sequential(Cause.parallel(Cause.fail("a"), Cause.die("b")), Cause.fail("c"))
    assert.deepStrictEqual(recorded(cause), ["→L∥L fail a", "→L∥R die b", "→R fail c"])
  })

  it("gives one error once, however often it is in the cause", () => {
    const error = new Error("once")
    assert.lengthOf(
      leavesOf(Cause.parallel(Cause.fail(error), Cause.sequential(Cause.die(error), Cause.fail(error)))),
      1
    )
    const node = Cause.fail("text")
    assert.lengthOf(leavesOf(Cause.parallel(node, node)), 1)
    assert.lengthOf(leavesOf(Cause.parallel(Cause.fail("text"), Cause.fail("text"))), 2)
  })

  it.effect("takes an error out of the proxy Effect wraps it in, and keeps its span", () =>
    Effect.gen(function* () {
      const error = new Broken({ part: "axle" })
      const exit = yield* Effect.exit(Effect.fail(error).pipe(Effect.withSpan("saving")))
      const leaf = Exit.isFailure(exit) ? leavesOf(exit.cause)[0] : undefined
      assert.strictEqual(leaf?.error, error)
      assert.strictEqual(leaf?.key, error)
      assert.deepStrictEqual(
        Option.map(leaf?.span ?? Option.none(), (span) => span.name),
        Option.some("saving")
      )
    })
  )

  it("keys what is no object by its place in the cause", () => {
    const cause = Cause.fail("text")
    assert.strictEqual(leavesOf(cause)[0]?.key, cause)
  })

  it("looks through a group of stages as through a parallel cause", () => {
    const cause = Cause.fail(group({ a: Cause.fail("a"), b: Cause.die("b"), c: Cause.fail("c") }))
    assert.deepStrictEqual(recorded(cause), ["∥L∥L fail a", "∥L∥R die b", "∥R fail c"])
    assert.deepStrictEqual(recorded(Cause.fail(group({ only: Cause.fail("a") }))), [" fail a"])
  })

  it("keeps a group that has no failure to show", () => {
    assert.deepStrictEqual(recorded(Cause.fail(group({}))), [" fail group"])
    assert.deepStrictEqual(recorded(Cause.fail(group({ a: Cause.interrupt(FiberId.none) }))), [" fail group"])
  })

  it("ends on a group that contains itself", () => {
    const failures: Record<string, Cause.Cause<unknown>> = { a: Cause.fail("a") }
    failures["self"] = Cause.fail(group(failures))
    assert.deepStrictEqual(recorded(Cause.fail(group(failures))).length, 1)
  })

  it("walks causes 100,000 deep", () => {
    let left: Cause.Cause<string> = Cause.fail("innermost")
    let right: Cause.Cause<string> = Cause.fail("innermost")
    for (let i = 0; i < 100_000; i++) {
      left = Cause.sequential(left, Cause.fail(`${i}`))
      right = Cause.parallel(Cause.fail(`${i}`), right)
    }
    assert.strictEqual(leavesOf(left)[0]?.error, "innermost")
    assert.strictEqual(leavesOf(right).at(-1)?.error, "innermost")
    assert.isBelow(leavesOf(left)[0]?.path.length ?? Number.NaN, 200)
  })

  it("names each interruptor once", () => {
    const [one, two] = [FiberId.make(1, 0), FiberId.make(2, 0)]
    const cause = Cause.parallel(Cause.interrupt(one), Cause.sequential(Cause.interrupt(two), Cause.interrupt(one)))
    assert.sameDeepMembers([...interruptorsOf(cause)], [one, two])
  })

  it("does not name who interrupted what ran beside a failure: the failure did", () => {
    const [parent, outside] = [FiberId.make(1, 0), FiberId.make(2, 0)]
    const beside = Cause.parallel(Cause.parallel(Cause.interrupt(parent), Cause.fail("a")), Cause.interrupt(parent))
    assert.deepStrictEqual(interruptorsOf(beside), [])
    const finalizer = Cause.sequential(Cause.interrupt(outside), Cause.die("finalizer"))
    assert.deepStrictEqual(interruptorsOf(Cause.parallel(Cause.interrupt(parent), finalizer)), [outside])
    assert.deepStrictEqual(interruptorsOf(Cause.sequential(Cause.fail("a"), Cause.interrupt(outside))), [])
  })

  it("names the interruptors of a cause deeper than JavaScript's own stack", () => {
    const outside = FiberId.make(2, 0)
    let cause: Cause.Cause<unknown> = Cause.interrupt(outside)
    for (let i = 0; i < 100_000; i++) cause = Cause.sequential(cause, Cause.fail("again"))
    assert.deepStrictEqual(interruptorsOf(cause), [outside])
  })
})
