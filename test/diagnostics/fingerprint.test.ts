import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { fingerprint } from "../../src/diagnostics/fingerprint.js"

const failure = (exceptionChain: string, file = join(process.cwd(), "src/orders.ts"), line = 7) => ({
  errorType: "OrderError",
  exceptionChain,
  stagePath: ["Load"],
  location: { file, line, column: 3, function: "load", sourceLine: null }
})

describe("Fingerprint", () => {
  it("is the same for what only differs in numbers, ids and quoted text", () => {
    const uuid = "018f2c3e-9f5a-7c3e-8d1b-3f2a1b4c5d6e"
    const of = (id: string) => fingerprint(failure(`OrderError: order ${id} of '${id}' not found`))
    assert.strictEqual(of("17"), of("18"))
    assert.strictEqual(of("17"), of("deadbeef1"))
    assert.strictEqual(of(uuid), of(uuid.replace("018f", "0190")))
  })

  it("does not change when the line moves or the repository stands elsewhere", () => {
    assert.strictEqual(
      fingerprint(failure("OrderError: gone", undefined, 7)),
      fingerprint(failure("OrderError: gone", undefined, 70))
    )
    assert.strictEqual(
      fingerprint(failure("OrderError: gone")),
      fingerprint(failure("OrderError: gone", "src/orders.ts"))
    )
  })

  it("differs for another type, place or message", () => {
    const all = [
      failure("OrderError: gone"),
      failure("OrderError: late"),
      failure("OrderError: gone", "/elsewhere/orders.ts"),
      { ...failure("OrderError: gone"), errorType: "Other" },
      { ...failure("OrderError: gone"), location: null },
      { ...failure("OrderError: gone"), location: null, stagePath: ["Save"] }
    ].map((one) => fingerprint(one))
    assert.strictEqual(new Set(all).size, all.length)
  })

  it("is 16 hexadecimal digits whatever the error says", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (chain) => /^[0-9a-f]{16}$/.test(fingerprint(failure(chain)))))
  })
})
