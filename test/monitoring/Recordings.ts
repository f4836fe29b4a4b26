/** All recordings, by the group of `rules.yml` they are in: before its alerts, in the order in which they are asked. */
import type { RecordingRule } from "./RecordingRule.js"
import { deliveryRecordings } from "./recordings/DeliveryRecordings.js"
import { modelRecordings } from "./recordings/ModelRecordings.js"
import { stageRecordings } from "./recordings/StageRecordings.js"
import { storyRecordings } from "./recordings/StoryRecordings.js"

export const recordings = {
  stories: [...storyRecordings, ...stageRecordings],
  models: modelRecordings,
  delivery: deliveryRecordings
}

export const every: ReadonlyArray<RecordingRule> = Object.values(recordings).flat()
