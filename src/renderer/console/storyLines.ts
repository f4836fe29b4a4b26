/**
 * The lines that stay: what each event adds to the console's text.
 */
import type {
  AnalysisReady,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  NarrativeEvent,
  StageCancelled,
  StageCompleted,
  StageFailed,
  StageRetried,
  StageStarted,
  StoryCompleted,
  StoryStarted
} from "../../event/NarrativeEvent.js"
import * as Work from "../../event/WorkSummary.js"
import * as terminalText from "../../plain/terminalText.js"
import { analysisBox, titleOf } from "./analysisBox.js"
import { failureBlock } from "./failureBlock.js"
import type { OpenStories, OpenStory } from "./openStories.js"
import { attemptText, logText, noteText } from "./recordText.js"
import type { Paint, Theme } from "./theme.js"

export interface StoryLinesOptions {
  readonly timestamps: boolean
  readonly ids: boolean | "auto"
  readonly stageStarts: boolean
  readonly logs: boolean
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: () => number | undefined
  /** Files below it are shown relative to it. */
  readonly cwd: string
}

/** Deeper lines stand no further right, so that a recursion stays readable. */
const maxLevel = 20
/** Most ends held back in one story: a crowd of failing stages is told as it comes. */
const maxHeld = 100

export class StoryLines {
  readonly #options: StoryLinesOptions
  readonly #open: OpenStories

  constructor(open: OpenStories, options: StoryLinesOptions) {
    this.#open = open
    this.#options = options
  }

  /** Takes the event in; gives what it adds: whole lines, or nothing. */
  add(event: NarrativeEvent): string {
    if (event._tag === "AnalysisReady" && !this.#open.byId.has(event.storyId)) return this.#analysis(event)
    const story = this.#open.enter(event)
    const text = this.#tell(event, story)
    this.#open.leave(event, story)
    return text
  }

  /** What was held back, where nothing more will come. */
  rest(): string {
    return Array.from(this.#open.byId.values(), (story) => this.#release(story)).join("")
  }

  /** The story is as {@link OpenStories.enter} left it. */
  #tell(event: NarrativeEvent, story: OpenStory): string {
    switch (event._tag) {
      case "StageProgressed":
        return ""
      case "StageFailed":
        return this.#hold(event, story)
      case "StageCancelled":
        // A failing stage interrupts its siblings before anything tells whether it is caught.
        return story.held.length > 0 ? this.#hold(event, story) : this.#stageCancelled(event, story)
      case "FailureOccurred":
        return this.#release(story, (held) => !isToldBy(event, held)) + this.#failure(event, story)
      case "StoryCompleted":
        return this.#release(story, (held) => !isCauseOf(event, held)) + this.#storyCompleted(event, story)
      case "StoryStarted":
        return this.#releaseParent(story) + this.#storyStarted(event, story)
      case "StageStarted":
        return this.#release(story) + (this.#options.stageStarts ? this.#stageStarted(event, story) : "")
      case "StageCompleted":
        return this.#release(story) + this.#stageCompleted(event, story)
      case "StageRetried":
        return this.#release(story) + this.#stageRetried(event, story)
      case "LogRecorded":
        return this.#options.logs ? this.#release(story) + this.#log(event, story) : this.#release(story)
      case "EventRecorded":
        return this.#release(story) + this.#note(event, story)
      case "AnalysisReady":
        return this.#release(story) + this.#analysis(event)
    }
  }

  /** The only lines that may come after a story's end, and so need no open story. */
  #analysis(event: AnalysisReady): string {
    const { theme } = this.#options
    const title = `${titleOf(event.analysis)} - ${terminalText.line(event.storyName)} (${event.latencySeconds.toFixed(3)}s)`
    return `${analysisBox(event.llmAnalysis, { title, theme, columns: this.#options.columns() })}\n`
  }

  #hold(event: StageFailed | StageCancelled, story: OpenStory): string {
    const overflow = story.held.length >= maxHeld ? this.#release(story) : ""
    story.held.push(event)
    return overflow
  }

  #release(story: OpenStory, isShown: (held: StageFailed | StageCancelled) => boolean = () => true): string {
    if (story.held.length === 0) return ""
    const held = story.held
    story.held = []
    return held
      .filter(isShown)
      .map((event) =>
        event._tag === "StageFailed" ? this.#stageFailed(event, story) : this.#stageCancelled(event, story)
      )
      .join("")
  }

  /** What a parent held back comes before the sub-story it goes on with. */
  #releaseParent(story: OpenStory): string {
    const parent = story.parentId === null ? undefined : this.#open.byId.get(story.parentId)
    return parent === undefined ? "" : this.#release(parent)
  }

  #storyStarted(event: StoryStarted, story: OpenStory): string {
    const { bold, dim } = this.#options.theme.colours
    story.root.introduced ||= story.level === 0 && this.#showsIds()
    const dryRun = event.dryRun ? dim(" (dry run)") : ""
    return this.#line(
      event,
      story,
      story.level,
      `${this.#arrow(story, "started")}${bold(safe(event.storyName))}${dryRun}`
    )
  }

  #storyCompleted(event: StoryCompleted, story: OpenStory): string {
    const { bold, dim } = this.#options.theme.colours
    const status = bold(this.#statusPaint(event.status)(event.status.toUpperCase()))
    const outcome = event.outcome === null ? "" : dim(` (${safe(event.outcome)})`)
    const cause = event.causedBy === null ? "" : dim(` (because of "${safe(event.causedBy.storyName)}")`)
    const end = this.#line(event, story, story.level, `${this.#arrow(story, "ended")}${status}${outcome}${cause}`)
    const work = event.work === null ? "" : safe(Work.summary(event.work))
    return work === "" ? end : this.#line(event, story, story.stageLevel, dim(`Work: ${work}`)) + end
  }

  #arrow(story: OpenStory, what: string): string {
    const { colours, glyphs } = this.#options.theme
    return `${colours.story(story.root.number)(glyphs.story)} ${colours.dim(`Story ${what}:`)} `
  }

  #statusPaint(status: StoryCompleted["status"]): Paint {
    const { bad, good, warning } = this.#options.theme.colours
    if (status === "success") return good
    return status === "failed" || status === "timeout" ? bad : warning
  }

  #stageStarted(event: StageStarted, story: OpenStory): string {
    const { colours, glyphs } = this.#options.theme
    return this.#stageLine(event, story, colours.dim(glyphs.started), "started", "")
  }

  #stageCompleted(event: StageCompleted, story: OpenStory): string {
    const { colours, glyphs } = this.#options.theme
    return this.#stageLine(event, story, colours.good(glyphs.completed), "completed", colours.dim(` (${took(event)})`))
  }

  #stageFailed(event: StageFailed, story: OpenStory): string {
    const { colours, glyphs } = this.#options.theme
    const error = colours.bad(
      safe(event.errorMessage === "" ? event.errorType : `${event.errorType}: ${event.errorMessage}`)
    )
    const rest = `${colours.dim(` (${took(event)}) -`)} ${error}`
    return this.#stageLine(event, story, colours.bad(glyphs.failed), "failed", rest)
  }

  #stageCancelled(event: StageCancelled, story: OpenStory): string {
    const { colours, glyphs } = this.#options.theme
    const glyph = colours.warning(glyphs.cancelled)
    return this.#stageLine(event, story, glyph, "cancelled", colours.dim(` (${took(event)}${byWhom(event)})`))
  }

  #stageRetried(event: StageRetried, story: OpenStory): string {
    const { colours, glyphs } = this.#options.theme
    const rest = colours.dim(` (${attemptText(event)})`)
    return this.#stageLine(event, story, colours.warning(glyphs.retried), "retried", rest)
  }

  #stageLine(
    event: StageStarted | StageCompleted | StageFailed | StageCancelled | StageRetried,
    story: OpenStory,
    glyph: string,
    what: string,
    rest: string
  ): string {
    const label = this.#options.theme.colours.dim(`Stage ${what}:`)
    return this.#line(event, story, story.stageLevel + event.depth, `${glyph} ${label} ${safe(event.stageName)}${rest}`)
  }

  #log(event: LogRecorded, story: OpenStory): string {
    return this.#line(event, story, story.stageLevel + event.depth + 1, logText(event, this.#options.theme))
  }

  #note(event: EventRecorded, story: OpenStory): string {
    const level = story.stageLevel + (event.stageName === null ? 0 : event.depth + 1)
    return this.#line(event, story, level, noteText(event, this.#options.theme))
  }

  #failure(event: FailureOccurred, story: OpenStory): string {
    const { theme } = this.#options
    const { bad, bold, warning } = theme.colours
    const header = event.handled
      ? bold(warning(`${theme.glyphs.handled} Failure handled`))
      : bold(bad(`${theme.glyphs.failure} Failure detected`))
    const columns = this.#options.columns()
    const analysis =
      event.llmAnalysis === null
        ? ""
        : `${analysisBox(event.llmAnalysis, { title: titleOf(event.analysis), theme, columns })}\n`
    return `\n${this.#line(event, story, 0, header)}${failureBlock(event, { theme, columns, cwd: this.#options.cwd })}\n${analysis}`
  }

  #line(event: NarrativeEvent, story: OpenStory, level: number, text: string): string {
    const { colours } = this.#options.theme
    const timestamp = this.#options.timestamps ? `${colours.dim(new Date(event.timestamp).toISOString())} ` : ""
    const indentation = "  ".repeat(Math.min(level, maxLevel))
    if (!this.#showsIds()) return `${timestamp}${indentation}${text}\n`
    const paint = colours.story(story.root.number)
    const id = paint(`[${safe(story.root.id.slice(-6))}]`)
    // The story started before it needed an id: say once whose id this is.
    const introduction = story.root.introduced
      ? ""
      : `  ${paint(`(${safe(this.#open.byId.get(story.root.id)?.name ?? story.name)})`)}`
    story.root.introduced = true
    return `${timestamp}${id} ${indentation}${text}${introduction}\n`
  }

  #showsIds(): boolean {
    const { ids } = this.#options
    return ids === "auto" ? this.#open.roots.size > 1 : ids
  }
}

const safe = terminalText.line

const took = (event: StageCompleted | StageFailed | StageCancelled): string => `${event.durationSeconds.toFixed(3)}s`

/** Whether the failure block tells this end: it is the stage that failed, or one around it. */
const isToldBy = (event: FailureOccurred, held: StageFailed | StageCancelled): boolean =>
  held._tag === "StageFailed" &&
  event.failures.some(
    (failure) =>
      held.stagePath.every((name, i) => name === failure.stagePath[i]) &&
      (held.stagePath.length < failure.stagePath.length || held.errorType === failure.errorType)
  )

/** Whether the story's last line tells this end, and a sub-story's failure block the rest. */
const isCauseOf = (event: StoryCompleted, held: StageFailed | StageCancelled): boolean =>
  held._tag === "StageFailed" && event.causedBy?.errorType === held.errorType

/** Why a stage was cancelled, as far as it is known: the place of the fiber that did it, or that nobody waited for it. */
const byWhom = ({ interruptors, orphaned, stageName }: StageCancelled): string => {
  if (orphaned) return ", left running by its story"
  const [by] = interruptors
  const place = by?.stageName ?? by?.storyName ?? null
  return place === null || place === stageName ? "" : `, by ${terminalText.line(place)}`
}
