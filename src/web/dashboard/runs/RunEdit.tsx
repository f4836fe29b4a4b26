/**
 * Changes what can be changed of a run. Only what was changed is sent, and only if the run is still what was read.
 */
import { type Signal, useSignal } from "@preact/signals"
import { ApiError } from "../api.js"
import { Notice } from "../Notice.js"
import { say } from "../toastList.js"
import { FieldInput } from "./FieldInput.js"
import { type RunField, runFields, shortOf, type Typed, typedOf, valueOf } from "./runFields.js"
import { changeRun, loadRun, type OpenRun } from "./runState.js"

interface RunEditProps {
  readonly opened: OpenRun
  readonly onSaved: () => void
  readonly onCancel: () => void
}

type Drafts = { readonly [field: string]: string }
type Faults = { readonly [field: string]: string }

export const RunEdit = ({ onCancel, onSaved, opened }: RunEditProps) => {
  const base = useSignal(opened)
  const drafts = useSignal<Drafts>({})
  const faults = useSignal<Faults>({})
  const fault = useSignal<string | undefined>(undefined)
  const theirs = useSignal<OpenRun | undefined>(undefined)
  const isSaving = useSignal(false)
  const { run } = base.value
  const changed = runFields.filter((field) => isChanged(field, drafts.value, run))
  const save = async (on: OpenRun) => {
    const made = changed.map((field) => [field.name, valueOf(field, drafts.value[field.name] ?? "")] as const)
    faults.value = faultsOf(made)
    fault.value = undefined
    if (Object.keys(faults.value).length > 0) return focusFault(faults.value)
    isSaving.value = true
    try {
      await changeRun(
        on,
        Object.fromEntries(made.map(([name, typed]) => [name, "value" in typed ? typed.value : null]))
      )
      say(`Changed ${changed.map(({ title }) => title.toLowerCase()).join(", ")}`)
      onSaved()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 412) theirs.value = await loadRun(run.event_id)
      else if (typeof error.detail === "string") fault.value = error.detail
      else {
        faults.value = Object.fromEntries(error.detail.map(({ loc, msg }) => [String(loc.at(-1)), msg]))
        focusFault(faults.value)
      }
    } finally {
      isSaving.value = false
    }
  }
  return (
    <form
      class="run-edit"
      aria-label="Edit the run"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void save(base.value)
      }}
    >
      {theirs.value !== undefined && (
        <Conflict
          before={base.value}
          now={theirs.value}
          changed={changed}
          drafts={drafts.value}
          onKeep={() => {
            const { value } = theirs
            if (value === undefined) return
            base.value = value
            theirs.value = undefined
            void save(value)
          }}
          onTake={() => {
            if (theirs.value !== undefined) base.value = theirs.value
            theirs.value = undefined
            drafts.value = {}
          }}
        />
      )}
      <EditFields run={run} changed={changed} drafts={drafts} faults={faults} />
      {fault.value !== undefined && <p class="field-fault">{fault.value}</p>}
      <div class="form-actions">
        <button type="submit" class="button primary" disabled={changed.length === 0 || isSaving.value}>
          {changed.length === 0 ? "Save" : `Save ${changed.length} ${changed.length === 1 ? "field" : "fields"}`}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

interface EditFieldsProps {
  readonly run: OpenRun["run"]
  readonly changed: ReadonlyArray<RunField>
  readonly drafts: Signal<Drafts>
  readonly faults: Signal<Faults>
}

const EditFields = ({ changed, drafts, faults, run }: EditFieldsProps) => (
  <div class="edit-fields">
    {runFields.map((field) => (
      <FieldInput
        key={field.name}
        field={field}
        typed={drafts.value[field.name] ?? typedOf(field, run)}
        isChanged={changed.includes(field)}
        fault={faults.value[field.name]}
        onTyped={(typed) => {
          drafts.value = { ...drafts.value, [field.name]: typed }
          const { [field.name]: _, ...others } = faults.value
          const found = valueOf(field, typed)
          faults.value = "fault" in found ? { ...others, [field.name]: found.fault } : others
        }}
      />
    ))}
  </div>
)

const isChanged = (field: RunField, drafts: Drafts, run: OpenRun["run"]): boolean => {
  const draft = drafts[field.name]
  return draft !== undefined && draft !== typedOf(field, run)
}

const faultsOf = (made: ReadonlyArray<readonly [string, Typed]>): Faults =>
  Object.fromEntries(made.flatMap(([name, typed]) => ("fault" in typed ? [[name, typed.fault]] : [])))

const focusFault = (faults: Faults): void => {
  const first = runFields.find(({ name }) => faults[name] !== undefined)
  if (first !== undefined) document.getElementById(`field-${first.name}`)?.focus()
}

interface ConflictProps {
  readonly before: OpenRun
  readonly now: OpenRun
  readonly changed: ReadonlyArray<RunField>
  readonly drafts: Drafts
  readonly onKeep: () => void
  readonly onTake: () => void
}

/** What someone else changed while this was typed. */
const Conflict = ({ before, changed, drafts, now, onKeep, onTake }: ConflictProps) => {
  const differing = runFields.filter((field) => typedOf(field, before.run) !== typedOf(field, now.run))
  return (
    <Notice title="Someone changed this run meanwhile" tone="fail">
      <table class="conflict">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Was</th>
            <th scope="col">Is now</th>
            <th scope="col">Yours</th>
          </tr>
        </thead>
        <tbody>
          {differing.map((field) => (
            <tr key={field.name}>
              <th scope="row">{field.title}</th>
              <td>{shortOf(before.run[field.name])}</td>
              <td>{shortOf(now.run[field.name])}</td>
              <td>{changed.includes(field) ? shortOf(drafts[field.name]) : "not changed"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {differing.length === 0 && <p>None of these fields is different now.</p>}
      <div class="form-actions">
        <button type="button" class="button primary" onClick={onKeep}>
          Save mine on top
        </button>
        <button type="button" class="button" onClick={onTake}>
          Take theirs
        </button>
      </div>
    </Notice>
  )
}
