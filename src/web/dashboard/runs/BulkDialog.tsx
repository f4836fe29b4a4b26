/**
 * Changes many runs: which fields, what that makes of them, and then how far it is.
 */
import { useSignal } from "@preact/signals"
import { count } from "../../kit/format.js"
import { ApiError } from "../api.js"
import { Dialog } from "../Dialog.js"
import { BulkProgress } from "./BulkProgress.js"
import { type BulkJob, begin, follow, jobs, type Preview, preview } from "./bulkState.js"
import { FieldInput } from "./FieldInput.js"
import { type RunField, runFields, shortOf, typedOf, valueOf } from "./runFields.js"
import { textOf } from "./runRow.js"
import { chooseNone, selection } from "./selection.js"

interface BulkDialogProps {
  readonly query: URLSearchParams
  /** A change that was begun before. */
  readonly job?: BulkJob | undefined
  readonly onClose: () => void
  /** After a change of runs. */
  readonly onChanged: () => void
}

type Drafts = { readonly [field: string]: string }

export const BulkDialog = ({ job, onChanged, onClose, query }: BulkDialogProps) => {
  const drafts = useSignal<Drafts>({})
  const previewed = useSignal<Preview | undefined>(undefined)
  const fault = useSignal<string | undefined>(undefined)
  const begun = useSignal(job?.id)
  const shown = jobs.value.find(({ id }) => id === begun.value)
  const chosen = runFields.filter(({ name }) => drafts.value[name] !== undefined)
  const faults = faultsOf(chosen, drafts.value)
  const wanted = () => ({ selection: selection.value, query, changes: changesOf(chosen, drafts.value) })
  const attempt = async (work: () => Promise<void>) => {
    fault.value = undefined
    try {
      await work()
    } catch (error) {
      fault.value = error instanceof ApiError ? error.message : String(error)
    }
  }
  const watch = async (started: BulkJob) => {
    begun.value = started.id
    await follow(started)
    onChanged()
  }
  if (shown !== undefined) {
    return (
      <Dialog title={shown.undoes === null ? "Change runs" : "Undo a change"} onClose={onClose}>
        <BulkProgress job={shown} onActed={watch} />
      </Dialog>
    )
  }
  const { value: found } = previewed
  return (
    <Dialog title="Change runs" onClose={onClose}>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void attempt(async () => {
            if (found === undefined) previewed.value = await preview(wanted())
            else {
              const started = await begin(wanted(), found.count)
              chooseNone()
              await watch(started)
            }
          })
        }}
      >
        {found === undefined ? (
          <Fields drafts={drafts.value} faults={faults} onDrafts={(next) => (drafts.value = next)} />
        ) : (
          <Previewed found={found} fields={chosen} drafts={drafts.value} />
        )}
        {fault.value !== undefined && (
          <p class="field-fault" role="alert">
            {fault.value}
          </p>
        )}
        <div class="form-actions">
          <NextStep
            found={found}
            isReady={chosen.length > 0 && Object.keys(faults).length === 0}
            onBack={() => (previewed.value = undefined)}
          />
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface NextStepProps {
  readonly found: Preview | undefined
  readonly isReady: boolean
  readonly onBack: () => void
}

/** To the preview, or from there to the change. */
const NextStep = ({ found, isReady, onBack }: NextStepProps) =>
  found === undefined ? (
    <button type="submit" class="button primary" disabled={!isReady}>
      Preview
    </button>
  ) : (
    <>
      <button type="submit" class="button primary" disabled={found.count === 0}>
        {`Change ${count(found.count, "run")}`}
      </button>
      <button type="button" class="button" onClick={onBack}>
        Back
      </button>
    </>
  )

const faultsOf = (fields: ReadonlyArray<RunField>, drafts: Drafts): Drafts =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const typed = valueOf(field, drafts[field.name] ?? "")
      return "fault" in typed ? [[field.name, typed.fault]] : []
    })
  )

const changesOf = (fields: ReadonlyArray<RunField>, drafts: Drafts): { readonly [field: string]: unknown } =>
  Object.fromEntries(
    fields.map((field) => {
      const typed = valueOf(field, drafts[field.name] ?? "")
      return [field.name, "value" in typed ? typed.value : null]
    })
  )

interface FieldsProps {
  readonly drafts: Drafts
  readonly faults: Drafts
  readonly onDrafts: (drafts: Drafts) => void
}

const Fields = ({ drafts, faults, onDrafts }: FieldsProps) => {
  const chosen = runFields.filter(({ name }) => drafts[name] !== undefined)
  const others = runFields.filter(({ name }) => drafts[name] === undefined)
  return (
    <>
      <label class="field">
        <span class="field-name">Field to change</span>
        <select
          value=""
          onChange={({ currentTarget }) => {
            const field = runFields.find(({ name }) => name === currentTarget.value)
            if (field !== undefined) onDrafts({ ...drafts, [field.name]: field.kind === "status" ? "success" : "" })
            currentTarget.value = ""
          }}
        >
          <option value="">{chosen.length === 0 ? "Choose a field" : "Choose another field"}</option>
          {others.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {chosen.map((field) => (
        <div key={field.name} class="bulk-field">
          <FieldInput
            field={field}
            typed={drafts[field.name] ?? ""}
            isChanged={false}
            fault={faults[field.name]}
            onTyped={(typed) => onDrafts({ ...drafts, [field.name]: typed })}
          />
          <p class="muted">{(drafts[field.name] ?? "").trim() === "" ? "Empty: the field is cleared." : ""}</p>
          <button
            type="button"
            class="link quiet"
            onClick={() => {
              const { [field.name]: _, ...rest } = drafts
              onDrafts(rest)
            }}
          >
            {`Leave ${field.title.toLowerCase()} as it is`}
          </button>
        </div>
      ))}
    </>
  )
}

interface PreviewedProps {
  readonly found: Preview
  readonly fields: ReadonlyArray<RunField>
  readonly drafts: Drafts
}

const Previewed = ({ drafts, fields, found: { count: total, sample } }: PreviewedProps) => (
  <>
    <p>
      <strong>{count(total, "run")}</strong>
      {total > sample.length ? `, the first ${sample.length} of which are:` : ":"}
    </p>
    <div class="bulk-preview">
      <table class="conflict">
        <thead>
          <tr>
            <th scope="col">Run</th>
            {fields.map(({ name, title }) => (
              <th key={name} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sample.map((run) => (
            <tr key={run.event_id}>
              <th scope="row">{textOf(run, "run_id")}</th>
              {fields.map((field) => (
                <td key={field.name}>
                  <Change before={typedOf(field, run)} after={drafts[field.name] ?? ""} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </>
)

const Change = ({ after, before }: { readonly before: string; readonly after: string }) =>
  before === after ? (
    <span class="muted">{`${shortOf(before)}, as it is`}</span>
  ) : (
    <>
      <del>{shortOf(before)}</del> <span aria-hidden="true">→</span> <ins>{shortOf(after)}</ins>
    </>
  )
