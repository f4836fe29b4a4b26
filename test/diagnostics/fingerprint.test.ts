import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { fingerprint } from "../../src/diagnostics/fingerprint.js"
import { ofAllCodePoints } from "../fixtures/codePoints.js"

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

  it.each([
    ["ULIDs", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"],
    ["nanoids", "V1StGXR8_Z5jdHi6B-myT", "Uakgb_J5m9g-0JDMbcJqL"],
    ["cuids", "cjld2cjxh0000qzrmn831i7rn", "ckopqwooh000001la8mbi2im9"],
    ["ids of Stripe", "ch_3MmlLrLkdIwHu7ix", "ch_3NffrFeUfNV2HibA"],
    ["names that mktemp made", "/tmp/app-Xk3f9Q", "/tmp/app-p0RrT2"],
    ["addresses", "0x7ffd5e8c3a10", "0x55d0c1a2b3c4"]
  ])("is the same for failures that differ in %s", (_, one, other) => {
    const of = (id: string) => fingerprint(failure(`OrderError: order ${id} not found`))
    assert.strictEqual(of(one), of(other))
  })

  it("differs between two sentences that have apostrophes, and between two names in camelCase", () => {
    const of = (text: string) => fingerprint(failure(`OrderError: ${text}`))
    assert.notStrictEqual(of("Couldn't reach billing, won't retry"), of("Couldn't parse the invoice, won't retry"))
    assert.notStrictEqual(of("loadV2UsersFromTable is missing"), of("loadV2OrdersFromTable is missing"))
    assert.notStrictEqual(of("base64url cannot be read"), of("utf8 cannot be read"))
    assert.strictEqual(of("no file 'a b'"), of("no file 'c'"))
  })

  it("does not change when the line moves or the repository is elsewhere", () => {
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
    fc.assert(fc.property(ofAllCodePoints(), (chain) => /^[0-9a-f]{16}$/.test(fingerprint(failure(chain)))))
  })
})
