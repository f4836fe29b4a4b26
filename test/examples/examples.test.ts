import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as SqlClient from "@effect/sql/SqlClient"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Either, Layer } from "effect"
import { History } from "../../src/history/index.js"
import { NarrativeEvent } from "../../src/index.js"
import * as ChildProgram from "../docs/ChildProgram.js"
import * as DocPage from "../docs/DocPage.js"
import * as Workspace from "../docs/Workspace.js"
import { compileFolder } from "../fixtures/compiled.js"
import * as Collector from "../otel/Collector.js"
import { storiesIn } from "../renderer/html/writtenPage.js"
import { assertPrinted } from "./assertPrinted.js"
import { Examples, outcomeOf, outcomeWith } from "./Examples.js"

const timeout = 300_000

const printed = (name: string, lines: ReadonlyArray<string | RegExp>, exitCode = 0) =>
  Effect.tap(outcomeOf(name), (outcome) => Effect.sync(() => assertPrinted(outcome, lines, exitCode)))

layer(Layer.merge(Examples.Default, NodeContext.layer))("examples", (it) => {
  it.scoped(
    "distributed shows one order through five processes as one tree, and the line that failed in the last of them",
    () =>
      printed("distributed", [
        "POST /orders answered 202, and the order went on",
        "✔ POST /orders (202)   request, process 1",
        /^ {2}✔ GET 127\.0\.0\.1:\d+$/,
        "    ✔ GET /items/:item (200)   request, process 2",
        "      ✔ POST /payments (202)   request, process 3",
        "          ✖ Ship Order (attempt 1 of 1)   job, process 4",
        "              ✖ /carrier.Trucks/Book",
        "                ✖ /carrier.Trucks/Book (UNKNOWN)   rpc, process 5",
        "                  ✖ Find Truck",
        'no truck drives to Torshavn, in "Find Truck" of /carrier.Trucks/Book',
        /^ {2}at examples\/distributed\/carrier\.ts:\d+$/,
        /^ +if \(truck === undefined\) throw new Error/
      ]),
    4 * timeout
  )

  it.scoped(
    "import-lockfile reports a success and a failure, and leaves a line for every event, a page and a history of both",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const outcome = yield* outcomeOf("import-lockfile")
        const { folder } = outcome
        assertPrinted(outcome, [
          "▶ Story started: Import Lockfile",
          "▷ Stage started: Write Transaction",
          /^ {2}✔ Stage completed: Insert Packages /,
          /^✔ Stage completed: Write Transaction \(\d+\.\d{3}s\)$/,
          /^▶ Story ended: SUCCESS \(\d+ packages, \d+ dependencies\) - Import Lockfile \(\d+\.\d{3}s\)$/,
          "▶ Story started: Import Lockfile Again",
          "❌ Failure detected",
          "Stage:         Insert Packages (in Write Transaction)",
          /^Location: {6}examples\/import-lockfile\.ts:\d+ \(insertInto\)$/,
          "Progress:      50% (3 / 6)",
          /^Why: .*packages\.path.*UNIQUE constraint failed/,
          /^Hint: /,
          /^> \d+ \| .*INSERT INTO/,
          /^ {5}\| +\^$/,
          /^ +table +"packages"$/,
          /^▶ Story ended: FAILED - Import Lockfile Again \(/,
          "This failure was on purpose: the same rows were already there.",
          `  ${folder}/report.html    a page: open it in a browser`,
          "  npm run -s narrative -- failures   what failed"
        ])

        const lines = (yield* fs.readFileString(`${folder}/events.jsonl`)).trimEnd().split("\n")
        const events = lines.map((line) => Either.getOrThrow(NarrativeEvent.fromWire(line)))
        const ends = events.flatMap((event) => (event._tag === "StoryCompleted" ? [event.status] : []))
        assert.deepStrictEqual(ends, ["success", "failed"])
        assert.isTrue(events.some((event) => event._tag === "StageProgressed"))

        assert.lengthOf(storiesIn(yield* fs.readFileString(`${folder}/report.html`)), 2)
        const { stories } = yield* History.stories().pipe(
          Effect.provide(History.layerSqlite({ path: `${folder}/history.db` }))
        )
        assert.deepStrictEqual(
          stories.map(({ status }) => status),
          ["failed", "success"]
        )

        const lockfile = JSON.parse(yield* fs.readFileString(`${ChildProgram.root}package-lock.json`))
        const rows = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT count(*) AS n FROM packages`).pipe(
          Effect.provide(SqliteClient.layer({ filename: `${folder}/lockfile.db` }))
        )
        assert.deepStrictEqual(rows, [{ n: Object.keys(lockfile.packages).length }])
      }),
    timeout
  )

  it.effect(
    "express-app names requests by their routes, and says where the one that failed did",
    () =>
      printed("express-app", [
        "▶ Story started: POST /orders/:item",
        /^✔ Stage completed: Reserve Stock /,
        /^▶ Story ended: SUCCESS \(201\) - POST \/orders\/:item /,
        "Stage:         Reserve Stock",
        "Error:         OutOfStock - No milk is left",
        /^Location: {6}examples\/express-app\.ts:\d+ \(reserve\)$/,
        /^▶ Story ended: FAILED \(500\) - POST \/orders\/:item /,
        "▶ Story started: GET",
        /^▶ Story ended: SUCCESS \(404\) - GET /
      ]),
    timeout
  )

  it.effect(
    "bullmq-worker has a job that fails, and is tried again",
    () =>
      printed("bullmq-worker", [
        "▶ Story started: Checkout",
        "▶ Story started: charge",
        "Stage:         Charge Card (in Process)",
        /^Location: {6}examples\/bullmq-worker\.ts:\d+ \(charge\)$/,
        /^▶ Story ended: FAILED \(attempt 1 of 2\) - charge /,
        /^↻ Stage retried: Process \(attempt 2 after 0\.020s: The bank did not answer for 12 €\)$/,
        /^▶ Story ended: SUCCESS - charge /
      ]),
    timeout
  )

  it.effect(
    "order-service reports retries, a sub-story and a declined card",
    () =>
      printed("order-service", [
        /^✔ Stage completed: Validate Order /,
        /^↻ Stage retried: Charge Card \(attempt 2 after .*: GatewayBusy: 503/,
        /^↻ Stage retried: Charge Card \(attempt 3 after /,
        /^✔ Stage completed: Charge Card /,
        "  ▶ Story started: Ship Order",
        /^ {4}✔ Stage completed: Pack Teapot /,
        /^ {2}▶ Story ended: SUCCESS - Ship Order \(/,
        /^▶ Story ended: SUCCESS \(receipt-3\) - /,
        "Error:         CardDeclined - The bank declined the card 0000",
        /^Location: {6}examples\/order-service\.ts:\d+ \(request\)$/,
        /^> \d+ \| .*new CardDeclined/,
        "Asking for another card than 0000."
      ]),
    timeout
  )

  it.effect(
    "parallel-pipeline reports both failures of a group, and lets the third stage end",
    () =>
      printed("parallel-pipeline", [
        /^✔ Stage completed: Load Stock /,
        "Stage:         Load Prices",
        /^Location: {6}examples\/parallel-pipeline\.ts:\d+ \(loadPrices\)$/,
        "Also failed:   2. Load Rates: RuntimeException - The rate table is empty",
        /^▶ Story ended: FAILED - /,
        "Keeping yesterday's catalogue. Failed: Load Prices, Load Rates."
      ]),
    timeout
  )

  it.effect(
    "custom-renderer does not wait for its pager, and loses no page",
    () =>
      printed("custom-renderer", [
        /^▶ Story ended: FAILED - /,
        "pager: 2 events given, 0 delivered, 2 pending",
        "PAGER: Restock Teapots / Order More: No Teapots left at the supplier",
        "PAGER: Restock Kettles / Order More: No Kettles left at the supplier"
      ]),
    timeout
  )

  it.effect(
    "alerts reports a failure once, and how often it came again, to Slack and to the team it concerns",
    () =>
      printed("alerts", [
        "Slack:",
        "  ❌ Restock failed in Order More: OutOfStock - No teapots left for order 17 &lt;!channel&gt;",
        "  ❌ Backup failed in Copy: Offline - The vault does not answer",
        /^ {2}🔁 3 more of Restock within \d+ seconds?$/,
        "Team:",
        "  Nightly > Restock: failed",
        "  3 more (duplicates)"
      ]),
    timeout
  )

  it.scoped(
    "opentelemetry sends its traces and logs to a collector, leaves out what it was asked to, and knows what it handed over",
    () =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        const outcome = yield* outcomeWith("opentelemetry", { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
        assertPrinted(outcome, [
          /^↻ Stage retried: Fetch Rates /,
          /^▶ Story ended: SUCCESS - /,
          "Error:         NoRate - No rate for ISK",
          /^otel-logs: \d+ handed over$/,
          "otlp-traces: 4 handed over"
        ])
        assert.sameMembers(
          collector.spans.map(({ kind, name }) => `${name} (${kind})`),
          ["Fetch Rates (3)", "Convert (2)", "Fetch Rates (3)", "Convert (2)"]
        )
        assert.isTrue(collector.logs.some((log) => log.severityText === "ERROR"))
        const ids = new Set(collector.spans.map((span) => span.spanId))
        assert.isTrue(collector.logs.every((log) => ids.has(log.spanId)))
      }),
    timeout
  )

  it.effect(
    "dry-run visits every stage and says which would fail",
    () =>
      printed("dry-run", [
        "▶ Story started: Send Reminders (dry run)",
        /^✔ Stage completed: Send Letters /,
        /^▶ Story ended: SUCCESS - Send Reminders \(/,
        "- Fetch Invoices (stand-in)",
        "- Write Letters",
        "- Send Letters would fail here: Offline: 1 letter(s) not sent"
      ]),
    timeout
  )

  it.effect(
    "five-failures reports five failures with the values there, and none of their secrets",
    () =>
      printed("five-failures", [
        "Error:         CustomerNotFound - No customer has the id 12",
        /^Location: {6}examples\/five-failures\.ts:\d+ \(findCustomer\)$/,
        'Annotated:     query  "customer/12"',
        '      database  {"host":"db.internal","user":"billing","password":"<redacted>"}',
        /^ {2}waiting in sendInvoices examples\/five-failures\.ts:\d+$/,
        '      order   {"customer":12,"cents":480}',
        "      name    <not assigned yet>",
        "Why:           parcel.address is undefined, so .city cannot be read",
        /^ {2}at labelOf examples\/five-failures\.ts:\d+$/,
        '      printer  "hall-2"',
        'Why:           ParseError at limits.maxParcels: Expected number, actual "forty" (in {"maxParcels":"forty","apiKey":"<redacted>"})',
        '      input     {"region":"north","limits":{"maxParcels":"forty","apiKey":"<redacted>"}}',
        "Error:         Unreachable - Bring does not answer /parcels?key=<redacted>",
        "      token    <redacted>",
        "Also failed:   2. Ask Correos: Unreachable - Correos does not answer /parcels?key=<redacted>",
        'Error:         TimeoutException - Stage "Upload Batch" timed out after 50ms',
        '      batch  {"name":"january","megabytes":12}',
        /^▶ Story ended: TIMEOUT - /,
        "All five failed, as they should."
      ]),
    timeout
  )

  it.effect(
    "run-main reports a failure outside any story once, and exits with code 1",
    () =>
      Effect.gen(function* () {
        const { exitCode, stderr, stdout } = yield* outcomeOf("run-main")
        assert.strictEqual(stderr, "")
        assert.strictEqual(exitCode, 1)
        const events = stdout
          .trimEnd()
          .split("\n")
          .map((line) => Either.getOrThrow(NarrativeEvent.fromWire(line)))
        const failures = events.flatMap((event) => (event._tag === "FailureOccurred" ? event.failures : []))
        assert.deepStrictEqual(
          failures.map(({ exactCause }) => exactCause),
          ["the setting REPORT_ENDPOINT is missing"]
        )
      }),
    timeout
  )

  it.scoped(
    "agent-run records what an agent did, how much, and which commit came of it",
    () =>
      printed("agent-run", [
        "ticket-tidier: partial, 3 of 4 done, 1 failed",
        'metrics: {"cost_usd":0.01,"prompt_tokens":480,"completion_tokens":120}',
        "commit: a1b2c3d4 by llm",
        '- ticket without a title: {"index":2}'
      ]),
    timeout
  )

  it.scoped(
    "wide-events answers what it is asked from the records alone",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { folder } = yield* printed("wide-events", [
          "Charge Card, north: 2 run, 4 attempts, failed: none",
          "Charge Card, south: 1 run, 2 attempts, failed: UNAVAILABLE",
          "Failed for grace: Charge Card, GatewayBusy"
        ])
        const lines = (yield* fs.readFileString(`${folder}/wide-events.jsonl`)).trimEnd().split("\n")
        assert.lengthOf(lines, 11)
      }),
    timeout
  )

  it.effect(
    "existing-api narrates the spans of its server, its functions and its database",
    () =>
      printed("existing-api", [
        "▶ Story started: POST /orders",
        /^ {2}✔ Stage completed: Products\.take \(.*\) {2}· sql\.execute ×2$/,
        /^▶ Story ended: SUCCESS \(201\) - POST \/orders \(/,
        "▶ Story started: GET /orders/:id",
        "❌ Failure detected",
        "Stage:         Products.take (in Orders.place)",
        /^Location: {6}examples\/existing-api\.ts:\d+ \(take\)$/,
        /^▶ Story ended: FAILED \(500\) - POST \/orders \(/
      ]),
    timeout
  )

  it.effect(
    "existing-import is a story a run, and reports the row that it cannot read",
    () =>
      printed("existing-import", [
        "▶ Story started: Import Customers",
        /^✔ Stage completed: Fetch Page \(.*\) {2}· GET crm\.example\.org ×2 \(1 failed\)$/,
        /^▶ Story ended: SUCCESS - Import Customers \(/,
        "Stage:         decodeCustomer",
        /^Location: {6}examples\/existing-import\.ts:\d+ \(decode\)$/,
        /^▶ Story ended: FAILED - Import Customers \(/
      ]),
    timeout
  )

  it.effect(
    "existing-cli is one story, and none where it only prints its help",
    () =>
      Effect.gen(function* () {
        const lines = [
          "▶ Story started: stock",
          /^ {2}✔ Stage completed: countArticle \(/,
          "ordered: lamp-4",
          /^✔ Stage completed: fillUp \(/,
          "Stage:         askSupplier (in fillUp)",
          /^Location: {6}examples\/existing-cli\.ts:\d+ \(ask\)$/,
          /^▶ Story ended: FAILED - stock \(/
        ]
        yield* printed("existing-cli", lines, 1)
        const { stdout } = yield* outcomeWith("existing-cli", {}, ["--help"])
        assert.include(stdout, "USAGE")
        assert.notInclude(stdout, "Story")
      }),
    timeout
  )

  it.effect(
    "plain-import has the story of a program that knows nothing of it, and the error that ended it",
    () => {
      const lines = [
        "▶ Story started: Plain Import",
        "▷ Stage started: Main",
        "  ▷ Stage started: Import Page",
        /^ {4}✔ Stage completed: Crm\.fetchPage \(/,
        /^ {4}✔ Stage completed: Store\.save \(/,
        "2 customers",
        "Stage:         Parse Customer (in Main > Import Page)",
        /^Location: {6}examples\/plain-import\.ts:\d+ \(parseCustomer\)$/,
        /^▶ Story ended: FAILED - Plain Import \(/
      ]
      return printed("plain-import", lines, 1)
    },
    timeout
  )

  it.effect(
    "agent-with-tools uses its tool, and asks no provider whose circuit is open",
    () =>
      printed("agent-with-tools", [
        "  tool.invoked find_hotels",
        "  tool.completed find_hotels",
        "no answer: 503",
        "  circuit.opened local",
        "no answer: 503",
        "  circuit.refused local",
        "no answer: the circuit is open",
        "  circuit.closed local",
        "Take the Fjord Hotel",
        "Take the Fjord Hotel"
      ]),
    timeout
  )

  it.effect(
    "streaming-audio throttles, runs empty and recovers",
    () =>
      printed("streaming-audio", [
        "stage.Generate.completed",
        "4 words",
        "stream.throttle_started 80",
        "stream.throttle_ended 20",
        "stream.buffer_underrun 0",
        "stream.buffer_recovered 1920",
        "played 5760 of 7680 bytes",
        "stage.Play.completed"
      ]),
    timeout
  )

  it.effect(
    "worker-layer is one story from the layer's start to its end, log lines included",
    () =>
      printed("worker-layer", [
        "▶ Story started: Mail Worker",
        "  INFO Connecting to=ada@example.org",
        /^✔ Stage completed: Deliver Mail /,
        "  INFO Connecting to=grace@example.org",
        /^▶ Story ended: SUCCESS - Mail Worker \(/
      ]),
    timeout
  )

  it.scoped(
    "rotating-log keeps its files within their limits, and finds every failure in them again",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { folder } = yield* printed("rotating-log", [
          /^narrative\.log\.\d\.gz: \d+ events$/,
          "  Restock Teapot 9: No Teapot 9 left at the supplier",
          "  Restock Teapot 19: No Teapot 19 left at the supplier"
        ])
        assert.isAtMost(Number((yield* fs.stat(`${folder}/narrative.log`)).size), 16 * 1024)
      }),
    timeout
  )

  it.scoped(
    "history keeps three imports, and says in the morning which failed and where",
    () =>
      printed("history", [
        "west: success",
        "south: failed",
        "north: success",
        /^BadRow in Check Rows, at examples\/history\.ts:\d+: row 2 of south is empty$/,
        "- Check Rows: failed",
        "  - Load: completed",
        "3 stories, 1 failed",
        "Check Rows: 3 times, 33 % failed",
        "Load: 3 times, 0 % failed"
      ]),
    timeout
  )

  it.scoped(
    "every output in README and docs is what its program prints",
    () =>
      Effect.gen(function* () {
        const pages = yield* DocPage.pages
        const workspace = yield* Workspace.make(pages)
        yield* compileFolder(workspace)
        const shown = pages.flatMap((page) => page.outputs.map((output) => ({ page, output })))
        assert.isAbove(shown.length, 0)
        yield* Effect.forEach(
          shown,
          ({ output, page }) =>
            Effect.map(Workspace.outputOf(workspace, page, output.program), (text) =>
              assert.strictEqual(
                Workspace.comparable(output.text),
                Workspace.comparable(text),
                `${page.path} shows an old output of ${output.program}: npm run docs`
              )
            ),
          { concurrency: 2 }
        )
      }),
    300_000
  )
})
