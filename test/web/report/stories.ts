/**
 * Stories for pages: one that has a bit of everything and fails twice at once, a very long one, and a hostile one.
 */
import type { Failure } from "../../../src/event/FailureReport.js"
import type { NarrativeEvent } from "../../../src/event/NarrativeEvent.js"
import type { PlainRecord } from "../../../src/plain/PlainValue.js"
import { failureReport, Narrator, type ToldStage } from "../../fixtures/events.js"

const start = Date.UTC(2026, 10, 20, 13, 7, 29)

/** Tells events at the time they are said to happen, in milliseconds since the story began. */
class Teller {
  readonly events: Array<NarrativeEvent> = []

  at(millis: number, event: NarrativeEvent): void {
    this.events.push({ ...event, timestamp: start + millis })
  }
}

const failure = (override: Partial<Failure>): Failure => ({ ...failureReport.failures[0], ...override })

const frame = (name: string, line: number, locals: PlainRecord | null) => ({
  file: "src/pricing.ts",
  line,
  column: 22,
  function: name,
  origin: "app" as const,
  suspended: true,
  locals
})

/** Fails in two of three concurrent stages; has sub-stories, retries, an orphan, progress, log lines and an analysis. */
export const failedImport = (): ReadonlyArray<NarrativeEvent> => {
  const story = new Narrator("Import Catalogue", "01a1f911-b63c-716f-adc2-d06ff6775f73")
  const supplier = new Narrator("Import Supplier", "01a1f911-b63c-716f-adc2-d06ff6775f74", story)
  const teller = new Teller()
  const emit = (millis: number, event: NarrativeEvent) => teller.at(millis, event)
  const log = (millis: number, stage: ToldStage, level: "INFO" | "WARN" | "ERROR", message: string, data = {}) =>
    emit(millis, {
      ...story.note("", stage),
      _tag: "LogRecorded",
      level,
      loggerName: "effect",
      message,
      annotations: data,
      cause: null,
      fiberId: "#12"
    })

  emit(
    0,
    story.start({
      labels: { region: "nordic" },
      attributes: { run: "nightly" },
      totalStages: 5,
      traceId: "d4f4cb061fdd7c97289f6084b5360a00"
    })
  )
  const load = story.stage("Load Suppliers")
  emit(2, story.stageStarted(load))
  emit(3, supplier.start({ parentStageIndex: load.index, labels: { supplier: "Fjord Tea" } }))
  const fetch = supplier.stage("Fetch Feed")
  emit(4, supplier.stageStarted(fetch, { spanId: "d338be40deb0c693", traceId: "d4f4cb061fdd7c97289f6084b5360a00" }))
  emit(160, { ...supplier.retried(fetch, 2), reason: "FeedUnavailable: 503" })
  log(190, load, "WARN", "The feed is slow", { supplier: "Fjord Tea" })
  emit(210, supplier.completed(fetch, { durationSeconds: 0.206, attributes: { products: 41 } }))
  emit(212, supplier.end({ durationSeconds: 0.209, outcome: "41 products" }))
  emit(220, story.completed(load, { durationSeconds: 0.218 }))
  emit(221, story.note("products found"))

  const [price, index, pictures] = [
    story.stage("Price Products"),
    story.stage("Build Index"),
    story.stage("Render Pictures")
  ]
  for (const stage of [price, index, pictures]) emit(230, story.stageStarted(stage))
  const convert = story.stage("Convert Price", price)
  emit(240, story.stageStarted(convert))
  emit(300, { ...story.stageStarted(index), _tag: "StageProgressed", done: 300, total: 1_000 })
  log(410, index, "ERROR", "Shard 3 does not answer")
  emit(
    420,
    story.failed(convert, { durationSeconds: 0.18, errorType: "MissingRate", errorMessage: "No rate from ISK to EUR" })
  )
  emit(
    421,
    story.failed(price, { durationSeconds: 0.191, errorType: "MissingRate", errorMessage: "No rate from ISK to EUR" })
  )
  emit(425, story.failed(index, { durationSeconds: 0.195, errorType: "ShardDown", errorMessage: "Shard 3 is down" }))
  emit(
    426,
    story.cancelled(pictures, {
      durationSeconds: 0.196,
      interruptors: [{ fiberId: "#7", storyName: "Import Catalogue", stageName: null }]
    })
  )
  const warm = story.stage("Warm Cache")
  emit(428, story.stageStarted(warm))
  emit(440, story.cancelled(warm, { durationSeconds: 0.012, orphaned: true }))

  const [first] = failureReport.failures
  emit(
    441,
    story.failureOccurred({
      diagnosticsMode: "rich",
      failures: [
        {
          ...first,
          path: "∥L",
          errorType: "MissingRate",
          errorMessage: "No exchange rate from ISK to EUR for RS-40",
          stageName: "Convert Price",
          stagePath: ["Price Products", "Convert Price"],
          location: { file: "src/pricing.ts", line: 42, column: 22, function: "toEuros", sourceLine: "" },
          snippet: [
            { line: 40, text: "  const rate = rates.get(product.currency)", failing: false },
            { line: 41, text: "  // Rates are refreshed every night at 4.", failing: false },
            {
              line: 42,
              text: "  if (rate === undefined) return yield* new MissingRate({ sku: product.sku })",
              failing: true
            },
            { line: 43, text: "  return Math.round(product.amount * rate * 100) / 100", failing: false },
            { line: 44, text: "})", failing: false }
          ],
          stackFrames: [
            frame("toEuros", 42, {
              product: { sku: "RS-40", amount: 1490, currency: "ISK" },
              rate: "<undefined, unassigned or optimised out>",
              known: ["EUR", "NOK", "SEK", "DKK"]
            }),
            frame("priceProducts", 61, { done: 6, euros: "<not assigned yet>" }),
            {
              ...frame("runLoop", 1067, null),
              file: "node_modules/effect/src/internal/fiberRuntime.ts",
              origin: "effect"
            }
          ],
          exactCause: "rates holds EUR, NOK, SEK and DKK, and ISK is none of them",
          exceptionChain: "MissingRate: No exchange rate from ISK to EUR for RS-40 <- NotFound: ISK",
          errorCode: "NOT_FOUND",
          hint: "Refresh the table of rates, or leave out products in currencies it does not hold.",
          rule: "missing-key",
          facts: { sku: "RS-40", currency: "ISK" },
          stackText: "MissingRate: No exchange rate from ISK to EUR for RS-40\n    at toEuros (src/pricing.ts:42:22)",
          stageAttributes: { sku: "RS-40" },
          spans: [
            {
              name: "Rates.lookUp",
              kind: "span",
              location: { file: "src/rates.ts", line: 12, column: 3, function: "lookUp", sourceLine: null },
              attributes: { table: "rates-2026" }
            }
          ],
          hiddenFrameCount: 4
        },
        failure({
          path: "∥R",
          errorType: "ShardDown",
          errorMessage: "Shard 3 is down",
          stageName: "Build Index",
          stagePath: ["Build Index"],
          exactCause: "shard 3 refused the connection",
          exceptionChain: "ShardDown: Shard 3 is down",
          retryable: true,
          errorCode: "UNAVAILABLE"
        })
      ],
      timeline: [
        { name: "Load Suppliers", index: 0, depth: 0, status: "completed", durationSeconds: 0.218 },
        { name: "Price Products", index: 1, depth: 0, status: "failed", durationSeconds: 0.191 }
      ],
      analysis: {
        analyzer: "anthropic",
        model: "claude-haiku-4-5",
        exactWhy: "The table of rates has no entry for ISK, and RS-40 is the first product priced in it.",
        evidence: [
          {
            text: "The rate is looked up by currency.",
            cites: [{ id: "F1", text: "toEuros src/pricing.ts:42 [app]" }]
          },
          {
            text: "The currency of the product is not among the known ones.",
            cites: [
              { id: "V2", text: 'known = ["EUR","NOK","SEK","DKK"] in toEuros' },
              { id: "S1", text: "Price Products: failed (0.191s)" }
            ]
          },
          { text: "The table is refreshed at night.", cites: [{ id: "X9", text: "hearsay" }] }
        ],
        targetedFix: "Add ISK to the table of rates before the import runs.",
        codeChanges: 'const rates = new Map([\n  ["EUR", 1],\n  ["ISK", 0.0069]\n])',
        rawText: null,
        droppedCitations: 1
      }
    })
  )
  emit(
    442,
    story.end({
      status: "failed",
      durationSeconds: 0.442,
      progress: { percent: 40, completedStages: 2, totalStages: 5 },
      failedStages: 3,
      cancelledStages: 2,
      work: workWith("gpt-4o"),
      labels: { region: "nordic" },
      attributes: { run: "nightly" }
    })
  )
  return teller.events
}

/** `count` stages in groups of three, one of which failed. */
export const longStory = (count: number): ReadonlyArray<NarrativeEvent> => {
  const story = new Narrator("Import Rows")
  const teller = new Teller()
  teller.at(0, story.start())
  for (let i = 0; i * 3 < count; i++) {
    const begin = i * 4
    const row = story.stage(`Row ${i}`)
    const fails = i === Math.floor(count / 6)
    teller.at(begin, story.stageStarted(row, { spanId: String(i).padStart(16, "0") }))
    const [parse, save] = [story.stage("Parse", row), story.stage("Save", row)]
    teller.at(begin + 1, story.stageStarted(parse))
    teller.at(begin + 3, story.completed(parse, { durationSeconds: 0.002 }))
    teller.at(begin + 3, story.stageStarted(save))
    teller.at(
      begin + 8,
      fails ? story.failed(save, { durationSeconds: 0.005 }) : story.completed(save, { durationSeconds: 0.005 })
    )
    teller.at(begin + 9, story.completed(row, { durationSeconds: 0.009, attributes: { row: i } }))
  }
  teller.at(
    (count / 3) * 4,
    story.end({
      durationSeconds: count / 750,
      progress: { percent: 99, completedStages: count - 1, totalStages: count }
    })
  )
  return teller.events
}

/** Every text of it is the given one, wherever a program can put one. */
export const hostileStory = (text: string): ReadonlyArray<NarrativeEvent> => {
  const values: PlainRecord = Object.fromEntries([
    [text, text],
    ["__proto__", { [text]: [text, { constructor: text }] }]
  ])
  const story = new Narrator(text, text)
  const stage = story.stage(text)
  const place = { file: text, line: 1, column: 1, function: text }
  const analysis = {
    analyzer: text,
    model: text,
    exactWhy: text,
    evidence: [
      {
        text,
        cites: [
          { id: text, text },
          { id: "F1", text },
          { id: "V1", text },
          { id: "S1", text }
        ]
      }
    ],
    targetedFix: text,
    codeChanges: text,
    rawText: null,
    droppedCitations: 0
  }
  const report = {
    failures: [
      failure({
        errorType: text,
        errorMessage: text,
        stageName: text,
        stagePath: [text, text],
        location: { ...place, sourceLine: text },
        snippet: [{ line: 1, text, failing: true }],
        stackFrames: [{ ...place, origin: "app", suspended: true, locals: values }],
        stackText: text,
        exceptionChain: `${text} <- ${text}`,
        exactCause: `${text}!`,
        facts: values,
        hint: text,
        rule: text,
        stageAttributes: values
      })
    ] as const,
    timeline: [{ name: text, index: 0, depth: 0, status: "failed" as const, durationSeconds: 1 }],
    interruptors: [{ fiberId: text, storyName: text, stageName: text }]
  }
  return [
    story.start({ kind: text, labels: { [text]: text }, attributes: values, traceId: text, spanId: text }),
    story.stageStarted(stage, { kind: text, attributes: values, traceId: text, spanId: text }),
    { ...story.retried(stage, 2), reason: text },
    { ...story.note(text, stage), data: values },
    {
      ...story.note("", stage),
      _tag: "LogRecorded",
      level: "ERROR",
      loggerName: text,
      message: text,
      annotations: values,
      cause: text,
      fiberId: text
    },
    story.failed(stage, { errorType: text, errorMessage: text, attributes: values }),
    story.failureOccurred({ ...report, analysis }),
    story.failureOccurred({ ...report, handled: true, analysis: { ...analysis, rawText: text } }),
    story.end({
      status: "failed",
      outcome: text,
      work: workWith(text),
      labels: { [text]: text },
      attributes: values,
      causedBy: { storyId: text, storyName: text, stageName: text, errorType: text }
    })
  ]
}

const workWith = (model: string) => ({
  models: [{ model, promptTokens: 2_400, completionTokens: 1_000, cachedTokens: 0, reasoningTokens: 0, costUsd: 0.05 }],
  quality: [],
  items: { discovered: 12, succeeded: 11, failed: 1, skipped: 0 },
  calls: 0,
  failedCalls: 0
})
