/**
 * Values as a table of names, the nested ones to be opened.
 */
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"

/** Longest text shown without being asked for. */
const shortText = 400
/** Longest nested value on one line. */
const shortNested = 72

interface ValueTableProps {
  readonly values: PlainRecord
  readonly class?: string
}

export const ValueTable = ({ class: extra = "", values }: ValueTableProps) => (
  <dl class={`values ${extra}`}>
    {Object.entries(values).map(([name, value]) => (
      <div key={name} class="value-row" data-name={name}>
        <dt>{name}</dt>
        <dd>
          <Value value={value} />
        </dd>
      </div>
    ))}
  </dl>
)

interface ValueProps<A extends PlainValue = PlainValue> {
  readonly value: A
}

export const Value = ({ value }: ValueProps) => {
  if (value === null) return <span class="v-null">null</span>
  switch (typeof value) {
    case "string":
      return <Text value={value} />
    case "number":
      return <span class="v-number">{String(value)}</span>
    case "boolean":
      return <span class="v-boolean">{String(value)}</span>
    default:
      return <Nested value={value} />
  }
}

/** How a value that was left out is written, or one that has only a name: `<redacted>`, `+3 more`, `[FileSystem]`. */
const isMarker = (value: string): boolean => /^(<[^<>]+>|\[[A-Z][\w ]*\]|\+\d+ more)$/.test(value)

const Text = ({ value }: ValueProps<string>) => {
  if (isMarker(value)) return <span class="v-marker">{value}</span>
  if (value.length <= shortText) return <span class="v-string">{`"${value}"`}</span>
  return (
    <details class="v-long">
      <summary>
        <span class="v-string">{`"${value.slice(0, 120)}…`}</span>
      </summary>
      <span class="v-string">{`"${value}"`}</span>
    </details>
  )
}

type NestedValue = ReadonlyArray<PlainValue> | { readonly [name: string]: PlainValue }

const Nested = ({ value }: ValueProps<NestedValue>) => {
  const entries = Object.entries(value)
  const isList = Array.isArray(value)
  if (entries.length === 0) return <span class="v-null">{isList ? "[]" : "{}"}</span>
  const short = JSON.stringify(value)
  if (short.length <= shortNested) return <Compact value={value} />
  return (
    <details class="v-nested">
      <summary>
        <span class="v-preview">{`${short.slice(0, 64)}…`}</span>
      </summary>
      <dl class="values">
        {entries.map(([name, inner]) => (
          <div key={name} class="value-row">
            <dt class={isList ? "v-index" : ""}>{name}</dt>
            <dd>
              <Value value={inner} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

/** On one line, each part in its colour. */
const Compact = ({ value }: ValueProps) => {
  if (value === null || typeof value !== "object") return <Value value={value} />
  const isList = Array.isArray(value)
  const parts = Object.entries(value).map(([name, inner], i) => [
    i === 0 ? "" : ", ",
    isList ? "" : [<span class="v-key">{name}</span>, ": "],
    <Compact value={inner} />
  ])
  return (
    <span class="v-compact">
      {isList ? "[" : "{ "}
      {parts}
      {isList ? "]" : " }"}
    </span>
  )
}
