/**
 * Narrators whose stories are recorded.
 */
import { Effect, Layer } from "effect"
import type { NarrativeEvent } from "../../src/index.js"
import { Narrator } from "../../src/promise/index.js"
import { type RecordedStory, StoryRecorder } from "../../src/testing/index.js"

export interface Recorded {
  readonly narrator: Narrator.Narrator<StoryRecorder>
  readonly events: () => ReadonlyArray<NarrativeEvent.NarrativeEvent>
  readonly stories: () => ReadonlyArray<RecordedStory>
}

/** A narrator and what it recorded; disposed of afterwards. */
export const recorded = async <A>(
  f: (recorded: Recorded) => A | Promise<A>,
  more: Layer.Layer<never> = Layer.empty
): Promise<A> => {
  const narrator = await Narrator.make(Layer.merge(StoryRecorder.layer, more))
  const ask = <B>(question: (recorder: StoryRecorder["Type"]) => Effect.Effect<B>): B =>
    narrator.runSync(Effect.flatMap(StoryRecorder, question))
  try {
    return await f({
      narrator,
      events: () => ask((recorder) => recorder.events),
      stories: () => ask((recorder) => recorder.stories)
    })
  } finally {
    await narrator.dispose()
  }
}
