/**
 * What tests of narrated programs are written with.
 *
 * @since 0.1.0
 */
export { fromEvents, type Lifetime, type RecordedStage, type RecordedStory } from "./RecordedStory.js"
export { StoryAssertionError } from "./StoryAssertionError.js"
export * from "./StoryRecorder.js"
export * as StoryTree from "./StoryTree.js"
