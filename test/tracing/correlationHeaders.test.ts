import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { Correlation } from "../../src/index.js"
import { ofAllCodePoints } from "../fixtures/codePoints.js"
import { correlations } from "./correlations.js"

const { fromHeaders, toHeaders } = Correlation
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

describe("Headers", () => {
  it("bring back every correlation that they were made of", () => {
    FastCheck.assert(
      FastCheck.property(correlations, (correlation) => {
        const headers = toHeaders(correlation)
        for (const value of Object.values(headers)) assert.match(value, /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/)
        assert.deepStrictEqual(fromHeaders(headers), correlation)
        const upper = Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value] as const)
        assert.deepStrictEqual(fromHeaders(new Map(upper)), correlation)
      }),
      { numRuns: 500 }
    )
  })

  it("are those that services use", () => {
    assert.deepStrictEqual(
      toHeaders({
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        parentSpanId: "00f067aa0ba902b7",
        sampled: true,
        traceState: "vendor=1",
        correlationId: "c",
        requestId: "r",
        runId: "run",
        orgId: "o",
        sessionId: "s",
        baggage: { region: "eu north", b: { value: "1", properties: "ttl=5" } }
      }),
      {
        traceparent,
        tracestate: "vendor=1",
        "x-correlation-id": "c",
        "x-request-id": "r",
        "x-pipeline-run-id": "run",
        "x-org-id": "o",
        baggage: "narrative.session_id=s,region=eu%20north,b=1;ttl=5"
      }
    )
  })

  it("are not made of half a trace, and never say that it is recorded when that is not known", () => {
    assert.deepStrictEqual(toHeaders({ traceId: "0af7651916cd43dd8448eb211c80319c", traceState: "a=1" }), {})
    assert.deepStrictEqual(toHeaders({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }), {
      traceparent: traceparent.replace(/1$/, "0")
    })
    assert.deepStrictEqual(toHeaders({ traceId: "0".repeat(32), spanId: "b7ad6b7169203331" }), {})
  })

  it("of a trace are taken as the W3C says", () => {
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }
    assert.deepStrictEqual(fromHeaders({ TraceParent: traceparent }), { ...trace, sampled: true })
    assert.deepStrictEqual(fromHeaders({ traceparent: `01${traceparent.slice(2)}-more` }), { ...trace, sampled: true })
    assert.deepStrictEqual(fromHeaders({ traceparent: traceparent.replace(/01$/, "fe") }), { ...trace, sampled: false })
    for (const wrong of [
      "",
      "00",
      `${traceparent}-more`,
      `ff${traceparent.slice(2)}`,
      traceparent.toUpperCase(),
      traceparent.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32)),
      traceparent.replace("b7ad6b7169203331", "0".repeat(16)),
      traceparent.replace("b7ad6b7169203331", "b7ad6b716920333"),
      `${traceparent}, ${traceparent}`
    ]) {
      assert.deepStrictEqual(fromHeaders({ traceparent: wrong, tracestate: "a=1" }), {}, wrong)
    }
    assert.deepStrictEqual(fromHeaders({ traceparent: [traceparent, traceparent] }), {})
  })

  it("of a trace's state are kept in whole members, in their order", () => {
    const stateOf = (tracestate: string | Array<string>) => fromHeaders({ traceparent, tracestate }).traceState
    assert.strictEqual(stateOf("a=1 , b=2,"), "a=1,b=2")
    assert.strictEqual(stateOf(["a=1", "b=2"]), "a=1,b=2")
    for (const wrong of ["a", "a=1,a=2", "A=1", "a=\u00fc", "a=1,=", Array.from({ length: 33 }, (_, i) => `k${i}=1`)]) {
      assert.isUndefined(stateOf(wrong))
    }
    assert.strictEqual(
      stateOf(`a=1,b=${"x".repeat(250)},c=${"y".repeat(250)},d=${"z".repeat(250)}`)?.length,
      4 + 252 + 1 + 252
    )
  })

  it("of baggage keep what is well formed: percent-encoded values, properties as they are, the last of a name", () => {
    assert.deepStrictEqual(
      fromHeaders({ baggage: ' a = 1 ; ttl = 5;p ,b=%C3%BC,a=2,bad value=1,c=%zz,d,=e,"f"=1,g="x",h=' }).baggage,
      { a: "2", b: "ü", h: "" }
    )
    assert.deepStrictEqual(fromHeaders({ baggage: "a=1 ; ttl = 5;p" }).baggage, {
      a: { value: "1", properties: "ttl = 5;p" }
    })
    assert.deepStrictEqual(Object.entries(fromHeaders({ baggage: "__proto__=1" }).baggage ?? {}), [["__proto__", "1"]])
  })

  it("of stageflow are read, too", () => {
    assert.deepStrictEqual(fromHeaders({ "X-Baggage-Region": "eu", "x-baggage-a": "1", baggage: "a=2" }).baggage, {
      region: "eu",
      a: "2"
    })
  })

  it("that no correlation has are of no account", () => {
    assert.deepStrictEqual(
      fromHeaders({ host: "a", "x-forwarded-for": "b", "X-Request-Id": " r ", "x-org-id": undefined }),
      {
        requestId: "r"
      }
    )
    assert.deepStrictEqual(fromHeaders({ "x-request-id": ["first", "second"], "x-org-id": "a\u0000b" }), {
      requestId: "first"
    })
  })
})

describe("Limits", () => {
  const members = (count: number, value = "1") => Array.from({ length: count }, (_, i) => `k${i}=${value}`).join(",")

  it("are 180 members, 4,096 bytes of one and 8,192 in all, when they are read", () => {
    const count = (baggage: string) => Object.keys(fromHeaders({ baggage }).baggage ?? {}).length
    assert.strictEqual(count(members(10_000)), 180)
    assert.strictEqual(count(`a=${"x".repeat(4_094)}`), 1)
    assert.strictEqual(count(`a=${"x".repeat(4_095)},b=1`), 1)
    assert.strictEqual(count(members(10, "x".repeat(1_000))), 8)
    assert.strictEqual(count(`a=${"x".repeat(1_000_000)}`), 0)
  })

  it("hold for what is sent", () => {
    const baggage = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, "ü".repeat(20)]))
    const sent = toHeaders(Correlation.make({ tenant: "Fjord Tea", baggage })).baggage ?? ""
    assert.isAtMost(sent.length, 8_192)
    assert.isAtMost(sent.split(",").length, 180)
    assert.include(sent, "narrative.tenant=Fjord%20Tea")
  })

  it("bound what is read of headers of any size", () => {
    const large = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x-baggage-k${i}`, "1"]))
    assert.strictEqual(Object.keys(fromHeaders(large).baggage ?? {}).length, 180)
    assert.deepStrictEqual(
      fromHeaders({ [`x-baggage-${"k".repeat(1_000_000)}`]: "1", "x-request-id": "r".repeat(1_000_000) }),
      {}
    )
    // A megabyte is cut before it is split.
    assert.deepStrictEqual(fromHeaders({ baggage: `a=1,${",".repeat(1_000_000)}b=2` }).baggage, { a: "1" })
  })

  it("hold whatever comes, and nothing throws", () => {
    const names = FastCheck.oneof(
      FastCheck.constantFrom("traceparent", "tracestate", "baggage", "x-correlation-id", "X-Request-Id", "x-baggage-a"),
      FastCheck.string()
    )
    const values = FastCheck.oneof(
      ofAllCodePoints(),
      FastCheck.array(FastCheck.string()),
      FastCheck.anything() as FastCheck.Arbitrary<never>,
      FastCheck.constantFrom("a=1".repeat(5_000), ";".repeat(10_000), ",".repeat(10_000), "%".repeat(9_000))
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.dictionary(names, values), (headers) => {
        const found = fromHeaders(headers)
        assert.deepStrictEqual(Correlation.make(found), found)
      }),
      { numRuns: 300 }
    )
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no")
        }
      }
    )
    assert.deepStrictEqual(fromHeaders(hostile), {})
  })
})
