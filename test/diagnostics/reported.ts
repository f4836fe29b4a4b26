/**
 * What is reported of an effect that is run as a story.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as Diagnostics from "../../src/diagnostics/Diagnostics.js"
import type { Failure, FailureReport } from "../../src/event/FailureReport.js"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import * as Narrative from "../../src/Narrative.js"

type Mode = "lean" | "rich"

/** The events of the story. */
export const recorded = <A, E, R = never>(effect: Effect.Effect<A, E, R>, mode: Mode) =>
  Effect.gen(function* () {
    const events: Array<NarrativeEvent> = []
    const renderer = Renderer.make("kept", (event) => void events.push(event))
    yield* effect.pipe(
      Narrative.story("Voyage"),
      Effect.exit,
      Effect.provide([Renderer.replace(renderer), Diagnostics.layer({ mode })])
    )
    return events
  })

export const reportOf = <A, E, R = never>(effect: Effect.Effect<A, E, R>, mode: Mode = "lean") =>
  Effect.map(recorded(effect, mode), (events): FailureReport => {
    const report = events.find((event) => event._tag === "FailureOccurred")
    return report ?? assert.fail("no failure was reported")
  })

export const failureOf = <A, E, R = never>(effect: Effect.Effect<A, E, R>, mode: Mode = "lean") =>
  Effect.map(reportOf(effect, mode), ({ failures }): Failure => failures[0])

/** The source at the failure's place. */
export const lineOf = ({ location }: Pick<Failure, "location">): string | undefined => location?.sourceLine?.trim()
