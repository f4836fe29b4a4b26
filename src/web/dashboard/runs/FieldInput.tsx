/**
 * The field in which something of a run is changed.
 */
import { Glyph } from "../Glyph.js"
import type { RunField } from "./runFields.js"
import { statuses } from "./runRow.js"

interface FieldInputProps {
  readonly field: RunField
  readonly typed: string
  readonly isChanged: boolean
  readonly fault: string | undefined
  readonly onTyped: (typed: string) => void
}

export const FieldInput = ({ fault, field, isChanged, onTyped, typed }: FieldInputProps) => {
  const { name, title } = field
  const isWide = field.kind === "text" || field.kind === "json" || field.kind === "line"
  return (
    <div class={isWide ? "field wide" : "field"} data-field={name}>
      <span class="field-head">
        <label class="field-name" for={`field-${name}`}>
          {title}
        </label>
        {isChanged && <span class="field-changed">changed</span>}
        {name !== "status" && typed !== "" && (
          <button
            type="button"
            class="plain clear"
            title={`Clear ${title}`}
            aria-label={`Clear ${title}`}
            onClick={() => onTyped("")}
          >
            <Glyph name="close" />
          </button>
        )}
      </span>
      <Input field={field} typed={typed} isFaulty={fault !== undefined} onTyped={onTyped} />
      <span class="field-fault" id={`fault-${name}`} role="alert">
        {fault ?? ""}
      </span>
    </div>
  )
}

interface InputProps extends Pick<FieldInputProps, "field" | "onTyped" | "typed"> {
  readonly isFaulty: boolean
}

const Input = ({ field: { kind, name }, isFaulty, onTyped, typed }: InputProps) => {
  const common = { id: `field-${name}`, value: typed, "aria-invalid": isFaulty, "aria-describedby": `fault-${name}` }
  const onInput = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    onTyped(currentTarget.value)
  switch (kind) {
    case "status":
      return (
        <select {...common} onChange={onInput}>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
      )
    case "text":
    case "json":
      return <textarea {...common} rows={kind === "json" ? 5 : 4} spellcheck={false} onInput={onInput} />
    case "time":
      return <input {...common} type="datetime-local" step="1" onInput={onInput} />
    case "count":
      return <input {...common} inputMode="numeric" autocomplete="off" onInput={onInput} />
    case "line":
      return <input {...common} autocomplete="off" onInput={onInput} />
  }
}
