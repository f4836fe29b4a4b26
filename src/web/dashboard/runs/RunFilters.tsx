/**
 * What of the runs is shown.
 */
import { useSignal } from "@preact/signals"
import { StatusMark } from "../../kit/StatusMark.js"
import { get } from "../api.js"
import { Glyph } from "../Glyph.js"
import { SearchParameter } from "../parts/QueryFields.js"
import { address, changeQuery } from "../router.js"
import { fromLocalField, toLocalField } from "../times.js"
import { useLoaded } from "../useLoaded.js"
import { filtered, isFiltered, spans, withoutFilter } from "./runQuery.js"
import { markOf, statuses } from "./runRow.js"

interface Names {
  readonly agent_names: ReadonlyArray<string>
  readonly job_types: ReadonlyArray<string>
}

export const RunFilters = ({ found }: { readonly found: string }) => {
  const { query } = address.value
  const names = useLoaded("names", (signal) => get<Names>("/api/v1/metadata", {}, signal)).value
  return (
    <div class="filter-bar" role="search" aria-label="Runs">
      <SearchParameter
        name="text"
        title="Search runs"
        found={found}
        take={(text) => changeQuery(filtered({ text }), "replace")}
      />
      <NameFilter name="agent_name" title="Agent" any="Any agent" names={names?.agent_names ?? []} />
      <NameFilter name="job_type" title="Job type" any="Any job type" names={names?.job_types ?? []} />
      <TimeFilter />
      <StatusFilter />
      <label class="check">
        <input
          type="checkbox"
          checked={query.get("exclude_tests") === "true"}
          onChange={({ currentTarget }) =>
            changeQuery(filtered({ exclude_tests: currentTarget.checked ? "true" : "" }))
          }
        />
        Without tests
      </label>
      <OtherFilters />
      {isFiltered(query) && (
        <button type="button" class="link quiet" onClick={() => changeQuery(withoutFilter(query))}>
          Clear filters
        </button>
      )}
    </div>
  )
}

interface NameFilterProps {
  readonly name: string
  readonly title: string
  readonly any: string
  readonly names: ReadonlyArray<string>
}

const NameFilter = ({ any, name, names, title }: NameFilterProps) => {
  const given = address.value.query.get(name) ?? ""
  const all = given === "" || names.includes(given) ? names : [given, ...names]
  return (
    <select
      class="control"
      aria-label={title}
      value={given}
      onChange={({ currentTarget }) => changeQuery(filtered({ [name]: currentTarget.value }))}
    >
      <option value="">{any}</option>
      {all.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  )
}

const TimeFilter = () => {
  const { query } = address.value
  const from = query.get("start_time_from") ?? ""
  const to = query.get("start_time_to") ?? ""
  const isAsked = useSignal(false)
  const isExact = isAsked.value || from !== "" || to !== ""
  const within = query.get("within") ?? ""
  return (
    <>
      <select
        class="control"
        aria-label="Started"
        value={isExact ? "exact" : within}
        onChange={({ currentTarget: { value } }) => {
          isAsked.value = value === "exact"
          changeQuery(filtered({ within: value === "exact" ? "" : value, start_time_from: "", start_time_to: "" }))
        }}
      >
        <option value="">Any time</option>
        {spans.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
        <option value="exact">Between…</option>
      </select>
      {isExact && (
        <span class="filter-times">
          <TimeField name="start_time_from" title="Started from" text={from} />
          <span class="muted">to</span>
          <TimeField name="start_time_to" title="Started up to" text={to} />
        </span>
      )}
    </>
  )
}

const TimeField = ({ name, text, title }: { readonly name: string; readonly title: string; readonly text: string }) => (
  <input
    class="control"
    type="datetime-local"
    step="1"
    aria-label={title}
    value={toLocalField(text)}
    onChange={({ currentTarget }) => changeQuery(filtered({ [name]: fromLocalField(currentTarget.value) }))}
  />
)

const StatusFilter = () => {
  const given = (address.value.query.get("status") ?? "").split(",").filter((status) => status !== "")
  return (
    <div class="filters" role="group" aria-label="Status">
      {statuses.map((status) => {
        const isOn = given.includes(status)
        return (
          <button
            key={status}
            type="button"
            class={`filter s-${markOf(status)}`}
            aria-pressed={isOn}
            onClick={() => {
              const next = isOn ? given.filter((one) => one !== status) : [...given, status]
              changeQuery(filtered({ status: statuses.filter((one) => next.includes(one)) }))
            }}
          >
            <span aria-hidden="true">
              <StatusMark status={markOf(status)} />
            </span>
            {status}
          </button>
        )
      })}
    </div>
  )
}

const titles: { readonly [name: string]: string } = {
  parent_run_id: "children of",
  run_id: "run",
  event_id: "event",
  story_id: "story",
  git_commit_hash: "commit",
  duration_ms_from: "from ms",
  duration_ms_to: "up to ms",
  created_after: "created after",
  created_before: "created before"
}

const ofTheirOwn = ["agent_name", "job_type", "status", "text", "exclude_tests", "start_time_from", "start_time_to"]

/** Filters that a link brought, which can only be taken away. */
const OtherFilters = () => {
  const { query } = address.value
  const { cursor, at, sort, limit, columns, run, within, ...rest } = Object.fromEntries(query)
  return (
    <>
      {Object.entries(rest).map(([name, value]) =>
        ofTheirOwn.includes(name) ? null : (
          <button
            key={name}
            type="button"
            class="filter"
            aria-label={`Remove the filter ${titles[name] ?? name} ${value}`}
            onClick={() => changeQuery(filtered({ [name]: "" }))}
          >
            <span class="muted">{titles[name] ?? name.replaceAll("_", " ")}</span>
            {value}
            <Glyph name="close" />
          </button>
        )
      )}
    </>
  )
}
