/**
 * A story or a run that has no end yet: how far it is, and in which stage.
 */
import type { LiveRunJson, LiveStageJson, LiveStoryJson } from "../../../server/readModels.js"
import { count, duration, number } from "../../kit/format.js"
import { Labels } from "../parts/Span.js"
import { StateMark } from "../parts/StateMark.js"
import { hrefOf } from "../router.js"
import { storyHref } from "../stories/storyQuery.js"
import { millisOf } from "../times.js"

/** Running stages that are named. */
const shownStages = 4

/** In whole seconds, since it is written anew each second. */
const since = (at: string | null, now: number): string => {
  const millis = millisOf(at)
  const seconds = millis === undefined ? 0 : Math.floor((now - millis) / 1_000)
  return millis === undefined ? "" : seconds < 1 ? "0 s" : duration(seconds)
}

export const RunningStory = ({ live, now }: { readonly live: LiveStoryJson; readonly now: number }) => {
  const { percent, stages, story } = live
  // What is around others goes on because they do.
  const innermost = stages.filter(({ path }) => !stages.some((other) => isWithin(other.path, path)))
  return (
    <li class="running-card">
      <div class="running-head">
        <StateMark state="running" />
        <a class="row-link" href={storyHref(story.story_id)}>
          {story.story_name}
        </a>
        <span class="running-time">{since(story.started_at, now)}</span>
      </div>
      <Progress share={percent === null ? undefined : percent / 100} label={`Progress of ${story.story_name}`} />
      <ul class="running-stages">
        {innermost.slice(0, shownStages).map((stage) => (
          <RunningStage key={stage.index} stage={stage} now={now} />
        ))}
        {innermost.length > shownStages && <li class="muted">{`and ${innermost.length - shownStages} more`}</li>}
      </ul>
      <p class="running-foot muted">
        {count(live.completed_stages, "stage")} done
        {live.failed_stages > 0 && <span class="bad">{`${number(live.failed_stages)} failed`}</span>}
        <Labels labels={story.labels} />
      </p>
    </li>
  )
}

const isWithin = (inner: ReadonlyArray<string>, outer: ReadonlyArray<string>): boolean =>
  inner.length > outer.length && outer.every((name, i) => inner[i] === name)

const RunningStage = ({ now, stage }: { readonly stage: LiveStageJson; readonly now: number }) => {
  const { name, path, progress, retries, started_at } = stage
  const total = progress?.total ?? null
  return (
    <li class="running-stage">
      <span class="running-stage-name" title={path.join(" › ")}>
        {name}
      </span>
      {retries > 0 && <span class="chip">{count(retries, "retry", "retries")}</span>}
      <span class="muted">
        {progress === null ? "" : `${number(progress.done)}${total === null ? "" : ` of ${number(total)}`} · `}
        {since(started_at, now)}
      </span>
      {progress !== null && total !== null && total > 0 && (
        <Progress share={progress.done / total} label={`Progress of ${name}`} />
      )}
    </li>
  )
}

interface ProgressProps {
  /** From 0 to 1; `undefined` where it is not known. */
  readonly share: number | undefined
  readonly label: string
}

const Progress = ({ label, share }: ProgressProps) =>
  share === undefined ? (
    <div class="progress unknown" aria-hidden="true">
      <i />
    </div>
  ) : (
    <div
      class="progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(Math.min(1, share) * 100)}
    >
      <i style={{ "--width": `${Math.min(1, share) * 100}%` }} />
    </div>
  )

export const RunningRun = ({ now, run }: { readonly run: LiveRunJson; readonly now: number }) => {
  const done = (run.items_succeeded ?? 0) + (run.items_failed ?? 0) + (run.items_skipped ?? 0)
  const found = run.items_discovered
  return (
    <li class="running-card">
      <div class="running-head">
        <StateMark state="running" />
        <a class="row-link" href={hrefOf(["runs"], { run: run.event_id })}>
          {`${run.agent_name} · ${run.job_type}`}
        </a>
        <span class="running-time">{since(run.start_time, now)}</span>
      </div>
      <Progress share={found === null || found === 0 ? undefined : done / found} label={`Progress of ${run.run_id}`} />
      <p class="running-foot muted">
        {found === null ? "no items yet" : `${number(done)} of ${count(found, "item")}`}
        {run.life === "dead" && <span class="bad">its process is gone</span>}
      </p>
    </li>
  )
}
