import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import { fromEvents } from "../../src/testing/RecordedStory.js"
import * as StoryTree from "../../src/testing/StoryTree.js"
import { Narrator, type ToldStage } from "../fixtures/events.js"

const differs = (events: ReadonlyArray<NarrativeEvent>, ...expected: ReadonlyArray<StoryTree.StoryExpectation>) =>
  StoryTree.difference(expected, fromEvents(events))?.sideBySide

const assertMatches = (events: ReadonlyArray<NarrativeEvent>, ...expected: ReadonlyArray<StoryTree.StoryExpectation>) =>
  assert.isUndefined(differs(events, ...expected))

const assertDiffers = (events: ReadonlyArray<NarrativeEvent>, ...expected: ReadonlyArray<StoryTree.StoryExpectation>) =>
  assert.isString(differs(events, ...expected))

/** Load, then Insert with Open inside, which fails. */
const importing = (): ReadonlyArray<NarrativeEvent> => {
  const recorded = new Narrator("Import")
  const start = recorded.start({ labels: { tenant: "acme" } })
  const load = recorded.stage("Load")
  const insert = recorded.stage("Insert")
  const open = recorded.stage("Open", insert)
  return [
    start,
    recorded.stageStarted(load),
    recorded.completed(load, { attributes: { rows: 7, source: { file: "a.csv", bytes: 10 } } }),
    recorded.stageStarted(insert),
    recorded.stageStarted(open),
    recorded.retried(open, 2),
    recorded.failed(open, { errorType: "SqlError", errorMessage: "database is locked" }),
    recorded.failed(insert, { errorType: "SqlError", errorMessage: "database is locked" }),
    recorded.failureOccurred(),
    recorded.end({ status: "failed", outcome: "rolled back", labels: { tenant: "acme" } })
  ]
}

/** Stages one after the other. */
const sequence = (...names: ReadonlyArray<string>): ReadonlyArray<NarrativeEvent> => {
  const recorded = new Narrator("Import")
  const start = recorded.start()
  const stages = names.flatMap((name) => {
    const stage = recorded.stage(name)
    return [recorded.stageStarted(stage), recorded.completed(stage)]
  })
  return [start, ...stages, recorded.end()]
}

/** Stages that all began before the first of them ended. */
const concurrently = (...names: ReadonlyArray<string>): ReadonlyArray<NarrativeEvent> => {
  const recorded = new Narrator("Import")
  const start = recorded.start()
  const stages = names.map((name) => recorded.stage(name))
  return [
    start,
    ...stages.map((stage) => recorded.stageStarted(stage)),
    ...stages.map((stage) => recorded.completed(stage)),
    recorded.end()
  ]
}

const named = (...names: ReadonlyArray<string>) => names.map((name) => StoryTree.stage(name))

describe("StoryTree", () => {
  it("checks what it mentions", () => {
    assertMatches(
      importing(),
      StoryTree.story(
        "Import",
        { status: "failed", outcome: "rolled back", errorType: "CsvError", message: /row \d/ },
        [
          StoryTree.stage("Load", { status: "completed", attributes: { rows: 7 } }),
          StoryTree.stage("Insert", { errorType: "SqlError", message: "locked" }, [
            StoryTree.stage("Open", { status: "failed", retries: 1 })
          ])
        ]
      )
    )
    assertDiffers(importing(), StoryTree.story("Import", { status: "success" }))
    assertDiffers(importing(), StoryTree.story("Import", { outcome: null }))
    assertDiffers(importing(), StoryTree.story("Import", { labels: { tenant: "other" } }))
    assertDiffers(importing(), StoryTree.story("Import", [StoryTree.stage("Load", { attributes: { rows: 8 } })]))
    assertDiffers(importing(), StoryTree.story("Import", [StoryTree.stage("Insert", { message: "gone" })]))
    assertDiffers(importing(), StoryTree.story("Export"))
  })

  it("ignores what it does not mention", () => {
    assertMatches(importing(), StoryTree.story("Import"))
    assertMatches(importing(), StoryTree.story(/^Imp/, [StoryTree.stage("Insert")]))
    assertMatches(
      importing(),
      StoryTree.story("Import", [StoryTree.stage("Load", { attributes: { source: { bytes: 10 } } })])
    )
  })

  it("looks for a stage where it was said to be, not deeper", () => {
    assertDiffers(importing(), StoryTree.story("Import", [StoryTree.stage("Open")]))
  })

  it("allows nothing more where it is exact", () => {
    assertMatches(importing(), StoryTree.story("Import", { exact: true }, named("Load", "Insert")))
    assertDiffers(importing(), StoryTree.story("Import", { exact: true }, named("Load")))
    assertDiffers(importing(), StoryTree.story("Import", [StoryTree.stage("Insert", { exact: true })]))
    assertMatches(importing(), StoryTree.story("Import", [StoryTree.stage("Load", { exact: true })]))
  })

  it("wants sequential siblings in the order they ran", () => {
    assertMatches(sequence("A", "B", "C"), StoryTree.story("Import", named("A", "C")))
    assertDiffers(sequence("A", "B", "C"), StoryTree.story("Import", named("C", "A")))
  })

  it("takes concurrent siblings in any order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(["A", "B", "C", "D"]), (names) =>
        assertMatches(concurrently("A", "B", "C", "D"), StoryTree.story("Import", named(...names)))
      )
    )
  })

  it("takes sequential siblings in their own order only", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(["A", "B", "C", "D"]), (names) =>
        assert.strictEqual(
          differs(sequence("A", "B", "C", "D"), StoryTree.story("Import", named(...names))) === undefined,
          names.every((name, i) => i === 0 || name > (names[i - 1] as string))
        )
      )
    )
  })

  it("finds the right one among siblings of one name", () => {
    const recorded = new Narrator("Import")
    const start = recorded.start()
    const [first, second] = [recorded.stage("Poll"), recorded.stage("Poll")]
    const events = [
      start,
      recorded.stageStarted(first),
      recorded.stageStarted(second),
      recorded.failed(first),
      recorded.completed(second),
      recorded.end()
    ]
    const [any, failed] = [StoryTree.stage("Poll"), StoryTree.stage("Poll", { status: "failed" })]
    assertMatches(events, StoryTree.story("Import", [any, failed]))
    assertMatches(events, StoryTree.story("Import", [failed, any]))
    assertDiffers(events, StoryTree.story("Import", [failed, failed]))
    assertDiffers(events, StoryTree.story("Import", [any, any, any]))
  })

  it("finds the one that is missing among any number of equal siblings", () => {
    const events = concurrently(...Array.from({ length: 100 }, () => "Poll"))
    const polls = Array.from({ length: 100 }, () => StoryTree.stage("Poll"))
    assertMatches(events, StoryTree.story("Import", polls))
    const found = StoryTree.difference(
      [StoryTree.story("Import", [...polls.slice(1), StoryTree.stage("Missing")])],
      fromEvents(events)
    )
    assert.deepStrictEqual(
      found?.mismatches.map(({ _tag, path }) => `${_tag} ${path.join(" > ")}`),
      ["Missing Import > Missing"]
    )
  })

  it("lists each mismatch with its path, its values and its clue", () => {
    const expected = StoryTree.story("Import", { status: "success", exact: true }, [
      StoryTree.clue(StoryTree.stage("Insert", [StoryTree.stage("Close")]), "rows are inserted"),
      StoryTree.clue("needs a connection")(StoryTree.stage("Open"))
    ])
    const { mismatches, sideBySide } = StoryTree.difference([expected], fromEvents(importing())) ?? {}
    assert.deepStrictEqual(
      mismatches?.map(({ _tag, clue, path }) => [_tag, path.join(" > "), clue]),
      [
        ["PropertyDiffers", "Import", undefined],
        ["Unexpected", "Import > Load", undefined],
        ["Missing", "Import > Insert > Close", undefined],
        ["Missing", "Import > Open", "needs a connection"]
      ]
    )
    const [status] = mismatches ?? []
    assert.deepStrictEqual(
      status?._tag === "PropertyDiffers" ? [status.property, status.expected, status.actual] : [],
      ["status", "success", "failed"]
    )
    assert.include(sideBySide, "stage Open (needs a connection)")
  })

  it("keeps order apart from choice: a matching that order forbids is none", () => {
    const events = sequence("A", "A", "B")
    const [any, b] = [StoryTree.stage(/[AB]/), StoryTree.stage("B")]
    assertMatches(events, StoryTree.story("Import", [any, any, b]))
    assertDiffers(events, StoryTree.story("Import", [b, any]))
    const { mismatches } = StoryTree.difference([StoryTree.story("Import", [b, any])], fromEvents(events)) ?? {}
    assert.deepStrictEqual(
      mismatches?.map(({ _tag }) => _tag),
      ["OutOfOrder"]
    )
  })

  it("knows sub-stories, in the story and in the stage they began in", () => {
    const parent = new Narrator("Import")
    const child = new Narrator("Notify", "child", parent)
    const start = parent.start()
    const insert = parent.stage("Insert")
    const events = [
      start,
      parent.stageStarted(insert),
      child.start({ parentStageIndex: insert.index }),
      child.end(),
      parent.completed(insert),
      parent.end()
    ]
    assertMatches(events, StoryTree.story("Import", [StoryTree.stage("Insert", [StoryTree.story("Notify")])]))
    assertMatches(events, StoryTree.story("Import", [StoryTree.story("Notify", { status: "success" })]))
    assertDiffers(events, StoryTree.story("Notify"))
  })

  it("compares several outermost stories", () => {
    const [a, b] = [new Narrator("A"), new Narrator("B")]
    const events = [a.start(), a.end(), b.start(), b.end()]
    assertMatches(events, StoryTree.story("A"), StoryTree.story("B"))
    assertDiffers(events, StoryTree.story("B"), StoryTree.story("A"))
    assertDiffers(events, StoryTree.story("A"), StoryTree.story("A"))
  })

  it("shows both trees side by side, and marks the lines that differ", () => {
    const expected = StoryTree.story("Import", { status: "failed" }, [
      StoryTree.stage("Load", { status: "failed" }),
      StoryTree.stage("Insert", [StoryTree.stage("Close")])
    ])
    assert.strictEqual(
      differs(importing(), expected),
      [
        "  expected             │ recorded",
        "  story Import: failed │ story Import: failed",
        "✗   stage Load: failed │   stage Load: completed",
        "    stage Insert       │   stage Insert: failed",
        "✗     stage Close      │",
        "                       │     stage Open: failed (SqlError: database is locked)"
      ].join("\n")
    )
  })

  it("marks what ran in another order", () => {
    const shown = differs(sequence("A", "B"), StoryTree.story("Import", named("B", "A")))
    assert.include(shown, "✗   stage A    │   stage A: completed  (ended before the one above began)")
  })

  it("matches every tree with an exact expectation of itself", () => {
    fc.assert(
      fc.property(fc.array(shape(3), { maxLength: 3 }), (shapes) => {
        const recorded = new Narrator("Import")
        const start = recorded.start()
        const events = [start, ...shapes.flatMap((one) => emit(recorded, one)), recorded.end()]
        assertMatches(events, StoryTree.story("Import", { exact: true }, shapes.map(expectationOf)))
        assertDiffers(
          events,
          StoryTree.story("Import", { exact: true }, [...shapes.map(expectationOf), StoryTree.stage("A")])
        )
      })
    )
  })
})

interface Shape {
  readonly name: string
  readonly fails: boolean
  readonly children: ReadonlyArray<Shape>
}

const shape = (depth: number): fc.Arbitrary<Shape> =>
  fc.record({
    name: fc.constantFrom("A", "B", "C"),
    fails: fc.boolean(),
    children: depth === 0 ? fc.constant([]) : fc.array(shape(depth - 1), { maxLength: 2 })
  })

const emit = (recorded: Narrator, shape: Shape, parent?: ToldStage): ReadonlyArray<NarrativeEvent> => {
  const stage = recorded.stage(shape.name, parent)
  const start = recorded.stageStarted(stage)
  const inside = shape.children.flatMap((child) => emit(recorded, child, stage))
  return [start, ...inside, shape.fails ? recorded.failed(stage) : recorded.completed(stage)]
}

const expectationOf = (shape: Shape): StoryTree.StageExpectation =>
  StoryTree.stage(
    shape.name,
    { status: shape.fails ? "failed" : "completed", exact: true },
    shape.children.map(expectationOf)
  )
