/**
 * Log lines and notes in the order of time.
 */
import type { PageEntry } from "../../renderer/html/pageData.js"
import { count, number, offset } from "../kit/format.js"
import { Value } from "../kit/ValueTable.js"
import { type LogState, levelClass, levelOf } from "./logState.js"
import type { TreeNode } from "./tree.js"

interface LogProps {
  readonly state: LogState
  readonly show: (id: number) => void
}

export const Log = ({ show, state }: LogProps) => {
  const { byId } = state.view.tree
  return (
    <section class="card log" id="log" aria-labelledby="log-title">
      <header class="card-head">
        <h2 id="log-title">Log and notes</h2>
        <Levels state={state} />
      </header>
      <ol class="entries">
        {state.shown.value.map((entry) => (
          <Line entry={entry} stage={byId.get(entry.node)} show={show} />
        ))}
      </ol>
      <More state={state} />
    </section>
  )
}

const Levels = ({ state }: Pick<LogProps, "state">) => (
  <div class="filters" role="group" aria-label="Levels">
    {state.levels.map(({ count, level }) => (
      <button
        key={level}
        type="button"
        class={`filter ${levelClass(level)}`}
        aria-pressed={!state.isHidden(level)}
        onClick={() => state.toggle(level)}
      >
        {level}
        <span class="muted">{count}</span>
      </button>
    ))}
  </div>
)

const More = ({ state }: Pick<LogProps, "state">) => {
  const matching = state.matching.value.length
  const left = matching - state.shown.value.length
  const { omitted } = state.view.tree.story
  return (
    <div class="more">
      {left > 0 && (
        <button type="button" class="button" onClick={() => state.showMore()}>
          {`Show more (${number(left)})`}
        </button>
      )}
      {matching === 0 && <p class="muted">No line matches.</p>}
      {omitted.entries > 0 && <p class="muted">{`${count(omitted.entries, "line")} in the middle were left out.`}</p>}
    </div>
  )
}

interface LineProps {
  readonly entry: PageEntry
  readonly stage: TreeNode | undefined
  readonly show: (id: number) => void
}

const Line = ({ entry, show, stage }: LineProps) => {
  const level = levelOf(entry)
  return (
    <li class={`entry ${levelClass(level)}`}>
      <span class="entry-at">{offset(entry.at)}</span>
      <span class={`level ${levelClass(level)}`}>{level}</span>
      <div class="entry-body">
        <span class="entry-text">{entry.text}</span>
        {entry.data !== undefined && (
          <span class="entry-data">
            <Data data={entry.data} />
          </span>
        )}
        {entry.cause !== undefined && <pre class="entry-cause">{entry.cause}</pre>}
      </div>
      {stage !== undefined && (
        <button type="button" class="link quiet entry-stage" onClick={() => show(stage.node.id)}>
          {stage.node.name}
        </button>
      )}
    </li>
  )
}

const Data = ({ data }: Required<Pick<PageEntry, "data">>) => {
  if (data === null || typeof data !== "object" || Array.isArray(data)) return <Value value={data} />
  return Object.entries(data).map(([name, value]) => (
    <span key={name} class="pair">
      <span class="v-key">{name}</span>=<Value value={value} />
    </span>
  ))
}
