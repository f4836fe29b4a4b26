import { assert, describe, it } from "@effect/vitest"
import { Duration, Either, FastCheck as fc, Option, Redacted, Schema } from "effect"
import { InvalidOption } from "../../src/plain/InvalidOption.js"
import * as options from "../../src/plain/options.js"

const Limit = Schema.Struct({ alerts: options.wholeNumber(1), per: options.positiveDuration })

const Everything = Schema.Struct({
  path: options.nonEmptyText,
  capacity: options.withDefault(options.wholeNumber(1, 10_000), 64),
  shout: options.withDefault(options.flag, false),
  strategy: options.withDefault(options.oneOf("suspend", "dropping", "sliding"), "suspend"),
  timeout: options.withDefault(options.finiteDuration, Duration.seconds(5)),
  names: Schema.optional(options.someOf(options.nonEmptyText, "one name or more")),
  limit: options.withDefault(
    Schema.Union(Limit, Schema.Literal(false)).pipe(options.takes("{ alerts, per }, or false")),
    false
  ),
  each: Schema.optional(options.functionOf<(name: string) => boolean>("a function of a name")),
  token: Schema.optional(Schema.String.pipe(Schema.minLength(8), options.takes("8 characters or more"), options.secret))
})

const decode = options.decode("Everything", Everything)

/** As a program without types would pass them. */
const given = (all: object) => decode({ path: "a", ...all } as typeof Everything.Encoded)

const errorOf = (all: object): InvalidOption =>
  Either.match(given(all), { onLeft: (error) => error, onRight: () => assert.fail("it was decoded") })

describe("options", () => {
  it("what is left out, or undefined, has its default", () => {
    const defaults = { capacity: 64, shout: false, strategy: "suspend", timeout: Duration.seconds(5), limit: false }
    assert.deepEqual(Either.getOrThrow(given({})), { path: "a", ...defaults } as typeof Everything.Type)
    assert.deepEqual(
      Either.map(given({ capacity: undefined, limit: undefined }), ({ capacity }) => capacity),
      Either.right(64)
    )
  })

  it("durations are decoded from whatever Effect takes for one", () => {
    const timeout = (input: unknown) =>
      Either.map(given({ timeout: input }), ({ timeout }) => Duration.toMillis(timeout))
    for (const input of [2_000, "2 seconds", Duration.seconds(2), [2, 0]]) {
      assert.deepEqual(timeout(input), Either.right(2_000))
    }
  })

  it("an error names the module, the setting, what it takes, what it was given, and what to do", () => {
    const error = errorOf({ capacity: 0 })
    assert.instanceOf(error, InvalidOption)
    assert.strictEqual(error._tag, "InvalidOption")
    assert.strictEqual(
      error.message,
      "Everything: capacity takes a whole number from 1 to 10,000, not 0. Change it, or leave it out for its default"
    )
  })

  const wrong: ReadonlyArray<readonly [given: object, setting: string, expected: string, given: string | undefined]> = [
    [{ path: undefined }, "path", "a text that is not empty", "undefined"],
    [{ path: " " }, "path", "a text that is not empty", '" "'],
    [{ capacity: "9" }, "capacity", "a whole number from 1 to 10,000", '"9"'],
    [{ capacity: Number.NaN }, "capacity", "a whole number from 1 to 10,000", "NaN"],
    [{ shout: null }, "shout", "true or false", "null"],
    [{ strategy: "block" }, "strategy", '"suspend", "dropping" or "sliding"', '"block"'],
    [{ timeout: "soon" }, "timeout", 'a finite duration, such as "5 seconds"', '"soon"'],
    [{ timeout: Duration.infinity }, "timeout", 'a finite duration, such as "5 seconds"', "Infinity"],
    [{ names: [] }, "names", "a list of one name or more", "[]"],
    [{ names: ["a", ""] }, "names[1]", "a text that is not empty", '""'],
    [{ limit: 3 }, "limit", "{ alerts, per }, or false", "3"],
    [{ limit: { alerts: 0.5, per: "1 minute" } }, "limit.alerts", "a whole number of 1 or more", "0.5"],
    [{ limit: { alerts: 1 } }, "limit.per", 'a duration of a millisecond or more, such as "5 seconds"', "undefined"],
    [{ each: "all" }, "each", "a function of a name", '"all"'],
    [{ shout: () => true }, "shout", "true or false", "a function"],
    [{ token: "s3cret" }, "token", "8 characters or more", undefined]
  ]
  for (const [all, setting, expected, shown] of wrong) {
    it(`${setting} that is ${shown ?? "secret"} is an error that says so`, () => {
      const error = errorOf(all)
      assert.deepStrictEqual([error.setting, error.expected, error.given], [setting, expected, shown])
    })
  }

  it.each([
    [{ timout: "5 seconds" }, "timout", "timeout"],
    [{ capactiy: 3 }, "capactiy", "capacity"],
    [{ Shout: true }, "Shout", "shout"],
    [{ limit: { alerts: 1, per: "1 minute", alert: 2 } }, "", ""],
    [{ limit: { alert: 1, per: "1 minute" } }, "limit.alert", "limit.alerts"]
  ])("an option that is misspelt is an error that names the one that was meant: %j", (all, setting, meant) => {
    const decoded = given(all)
    if (meant === "") assert.isTrue(Either.isRight(decoded))
    else {
      const { message } = errorOf(all)
      assert.strictEqual(message, `Everything: there is no option ${setting}. Did you mean ${meant}?`)
    }
  })

  it("an option of another name altogether, one beside what it is like, and one without a value are left alone", () => {
    class Everywhere {
      readonly path = "a"
      readonly paths = ["a", "b"]
      timeouts() {
        return this.path
      }
    }
    const decoded = [given({ level: "debug", pa: 1, port: 3 }), given({ timout: undefined }), given(new Everywhere())]
    assert.isTrue(decoded.every(Either.isRight))
  })

  it("an option that another module decodes of the same object is no mistake", () => {
    const mixed = options.decode("Everything", Everything, ["timeouts"])
    assert.isTrue(Either.isRight(mixed({ path: "a", timeouts: 3 } as typeof Everything.Encoded)))
    const error = Either.flip(mixed({ path: "a", tmeouts: 3 } as typeof Everything.Encoded))
    assert.strictEqual(Either.getOrThrow(error).meant, "timeouts")
  })

  it("options that are no object are an error, not a crash", () => {
    for (const none of [null, 3, "options"]) {
      const error = Either.getLeft(decode(none as never))
      assert.strictEqual(Option.getOrThrow(error).setting, "options")
    }
  })

  it("whatever is given is decoded or refused, and never thrown for", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(Everything.fields)), (value, name) => {
        const decoded = given({ [name]: value })
        if (Either.isRight(decoded)) return
        assert.isAtMost(decoded.left.message.length, 600)
        assert.isTrue(decoded.left.setting.startsWith(name))
      })
    )
  })

  it("a constructor of a plain value throws the same error", () => {
    const decodeOrThrow = options.decodeOrThrow("Everything", Everything)
    assert.throws(() => decodeOrThrow({ path: "" }), InvalidOption, "Everything: path takes a text that is not empty")
  })

  it("options that are part of others are named with what they are part of", () => {
    const { message } = options.within("slack")(errorOf({ names: [] }))
    assert.include(message, "Everything: slack.names takes a list of one name or more, not []")
  })

  it("the error can be sent, and read back", () => {
    const error = errorOf({ capacity: 0 })
    const text = JSON.stringify(Schema.encodeSync(InvalidOption)(error))
    assert.strictEqual(Schema.decodeSync(Schema.parseJson(InvalidOption))(text).message, error.message)
  })

  it("what is Redacted is not shown", () => {
    assert.notInclude(errorOf({ capacity: Redacted.make("hunter22") }).message, "hunter22")
  })
})
