/**
 * How a story ended, in one look.
 */
import type { PageNode, PageStory } from "../../renderer/html/pageData.js"
import { CopyButton } from "../kit/CopyButton.js"
import { count, duration, localTime, number, time } from "../kit/format.js"
import { StatusBadge } from "../kit/StatusMark.js"
import { ValueTable } from "../kit/ValueTable.js"
import type { Tree } from "./tree.js"

interface StoryHeaderProps {
  readonly tree: Tree
  /** Above the story's name. */
  readonly title: string | null
  readonly show: (id: number) => void
  /** Shows the stages that failed, and no others. */
  readonly showFailed: () => void
}

export const StoryHeader = ({ show, showFailed, title, tree }: StoryHeaderProps) => {
  const { story } = tree
  const root = tree.root?.node
  const facts = root?.story
  if (root === undefined || facts === undefined) return <header class="hero">This story has no events.</header>
  const isUnfinished = story.unfinished === true && root.seconds === undefined
  return (
    <header class="hero">
      {title !== null && <p class="page-title">{title}</p>}
      <div class="hero-line">
        <StatusBadge status={facts.status} unfinished={isUnfinished} />
        {facts.dryRun === true && <span class="chip dry">dry run</span>}
        {root.kind !== undefined && <span class="chip">{root.kind}</span>}
        {Object.entries(facts.labels).map(([name, value]) => (
          <span key={name} class="chip label">
            <span class="muted">{name}</span>
            {value}
          </span>
        ))}
      </div>
      <h1>{root.name}</h1>
      {facts.outcome !== undefined && <p class="outcome">{facts.outcome}</p>}
      {facts.work !== undefined && <p class="outcome">{facts.work}</p>}
      {isUnfinished && <p class="outcome">The program ended before this story did.</p>}
      <CausedBy tree={tree} show={show} />
      <Stats tree={tree} root={root} showFailed={showFailed} />
      {root.attributes !== undefined && (
        <details class="hero-attributes">
          <summary>{count(Object.keys(root.attributes).length, "attribute")}</summary>
          <ValueTable values={root.attributes} />
        </details>
      )}
      <Omissions story={story} />
    </header>
  )
}

const CausedBy = ({ show, tree }: Pick<StoryHeaderProps, "show" | "tree">) => {
  const cause = tree.root?.node.story?.causedBy
  if (cause === undefined) return null
  const target = tree.nodes.find(({ node }) => node.story?.id === cause.storyId)
  const text = `${cause.errorType} in ${cause.storyName}${cause.stageName === null ? "" : ` › ${cause.stageName}`}`
  return (
    <p class="outcome caused-by">
      {"Caused by "}
      {target === undefined ? (
        text
      ) : (
        <button type="button" class="link" onClick={() => show(target.node.id)}>
          {text}
        </button>
      )}
    </p>
  )
}

interface StatsProps extends Pick<StoryHeaderProps, "showFailed" | "tree"> {
  readonly root: PageNode
}

const Stats = ({ root, showFailed, tree }: StatsProps) => {
  const { startedAt } = tree.story
  const stories = tree.nodes.flatMap(({ node }) => node.story ?? [])
  const failed = sum(stories, ({ failedStages }) => failedStages)
  const cancelled = sum(stories, ({ cancelledStages }) => cancelledStages)
  const retries = sum(tree.nodes, ({ node }) => node.retries?.length ?? 0)
  const percent = root.story?.percent
  return (
    <dl class="stats">
      <Stat
        name="Duration"
        value={root.seconds === undefined ? "running" : duration(root.seconds)}
        class="stat primary"
      />
      <Stat name="Stages" value={number(sum(stories, ({ startedStages }) => startedStages))} />
      {failed > 0 && (
        <div class="stat bad">
          <dt>Failed</dt>
          <dd>
            <button type="button" class="link" title="Show the stages that failed" onClick={showFailed}>
              {String(failed)}
            </button>
          </dd>
        </div>
      )}
      {cancelled > 0 && <Stat name="Cancelled" value={String(cancelled)} />}
      {retries > 0 && <Stat name="Retries" value={String(retries)} />}
      {stories.length > 1 && <Stat name="Sub-stories" value={String(stories.length - 1)} />}
      {percent !== undefined && percent < 100 && <Stat name="Progress" value={`${percent} %`} />}
      <Stat name="Started" value={time(startedAt)} title={localTime(startedAt)} />
      {root.traceId !== undefined && (
        <div class="stat">
          <dt>Trace</dt>
          <dd title={root.traceId}>
            <code>{`${root.traceId.slice(0, 8)}…`}</code>
            <CopyButton text={root.traceId} what="trace id" />
          </dd>
        </div>
      )}
    </dl>
  )
}

interface StatProps {
  readonly name: string
  readonly value: string
  readonly class?: string
  readonly title?: string
}

const Stat = ({ name, title, value, ...rest }: StatProps) => (
  <div class="stat" {...rest}>
    <dt>{name}</dt>
    <dd title={title}>{value}</dd>
  </div>
)

const Omissions = ({ story: { omitted } }: { readonly story: PageStory }) => {
  const parts = [
    omitted.nodes > 0 ? `${count(omitted.nodes, "stage")} in the middle` : "",
    omitted.values > 0 ? `the values of ${count(omitted.values, "entry", "entries")}` : ""
  ].filter((part) => part !== "")
  return parts.length > 0 ? <p class="notice">{`Left out to keep this page small: ${parts.join(" and ")}.`}</p> : null
}

const sum = <A,>(items: ReadonlyArray<A>, amount: (item: A) => number): number =>
  items.reduce((total, item) => total + amount(item), 0)
