import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Either, FastCheck as fc, Runtime, Schema } from "effect"
import { causeOf, chainOf, messageOf, typeOf } from "../../src/cause/thrownValue.js"
import { deepError, thrownValue } from "./thrownValues.js"

class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number; readonly table: string }> {}
class Wrapped extends Data.TaggedError("Wrapped")<{ readonly cause: unknown; readonly message: string }> {}
class HttpError extends Error {}

describe("ThrownValue", () => {
  it("never throws, whatever was thrown", () => {
    fc.assert(
      fc.property(thrownValue, (make) => {
        const value = make()
        assert.isString(typeOf(value))
        assert.isString(messageOf(value))
        assert.isString(chainOf(value))
        causeOf(value)
      }),
      { numRuns: 500 }
    )
  })

  it("calls an error by its tag, else its name, else its class", () => {
    assert.strictEqual(typeOf(new NotFound({ id: 1, table: "users" })), "NotFound")
    assert.strictEqual(typeOf(Object.assign(new Error("x"), { name: "AbortError" })), "AbortError")
    assert.strictEqual(typeOf(new HttpError("x")), "HttpError")
    assert.strictEqual(typeOf(new Error("x")), "Error")
    assert.strictEqual(typeOf(runInNewContext("new RangeError('x')")), "RangeError")
  })

  it("calls anything else by its type", () => {
    assert.deepStrictEqual(["nope", 42, undefined, null, {}, { _tag: "Gone" }, [], new Date(0), () => 1].map(typeOf), [
      "string",
      "number",
      "undefined",
      "null",
      "object",
      "Gone",
      "Array",
      "Date",
      "function"
    ])
  })

  it("gives the fields of an error without a message", () => {
    assert.strictEqual(messageOf(new NotFound({ id: 1, table: "users" })), '{"id":1,"table":"users"}')
    assert.strictEqual(messageOf(new Error("")), "")
  })

  it("gives plain objects as compact JSON", () => {
    assert.strictEqual(messageOf({ code: 404, at: new Date(0) }), '{"code":404,"at":"1970-01-01T00:00:00.000Z"}')
    assert.strictEqual(messageOf(undefined), "undefined")
    assert.strictEqual(messageOf("as it is"), "as it is")
  })

  it("gives a parse error as its tree", () => {
    const result = Schema.decodeUnknownEither(Schema.Struct({ id: Schema.Number }))({ id: "x" })
    assert.isTrue(Either.isLeft(result) && messageOf(result.left).includes('└─ ["id"]'))
  })

  it("cuts messages, and says how much is missing", () => {
    const message = messageOf(new Error("x".repeat(50_000)))
    assert.isBelow(message.length, 9_000)
    assert.include(message, "(+41808 characters)")
  })

  it("follows the chain of causes outermost first", () => {
    const error = new Wrapped({ message: "could not save", cause: new TypeError("bad", { cause: "disk full" }) })
    assert.strictEqual(chainOf(error), "Wrapped: could not save <- TypeError: bad <- string: disk full")
  })

  it("looks through the errors Effect wraps others in", () => {
    const reason = new RangeError("too far")
    assert.strictEqual(causeOf(new Cause.UnknownException(reason)), reason)
    assert.strictEqual(causeOf(Runtime.makeFiberFailure(Cause.die(reason))), reason)
    assert.strictEqual(causeOf(new AggregateError([reason])), reason)
    assert.strictEqual(causeOf(new Wrapped({ message: "", cause: Cause.fail(reason) })), reason)
  })

  it("gives at most five links of a chain 10,000 deep", () => {
    assert.strictEqual(chainOf(deepError(10_000)).split(" <- ").length, 5)
  })

  it("gives each error of a circle once", () => {
    const first = new Error("first")
    first.cause = new Error("second", { cause: first })
    assert.strictEqual(chainOf(first), "Error: first <- Error: second")
  })
})
