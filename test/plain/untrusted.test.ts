import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import * as Diagnostics from "../../src/diagnostics/Diagnostics.js"
import { stackOf } from "../../src/plain/untrusted.js"

class Unpaid extends Error {
  readonly code = "E_UNPAID"
  readonly rows = ["a", "b"];
  [inspect.custom]() {
    return "shown otherwise"
  }
}

// As every proxy of an error is on Node 22 and later.
const behindProxy = (error: Error, asked: Array<PropertyKey> = []): Error =>
  new Proxy(error, {
    get: (target, key) => {
      asked.push(key)
      return key === "stack" ? undefined : Reflect.get(target, key)
    }
  })

describe("the stack of an error behind a proxy", () => {
  it("is that of the error, and nothing of the proxy is run for it but the question for the stack", () => {
    const error = new Unpaid("order 7\nis not paid", { cause: new Error("declined") })
    const asked: Array<PropertyKey> = []
    const frames = (stack = "") => stack.split("\n").filter((line) => line.startsWith("    at "))
    const found = frames(stackOf(behindProxy(error, asked)))
    assert.isAbove(found.length, 0)
    assert.deepStrictEqual(found, frames(error.stack).slice(0, found.length))
    assert.deepStrictEqual(asked, ["stack"])
  })

  it("is none where the proxy was revoked, or where there is no error behind it", () => {
    const { proxy, revoke } = Proxy.revocable(new Error("gone"), {})
    revoke()
    assert.isUndefined(stackOf(proxy))
    assert.isUndefined(stackOf(new Proxy({}, {})))
  })

  it.effect("gives its failure a place", () =>
    Effect.gen(function* () {
      const error = behindProxy(new Unpaid("order 7 is not paid")) // here
      const { failures } = yield* Diagnostics.describe(Cause.fail(error))
      assert.include(failures[0]?.location?.sourceLine, "// here")
    })
  )
})
