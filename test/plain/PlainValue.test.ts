import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Redacted, Schema } from "effect"
import * as PlainValue from "../../src/plain/PlainValue.js"
import { anything } from "../fixtures/events.js"

const isPlain = Schema.is(PlainValue.PlainValue)

const assertPlain = (value: PlainValue.PlainValue) => {
  assert.isTrue(isPlain(value), "decodes by its Schema")
  assert.deepStrictEqual(JSON.parse(JSON.stringify(value)), value)
}

const throwing = () => {
  throw new Error("do not touch")
}

const hostileTraps = fc.constantFrom<ReadonlyArray<keyof ProxyHandler<object>>>(
  ["get"],
  ["has"],
  ["ownKeys"],
  ["getPrototypeOf"],
  ["getOwnPropertyDescriptor"],
  ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"]
)

describe("PlainValue", () => {
  it("makes JSON of anything", () => {
    fc.assert(fc.property(anything, (value) => assertPlain(PlainValue.from(value))))
  })

  it("makes a record of named values of any kind", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), anything), (record) => {
        const plain = PlainValue.fromRecord(record)
        assert.isTrue(Schema.is(PlainValue.PlainRecord)(plain))
      })
    )
  })

  it("survives proxies that throw from any trap", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<object>({}, [], () => {}, new Date(0), new Map()),
        hostileTraps,
        (target, traps) => {
          const proxy = new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, throwing])))
          assertPlain(PlainValue.from(proxy))
          assertPlain(PlainValue.from({ inside: [proxy] }))
        }
      )
    )
  })

  it("survives a proxy that was revoked", () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.strictEqual(PlainValue.from(proxy), "<unreadable>")
  })

  it("does not read getters", () => {
    let reads = 0
    const value = {
      get secret() {
        reads += 1
        return "read"
      }
    }
    assert.deepStrictEqual(PlainValue.from(value), { secret: "<getter>" })
    assert.strictEqual(reads, 0)
  })

  it("cuts cycles", () => {
    const value: Record<string, unknown> = { name: "loop" }
    value["self"] = value
    value["list"] = [value]
    assert.deepStrictEqual(PlainValue.from(value), { name: "loop", self: "<circular>", list: ["<circular>"] })
  })

  it("survives a toJSON that throws, returns its own object, or never ends", () => {
    const itself = { toJSON: (): unknown => itself }
    const another = (): object => ({ toJSON: another })
    assert.strictEqual(PlainValue.from({ toJSON: throwing }), "<unreadable>")
    assert.strictEqual(PlainValue.from(itself), "<circular>")
    assert.strictEqual(PlainValue.from(another()), "[Object]")
  })

  it("trusts no method that a value brings along", () => {
    const date = Object.assign(new Date(0), { toISOString: () => ({ not: () => "text" }) })
    const named = Object.defineProperty(() => {}, "name", { value: { length: 3 } })
    assert.strictEqual(PlainValue.from(date), "1970-01-01T00:00:00.000Z")
    assert.strictEqual(PlainValue.from(named), "[Function anonymous]")
  })

  it("is bounded in size, whatever it is made of", () => {
    const long = "x".repeat(100_000)
    const text = "y".repeat(100)
    const wide = Array.from({ length: 1_000 }, () => new Array<string>(1_000).fill(text))
    const deep = Array.from({ length: 10_000 }).reduce<object>((inner) => ({ inner }), {})
    const keyed = new Map(Array.from({ length: 200 }, (_, i) => [[i, long, long], i]))
    for (const value of [long, wide, deep, keyed, { [long]: 1 }, new Set([wide, wide])]) {
      const plain = PlainValue.from(value)
      assertPlain(plain)
      assert.isBelow(JSON.stringify(plain).length, 200_000)
    }
  })

  it("copies scalars first, and leaves each of the others a share", () => {
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `n${id}`, tags: ["a", "b"] }))
    const plain = PlainValue.from({ rows, orderId: 7, more: { deep: rows }, tenant: "acme", last: [1, 2, 3] })
    assert.deepInclude(plain, { orderId: 7, tenant: "acme", last: [1, 2, 3] })
    assert.deepStrictEqual(Object.keys(Object(plain)), ["rows", "orderId", "more", "tenant", "last"])
    const { more, rows: shown } = Object(plain)
    assert.isAbove(shown.length, 20)
    assert.isAbove(more.deep.length, 20)
  })

  it("says how much it left out, even beside a field that is named like that", () => {
    const value = { "…": "mine", ...Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`k${i}`, i])) }
    const plain = PlainValue.fromRecord(value)
    assert.strictEqual(plain["…"], "+51 more")
    assert.strictEqual(plain["k0"], 0)
  })

  it("keeps a key named __proto__ as a key", () => {
    const plain = PlainValue.fromRecord(JSON.parse('{"__proto__":{"admin":true}}'))
    assert.deepStrictEqual(Object.keys(plain), ["__proto__"])
    assert.strictEqual(Reflect.get({}, "admin"), undefined)
  })

  it("names the entries of a Map by what their keys hold", () => {
    const map = new Map<unknown, number>([
      [1, 1],
      [{ id: 7 }, 2],
      [{ toString: 1 }, 3]
    ])
    assert.deepStrictEqual(PlainValue.from(map), { "1": 1, '{"id":7}': 2, '{"toString":1}': 3 })
  })

  it("keeps what is redacted hidden, wherever it is", () => {
    const plain = PlainValue.from({ key: Redacted.make("s3cret"), list: [new Map([["k", Redacted.make("s3cret")]])] })
    assert.notInclude(JSON.stringify(plain), "s3cret")
  })

  it("never cuts a character in half", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, max) => {
        const clipped = PlainValue.clip(text, max + 1)
        assert.doesNotThrow(() => encodeURIComponent(clipped))
        assert.isTrue(clipped === text || text.startsWith(clipped.slice(0, clipped.lastIndexOf("… (+"))))
      })
    )
  })
})
