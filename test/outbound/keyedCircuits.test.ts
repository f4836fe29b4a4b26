import { assert, describe, it } from "@effect/vitest"
import { Duration, FastCheck as fc } from "effect"
import * as circuits from "../../src/outbound/circuitBreaker.js"

const reset = 1_000

/** What a circuit does, said as plainly as possible: everything that happened, looked through from the start. */
class Model {
  openUntil: number | undefined
  failures = 0
  probe: number | undefined
  turn = 0
  constructor(readonly limit: number) {}
  admit(now: number): number | undefined {
    if (this.openUntil === undefined) return this.turn
    if (now < this.openUntil || this.probe !== undefined) return undefined
    this.probe = this.turn
    return this.turn
  }
  end(turn: number, outcome: circuits.Outcome, now: number): void {
    if (turn !== this.turn) return
    const wasProbe = this.probe !== undefined
    this.probe = undefined
    if (outcome === "ignored") return
    if (outcome === "success") {
      this.failures = 0
      if (this.openUntil !== undefined) this.turn += 1
      this.openUntil = undefined
      return
    }
    this.failures += 1
    if (this.failures < this.limit && !wasProbe) return
    this.openUntil = now + reset
    this.failures = 0
    this.turn += 1
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant("begin" as const) }),
  fc.record({
    do: fc.constant("end" as const),
    which: fc.nat(5),
    outcome: fc.constantFrom<circuits.Outcome>("success", "failure", "ignored")
  }),
  fc.record({ do: fc.constant("wait" as const), millis: fc.integer({ min: 1, max: 1_500 }) })
)

describe("A circuit", () => {
  it.prop(
    "does as its model does, whatever begins, ends and waits",
    [fc.integer({ min: 1, max: 3 }), fc.array(step)],
    ([limit, steps]) => {
      const circuit = new circuits.CircuitBreaker(circuits.consecutive(limit), Duration.millis(reset))
      const model = new Model(limit)
      const running: Array<readonly [circuits.Admission, number]> = []
      let now = 0
      for (const one of steps) {
        if (one.do === "wait") now += one.millis
        if (one.do === "begin") {
          const before = circuit.state(now)
          const admitted = circuit.admit(now)
          const expected = model.admit(now)
          assert.strictEqual(admitted?.turn, expected)
          if (admitted === undefined) assert.strictEqual(circuit.state(now), before, "a refusal changes nothing")
          if (admitted !== undefined && expected !== undefined) running.push([admitted, expected])
        }
        if (one.do === "end" && running.length > 0) {
          const [[admission, turn] = [{ turn: -1 }, -1]] = running.splice(one.which % running.length, 1)
          circuit.end(admission, one.outcome, now)
          model.end(turn, one.outcome, now)
        }
        assert.strictEqual(circuit.openUntil, model.openUntil)
      }
      // Never stuck: when all that runs has ended, and time has passed, one call goes through.
      for (const [admission] of running) circuit.end(admission, "ignored", now)
      now += reset
      assert.isDefined(circuit.admit(now))
    }
  )

  it("that is half open lets one call through at a time, and the next when that one was interrupted", () => {
    const circuit = new circuits.CircuitBreaker(circuits.consecutive(1), Duration.millis(reset))
    circuit.record("failure", 0)
    assert.isUndefined(circuit.admit(reset - 1))
    const probe = circuit.admit(reset)
    assert.isDefined(probe)
    assert.isUndefined(circuit.admit(reset))
    circuit.end(probe ?? { turn: -1 }, "ignored", reset)
    assert.isDefined(circuit.admit(reset))
  })

  it("is not stuck when the one that was let through by hand never ends", () => {
    const circuit = new circuits.CircuitBreaker(circuits.consecutive(1), Duration.millis(reset))
    circuit.record("failure", 0)
    assert.isDefined(circuit.admit(reset, reset))
    assert.isUndefined(circuit.admit(2 * reset - 1, reset))
    assert.isDefined(circuit.admit(2 * reset, reset))
  })
})

describe("A rate", () => {
  it.prop(
    "opens as a count of the last calls would, to within a tenth of its time",
    [fc.array(fc.record({ wait: fc.nat(400), failed: fc.boolean() }), { minLength: 1, maxLength: 60 })],
    ([calls]) => {
      const within = 1_000
      const policy = circuits.rate(0.5, 4, Duration.millis(within))
      const ended: Array<{ readonly at: number; readonly failed: boolean }> = []
      let now = 0
      for (const { failed, wait } of calls) {
        now += wait
        ended.push({ at: now, failed })
        const opens = failed && policy.onFailure(now)
        if (!failed) policy.onSuccess(now)
        const part = Math.floor(now / 100)
        const counted = ended.filter(({ at }) => Math.floor(at / 100) > part - 10)
        const failures = counted.filter((one) => one.failed).length
        assert.strictEqual(opens, failed && counted.length >= 4 && failures >= counted.length / 2)
      }
    }
  )
})

describe("Circuits", () => {
  it("are as many as there may be, and the open ones are forgotten last", () => {
    const keyed = new circuits.Circuits(
      () => new circuits.CircuitBreaker(circuits.consecutive(1), Duration.millis(reset)),
      3
    )
    keyed.get("open", 0).record("failure", 0)
    for (const name of ["a", "b", "c", "d"]) keyed.get(name, 0)
    assert.deepStrictEqual(
      keyed.entries().map(([name]) => name),
      ["open", "c", "d"]
    )
  })
})
