/**
 * How to begin a comparison.
 */
import { useSignal } from "@preact/signals"
import { go } from "../router.js"
import { fromLocalField } from "../times.js"
import { compareHref, groupsHref } from "./compareQuery.js"

/** `first`: one that was chosen already. */
export const CompareForm = ({ first = "" }: { readonly first?: string | undefined }) => (
  <div class="compare-forms">
    <IdsForm first={first} />
    <GroupsForm />
  </div>
)

const textOf = (form: HTMLFormElement, name: string): string => {
  const value = new FormData(form).get(name)
  return typeof value === "string" ? value.trim() : ""
}

const IdsForm = ({ first }: { readonly first: string }) => {
  const fault = useSignal("")
  return (
    <form
      class="card compare-form form"
      aria-labelledby="compare-ids"
      onSubmit={(event) => {
        event.preventDefault()
        const ids = textOf(event.currentTarget, "ids")
          .split(/[\s,]+/)
          .filter((id) => id !== "")
        if (ids.length < 2 || ids.length > 6) fault.value = "takes two to six ids"
        else go(compareHref(ids))
      }}
    >
      <h2 id="compare-ids">Two to six stories or runs</h2>
      <p class="muted">
        Choose them in the list of <a href="/stories">stories</a> or of <a href="/runs">runs</a>, or give their ids
        here.
      </p>
      <label class="field">
        <span class="field-name">Ids</span>
        <textarea name="ids" rows={3} spellcheck={false} aria-describedby="ids-fault" defaultValue={first} />
        <span class="field-fault" id="ids-fault" role="alert">
          {fault.value}
        </span>
      </label>
      <button type="submit" class="button primary">
        Compare
      </button>
    </form>
  )
}

const GroupsForm = () => {
  const by = useSignal("label")
  const fault = useSignal("")
  return (
    <form
      class="card compare-form form"
      aria-labelledby="compare-groups"
      onSubmit={(event) => {
        event.preventDefault()
        const form = event.currentTarget
        const isDate = by.value === "date"
        const a = isDate ? fromLocalField(textOf(form, "moment")) : textOf(form, "a")
        const [b, label] = [textOf(form, "b"), textOf(form, "label")]
        if (a === "" || (!isDate && (b === "" || label === ""))) fault.value = "each field but the name takes a value"
        else go(groupsHref({ name: textOf(form, "name"), by: isDate ? "date" : label, a, b }))
      }}
    >
      <h2 id="compare-groups">Two groups of stories</h2>
      <p class="muted">Before and after a moment, or with two values of a label, such as a version.</p>
      <label class="field">
        <span class="field-name">Name of the stories</span>
        <input name="name" placeholder="all" spellcheck={false} />
      </label>
      <label class="field">
        <span class="field-name">Divided by</span>
        <select
          value={by.value}
          onChange={({ currentTarget }) => {
            by.value = currentTarget.value
          }}
        >
          <option value="label">a label</option>
          <option value="date">a moment</option>
        </select>
      </label>
      {by.value === "date" ? (
        <label class="field">
          <span class="field-name">Moment</span>
          <input name="moment" type="datetime-local" step="1" />
        </label>
      ) : (
        <div class="field-row">
          <label class="field">
            <span class="field-name">Label</span>
            <input name="label" placeholder="version" defaultValue="version" spellcheck={false} />
          </label>
          <label class="field">
            <span class="field-name">One value</span>
            <input name="a" spellcheck={false} />
          </label>
          <label class="field">
            <span class="field-name">The other</span>
            <input name="b" spellcheck={false} />
          </label>
        </div>
      )}
      <span class="field-fault" role="alert">
        {fault.value}
      </span>
      <button type="submit" class="button primary">
        Compare
      </button>
    </form>
  )
}
