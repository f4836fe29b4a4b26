/**
 * Saves the runs that the filter finds as a file.
 */
import { type Signal, useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import { count } from "../../kit/format.js"
import { ApiError } from "../api.js"
import { Dialog } from "../Dialog.js"
import { download, size } from "../download.js"
import { say } from "../toastList.js"
import { chosenColumns, fieldsOf } from "./columns.js"
import { filterOf, isFiltered, sortOf } from "./runQuery.js"

const formats = [
  { name: "csv", title: "CSV", about: "For any spreadsheet or program. What looks like a formula is defused." },
  { name: "xlsx", title: "Excel", about: "A workbook with the sheets Runs, Summary and Agents." },
  { name: "json", title: "JSON", about: "As the API has them." }
] as const

interface ExportDialogProps {
  readonly query: URLSearchParams
  readonly total: number | undefined
  readonly onClose: () => void
}

export const ExportDialog = ({ onClose, query, total }: ExportDialogProps) => {
  const format = useSignal<string>("csv")
  const isShownOnly = useSignal(false)
  const most = useSignal("")
  const state = useSignal<{ readonly bytes?: number; readonly fault?: string }>({})
  const controller = useRef<AbortController>(undefined)
  const limit = /^[1-9]\d*$/.test(most.value.trim()) ? Number(most.value) : undefined
  const isWrong = most.value.trim() !== "" && limit === undefined
  const exported = total === undefined ? undefined : Math.min(total, limit ?? total)
  const isRunning = state.value.bytes !== undefined
  const save = async () => {
    controller.current = new AbortController()
    const { signal } = controller.current
    state.value = { bytes: 0 }
    const fields = isShownOnly.value ? fieldsOf(chosenColumns(query.get("columns"))) : ""
    const asked = { ...filterOf(query), sort: sortOf(query), format: format.value, fields, most: limit }
    try {
      const { bytes, name } = await download("/api/v1/runs/export", { query: asked, signal }, (bytes) => {
        state.value = { bytes }
      })
      say(`Saved ${name}, ${size(bytes)}`)
      onClose()
    } catch (error) {
      if (signal.aborted) state.value = {}
      else state.value = { fault: error instanceof ApiError ? error.message : "The file broke off before its end" }
    }
  }
  return (
    <Dialog
      title="Export"
      onClose={() => {
        controller.current?.abort()
        onClose()
      }}
    >
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <p>
          {exported === undefined ? "Counting…" : count(exported, "run")}
          {isFiltered(query) ? ", which the filter finds" : ", all that there are"}
          {total !== undefined && limit !== undefined && limit < total ? ` the first of: ${count(total, "run")}` : ""}
        </p>
        <FormatChoice format={format} />
        <label class="check">
          <input
            type="checkbox"
            checked={isShownOnly.value}
            onChange={({ currentTarget }) => {
              isShownOnly.value = currentTarget.checked
            }}
          />
          Only the columns of the list
        </label>
        <MostField most={most} isWrong={isWrong} />
        {state.value.fault !== undefined && (
          <p class="field-fault" role="alert">
            {state.value.fault}
          </p>
        )}
        <div class="form-actions">
          <button type="submit" class="button primary" disabled={isRunning || isWrong || exported === 0}>
            {isRunning ? `Saving, ${size(state.value.bytes ?? 0)}…` : "Save"}
          </button>
          <button type="button" class="button" onClick={() => (isRunning ? controller.current?.abort() : onClose())}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  )
}

const FormatChoice = ({ format }: { readonly format: Signal<string> }) => (
  <fieldset class="options">
    <legend class="field-name">Format</legend>
    {formats.map(({ about, name, title }) => (
      <label key={name} class="option">
        <input
          type="radio"
          name="format"
          checked={format.value === name}
          onChange={() => {
            format.value = name
          }}
        />
        <span>
          {title}
          <span class="muted option-about">{about}</span>
        </span>
      </label>
    ))}
  </fieldset>
)

interface MostFieldProps {
  readonly most: Signal<string>
  readonly isWrong: boolean
}

const MostField = ({ isWrong, most }: MostFieldProps) => (
  <label class="field">
    <span class="field-name">At most so many runs</span>
    <input
      inputMode="numeric"
      placeholder="All"
      value={most.value}
      aria-invalid={isWrong}
      onInput={({ currentTarget }) => {
        most.value = currentTarget.value
      }}
    />
    <span class="field-fault">{isWrong ? "takes a whole number of 1 or more" : ""}</span>
  </label>
)
