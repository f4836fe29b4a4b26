import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import {
  type Alert,
  type AnalysisAlert,
  fromFailure,
  fromStory,
  type SummaryAlert
} from "../../../src/renderer/alert/Alert.js"
import * as slackMessage from "../../../src/renderer/alert/slackMessage.js"
import * as slackText from "../../../src/renderer/alert/slackText.js"
import { failure } from "../../fixtures/alerts.js"
import { eventOf, Narrator, text } from "../../fixtures/events.js"

const hostile = fc.oneof(
  text,
  fc
    .array(
      fc.constantFrom(
        "<!channel>",
        "<@U123>",
        "<https://x.y|z>",
        "&lt;",
        "```",
        "`",
        ">",
        "<",
        "&",
        "😀",
        "\n",
        "\u202e",
        "a"
      )
    )
    .map((parts) => parts.join("")),
  fc.constantFrom(
    "<!here>".repeat(2_000),
    "&".repeat(5_000),
    "```\n".repeat(2_000),
    "😀".repeat(3_000),
    "x".repeat(9_000)
  )
)

const labels = fc.dictionary(hostile, hostile, { maxKeys: 3 })

const alert: fc.Arbitrary<Alert> = fc.oneof(
  fc
    .record({ event: eventOf.FailureOccurred, message: hostile, name: hostile, path: fc.array(hostile), labels })
    .map(({ event: { failures, ...event }, labels, message, name, path }) => {
      const [first, ...rest] = failures
      const changed = { ...first, errorMessage: message, stageName: name, exactCause: message, hint: message }
      const analysis = { llmAnalysis: message, storyName: name }
      return fromFailure({ ...event, ...analysis, failures: [changed, ...rest, ...rest, first] }, { path, labels })
    }),
  fc
    .record({ event: eventOf.StoryCompleted, outcome: hostile, path: fc.array(hostile), labels })
    .map(({ event, labels, outcome, path }) => fromStory({ ...event, outcome }, "partial", { path, labels })),
  fc.record({ name: hostile, latencySeconds: fc.nat() }).map(
    ({ latencySeconds, name }): AnalysisAlert => ({
      _tag: "AnalysisAlert",
      version: 1,
      id: name,
      failureId: name,
      status: "failed",
      storyId: name,
      storyName: name,
      storyPath: [name],
      timestamp: latencySeconds,
      fingerprint: name,
      stageName: name,
      errorType: name,
      errorMessage: name,
      llmAnalysis: name,
      latencySeconds
    })
  ),
  fc.record({ name: hostile, count: fc.nat() }).map(
    ({ count, name }): SummaryAlert => ({
      _tag: "SummaryAlert",
      version: 1,
      id: name,
      reason: "rate_limit",
      count,
      since: 0,
      until: count,
      heldBack: [
        {
          fingerprint: name,
          storyName: name,
          status: "failed",
          stageName: name,
          errorType: name,
          errorMessage: name,
          count: 1
        }
      ]
    })
  )
)

interface SlackBody {
  readonly text: string
  readonly blocks: ReadonlyArray<{ readonly type: string; readonly [key: string]: unknown }>
}

const bodyOf = (alert: Alert): SlackBody => JSON.parse(slackMessage.toJson(alert))

/** Every text of a body, with the most characters that Slack takes there. */
const textsOf = (body: SlackBody): ReadonlyArray<readonly [text: string, max: number]> => [
  [body.text, 3_000],
  ...body.blocks.flatMap((block) => {
    const inside = [block["text"], ...((block["fields"] ?? []) as []), ...((block["elements"] ?? []) as [])]
    return inside
      .filter((one) => one !== undefined)
      .map((one): readonly [string, number] => [
        (one as { readonly text: string }).text,
        block.type === "header" ? 150 : block["text"] === undefined ? 2_000 : 3_000
      ])
  })
]

describe("SlackMessage", () => {
  it.prop("nothing in a body is obeyed: no < and no > is left, and no & that is not ours", [alert], ([alert]) => {
    for (const [text] of textsOf(bodyOf(alert))) {
      assert.notMatch(text, /[<>]/)
      assert.notMatch(text, /&(?!amp;|lt;|gt;)/)
    }
  })

  it.prop(
    "nothing that a program says is formatted: what Slack formats is our labels, and code",
    [alert],
    ([alert]) => {
      for (const block of bodyOf(alert).blocks) {
        const texts = [block["text"], ...((block["fields"] ?? []) as []), ...((block["elements"] ?? []) as [])]
        for (const one of texts as ReadonlyArray<{ readonly type: string; readonly text: string } | undefined>) {
          if (one === undefined || one.type === "plain_text") continue
          assert.match(one.text, /^\*[A-Z][a-z ]+\*(?:\n```\n[\s\S]*\n```)?$/)
          assert.isAtMost(one.text.split("```").length, 3)
        }
      }
    }
  )

  it.prop("a body is within Slack's limits, and no text of it is empty", [alert], ([alert]) => {
    const body = bodyOf(alert)
    assert.isAtMost(body.blocks.length, 50)
    for (const block of body.blocks) assert.isAtMost(((block["fields"] ?? []) as []).length, 10)
    for (const [text, max] of textsOf(body)) {
      assert.isAtMost(text.length, max)
      assert.isAbove(text.length, 0)
    }
  })

  it.prop("a body is whole Unicode without control characters", [alert], ([alert]) => {
    const json = slackMessage.toJson(alert)
    assert.strictEqual(Buffer.from(json, "utf8").toString("utf8"), json)
    for (const [text] of textsOf(bodyOf(alert))) {
      assert.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u)
    }
  })

  it.prop(
    "a code block has two fences: its first and its last line",
    [hostile, fc.integer({ min: 20, max: 3_000 })],
    ([text, max]) => {
      const block = slackText.codeBlock(text, max)
      assert.isAtMost(block.length, max)
      assert.strictEqual(block.slice(0, 4), "```\n")
      assert.strictEqual(block.slice(-4), "\n```")
      assert.notInclude(block.slice(4, -4), "```")
    }
  )

  it.prop("a text that fits is kept in full", [fc.string({ maxLength: 100 })], ([text]) => {
    const back = slackText.line(text, 1_000).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
    assert.strictEqual(back, text)
  })

  it("shows story, stage, error, place, why, hint and analysis", () => {
    const event = new Narrator("Nightly ETL").failureOccurred({
      llmAnalysis: "## Exact Why\nthe row has two columns",
      failures: [
        failure({
          exactCause: "row 7 has 2 columns, not 3",
          hint: "check the export",
          errorCode: "INVALID_INPUT",
          snippet: [{ line: 7, text: "  yield* parse(row)", failing: true }]
        }),
        failure({ stageName: "Load Rates", errorMessage: "empty" })
      ]
    })
    const body = bodyOf(fromFailure(event, { path: ["All", "Nightly ETL"], labels: { region: "north" } }))
    assert.strictEqual(body.text, "❌ Nightly ETL failed in Load: CsvError - bad row 7")
    assert.deepStrictEqual(
      textsOf(body)
        .slice(2)
        .map(([text]) => text),
      [
        "Story\nAll › Nightly ETL",
        "Stage\nLoad",
        "Kind\nINVALID_INPUT, trying again will not help",
        "*Error*\n```\nCsvError - bad row 7\n```",
        "*Location*\n```\nsrc/load.ts:7 (load)\n&gt; 7 |   yield* parse(row)\n```",
        "*Why*",
        "row 7 has 2 columns, not 3",
        "*Hint*",
        "check the export",
        "*Analysis*",
        "## Exact Why\nthe row has two columns",
        "*Also failed*",
        "• Load Rates: CsvError - empty",
        "1970-01-01T00:00:00.000Z · story id of Nightly ETL · fingerprint 0123456789abcdef · region=north"
      ]
    )
  })

  it("mentions no user and no channel, whatever the program says", () => {
    const event = new Narrator("<!channel>").failureOccurred({
      failures: [failure({ errorMessage: "<@U012AB3CD> see <https://evil.example|here> ```*x*" })]
    })
    const json = slackMessage.toJson(fromFailure(event, { path: ["<!channel>"], labels: {} }))
    assert.include(json, "&lt;!channel&gt;")
    assert.include(json, "&lt;@U012AB3CD&gt; see &lt;https://evil.example|here&gt;")
  })
})
