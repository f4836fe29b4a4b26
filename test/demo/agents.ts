/**
 * The agents of the demo.
 */
import { Effect } from "effect"
import { Narrative, Work } from "../../src/index.js"
import { Run } from "../../src/runs.js"
import {
  ask,
  FeedUnavailable,
  fetchFeed,
  LedgerMismatch,
  OutOfMemory,
  priceBook,
  type Setting,
  suppliers,
  work
} from "./parts.js"

/** The nightly import: all feeds at once, then prices, then the index. Version 1.5.0 is slower, and lacks a rate. */
export const importCatalogue = (setting: Setting, isFull: boolean) =>
  Effect.gen(function* () {
    const { random, version } = setting
    const wanted = isFull ? suppliers : suppliers.slice(0, 2)
    yield* Narrative.setTotalStages(3)
    const counts = yield* Effect.forEach(wanted, (supplier) => fetchFeed(setting, supplier, 0.018), {
      concurrency: 3
    }).pipe(Narrative.stage("Fetch Feeds"))
    const books = counts.reduce((sum, count) => sum + count, 0)
    yield* Run.metrics({ itemsDiscovered: books, inputSummary: `${wanted.length} feeds, ${books} books` })
    const parts = isFull ? 12 : 4
    yield* Effect.forEach(
      Array.from({ length: parts }, (_, i) => i),
      (part) =>
        Effect.gen(function* () {
          yield* priceBook(setting, `BK-${random.whole(1_000, 9_999)}`, version === "1.5.0" ? 0.012 : 0.0008)
          yield* Narrative.progress(part + 1, parts)
        }),
      { discard: true }
    ).pipe(Narrative.stage("Price Books", { attributes: { parts } }))
    const skipped = random.whole(0, Math.ceil(books / 30))
    yield* work(setting, 2_600).pipe(
      Narrative.stage("Build Index", { kind: "database", attributes: { "db.system": "sqlite" } })
    )
    yield* Work.recordItems({ discovered: books, succeeded: books - skipped, skipped })
    yield* Run.metrics({ outputSummary: `${books - skipped} books are in the catalogue` })
  })

/** Blurbs of new books in five languages, each checked by a second model. */
export const translateBlurbs = (setting: Setting, books: number) =>
  Effect.gen(function* () {
    const { random } = setting
    let failed = 0
    for (let book = 0; book < books; book += 1) {
      yield* Effect.gen(function* () {
        yield* ask(setting, "lingua-large", [1_400, 420], 0.02).pipe(Narrative.retry({ times: 2 }))
        yield* ask(setting, "lingua-small", [700, 60])
        const score = Math.min(1, 0.82 + random.next() * 0.18)
        yield* Work.recordQuality("fluency", score)
        if (score < 0.83) failed += 1
        yield* Effect.log(`Book ${book + 1} reads well: ${score.toFixed(2)}`)
        yield* Narrative.progress(book + 1, books)
      }).pipe(
        Narrative.stage("Translate Book", { attributes: { language: random.pick(["de", "fr", "fi", "nb", "pl"]) } })
      )
    }
    yield* Work.recordItems({ discovered: books, succeeded: books - failed, failed })
    if (failed > 0) {
      yield* Effect.logWarning(`${failed} of ${books} books have to be read again`)
      yield* Narrative.setStatus("partial")
    }
    yield* Run.metrics({ outputSummary: `${books - failed} of ${books} blurbs translated` })
  })

export const reconcileInvoices = (setting: Setting, invoices: number) =>
  Effect.gen(function* () {
    const { random } = setting
    yield* work(setting, 1_300).pipe(
      Narrative.stage("Load Ledger", { kind: "query", attributes: { "db.system": "postgresql" } })
    )
    const faulty = random.chance(0.06) ? random.whole(1, invoices) : 0
    yield* Effect.gen(function* () {
      yield* work(setting, 45 * invoices)
      const expected = random.whole(12_000, 90_000)
      if (faulty > 0 && random.chance(0.55)) {
        return yield* new LedgerMismatch({
          invoice: `2026-${random.whole(1_000, 9_999)}`,
          expected,
          found: expected - 990
        })
      }
    }).pipe(Narrative.stage("Match Payments"))
    yield* work(setting, 700).pipe(Narrative.stage("Write Journal"))
    yield* Work.recordItems({
      discovered: invoices,
      succeeded: invoices - (faulty > 0 ? 1 : 0),
      failed: faulty > 0 ? 1 : 0
    })
    if (faulty > 0) yield* Narrative.setStatus("partial")
  })

export const renderCovers = (setting: Setting, covers: number) =>
  Effect.gen(function* () {
    const { random } = setting
    yield* Effect.forEach(
      Array.from({ length: 4 }, (_, i) => i),
      (batch) =>
        Effect.gen(function* () {
          yield* work(setting, 140 * (covers / 4))
          const file = `cover-${random.hex(6)}.tiff`
          if (random.chance(0.008)) return yield* new OutOfMemory({ file, megabytes: random.whole(900, 2_400) })
        }).pipe(Narrative.stage("Render Batch", { attributes: { batch, covers: Math.round(covers / 4) } })),
      { concurrency: 2, discard: true }
    )
    yield* work(setting, 2_000).pipe(Narrative.stage("Upload", { kind: "http" }))
    yield* Work.recordItems({ discovered: covers, succeeded: covers })
  }).pipe(Narrative.timeout(`${60 + covers / 4} seconds`))

export const writeDigest = (setting: Setting) =>
  Effect.gen(function* () {
    const chapters = ["Sales", "Returns", "New Suppliers"]
    for (const chapter of chapters) {
      yield* ask(setting, "lingua-large", [5_200, 900], 0.012).pipe(Narrative.stage(`Write ${chapter}`))
    }
    yield* work(setting, 600).pipe(Narrative.stage("Send Digest", { kind: "http" }))
    yield* Work.recordItems({ discovered: chapters.length, succeeded: chapters.length })
  })

export const checkLinks = (setting: Setting, links: number) =>
  Effect.gen(function* () {
    const { random } = setting
    const dead = random.chance(0.3) ? random.whole(1, 4) : 0
    yield* work(setting, 14 * links).pipe(Narrative.stage("Check Links"))
    if (random.chance(0.01)) return yield* new FeedUnavailable({ supplier: random.pick(suppliers), status: 500 })
    yield* Work.recordItems({ discovered: links, succeeded: links - dead, failed: dead })
    yield* Narrative.setOutcome(
      dead === 0 ? "every link answers" : `${dead} ${dead === 1 ? "link is" : "links are"} dead`
    )
  })
