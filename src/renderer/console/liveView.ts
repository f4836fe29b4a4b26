/**
 * What the live area shows: each running story with its progress, and below it the stages it is in.
 */

import * as terminalText from "../../plain/terminalText.js"
import type { ShownStage, ShownStories, ShownStory } from "./shownStories.js"
import * as textLayout from "./textLayout.js"
import type { Paint, Theme } from "./theme.js"

export interface LiveSize {
  readonly columns: number
  readonly rows: number
}

/** A line as it is written, and the columns it takes. */
export interface LiveLine {
  readonly text: string
  readonly columns: number
}

const framesPerSecond = 12
/** Deeper lines are indented no further, and far deeper ones are not shown at all. */
const maxLevel = 10
const deepestLevel = 100
const fewestBarCells = 10
const mostBarCells = 24

/** The lines of the area now. */
export const liveLines = (shown: ShownStories, theme: Theme, size: LiveSize): ReadonlyArray<LiveLine> => {
  const room = Math.max(1, size.rows - 2)
  const now = shown.now()
  const entries = inTreeOrder(shown)
  const fitting = entries.length <= room ? entries : entries.slice(0, room - 1)
  // The last column stays free: a terminal may break the line when it is written to.
  const columns = Math.max(1, size.columns - 1)
  const lines = fitting.map((entry) => layOut(partsOf(entry, theme, now, columns), theme, columns))
  if (fitting.length === entries.length) return lines
  const more = `${theme.glyphs.ellipsis} and ${entries.length - fitting.length} more`
  return [...lines, layOut({ head: "", paintHead: theme.colours.dim, name: "", tail: more, bar: "" }, theme, columns)]
}

interface Entry {
  readonly story: ShownStory
  /** `undefined` for the story's own line. */
  readonly stage: ShownStage | undefined
  readonly level: number
}

const inTreeOrder = (shown: ShownStories): ReadonlyArray<Entry> => {
  const children = new Map<string | null, Array<ShownStory>>()
  for (const story of shown.values()) {
    const parent = story.parentId !== null && shown.get(story.parentId) !== undefined ? story.parentId : null
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [story])
    else siblings.push(story)
  }
  const entriesOf = (story: ShownStory, level: number): ReadonlyArray<Entry> => {
    if (level > deepestLevel) return []
    const depths = Array.from(story.stages.values(), (stage) => stage.started.depth)
    const levelBelow = level + 1 + Math.max(0, ...depths.map((depth) => depth + 1))
    const below = (children.get(story.id) ?? []).flatMap((child) => entriesOf(child, levelBelow))
    // Between two stages a story stays if it has more to show than its name, or nothing else is there.
    const isIdle = story.stages.size === 0 && below.length === 0
    if (isIdle && totalOf(story) === null && (shown.roots.size > 1 || story.parentId !== null)) return []
    const stages = stagesInTreeOrder(story).map((stage) => ({ story, stage, level: level + 1 + stage.started.depth }))
    return [{ story, stage: undefined, level }, ...stages, ...below]
  }
  return (children.get(null) ?? []).flatMap((story) => entriesOf(story, 0))
}

const totalOf = ({ started }: ShownStory): number | null => started?.totalStages ?? null

/** Each stage below the one it started in. */
const stagesInTreeOrder = (story: ShownStory): ReadonlyArray<ShownStage> => {
  const out: Array<ShownStage> = []
  for (const stage of story.stages.values()) {
    const { depth, parentStageIndex } = stage.started
    const parent = out.findLastIndex(({ started }) => started.stageIndex === parentStageIndex)
    if (parent < 0) {
      out.push(stage)
      continue
    }
    let end = parent + 1
    while (end < out.length && (out[end]?.started.depth ?? 0) >= depth) end += 1
    out.splice(end, 0, stage)
  }
  return out
}

interface Parts {
  readonly head: string
  readonly paintHead: Paint
  readonly name: string
  readonly bar: string
  readonly tail: string
}

const partsOf = ({ level, stage, story }: Entry, theme: Theme, now: number, columns: number): Parts => {
  const indentation = "  ".repeat(Math.min(level, maxLevel))
  const paintHead = theme.colours.story(story.state.root.number)
  if (stage === undefined) {
    const elapsed = formatElapsed(now - story.state.since)
    const { progress } = story.state
    const declared = totalOf(story)
    const total = declared === null ? 0 : (progress?.totalStages ?? declared)
    const done = progress?.completedStages ?? 0
    const counted = total > 0 ? `${progress?.percent ?? 0}% (${done} / ${total})  ` : ""
    return {
      head: `${indentation}${theme.glyphs.story} `,
      paintHead,
      name: terminalText.line(story.name),
      bar: total > 0 ? bar(done / total, theme, columns) : "",
      tail: `${counted}${elapsed}`
    }
  }
  const frame = Math.floor((now * framesPerSecond) / 1000) % theme.glyphs.spinner.length
  const { progress } = stage.state
  const total = progress?.total ?? null
  const counted = progress === undefined ? "" : total === null ? `${progress.done}  ` : `${progress.done}/${total}  `
  return {
    head: `${indentation}${theme.glyphs.spinner[frame]} `,
    paintHead,
    name: terminalText.line(stage.started.stageName),
    bar: progress !== undefined && total !== null && total > 0 ? bar(progress.done / total, theme, columns) : "",
    tail: `${counted}${formatElapsed(now - stage.state.since)}`
  }
}

const bar = (share: number, { glyphs }: Theme, columns: number): string => {
  const cells = Math.max(fewestBarCells, Math.min(mostBarCells, Math.floor(columns / 4)))
  const done = Math.max(0, Math.min(cells, Math.floor(share * cells)))
  return glyphs.barDone.repeat(done) + glyphs.barLeft.repeat(cells - done)
}

/** The name gives way first, then the bar, then the figures. */
const layOut = (parts: Parts, { colours, glyphs }: Theme, columns: number): LiveLine => {
  const gap = "  "
  const fixed = textLayout.width(parts.head)
  const fewestName = Math.min(textLayout.width(parts.name), 8)
  const fits = (...others: ReadonlyArray<string>) =>
    others.reduce((sum, text) => (text === "" ? sum : sum + gap.length + textLayout.width(text)), 0) +
      fixed +
      fewestName <=
    columns
  const bar = parts.bar !== "" && fits(parts.bar, parts.tail) ? gap + parts.bar : ""
  const tail = fits(bar, parts.tail) ? (parts.name === "" ? parts.tail : gap + parts.tail) : ""
  const head = textLayout.truncate(parts.head, columns, "")
  const room = columns - textLayout.width(head) - textLayout.width(bar) - textLayout.width(tail)
  const name = textLayout.truncate(parts.name, Math.max(0, room), glyphs.ellipsis)
  const done = bar.lastIndexOf(glyphs.barDone) + 1
  return {
    text:
      parts.paintHead(head) +
      name +
      parts.paintHead(bar.slice(0, done)) +
      colours.dim(bar.slice(done)) +
      colours.dim(tail),
    columns: textLayout.width(head + name + bar + tail)
  }
}

const formatElapsed = (millis: number): string => {
  const seconds = Math.max(0, millis) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)}s`
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`
}
