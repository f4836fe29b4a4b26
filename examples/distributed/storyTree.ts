/**
 * The stories of one request, whichever processes they ran in, as one tree: each inside the stage whose span asked for it.
 */
import { Effect } from "effect"
import { History, type StoryRecord } from "effect-narrative/history"

type Story = StoryRecord.StoryRecord
type Stage = StoryRecord.StageRecord

const marks: Readonly<Record<string, string>> = { success: "✔", completed: "✔", failed: "✖" }

const byStart = (a: Story, b: Story): number => a.startedAt - b.startedAt

export const storyTree = (requestId: string) =>
  Effect.gen(function* () {
    const found = yield* History.stories({ correlation: { requestId }, limit: 100 })
    const stories = yield* Effect.forEach(found.stories, ({ id }) => History.story(id))
    const processes = Array.from(new Set(stories.toSorted(byStart).map(({ writer }) => writer.pid)))
    const shown = new Set<Story>()

    const linesOf = (story: Story, indent: string): ReadonlyArray<string> => {
      if (shown.has(story)) return []
      shown.add(story)
      const outcome = story.outcome === null ? "" : ` (${story.outcome})`
      return [
        `${indent}${marks[story.status] ?? "•"} ${story.name}${outcome}   ${story.kind}, process ${processes.indexOf(story.writer.pid) + 1}`,
        ...askedBy(story.spanId, indent),
        ...story.stages.flatMap((stage) => stageLines(stage, `${indent}  `))
      ]
    }
    const stageLines = (stage: Stage, indent: string): ReadonlyArray<string> => [
      `${indent}${marks[stage.status] ?? "•"} ${stage.name}`,
      ...askedBy(stage.spanId, indent),
      ...stage.stages.flatMap((inner) => stageLines(inner, `${indent}  `))
    ]
    const askedBy = (spanId: string | null, indent: string): ReadonlyArray<string> =>
      spanId === null
        ? []
        : stories
            .filter(({ correlation }) => correlation?.spanId === spanId)
            .flatMap((story) => linesOf(story, `${indent}  `))

    const [root] = stories.toSorted(byStart)
    const lines = root === undefined ? [] : linesOf(root, "")
    const failures = stories.flatMap((story) => story.failures).toSorted((a, b) => a.occurredAt - b.occurredAt)
    const [first] = failures
    if (first === undefined) return lines.join("\n")
    const line = first.report.failures[0].location?.sourceLine?.trim() ?? ""
    return [
      ...lines,
      "",
      `${first.errorMessage}, in "${first.stageName}" of ${first.storyName}`,
      `  at ${first.location}`,
      `     ${line}`
    ].join("\n")
  })
