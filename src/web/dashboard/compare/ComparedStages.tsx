/**
 * The stages beside each other, each where it was in the time of its story. Equal ones are folded.
 */
import { useSignal } from "@preact/signals"
import type { ComparedStageJson, ComparisonJson } from "../../../server/readModels.js"
import { count, duration, number } from "../../kit/format.js"
import { nodeStatusOf, StateMark } from "../parts/StateMark.js"
import { Change, SubjectColumns } from "./ComparedSubjects.js"
import { stageRows } from "./stageRows.js"

/** Rows that are shown at first, and how many more each time. */
const pageOfRows = 300

const words: { readonly [difference: string]: string } = {
  presence: "not in all",
  status: "outcome",
  duration: "duration",
  retries: "retries",
  error: "error",
  attributes: "attributes"
}

export const ComparedStages = ({ comparison }: { readonly comparison: ComparisonJson }) => {
  const { omitted, stages, subjects } = comparison
  const opened = useSignal<ReadonlySet<number>>(new Set())
  const isFolding = useSignal(true)
  const most = useSignal(pageOfRows)
  const rows = stageRows(stages, opened.value, isFolding.value)
  const span = Math.max(1e-9, ...subjects.map(({ duration_seconds }) => duration_seconds ?? 0), ...ends(stages))
  const differing = stages.filter(({ differs }) => differs.length > 0).length
  const left = omitted.reduce((sum, n) => sum + n, 0)
  return (
    <section class="card" aria-labelledby="compared-stages">
      <header class="card-head">
        <h2 id="compared-stages">Stages</h2>
        <span class="muted">{`${number(differing)} of ${count(stages.length, "stage differs", "stages differ")}`}</span>
        <div class="card-tools">
          <button
            type="button"
            class="button small"
            aria-pressed={!isFolding.value}
            onClick={() => {
              isFolding.value = !isFolding.value
            }}
          >
            Show equal stages
          </button>
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to */}
      <div class="compared-scroll" tabIndex={0} role="region" aria-label="Stages beside each other">
        <table class="list compared compared-stages" style={{ "--columns": subjects.length }}>
          <SubjectColumns of="Stage" subjects={subjects} />
          <tbody>
            {rows.slice(0, most.value).map((row) =>
              row.kind === "equal" ? (
                <tr key={`equal ${row.from}`} class="equal-row">
                  <td colSpan={subjects.length + 1}>
                    <button
                      type="button"
                      class="link quiet"
                      onClick={() => {
                        opened.value = new Set([...opened.value, row.from])
                      }}
                    >
                      {count(row.count, "equal stage")}
                    </button>
                  </td>
                </tr>
              ) : (
                <Stage key={row.at} stage={row.stage} span={span} ids={subjects.map(({ id }) => id)} />
              )
            )}
          </tbody>
        </table>
      </div>
      {rows.length > most.value && (
        <p class="list-foot">
          <button
            type="button"
            class="button small"
            onClick={() => {
              most.value += pageOfRows
            }}
          >
            {`Show more of ${count(rows.length, "row")}`}
          </button>
        </p>
      )}
      {left > 0 && <p class="muted list-foot">{`${count(left, "stage")} beyond these were left out.`}</p>}
    </section>
  )
}

const ends = (stages: ReadonlyArray<ComparedStageJson>): ReadonlyArray<number> => {
  let end = 0
  for (const { cells } of stages) {
    for (const cell of cells) if (cell !== null) end = Math.max(end, cell.offset_seconds + (cell.duration_seconds ?? 0))
  }
  return [end]
}

interface StageProps {
  readonly stage: ComparedStageJson
  /** Of the longest of the stories, in seconds. */
  readonly span: number
  readonly ids: ReadonlyArray<string>
}

const Stage = ({ ids, span, stage }: StageProps) => {
  const first = stage.cells[0]?.duration_seconds ?? null
  return (
    <tr class={stage.differs.length > 0 ? "differs" : ""}>
      <th scope="row" style={{ "--depth": Math.min(stage.depth, 12) }}>
        <span class="compared-name" title={stage.path.join(" › ")}>
          {stage.name}
          {stage.occurrence > 1 && <span class="muted">{` ${stage.occurrence}`}</span>}
        </span>
        <span class="compared-differs">{stage.differs.map((one) => words[one] ?? one).join(", ")}</span>
      </th>
      {stage.cells.map((cell, at) => (
        <td key={ids[at]}>
          {cell === null ? (
            <span class="muted">not there</span>
          ) : (
            <>
              <span class="compared-cell">
                <StateMark state={cell.status} />
                <span>{cell.duration_seconds === null ? "–" : duration(cell.duration_seconds)}</span>
                {at > 0 && stage.differs.includes("duration") && <Change from={first} to={cell.duration_seconds} />}
                {cell.retries > 0 && <span class="muted">{count(cell.retries, "retry", "retries")}</span>}
              </span>
              <span class={`mini-lane s-${nodeStatusOf(cell.status)}`} aria-hidden="true">
                <i
                  style={{
                    "--left": `${(cell.offset_seconds / span) * 100}%`,
                    "--width": `${Math.max(0.4, ((cell.duration_seconds ?? 0) / span) * 100)}%`
                  }}
                />
              </span>
              {cell.error_type !== null && stage.differs.includes("error") && (
                <span class="compared-error" title={cell.error_message ?? ""}>
                  <span class="error-name">{cell.error_type}</span> {cell.error_message}
                </span>
              )}
            </>
          )}
        </td>
      ))}
    </tr>
  )
}
