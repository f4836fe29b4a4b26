/**
 * Correlations of every valid kind that headers can bring to another service.
 */
import { FastCheck as fc } from "effect"
import * as Correlation from "../../src/event/correlationFields.js"

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits - 1, maxLength: digits - 1 })
    .map((all) => `${all.join("")}1`)

const id = fc
  .oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }))
  .filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text))

const value = fc.string({ unit: "grapheme", maxLength: 20 })

const token = fc.string({
  unit: fc.constantFrom(..."!#$%&'*+-.^_`|~09azAZ"),
  minLength: 1,
  maxLength: 12
})

const properties = fc
  .array(fc.constantFrom("ttl=5", "p", "q = 2", "private"), { minLength: 1, maxLength: 3 })
  .map((all) => all.join(" ; "))

const trace = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  sampled: fc.boolean(),
  traceState: fc.option(fc.constantFrom("a=1", "vendor=00f067aa0ba902b7,other=t61rcWkgMzE"), { nil: undefined })
})

const others = fc.record(
  {
    correlationId: id,
    requestId: id,
    runId: id,
    sessionId: id,
    userId: id,
    orgId: id,
    tenant: id,
    baggage: fc.dictionary(token, fc.oneof(value, fc.record({ value, properties })), { maxKeys: 6 }),
    extra: fc.dictionary(id, value, { maxKeys: 4 })
  },
  { requiredKeys: [] }
)

export const correlations: fc.Arbitrary<Correlation.Correlation> = fc
  .tuple(fc.option(trace, { nil: {} }), others)
  .map(([trace, others]) => Correlation.make({ ...trace, ...others }))
