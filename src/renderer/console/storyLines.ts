/**
 * The lines that stay: what each event adds to the console's text.
 */
import { timeOf } from "../../event/failureTime.js"
import type {
  AnalysisReady,
  FailureOccurred,
  NarrativeEvent,
  StageCancelled,
  StageFailed
} from "../../event/NarrativeEvent.js"
import type { LiveEvent } from "../../event/openStories.js"
import { shortStoryId } from "../../event/shortStoryId.js"
import { analysisBlock } from "./analysisBlock.js"
import * as eventText from "./eventText.js"
import { failureBlock } from "./failureBlock.js"
import type { ShownStage, ShownStories, ShownStory } from "./shownStories.js"
import * as textLayout from "./textLayout.js"
import type { Theme } from "./theme.js"

export interface StoryLinesOptions {
  readonly timestamps: boolean
  readonly ids: boolean | "auto"
  /** Whether stories may have begun before the first event, so that a line must name one whose start was not shown. */
  readonly isPartial: boolean
  /** `"auto"`: only for a stage that is still running when something after its start is shown. */
  readonly stageStarts: boolean | "auto"
  /** Whether it is shown who asked for a story. */
  readonly verbose: boolean
  readonly logs: boolean
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: () => number | undefined
  /** Files below it are shown relative to it. */
  readonly cwd: string
}

/** Deeper lines are indented no further, so that a recursion stays readable. */
const maxLevel = 20
/** Most ends held back in one story: a crowd of failing stages is shown as it comes. */
const maxHeld = 100
/** Narrower than this, a hanging indent leaves too little room. */
const fewestColumns = 24

export class StoryLines {
  readonly #options: StoryLinesOptions
  readonly #shown: ShownStories
  readonly #holding = new Set<ShownStory>()

  constructor(shown: ShownStories, options: StoryLinesOptions) {
    this.#shown = shown
    this.#options = options
  }

  /** Takes the event in; gives what it adds: whole lines, or nothing. */
  add(event: NarrativeEvent): string {
    if (event._tag === "AnalysisReady") {
      const story = this.#shown.get(event.storyId)
      return (story === undefined ? "" : this.#release(story)) + this.#lateAnalysis(event, story)
    }
    const { stage, story } = this.#shown.take(event)
    return this.#textOf(event, story, stage)
  }

  /** Whether the ends of failed stages are held back, until it is clear whether a failure's report has them. */
  get isHolding(): boolean {
    return this.#holding.size > 0
  }

  /** What was held back, where no report has come for a while, or nothing more will come. */
  release(): string {
    return Array.from(this.#holding, (story) => this.#release(story)).join("")
  }

  #textOf(event: LiveEvent, story: ShownStory, stage: ShownStage | undefined): string {
    const { logs, stageStarts, theme } = this.#options
    switch (event._tag) {
      case "StageProgressed":
        return ""
      case "StageFailed":
        return this.#hold(event, story)
      case "StageCancelled":
        // A failing stage interrupts its siblings before anything says whether it is caught.
        return story.state.held.length > 0 ? this.#hold(event, story) : this.#stageEnd(event, story)
      case "FailureOccurred":
        return this.#release(story, (held) => !isReportedBy(event, held)) + this.#failure(event, story)
      case "StoryCompleted": {
        const held = this.#release(story, (held) => !isCauseOf(event, held))
        const work = eventText.work(event, theme)
        return (
          held +
          (work === undefined ? "" : this.#line(event, story, story.state.stageLevel, work)) +
          this.#named(event, story, eventText.storyEnd(event, story, theme))
        )
      }
      case "StoryStarted":
        return (
          this.#around(event, story) +
          this.#named(event, story, eventText.storyStart(event, story, theme)) +
          this.#asker(event, story)
        )
      case "StageStarted":
        return (
          this.#release(story) + (stageStarts === true && stage !== undefined ? this.#stageStart(stage, story) : "")
        )
      case "StageCompleted":
        return this.#release(story) + this.#stageEnd(event, story)
      case "StageRetried":
        if (stage !== undefined) story.state.unnamed.delete(stage)
        return this.#release(story) + this.#stageEnd(event, story)
      case "LogRecorded":
        return this.#release(story) + (logs ? this.#record(event, story, eventText.log(event, theme)) : "")
      case "EventRecorded":
        return this.#release(story) + this.#record(event, story, eventText.note(event, theme))
    }
  }

  #hold(event: StageFailed | StageCancelled, story: ShownStory): string {
    const overflow = story.state.held.length >= maxHeld ? this.#release(story) : ""
    story.state.held.push(event)
    this.#holding.add(story)
    return overflow
  }

  #release(story: ShownStory, isShown: (held: StageFailed | StageCancelled) => boolean = () => true): string {
    const { held } = story.state
    if (held.length === 0) return ""
    story.state.held = []
    this.#holding.delete(story)
    return held
      .filter(isShown)
      .map((event) => this.#stageEnd(event, story))
      .join("")
  }

  /** What the story around a sub-story has to show before it: what was held back, and the stage that it is in. */
  #around(event: Extract<LiveEvent, { readonly _tag: "StoryStarted" }>, { parentId }: ShownStory): string {
    const parent = parentId === null ? undefined : this.#shown.get(parentId)
    if (parent === undefined) return ""
    const last = event.parentStageIndex ?? Number.POSITIVE_INFINITY
    return this.#release(parent) + this.#running(parent, (index) => index <= last)
  }

  /** The starts of running stages that no line has named, so that lines are in the order of starting. */
  #running(story: ShownStory, isWanted: (stageIndex: number) => boolean): string {
    if (this.#options.stageStarts !== "auto") return ""
    let text = ""
    for (const stage of story.state.unnamed) {
      if (!isWanted(stage.started.stageIndex)) break
      text += this.#stageStart(stage, story)
    }
    return text
  }

  /** Once, for the stories inside one that were asked for in the same way. */
  #asker(event: Extract<LiveEvent, { readonly _tag: "StoryStarted" }>, story: ShownStory): string {
    const { correlation, parentStoryId } = event
    if (!this.#options.verbose || correlation === null) return ""
    const parent = parentStoryId === null ? undefined : this.#shown.get(parentStoryId)
    const text = eventText.asker(correlation, this.#options.theme)
    const isSaid =
      parent?.started?.correlation != null && eventText.asker(parent.started.correlation, this.#options.theme) === text
    return text === "" || isSaid ? "" : this.#line(event, story, story.state.stageLevel, text)
  }

  #stageStart(stage: ShownStage, story: ShownStory): string {
    story.state.unnamed.delete(stage)
    const { started } = stage
    const level = story.state.stageLevel + started.depth
    return this.#line(started, story, level, eventText.stage(started, this.#options))
  }

  #stageEnd(event: eventText.ShownStageEvent, story: ShownStory): string {
    const text = eventText.stage(event, this.#options)
    return (
      this.#running(story, (index) => index < event.stageIndex) +
      this.#line(event, story, story.state.stageLevel + event.depth, text)
    )
  }

  #record(event: eventText.ShownRecord, story: ShownStory, text: string): string {
    const { stageIndex } = event
    const isOutside = event._tag === "EventRecorded" && event.stageName === null
    const level = story.state.stageLevel + (isOutside ? 0 : event.depth + 1)
    const before = this.#running(story, (index) => stageIndex !== null && index <= stageIndex)
    return before + this.#line(event, story, level, text)
  }

  #failure(event: FailureOccurred, story: ShownStory): string {
    const { cwd, theme } = this.#options
    const options = { theme, columns: this.#options.columns(), cwd, shortId: story.state.shortId }
    const analysis = event.llmAnalysis === null ? "" : `${analysisBlock(event.llmAnalysis, event.analysis, options)}\n`
    const heading = this.#named(event, story, eventText.failureHeading(event, theme), 0)
    return `\n${heading}${failureBlock(event, options)}\n${analysis}`
  }

  /** The only lines that may come after a story's end, and so need no running story. */
  #lateAnalysis(event: AnalysisReady, story: ShownStory | undefined): string {
    const { theme } = this.#options
    const options = { theme, columns: this.#options.columns() }
    const shortId = story?.state.shortId ?? shortStoryId(event.storyId)
    return `\n${eventText.analysisHeading(event, shortId, theme)}\n${analysisBlock(event.llmAnalysis, null, options)}\n`
  }

  /** A line that has the story's name, and so shows whose its short id is. */
  #named(event: LiveEvent, story: ShownStory, text: string, level = story.state.level): string {
    const isTagged = this.#isTagged(story)
    story.state.introduced ||= isTagged
    return this.#written(event, story, level, text, isTagged)
  }

  #line(event: LiveEvent, story: ShownStory, level: number, text: string): string {
    const isTagged = this.#isTagged(story)
    if (!isTagged || story.state.introduced) return this.#written(event, story, level, text, isTagged)
    // The story started before it needed an id: say once whose id this is.
    story.state.introduced = true
    return this.#written(event, story, level, `${text}  ${eventText.introduction(story, this.#options.theme)}`, true)
  }

  #written(event: LiveEvent, story: ShownStory, level: number, text: string, isTagged: boolean): string {
    const { theme, timestamps } = this.#options
    const time = timestamps ? new Date(timeOf(event)).toISOString() : ""
    const tag = isTagged ? eventText.tag(story.state.shortId) : ""
    const start =
      (time === "" ? "" : `${theme.colours.dim(time)} `) +
      (tag === "" ? "" : `${theme.colours.story(story.state.root.number)(tag)} `)
    const startColumns = (time === "" ? 0 : time.length + 1) + (tag === "" ? 0 : textLayout.width(tag) + 1)
    const indentation = "  ".repeat(Math.min(level, maxLevel))
    return `${start}${this.#wrapped(indentation + text, startColumns, indentation.length + 2)}\n`
  }

  /** What does not fit hangs below its own beginning. */
  #wrapped(text: string, startColumns: number, hanging: number): string {
    const columns = this.#options.columns()
    if (columns === undefined || columns - startColumns - hanging < fewestColumns) return text
    return textLayout.hang(text, columns - startColumns, hanging).join(`\n${" ".repeat(startColumns)}`)
  }

  /** A story keeps its tag once it had one: its lines are to be found by it. */
  #isTagged(story: ShownStory): boolean {
    const { ids, isPartial } = this.#options
    if (ids !== "auto") return ids
    return story.state.introduced || this.#shown.isAmbiguous || (isPartial && story.started === undefined)
  }
}

/** Whether the failure block has this end: it is the stage that failed, or one around it. */
const isReportedBy = (event: FailureOccurred, held: StageFailed | StageCancelled): boolean =>
  held._tag === "StageFailed" &&
  event.failures.some(
    (failure) =>
      held.stagePath.every((name, i) => name === failure.stagePath[i]) &&
      (held.stagePath.length < failure.stagePath.length || held.errorType === failure.errorType)
  )

/** Whether the story's last line has this end, and a sub-story's failure block the rest. */
const isCauseOf = (
  event: Extract<LiveEvent, { readonly _tag: "StoryCompleted" }>,
  held: StageFailed | StageCancelled
): boolean => held._tag === "StageFailed" && event.causedBy?.errorType === held.errorType
