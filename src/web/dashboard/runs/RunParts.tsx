/**
 * The parts of an open run: its facts, what failed, what it began, and all that is recorded of it.
 */
import type { ComponentChildren } from "preact"
import type { PlainRecord, PlainValue } from "../../../plain/PlainValue.js"
import { duration, number } from "../../kit/format.js"
import { StatusMark } from "../../kit/StatusMark.js"
import { ValueTable } from "../../kit/ValueTable.js"
import { get } from "../api.js"
import { hrefOf, hrefWith } from "../router.js"
import { ago, inFull, millisOf, when } from "../times.js"
import { useLoaded } from "../useLoaded.js"
import { Items } from "./RunCell.js"
import { markOf, numberOf, type RunRow, statusOf, textOf } from "./runRow.js"

interface RunProps {
  readonly run: RunRow
}

export const Facts = ({ run }: RunProps) => {
  const story = textOf(run, "story_id")
  const parent = textOf(run, "parent_run_id")
  const took = numberOf(run, "duration_ms")
  const owner = [textOf(run, "agent_owner"), textOf(run, "environment"), textOf(run, "host")].filter(
    (text) => text !== ""
  )
  return (
    <dl class="run-facts">
      <Fact name="Started">
        <Time text={textOf(run, "start_time")} />
      </Fact>
      <Fact name="Duration">{took === undefined ? undefined : duration(took / 1_000)}</Fact>
      <Fact name="Ended">
        <Time text={textOf(run, "end_time")} />
      </Fact>
      <Fact name="Items">{numberOf(run, "items_discovered") === undefined ? undefined : <Items run={run} />}</Fact>
      <Fact name="Owner · where">{owner.length === 0 ? undefined : owner.join(" · ")}</Fact>
      <Fact name="Trigger">{textOf(run, "trigger_type") || undefined}</Fact>
      <Fact name="Commit">
        <Commit run={run} />
      </Fact>
      <Fact name="Parent">
        {parent === "" ? undefined : (
          <a class="link" href={hrefOf(["runs"], { run_id: parent })}>
            {parent}
          </a>
        )}
      </Fact>
      <Fact name="Story">
        {story === "" ? undefined : (
          <a class="link" href={hrefOf(["stories", story])}>
            Open the story
          </a>
        )}
      </Fact>
      <Fact name="Input" isWide>
        {textOf(run, "input_summary") || undefined}
      </Fact>
      <Fact name="Output" isWide>
        {textOf(run, "output_summary") || undefined}
      </Fact>
    </dl>
  )
}

interface FactProps {
  readonly name: string
  readonly isWide?: boolean
  /** Without it there is nothing to show. */
  readonly children: ComponentChildren
}

const Fact = ({ children, isWide = false, name }: FactProps) =>
  children === undefined ? null : (
    <div class={isWide ? "run-fact wide" : "run-fact"}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )

const Time = ({ text }: { readonly text: string }) => {
  const millis = millisOf(text)
  return millis === undefined ? (
    <span class="muted">not yet</span>
  ) : (
    <span title={inFull(millis)}>
      {when(millis)} <span class="muted run-ago">{ago(millis)}</span>
    </span>
  )
}

const Commit = ({ run }: RunProps) => {
  const hash = textOf(run, "git_commit_hash")
  const branch = textOf(run, "git_branch")
  const url = textOf(run, "commit_url")
  if (hash === "" && branch === "") return <span class="muted">none</span>
  const shown = <code>{hash.slice(0, 10)}</code>
  return (
    <>
      {/^https?:\/\//.test(url) ? (
        <a class="link" href={url} target="_blank" rel="noopener noreferrer">
          {shown}
        </a>
      ) : (
        shown
      )}{" "}
      {branch !== "" && <span class="muted">{`on ${branch}`}</span>}
    </>
  )
}

/** What the run says of its failure; its story's own report is beside it, where there is one. */
export const Failure = ({ run }: RunProps) => {
  const summary = textOf(run, "error_summary")
  const details = textOf(run, "error_details")
  if (summary === "" && details === "") return null
  return (
    <section class="card run-failure" aria-label="Error">
      <p class="run-error">{summary === "" ? "Failed" : summary}</p>
      {details !== "" && details !== summary && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to
        <pre tabIndex={0}>{details}</pre>
      )}
    </section>
  )
}

const mostChildren = 20

/** The runs that it began. */
export const Children = ({ run }: RunProps) => {
  const id = textOf(run, "run_id")
  const children = useLoaded(id, (signal) =>
    get<ReadonlyArray<RunRow>>(
      "/api/v1/runs",
      { parent_run_id: id, limit: mostChildren, fields: "run_id,agent_name,status,job_type,duration_ms" },
      signal
    )
  ).value
  if (children === undefined || children.length === 0) return null
  return (
    <section class="card" aria-labelledby="children-title">
      <header class="card-head">
        <h2 id="children-title">Children</h2>
        <a class="link" href={hrefOf(["runs"], { parent_run_id: id })}>
          Show as a list
        </a>
      </header>
      <ul class="children">
        {children.map((child) => {
          const took = numberOf(child, "duration_ms")
          return (
            <li key={child.event_id}>
              <a href={hrefWith({ run: child.event_id })}>
                <StatusMark status={markOf(statusOf(child))} />
                <span>{textOf(child, "agent_name")}</span>
                <span class="muted">{textOf(child, "job_type")}</span>
                <span class="topbar-space" />
                {took !== undefined && <span>{duration(took / 1_000)}</span>}
              </a>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** What is shown above already, or is one's own business of the tables. */
const known = ["metrics_json", "context_json", "error_details", "id", "schema_version", "commit_url", "process"]

export const Values = ({ run }: RunProps) => {
  const rest = Object.entries(run).filter(
    ([name, value]) => value !== null && value !== undefined && !known.includes(name)
  )
  return (
    <>
      <JsonCard title="Metrics" value={run["metrics_json"]} />
      <JsonCard title="Context" value={run["context_json"]} />
      <details class="card record">
        <summary class="card-head">
          <h2>Record</h2>
          <span class="muted">{`${number(rest.length)} fields`}</span>
        </summary>
        <ValueTable values={Object.fromEntries(rest) as PlainRecord} />
      </details>
    </>
  )
}

const JsonCard = ({ title, value }: { readonly title: string; readonly value: PlainValue | undefined }) => {
  if (value === null || value === undefined) return null
  const isRecord = typeof value === "object" && !Array.isArray(value)
  return (
    <section class="card record" aria-label={title}>
      <header class="card-head">
        <h2>{title}</h2>
      </header>
      <ValueTable values={isRecord ? (value as PlainRecord) : { value }} />
    </section>
  )
}
